/* How far back: the loss of four models by how many of the last tokens they see. Recorded by scripts/figures/far_back.py. */
import { liveText, row, slider } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"
import { slide } from "./shared/pointer.js"
import { axisBelow, axisLeft, line, linear, logarithmic, ticks } from "./shared/scale.js"

const HEIGHT = 300, LEFT = 44, COLORS = ["a", "b", "d", "c"], MARKS = ["●", "■", "▲", "◆"]
const FROM = 4 // tokens: what fewer cost is far above all else, and in the text

/* Marks of four shapes, so that nobody needs the colors. */
const mark = (i, x, y) => [
  () => svg("circle", { cx: x, cy: y, r: 4.5 }),
  () => svg("rect", { x: x - 4, y: y - 4, width: 8, height: 8 }),
  () => svg("path", { d: `M${x} ${y - 5.5}l5 9h-10z` }),
  () => svg("path", { d: `M${x} ${y - 6}l5 6l-5 6l-5 -6z` })
][i]()

customElements.define("figure-far-back", class extends Figure {
  async build() {
    const { names, losses, trained } = await load("far-back.json")
    const most = Math.max(...losses.map(each => each.length)), shown = losses.flatMap(each => each.slice(FROM - 1))
    const low = Math.min(...shown), high = Math.max(...shown)
    let seen = 32, across
    const status = liveText()
    const picture = drawing({
      height: HEIGHT, left: this.left, label: "The loss of each model by how many of the last tokens it sees; the text tells the values",
      draw(place, width) {
        across = logarithmic([FROM, most], [LEFT, width - 12])
        const down = linear([low, high], [HEIGHT - 46, 84])
        place.append(
          ...names.map((name, i) => svg("text", { class: COLORS[i], x: LEFT, y: 14 + 16 * i }, `${MARKS[i]} ${name}`)),
          axisLeft(down, ticks(low, high, 5), { x: LEFT, end: width - 12, text: value => number(value, 2) }),
          axisBelow(across, [4, 8, 16, 32, 64], { y: HEIGHT - 40, label: "tokens seen", end: width - 12 }),
          svg("line", { class: "far-back-here", x1: across(Math.max(FROM, seen)), x2: across(Math.max(FROM, seen)), y1: 78, y2: HEIGHT - 40 }),
          ...losses.map((each, i) => svg("path", {
            class: `curve ${COLORS[i]}`, d: line(each.slice(FROM - 1).map((loss, j) => [across(FROM + j), down(loss)]))
          })),
          ...losses.map((each, i) => seen >= FROM && seen <= each.length &&
            svg("g", { class: `fill-${COLORS[i]}`, "data-curve": i }, mark(i, across(seen), down(each[seen - 1])))).filter(Boolean))
      }
    })
    const show = () => {
      const told = names.map((name, i) => `${name}: ${seen > losses[i].length ? `no vector beyond ${trained[i]}` : number(losses[i][seen - 1], 3)}`)
      status.say(`Seeing ${seen === 1 ? "the last token" : `the last ${seen} tokens`}. ${told.map(text => text[0].toUpperCase() + text.slice(1)).join(". ")}.`)
      picture.redraw()
    }
    const control = slider({ label: "tokens seen", min: 1, max: most, step: 1, value: seen, text: String, change: to => { seen = to; show() } })
    slide(picture, event => {
      const at = across.invert(event.clientX - picture.getBoundingClientRect().left)
      seen = Math.min(most, Math.max(FROM, Math.round(at)))
      control.set(seen)
      show()
    })
    const live = html("div", { class: "far-back" }, row(control), picture, status)
    show()
    return live
  }
})
