/* The ladder: how the losses of six programs fall on the same names, and what each writes on the way. Recorded by
   scripts/figures/ladder.py. Each rung can be switched off. */
import { button, checkbox, liveText } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"
import { player } from "./shared/player.js"
import { slide } from "./shared/pointer.js"
import { axisBelow, axisLeft, line, linear, ticks } from "./shared/scale.js"

const LOW = 2.3, HIGH = 3.5, HEIGHT = 290, LEFT = 34, RIGHT = 34
const CURVES = ["d", "b", "b dashed", "c", "c dashed", "a"] // rung by rung: 2 lies upon 1, and 4 nearly upon 3
const WHAT = ["counts of pairs", "a network", "autograd", "positions, a head", "four heads", "Adam"]
const APART = 14 // pixels between the names of curves

const swatch = name => svg("svg", { viewBox: "0 0 24 12", width: 24, height: 12, "aria-hidden": "true" },
  svg("path", { d: "M1 6h22", class: `curve ${name}` }))

/* The numbers of the rungs, each beside the end of its curve, from the lowest upward; equal curves share one place. */
function ends(rungs, shown, y) {
  const names = new Map()
  for (const i of shown) {
    const end = rungs[i].means.at(-1)
    names.set(end, [...names.get(end) ?? [], i])
  }
  let last = Infinity
  return [...names].sort(([one], [other]) => one - other).map(([end, same]) => {
    last = Math.min(last - APART, y(end) + 4)
    return svg("text", { y: last, class: CURVES[same[0]][0] }, same.join("="))
  })
}

customElements.define("figure-ladder", class extends Figure {
  async build() {
    const { vocab_size, rungs, steps, marks } = await load("ladder.json")
    const places = [0, ...steps], total = steps.at(-1), blind = Math.log(vocab_size)
    const mean = (i, k) => k ? rungs[i].means[k - 1] : NaN
    const on = new Set(rungs.keys())
    const latest = step => marks.findLast(mark => mark <= step)
    let x, now = places.length - 1

    const picture = drawing({
      height: HEIGHT, left: this.left,
      label: `The losses of six programs over ${total} steps, each the mean of the last 100; the table tells their values`,
      draw(place, width) {
        x = linear([0, total], [LEFT, width - RIGHT])
        const y = linear([LOW, HIGH], [HEIGHT - 24, 8])
        const shown = [...on].sort()
        const step = places[now]
        const labels = svg("g", { class: "ladder-ends", transform: `translate(${width - RIGHT + 7} 0)` }, ends(rungs, shown, y))
        place.append(
          axisLeft(y, ticks(2.4, 3.4, 5), { x: LEFT, end: width - RIGHT }),
          axisBelow(x, ticks(0, total, 5), { y: y(LOW) }),
          svg("path", { d: line([[x(0), y(blind)], [x(total), y(blind)]]), class: "ladder-blind" }),
          svg("text", { x: x(total), y: y(blind) - 5, class: "note", "text-anchor": "end" }, `guessing blindly: ${number(blind)}`),
          ...shown.map(i => svg("path", { d: line(steps.map((step, k) => [x(step), y(rungs[i].means[k])])), class: `curve ${CURVES[i]}`, "data-rung": i })),
          labels,
          ...marks.map(mark => svg("path", { d: `M${x(mark)} ${y(LOW) - 4}l4 4-4 4-4-4z`, class: "ladder-stop" })),
          svg("g", { class: "ladder-cursor" },
            svg("line", { x1: x(step), x2: x(step), y1: y(HIGH), y2: y(LOW) }),
            now ? shown.map(i => svg("circle", { cx: x(step), cy: y(mean(i, now)), r: 4, class: `fill-${CURVES[i][0]}` })) : []))
      }
    })

    const status = liveText()
    const rows = rungs.map((_, i) => {
      const loss = html("td"), names = html("td")
      const box = checkbox({
        label: `${i}: ${WHAT[i]}`, checked: true,
        change(checked) {
          on[checked ? "add" : "delete"](i)
          element.classList.toggle("off", !checked)
          picture.redraw()
        }
      })
      const element = html("tr", {}, html("th", { scope: "row" }, html("div", {}, swatch(CURVES[i]), box)), loss, names)
      return { loss, names, element }
    })

    const show = k => {
      now = k
      const step = places[k], mark = latest(step)
      rows.forEach(({ loss, names }, i) => {
        loss.textContent = k ? number(mean(i, k), 3) : "–"
        names.textContent = rungs[i].names[mark].map(name => name || "(empty)").join(", ")
      })
      const text = mark ? `This is what they write after step ${mark}.` : "This is what they write before training."
      if (status.textContent !== text) // a live region that is set again would be read again
        status.say(text)
      stops.forEach((stop, i) => stop.setAttribute("aria-pressed", marks[i] === mark))
      picture.redraw()
    }

    const live = html("div", { class: "ladder" })
    const control = player({ count: places.length, show, area: live, left: this.left, text: k => String(places[k]), pause: 60 })
    const stops = marks.map(mark => button({
      label: String(mark), title: `Go to step ${mark}`, press: () => control.go(places.indexOf(mark))
    }))

    /* A finger or the mouse on the drawing moves the step too. */
    const follow = event => {
      const at = x.invert(event.clientX - picture.getBoundingClientRect().left)
      const beyond = places.findIndex(step => step >= at)
      const k = beyond < 0 ? places.length - 1 : beyond
      control.go(k && at - places[k - 1] < places[k] - at ? k - 1 : k)
    }
    slide(picture, follow)

    live.append(picture, control,
      html("div", { class: "controls", role: "group", "aria-label": "recorded steps" }, html("span", {}, "go to"), stops),
      status,
      html("table", { class: "ladder-table" },
        html("thead", {}, html("tr", {}, ["rung", "loss", "it writes"].map(text => html("th", { scope: "col" }, text)))),
        html("tbody", {}, rows.map(({ element }) => element))))
    control.go(places.length - 1)
    return live
  }
})
