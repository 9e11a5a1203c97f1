/* Zooming into x²: in a smaller and smaller window the curve and its tangent become one line. */
import { liveText, row, slider } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure } from "./shared/figure.js"
import { line, linear } from "./shared/scale.js"

const HEIGHT = 260

/* How far the curve leaves its tangent at the window's edge, as a share of the window's width. */
export const gap = (x, width) => {
  const edge = x + width / 2
  return (edge * edge - (x * x + 2 * x * (edge - x))) / width
}

customElements.define("figure-zoom", class extends Figure {
  build() {
    let x = 1, power = 0
    const status = liveText()
    const size = () => 4 / 2 ** power
    const picture = drawing({
      height: HEIGHT, left: this.left, label: "The curve x² and its tangent in a window around a point; the text tells how far they are apart",
      draw(place, width) {
        const half = size() / 2, high = half * HEIGHT / width
        const px = linear([x - half, x + half], [0, width]), py = linear([x * x - high, x * x + high], [HEIGHT, 0])
        const xs = Array.from({ length: 161 }, (_, i) => x - half + i * size() / 160)
        place.append(
          svg("path", { class: "curve c dashed", d: line([x - half, x + half].map(at => [px(at), py(x * x + 2 * x * (at - x))])) }),
          svg("path", { class: "curve b", d: line(xs.map(at => [px(at), py(at * at)])) }),
          svg("circle", { class: "fill-b", cx: px(x), cy: py(x * x), r: 5 }),
          svg("text", { class: "b", x: 8, y: 20 }, "── x²"),
          svg("text", { class: "c", x: 8, y: 38 }, `– – a line of slope ${number(2 * x, 1)}`))
      }
    })
    const show = () => {
      status.say(`In a window ${Number(size().toPrecision(3))} wide, the curve leaves the line by ${number(100 * gap(x, size()), 2)}% of that.`)
      picture.redraw()
    }
    const live = html("div", { class: "zoom" }, picture, row(
      slider({ label: "zoom", min: 0, max: 12, step: 1, value: power, text: k => `${2 ** k}×`, change: to => { power = to; show() } }),
      slider({ label: "x", min: -1.5, max: 1.5, step: 0.1, value: x, change: to => { x = to; show() } })), status)
    show()
    return live
  }
})
