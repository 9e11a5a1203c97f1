/* How large the gradients of each layer are, with and without the shortcuts, while a model of four layers learns. */
import { liveText, radio, row } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"
import { player } from "./shared/player.js"
import { axisBelow, line, logarithmic } from "./shared/scale.js"

const MODELS = [["with", "a"], ["without", "b"]]
const ROW = 32, TOP = 26
const power = x => x.toExponential(1).replaceAll("-", "−")

customElements.define("figure-residual", class extends Figure {
  async build() {
    const recorded = await load("residual.json")
    const { steps, groups } = recorded
    const last = steps.length - 1, bottom = TOP + groups.length * ROW
    const live = html("div")
    const status = liveText()
    let at = last, shown = "both"

    const sizes = model => recorded[model].gradients[at]
    const visible = () => MODELS.filter(([model]) => shown === "both" || shown === model)
    const rowOf = i => TOP + (groups.length - i - 0.5) * ROW // the first group is the bottom of the model

    const picture = drawing({
      height: bottom + 40, left: this.left,
      draw(picture, width) {
        const px = logarithmic([1e-7, 0.1], [96, width - 136])
        const told = visible().map(([model]) =>
          `${model} shortcuts: ${groups.map((group, i) => `${group} ${power(sizes(model)[i])}`).toReversed().join(", ")}`)
        picture.setAttribute("aria-label", `Mean size of a gradient, from the top of the model to its bottom. ${told.join("; ")}.`)
        picture.append(
          axisBelow(px, [1e-7, 1e-5, 1e-3, 0.1], {
            y: bottom, text: x => x === 0.1 ? "0.1" : `1e−${-Math.round(Math.log10(x))}`, label: "mean size of a gradient", end: width - 124
          }),
          ...groups.map((group, i) => svg("g", { class: "axis" },
            svg("line", { class: "rule", x1: 86, x2: width - 124, y1: rowOf(i), y2: rowOf(i) }))),
          ...groups.map((group, i) => svg("text", { x: 78, y: rowOf(i) + 4, "text-anchor": "end" }, group)))
        for (const [model, color] of visible()) {
          const end = model === "with" ? width - 68 : width - 2
          const places = sizes(model).map((size, i) => [px(size), rowOf(i)])
          picture.append(
            svg("path", { class: `curve ${color}`, d: line(places) }),
            ...places.map(([x, y]) => model === "with" ? svg("circle", { class: `fill-${color}`, cx: x, cy: y, r: 6 })
              : svg("rect", { class: `fill-${color}`, x: x - 5, y: y - 5, width: 10, height: 10 })),
            svg("text", { class: color, x: end, y: 16, "text-anchor": "end" }, model === "with" ? "● with" : "■ without"),
            ...places.map(([, y], i) =>
              svg("text", { class: color, x: end, y: y + 4, "text-anchor": "end", "data-model": model }, power(sizes(model)[i]))))
        }
      }
    })

    const show = k => {
      at = k
      const [kept, gone] = MODELS.map(([model]) => sizes(model)[groups.indexOf("layer0")])
      const more = kept / gone
      status.say(`${steps[k] === 0 ? "Before the first step" : `After ${steps[k]} step${steps[k] === 1 ? "" : "s"}`}, layer0 gets ` +
        `${power(kept)} with the shortcuts and ${power(gone)} without: ${more < 2 ? "about the same" : `${number(Number(more.toPrecision(2)), 0)} times as much`}. ` +
        `Mean loss: with ${number(recorded.with.losses[k], 2)}, without ${number(recorded.without.losses[k], 2)}.`)
      picture.redraw()
    }
    const control = player({
      count: steps.length, show, area: live, left: this.left, label: "after step", pause: 1200, text: k => `${steps[k]} of ${steps[last]}`
    })
    live.append(
      row(radio({
        label: "shortcuts", choices: ["both", "with", "without"], value: shown,
        change(to) {
          shown = to
          picture.redraw()
        }
      })), control, picture, status)
    control.go(last)
    return live
  }
})
