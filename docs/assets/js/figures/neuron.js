/* What a neuron fires for: its mean value after each letter and at each place, in the trained model. Recorded by
   scripts/figures/neuron.py. */
import { liveText, row, slider } from "./shared/controls.js"
import { html, number, percent, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"

const HEIGHT = 170

customElements.define("figure-neuron", class extends Figure {
  async build() {
    const { tokens, unit, on, by_token, by_place } = await load("neuron.json")
    let n = 56
    const status = liveText()
    const bars = (label, means, names) => drawing({
      height: HEIGHT, left: this.left, label,
      draw(place, width) {
        const values = means[n].map(mean => (mean ?? 0) / unit), largest = Math.max(...by_token[n].map(mean => (mean ?? 0) / unit), 0.01)
        const step = (width - 8) / values.length
        values.forEach((value, i) => {
          const height = (HEIGHT - 34) * Math.min(1, value / largest)
          place.append(
            svg("rect", { class: "fill-b", x: 4 + i * step + 1, y: HEIGHT - 22 - height, width: Math.max(1, step - 2), height }),
            svg("text", { class: "note", x: 4 + (i + 0.5) * step, y: HEIGHT - 6, "text-anchor": "middle" }, names[i] === "BOS" ? "·" : names[i]))
        })
      }
    })
    const letters = bars("The neuron's mean value after each letter; the dot is BOS", by_token, tokens)
    const places = bars("The neuron's mean value at each place", by_place, by_place[0].map((_, i) => String(i)))
    const show = () => {
      const best = by_token[n].map((mean, i) => [mean ?? -1, tokens[i]]).sort((a, b) => b[0] - a[0]).slice(0, 3)
      status.say(`Neuron ${n} is on ${percent(on[n], 0)} of the time, most strongly after ${best.map(([mean, token]) => `${token} (${number(mean / unit)})`).join(", ")}.`)
      letters.redraw()
      places.redraw()
    }
    const live = html("div", { class: "neuron" },
      row(slider({ label: "neuron", min: 0, max: on.length - 1, step: 1, value: n, text: String, change: to => { n = to; show() } })),
      html("p", {}, "after each letter"), letters, html("p", {}, "at each place"), places, status)
    show()
    return live
  }
})
