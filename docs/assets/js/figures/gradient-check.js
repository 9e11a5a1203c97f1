/* Numeric against analytic gradient: how far a measured slope is off, for nudges h of many sizes. Recorded by
   scripts/figures/gradient_check.py. */
import { liveText, row, select, slider } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"
import { axisBelow, axisLeft, line, linear, logarithmic } from "./shared/scale.js"

const FLOOR = 1e-17, CEILING = 1, HEIGHT = 240
const power = k => `10${[...String(k)].map(c => c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]).join("")}`
const long = x => number(x, 12)

customElements.define("figure-gradient-check", class extends Figure {
  async build() {
    const { document: name, powers, parameters } = await load("gradient-check.json")
    let at = 0, k = 4
    const error = i => Math.abs(parameters[at].nudged[i] - parameters[at].formula)
    const status = liveText()
    const cells = ["h", "measured by nudging", "by the formula", "off by"].map(text => [text, html("td")])

    const picture = drawing({
      height: HEIGHT, left: this.left, label: "How far the measured slope is off, for nudges from a tenth to 10⁻¹⁴; the table tells the chosen one",
      draw(place, width) {
        const x = linear([powers[0], powers.at(-1)], [52, width - 16]), y = logarithmic([FLOOR, CEILING], [HEIGHT - 40, 14])
        const points = powers.map((p, i) => [x(p), y(Math.max(error(i), FLOOR))])
        place.append(
          axisLeft(y, [1, 1e-4, 1e-8, 1e-12, 1e-16], { x: 44, end: width - 8, text: e => power(Math.round(Math.log10(e))) }),
          axisBelow(x, powers.filter(p => p % 2), { y: HEIGHT - 40, text: power, label: "nudge h", end: width - 8 }),
          svg("path", { class: "curve a", d: line(points) }),
          ...points.map(([cx, cy], i) => svg("circle", { class: i === k ? "fill-b" : "fill-a", cx, cy, r: i === k ? 6 : 3 })))
      }
    })
    const show = () => {
      const { nudged, formula } = parameters[at]
      const texts = [power(powers[k]), long(nudged[k]), long(formula), error(k) ? error(k).toExponential(0).replaceAll("-", "−") : "0"]
      cells.forEach(([, cell], i) => { cell.textContent = texts[i] })
      const best = powers[powers.map((_, i) => error(i)).reduce((best, e, i, all) => e < all[best] ? i : best, 0)]
      status.say(formula === 0 && nudged.every(slope => slope === 0) ? `${parameters[at].name} has nothing to do with ${name}: every slope is exactly 0.`
        : `Closest with h = ${power(best)}. Larger nudges cut the curve's corner; smaller ones drown in rounding.`)
      picture.redraw()
    }
    const live = html("div", { class: "gradient-check" },
      row(select({
        label: "parameter", choices: parameters.map((p, i) => [i, p.name]), value: 0,
        change(i) {
          at = Number(i)
          show()
        }
      }), slider({
        label: "nudge", min: 0, max: powers.length - 1, step: 1, value: k, text: i => power(powers[i]),
        change(i) {
          k = i
          show()
        }
      })),
      picture,
      html("table", {}, html("tbody", {}, cells.map(([text, cell]) => html("tr", {}, html("th", { scope: "row" }, text), cell)))),
      status)
    show()
    return live
  }
})
