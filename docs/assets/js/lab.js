/* The lab's buttons on each page: run or edit an example, change a piece of the program. All that is behind them, the
   modules of lab/ and Python, is fetched when one is pressed. */
(() => {
  const folder = new URL("lab/", document.currentScript.src)
  const KEY = "microgpt-changes" // as in lab/changes.js

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
      for (const place of document.querySelectorAll("[data-lab-page]"))
        module(`${place.dataset.labPage}.js`, place).then(lab => lab.start(place))
    }
    tellChanges()
  })
  addEventListener("microgpt-changes", tellChanges)
  addEventListener("storage", ({ key }) => key === KEY && tellChanges())
})()
