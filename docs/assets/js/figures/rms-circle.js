/* RMSNorm in the plane: a vector, and where it lands, on a circle of radius √2. Exact: the formula of `rmsnorm`. */
import { liveText, row, slider } from "./shared/controls.js"
import { number, html, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure } from "./shared/figure.js"
import { drag } from "./shared/pointer.js"

const EPS = 1e-5, HEIGHT = 300, REACH = 4.4

export const rmsnorm = x => {
  const scale = (x.reduce((sum, xi) => sum + xi * xi, 0) / x.length + EPS) ** -0.5
  return x.map(xi => xi * scale)
}

customElements.define("figure-rms-circle", class extends Figure {
  build() {
    let x = [3, 2], unit = 1, middle = [0, 0]
    const status = liveText()
    const picture = drawing({
      height: HEIGHT, left: this.left, label: "The vector as an arrow, and where it lands on the circle; the text tells both",
      draw(place, width) {
        unit = Math.min(width, HEIGHT) / (2 * REACH)
        middle = [width / 2, HEIGHT / 2]
        const at = ([a, b]) => [middle[0] + a * unit, middle[1] - b * unit]
        const y = rmsnorm(x), [tip, landed] = [at(x), at(y)]
        place.append(
          svg("path", { class: "rule", d: `M${middle[0] - REACH * unit} ${middle[1]}h${2 * REACH * unit}M${middle[0]} ${middle[1] - REACH * unit}v${2 * REACH * unit}` }),
          svg("circle", { class: "contour", cx: middle[0], cy: middle[1], r: Math.SQRT2 * unit }),
          svg("path", { class: "curve thin a dashed", d: `M${middle[0]} ${middle[1]}L${tip[0]} ${tip[1]}` }),
          svg("path", { class: "curve b", d: `M${middle[0]} ${middle[1]}L${landed[0]} ${landed[1]}` }),
          svg("circle", { class: "fill-a", cx: tip[0], cy: tip[1], r: 7 }),
          svg("circle", { class: "fill-b", cx: landed[0], cy: landed[1], r: 5 }),
          svg("text", { class: "a", x: 8, y: 20 }, "● the vector"),
          svg("text", { class: "b", x: 8, y: 38 }, "● after RMSNorm"))
      }
    })
    const show = () => {
      const y = rmsnorm(x), length = Math.hypot(...y)
      status.say(`(${x.map(a => number(a, 1)).join(", ")}) lands on (${y.map(a => number(a, 3)).join(", ")}), at a distance of ${number(length, 3)} from the middle.`)
      picture.redraw()
    }
    const knobs = ["first number", "second number"].map((label, i) => slider({
      label, min: -4, max: 4, step: 0.1, value: x[i],
      change(to) {
        x[i] = to
        show()
      }
    }))
    const where = event => {
      const box = picture.getBoundingClientRect()
      return [(event.clientX - box.left - middle[0]) / unit, (middle[1] - event.clientY + box.top) / unit]
    }
    const distance = event => Math.hypot(...where(event).map((to, i) => to - x[i])) * unit
    const move = event => {
      x = where(event).map(a => Math.round(10 * Math.max(-4, Math.min(4, a))) / 10)
      knobs.forEach((knob, i) => knob.set(x[i]))
      show()
    }
    drag(picture, { distance, take: move, move })
    const live = html("div", { class: "rms-circle" }, picture, row(...knobs), status)
    show()
    return live
  }
})
