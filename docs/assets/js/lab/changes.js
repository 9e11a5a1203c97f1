/* What the reader changed in the program, kept on this device: a list of {chapter, label, old, new}, a piece of the book
   each, with its text as it was and as it is to be. */

const KEY = "microgpt-changes"
const hearers = new Set()

export function changes() {
  try {
    const all = JSON.parse(localStorage.getItem(KEY) ?? "[]")
    return all.filter(one => ["chapter", "label", "old", "new"].every(key => typeof one[key] === "string"))
      .map(({ chapter, label, old, new: text }) => ({ chapter, label, old, new: text }))
  } catch {
    return [] // nothing that we wrote
  }
}

const same = (a, b) => a.chapter === b.chapter && a.label === b.label && a.old === b.old

export const changeOf = piece => changes().find(one => same(one, piece))

/* Put `text` in the place of a piece; its own text again ends the change. */
export function change(piece, text) {
  const all = changes(), at = all.findIndex(one => same(one, piece))
  const rest = text === piece.old ? [] : [{ ...piece, new: text }]
  all.splice(at < 0 ? all.length : at, at < 0 ? 0 : 1, ...rest)
  keep(all)
}

export const forgetAll = () => keep([])

function keep(all) {
  if (all.length)
    localStorage.setItem(KEY, JSON.stringify(all))
  else
    localStorage.removeItem(KEY)
  tell()
}

/* Hear of each change, made here or in another tab. */
export const listen = hear => hearers.add(hear)

function tell() {
  hearers.forEach(hear => hear())
  dispatchEvent(new Event("microgpt-changes"))
}

addEventListener("storage", event => event.key === KEY && tell())
