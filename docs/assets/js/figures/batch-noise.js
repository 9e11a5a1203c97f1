/* Gradients of batches around the gradient of all names, at their true angles and lengths. Recorded by
   scripts/figures/batch_noise.py. */
import { liveText, radio, row, slider } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"

const HEIGHT = 300, LEAST = 1.3 // lengths of the true gradient from its foot to the right edge, at least

customElements.define("figure-batch-noise", class extends Figure {
  async build() {
    const { unit, stages, sizes, names, arrows } = await load("batch-noise.json")
    let size = 0, stage = 1
    const status = liveText()
    const picture = drawing({
      height: HEIGHT, left: this.left, label: "The gradient of each batch as a thin arrow, the gradient of all names as a thick one; the text tells their angle and length",
      draw(place, width) {
        const some = arrows[stage][size].map(arrow => arrow.map(a => a / unit))
        const right = Math.max(LEAST, ...some.map(([x]) => x)), left = Math.max(0.1 * right, ...some.map(([x]) => -x))
        const high = Math.max(0.3, ...some.map(([, y]) => Math.abs(y)))
        const scale = Math.min((width - 20) / (right + left), (HEIGHT / 2 - 12) / high)
        const foot = [(width - scale * (right - left)) / 2, HEIGHT / 2]
        const arrow = ([x, y], color, weight, r) => {
          const tip = [foot[0] + scale * x, foot[1] - scale * y]
          return [svg("path", { class: `curve ${color} ${weight}`, d: `M${foot[0]} ${foot[1]}L${tip[0]} ${tip[1]}` }),
            svg("circle", { class: `fill-${color}`, cx: tip[0], cy: tip[1], r })]
        }
        place.append(
          svg("circle", { class: "contour", cx: foot[0], cy: foot[1], r: scale }),
          ...some.flatMap(each => arrow(each, "b", "thin", 2.5)),
          ...arrow([1, 0], "a", "thick", 6),
          svg("text", { class: "a", x: 8, y: 20 }, `● all ${names.toLocaleString("en-US")} names`),
          svg("text", { class: "b", x: 8, y: 38 }, "● a batch of them"))
      }
    })
    const show = () => {
      const some = arrows[stage][size], mean = values => values.reduce((a, b) => a + b, 0) / values.length
      const degrees = mean(some.map(([x, y]) => Math.abs(Math.atan2(y, x)) * 180 / Math.PI))
      const length = mean(some.map(([x, y]) => Math.hypot(x, y))) / unit
      status.say(`After ${stages[stage]} steps, ${sizes[size] === 1 ? "single names" : `batches of ${sizes[size]}`}: ${number(degrees, 0)}° from the gradient of all names, and ${number(length, 1)} times as long, in the mean of ${some.length}.`)
      picture.redraw()
    }
    const live = html("div", { class: "batch-noise" }, picture, row(
      slider({ label: "names in a batch", min: 0, max: sizes.length - 1, step: 1, value: size, text: i => String(sizes[i]), change: to => { size = to; show() } }),
      radio({ label: "steps of training before", choices: stages.map((at, i) => [i, String(at)]), value: stage, change: to => { stage = to; show() } })),
    status)
    show()
    return live
  }
})
