/* The ladder: how the losses of six programs fall on the same names, and what each writes on the way. Recorded by
   scripts/figures/ladder.py. Each rung can be switched off. */
import { checkbox, liveText } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"
import { player } from "./shared/player.js"
import { axisBelow, axisLeft, line, linear, ticks } from "./shared/scale.js"

const LOW = 2.3, HIGH = 3.3, HEIGHT = 280
const CURVES = ["d", "b", "b dashed", "c", "c dashed", "a"] // rung by rung: 2 lies upon 1, and 4 nearly upon 3
const WHAT = ["counts of pairs", "a network", "the same, by autograd", "one head", "four heads", "Adam"]

const swatch = name => svg("svg", { viewBox: "0 0 24 12", width: 24, height: 12, "aria-hidden": "true" },
  svg("path", { d: "M1 6h22", class: `curve ${name}` }))

customElements.define("figure-ladder", class extends Figure {
  async build() {
    const { rungs, steps, marks } = await load("ladder.json")
    const on = rungs.map(() => true)
    const first = marks[0]
    const latest = step => marks.findLast(mark => mark <= step) ?? first
    let x, now = steps.length - 1

    const picture = drawing({
      height: HEIGHT, left: this.left,
      label: `The losses of six programs over ${steps.at(-1)} steps, each the mean of the last 100; the table tells their values`,
      draw(place, width) {
        x = linear([0, steps.at(-1)], [34, width - 22])
        const y = linear([LOW, HIGH], [HEIGHT - 24, 8])
        place.append(
          axisLeft(y, ticks(LOW, HIGH, 5), { x: 34, end: width - 22 }),
          axisBelow(x, ticks(0, steps.at(-1), 5), { y: y(LOW) }))
        rungs.forEach(({ means }, i) => {
          if (!on[i])
            return
          place.append(svg("path", { d: line(means.map((mean, k) => [x(steps[k]), y(mean)])), class: `curve ${CURVES[i]}` }))
        })
        place.append(svg("g", { class: "ladder-cursor" },
          svg("line", { x1: x(steps[now]), x2: x(steps[now]), y1: y(HIGH), y2: y(LOW) }),
          rungs.map(({ means }, i) => on[i] && svg("circle", { cx: x(steps[now]), cy: y(means[now]), r: 4, class: `fill-${CURVES[i][0]}` })).filter(Boolean)))
      }
    })

    const status = liveText()
    const lines = rungs.map((rung, i) => {
      const mean = html("td"), names = html("td")
      const box = checkbox({
        label: `${i}: ${WHAT[i]}`, checked: true,
        change(checked) {
          on[i] = checked
          line.element.classList.toggle("off", !checked)
          picture.redraw()
        }
      })
      const line = { mean, names, element: html("tr", {}, html("th", { scope: "row" }, box, swatch(CURVES[i])), mean, names) }
      return line
    })
    const show = k => {
      now = k
      const mark = latest(steps[k])
      lines.forEach(({ mean: cell, names }, i) => {
        cell.textContent = number(rungs[i].means[k], 3)
        names.textContent = rungs[i].names[mark].map(name => name || "(empty)").join(", ")
      })
      const text = `Step ${steps[k]}; the names are from after step ${mark}.`
      if (status.textContent !== text)
        status.say(text)
      picture.redraw()
    }

    const live = html("div", { class: "ladder" })
    const control = player({ count: steps.length, show, area: live, left: this.left, text: k => String(steps[k]), pause: 60 })
    live.append(picture, control,
      html("table", {},
        html("thead", {}, html("tr", {}, ["rung", "loss", "it writes"].map(text => html("th", { scope: "col" }, text)))),
        html("tbody", {}, lines.map(({ element }) => element))),
      status)
    control.go(steps.length - 1)
    return live
  }
})
