/* Gradient descent and Adam on the same valley, a² + s · b²: two paths, and the loss of every step. */
import { liveText, radio, row, slider } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure } from "./shared/figure.js"
import { player } from "./shared/player.js"
import { axisBelow, axisLeft, line, linear, logarithmic } from "./shared/scale.js"

const STEPS = 60
const START = [4, 1]
const [BETA1, BETA2, EPS] = [0.85, 0.99, 1e-8] // the default Config's
const RATES = [-3, -2, -1].flatMap(power => [1, 1.1, 1.3, 1.6, 2, 2.5, 3, 4, 5, 6, 7, 8, 9].map(x => Number(`${x}e${power}`))).concat(1)
const STEEPNESS = [1, 10, 100]
const FLOOR = 1e-6, CEILING = 1e4 // of the drawn losses

const loss = ([a, b], steepness) => a ** 2 + steepness * b ** 2
const gradient = ([a, b], steepness) => [2 * a, steepness * (2 * b)]

/* The place after each step: x ← x − rate · gradient. */
export function descend(rate, steepness) {
  const places = [START]
  for (let t = 1; t <= STEPS; t++) {
    const at = places.at(-1), g = gradient(at, steepness)
    places.push(at.map((x, i) => x - rate * g[i]))
  }
  return places
}

/* The same with Adam's step. */
export function adam(rate, steepness) {
  const places = [START], m = [0, 0], v = [0, 0]
  for (let t = 1; t <= STEPS; t++) {
    const at = places.at(-1), g = gradient(at, steepness)
    const correct1 = 1 - BETA1 ** t, correct2 = 1 - BETA2 ** t
    places.push(at.map((x, i) => {
      m[i] = BETA1 * m[i] + (1 - BETA1) * g[i]
      v[i] = BETA2 * v[i] + (1 - BETA2) * g[i] ** 2
      return x - rate * (m[i] / correct1) / (Math.sqrt(v[i] / correct2) + EPS)
    }))
  }
  return places
}

const power = x => x.toExponential(1).replace("e+", "e").replaceAll("-", "−")
const short = x => Math.abs(x) >= 1000 ? power(x) : number(x, 3)
const shortLoss = x => x >= 1000 || (x < 0.001 && x !== 0) ? power(x) : number(x, 3)

