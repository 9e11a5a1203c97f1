/* The default run: the loss of every step, means that tell more than one loss does, and the names that the model makes
   on the way. Recorded by scripts/figures/training.py. With data-brief the held-out loss is left away. */
import { button, liveText } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"
import { player } from "./shared/player.js"
import { slide } from "./shared/pointer.js"
import { axisBelow, axisLeft, line, linear, ticks } from "./shared/scale.js"

const WINDOW = 50, LOW = 1, HIGH = 6, HEIGHT = 260

/* The mean of the last 50 losses at each step, counted from 0: first of none, then of as many as there are. */
export const runningMeans = losses => [NaN, ...losses.map((_, i) => {
  const last = losses.slice(Math.max(0, i + 1 - WINDOW), i + 1)
  return last.reduce((sum, loss) => sum + loss) / last.length
})]

/* What a curve looks like, for the key. */
const swatch = (...parts) => svg("svg", { viewBox: "0 0 24 12", width: 24, height: 12, "aria-hidden": "true" }, parts)
const stroke = name => svg("path", { d: "M1 6h22", class: `curve ${name}` })
const mark = (x, y, name) => svg("circle", { cx: x, cy: y, r: 4, class: name })

customElements.define("figure-training", class extends Figure {
  async build() {
    const { vocab_size, losses, docs, held_out, samples } = await load("training.json")
    const brief = "brief" in this.dataset
    const steps = losses.length, blind = Math.log(vocab_size), means = runningMeans(losses)
    const recorded = Object.keys(samples).map(Number)
    const before = step => recorded.findLast(at => at <= step)
    let x, cursor, now = 0

    const picture = drawing({
      height: HEIGHT, left: this.left,
      label: `The losses of ${steps} steps and their running mean, which falls from ${number(means[WINDOW])} to ${number(means[steps])}`,
      draw(place, width) {
        x = linear([0, steps], [26, width - 12])
        const y = linear([LOW, HIGH], [HEIGHT - 24, 8])
        const points = recorded.map(step => [x(step), y(held_out[step])])
        cursor = svg("g", { class: "training-cursor" })
        cursor.place = step => cursor.replaceChildren(...[
          svg("line", { x1: x(step), x2: x(step), y1: y(HIGH), y2: y(LOW) }),
          step && mark(x(step), y(losses[step - 1]), "fill-a"),
          step && mark(x(step), y(means[step]), "fill-b")
        ].filter(Boolean))
        place.append(
          axisLeft(y, ticks(LOW, HIGH, 5), { x: 26, end: width - 12, text: loss => number(loss, 0) }),
          axisBelow(x, ticks(0, steps, 5), { y: y(LOW) }),
          svg("path", { d: losses.map((loss, i) => `M${x(i + 1).toFixed(1)} ${y(loss).toFixed(1)}h0`).join(""), class: "training-dots" }),
          svg("path", { d: line([[x(0), y(blind)], [x(steps), y(blind)]]), class: "curve d dashed" }),
          svg("path", { d: line(means.map((mean, step) => [x(step), y(mean)])), class: "curve b" }),
          ...brief ? [] : [svg("path", { d: line(points), class: "curve c" }), ...points.map(([a, b]) => mark(a, b, "fill-c"))],
          ...recorded.map(step => svg("path", { d: `M${x(step)} ${y(LOW) - 4}l4 4-4 4-4-4z`, class: "training-stop" })),
          cursor)
        cursor.place(now)
      }
    })

    /* The key says what each mark is, and its value at this step. */
    const entry = (sign, ...text) => {
      const value = html("output"), label = html("span", {}, text)
      return { element: html("li", {}, sign, label, value), label, value }
    }
    const loss = entry(swatch(mark(12, 6, "fill-a")))
    const mean = entry(swatch(stroke("b")))
    const unread = entry(swatch(stroke("c"), mark(12, 6, "fill-c")))
    const guess = entry(swatch(stroke("d dashed")), `guessing blindly, −log(1/${vocab_size})`)
    guess.value.textContent = number(blind)

    const status = liveText()
    const lists = recorded.map(step => html("ul", { "aria-label": `names after step ${step}` },
      samples[step].slice(0, brief ? 8 : undefined).map(name => html("li", {}, name || "(empty)"))))

    const show = step => {
      now = step
      const latest = before(step)
      cursor?.place(step)
      loss.label.textContent = step ? `loss of step ${step}, on ${docs[step - 1]}` : "loss of a step, on one name"
      loss.value.textContent = step ? number(losses[step - 1], 4) : "–"
      mean.label.textContent = step && step < WINDOW ? `mean of the first ${step}` : `mean of the last ${WINDOW}`
      mean.value.textContent = step ? number(means[step]) : "–"
      unread.label.textContent = `held-out loss after step ${latest}`
      unread.value.textContent = number(held_out[latest])
      const text = latest ? `After step ${latest} the model makes these names:` : "Before training the model makes these names:"
      if (status.textContent !== text) // a live region that is set again would be read again
        status.say(text)
      lists.forEach((list, i) => list.classList.toggle("now", recorded[i] === latest))
      stops.forEach((stop, i) => stop.setAttribute("aria-pressed", recorded[i] === latest))
    }

    const live = html("div", { class: "training" })
    const control = player({ count: steps + 1, show, area: live, left: this.left, text: String, pause: 30 })
    const stops = recorded.map(step => button({ label: String(step), title: `Go to step ${step}`, press: () => control.go(step) }))

    /* A finger or the mouse on the drawing moves the step too. */
    const follow = event => {
      const at = x.invert(event.clientX - picture.getBoundingClientRect().left)
      control.go(Math.round(at))
    }
    slide(picture, follow)

    live.append(picture, control,
      html("div", { class: "controls", role: "group", "aria-label": "recorded steps" }, html("span", {}, "go to"), stops),
      html("ul", { class: "training-key" }, [loss, mean, ...brief ? [] : [unread], guess].map(({ element }) => element)),
      status, html("div", { class: "training-names" }, lists))
    control.go(0)
    return live
  }
})
