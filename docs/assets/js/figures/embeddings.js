/* The rows of wte and wpe, their sum, its normalization; and which rows are alike, at seven moments of the training. */
import { button, checkbox, liveText, radio, row, select, slider } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"
import { color, strip } from "./shared/strip.js"

const STEPS = [0, 10, 50, 100, 200, 500, 1000]
const { chars } = await load("tokenizer.json"), BOS = chars.length
const LETTERS = [...chars, "BOS"]
const VOWELS = [..."aeiou"].map(vowel => chars.indexOf(vowel)), CONSONANTS = LETTERS.map((_, i) => i).filter(i => i < BOS && !VOWELS.includes(i))
const PAIRS = [["vowels", VOWELS, VOWELS], ["a vowel and a consonant", VOWELS, CONSONANTS], ["consonants", CONSONANTS, CONSONANTS]]
const KINDS = {
  wte: { groups: [VOWELS, CONSONANTS, [BOS]], short: i => i === BOS ? "·" : LETTERS[i], name: i => LETTERS[i] }, // a BOS would be too wide
  wpe: { groups: [Array.from({ length: 16 }, (_, i) => i)], short: String, name: i => `position ${i}` }
}

const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0)
export const cosine = (a, b) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
export const add = (a, b) => a.map((x, i) => x + b[i])
export const rmsnorm = x => x.map(xi => xi * (dot(x, x) / x.length + 1e-5) ** -0.5)
const times = count => count === 1 ? "once" : `${count.toLocaleString("en")} times`

function meanCosine(rows, some, others) {
  const cosines = some.flatMap(i => others.filter(j => j !== i).map(j => cosine(rows[i], rows[j])))
  return dot(cosines, cosines.map(() => 1)) / cosines.length
}

