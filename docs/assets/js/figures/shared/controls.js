/* Controls: native inputs with labels. Each returns its element; `set` and `value` are on the element itself. */
import { html, newId, number } from "./dom.js"

/* A slider with its value beside it. `change(value)` is called at each input; set(value) moves it silently. A `quiet`
   one has its label for screen readers alone, because it stands in a table that says it. */
export function slider({ label, min, max, step = 0.1, value, digits = 1, text = x => number(x, digits), quiet, change }) {
  const id = newId()
  const output = html("output", { for: id })
  const input = html("input", {
    id, type: "range", min, max, step, value,
    oninput() {
      show()
      change(Number(input.value))
    }
  })
  const show = () => {
    output.textContent = text(Number(input.value))
    input.setAttribute("aria-valuetext", output.textContent)
  }
  const element = html("div", { class: "control slider" }, html("label", { for: id, class: quiet && "unseen" }, label), input, output)
  element.set = x => {
    input.value = x
    show()
  }
  show()
  return element
}

/* One of several: choices are [value, text] or plain texts. */
export function select({ label, choices, value, change }) {
  const id = newId()
  const input = html("select", { id, onchange: () => change(input.value) }, choices.map(choice => {
    const [key, text] = Array.isArray(choice) ? choice : [choice, choice]
    return html("option", { value: key }, text)
  }))
  const element = html("div", { class: "control select" }, html("label", { for: id }, label), input)
  element.set = x => { input.value = x }
  if (value !== undefined)
    element.set(value)
  return element
}

/* One of a few, all in view. */
export function radio({ label, choices, value, change }) {
  const name = newId()
  return html("fieldset", { class: "control radio" }, html("legend", {}, label), choices.map(choice => {
    const [key, text] = Array.isArray(choice) ? choice : [choice, choice]
    const input = { type: "radio", name, value: key, checked: String(key) === String(value), onchange: () => change(key) }
    return html("label", {}, html("input", input), html("span", {}, text))
  }))
}

export function checkbox({ label, checked = false, change }) {
  const input = html("input", { type: "checkbox", checked, onchange: () => change(input.checked) })
  return html("label", { class: "control checkbox" }, input, html("span", {}, label))
}

export const button = ({ label, title, press }) =>
  html("button", { type: "button", class: "control button", title, "aria-label": title, onclick: press }, label)

export const row = (...controls) => html("div", { class: "controls" }, controls)

/* What changed, for those who can't see it: say() what a control did. */
export function liveText() {
  const element = html("p", { class: "figure-status", role: "status" })
  element.say = text => { element.textContent = text }
  return element
}
