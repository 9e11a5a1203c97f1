/* An attention head in the plane. Drag the query and the keys in one drawing, the values in the other; scores, weights and
   the mix follow. Exact: the formulas of `attention_head`. */
import { liveText, radio, row } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure } from "./shared/figure.js"
import { drag } from "./shared/pointer.js"

const HEIGHT = 240, REACH = 3.3, STEP = 0.1
const START = { query: [[2, 1]], key: [[2, 0.5], [-1, 1.5], [0.5, -2]], value: [[1, 0], [0, 1], [-1, -1]] }
const COLORS = ["a", "b", "c"] // of the positions

export function head([query], keys, values) {
  const scores = keys.map(key => (query[0] * key[0] + query[1] * key[1]) / Math.sqrt(2))
  const largest = Math.max(...scores), exps = scores.map(score => Math.exp(score - largest))
  const total = exps.reduce((a, b) => a + b), weights = exps.map(e => e / total)
  return { scores, weights, mixed: [0, 1].map(j => weights.reduce((sum, w, i) => sum + w * values[i][j], 0)) }
}

customElements.define("figure-attention-plane", class extends Figure {
  build() {
    const points = structuredClone(START), status = liveText()
    const parts = [["query", 0, "the query"], ...[0, 1, 2].map(i => ["key", i, `key ${i}`]), ...[0, 1, 2].map(i => ["value", i, `value ${i}`])]
    let chosen = 0
    const cells = [0, 1, 2].map(() => Array.from({ length: 4 }, () => html("td")))
    const shapes = {}

    const plane = (kinds, label) => {
      const element = drawing({
        height: HEIGHT, left: this.left, label,
        draw(place, width) {
          const unit = Math.min(width, HEIGHT) / (2 * REACH), middle = [width / 2, HEIGHT / 2]
          shapes[kinds[0]] = { unit, middle }
          const at = ([x, y]) => [middle[0] + x * unit, middle[1] - y * unit]
          place.append(svg("path", { class: "plane-axis", d: `M0 ${middle[1]}h${width}M${middle[0]} 0v${HEIGHT}` }))
          const { weights, mixed } = head(points.query, points.key, points.value)
          const spot = (kind, i, radius, color) => {
            const [cx, cy] = at(points[kind][i]), marked = parts[chosen][0] === kind && parts[chosen][1] === i
            place.append(
              svg("circle", { class: `fill-${color}`, cx, cy, r: radius }),
              ...marked ? [svg("circle", { class: "plane-chosen", cx, cy, r: radius + 4 })] : [])
          }
          if (kinds[0] === "query") {
            const [x, y] = at(points.query[0])
            place.append(svg("path", { class: "curve d", d: `M${middle[0]} ${middle[1]}L${x} ${y}` }))
            points.key.forEach((_, i) => spot("key", i, 6, COLORS[i]))
            spot("query", 0, 7, "d")
            place.append(svg("text", { class: "d", x: x + 10, y: y - 6 }, "query"))
          } else {
            const [x, y] = at(mixed)
            points.value.forEach((value, i) => {
              const [vx, vy] = at(value)
              place.append(svg("line", { class: "plane-pull", x1: x, y1: y, x2: vx, y2: vy, "stroke-width": 0.5 + 6 * weights[i] }))
              spot("value", i, 6, COLORS[i])
            })
            place.append(svg("path", { class: "here", d: `M${x - 6} ${y}h12M${x} ${y - 6}v12` }), svg("text", { x: x + 8, y: y + 16 }, "mix"))
          }
        }
      })
      const where = event => {
        const box = element.getBoundingClientRect(), { unit, middle } = shapes[kinds[0]]
        return [(event.clientX - box.left - middle[0]) / unit, (middle[1] - event.clientY + box.top) / unit]
      }
      const nearest = event => {
        const to = where(event)
        const near = parts.map(([kind, i], k) => [kinds.includes(kind) ? Math.hypot(...points[kind][i].map((x, j) => x - to[j])) : Infinity, k])
        const [distance, k] = near.sort((a, b) => a[0] - b[0])[0]
        return { k, distance: distance * shapes[kinds[0]].unit }
      }
      drag(element, {
        distance: event => nearest(event).distance, take: event => choose(nearest(event).k), move: event => move(where(event))
      })
      return element
    }
    const left = plane(["query", "key"], "The query and the three keys; the table tells their scores")
    const right = plane(["value"], "The three values and their mix; the text tells it")
    const choice = radio({ label: "move", choices: parts.map(([, , name], k) => [k, name]), value: 0, change: k => choose(Number(k)) })

    const choose = k => {
      chosen = k
      choice.querySelectorAll("input")[k].checked = true
      show()
    }
    const move = to => {
      const [kind, i] = parts[chosen]
      points[kind][i] = to.map(x => Math.round(Math.max(-3, Math.min(3, x)) / STEP) * STEP)
      show()
    }
    const show = () => {
      const { scores, weights, mixed } = head(points.query, points.key, points.value)
      const pair = ([x, y]) => `(${number(x, 1)}, ${number(y, 1)})`
      cells.forEach((row_, i) => [pair(points.key[i]), pair(points.value[i]), number(scores[i]), number(weights[i], 3)].forEach((text, j) => { row_[j].textContent = text }))
      status.say(`The query is ${pair(points.query[0])}; the mix of the values is (${number(mixed[0])}, ${number(mixed[1])}).`)
      left.redraw()
      right.redraw()
    }
    const pad = html("div", {
      class: "plane-pad", tabindex: 0, role: "group", "aria-label": "the arrow keys move the chosen point",
      onkeydown(event) {
        const by = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] }[event.key]
        if (!by || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey)
          return
        event.preventDefault()
        const [kind, i] = parts[chosen]
        move(points[kind][i].map((x, j) => x + by[j]))
      }
    }, left, right)
    const head_ = text => html("th", { scope: "col" }, text)
    const live = html("div", { class: "attention-plane" }, pad, row(choice),
      html("table", {}, html("thead", {}, html("tr", {}, ["position", "key", "value", "score", "weight"].map(head_))),
        html("tbody", {}, cells.map((row_, i) => html("tr", {}, html("th", { scope: "row" }, html("span", { class: `key ${COLORS[i]}` }, "●"), ` ${i}`), row_)))), status)
    show()
    return live
  }
})
