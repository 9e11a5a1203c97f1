/* The sweep with its fit: loss against operations, both on scales of factors of ten, the loss above a floor that one
   chooses; and a straight line through the frontier. Recorded by scripts/figures/sweep.py. */
import { liveText, row, slider } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"
import { axisBelow, axisLeft, line, linear, logarithmic } from "./shared/scale.js"

const HEIGHT = 320, LEFT = 44, BOTTOM = HEIGHT - 44
const mean = values => values.reduce((a, b) => a + b, 0) / values.length

/* Least squares on logarithms: the exponent, the factor, and the root mean square missed. */
function straight(points, floor) {
  const xs = points.map(([, , flops]) => Math.log(flops)), ys = points.map(([, , , loss]) => Math.log(loss - floor))
  const x0 = mean(xs), y0 = mean(ys)
  const slope = mean(xs.map((x, i) => (x - x0) * (ys[i] - y0))) / mean(xs.map(x => (x - x0) ** 2))
  const at = flops => floor + Math.exp(y0 + slope * (Math.log(flops) - x0))
  return { exponent: -slope, at, missed: Math.sqrt(mean(points.map(([, , flops, loss]) => (at(flops) - loss) ** 2))) }
}

customElements.define("figure-sweep", class extends Figure {
  async build() {
    const { cells, frontier, floor: best, farther } = await load("sweep.json")
    const losses = cells.map(cell => cell[3]), costs = cells.map(cell => cell[2]), points = frontier.map(i => cells[i])
    const low = Math.min(...losses), high = Math.max(...losses), dearest = Math.max(...points.map(cell => cell[2]))
    const widths = [...new Set(cells.map(cell => cell[0]))], last = Math.floor(100 * (low - 0.005)) / 100
    let floor = best
    const status = liveText()
    const picture = drawing({
      height: HEIGHT, left: this.left,
      label: "The loss of each cell above the floor, against its operations, and a straight line through the frontier; the text tells its exponent",
      draw(place, width) {
        const { at } = straight(points, floor)
        const x = logarithmic([Math.min(...costs) / 1.3, Math.max(...costs) * 1.6], [LEFT, width - 30])
        const inner = linear([Math.log(low - floor), Math.log(high - floor)], [BOTTOM - 14, 24]), y = loss => inner(Math.log(loss - floor))
        const ends = [Math.min(...costs), Math.max(...costs)]
        const shown = [2.25, 2.3, 2.35, 2.4, 2.45].filter(loss => loss > low - 0.02 && loss > floor)
        place.append(
          axisLeft(y, shown, { x: LEFT, end: width - 8, text: value => number(value, 2), label: "loss", top: 12 }),
          axisBelow(x, [1e7, 1e8, 1e9, 1e10].filter(c => c > ends[0] && c < ends[1]), { y: BOTTOM, text: c => `10${"⁷⁸⁹"[Math.round(Math.log10(c)) - 7] ?? "¹⁰"}`, label: "operations", end: width - 8 }),
          ...widths.map(each => {
            const some = cells.filter(cell => cell[0] === each)
            return svg("g", {},
              svg("path", { class: "curve thin c", d: line(some.map(cell => [x(cell[2]), y(cell[3])])) }),
              svg("text", { class: "sweep-width", x: x(some.at(-1)[2]) + 6, y: y(some.at(-1)[3]) + 4 }, String(each)))
          }),
          svg("path", { class: "curve b sweep-line", d: line(ends.map(c => [x(c), y(at(c))])) }),
          ...cells.map((cell, i) => svg("circle", { class: frontier.includes(i) ? "fill-a" : "fill-c", cx: x(cell[2]), cy: y(cell[3]), r: frontier.includes(i) ? 4.5 : 2.5, "data-cell": `${cell[0]}-${cell[1]}` })))
      }
    })
    const show = () => {
      const { exponent, at, missed } = straight(points, floor)
      status.say(`With a floor of ${number(floor, 2)} the exponent is ${number(exponent, 3)}, and the line misses by ${number(missed, 4)}. For a million times the operations it promises a loss of ${number(at(farther * dearest), 2)}.`)
      picture.redraw()
    }
    const live = html("div", { class: "sweep" },
      row(slider({ label: "floor", min: 0, max: last, step: 0.01, value: floor, digits: 2, change: to => { floor = to; show() } })), picture, status)
    show()
    return live
  }
})
