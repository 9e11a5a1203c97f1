/* The names whose way through gpt() is recorded (scripts/figures/_passes.py), and choosing among them. */
import { select } from "./controls.js"
import { load } from "./figure.js"

const NAMES = ["emma", "ava", "noah", "felix", "olivia", "matthew", "isabella", "kwyjibo"]
export const FIRST = NAMES[0]
export const VOCABULARY = [..."abcdefghijklmnopqrstuvwxyz", "BOS"]

export const loadPasses = name => load(`passes-${name}.json`)

/* A select of the names. `change(data, name)` is called when the recording of the chosen one is there; if it can't be
   loaded, the name before it stays chosen, and `status` says so. */
export function nameSelect({ status, change }) {
  let shown = FIRST, wanted = FIRST
  const element = select({
    label: "name", choices: NAMES, value: FIRST,
    async change(name) {
      wanted = name
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
  return element
}
