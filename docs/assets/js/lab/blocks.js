/* Examples: run a block as it is printed, or as the reader changed it. */
import { html } from "../figures/shared/dom.js"
import { ask } from "./client.js"
import { editor } from "./editor.js"
import { outputPanel } from "./output.js"

const edited = new Map() // chapter -> {text, nth, code} of the blocks whose text the reader changed, while the visit lasts

const placeOf = ({ text, nth }) => JSON.stringify([text, nth])

function panelOf(block) {
  if (!block.panel?.isConnected) {
    block.panel = outputPanel(block.kind === "console" ? "$" : ">>>")
    block.tools.after(block.panel)
  }
  return block.panel
}

/* A block is {element, tools, kind, chapter, text, nth}; scripts/lab/blocks.py finds it in its chapter. */
export function run(block) {
  const own = edited.get(block.chapter) ?? new Map()
  if (block.editor)
    own.set(placeOf(block), { text: block.text, nth: block.nth, code: block.editor.text() })
  edited.set(block.chapter, own)
  const { chapter, text, nth } = block
  return panelOf(block).run(hear => ask("run", { chapter, text, nth, edited: [...own.values()] }, hear))
}

/* The code without prompts and results, in an editor in the place of the block. */
export async function edit(block) {
  if (block.editor)
    return block.editor.focus()
  const code = codeOf(block)
  block.editor = await editor({
    text: edited.get(block.chapter)?.get(placeOf(block))?.code ?? code,
    label: block.kind === "console" ? "The command" : "The code of this example", plain: block.kind === "console", numbers: false,
    run: () => run(block)
  })
  block.element.querySelector("pre").hidden = true
  block.element.prepend(block.editor)
  block.editButton.hidden = true
  const reset = html("button", { type: "button", class: "lab-button", onclick() {
    edited.get(block.chapter)?.delete(placeOf(block))
    block.editor.remove()
    block.editor = null
    block.element.querySelector("pre").hidden = false
    block.editButton.hidden = false
    block.panel?.remove()
    reset.remove()
    block.editButton.focus()
  } }, "Reset")
  block.editButton.before(reset)
  block.editor.focus()
}

/* As doctest reads it: what stands after >>> and the lines after ... */
function codeOf({ kind, text }) {
  if (kind === "python")
    return text
  const lines = text.split("\n")
  return kind === "console"
    ? lines.filter((line, i) => line.startsWith("$ ") || i && lines[i - 1].endsWith("\\")).map(line => line.replace(/^[$>] /, "")).join("\n")
    : lines.filter(line => /^(>>>|\.\.\.)( |$)/.test(line)).map(line => line.slice(4)).join("\n")
}
