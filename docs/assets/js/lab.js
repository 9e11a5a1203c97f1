/* The lab's buttons on each page: run or edit an example, change a piece of the program, check an exercise. All that is
   behind them, the modules of lab/ and Python, is fetched when one is pressed. */
(() => {
  const folder = new URL("lab/", document.currentScript.src)
  const KEY = "microgpt-changes" // as in lab/changes.js
  const SOLVED = "microgpt-solved" // as in lab/exercises.js

  const make = (tag, properties) => Object.assign(document.createElement(tag), properties)
  const count = () => {
    try {
      return JSON.parse(localStorage.getItem(KEY) ?? "[]").length
    } catch {
      return 0
    }
  }

  async function module(name, near) {
    if (!document.getElementById("lab-style"))
      document.head.append(make("link", { id: "lab-style", rel: "stylesheet", href: new URL("lab.css", folder) }))
    try {
      await import(new URL("line.js", folder))
      return await import(new URL(name, folder))
    } catch (error) {
      near.after(make("p", { role: "status", textContent: `The lab can't be loaded (${error.message}). Are you offline?` }))
      throw error
    }
  }

  const button = (text, title, press) => {
    const element = make("button", { type: "button", className: "lab-button", textContent: text, title })
    element.onclick = () => press(element)
    return element
  }

  /* `nth` counts blocks with the same text. */
  function addTools(chapter) {
    const seen = new Map()
    document.querySelectorAll(".md-content .highlight").forEach(element => {
      const code = element.querySelector("pre > code"), piece = element.closest(".chunk")
      if (!code || piece)
        return
      const text = code.textContent
      const kind = text.startsWith(">>> ") ? "pycon" : /^\$ /.test(text) ? "console" : element.matches(".language-python") ? "python" : ""
      const commands = text.split("\n").filter(line => line.startsWith("$ "))
      if (!kind || kind === "console" && !commands.every(line => /^\$ ([A-Z_]+=\S* +)*python3 -[mc] /.test(line) && (/ -c /.test(line) || !/[;&<>`]|\$\(/.test(line.slice(2).replace(/; echo "status \$\?"$/, "")))))
        return
      const nth = seen.get(text) ?? 0
      seen.set(text, nth + 1)
      const block = { element, kind, chapter, text, nth }
      block.tools = make("div", { className: "lab-tools" })
      block.editButton = button("Edit", "Edit this code, then run it", near => module("blocks.js", near).then(lab => lab.edit(block)))
      block.tools.append(button("Run", "Run this here, in your browser", near => module("blocks.js", near).then(lab => lab.run(block))), block.editButton)
      element.append(block.tools)
    })
    document.querySelectorAll(".md-content .chunk[data-label]").forEach(element => {
      const open = button("Change it", "Change this piece of the program", near => module("chunks.js", near).then(lab => lab.open(element)))
      open.classList.add("lab-open")
      element.querySelector(".chunk-head").append(open)
    })
  }

  /* Before the folded answer, for each check (scripts/site/exercises.py): a field for each thing that is asked for, or a
     button that opens an editor. */
  function addChecks() {
    document.querySelectorAll(".md-content details [data-check]").forEach((place, nth) => {
      const { id, questions } = JSON.parse(place.dataset.check)
      const form = make("form", { className: "lab-exercise" })
      form.setAttribute("aria-label", `Exercise ${nth + 1}`)
      form.dataset.id = id
      for (const { label } of questions ?? []) {
        const field = make("label", { textContent: label === "answer" ? "Your answer" : label })
        field.append(make("input", { autocomplete: "off", autocapitalize: "off", spellcheck: false }))
        form.append(field)
      }
      form.append(make("button", { className: "lab-button", textContent: questions ? "Check" : "Try it" }),
        make("span", { className: "lab-solved", textContent: "Solved", hidden: true }),
        make("p", { className: "lab-said", role: "status" }))
      form.onsubmit = event => {
        event.preventDefault()
        module("exercises.js", form).then(lab => lab.submit(form, JSON.parse(place.dataset.check)))
      }
      place.closest("details").before(form)
    })
    tellSolved()
  }

  /* What was solved on this device, on the exercise and in the line above the title. */
  function tellSolved() {
    const chapter = document.querySelector("[data-chapter]")?.dataset.chapter
    const forms = [...document.querySelectorAll(".lab-exercise")]
    let solved = {}
    try {
      solved = Object(JSON.parse(localStorage.getItem(SOLVED))?.[chapter])
    } catch {} // nothing that we wrote
    for (const form of forms) {
      const given = solved[form.dataset.id]
      form.querySelector(".lab-solved").hidden = given === undefined
      if (Array.isArray(given))
        form.querySelectorAll("input").forEach((field, i) => { field.value ||= given[i] })
    }
    document.querySelector(".lab-score")?.remove()
    const number = forms.filter(({ dataset }) => dataset.id in solved).length
    if (number)
      document.querySelector(".page-place")?.append(make("span", {
        className: "lab-score", textContent: ` · ${number} of ${forms.length} exercise${forms.length === 1 ? "" : "s"} solved`
      }))
  }

  function tellChanges() {
    document.querySelectorAll(".lab-changed").forEach(element => element.remove())
    const page = document.querySelector("[data-changes-page]"), number = count()
    if (!page || !number || document.querySelector("[data-lab-page=patch]"))
      return
    const line = make("p", { className: "lab-changed" })
    line.append(make("a", { href: page.dataset.changesPage, textContent: `You changed ${number === 1 ? "1 chunk" : `${number} chunks`} of the program.` }),
      " What is printed here and what the figures show is the unchanged one.")
    document.querySelector(".md-content h1")?.after(line)
    const here = document.querySelector("[data-chapter]")?.dataset.chapter
    if (JSON.parse(localStorage.getItem(KEY)).some(({ chapter }) => chapter === here))
      module("chunks.js", line).then(lab => document.querySelectorAll(".chunk[data-label]").forEach(element => lab.restore(element)))
  }

  document$.subscribe(() => {
    const here = document.querySelector("[data-chapter]")
    if (!here)
      return
    if (!here.dataset.tools) {
      here.dataset.tools = "there"
      if (here.dataset.lab !== "no")
        addTools(here.dataset.chapter)
      addChecks()
      for (const place of document.querySelectorAll("[data-lab-page]"))
        module(`${place.dataset.labPage}.js`, place).then(lab => lab.start(place))
    }
    tellChanges()
  })
  addEventListener("microgpt-changes", tellChanges)
  addEventListener("microgpt-solved", tellSolved)
  addEventListener("storage", ({ key }) => key === KEY ? tellChanges() : key === SOLVED && tellSolved())
})()
