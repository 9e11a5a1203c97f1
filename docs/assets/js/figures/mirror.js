/* e^x and log x: the same points with their coordinates exchanged, mirrored at the diagonal. */
import { liveText, row, slider } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure } from "./shared/figure.js"
import { axisBelow, axisLeft, line, linear } from "./shared/scale.js"

const HEIGHT = 320, LOW = -3.2, HIGH = 5

customElements.define("figure-mirror", class extends Figure {
  build() {
    let x = 1
    const status = liveText()
    const picture = drawing({
      height: HEIGHT, left: this.left, label: "The curves of e to the power of x and of log x, mirror images at the diagonal",
      draw(place, width) {
        const side = Math.min(width - 40, HEIGHT - 30)
        const px = linear([LOW, HIGH], [30, 30 + side]), py = linear([LOW, HIGH], [side + 6, 6])
        const xs = Array.from({ length: 121 }, (_, i) => LOW + i * (HIGH - LOW) / 120)
        const inside = ([a, b]) => b <= HIGH && a <= HIGH ? [px(a), py(b)] : [NaN, NaN]
        const [a, b] = [[x, Math.exp(x)], [Math.exp(x), x]]
        place.append(
          axisLeft(py, [-2, 0, 2, 4], { x: 30, end: 30 + side, text: v => number(v, 0) }),
          axisBelow(px, [-2, 0, 2, 4], { y: side + 6 }),
          svg("path", { class: "curve thin dashed rule", d: line([[px(LOW), py(LOW)], [px(HIGH), py(HIGH)]]) }),
          svg("path", { class: "curve a", d: line(xs.map(at => inside([at, Math.exp(at)]))) }),
          svg("path", { class: "curve b", d: line(xs.map(at => inside([Math.exp(at), at]))) }),
          svg("path", { class: "curve thin dashed c", d: line([a, b].map(([u, v]) => [px(u), py(v)])) }),
          svg("circle", { class: "fill-a", cx: px(a[0]), cy: py(a[1]), r: 5 }),
          svg("circle", { class: "fill-b", cx: px(b[0]), cy: py(b[1]), r: 5 }),
          svg("text", { class: "a", x: px(-2.9), y: py(0.5) }, "e to the power of x"),
          svg("text", { class: "b", x: px(2.2), y: py(0.2) }, "log x"))
      }
    })
    const show = () => {
      const y = Math.exp(x)
      status.say(`e to the power of ${number(x, 1)} is ${number(y, 3)}, so the logarithm of ${number(y, 3)} is ${number(x, 1)}. There the slopes are ${number(y, 3)} and ${number(1 / y, 3)}.`)
      picture.redraw()
    }
    const live = html("div", { class: "mirror" }, picture,
      row(slider({ label: "x", min: -3, max: 1.6, step: 0.1, value: x, change: to => { x = to; show() } })), status)
    show()
    return live
  }
})
