/* The page "The lab": the whole program with its knobs, on the built-in names or on the reader's text. */
import { html, number, percent } from "../figures/shared/dom.js"
import { strip } from "../figures/shared/strip.js"
import { chart } from "./chart.js"
import { Refused, ask, remember, state as python } from "./client.js"
import { inForce, problem } from "./output.js"
import { download } from "./patch.js"
import { begin, duration, nameList, running, summary, trainings, watch } from "./trainings.js"

const COLORS = ["b", "c", "a", "d"]
const MOST = 5_000_000 // bytes of a file, as scripts/lab/training.py has it
const USUAL = "4192" // the edition of which the settings are given
const TOWNS = "docs/assets/data/towns.txt"

const button = (text, press, more = {}) => html("button", { type: "button", class: "lab-button", onclick: press, ...more }, text)
const group = (title, ...children) => html("section", { class: "lab-group", "aria-label": title }, html("h2", {}, title), children)

const assets = new URL("../../", import.meta.url)

/* A figure of the book, with what the model of the lab has to show in it. */
async function figure(name, own) {
  if (!document.getElementById(`lab-${name}-style`))
    document.head.append(html("link", { id: `lab-${name}-style`, rel: "stylesheet", href: new URL(`js/figures/${name}.css`, assets).href }))
  await import(new URL(`js/figures/${name}.js`, assets))
  const element = Object.assign(document.createElement(`figure-${name}`), { own })
  const title = { attention: "Who looks at whom", pipeline: "The way through gpt" }[name]
  const box = html("section", { "aria-label": title }, html("h3", {}, title), html("div", { class: "figure" }, element))
  // It is started where it is to stay: a figure ends when it is taken from the page.
  requestAnimationFrame(() => element.start())
  return box
}

