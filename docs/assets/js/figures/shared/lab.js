/* What a figure asks of the book's program in the lab: for a text that wasn't recorded. Python is fetched by the first. */
import { html } from "./dom.js"

const lab = new URL("../../lab/", import.meta.url)

async function ask(name, args) {
  if (!document.getElementById("lab-style"))
    document.head.append(html("link", { id: "lab-style", rel: "stylesheet", href: new URL("lab.css", lab).href }))
  await import(new URL("line.js", lab))
  const client = await import(new URL("client.js", lab))
  return client.ask(name, args)
}

/* A field for a text of the reader's. `take(found, text)` is called with what `what` of scripts/runs/passes.py makes of it;
   what can't be read stands below it. */
export function anotherText({ what, take }) {
  const input = html("input", { type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", size: 12, maxlength: 15, "aria-label": "your own" })
  const said = html("output")
  const form = html("form", { onsubmit: submit }, input, " ", html("button", { type: "submit", class: "button" }, "Show"))
  const element = html("div", { class: "control another", hidden: true }, form, said)
  let wanted

  async function submit(event) {
    event.preventDefault()
    const text = wanted = input.value.trim()
    said.textContent = "Waiting for Python …"
    try {
      const found = await ask("look", { what, text })
      if (wanted === text && element.isConnected) {
        said.textContent = ""
        take(found, text)
      }
    } catch (error) {
      if (wanted === text)
        said.textContent = `This can't be shown: ${error.message}.`
    }
  }

  element.show = on => {
    element.hidden = !on
    said.textContent = ""
    if (on)
      input.focus()
    else
      wanted = undefined
  }
  return element
}

export const ANOTHER = "another…"
