/* The editor: CodeMirror, fetched when it is first wanted, in the book's colors. Tab indents; Escape, then Tab, leaves. */
import { html } from "../figures/shared/dom.js"

const vendored = () => import("../../vendor/codemirror/codemirror.js")

let parts
async function prepared() {
  const { EditorView, HighlightStyle, StateEffect, StateField, Decoration, syntaxHighlighting, tags } = await vendored()
  const colors = HighlightStyle.define([
    { tag: [tags.keyword, tags.operatorKeyword, tags.modifier, tags.bool, tags.null, tags.self], color: "var(--code-word)" },
    { tag: [tags.string, tags.number, tags.special(tags.string)], color: "var(--code-literal)" },
    { tag: [tags.comment, tags.meta], color: "var(--code-aside)" }
  ])
  const theme = EditorView.theme({
    "&": { backgroundColor: "var(--book-paper)", color: "var(--book-ink)", fontSize: "inherit" },
    "&.cm-focused": { outline: "2px solid var(--book-link)" },
    ".cm-scroller": { fontFamily: "var(--md-code-font-family)", lineHeight: "1.5", overflowX: "auto" },
    ".cm-content": { caretColor: "var(--book-ink)", padding: "0.4rem 0" },
    ".cm-cursor": { borderLeftColor: "var(--book-ink)" },
    ".cm-gutters": { backgroundColor: "var(--book-raised)", color: "var(--book-muted)", border: "none" },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--book-mark)" },
    ".cm-fault": { backgroundColor: "var(--book-mark)" }
  })
  const point = StateEffect.define()
  const pointed = StateField.define({
    create: () => Decoration.none,
    update(marks, { effects, docChanged, changes }) {
      const said = effects.find(effect => effect.is(point))
      return said ? said.value : docChanged ? marks.map(changes) : marks
    },
    provide: field => EditorView.decorations.from(field)
  })
  return { look: [theme, syntaxHighlighting(colors)], point, pointed }
}

/* An element with the text in an editor. `text()`, `write(text)`, `mark(lines)` and `focus()` are on it; `run()` is
   called at Ctrl-Enter. With `plain` it is no Python, and without `numbers` it has none. */
export async function editor({ text, label, run, changed = () => {}, plain = false, numbers = true, first = 1 }) {
  const { EditorState, EditorView, Decoration, defaultKeymap, history, historyKeymap, indentLess, indentMore, indentOnInput,
    indentUnit, bracketMatching, drawSelection, keymap, lineNumbers, python } = await vendored()
  const { look, point, pointed } = await (parts ??= prepared())
  const element = html("div", { class: "lab-editor" })
  const view = new EditorView({
    parent: element,
    doc: text,
    extensions: [
      history(), drawSelection(), indentUnit.of("    "), EditorState.tabSize.of(4),
      keymap.of([
        { key: "Mod-Enter", run: () => (run(), true) },
        { key: "Tab", run: indentMore, shift: indentLess },
        ...defaultKeymap.filter(({ key }) => key !== "Mod-Enter"), ...historyKeymap
      ]),
      numbers ? lineNumbers({ formatNumber: n => String(n + first - 1) }) : [],
      plain ? [] : [python(), indentOnInput(), bracketMatching()],
      look, pointed,
      EditorView.contentAttributes.of({
        "aria-label": `${label}. Tab indents; press Escape, then Tab, to leave.`, spellcheck: "false", autocapitalize: "off", tabindex: "0"
      }),
      EditorView.updateListener.of(update => update.docChanged && changed())
    ]
  })
  element.text = () => view.state.doc.toString()
  element.write = text => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })
  element.focus = () => view.focus()
  element.mark = lines => {
    const places = [...new Set(lines)].filter(n => n >= 1 && n <= view.state.doc.lines).sort((a, b) => a - b)
    const marks = places.map(n => Decoration.line({ class: "cm-fault" }).range(view.state.doc.line(n).from))
    view.dispatch({ effects: point.of(Decoration.set(marks)) })
    if (places.length)
      view.dispatch({ effects: EditorView.scrollIntoView(view.state.doc.line(places[0]).from) })
  }
  return element
}
