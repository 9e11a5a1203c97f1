/* The table of letter pairs: counted by rung 0, learned by rung 2, and the difference. Recorded by
   scripts/figures/pairs.py. One cell is chosen, with the pointer or the arrow keys. */
import { liveText, radio, row } from "./shared/controls.js"
import { html, newId, number } from "./shared/dom.js"
import { Figure, load } from "./shared/figure.js"
import { pointAt, walk } from "./shared/grid.js"
import { color } from "./shared/strip.js"

const UNIT = 1000
const VIEWS = [["counts", "counts"], ["counted", "shares by counting"], ["learned", "shares learned"], ["difference", "learned − counted"]]

customElements.define("figure-pairs", class extends Figure {
  async build() {
    const recorded = await load("pairs.json"), { tokens } = recorded, n = tokens.length
    const brief = "brief" in this.dataset
    const share = (name, i) => recorded[name].flat()[i] / UNIT
    const difference = recorded.learned.flat().map((x, i) => (x - recorded.counted.flat()[i]) / UNIT)
    const values = {
      counts: recorded.counts.flat(), counted: recorded.counted.flat().map(x => x / UNIT),
      learned: recorded.learned.flat().map(x => x / UNIT), difference
    }
    const cells = values.counts.map(() => html("span", { role: "gridcell" }))
    const id = newId(), status = liveText()
    const head = html("div", { role: "row" }, html("span", { "aria-hidden": "true", class: "corner" }), tokens.map(text => html("span", { role: "columnheader" }, text)))
    const grid = html("div", {
      class: "pairs-grid", role: "grid", tabindex: 0, onkeydown: event => go(event),
      "aria-label": `a row for each of ${n} tokens read, a column for each that follows; the arrow keys go from pair to pair`
    }, head, tokens.map((text, i) => html("div", { role: "row" }, html("span", { role: "rowheader" }, text), cells.slice(i * n, (i + 1) * n))))
    let current, view = "counts", here = 0

    const draw = () => {
      const sorted = values[view].map(Math.abs).sort((a, b) => a - b)
      const largest = sorted[Math.floor(0.985 * sorted.length)] // so that a few don't pale the others
      cells.forEach((cell, i) => color(cell, values[view][i], largest))
    }
    const point = i => {
      here = i
      current?.removeAttribute("id")
      current = cells[i]
      current.id = id
      grid.setAttribute("aria-activedescendant", id)
      const [a, b] = [tokens[Math.floor(i / n)], tokens[i % n]].map(text => text === "." ? "BOS" : text)
      const text = `${b} after ${a}: counted ${values.counts[i]} times, share by counting ${number(share("counted", i), 3)}${brief ? "" : `, share learned ${number(share("learned", i), 3)}`}.`
      current.setAttribute("aria-label", text)
      status.say(text)
    }
    const go = event => {
      const to = walk(event, here, n, cells.length)
      if (to !== undefined)
        point(to)
    }
    pointAt(grid, () => cells, point)
    const live = html("div", { class: "pairs" }, row(radio({
      label: "show", choices: brief ? VIEWS.slice(0, 2) : VIEWS, value: view,
      change(to) {
        view = to
        draw()
      }
    })), grid, status)
    draw()
    point(tokens.indexOf("m") * n + tokens.indexOf("m"))
    return live
  }
})
