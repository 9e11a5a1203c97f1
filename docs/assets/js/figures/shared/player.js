/* Going through steps: first, back, play, forward, last, and a slider. The arrow keys work in the whole figure. */
import { html, newId, svg } from "./dom.js"

const ICONS = {
  first: "M3 2h2v12H3zM14 2v12L6 8z",
  back: "M11 3l-3 0-5 5 5 5 3 0-5-5z",
  play: "M4 2l9 6-9 6z",
  pause: "M4 2h3v12H4zM9 2h3v12H9z",
  next: "M5 3l3 0 5 5-5 5-3 0 5-5z",
  last: "M2 2l8 6-8 6zM11 2h2v12h-2z"
}
const draw = name => svg("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, svg("path", { d: ICONS[name] }))

const still = matchMedia("(prefers-reduced-motion: reduce)")

/* `show(k)` draws step k, 0 to count - 1, `text(k)` names it; call go(0) when the figure is complete. `area` is the
   element whose arrow keys count; `left` ends it all. Returns an element with go(k), stop() and `position`. */
export function player({ count, show, area, left, label = "step", text = k => `${k + 1} of ${count}`, pause = 900 }) {
  const id = newId()
  let timer

  const input = html("input", { id, type: "range", min: 0, max: count - 1, value: 0, oninput: () => go(Number(input.value)) })
  const output = html("output", { for: id })
  const make = (icon, title, press) => html("button", { type: "button", title, "aria-label": title, onclick: press }, draw(icon))
  const first = make("first", "First step", () => go(0))
  const back = make("back", "One step back", () => go(element.position - 1))
  const play = make("play", "Play", () => timer ? stop() : start())
  const next = make("next", "One step forward", () => go(element.position + 1))
  const last = make("last", "Last step", () => go(count - 1))
  const element = html("div", { class: "player" },
    html("div", { class: "player-buttons" }, first, back, play, next, last),
    html("label", { for: id, class: "player-label" }, label), input, output)
  element.position = 0

  function go(k) {
    stop()
    move(k)
  }

  function move(k) {
    element.position = Math.max(0, Math.min(count - 1, k))
    input.value = element.position
    output.textContent = text(element.position)
    input.setAttribute("aria-valuetext", output.textContent)
    for (const [control, end] of [[first, 0], [back, 0], [next, count - 1], [last, count - 1]])
      control.setAttribute("aria-disabled", element.position === end)
    show(element.position)
  }

  function start() {
    if (element.position === count - 1)
      move(0)
    mark("pause", "Pause")
    timer = setInterval(() => {
      move(element.position + 1)
      if (element.position === count - 1)
        stop()
    }, pause)
  }

  function stop() {
    clearInterval(timer)
    timer = undefined
    mark("play", "Play")
  }

  function mark(icon, title) {
    play.replaceChildren(draw(icon))
    play.title = title
    play.setAttribute("aria-label", title)
  }

  const calm = () => {
    play.hidden = still.matches
    if (still.matches)
      stop()
  }
  still.addEventListener("change", calm, { signal: left })
  left.addEventListener("abort", stop)

  area.addEventListener("keydown", event => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey)
      return
    if (event.target !== input && event.target.matches("input, select, textarea, [role=slider]"))
      return
    const to = { ArrowLeft: element.position - 1, ArrowRight: element.position + 1, Home: 0, End: count - 1 }[event.key]
    if (to === undefined)
      return
    event.preventDefault()
    event.stopPropagation() // Material turns pages with some keys
    go(to)
  }, { signal: left })

  calm()
  element.go = go
  element.stop = stop
  return element
}
