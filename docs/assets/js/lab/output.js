/* What a run printed, beside what the book prints. */
import { html } from "../figures/shared/dom.js"
import { Broken, Raised, Refused, Stopped, force, stop } from "./client.js"
import { changes } from "./changes.js"

const site = new URL("../../../", import.meta.url)

/* A traceback; what stands in the book is a link there. */
export const traceback = trace => html("ol", { class: "lab-trace" }, trace.map(({ text, code, page, anchor }, i) =>
  html("li", { class: i === trace.length - 1 && "lab-error" },
    page === undefined ? text : html("a", { href: new URL(page, site).href + (anchor && `#${anchor}`) }, text),
    code && html("code", {}, code))))

/* The end of a question that wasn't answered. */
export function problem(error) {
  if (error instanceof Raised)
    return traceback(error.trace)
  const text = error instanceof Stopped ? "Stopped."
    : error instanceof Refused ? error.message
    : error instanceof Broken ? `Python broke off: ${error.message}. The next run begins with a new one.`
    : `This can't be shown: ${error.message}`
  return html("p", { class: "lab-error" }, text)
}

const withoutEnd = text => text.replace(/\n+$/, "")

/* One statement or command and what it gave. */
function transcript({ source, got, want, same, trace }, prompt) {
  const lines = withoutEnd(source).split("\n")
  const shown = lines.map((line, i) => `${prompt === "$" ? "$" : i ? "..." : ">>>"} ${line}`).join("\n")
  const differs = same === false
  return html("div", { class: differs ? "lab-result lab-differs" : "lab-result" },
    html("pre", { class: "lab-source" }, html("code", {}, shown)),
    got && html("pre", { class: "lab-got", tabindex: "0" }, html("code", {}, withoutEnd(got))),
    trace.length > 0 && traceback(trace),
    differs && html("div", { class: "lab-want" }, html("span", {}, "The book prints"), html("pre", {}, html("code", {}, withoutEnd(want) || "nothing"))))
}

/* A panel for the runs of one block. `run` is given an ear for events, and returns the results. */
export function outputPanel(prompt) {
  const list = html("div", { class: "lab-results" })
  const now = html("p", { class: "lab-now", role: "status" })
  const halt = html("button", { type: "button", class: "lab-button", onclick: stop }, "Stop")
  const close = html("button", { type: "button", class: "lab-button", onclick: () => panel.remove() }, "Close")
  const panel = html("section", { class: "lab-output", "aria-label": "What your run printed" }, list, html("div", { class: "lab-foot" }, now, halt, close))
  let live = null

  const hear = event => {
    if (event.before)
      now.textContent = `Running what stands above first: block ${event.before[0]} of ${event.before[1]} …`
    else if (event.source) {
      now.textContent = "Running …"
      live = html("pre", { class: "lab-got" }, html("code", {}))
      list.append(live)
    } else if (event.printed)
      live?.firstChild.append(event.printed)
    else if (event.result) {
      live?.replaceWith(transcript(event.result, prompt))
      live = null
    }
  }

  panel.run = async ask => {
    list.replaceChildren()
    live = null
    now.textContent = "Waiting for Python …"
    halt.hidden = false
    close.hidden = true
    panel.setAttribute("aria-busy", "true")
    try {
      const { before, results } = await ask(hear)
      now.textContent = [verdict(results), before ? `The ${before === 1 ? "block" : `${before} blocks`} above ran first.` : "", inForce()]
        .filter(Boolean).join(" ")
      return results
    } catch (error) {
      live?.remove()
      now.textContent = error instanceof Stopped ? "Stopped." : ""
      if (!(error instanceof Stopped))
        list.append(problem(error))
      return null
    } finally {
      halt.hidden = true
      close.hidden = false
      panel.removeAttribute("aria-busy")
    }
  }
  return panel
}

function verdict(results) {
  const compared = results.filter(({ same }) => same !== null), different = compared.filter(({ same }) => !same).length
  if (!compared.length)
    return "The book prints nothing to compare this with."
  if (!different)
    return compared.length === 1 ? "As the book prints it." : `All ${compared.length} as the book prints them.`
  return `${different} of ${compared.length} ${compared.length === 1 ? "is" : "are"} not as the book prints ${compared.length === 1 ? "it" : "them"}.`
}

/* Which program ran, if the reader has changed it. */
export function inForce() {
  const count = changes().length, left = force.stale.length
  if (!count)
    return ""
  if (force.faults.length)
    return "Your changes are not in force: the program can't be made of them."
  const number = count - left
  return `With your ${number === 1 ? "change" : `${number} changes`}.` + (left ? ` ${left} no longer fit${left === 1 ? "s" : ""} the book.` : "")
}
