/* The graph of L = a · b + a: values go forward, then gradients go backward, and a collects from two paths. */
import { liveText, row, slider } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure } from "./shared/figure.js"
import { player } from "./shared/player.js"

const NAMES = { a: "a", b: "b", p: "p = a · b", L: "L = p + a" }
const EDGES = [["a", "p"], ["b", "p"], ["p", "L"], ["a", "L"]] // from a child to its user
const WIDE = 520
const BOX = { width: 112, height: 64 }

const text = x => number(x, 2).replace(/\.?0+$/, "")
const factor = x => x < 0 ? `(${text(x)})` : text(x)
const times = (x, y) => `${factor(x)} · ${factor(y)} = ${text(x * y)}`

/* What there is at each step, in the order of the program: L = a * b + a, then L.backward(). */
export function frames(a, b) {
  const all = []
  let now = { data: {}, grad: {}, local: {}, share: {} }
  const add = (change, said, at) => {
    now = Object.fromEntries(Object.entries(now).map(([key, old]) => [key, { ...old, ...change[key] }]))
    all.push({ ...now, said, at })
  }
  const give = (user, child, more = "") => {
    const edge = child + user, share = now.local[edge] * now.grad[user], before = now.grad[child]
    add({ grad: { [child]: before + share }, share: { [edge]: share } },
      `${user} gives ${times(now.local[edge], now.grad[user])} to ${child}: ${factor(before)} + ${factor(share)} = ${text(before + share)}.${more}`,
      [child, edge])
  }
  const p = a * b
  add({ data: { a, b }, grad: { a: 0, b: 0 } }, "Forward: a and b are given.", ["a", "b"])
  add({ data: { p }, grad: { p: 0 }, local: { ap: b, bp: a } },
    `p = ${times(a, b)}. The local gradients are noted on its arrows: b for a, a for b.`, ["p", "ap", "bp"])
  add({ data: { L: p + a }, grad: { L: 0 }, local: { pL: 1, aL: 1 } },
    `L = ${factor(p)} + ${factor(a)} = ${text(p + a)}. A sum notes 1 for both.`, ["L", "pL", "aL"])
  add({ grad: { L: 1 } }, "Backward: the gradient of L is 1.", ["L"])
  give("L", "p")
  give("L", "a")
  give("p", "a")
  give("p", "b", ` Done: a has collected ${factor(now.share.aL)} + ${factor(now.share.ap)} = ${text(now.grad.a)} from two paths.`)
  return all
}

/* From the middle of one box toward another: the place where the line leaves the box. */
function border([x, y], [toX, toY]) {
  const dx = toX - x, dy = toY - y
  const part = Math.min(BOX.width / 2 / Math.abs(dx), BOX.height / 2 / Math.abs(dy))
  return [x + dx * part, y + dy * part]
}

function arrow([x0, y0], [x1, y1], thick) {
  const length = Math.hypot(x1 - x0, y1 - y0), dx = (x1 - x0) / length, dy = (y1 - y0) / length, size = thick ? 12 : 9
  const [x, y] = [x1 - dx * size, y1 - dy * size]
  return [
    svg("line", { x1: x0, y1: y0, x2: x, y2: y }),
    svg("path", { d: `M${x1} ${y1}L${x - dy * size / 2} ${y + dx * size / 2}L${x + dy * size / 2} ${y - dx * size / 2}Z` })]
}

customElements.define("figure-graph", class extends Figure {
  build() {
    let a = 2, b = 3, all = frames(a, b), at = 0
    const live = html("div")
    const status = liveText()

    const picture = drawing({
      height: 0, left: this.left,
      draw(picture, width) {
        const { data, grad, local, share, at: marked } = all[at]
        const wide = width >= WIDE, near = 36, far = wide ? 164 : 316
        const across = wide ? [60, width / 2, width - 60] : [60, width - 60]
        const places = wide
          ? { a: [across[0], near], b: [across[0], far], p: [across[1], far], L: [across[2], near] }
          : { a: [across[0], near], b: [across[1], near], p: [across[1], 176], L: [across[0], far] }
        const height = far + near
        picture.setAttribute("viewBox", `0 0 ${width} ${height}`)
        picture.setAttribute("height", height)
        picture.setAttribute("aria-label", `The graph: ${Object.keys(NAMES).map(name =>
          name in data ? `${NAMES[name]}: data ${text(data[name])}, grad ${text(grad[name])}` : `${NAMES[name]}: not yet computed`).join("; ")}`)

        for (const [child, user] of EDGES) {
          const edge = child + user, back = edge in share, here = marked.includes(edge)
          const ends = [border(places[child], places[user]), border(places[user], places[child])]
          const part = wide ? 0.5 : { ap: 0.35, bp: 0.7 }[edge] ?? 0.5 // beside one another they are too wide
          const [x, y] = [0, 1].map(i => ends[0][i] + (ends[1][i] - ends[0][i]) * part)
          const label = back ? times(local[edge], grad[user]) : edge in local ? text(local[edge]) : ""
          picture.append(svg("g", { class: `edge${here ? " now" : ""}${back ? " back" : ""}${edge in local ? "" : " later"}`, "data-edge": edge },
            arrow(...back ? ends.toReversed() : ends, here),
            label && svg("rect", { x: x - 3 * label.length - 4, y: y - 10, width: 6 * label.length + 8, height: 20 }),
            label && svg("text", { x, y: y + 4, "text-anchor": "middle" }, label)))
        }
        for (const [name, [x, y]] of Object.entries(places)) {
          const known = name in data
          const write = (row, key, value) => [
            svg("text", { x: x - BOX.width / 2 + 10, y: y + row, class: "note" }, key),
            svg("text", { x: x + BOX.width / 2 - 10, y: y + row, "text-anchor": "end", "data-value": key }, known ? text(value) : "–")]
          picture.append(svg("g", { class: `node${marked.includes(name) ? " now" : ""}${known ? "" : " later"}`, "data-node": name },
            svg("rect", { x: x - BOX.width / 2, y: y - BOX.height / 2, width: BOX.width, height: BOX.height, rx: 4 }),
            svg("text", { x, y: y - 14, "text-anchor": "middle", class: "name" }, NAMES[name]),
            write(5, "data", data[name]), write(22, "grad", grad[name])))
        }
      }
    })

    const show = k => {
      at = k
      status.say(all[k].said)
      picture.redraw()
    }
    const control = player({ count: all.length, show, area: live, left: this.left, pause: 1800 })
    const knob = (label, value, set) => slider({
      label, min: -5, max: 5, step: 0.5, value, text,
      change(x) {
        set(x)
        all = frames(a, b)
        show(at)
      }
    })
    live.append(row(knob("a", a, x => { a = x }), knob("b", b, x => { b = x })), control, picture, status)
    control.go(0)
    return live
  }
})
