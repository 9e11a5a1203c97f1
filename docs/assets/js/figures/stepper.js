/* The code stepper: the lines of a function, the one that is about to run, and what each has made so far. The steps
   were recorded from the real functions (scripts/figures/stepper.py); the lines are taken from the still. */
import { checkbox, liveText, row } from "./shared/controls.js"
import { html, number } from "./shared/dom.js"
import { Figure, load } from "./shared/figure.js"
import { player } from "./shared/player.js"
import { strip } from "./shared/strip.js"

const isVector = value => Array.isArray(value) && value.every(x => typeof x === "number")

function text(value) {
  if (typeof value === "number")
    return value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(2).replaceAll("-", "−") : number(value, 4).replace(/\.?0+$/, "")
  return Array.isArray(value) ? `[${value.map(text).join(", ")}]` : String(value)
}

function show(name, value) {
  const content = isVector(value) && value.length > 3 ? strip(value, { label: name, digits: 2 }) : html("code", {}, text(value))
  return html("span", { class: "made-value" }, `${name} = `, content)
}

customElements.define("figure-stepper", class extends Figure {
  async build() {
    const { steps } = await load(`trace-${this.dataset.trace}.json`)
    const listing = this.querySelector(".still .trace").cloneNode(true)
    const lines = [...listing.querySelectorAll(".trace-function")].map(part => [...part.querySelectorAll("li")])
    const places = lines.map(part => part.map(line => line.querySelector(".made")))
    const numbers = lines.flat().map(line => line.querySelector(".line-number"))
    const live = html("div")
    const status = liveText()

    /* The values at step k are what all steps up to it have made; a call begins with nothing. */
    const valuesAt = k => {
      const made = lines.map(() => new Map())
      for (const [part, , change, call] of steps.slice(0, k + 1)) {
        if (call)
          made[part] = new Map()
        if (change)
          made[change[0]].set(change[1] ?? -1, { ...made[change[0]].get(change[1] ?? -1), ...change[2] })
      }
      return made
    }

    const draw = k => {
      const [part, line, change] = steps[k]
      const made = valuesAt(k)
      lines.forEach((part_, i) => part_.forEach((element, j) => {
        const values = { ...(j === 0 ? made[i].get(-1) : undefined), ...made[i].get(j) }
        places[i][j].replaceChildren(...Object.entries(values).map(([name, value]) => show(name, value)))
        element.classList.toggle("new", change?.[0] === i && (change[1] ?? 0) === j)
        element.removeAttribute("aria-current")
      }))
      const here = line === null ? undefined : lines[part][line]
      here?.setAttribute("aria-current", "step")
      const place = here ? `line ${here.querySelector(".line-number").textContent} is next` : "the function returns"
      const news = change ? Object.entries(change[2]).map(([name, value]) =>
        `${name} ${isVector(value) && value.length > 3 ? "changed" : `is ${text(value)}`}`).join(", ") : ""
      status.say(`Step ${k + 1} of ${steps.length}: ${place}${news && `; ${news}`}.`)
      this.follow(here ?? lines[change?.[0] ?? part][change?.[1] ?? 0], listing)
    }

    const control = player({ count: steps.length, show: draw, area: live, left: this.left })

    /* A line's number leads to the next step at which the line is about to run, or to the first. */
    const jump = button => {
      const [part, line] = lines.flatMap((all, i) => all.map((element, j) => [i, j, element])).find(([, , element]) => element.contains(button))
      const at = steps.flatMap(([i, j], k) => i === part && j === line ? [k] : [])
      if (at.length)
        control.go(at.find(k => k > control.position) ?? at[0])
    }
    lines.forEach((part, i) => part.forEach((line, j) => {
      const old = line.querySelector(".line-number")
      const used = steps.some(([a, b]) => a === i && b === j)
      if (!used)
        return
      old.replaceWith(html("button", {
        type: "button", class: "line-number", tabindex: -1, "aria-label": `Go to line ${old.textContent}`,
        onclick: event => jump(event.currentTarget)
      }, old.textContent))
    }))
    const buttons = [...listing.querySelectorAll("button.line-number")]
    if (buttons.length)
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

    live.append(
      html("div", { class: "player-bar" }, control, row(checkbox({ label: "numbers", change: on => live.classList.toggle("numbers", on) }))),
      status, listing)
    control.go(0)
    return live
  }

  /* Long listings scroll in their box; the page itself stays where it is. */
  follow(line, box) {
    const inner = line.getBoundingClientRect(), outer = box.getBoundingClientRect()
    if (inner.top < outer.top || inner.bottom > outer.bottom)
      box.scrollTop += inner.top - outer.top - (outer.height - inner.height) / 3
  }
})
