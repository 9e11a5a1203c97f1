/* A name as the program sees it: its characters, their ids, and BOS at both ends. What has no id is named. */
import { button, liveText, row } from "./shared/controls.js"
import { html, newId } from "./shared/dom.js"
import { Figure, load } from "./shared/figure.js"

const START = "emma"
const EXAMPLES = ["emma", "Emma", "zoé", "anne-li", ""]

/* A character as Python's repr writes it: 'E', "'", '\u200d'. */
export function repr(char) {
  const code = char.codePointAt(0), hex = code.toString(16)
  if (char === "'")
    return '"\'"'
  if (char === "\\")
    return "'\\\\'"
  if (char === " " || !/[\p{C}\p{Z}]/u.test(char))
    return `'${char}'`
  const short = { "\t": "\\t", "\n": "\\n", "\r": "\\r" }[char]
  return `'${short ?? (code < 256 ? `\\x${hex.padStart(2, "0")}` : code < 65536 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`)}'`
}

/* How a character is shown on a tile of its own; spaces, marks and what can't be seen are made visible. */
const visible = char => char === " " ? "␣" : /\p{M}/u.test(char) ? `◌${char}` : /[\p{C}\p{Z}]/u.test(char) ? repr(char).slice(1, -1) : char

customElements.define("figure-tokenizer", class extends Figure {
  async build() {
    const { chars, bos } = await load("tokenizer.json")
    const ids = new Map(chars.map((char, i) => [char, i]))
    const status = liveText()
    const tiles = html("ol", { class: "tokens", "aria-label": "tokens" })
    const alphabet = [...chars, "BOS"].map((char, i) => html("li", {}, html("b", {}, char), html("span", {}, i)))

    const tile = (text, id, kind) => html("li", { class: kind }, html("b", {}, text), html("span", {}, id ?? "no id"))

    const show = text => {
      const read = [...text], end = () => tile("BOS", bos, "bos") // characters as Python counts them
      tiles.replaceChildren(end(), ...read.map(char => tile(visible(char), ids.get(char), ids.has(char) ? "" : "unknown")), end())
      const used = new Set([...read.map(char => ids.get(char)), bos])
      alphabet.forEach((place, i) => place.classList.toggle("used", used.has(i)))
      const unknown = read.findIndex(char => !ids.has(char))
      status.classList.toggle("error", unknown >= 0)
      status.say(unknown < 0 ? `tokens = [${[bos, ...read.map(char => ids.get(char)), bos].join(", ")}]`
        : `KeyError: ${repr(read[unknown])}. Character ${unknown + 1} of ${read.length} is not in the alphabet, so encode stops there.`)
    }

    const id = newId()
    const input = html("input", {
      id, type: "text", value: START, maxlength: 24, size: 16, autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      oninput: () => show(input.value)
    })
    const examples = EXAMPLES.map(name => button({
      label: name || "nothing",
      press() {
        input.value = name
        show(name)
      }
    }))
    show(START)
    return html("div", {},
      row(html("div", { class: "control" }, html("label", { for: id }, "a name"), input), html("div", { class: "control examples", role: "group", "aria-label": "examples" }, examples)),
      tiles, status,
      html("ol", { class: "tokens alphabet", "aria-label": "the alphabet and its ids" }, alphabet))
  }
})
