/* The page "Your changes": each with its difference, a patch of the chapters, and the ways back. */
import { html } from "../figures/shared/dom.js"
import { change, changes, forgetAll, listen } from "./changes.js"
import { ask, force } from "./client.js"
import { problem } from "./output.js"

const site = new URL("../../../", import.meta.url)
const pageOf = chapter => new URL(chapter.replace(/^docs\//, "").replace(/(index)?\.md$/, match => match === ".md" ? "/" : ""), site).href

const button = (text, press) => html("button", { type: "button", class: "lab-button", onclick: press }, text)

export function download(name, text, type = "text/plain") {
  const url = URL.createObjectURL(new Blob([text], { type }))
  html("a", { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/* Lines that are only in one of the texts, in their order: the longest common subsequence, as any diff has it. */
export function difference(old, text) {
  const a = old.split("\n"), b = text.split("\n")
  const length = Array.from({ length: a.length + 1 }, () => new Array(b.length + 1).fill(0))
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      length[i][j] = a[i] === b[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1])
  const lines = []
  let i = 0, j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j])
      lines.push([" ", a[i++]]), j++
    else if (i < a.length && (j === b.length || length[i + 1][j] >= length[i][j + 1]))
      lines.push(["-", a[i++]])
    else
      lines.push(["+", b[j++]])
  }
  return lines
}

export function start(place) {
  const status = html("p", { class: "lab-now", role: "status" })
  const edit = document.querySelector("[data-chapter]").dataset.edit // where the repository has the chapters, if it is known
  const list = html("div")
  const tools = html("div", { class: "lab-tools lab-left" })
  place.replaceChildren(status, tools, list)

  const show = () => {
    if (!place.isConnected)
      return
    const all = changes()
    status.textContent = all.length ? `${all.length === 1 ? "One piece" : `${all.length} pieces`} of the program ${all.length === 1 ? "is" : "are"} changed.`
      : "Nothing is changed. Each block of the program in the chapters has a button, Change it."
    tools.replaceChildren(...all.length ? [
      button("Download as a patch", save), button("Look whether they still fit", check),
      button("Take all back", () => confirm("Take all of your changes back?") && forgetAll())
    ] : [])
    list.replaceChildren(...all.map((one, i) => html("section", { class: "lab-one", "data-change": i },
      html("h2", {}, one.label), html("p", {}, "in ", html("a", { href: pageOf(one.chapter) }, one.chapter)),
      html("p", { class: "lab-verdict" }),
      html("pre", { tabindex: "0" }, html("code", {}, difference(one.old, one.new).map(([sign, text]) =>
        html(sign === "-" ? "del" : sign === "+" ? "ins" : "span", { class: "chunk-line" }, `${sign} ${text}`.trimEnd() + "\n")))),
      html("div", { class: "lab-tools lab-left" }, button(`Take ${one.label} back`, () => change(one, one.old)),
        edit && html("a", { href: edit + one.chapter }, `Propose it: edit ${one.chapter} where the book lives`)))))
  }

  const guarded = async task => {
    try {
      await task()
    } catch (error) {
      status.replaceChildren(problem(error))
    }
  }

  const save = () => guarded(async () => {
    const patch = await ask("patch", { changes: changes() })
    download("microgpt.patch", patch, "text/x-diff")
    status.textContent = "microgpt.patch is saved. In a clone of the book: git apply microgpt.patch, then python3 scripts/tangle.py."
    await told()
  })

  const check = () => guarded(async () => {
    await ask("knobs")
    await told()
  })

  async function told() {
    for (const [i, element] of [...list.children].entries()) {
      const faults = force.faults.filter(({ change }) => change === i)
      element.querySelector(".lab-verdict").textContent = force.stale.includes(i)
        ? "This piece of the book is no longer as it was when you changed it: the change is kept, but not in force."
        : faults.length ? `${faults[0].chapter}:${faults[0].line}: ${faults[0].message}` : force.faults.length ? "Not in force, because of another change." : "In force."
    }
  }

  listen(show)
  show()
}