customElements.define("figure-descent", class extends Figure {
  build() {
    const rates = { plain: 0.09, adam: 0.2 }
    let steepness = 10, at = STEPS
    const racers = [["plain", "plain descent", "b", descend], ["adam", "Adam", "a", adam]]
    const paths = {}
    const live = html("div")
    const status = liveText()
    const cells = Object.fromEntries(racers.map(([key]) => [key, ["a", "b", "loss"].map(() => html("td"))]))

    const mark = (key, [x, y], r) => key === "adam" ? svg("circle", { class: "fill-a", cx: x, cy: y, r })
      : svg("rect", { class: "fill-b", x: x - r, y: y - r, width: 2 * r, height: 2 * r })
    const near = (x, low, high) => Math.max(low, Math.min(high, x)) // what is far outside is drawn a little outside

    const valley = drawing({
      height: 260, left: this.left, label: "The valley from above: contours of equal loss, and the path of each method",
      draw(picture, width) {
        const px = linear([-5, 5], [0, width]), py = linear([-2, 2], [260, 0])
        for (const level of [0.25, 1, 4, 9, 16, 25, 50, 100, 200, 400])
          picture.append(svg("ellipse", {
            class: "contour", cx: px(0), cy: py(0), rx: px(Math.sqrt(level)) - px(0), ry: py(0) - py(Math.sqrt(level / steepness))
          }))
        picture.append(
          svg("text", { class: "note", x: width - 4, y: py(0) - 4, "text-anchor": "end" }, "a"),
          svg("text", { class: "note", x: px(0) + 4, y: 12 }, "b"),
          svg("path", { class: "lowest", d: `M${px(0) - 6} ${py(0)}h12M${px(0)} ${py(0) - 6}v12` }))
        for (const [key, , color] of racers) {
          const far = paths[key].findIndex(([a, b]) => Math.abs(a) > 20 || Math.abs(b) > 20) // it won't come back
          const places = paths[key].slice(0, far < 0 ? at + 1 : Math.min(at, far) + 1)
            .map(([a, b]) => [near(px(a), -width, 2 * width), near(py(b), -900, 1200)])
          picture.append(
            svg("path", { class: `curve thin ${color}`, d: line(places) }),
            ...places.map(place => mark(key, place, 2)), mark(key, places.at(-1), 6))
        }
        picture.append(svg("circle", { class: "here", cx: px(START[0]), cy: py(START[1]), r: 5 }),
          svg("text", { x: px(START[0]) - 6, y: py(START[1]) - 9, "text-anchor": "end" }, "start"))
      }
    })

    const losses = drawing({
      height: 260, left: this.left, label: "The loss after each step, also told by the table",
      draw(picture, width) {
        const px = linear([0, STEPS], [44, width - 14]), py = logarithmic([FLOOR, CEILING], [222, 20])
        picture.append(
          axisLeft(py, [1e-6, 1e-4, 1e-2, 1, 100, 1e4], {
            x: 36, end: width - 6, text: y => y < 0.01 ? `1e−${-Math.round(Math.log10(y))}` : `${y}`, label: "loss", top: 10
          }),
          axisBelow(px, [0, 20, 40, 60], { y: 222, label: "step", end: width - 6 }))
        for (const [key, , color] of racers) {
          const ys = paths[key].slice(0, at + 1).map(place => near(py(loss(place, steepness)), 12, 228))
          const places = ys.map((y, t) => [px(t), (y === 12 || y === 228) && y === ys[t - 1] ? NaN : y]) // it has left the picture
          picture.append(svg("path", { class: `curve ${color}`, d: line(places) }))
          if (Number.isFinite(places[at][1]))
            picture.append(mark(key, places[at], 5))
        }
      }
    })

    const verdict = (key, name) => {
      const all = paths[key].map(place => loss(place, steepness))
      return all[STEPS] > all[0] ? `${name} diverges: its loss is ${shortLoss(all[at])}` : `${name}'s loss is ${shortLoss(all[at])}`
    }
    const show = k => {
      at = k
      for (const [key] of racers) {
        const place = paths[key][k]
        ;[...place.map(short), shortLoss(loss(place, steepness))].forEach((text, i) => { cells[key][i].textContent = text })
      }
      status.say(`After ${k} step${k === 1 ? "" : "s"}: ${racers.map(([key, name]) => verdict(key, name)).join("; ")}.`)
      status.classList.toggle("error", status.textContent.includes("diverges"))
      valley.redraw()
      losses.redraw()
    }
    const run = () => {
      for (const [key, , , method] of racers)
        paths[key] = method(rates[key], steepness)
      show(at)
    }

    const control = player({ count: STEPS + 1, show, area: live, left: this.left, pause: 120, text: k => `${k} of ${STEPS}` })
    const knob = (key, label) => slider({
      label, min: 0, max: RATES.length - 1, step: 1, value: RATES.indexOf(rates[key]), text: i => `${RATES[i]}`,
      change(i) {
        rates[key] = RATES[i]
        run()
      }
    })
    const head = (scope, ...content) => html("th", { scope }, content)
    live.append(
      row(knob("plain", "rate of plain descent"), knob("adam", "rate of Adam")),
      row(radio({
        label: "loss", choices: STEEPNESS.map(s => [s, (s === 1 ? "a² + b²" : `a² + ${s} · b²`).replaceAll(" ", "\u00a0")]), value: steepness,
        change(to) {
          steepness = to
          run()
        }
      })), control,
      html("div", { class: "drawings" }, valley, losses),
      html("table", { class: "descent" },
        html("thead", {}, html("tr", {}, html("td"), ["a", "b", "loss"].map(text => head("col", text)))),
        html("tbody", {}, racers.map(([key, name, color]) =>
          html("tr", {}, head("row", html("span", { class: `key ${color}` }, key === "adam" ? "●" : "■"), ` ${name}`), cells[key])))),
      status)
    run()
    control.go(STEPS)
    return live
  }
})
