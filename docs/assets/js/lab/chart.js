/* Loss curves of several trainings: the dots of the newest, the running means of all. */
import { html, number, svg } from "../figures/shared/dom.js"
import { drawing } from "../figures/shared/drawing.js"
import { axisBelow, axisLeft, line, linear, ticks } from "../figures/shared/scale.js"

const HEIGHT = 240, WINDOW = 50

function runningMeans(losses) {
  let sum = 0
  return losses.map((loss, i) => {
    sum += loss - (i >= WINDOW ? losses[i - WINDOW] : 0)
    return sum / Math.min(i + 1, WINDOW)
  })
}

/* `runs()` are {label, losses, heldOut, color, faint}; the last is drawn with its dots. */
export function chart({ runs, blind, steps, left }) {
  const key = html("ul", { class: "lab-key" })
  const picture = drawing({
    height: HEIGHT, left, label: "The losses of the trainings, step by step; the table and the text below have the numbers",
    draw(place, width) {
      const all = runs(), longest = Math.max(steps, ...all.map(({ losses }) => losses.length), 1)
      const last = all.at(-1), means = all.map(({ losses }) => runningMeans(losses))
      const highest = Math.max(blind * 1.3, ...means.map(values => Math.max(0, ...values.filter(Number.isFinite).slice(0, 2000))))
      const lowest = Math.min(blind, ...means.flat().filter(Number.isFinite))
      const top = Math.min(highest, blind * 3), low = Math.max(0, Math.floor(lowest * 2 - 0.6) / 2)
      const x = linear([0, longest], [32, width - 20]), y = linear([low, top], [HEIGHT - 24, 8])
      const inside = loss => y(Math.min(top, Math.max(low, loss)))
      place.append(
        axisLeft(y, ticks(low, top, 5), { x: 32, end: width - 20, text: loss => number(loss, 1) }),
        axisBelow(x, ticks(0, longest, 5), { y: y(low) }),
        svg("path", { d: line([[x(0), y(blind)], [x(longest), y(blind)]]), class: "curve d dashed" }),
        svg("path", { d: last.losses.map((loss, i) => `M${x(i + 1).toFixed(1)} ${inside(loss).toFixed(1)}h0`).join(""), class: `lab-dots ${last.color}` }),
        ...all.map(({ color, faint }, k) => svg("path", {
          d: line(thinned(means[k]).map(([step, loss]) => [x(step), inside(loss)])), class: `curve ${color} ${faint ? "lab-faint" : ""}`
        })),
        ...all.flatMap(({ heldOut = [], color }) => heldOut.map(([step, loss]) => svg("circle", { cx: x(step), cy: inside(loss), r: 4, class: `fill-${color}` }))))
      key.replaceChildren(...all.map(({ label, color, heldOut = [] }, k) => html("li", {},
        html("span", { class: `lab-swatch ${color}`, "aria-hidden": "true" }), `${label}: `,
        html("output", {}, means[k].length ? number(means[k].at(-1)) : "–"), heldOut.length ? `, kept out ${number(heldOut.at(-1)[1])}` : "")),
      html("li", {}, html("span", { class: "lab-swatch d dashed", "aria-hidden": "true" }), "guessing blindly: ", html("output", {}, number(blind))))
    }
  })
  const element = html("div", { class: "lab-chart" }, picture, key)
  element.redraw = () => picture.redraw()
  return element
}

/* At most about 800 points of a curve: more than that nobody sees. */
function thinned(means) {
  const every = Math.max(1, Math.floor(means.length / 800))
  return means.map((loss, i) => [i + 1, loss]).filter((_, i) => i % every === 0 || i === means.length - 1)
}
