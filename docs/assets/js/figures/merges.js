/* How byte-pair encoding cuts a text: the bytes of each chunk, and the merges one after the other, the earliest-learned
   that fits first. The merges are recorded by scripts/figures/merges.py; the rule is that of microgpt/scale/bpe.py. */
import { button, liveText, row } from "./shared/controls.js"
import { html, newId } from "./shared/dom.js"
import { Figure, load } from "./shared/figure.js"
import { player } from "./shared/player.js"

const START = " microgpt counting"
const EXAMPLES = [" the", "the", " strawberry", " parameters", "1000 + 1001", "naïve", "🙂"]

/* CHUNK of bpe.py; Python's \s and \d, and what is left of its \w, in the words of Unicode. */
const SPACE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]"
const LETTER = "[\\p{L}\\p{Nl}\\p{No}]", OTHER = `(?:(?!${SPACE})[^\\p{L}\\p{N}])`
const CHUNK = new RegExp(`'(?:[sdmt]|ll|ve|re)| ?${LETTER}+| ?\\p{Nd}+| ?${OTHER}+|${SPACE}+(?!${OTHER}|[\\p{L}\\p{N}])|${SPACE}+`, "gu")

/* The bytes of each chunk, a character for each, as the merges have them. */
export const split = text => (text.match(CHUNK) ?? []).map(chunk => [...new TextEncoder().encode(chunk)].map(byte => String.fromCharCode(byte)))

const key = (a, b) => `${a}\0${b}`

/* The steps to the tokens of a text: { merge, pair, chunks, joined }, the first without a merge. */
export function trace(text, ranks) {
  let chunks = split(text)
  const steps = [{ chunks, joined: new Set() }]
  for (;;) {
    let best
    for (const tokens of chunks)
      for (let i = 0; i + 1 < tokens.length; i++) {
        const rank = ranks.get(key(tokens[i], tokens[i + 1]))
        if (rank !== undefined && !(rank >= best?.rank))
          best = { rank, pair: [tokens[i], tokens[i + 1]] }
      }
    if (!best)
      return steps
    const joined = new Set()
    chunks = chunks.map((tokens, c) => {
      const merged = []
      for (const token of tokens)
        if (merged.length && merged.at(-1) === best.pair[0] && token === best.pair[1]) {
          merged[merged.length - 1] += token
          joined.add(`${c} ${merged.length - 1}`)
        } else
          merged.push(token)
      return merged
    })
    steps.push({ merge: best.rank + 1, pair: best.pair, chunks, joined })
  }
}

/* A token to be seen: a space is ␣, and bytes that are no whole character are written in hexadecimal. */
export function visible(token) {
  const bytes = Uint8Array.from(token, char => char.charCodeAt(0))
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes).replaceAll(" ", "␣")
  } catch {
    return [...bytes].map(byte => byte.toString(16).padStart(2, "0")).join(" ")
  }
}

customElements.define("figure-merges", class extends Figure {
  async build() {
    const { merges } = await load("merges.json")
    const ranks = new Map(merges.map(([a, b], i) => [key(a, b), i]))
    const status = liveText(), tiles = html("div", { class: "cut" }), place = html("div")
    let ending

    const tile = (token, joined) => {
      const id = token.length === 1 ? token.charCodeAt(0) : ids.get(token)
      return html("li", { class: joined ? "joined" : "" }, html("b", {}, visible(token)), html("span", {}, id))
    }
    const ids = new Map(merges.map(([a, b], i) => [a + b, 256 + i]))

    const show = text => {
      const steps = trace(text, ranks)
      const draw = k => {
        const { merge, pair, chunks, joined } = steps[k]
        tiles.replaceChildren(...chunks.map((tokens, c) =>
          html("ol", { class: "tokens", "aria-label": `chunk ${c + 1}` }, tokens.map((token, i) => tile(token, joined.has(`${c} ${i}`))))))
        const count = chunks.flat().length, tokens = `${count} ${count === 1 ? "token" : "tokens"}`
        const said = k ? `Merge ${merge} joins ${visible(pair[0])} and ${visible(pair[1])}: ${tokens}.` : `The bytes: ${tokens}.`
        status.say(k === steps.length - 1 ? `${said} No other merge fits.` : said)
      }
      ending?.abort()
      ending = new AbortController()
      const control = player({ count: steps.length, show: draw, area: live, left: ending.signal, text: k => `${k} of ${steps.length - 1}` })
      place.replaceChildren(control)
      control.go(0)
      return control
    }
    this.left.addEventListener("abort", () => ending?.abort())

    const id = newId()
    const input = html("input", {
      id, type: "text", value: START, maxlength: 32, size: 20, autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      oninput: () => show(input.value)
    })
    const examples = EXAMPLES.map(text => button({
      label: text.replace(/^ /, "␣"),
      press() {
        input.value = text
        show(text)
      }
    }))
    const live = html("div", { class: "merges" },
      row(html("div", { class: "control" }, html("label", { for: id }, "a text"), input), html("div", { class: "control examples", role: "group", "aria-label": "examples" }, examples)),
      place, tiles, status)
    show(START)
    return live
  }
})
