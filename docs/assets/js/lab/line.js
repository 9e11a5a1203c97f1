/* The line at the bottom of the window: what Python is doing, a training that goes on, and how to stop it. */
import { html } from "../figures/shared/dom.js"
import { state, stop, watch } from "./client.js"
import { running, summary, watch as watchTrainings } from "./trainings.js"

const text = html("span", { role: "status" })
const progress = html("progress", { "aria-label": "What has been fetched" })
const back = html("a", {}, "back to it")
const halt = html("button", { type: "button", class: "lab-button", onclick: halted }, "Stop")
const element = html("aside", { class: "lab-line", "aria-label": "Python", hidden: true }, text, progress, back, halt)

/* A training stops between two slices; what doesn't end by itself is ended. */
function halted() {
  const training = running()
  training?.become("stopped")
  setTimeout(() => state.name === "running" && stop(), training ? 2000 : 0)
}

const megabytes = bytes => (bytes / 1e6).toFixed(1)

let late = null
function show() {
  clearTimeout(late)
  const { name, fetched, total, why } = state
  const training = running()
  const elsewhere = training && new URL(training.page).pathname !== location.pathname
  const said = {
    fetching: total ? `Fetching Python: ${megabytes(fetched)} of ${megabytes(total)} MB` : "Fetching Python …",
    starting: "Python is starting …",
    running: elsewhere ? `Training goes on: ${summary(training)}` : "",
    ready: elsewhere ? `Training: ${summary(training)}` : "",
    failed: `Python failed: ${why}. Look whether you are online, then run it again.`
  }[name] ?? ""
  text.textContent = said
  progress.hidden = name !== "fetching"
  if (total) {
    progress.max = total
    progress.value = fetched
  }
  back.hidden = !elsewhere
  if (elsewhere)
    back.href = training.page
  halt.hidden = !["fetching", "starting", "running"].includes(name)
  element.hidden = !said
  if (!element.isConnected)
    document.body.append(element)
}

watch(show)
watchTrainings(show)
document$.subscribe(show)