customElements.define("figure-embeddings", class extends Figure {
  async build() {
    let token = 4, position = 1 // as in embeddings.py
    let kind = "wte", step = 1000, data = await load(`embeddings-${step}.json`)
    const live = html("div"), status = liveText()
    const strips = html("div", { class: "strips" }), ranked = html("div"), means = html("tbody")
    const chosen = () => kind === "wte" ? token : position

    const choose = (newToken, newPosition, note = "") => {
      token = newToken
      position = newPosition
      tokenSelect.set(token)
      positionSlider.set(position)
      show(note)
    }
    const chooseToken = i => choose(i, i === BOS ? 0 : position || 1,
      i === BOS && position ? "BOS is read at position 0 and nowhere else. " : i !== BOS && !position ? "A letter is never at position 0. " : "")
    const choosePosition = i => choose(i === 0 ? BOS : token === BOS ? 4 : token, i,
      i === 0 ? "At position 0 stands BOS, always. " : token === BOS ? "BOS is only read at position 0; here is an e. " : "")

    const tokenSelect = select({ label: "token", choices: LETTERS.map((name, i) => [i, name]), value: token, change: i => chooseToken(Number(i)) })
    const positionSlider = slider({ label: "position", min: 0, max: 15, step: 1, value: position, digits: 0, change: choosePosition })
    const stepSlider = slider({
      label: "after training steps", min: 0, max: STEPS.length - 1, step: 1, value: STEPS.indexOf(step), text: i => STEPS[i],
      change: i => this.goTo(STEPS[i])
    })
    this.goTo = async to => {
      step = to
      const loaded = await load(`embeddings-${to}.json`).catch(error => error)
      if (step !== to)
        return // the reader is elsewhere by now
      if (loaded instanceof Error)
        return status.say(`The vectors of step ${to} can't be loaded (${loaded.message}).`)
      data = loaded
      show()
    }

    const map = drawing({ height: 0, label: "How alike each two rows are: a grid of cosines", left: this.left, draw: (picture, width) => drawMap(picture, width) })

    /* The grid is drawn when its rows change; `mark` points at the one that is chosen. */
    let drawn, mark
    function drawMap(picture, width) {
      drawn = data[kind]
      const { groups, short, name } = KINDS[kind], rows = data[kind], order = groups.flat()
      const gap = 4, size = Math.min(17, Math.floor((width - 16 - gap * groups.length) / order.length))
      const place = new Map(groups.flatMap((group, g) => group.map(i => [i, 16 + order.indexOf(i) * size + g * gap])))
      const side = 16 + order.length * size + (groups.length - 1) * gap + 1
      picture.setAttribute("viewBox", `0 0 ${side} ${side}`)
      picture.setAttribute("width", side)
      picture.setAttribute("height", side)
      const labels = new Map(order.map(i => [i, [
        svg("text", { x: place.get(i) + size / 2, y: 11, "text-anchor": "middle" }, short(i)),
        svg("text", { x: 7, y: place.get(i) + size / 2 + 4, "text-anchor": "middle" }, short(i))
      ]]))
      for (const i of order) {
        picture.append(...labels.get(i))
        for (const j of order.filter(j => j !== i)) {
          const similarity = cosine(rows[i], rows[j])
          const cell = svg("rect", { x: place.get(j), y: place.get(i), width: size, height: size, "data-row": i },
            svg("title", {}, `${name(i)} and ${name(j)}: ${number(similarity)}`))
          color(cell, similarity, 1)
          picture.append(cell)
        }
      }
      const frame = svg("rect", { x: 15.5, width: side - 16, height: size, class: "frame" })
      picture.append(frame)
      mark = () => {
        labels.forEach((pair, i) => pair.forEach(label => label.classList.toggle("chosen", i === chosen())))
        frame.setAttribute("y", place.get(chosen()))
      }
      mark()
      picture.onclick = event => {
        const i = event.target.dataset.row
        if (i !== undefined)
          (kind === "wte" ? chooseToken : choosePosition)(Number(i))
      }
    }

    const show = (note = "") => {
      const wte = data.wte[token], wpe = data.wpe[position], sum = add(wte, wpe)
      const largest = Math.max(...[...wte, ...wpe, ...sum].map(Math.abs))
      const parts = [
        [`wte[${token}]`, `${LETTERS[token]}, read ${times(data.wte_read[token])}`, wte, largest],
        [`wpe[${position}]`, `position ${position}, read ${times(data.wpe_read[position])}`, wpe, largest],
        ["add", "their sum", sum, largest],
        ["rmsnorm", "brought to size: x", rmsnorm(sum)]
      ]
      strips.replaceChildren(...parts.map(([code, text, vector, full]) =>
        [html("span", {}, html("code", {}, code), ` ${text}`), strip(vector, { label: code, largest: full })]).flat())

      const { groups, name, short } = KINDS[kind], rows = data[kind], own = chosen()
      const others = groups.flat().filter(i => i !== own).map(i => [cosine(rows[own], rows[i]), i]).sort(([a], [b]) => b - a)
      ranked.replaceChildren(
        html("p", {}, `From the most to the least like ${name(own)}:`),
        strip(others.map(([x]) => x), { label: `cosines with ${name(own)}, sorted`, largest: 1, names: others.map(([, i]) => short(i) === "·" ? "BOS" : short(i)) }))
      if (drawn === data[kind])
        mark()
      else {
        map.redraw()
        tokensOnly.forEach(element => { element.hidden = kind === "wpe" })
        means.replaceChildren(...PAIRS.map(([text, some, others]) =>
          html("tr", {}, html("th", { scope: "row" }, text), html("td", {}, number(meanCosine(data.wte, some, others))))))
      }
      const listed = pairs => pairs.map(([x, i]) => `${name(i)} (${number(x)})`).join(", ")
      status.say(`${note}After ${step.toLocaleString("en")} steps ${name(own)} is most like ${listed(others.slice(0, 4))}, and least like ${listed(others.slice(-2).reverse())}.`)
    }

    /* The letters of a name of the reader's, each at its position. */
    const letters = html("div", { class: "controls", role: "group", "aria-label": "its letters" })
    const ownName = html("input", { type: "text", size: 12, maxlength: 15, autocomplete: "off", autocapitalize: "off", spellcheck: "false", oninput() {
      const text = [...ownName.value.trim()], unknown = text.find(letter => !chars.includes(letter))
      letters.replaceChildren(...unknown || !text.length ? [] : ["BOS", ...text].map((letter, i) =>
        button({ label: `${i} ${letter}`, press: () => choose(i ? chars.indexOf(letter) : BOS, i) })))
      if (unknown)
        status.say(`The character ${unknown} is not in the alphabet ${chars.join("")}.`)
    } })

    const tokensOnly = [html("p", { class: "figure-note" }, "· is BOS"), html("table", { class: "means" }, html("caption", {}, "mean cosine of two tokens"), means)]
    live.append(
      row(tokenSelect, positionSlider, stepSlider, checkbox({ label: "numbers", change: on => live.classList.toggle("numbers", on) })),
      html("div", { class: "controls" }, html("label", { class: "control" }, "letters of your own", ownName), letters),
      strips, status,
      row(radio({ label: "compare", choices: [["wte", "tokens"], ["wpe", "positions"]], value: kind, change: value => { kind = value; show() } })),
      html("div", { class: "beside" },
        html("div", { class: "map" }, map, tokensOnly[0]),
        html("div", {}, ranked, tokensOnly[1])))
    show()
    return live
  }
})
