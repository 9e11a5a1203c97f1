/* A step of two processes that train one model: what each computes, and what is on its way between them. Recorded by
   scripts/figures/two_processes.py. */
import { liveText, radio, row, slider } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"
import { axisBelow, linear, ticks } from "./shared/scale.js"

const ROW = 22, LANE = 78, TOP = 18, HEIGHT = TOP + 2 * LANE + 34
const MODES = [["overlapped", "on the way back"], ["at the end", "at the end"]]
const KEY = [["fill-a", "forward"], ["fill-c", "back"], ["fill-b", "an all-reduce"], ["fill-d", "Adam"], ["waiting", "waits"]]
const kind = what => what === "forward" ? "fill-a" : what === "Adam" ? "fill-d" : what === "wait" ? "waiting" : what.startsWith("bucket") ? "fill-b" : "fill-c"
const isSent = what => what.startsWith("bucket")

customElements.define("figure-two-processes", class extends Figure {
  async build() {
    const recorded = await load("two-processes.json")
    const ends = Object.fromEntries(MODES.map(([mode]) => [mode, Math.max(...recorded[mode].flat().map(event => event[2]))]))
    const longest = Math.max(...Object.values(ends))
    let mode = MODES[0][0], now = 0
    const status = liveText()
    const picture = drawing({
      height: HEIGHT, left: this.left, label: "For each process a row of what it computes and a row of what is on its way, over the time of a step; the text tells what is going on",
      draw(place, width) {
        const x = linear([0, longest], [4, width - 14])
        recorded[mode].forEach((events, rank) => {
          const top = TOP + rank * LANE
          place.append(svg("text", { x: 4, y: top - 5 }, `process ${rank}`))
          for (const [what, start, end] of events) {
            const second = isSent(what) && what.match(/\d+/)[0] % 2 === 0 // two rows, since two may be on their way at a time
            const y = top + (isSent(what) ? ROW + 4 : 0) + (second ? ROW / 2 : 0)
            const height = isSent(what) ? ROW / 2 - 1 : ROW
            place.append(svg("rect", { class: `part ${kind(what)}`, x: x(start), y, width: Math.max(1, x(end) - x(start) - 1), height }, svg("title", {}, what)))
          }
        })
        const bottom = TOP + 2 * LANE - 12
        place.append(
          axisBelow(x, ticks(0, longest, width < 500 ? 4 : 8), { y: bottom, text: ms => number(ms, 0) }),
          svg("text", { x: width - 4, y: bottom + 34, "text-anchor": "end", class: "note" }, "milliseconds"),
          svg("line", { class: "moment", x1: x(now), x2: x(now), y1: TOP - 4, y2: bottom }))
      }
    })
    const doing = events => {
      const [computing] = events.filter(([what, start, end]) => !isSent(what) && start <= now && now < end)
      const sent = events.filter(([what, start, end]) => isSent(what) && start <= now && now < end).map(([what]) => what)
      const first = !computing ? "is done" : computing[0] === "forward" ? "goes forward" : computing[0] === "wait" ? "waits"
        : computing[0] === "Adam" ? "takes Adam's step" : `goes ${computing[0]}`
      return sent.length ? `${first}, with ${sent.join(" and ")} on its way` : first
    }
    const show = () => {
      status.say(`At ${number(now, 1)} ms: process 0 ${doing(recorded[mode][0])}; process 1 ${doing(recorded[mode][1])}. The step takes ${number(ends[mode], 1)} ms.`)
      picture.redraw()
    }
    const moment = slider({
      label: "moment", min: 0, max: Math.ceil(longest), step: 0.5, value: now, digits: 1,
      change(to) {
        now = to
        show()
      }
    })
    const sign = name => svg("svg", { viewBox: "0 0 16 12", width: 16, height: 12, "aria-hidden": "true" }, svg("rect", { x: 1, y: 1, width: 14, height: 10, class: name }))
    const live = html("div", { class: "two-processes" },
      row(radio({
        label: "all-reduces", choices: MODES, value: mode,
        change(to) {
          mode = to
          show()
        }
      }), moment), picture,
      html("p", { class: "two-processes-key" }, KEY.map(([name, text]) => html("span", {}, sign(name), text))), status)
    show()
    return live
  }
})
