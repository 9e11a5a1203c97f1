/* Exercises: is it right? A number or a word is compared here, without Python; code runs, and the asserts of its chapter
   after it. What was solved stays on this device: {chapter: {id: what the reader wrote}}. */
import { html } from "../figures/shared/dom.js"
import { ask, stop } from "./client.js"
import { editor } from "./editor.js"
import { inForce, problem, traceback } from "./output.js"

const KEY = "microgpt-solved"
const chapterOf = () => document.querySelector("[data-chapter]").dataset.chapter

function solved() {
  try {
    return { ...JSON.parse(localStorage.getItem(KEY)) }
  } catch {
    return {} // nothing that we wrote
  }
}

function keep(id, written) {
  const all = solved()
  all[chapterOf()] = { ...all[chapterOf()], [id]: written }
  localStorage.setItem(KEY, JSON.stringify(all))
  dispatchEvent(new Event(KEY))
}

/* The form's button was pressed. `data` is what scripts/text/exercises.py gives the page of a check. */
export const submit = (form, data) => data.questions ? compare(form, data) : form.lab ? form.lab.attempt() : open(form, data)

// ---------------------------------------------------------------------------------- a number or a word

const NUMBER = /^[-+]?(\d{1,3}(,\d{3})+(\.\d+)?|\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i

/* The numbers that a text may mean; none if it is no number. 55% is 55, or 0.55. */
function numbers(text) {
  const plain = text.replaceAll("−", "-").replace(/^(≈|~|about )\s*/, "").trim()
  const fraction = /^([-+]?\d+)\s*\/\s*(\d+)$/.exec(plain)
  if (fraction)
    return [fraction[1] / fraction[2]]
  const percent = /^(.*?)\s*%$/.exec(plain)
  const bare = percent ? percent[1] : plain
  if (!NUMBER.test(bare))
    return []
  const number = Number(bare.replaceAll(",", ""))
  return percent ? [number, number / 100] : [number]
}

const word = text => text.toLowerCase().replace(/[\s"'`.!]+/g, " ").trim()

const partsOf = text => text.replace(/[()[\]{}]/g, " ").trim().split(/\s*[,;]\s*|\s+and\s+|\s+/).filter(Boolean)

const isPart = (right, margin, text) => typeof right === "number"
  ? numbers(text).some(number => Math.abs(number - right) <= margin + 1e-9 * Math.abs(right))
  : word(text) === right

/* As Answer.matches in scripts/text/exercises.py, for what a reader typed. */
export function matches([right, margin, anyOrder], text) {
  if (right.length === 1)
    return isPart(right[0], margin, text.replace(/^[([{]|[)\]}]$/g, ""))
  const left = partsOf(text)
  if (left.length !== right.length)
    return false
  if (!anyOrder)
    return right.every((one, i) => isPart(one, margin, left[i]))
  return right.every(one => {
    const at = left.findIndex(text => isPart(one, margin, text))
    return at >= 0 && left.splice(at, 1)
  })
}

function compare(form, { id, questions }) {
  const fields = [...form.querySelectorAll("input")], given = fields.map(({ value }) => value.trim())
  const said = form.querySelector(".lab-said")
  const empty = given.indexOf("")
  if (empty >= 0) {
    said.textContent = "Write down a guess first. A wild one will do."
    fields[empty].focus()
    return
  }
  const wrong = questions.map(({ right }, i) => right.some(answer => matches(answer, given[i])) ? -1 : i).filter(i => i >= 0)
  fields.forEach((field, i) => wrong.includes(i) ? field.setAttribute("aria-invalid", "true") : field.removeAttribute("aria-invalid"))
  if (!wrong.length) {
    said.textContent = "Right."
    keep(id, given)
    return
  }
  said.replaceChildren(...wrong.map(i => {
    const { label, right, hints } = questions[i]
    const hint = hints.find(([mistakes]) => mistakes.some(mistake => matches(mistake, given[i])))?.[1]
    const number = right.every(([parts]) => parts.length === 1 && typeof parts[0] === "number")
    const words = hint ? `not quite: ${hint}${/[.!?]$/.test(hint) ? "" : "."}`
      : number && !numbers(given[i]).length ? "that takes a number." : "no, it’s something else."
    return html("span", {}, questions.length > 1 ? `${label}${hint ? "," : ":"} ${words}` : words[0].toUpperCase() + words.slice(1))
  }))
  fields[wrong[0]].focus()
}

// ---------------------------------------------------------------------------------- code

const drafts = new Map() // what was written and not solved yet, while the visit lasts

async function open(form, { id, start }) {
  const place = `${chapterOf()}#${id}`
  const button = form.querySelector("button"), said = form.querySelector(".lab-said")
  const found = html("div", { class: "lab-found" })
  const tool = (text, press) => html("button", { type: "button", class: "lab-button", onclick: press }, text)
  const halt = tool("Stop", stop)
  halt.hidden = true
  const field = await editor({
    text: drafts.get(place) ?? solved()[chapterOf()]?.[id] ?? start, label: `Your code, ${form.getAttribute("aria-label").toLowerCase()}`,
    run: attempt, changed: () => drafts.set(place, field.text())
  })
  form.prepend(field)
  button.textContent = "Check"
  button.after(halt, tool("Reset", () => {
    field.write(start)
    field.mark([])
    drafts.delete(place)
    said.textContent = ""
    found.replaceChildren()
  }))
  form.append(found)
  form.lab = { attempt }
  field.focus()

  async function attempt() {
    if (!halt.hidden)
      return
    const code = field.text()
    field.mark([])
    found.replaceChildren()
    halt.hidden = false
    said.textContent = "Waiting for Python …"
    const live = html("pre", { class: "lab-got", tabindex: "0" }, html("code", {}))
    try {
      const { printed, trace, failed } = await ask("check", { chapter: chapterOf(), id, code }, event => {
        said.textContent = "Running …"
        if (event.printed) {
          found.prepend(live)
          live.firstChild.append(event.printed)
        }
      })
      live.firstChild.textContent = printed
      const right = !trace.length && failed === null
      said.textContent = [right ? "Right." : trace.length ? "It breaks off." : `Not yet: ${failed}${/[.!?]$/.test(failed) ? "" : "."}`, inForce()].filter(Boolean).join(" ")
      if (trace.length) {
        found.append(traceback(trace))
        field.mark(trace.flatMap(({ text }) => /^your code, line (\d+)/.exec(text)?.slice(1).map(Number) ?? []))
      }
      if (right) {
        drafts.delete(place)
        keep(id, code)
      }
    } catch (error) {
      said.textContent = ""
      found.append(problem(error))
    } finally {
      halt.hidden = true
    }
  }
}
