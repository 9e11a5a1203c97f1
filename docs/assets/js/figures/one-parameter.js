/* One parameter slides down the loss, all others kept. Recorded by scripts/figures/one_parameter.py; between the recorded
   values the curve is a line. */
import { button, liveText, row, select, slider } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"
import { axisBelow, axisLeft, line, linear, ticks } from "./shared/scale.js"

const HEIGHT = 250

customElements.define("figure-one-parameter", class extends Figure {
  async build() {
    const { values, parameters, names } = await load("one-parameter.json")
    let at = 0, rate = 5, path = []
    const status = liveText()
    const now = () => parameters[at]
    /* The loss and the slope at a value, between two recorded ones. */
    const between = value => {
      const { losses } = now(), width = values[1] - values[0]
      const i = Math.max(0, Math.min(values.length - 2, Math.floor((value - values[0]) / width + 1e-9)))
      const slope = (losses[i + 1] - losses[i]) / (values[i + 1] - values[i])
      return { loss: losses[i] + slope * (value - values[i]), slope }
    }
    const picture = drawing({
      height: HEIGHT, left: this.left, label: "The loss for many values of one parameter, and the steps taken; the text tells the last",
      draw(place, width) {
        const { losses } = now(), low = Math.min(...losses), high = Math.max(...losses)
        const x = linear([values[0], values.at(-1)], [48, width - 12]), y = linear([low - 0.05 * (high - low), high], [HEIGHT - 26, 10])
        place.append(
          axisLeft(y, ticks(low, high, 4), { x: 48, end: width - 12, text: v => number(v, 2) }),
          axisBelow(x, [-3, -2, -1, 0, 1, 2, 3], { y: HEIGHT - 26 }),
          svg("path", { class: "curve a", d: line(values.map((value, i) => [x(value), y(losses[i])])) }),
          svg("path", { class: "curve thin b", d: line(path.map(value => [x(value), y(between(value).loss)])) }),
          ...path.map((value, i) => svg("circle", { class: "fill-b", cx: x(value), cy: y(between(value).loss), r: i === path.length - 1 ? 6 : 3 })))
      }
    })
    const show = () => {
      const value = path.at(-1), { loss } = between(value)
      status.say(`${now().name} is ${number(value, 3)} after ${path.length - 1} step${path.length === 2 ? "" : "s"}: the mean loss of ${names} names is ${number(loss, 4)}.`)
      picture.redraw()
    }
    const reset = () => {
      path = [now().value]
      show()
    }
    const step = () => {
      const value = path.at(-1), slope = path.length === 1 ? now().slope : between(value).slope
      path.push(Math.max(values[0], Math.min(values.at(-1), value - rate * slope)))
      show()
    }
    const live = html("div", { class: "one-parameter" }, row(select({
      label: "parameter", choices: parameters.map((p, i) => [i, p.name]), value: 0,
      change(to) {
        at = Number(to)
        reset()
      }
    }), slider({ label: "rate", min: 1, max: 60, step: 1, value: rate, text: String, change: to => { rate = to } }),
    button({ label: "Step", title: "A step against the slope", press: step }), button({ label: "Back", title: "Back to the start", press: reset })), picture, status)
    reset()
    return live
  }
})
