/* ReLU's folds: 1, 2, 4 or 8 neurons bend a line to a curve. Trained by the program's engine, and recorded by
   scripts/figures/relu_folds.py; what is drawn is the recorded weights' own sum. */
import { checkbox, liveText, radio, row } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"
import { axisBelow, axisLeft, line, linear } from "./shared/scale.js"

const HEIGHT = 260, LOW = -1.6, HIGH = 1.6

export const rule = ([slope, start, weight], x) => weight * Math.max(0, slope * x + start)
const sum = (neurons, x) => neurons.reduce((total, neuron) => total + rule(neuron, x), 0)

customElements.define("figure-relu-folds", class extends Figure {
  async build() {
    const { points, target, fits } = await load("relu-folds.json")
    let chosen = "2", each = false
    const status = liveText()
    const picture = drawing({
      height: HEIGHT, left: this.left, label: "The curve, and what the neurons make of a line; the text tells how far it is off",
      draw(place, width) {
        const x = linear([-1, 1], [34, width - 10]), y = linear([LOW, HIGH], [HEIGHT - 26, 8])
        const { neurons } = fits[chosen]
        const folds = neurons.map(([slope, start]) => -start / slope).filter(at => Math.abs(at) < 1)
        const xs = [-1, ...folds, 1].sort((a, b) => a - b)
        const near = value => Math.max(LOW, Math.min(HIGH, value))
        place.append(
          axisLeft(y, [-1, 0, 1], { x: 34, end: width - 10, text: v => number(v, 0) }),
          axisBelow(x, [-1, 0, 1], { y: y(LOW) }),
          ...each ? neurons.map(neuron => {
            const corner = -neuron[1] / neuron[0]
            return svg("path", { class: "curve thin d", d: line([-1, ...Math.abs(corner) < 1 ? [corner] : [], 1].map(at => [x(at), y(near(rule(neuron, at)))])) })
          }) : [],
          svg("path", { class: "curve c dashed", d: line(points.map((at, i) => [x(at), y(target[i])])) }),
          svg("path", { class: "curve b", d: line(xs.map(at => [x(at), y(near(sum(neurons, at)))])) }),
          ...folds.map(at => svg("circle", { class: "fill-b", cx: x(at), cy: y(near(sum(neurons, at))), r: 4 })))
      }
    })
    const show = () => {
      const { neurons, error } = fits[chosen]
      const folds = neurons.filter(([slope, start]) => Math.abs(start / slope) < 1).length
      status.say(`${chosen} neuron${chosen === "1" ? "" : "s"}, ${folds} fold${folds === 1 ? "" : "s"} in view: off by ${number(error, 3)} on average.`)
      picture.redraw()
    }
    const live = html("div", { class: "relu-folds" },
      row(radio({
        label: "neurons", choices: Object.keys(fits), value: chosen,
        change(to) {
          chosen = to
          show()
        }
      }), checkbox({
        label: "each neuron alone", checked: each,
        change(on) {
          each = on
          picture.redraw()
        }
      })), picture, status)
    show()
    return live
  }
})
