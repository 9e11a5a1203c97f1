/* The engines side by side: documents a second, on a scale of factors of ten. Recorded by scripts/runs/engines.py. */
import { liveText, radio, row } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"
import { axisBelow, logarithmic } from "./shared/scale.js"

const ENGINES = { unfused: "as published", "rung-5": "the one file", plain: "this program", numpy: "NumPy", torch: "PyTorch", jax: "JAX" }
const HEIGHT = 34, TOP = 8, LEFT = 8

/* A recorded ratio, which has two digits. */
const told = x => x >= 10 ? Math.round(x).toLocaleString("en-US") : number(x, Math.max(0, 1 - Math.floor(Math.log10(x) + 1e-9)))

customElements.define("figure-engines", class extends Figure {
  async build() {
    const { speed, memory, install } = await load("../engines.json")
    const values = Object.values(speed)
    const low = 10 ** Math.floor(Math.log10(Math.min(...values))), high = 10 ** Math.ceil(Math.log10(Math.max(...values)))
    const names = Object.keys(ENGINES).filter(name => Object.keys(speed).some(key => key.startsWith(`${name} `)))
    const bottom = TOP + names.length * HEIGHT
    let dtype = "float64", batch = "1"
    const at = name => speed[`${name} ${dtype} ${batch}`]

    const picture = drawing({
      height: bottom + 40, left: this.left, label: "Documents a second of each engine, with this program as 1; the table tells the values",
      draw(place, width) {
        const x = logarithmic([low, high], [LEFT + 4, width - 24])
        const powers = Array.from({ length: Math.round(Math.log10(high / low)) + 1 }, (_, i) => low * 10 ** i)
        place.append(
          ...powers.map(power => svg("line", { class: power === 1 ? "engines-one" : "engines-rule", x1: x(power), x2: x(power), y1: TOP, y2: bottom })),
          axisBelow(x, powers, { y: bottom, text: String }),
          ...names.flatMap((name, i) => {
            const y = TOP + i * HEIGHT, value = at(name)
            return [
              value && svg("rect", {
                class: value < 1 ? "fill-b" : "fill-a", x: Math.min(x(1), x(value)) - (value === 1 ? 1 : 0), y: y + 18, height: 10,
                width: Math.max(2, Math.abs(x(value) - x(1)))
              }),
              svg("text", { x: LEFT, y: y + 13 }, value ? `${ENGINES[name]}: ${told(value)}` : `${ENGINES[name]}: not measured`)
            ].filter(Boolean)
          }))
      }
    })

    const status = liveText(), body = html("tbody")
    const show = () => {
      picture.redraw()
      body.replaceChildren(...names.map(name => {
        const key = `${name} ${dtype} ${batch}`
        const cells = [speed[key] && told(speed[key]), memory[key] && number(memory[key], 0), install[name] && number(install[name], 0)]
        return html("tr", {}, html("th", { scope: "row" }, ENGINES[name]), cells.map(text => html("td", {}, text ?? "–")))
      }))
      const best = names.filter(at).sort((a, b) => at(b) - at(a))[0]
      status.say(`With ${batch === "1" ? "one document" : `${batch} documents`} a step in ${dtype}, ${ENGINES[best]} is the fastest: ` +
        `${told(at(best))} documents in the time that this program takes for one.`)
    }
    const live = html("div", { class: "engines" },
      row(
        radio({ label: "documents a step", choices: ["1", "256"], value: batch, change(to) { batch = to; show() } }),
        radio({ label: "numbers", choices: ["float64", "float32"], value: dtype, change(to) { dtype = to; show() } })),
      picture, status,
      html("table", {},
        html("thead", {}, html("tr", {}, ["engine", "documents", "peak MB", "installed MB"].map(text => html("th", { scope: "col" }, text)))), body))
    show()
    return live
  }
})
