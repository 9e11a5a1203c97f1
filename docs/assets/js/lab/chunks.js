/* Pieces of the program: change one, see what tangle says, what the chapter's examples give now, and how it trains. */
import { html, newId } from "../figures/shared/dom.js"
import { change, changeOf } from "./changes.js"
import { ask, force, stop } from "./client.js"
import { editor } from "./editor.js"
import { inForce, problem } from "./output.js"
import { show as showTraining } from "./trainings.js"

/* The block as the book prints it, whatever stands beside it. */
const printed = element => element.querySelector(".highlight > pre")

/* The piece that a block of the page shows. */
export const pieceOf = element => ({
  chapter: document.querySelector("[data-chapter]").dataset.chapter,
  label: element.dataset.label,
  old: printed(element).textContent.replace(/\n$/, "").split("\n").map(line => line.trimEnd()).join("\n")
})

export async function open(element, { focus = true } = {}) {
  if (element.lab)
    return focus && element.lab.focus()
  const piece = pieceOf(element), before = changeOf(piece)
  const box = html("div", { class: "lab-change" })
  const said = html("p", { class: "lab-now", role: "status" })
  const faults = html("ul", { class: "lab-faults" })
  const found = html("div", { class: "lab-found" })
  const button = (text, press) => html("button", { type: "button", class: "lab-button", onclick: press }, text)
  const halt = button("Stop", stop)
  halt.hidden = true
  const train = button("Train it", () => showTraining(found, { piece }))
  train.hidden = true

  const field = await editor({ text: before?.new ?? piece.old, label: `The code of ${piece.label}`, run: attempt })
  element.lab = field
  element.querySelector(".lab-text")?.remove()
  printed(element).hidden = true
  box.append(field, html("div", { class: "lab-tools" }, button("Try", attempt), halt, train, button("Reset", reset)), said, faults, found)
  element.querySelector(".highlight").append(box)
  if (before)
    said.textContent = "This is your text; the book's own comes back with Reset."
  if (focus)
    field.focus()

  async function attempt() {
    field.mark([])
    faults.replaceChildren()
    found.replaceChildren()
    train.hidden = true
    halt.hidden = false
    said.textContent = "Tangling …"
    try {
      change(piece, field.text().split("\n").map(line => line.trimEnd()).join("\n").replace(/\n+$/, ""))
      await ask("knobs") // whatever is asked comes after the change
      if (force.faults.length)
        return tell()
      said.textContent = "Tangled. Running the examples of this chapter …"
      const different = await ask("compare", { chapter: piece.chapter }, event => {
        if (event.block)
          said.textContent = `Tangled. Running the examples of this chapter: block ${event.block[0]} of ${event.block[1]} …`
        if (event.baseline)
          said.textContent = "Some differ. Looking which of them differ without your change, too …"
      })
      said.textContent = different.length
        ? `${different.length === 1 ? "One block gives" : `${different.length} blocks give`} something else now. ${inForce()}`
        : `Every example of this chapter gives what is printed. ${inForce()}`
      found.append(...different.map(comparison))
      train.hidden = false
    } catch (error) {
      said.textContent = ""
      found.append(problem(error))
      train.hidden = false
    } finally {
      halt.hidden = true
    }
  }

  /* Tangle's own words, at their lines. */
  function tell() {
    const here = force.faults.filter(fault => fault.change_line && isHere(fault))
    field.mark(here.map(fault => fault.change_line))
    said.textContent = `The program can't be made like this, so it is as it was before your changes.`
    faults.replaceChildren(...force.faults.map(fault =>
      html("li", {}, isHere(fault) ? `line ${fault.change_line}: ` : `${fault.chapter}:${fault.line}: `, fault.message)))
  }

  const isHere = fault => fault.of?.label === piece.label && fault.of?.old === piece.old

  function reset() {
    change(piece, piece.old)
    box.remove()
    element.lab = null
    printed(element).hidden = false
    element.querySelector(".lab-open")?.focus()
  }
}

/* On a page that comes: the reader's text in the place of the book's. */
export function restore(element) {
  const shown = element.querySelector(".lab-text"), piece = pieceOf(element), mine = changeOf(piece)
  shown?.remove()
  if (element.lab)
    return
  printed(element).hidden = Boolean(mine)
  if (mine)
    element.querySelector(".highlight").prepend(html("div", { class: "lab-text" },
      html("p", {}, "Changed by you:"), html("pre", {}, html("code", { tabindex: "0" }, mine.new))))
}

function comparison({ text, results }) {
  const place = [...document.querySelectorAll(".highlight")].find(block => block.querySelector("pre > code")?.textContent.trimEnd() === text.trimEnd())
  if (place)
    place.id ||= newId()
  return html("div", { class: "lab-result lab-differs" }, results.map(({ source, got, want, trace }) => [
    html("pre", { class: "lab-source" }, html("code", {}, source.trimEnd())),
    html("dl", {}, html("dt", {}, "the book"), html("dd", {}, html("pre", {}, html("code", {}, want.trimEnd() || "nothing"))),
      html("dt", {}, "yours"), html("dd", {}, html("pre", {}, html("code", {}, [got.trimEnd(), trace.at(-1)?.text].filter(Boolean).join("\n") || "nothing"))))
  ]), place && html("a", { href: `#${place.id}` }, "to the example"))
}