export function start(place) {
  const knobs = JSON.parse(document.querySelector("[data-knobs]").dataset.knobs)
  const leaving = new AbortController()
  const fields = new Map()
  const said = html("p", { class: "lab-now", role: "status" })

  /* What could not be done, beside what asked for it. */
  const trying = (near, task) => async (...given) => {
    near.replaceChildren()
    try {
      await task(...given)
    } catch (error) {
      near.replaceChildren(problem(error))
    }
  }

  /* ------------------------------------------------------------------------------------ data */

  const about = html("div", { role: "status" }), dataTrouble = html("div")
  const paste = html("textarea", { rows: 5, "aria-label": "Your text, a document in each line", placeholder: "a document in each line", hidden: true })
  const take = button("Take it", () => takeData("data", { text: paste.value }), { hidden: true })
  const file = html("input", { type: "file", "aria-label": "A text file", hidden: true, onchange: () => file.files[0] && takeFile(file.files[0]) })
  const source = html("select", { onchange: choose },
    [["names", "the built-in names"], ["towns", "towns, 200 of them"], ["paste", "text that I paste"], ["file", "a file of mine"]]
      .map(([value, text]) => html("option", { value }, text)))

  function choose() {
    paste.hidden = take.hidden = source.value !== "paste"
    file.hidden = source.value !== "file"
    if (source.value === "names")
      takeData("data", {})
    if (source.value === "towns")
      takeData("data", { file: TOWNS })
  }

  const takeData = trying(dataTrouble, async (name, args) => {
    about.replaceChildren(html("p", {}, "Reading …"))
    try {
      describe(await ask(name, args))
      remember("data", name, args) // for Python that is begun anew
    } catch (error) {
      about.replaceChildren()
      throw error
    }
  })

  const takeFile = trying(dataTrouble, async one => {
    if (one.size > MOST)
      throw new Refused(`${one.name}: ${(one.size / 1e6).toFixed(1)} MB are more than the lab takes, which is 5 MB; cut it`)
    const bytes = new Uint8Array(await one.arrayBuffer())
    let text = ""
    for (let i = 0; i < bytes.length; i += 0x8000)
      text += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
    await takeData("file", { data: btoa(text), source: one.name })
  })

  function describe({ docs, alphabet, longest, some }) {
    about.replaceChildren(html("p", {}, `${docs.toLocaleString("en")} documents. ${[...alphabet].length} characters: `, html("code", {}, alphabet),
      `. The longest: `, html("code", {}, longest), "."), html("p", {}, "Some of them: ", some.join(", "), "."))
    estimate()
  }

  /* ---------------------------------------------------------------------------------- knobs */

  const preset = html("select", { onchange() {
    for (const knob of knobs)
      write(knob, knob.values[preset.value])
    checkSettings()
  } }, Object.keys(knobs[0].values).map(name => html("option", { value: name, selected: name === USUAL }, name)))

  const write = ({ name, type }, value) => {
    const input = fields.get(name).input
    if (type === "bool")
      input.checked = value
    else
      input.value = value
  }

  const read = ({ name, type }) => {
    const { input } = fields.get(name)
    return type === "bool" ? input.checked : type === "str" ? input.value : type === "int" ? parseInt(input.value, 10) : parseFloat(input.value)
  }

  const settings = () => Object.fromEntries(knobs.map(knob => [knob.name, read(knob)]))
  const unusual = () => knobs.filter(knob => read(knob) !== knob.values[USUAL])

  const field = knob => {
    const id = `lab-${knob.name}`, trouble = html("p", { class: "lab-error", id: `${id}-trouble`, role: "alert" })
    const about = { id, onchange: checkSettings, "aria-describedby": `${id}-about ${id}-trouble` }
    const value = knob.values[USUAL]
    const input = knob.choices ? html("select", about, knob.choices.map(choice => html("option", { value: choice }, choice)))
      : knob.type === "bool" ? html("input", { ...about, type: "checkbox", checked: value })
      : html("input", { ...about, type: "number", step: knob.type === "int" ? 1 : "any", value, inputmode: knob.type === "int" ? "numeric" : "decimal" })
    fields.set(knob.name, { input, trouble })
    return html("div", { class: "lab-field" }, html("label", { for: id }, html("code", {}, knob.name)), input,
      html("span", { id: `${id}-about`, class: "lab-about" }, knob.about), trouble)
  }

  /* Config's own sentence stands at the field that it begins with. */
  const refuse = message => {
    const name = knobs.map(knob => knob.name).find(name => message.startsWith(`${name} `))
    const { input, trouble } = fields.get(name) ?? {}
    if (!input)
      throw new Refused(message)
    trouble.textContent = message
    input.setAttribute("aria-invalid", "true")
    input.focus()
  }

  const clear = () => fields.forEach(({ input, trouble }) => {
    trouble.textContent = ""
    input.removeAttribute("aria-invalid")
  })

  function checkSettings() {
    clear()
    const changed = unusual()
    link.href = changed.length ? `#${new URLSearchParams(changed.map(knob => [knob.name, String(read(knob))]))}` : "#"
    estimate()
  }

  const long = html("span")
  async function estimate(force = false) {
    long.textContent = ""
    if (!force && python.name !== "ready")
      return
    try {
      const seconds = await ask("estimate", { settings: settings() })
      long.textContent = `This training will take about ${duration(seconds)}.`
    } catch (error) {
      if (error instanceof Refused)
        refuse(error.message)
      else
        throw error
    }
  }

  const link = html("a", { href: "#" }, "Link to these settings")
  const keepOut = html("input", { type: "checkbox", checked: true, id: "lab-keep-out" })

  /* ---------------------------------------------------------------------------------- training */

  const trouble = html("div"), picture = html("div"), names = html("div"), table = html("div")
  let now = null, curve = null

  const go = button("Train", trying(trouble, async () => {
    clear()
    said.textContent = "Waiting for Python …"
    let training
    try {
      training = await begin({ settings: settings(), keepOut: keepOut.checked, label: labelOf() })
    } catch (error) {
      said.textContent = ""
      if (error instanceof Refused)
        return refuse(error.message)
      throw error
    }
    follow(training)
    await training.go()
  }))
  const pause = button("Pause", () => now.pause(), { hidden: true })
  const step = button("One step", trying(trouble, () => now.go(1)), { hidden: true })
  const more = button("Go on", trying(trouble, () => now.go()), { hidden: true })
  const end = button("Stop", () => now.become("stopped"), { hidden: true })
  const losses = button("Losses as CSV", () => download("losses.csv", csv(), "text/csv"), { hidden: true })

  const labelOf = () => unusual().filter(({ name }) => name !== "samples").map(knob => `${knob.name} ${read(knob)}`).join(", ") || "the default run"

  function csv() {
    const columns = trainings.map(({ label }) => `"${label.replaceAll('"', '""')}"`)
    const longest = Math.max(...trainings.map(({ losses }) => losses.length))
    const rows = Array.from({ length: longest }, (_, i) => [i + 1, ...trainings.map(({ losses }) => losses[i] ?? "")].join(","))
    return [["step", ...columns].join(","), ...rows].join("\n") + "\n"
  }

  function follow(training) {
    now = training
    forget()
    curve = chart({
      left: leaving.signal, blind: Math.log(training.vocab_size), steps: training.steps,
      runs: () => [...trainings.filter(one => one !== now), now].map(one => ({ label: one.label, losses: one.losses, heldOut: one.heldOut, color: COLORS[trainings.indexOf(one) % 4], faint: one !== now }))
    })
    picture.replaceChildren(curve)
    redraw(training)
  }

  function redraw(training) {
    if (!place.isConnected || training !== now)
      return
    curve.redraw()
    said.textContent = `${summary(now)}. ${inForce()}`
    pause.hidden = now.state !== "running"
    more.hidden = step.hidden = now.state !== "paused"
    end.hidden = !["running", "paused"].includes(now.state)
    losses.hidden = !now.step
    const last = now.names.at(-1)
    names.replaceChildren(...now.final ? [html("p", {}, "It writes (underlined: stands in the data):"), nameList(now.final, now.known)]
      : last ? [html("p", {}, `After step ${last[0]} it writes:`), nameList(last[1])] : [])
    if (now.state === "failed")
      trouble.replaceChildren(problem(now.error))
    if (["done", "stopped", "paused"].includes(now.state)) {
      after.hidden = false
      compare()
    }
  }

  function compare() {
    const mean = values => number(values.slice(-100).reduce((a, b) => a + b, 0) / Math.min(100, values.length))
    table.replaceChildren(html("div", { class: "md-typeset__scrollwrap" }, html("table", { class: "lab-table" }, html("thead", {}, html("tr", {},
      ["run", "documents", "parameters", "steps", "mean of the last 100", "kept out"].map(text => html("th", { scope: "col" }, text)))),
    html("tbody", {}, trainings.map(one => html("tr", {},
      html("th", { scope: "row" }, one.label + (one.changes ? `, with ${one.changes} of your changes` : "")),
      [one.docs, one.params, one.step, one.losses.length ? mean(one.losses) : "–", one.heldOut.length ? number(one.heldOut.at(-1)[1]) : "–"].map(text => html("td", {}, String(text)))))))))
  }

  /* ---------------------------------------------------------------------------- after training */

  const afterTrouble = html("div"), letters = html("div", { class: "lab-letters" }), written = html("div")
  const beginning = html("input", { id: "lab-beginning", type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false" })
  const temperature = html("input", { id: "lab-heat", type: "number", min: 0, step: 0.1, value: 0.5 })
  const heat = () => parseFloat(temperature.value) || 0
  const guess = trying(afterTrouble, async () => {
    const found = await ask("next_letters", { prompt: beginning.value, temperature: heat() })
    letters.replaceChildren(html("ol", {}, found.slice(0, 12).map(([letter, p]) => html("li", {},
      html("code", {}, letter || "end"), html("span", { class: "lab-bar", style: { width: `${(60 * p).toFixed(1)}%` } }), html("output", {}, percent(p))))))
  })
  const writeNames = trying(afterTrouble, async () => {
    const found = await ask("names", { count: 20, temperature: heat(), prompt: beginning.value })
    written.replaceChildren(nameList(found, await ask("known", { names: found })))
  })
  beginning.oninput = guess
  /* The numbers of a matrix, a row a strip; the strongest color is its largest. */
  const matrix = html("select", { id: "lab-matrix", onchange: () => drawMatrix() })
  const weights = html("div")
  let numbers = null
  const showWeights = trying(afterTrouble, async () => {
    numbers = await ask("weights")
    const before = matrix.value
    matrix.replaceChildren(...Object.keys(numbers).map(name => html("option", { value: name, selected: name === before }, name)))
    matrix.parentElement.hidden = false
    drawMatrix()
  })

  function drawMatrix() {
    const rows = numbers[matrix.value], largest = Math.max(...rows.flat().map(Math.abs))
    weights.replaceChildren(
      html("p", {}, `${matrix.value}: ${rows.length} rows of ${rows[0].length}, from ${number(Math.min(...rows.flat()))} (blue) to ${number(Math.max(...rows.flat()))} (orange)`),
      html("div", { class: "figure lab-matrix", tabindex: 0, role: "group", "aria-label": `the rows of ${matrix.value}` }, rows.map((row, i) => strip(row, { label: `row ${i}`, largest }))))
  }

  /* What it does with a text: the book's own figures of attention and of the way through gpt. */
  const text = html("input", { id: "lab-text", type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", size: 12 })
  const layer = html("select", { id: "lab-layer", onchange: () => lookInside() })
  const layerField = html("label", { hidden: true }, "layer ", layer), inside = html("div")
  const lookInside = trying(afterTrouble, async () => {
    const { passed, vocabulary, n_layer, stages } = await ask("inside", { text: text.value, layer: Number(layer.value) })
    if (layer.length !== n_layer)
      layer.replaceChildren(...Array.from({ length: n_layer }, (_, i) => html("option", { value: i }, `${i + 1} of ${n_layer}`)))
    layerField.hidden = n_layer < 2
    const list = new DOMParser().parseFromString(stages, "text/html").querySelector(".pipeline")
    const own = { text: text.value, passed, vocabulary, stages: list }
    inside.replaceChildren(...await Promise.all((n_layer ? ["attention", "pipeline"] : ["pipeline"]).map(name => figure(name, own))))
  })
  const insideForm = html("form", { class: "lab-tools lab-left", onsubmit: event => {
    event.preventDefault()
    lookInside()
  } }, html("label", { for: "lab-text" }, "A text"), text, layerField, html("button", { type: "submit", class: "lab-button" }, "Look inside"))

  /* What is shown of a model is not to stand there when there is another. */
  function forget() {
    for (const place of [afterTrouble, letters, written, inside, weights])
      place.replaceChildren()
    layer.replaceChildren() // it may have fewer
    layerField.hidden = matrix.parentElement.hidden = true
  }

  const save = trying(afterTrouble, async () => download("model.json", await ask("save"), "application/json"))
  const after = group("What it has learned",
    html("div", { class: "lab-tools lab-left" }, html("label", { for: "lab-beginning" }, "A beginning"), beginning,
      html("label", { for: "lab-heat" }, "temperature"), temperature, button("What comes next?", guess), button("Write 20", writeNames)),
    afterTrouble, letters, written,
    insideForm, inside,
    html("div", { class: "lab-tools lab-left" }, button("Show its weights", showWeights), html("label", { hidden: true }, "of ", matrix)), weights,
    html("div", { class: "lab-tools lab-left" }, button("Save the model", save)),
    html("p", { class: "lab-about" }, "python3 -m microgpt --load model.json reads it."))
  after.hidden = true

  const loadTrouble = html("div")
  const model = html("input", { type: "file", accept: ".json,application/json", id: "lab-model", onchange: () => model.files[0] && loadModel(model.files[0]) })
  const loadModel = trying(loadTrouble, async one => {
    if (one.size > 20 * MOST)
      throw new Refused(`${one.name} is too large for the lab`)
    running()?.become("stopped")
    const found = await ask("load", { text: await one.text(), source: one.name })
    forget()
    loadTrouble.replaceChildren(html("p", { role: "status" }, `${one.name}: ${found.params.toLocaleString("en")} parameters, the alphabet ${found.alphabet}.`))
    after.hidden = false
  })

  /* ------------------------------------------------------------------------------------- all */

  const [usual, others] = [["n_embd", "n_head", "n_layer", "block_size", "steps", "learning_rate", "seed"], []]
  others.push(...knobs.filter(({ name }) => !usual.includes(name)))
  place.replaceChildren(
    group("Data", html("div", { class: "lab-tools lab-left" }, html("label", {}, "Train on ", source), file, take), paste, dataTrouble, about),
    group("Settings", html("label", {}, "Edition ", preset), html("div", { class: "lab-fields" }, knobs.filter(({ name }) => usual.includes(name)).map(field)),
      html("details", {}, html("summary", {}, "All other knobs"), html("div", { class: "lab-fields" }, others.map(field))),
      html("p", {}, html("label", { for: "lab-keep-out" }, keepOut, " keep 100 documents out and measure the loss on them")),
      html("p", {}, button("How long will it take?", trying(trouble, () => estimate(true))), " ", long, " ", link)),
    group("Training", html("div", { class: "lab-tools lab-left" }, go, pause, step, more, end, losses), said, trouble, picture, names, table),
    after,
    group("A model from a file", html("label", { for: "lab-model" }, "A file that --save wrote "), model, loadTrouble))

  place.ondragover = event => event.preventDefault()
  place.ondrop = event => {
    event.preventDefault()
    const one = event.dataTransfer.files[0]
    if (one) {
      source.value = "file"
      choose()
      takeFile(one)
    }
  }

  /* A teacher's link: settings alone, and only those that there are. */
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    const knob = knobs.find(knob => knob.name === name)
    if (knob)
      write(knob, knob.type === "bool" ? value === "true" : value)
  }
  checkSettings()

  if (trainings.length)
    follow(running() ?? trainings.at(-1))
  const unwatch = watch(redraw)
  document$.subscribe(() => {
    if (!place.isConnected) {
      leaving.abort()
      unwatch()
    }
  })
}
