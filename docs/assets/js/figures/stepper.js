/* The code stepper: the lines of a function, the one that is about to run, and what each has made so far. The steps
   were recorded from the real functions (scripts/figures/stepper.py); the lines are taken from the still. */
import { checkbox, liveText, row } from "./shared/controls.js"
import { follow, html, number } from "./shared/dom.js"
import { Figure, load } from "./shared/figure.js"
import { player } from "./shared/player.js"
import { strip } from "./shared/strip.js"

/* Vectors are shown as strips; short ones, and lists of tokens, are more readable as they are. */
const isVector = value => Array.isArray(value) && value.length > 3 && value.every(x => typeof x === "number") &&
  !value.every(Number.isInteger)

function text(value) {
  if (typeof value === "number")
    return value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(2).replaceAll("-", "−") : number(value, 4).replace(/\.?0+$/, "")
  return Array.isArray(value) ? `[${value.map(text).join(", ")}]` : String(value)
}

function show(name, value, vocabulary) {
  const names = value.length === vocabulary.length ? vocabulary : undefined
  const content = isVector(value) ? strip(value, { label: name, names }) : html("code", {}, text(value))
  return html("span", { class: "made-value" }, `${name} = `, content)
}

/* For each step what each line has made when it is about to run: key -> { name: value }. A call begins with nothing. */
function madeAt(steps) {
  let made = new Map()
  return steps.map(([part, , change, call]) => {
    made = new Map([...made].filter(([place]) => !call || !place.startsWith(`${part}:`)))
    if (change)
      made.set(key(change), { ...made.get(key(change)), ...change[2] })
    return made
  })
}

const key = ([part, line]) => `${part}:${line}`

customElements.define("figure-stepper", class extends Figure {
  async build() {
    const { steps, vocabulary } = await load(`trace-${this.dataset.trace}.json`)
    const listing = this.querySelector(".still .trace").cloneNode(true)
    listing.querySelectorAll(".made").forEach(place => place.replaceChildren())
    const lines = new Map()
    listing.querySelectorAll(".trace-function").forEach((part, i) =>
      part.querySelectorAll("li").forEach(line => lines.set(key([i, line.dataset.line]), line)))
    const live = html("div")
    const status = liveText()
    const made = madeAt(steps)
    const shown = new Map() // what stands below the lines, to renew only what is another

    const draw = k => {
      const [, line, change] = steps[k]
      const changed = change && lines.get(key(change))
      const next = line === null ? undefined : lines.get(key(steps[k]))
      for (const [place, element] of lines) {
        const values = made[k].get(place)
        if (shown.get(place) !== values)
          element.querySelector(".made").replaceChildren(
            ...Object.entries(values ?? {}).map(([name, value]) => show(name, value, vocabulary)))
        shown.set(place, values)
        element.classList.toggle("new", element === changed)
        element.removeAttribute("aria-current")
      }
      next?.setAttribute("aria-current", "step")
      const place = next ? `line ${next.querySelector(".line-number").textContent} is next`
        : `the function ${"yields" in (change?.[2] ?? {}) ? "hands out" : "returns"}`
      const news = change ? Object.entries(change[2]).map(([name, value]) =>
        `; ${name} ${isVector(value) ? "changed" : `is ${text(value)}`}`) : []
      status.say(`Step ${k + 1} of ${steps.length}: ${place}${news.join("")}.`)
      follow(next ?? changed, listing)
    }

    const control = player({ count: steps.length, show: draw, area: live, left: this.left })
    const numbers = checkbox({ label: "numbers", change: on => live.classList.toggle("numbers", on) })
    addJumps(lines, listing, place => {
      const at = [...steps.keys()].filter(k => key(steps[k]) === place)
      return at.length && (() => control.go(at.find(k => k > control.position) ?? at[0]))
    })
    live.append(html("div", { class: "player-bar" }, control, row(numbers)), status, listing)
    control.go(0)
    return live
  }
})

/* The number of a line that runs becomes a button: it leads to the next step at which the line is about to run, or to
   the first. All buttons are one stop of the Tab key; the arrow keys go from one to the other. */
function addJumps(lines, listing, find) {
  for (const [place, line] of lines) {
    const jump = find(place), old = line.querySelector(".line-number")
    if (jump)
      old.replaceWith(html("button", {
        type: "button", class: "line-number", tabindex: -1, title: "Go to this line",
        "aria-label": `Go to line ${old.textContent}`, onclick: jump
      }, old.textContent))
  }
  const buttons = [...listing.querySelectorAll("button")]
  buttons[0].tabIndex = 0
  listing.addEventListener("keydown", event => {
    const at = buttons.indexOf(event.target), to = { ArrowUp: at - 1, ArrowDown: at + 1 }[event.key]
    if (at < 0 || !buttons[to])
      return
    event.preventDefault()
    buttons[at].tabIndex = -1
    buttons[to].tabIndex = 0
    buttons[to].focus()
  })
}
