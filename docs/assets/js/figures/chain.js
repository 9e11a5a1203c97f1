/* A moving chain: x → 3x → + 1 → squared. Nudge x, and see how far each stage moves, and by what factor each link stretches. */
import { liveText, row, slider } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure } from "./shared/figure.js"
import { linear } from "./shared/scale.js"

const LINKS = [["u = 3x", x => 3 * x, () => 3], ["v = u + 1", u => u + 1, () => 1], ["y = v²", v => v * v, v => 2 * v]]
const HEIGHT = 250

export function stages(x) {
  const found = [x]
  for (const [, f] of LINKS)
    found.push(f(found.at(-1)))
  return found
}

customElements.define("figure-chain", class extends Figure {
  build() {
    let x = 1, nudge = 0.1
    const status = liveText()
    const names = ["x", ...LINKS.map(([name]) => name)]
    const cells = names.map(() => [html("td"), html("td"), html("td")])
    const picture = drawing({
      height: HEIGHT, left: this.left, label: "The stages of the chain as points on four lines, before and after the nudge; the table tells them",
      draw(place, width) {
        const before = stages(x), after = stages(x + nudge)
        const scales = [[0, 2], [0, 6], [0, 7], [0, 44]].map(ends => linear(ends, [76, width - 20]))
        const y = i => 26 + i * (HEIGHT - 52) / 3
        scales.forEach((scale, i) => {
          const [from, to] = [scale(before[i]), scale(after[i])]
          place.append(
            svg("line", { class: "rule", x1: 76, x2: width - 20, y1: y(i), y2: y(i) }),
            svg("text", { x: 68, y: y(i) + 4, "text-anchor": "end" }, names[i]),
            ...i ? [svg("line", { class: "chain-link", x1: scales[i - 1](after[i - 1]), y1: y(i - 1) + 8, x2: to, y2: y(i) - 8 })] : [],
            svg("line", { class: "chain-move", x1: from, x2: to, y1: y(i), y2: y(i) }),
            svg("circle", { class: "fill-c", cx: from, cy: y(i), r: 4 }),
            svg("circle", { class: "fill-b", cx: to, cy: y(i), r: 6 }))
        })
      }
    })
    const show = () => {
      const before = stages(x), after = stages(x + nudge), moves = after.map((value, i) => value - before[i])
      const slopes = LINKS.map(([, , slope], i) => slope(before[i]))
      names.forEach((_, i) => [number(before[i], 3), number(moves[i], 4), i ? number(slopes[i - 1], 3) : "–"].forEach((text, j) => { cells[i][j].textContent = text }))
      const product = slopes.reduce((a, b) => a * b)
      status.say(nudge ? `Along the chain the move was stretched by ${number(moves[3] / nudge, 3)}; the slopes multiply to ${number(product, 3)}.`
        : `The slopes multiply to ${number(product, 3)}. Nudge x to see it happen.`)
      picture.redraw()
    }
    const head = text => html("th", { scope: "col" }, text)
    const live = html("div", { class: "chain" }, row(
      slider({ label: "x", min: 0.5, max: 1.5, step: 0.1, value: x, change: to => { x = to; show() } }),
      slider({ label: "nudge", min: -0.3, max: 0.3, step: 0.01, digits: 2, value: nudge, change: to => { nudge = to; show() } })), picture,
    html("table", {}, html("thead", {}, html("tr", {}, html("td"), ["value", "moves by", "slope of the link"].map(head))),
      html("tbody", {}, names.map((name, i) => html("tr", {}, html("th", { scope: "row" }, name), cells[i])))), status)
    show()
    return live
  }
})
