/* Trainings: the one that goes on, on whatever page the reader is, and those that are over, to compare. */
import { html, number } from "../figures/shared/dom.js"
import { load } from "../figures/shared/figure.js"
import { chart } from "./chart.js"
import { changes } from "./changes.js"
import { Stopped, ask } from "./client.js"
import { inForce, problem } from "./output.js"

const SLICE = 0.1 // seconds of training between two looks at the page
const EVERY = 100 // steps between two measures of what was kept out, and between two lists of names
const KEPT = 4 // trainings that are over, and stay to be compared

export const trainings = [] // the oldest first; the last may be going on
const watchers = new Set()

export function watch(hear) {
  watchers.add(hear)
  return () => watchers.delete(hear)
}

const tell = training => watchers.forEach(hear => hear(training))

class Training {
  losses = []
  heldOut = [] // [step, loss]
  names = [] // [step, texts]
  state = "waiting" // running, paused, done, stopped, failed
  seconds = 0

  constructor(about) {
    Object.assign(this, about)
  }

  get step() {
    return this.losses.length
  }

  get rate() {
    return this.seconds ? this.step / this.seconds : NaN
  }

  get left() {
    return (this.steps - this.step) / this.rate
  }

  become(state) {
    this.state = state
    tell(this)
  }

  async go(steps = Infinity) {
    const end = Math.min(this.steps, this.step + steps)
    this.become("running")
    try {
      if (!this.step && !this.heldOut.length)
        await this.look()
      while (this.state === "running" && this.step < end) {
        const began = performance.now(), most = Math.min(end, this.step - this.step % EVERY + EVERY) - this.step
        const { losses } = await ask("slice", { seconds: SLICE, steps: most })
        this.seconds += (performance.now() - began) / 1000
        this.losses.push(...losses)
        tell(this)
        if (this.step % EVERY === 0 || this.step === this.steps)
          await this.look()
      }
      if (this.step === this.steps) {
        this.final = await ask("final_names")
        this.known = await ask("known", { names: this.final })
        this.become("done")
      } else if (this.state === "running")
        this.become("paused")
    } catch (error) {
      this.error = error
      this.become(error instanceof Stopped ? "stopped" : "failed")
    }
  }

  /* What it is like now: measured on what was kept out, and by what it writes. */
  async look() {
    const step = this.step
    if (this.kept_out) {
      let loss = null
      while (loss === null && this.state === "running")
        loss = await ask("measure", { seconds: SLICE })
      if (loss !== null)
        this.heldOut.push([step, loss])
    }
    this.names.push([step, await ask("names", { count: 8 })])
    tell(this)
  }

  pause() {
    if (this.state === "running")
      this.become("paused")
  }
}

export const running = () => trainings.find(({ state }) => ["running", "paused"].includes(state))

/* Begin a training, on the data that were chosen in the lab or with `names` on the built-in ones; one that goes on is over
   then. Throws Refused for settings that can't be. */
export async function begin({ settings = {}, keepOut = true, names = false, label, page = location.href }) {
  const earlier = running()
  earlier?.become("stopped")
  const about = await ask("start", { settings, keep_out: keepOut, names })
  const training = new Training({ ...about, settings, label, page, changes: changes().length })
  trainings.push(training)
  while (trainings.length > KEPT)
    trainings.shift()
  tell(training)
  return training
}

export const duration = seconds => !Number.isFinite(seconds) ? "…"
  : seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`

/* A line of a training's state. */
export const summary = training => {
  const { state, step, steps, rate, left } = training
  const at = `step ${step} of ${steps}`
  return {
    waiting: "waiting", paused: `paused at ${at}`, stopped: `stopped at ${at}`, failed: `ended at ${at} by an error`,
    running: `${at}, ${Number.isFinite(rate) ? `${number(rate, 0)} steps a second, ${duration(left)} left` : "beginning"}`,
    done: `${steps} steps, ${number(rate, 0)} a second`
  }[state]
}

/* Below a piece that was changed: the default run with it, against the recorded one. */
export async function show(place, { piece }) {
  const leaving = new AbortController()
  const said = html("p", { class: "lab-now", role: "status" })
  const names = html("div", { class: "lab-names" })
  const errors = html("div")
  const pause = html("button", { type: "button", class: "lab-button" }, "Pause")
  const box = html("section", { class: "lab-training", "aria-label": "The training of your program" })
  place.append(box)
  try {
    const recorded = await load("training.json")
    const training = await begin({ label: `your ${piece.label}`, names: true })
    const picture = chart({ left: leaving.signal, runs: () => [
      { label: "as the book has it", losses: recorded.losses, color: "a", faint: true },
      { label: training.label, losses: training.losses, color: "b" }
    ], blind: Math.log(training.vocab_size), steps: training.steps })
    box.append(picture, said, pause, errors, names)
    pause.onclick = () => training.state === "running" ? training.pause() : training.go()
    const redraw = changed => {
      if (changed !== training || !box.isConnected)
        return
      picture.redraw()
      said.textContent = `${summary(training)}. ${inForce()}`
      pause.hidden = !["running", "paused"].includes(training.state)
      pause.textContent = training.state === "running" ? "Pause" : "Go on"
      const last = training.names.at(-1)
      names.replaceChildren(...last ? [html("p", {}, `After step ${last[0]} it writes:`), nameList(last[1])] : [])
      if (training.state === "failed")
        errors.replaceChildren(problem(training.error))
      if (training.state === "done")
        names.replaceChildren(html("p", {}, "With the default seed it writes:"), nameList(training.final, training.known))
    }
    const unwatch = watch(redraw)
    document$.subscribe(() => {
      if (!box.isConnected) {
        leaving.abort()
        unwatch()
      }
    })
    await training.go()
  } catch (error) {
    box.append(problem(error))
  }
}

export const nameList = (texts, known = []) => html("ul", { class: "lab-name-list" }, texts.map((text, i) =>
  html("li", { class: known[i] && "known", title: known[i] ? "stands in the data" : null }, text || "(empty)")))
