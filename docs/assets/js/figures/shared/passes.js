/* The names whose way through gpt() is recorded, and choosing among them. Which names and which tokens there are, the
   still says (scripts/figures/_passes.py). */
import { select } from "./controls.js"
import { html } from "./dom.js"
import { load } from "./figure.js"
import { ANOTHER, anotherText } from "./lab.js"

export function recorded(figure) {
  const { names, vocabulary } = figure.querySelector(".still [data-names]").dataset
  return { names: names.split(" "), vocabulary: vocabulary.split(" ") }
}

export const loadPasses = name => load(`passes-${name}.json`)

/* A select of the names. `change(data, name)` is called when the recording of the chosen one is there; if it can't be
   loaded, the name before it stays chosen, and `status` says so. With `another` the reader can type one. */
export function nameSelect({ names, status, change, another = false }) {
  let shown = names[0], wanted = names[0]
  const own = anotherText({ what: "passed", take: change })
  const element = select({
    label: "name", choices: another ? [...names, ANOTHER] : names, value: names[0],
    async change(name) {
      own.show(name === ANOTHER)
      wanted = name
      if (name === ANOTHER)
        return
      const data = await loadPasses(name).catch(error => error)
      if (wanted !== name)
        return // another name was chosen meanwhile
      if (data instanceof Error) {
        wanted = shown
        element.set(shown)
        status.say(`The recording of ${name} can't be loaded (${data.message}).`)
        return
      }
      shown = name
      change(data, name)
    }
  })
  return another ? html("div", { class: "controls" }, element, own) : element
}
