/* Cross-entropy: the loss −log p as a curve over p. The point is moved by the slider, or dragged along the curve. */
import { button, liveText, row, slider } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure } from "./shared/figure.js"
import { axisBelow, axisLeft, line, linear } from "./shared/scale.js"

const MARKS = [["0.01", 0.01], ["1/27", 1 / 27], ["0.9", 0.9]]
const HEIGHT = 270, LEFT = 28, TOP = 24, BOTTOM = 226, RIGHT = 14, HIGHEST = 7

/* Where the point can be: two digits, from 0.0010 over 0.010 and 0.10 to 1, so small p have places enough. */
const PLACES = [4, 3, 2].flatMap(digits => Array.from({ length: 90 }, (_, i) => (10 + i) / 10 ** digits)).concat(1)

const loss = p => -Math.log(p)
const text = p => MARKS.find(([, mark]) => mark === p)?.[0] ?? String(p)

customElements.define("figure-cross-entropy", class extends Figure {
  build() {
    let p = 0.5, scales
    const status = liveText()
    const point = svg("g", { class: "handle" }, svg("circle", { r: 22, class: "reach" }), svg("circle", { r: 7, class: "fill-b" }))
    const lines = svg("path", { class: "curve b dashed" })
    const value = svg("text", { class: "b" })

    const names = MARKS.map(([name]) => svg("text", { class: "note" }, name))

    const plot = drawing({
      height: HEIGHT, left: this.left, label: "The curve of −log p: it rises without end toward p = 0 and is 0 at p = 1.",
      draw(picture, width) {
        const x = linear([0, 1], [LEFT, width - RIGHT]), y = linear([0, HIGHEST], [BOTTOM, TOP])
        scales = { x, y, width }
        picture.append(
          axisLeft(y, [0, 1, 2, 3, 4, 5, 6, 7], { x: LEFT, end: width - RIGHT, text: y => number(y, 0), label: "loss", top: TOP - 10 }),
          axisBelow(x, [0, 0.2, 0.4, 0.6, 0.8, 1], { y: BOTTOM, text: x => number(x, 1), label: "p, given to the right token", end: width - RIGHT }),
          svg("path", { d: line([[x(0), y(1)], [x(1), y(0)]]), class: "curve c dashed" }),
          svg("text", { x: x(0) + 6, y: y(1) - 5, class: "c" }, "1 − p"),
          svg("path", { d: line(PLACES.map(p => [x(p), y(loss(p))])), class: "curve a" }),
          svg("text", { x: x(0.24), y: y(loss(0.24)) - 8, class: "a" }, "−log p"),
          ...MARKS.map(([, p]) => svg("circle", { cx: x(p), cy: y(loss(p)), r: 4, class: "mark a" })),
          ...names, lines, value, point)
        place()
      }
    })

    const place = () => {
      const { x, y, width } = scales, [px, py] = [x(p), y(loss(p))]
      point.setAttribute("transform", `translate(${px} ${py})`)
      lines.setAttribute("d", line([[LEFT, py], [px, py], [px, BOTTOM]]))
      value.textContent = number(loss(p), 3)
      value.setAttribute("x", Math.min(px + 12, width - RIGHT - 36))
      value.setAttribute("y", p > 0.2 ? py - 16 : py + 4)
      MARKS.forEach(([, mark], i) => {
        const [mx, my] = [x(mark), y(loss(mark))]
        names[i].setAttribute("x", mx + 8)
        names[i].setAttribute("y", mark > 0.2 ? my - 8 : my + 4)
        names[i].setAttribute("visibility", Math.hypot(mx - px, my - py) < 28 ? "hidden" : "visible") // the value stands there
      })
    }

    const show = next => {
      p = next
      control.set(PLACES.reduce((best, place, i) => Math.abs(place - p) < Math.abs(PLACES[best] - p) ? i : best, 0))
      buttons.forEach((button, i) => button.setAttribute("aria-pressed", MARKS[i][1] === p))
      if (scales)
        place()
      status.say(`p = ${text(p)}: the loss −log p is ${number(loss(p), 3)}, and 1 − p is ${number(1 - p, 3)}.`)
    }

    const control = slider({
      label: "p", min: 0, max: PLACES.length - 1, step: 1, value: 0, text: i => String(PLACES[i]), change: i => show(PLACES[i])
    })
    const buttons = MARKS.map(([label, mark]) => button({ label, title: `p = ${label}`, press: () => show(mark) }))

    /* The place on the curve that is nearest to the pointer. */
    const follow = event => {
      const box = plot.getBoundingClientRect(), { x, y } = scales
      const distance = p => Math.hypot(x(p) - event.clientX + box.left, y(loss(p)) - event.clientY + box.top)
      show(PLACES.reduce((best, p) => distance(p) < distance(best) ? p : best))
    }
    plot.classList.add("draggable")
    plot.addEventListener("pointerdown", event => {
      if (event.button || event.pointerType === "touch" && !point.contains(event.target))
        return // a finger beside the point may want to scroll the page
      event.preventDefault()
      plot.setPointerCapture(event.pointerId)
      follow(event)
    })
    plot.addEventListener("pointermove", event => plot.hasPointerCapture(event.pointerId) && follow(event))
    plot.addEventListener("click", follow)
    // touch-action: none would do, but not on parts of an SVG
    plot.addEventListener("touchstart", event => point.contains(event.target) && event.preventDefault(), { passive: false })

    show(p)
    return html("div", {}, row(control, html("div", { class: "control", role: "group", "aria-label": "marks" }, buttons)), plot, status)
  }
})
