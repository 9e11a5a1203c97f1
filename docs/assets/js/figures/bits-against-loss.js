/* Bits against loss: a row of weights snaps to the levels that a number of bits allows; beside it the held-out loss of the
   whole model, rounded so, and the names that it writes. Recorded by scripts/figures/bits_against_loss.py. */
import { liveText, row, slider } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"
import { axisBelow, axisLeft, line, linear, ticks } from "./shared/scale.js"

const FLOAT = 64

customElements.define("figure-bits-against-loss", class extends Figure {
  async build() {
    const { letter, row: weights, widths } = await load("bits-against-loss.json")
    let at = 3 // of `widths`: 4 bits
    const status = liveText(), names = html("p", { class: "names" })
    const top = bits => bits === 1 ? 1 : 2 ** (bits - 1) - 1
    const levels = bits => bits === 1 ? [-1, 1] : Array.from({ length: 2 * top(bits) + 1 }, (_, i) => i - top(bits))
    const text = bits => bits === FLOAT ? "float" : String(bits)

    const snapping = drawing({
      height: 150, left: this.left, label: `The 16 weights of ${letter}, and the levels that they are rounded to`,
      draw(place, width) {
        const { bits, numbers, scale } = widths[at], reach = Math.max(...weights.map(Math.abs)) * 1.08
        const x = linear([-reach, reach], [12, width - 12])
        place.append(
          svg("text", { class: "note", x: 12, y: 14 }, "as they are"),
          svg("text", { class: "note", x: 12, y: 112 }, bits === FLOAT ? "not rounded" : "rounded"),
          axisBelow(x, ticks(-reach, reach, 6), { y: 124, text: value => number(value, 1) }))
        if (bits < FLOAT)
          place.append(...levels(bits).map(level => svg("line", { class: "level", x1: x(level * scale), x2: x(level * scale), y1: 84, y2: 96 })))
        weights.forEach((weight, i) => {
          const to = bits === FLOAT ? weight : numbers[i] * scale
          place.append(
            svg("line", { class: "way", x1: x(weight), x2: x(to), y1: 34, y2: 90 }),
            svg("circle", { class: "fill-a", cx: x(weight), cy: 34, r: 3.5 }),
            svg("circle", { class: "fill-b", cx: x(to), cy: 90, r: 3.5 }))
        })
      }
    })

    const losses = drawing({
      height: 190, left: this.left, label: "The held-out loss of the model at each number of bits",
      draw(place, width) {
        const all = widths.map(each => each.loss), low = Math.min(...all), high = Math.max(...all)
        const x = linear([0, widths.length - 1], [52, width - 16]), y = linear([low, high], [140, 24])
        place.append(
          axisLeft(y, ticks(low, high, 4), { x: 40, end: width - 6, text: value => number(value, 2), label: "held-out loss", top: 12 }),
          axisBelow(x, widths.map((_, i) => i), { y: 148, text: i => text(widths[i].bits), label: "bits", end: width - 6 }),
          svg("path", { class: "curve b", d: line(widths.map((each, i) => [x(i), y(each.loss)])) }),
          ...widths.map((each, i) => svg("circle", { class: "fill-b", cx: x(i), cy: y(each.loss), r: 2.5 })),
          svg("circle", { class: "here", cx: x(at), cy: y(widths[at].loss), r: 5 }))
      }
    })

    const show = () => {
      const { bits, scale, numbers, loss, names: written } = widths[at], inFloats = widths[widths.length - 1].loss
      if (bits === FLOAT)
        status.say(`In floats the held-out loss is ${number(loss, 3)}.`)
      else {
        const most = Math.max(...weights.map((weight, i) => Math.abs(weight - numbers[i] * scale))), more = loss - inFloats
        status.say(`${bits} ${bits === 1 ? "bit" : "bits"}: ${levels(bits).length} levels, ${number(bits === 1 ? 2 * scale : scale, 4)} apart; this row's largest error is ${number(most, 4)}. ` +
          `The held-out loss is ${number(loss, 3)}, ${number(Math.abs(more), 4)} ${more < 0 ? "less" : "more"} than in floats.`)
      }
      names.textContent = `It writes: ${written.join(", ")}.`
      snapping.redraw()
      losses.redraw()
    }
    const live = html("div", { class: "bits-against-loss" },
      row(slider({ label: "bits", min: 0, max: widths.length - 1, step: 1, value: at, text: i => text(widths[i].bits), change: to => { at = to; show() } })),
      html("div", { class: "drawings" }, snapping, losses), status, names)
    show()
    return live
  }
})
