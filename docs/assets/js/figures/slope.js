/* The slope of x³: measured by nudging x by h, and exact; and how far off the measurement is as h shrinks. */
import { liveText, radio, row, slider } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure } from "./shared/figure.js"
import { axisBelow, axisLeft, line, linear, logarithmic } from "./shared/scale.js"

const POWERS = Array.from({ length: 17 }, (_, k) => k)
const step = k => Number(`1e-${k}`) // 10 ** -k may be off in its last digit
const WAYS = [["one", "one nudge"], ["both", "up and down"]]
const FLOOR = 1e-13 // errors below it, and 0, are drawn here

const cube = x => x * x * x

/* As backward() adds it up for x * x * x, in its order. */
const exact = x => x * x + x * x + x * x

export function measure(x, h) {
  return { one: (cube(x + h) - cube(x)) / h, both: (cube(x + h) - cube(x - h)) / (2 * h) }
}

const power = k => k === 0 ? "1" : `1e−${k}`
const short = x => x === 0 ? "0" : x < 0.001 ? x.toExponential(1).replace("-", "−") : number(x, 3)

customElements.define("figure-slope", class extends Figure {
  build() {
    let x = 2, k = 0, way = "one"
    const status = liveText()
    const cells = { one: [html("td"), html("td")], both: [html("td"), html("td")], exact: html("td") }

    const curve = drawing({
      height: 260, left: this.left, label: "The curve x³, its tangent at x, and the line with the measured slope",
      draw(picture, width) {
        const [low, high, bottom, top] = [-0.6, 3.1, -4, 29]
        const px = linear([low, high], [30, width - 6]), py = linear([bottom, top], [222, 6])
        const place = at => [px(at), py(cube(at))]
        const h = step(k), y = cube(x), slope = measure(x, h)[way]
        const across = m => [low, high].map(end => {
          const there = Math.max(bottom, Math.min(top, y + m * (end - x)))
          return m ? [px(x + (there - y) / m), py(there)] : [px(end), py(y)]
        })
        const ends = way === "one" ? [x, x + h] : [x - h, x + h]
        const corner = [px(ends[1]), py(cube(ends[0]))]
        const points = Array.from({ length: 75 }, (_, i) => low + (high - low) * i / 74).map(place)
        const color = way === "one" ? "b" : "a"
        picture.append(
          axisLeft(py, [0, 10, 20], { x: 30, end: width - 6, text: y => number(y, 0) }),
          axisBelow(px, [0, 1, 2, 3], { y: 222, label: "x", end: width - 6 }),
          svg("path", { class: "curve cube", d: line(points) }),
          svg("path", { class: `curve ${color}`, d: line(across(slope)) }),
          svg("path", { class: "curve c dashed", d: line(across(exact(x))) }),
          svg("path", { class: "nudge", d: line([place(ends[0]), corner, place(ends[1])]) }),
          ...ends.map(end => svg("circle", { class: `fill-${color}`, cx: px(end), cy: py(cube(end)), r: 4 })),
          svg("circle", { class: "here", cx: px(x), cy: py(y), r: 5 }),
          svg("text", { class: "c", x: 40, y: 20 }, "– – exact slope"),
          svg("text", { class: color, x: 40, y: 38 }, "── measured"))
      }
    })

    const errors = drawing({
      height: 260, left: this.left, label: "The error of both measurements for each h, also told by the table below",
      draw(picture, width) {
        const px = linear([0, 16], [46, width - 24]), py = logarithmic([FLOOR, 30], [222, 22])
        picture.append(
          axisLeft(py, [1, 1e-3, 1e-6, 1e-9, 1e-12], {
            x: 36, end: width - 6, text: y => power(-Math.round(Math.log10(y))), label: "off by", top: 12
          }),
          axisBelow(px, [0, 4, 8, 12, 16], { y: 222, text: power, label: "h, smaller to the right", end: width - 6 }))
        for (const [name] of WAYS) {
          const color = name === "one" ? "b" : "a"
          const places = POWERS.map(i => [px(i), py(Math.max(FLOOR, off(name, i)))])
          const mark = ([cx, cy], r) => name === "one" ? svg("circle", { cx, cy, r, class: `fill-${color}` })
            : svg("rect", { x: cx - r, y: cy - r, width: 2 * r, height: 2 * r, class: `fill-${color}` })
          picture.append(
            svg("path", { class: `curve thin ${color}`, d: line(places) }), ...places.map(place => mark(place, 2.5)), mark(places[k], 6))
        }
        picture.append(
          svg("text", { class: "b", x: px(3.4), y: py(off("one", 3)) - 4 }, "one nudge"),
          svg("text", { class: "a", x: px(5.5), y: Math.min(218, py(Math.max(FLOOR, off("both", 5))) + 18) }, "up and down"))
      }
    })
    const off = (name, i) => Math.abs(measure(x, step(i))[name] - exact(x))

    const show = () => {
      const slopes = measure(x, step(k))
      for (const [name] of WAYS) {
        cells[name][0].textContent = number(slopes[name], 10)
        cells[name][1].textContent = short(off(name, k))
      }
      cells.exact.textContent = number(exact(x), 10)
      const lost = x + step(k) === x && x - step(k) === x
      const [, name] = WAYS.find(([key]) => key === way)
      status.say(`With h = ${power(k)}, ${name} is off by ${short(off(way, k))}.` +
        (lost ? ` The nudge is lost: as floats, ${number(x, 1)} + h and ${number(x, 1)} − h are ${number(x, 1)}.` : ""))
      curve.redraw()
      errors.redraw()
    }

    const controls = row(
      slider({
        label: "x", min: 0.5, max: 2, value: x,
        change(to) {
          x = Number(to.toFixed(1))
          show()
        }
      }),
      slider({
        label: "h", min: 0, max: 16, step: 1, value: k, text: power,
        change(to) {
          k = to
          show()
        }
      }),
      radio({
        label: "draw", choices: WAYS, value: way,
        change(to) {
          way = to
          show()
        }
      }))
    const head = (scope, text) => html("th", { scope }, text)
    const table = html("table", { class: "slope" },
      html("thead", {}, html("tr", {}, ["", "slope", "off by"].map(text => text ? head("col", text) : html("td")))),
      html("tbody", {},
        WAYS.map(([name, text]) => html("tr", {}, head("row", text), cells[name])),
        html("tr", {}, head("row", "backward()"), cells.exact, html("td", {}, "–"))))
    show()
    return html("div", {}, controls, html("div", { class: "drawings" }, curve, errors), table, status)
  }
})
