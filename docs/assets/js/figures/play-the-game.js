/* The game of the first chapter: the reader guesses the letters of names, beside rung 0 and the GPT, whose losses are
   recorded by scripts/figures/play_the_game.py. */
import { button, liveText, row, slider } from "./shared/controls.js"
import { html, number, percent } from "./shared/dom.js"
import { Figure, load } from "./shared/figure.js"

const AT_MOST = 3 // letters to name
const PLAYERS = [["you", "you"], ["pairs", "pairs, counted"], ["gpt", "our GPT"]]
const mean = numbers => numbers.reduce((sum, x) => sum + x, 0) / numbers.length

const quoted = text => text.length > 1 ? text : `“${text}”`

/* What a token gets: those that are named share `sure`, the others share the rest. */
export function share(token, named, sure, size) {
  if (!named.length)
    return 1 / size
  return named.includes(token) ? sure / named.length : (1 - sure) / (size - named.length)
}

customElements.define("figure-play-the-game", class extends Figure {
  async build() {
    const { chars, names } = await load("play-the-game.json")
    const tokens = [...chars, "the end"], end = chars.length, all = Object.keys(names)
    let at = 0, position = 0, sure = 0.6, named = [], paid = [], finished = []
    const status = liveText()
    const uncovered = html("ol", { class: "tokens", "aria-label": "uncovered so far" })
    const body = html("tbody"), foot = html("tfoot")
    const targets = () => [...all[at]].map(char => chars.indexOf(char)).concat(end)
    const over = () => position === targets().length

    const keys = tokens.map((token, i) => button({ label: i === end ? "end" : token, title: i === end ? "the end" : token, press: () => toggle(i) }))
    const knob = slider({
      label: "how sure", min: 5, max: 99, step: 1, value: 100 * sure, text: x => `${x}%`,
      change(to) {
        sure = to / 100
        answer()
      }
    })
    const go = button({ label: "Uncover", press: () => over() ? nextName() : uncover() })

    const answer = () => {
      keys.forEach((key, i) => key.setAttribute("aria-pressed", named.includes(i)))
      if (over())
        return
      const [mine, other] = [named[0], tokens.findIndex((_, i) => !named.includes(i))].map(i => percent(share(i, named, sure, tokens.length)))
      status.say(named.length ? `You give ${mine} to ${named.map(i => quoted(tokens[i])).join(" and ")}${named[1] === undefined ? "" : " each"}, ` +
        `and ${other} to each of the other ${tokens.length - named.length}.`
        : `You name nothing: each of the ${tokens.length} gets ${other}.`)
    }
    const toggle = i => {
      if (over())
        return
      if (!named.includes(i) && named.length === AT_MOST) {
        status.say(`${AT_MOST} at most. Take one back first.`)
        return
      }
      named = named.includes(i) ? named.filter(other => other !== i) : [...named, i]
      answer()
    }
    const uncover = () => {
      const target = targets()[position], p = share(target, named, sure, tokens.length)
      const losses = { you: -Math.log(p), ...Object.fromEntries(["pairs", "gpt"].map(key => [key, names[all[at]][key].losses[position]])) }
      const said = key => {
        const [token, share] = names[all[at]][key].favorites[position]
        return `${quoted(tokens[token])} first, with ${percent(share, 0)}`
      }
      let text = `It was ${quoted(tokens[target])}. You gave it ${percent(p)} and pay ${number(losses.you)}. ` +
        `Pairs had put ${said("pairs")}, and paid ${number(losses.pairs)}; the GPT ${said("gpt")}, and paid ${number(losses.gpt)}.`
      paid.push(losses)
      position += 1
      named = []
      if (over()) {
        finished.push({ you: mean(paid.map(losses => losses.you)), pairs: names[all[at]].pairs.mean, gpt: names[all[at]].gpt.mean })
        text += ` ${all[at]} is over: ${PLAYERS.map(([key, name]) => `${name} ${number(finished.at(-1)[key])}`).join("; ")}.`
      }
      answer()
      show()
      status.say(text)
    }
    const nextName = () => {
      if (finished.length === all.length)
        finished = []
      at = finished.length
      position = 0
      paid = []
      show()
      answer()
    }

    const cells = (head, losses) => html("tr", {}, html("th", { scope: "row" }, head), PLAYERS.map(([key]) => html("td", {}, number(losses[key]))))
    const show = () => {
      const known = targets().slice(0, position).map(i => html("li", {}, html("b", {}, i === end ? "end" : tokens[i])))
      uncovered.replaceChildren(...known, ...over() ? [] : [html("li", { class: "next" }, html("b", {}, "?"))])
      body.replaceChildren(...paid.map((losses, i) => cells(tokens[targets()[i]], losses)))
      const means = finished.length && PLAYERS.map(([key]) => [key, mean(finished.map(one => one[key]))])
      foot.replaceChildren(...over() ? [cells("this name", finished.at(-1))] : [],
        ...means ? [cells(`mean of ${finished.length} name${finished.length > 1 ? "s" : ""}`, Object.fromEntries(means))] : [])
      go.textContent = !over() ? "Uncover" : finished.length < all.length ? "Next name" : "Play again"
      for (const key of keys)
        key.setAttribute("aria-disabled", over())
    }

    const live = html("div", {
      class: "play-the-game",
      onkeydown(event) {
        const i = event.key === "." ? end : chars.indexOf(event.key)
        if (i < 0 || event.altKey || event.ctrlKey || event.metaKey)
          return
        event.preventDefault()
        event.stopPropagation() // Material opens its search, or turns pages, with some keys
        toggle(i)
      }
    },
    uncovered, html("div", { class: "letters", role: "group", "aria-label": "what comes next?" }, keys), row(knob, go), status,
    html("table", {},
      html("thead", {}, html("tr", {}, ["what came", ...PLAYERS.map(([, name]) => name)].map(text => html("th", { scope: "col" }, text)))), body, foot))
    show()
    answer()
    return live
  }
})
