/* The model's own distribution of the next token after a beginning, at any temperature, and draws from it. The logits
   were recorded by scripts/figures/temperature.py. */
import { button, liveText, row, select, slider } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"
import { ANOTHER, anotherText } from "./shared/lab.js"
import { axisLeft, line, linear } from "./shared/scale.js"

const START = "em", SEED = 42, HEIGHT = 220

/* As in the chapter: softmax(logits / temperature); at 0 all on the largest. */
export function distribution(logits, temperature) {
  const largest = Math.max(...logits)
  if (temperature === 0)
    return logits.map((_, i) => Number(i === logits.indexOf(largest)))
  const exps = logits.map(logit => Math.exp((logit - largest) / temperature))
  const total = exps.reduce((sum, e) => sum + e)
  return exps.map(e => e / total)
}

/* Random numbers from 0 to 1, the same for the same seed, like the program's. (mulberry32, public domain) */
export function random(seed) {
  return () => {
    seed = seed + 0x6D2B79F5 | 0
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed)
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
    return ((t ^ t >>> 14) >>> 0) / 4294967296
  }
}

/* Where on a ruler, cut into pieces as long as the shares, a number from 0 to 1 falls. */
function pick(shares, x) {
  let cut = 0
  const found = shares.findIndex(share => (cut += share) > x)
  return found < 0 ? shares.indexOf(Math.max(...shares)) : found // rounding may leave a hair at the end
}

customElements.define("figure-temperature", class extends Figure {
  async build() {
    const { tokens, logits } = await load("temperature.json")
    const next = random(SEED)
    let beginning = START, temperature = 1, order, shares, counts, total

    let paint = () => {}
    const picture = drawing({
      height: HEIGHT, left: this.left, label: "The shares of the tokens as bars, in the order of the list below",
      draw(place, width) {
        const x = linear([0, tokens.length], [34, width]), y = linear([0, 1], [HEIGHT - 30, 8])
        const own = distribution(logits[beginning], 1)
        const bar = (from, to, name) => svg("rect", { x: x(from), width: x(to) - x(from), class: name })
        const bars = order.map((_, k) => [bar(k + 0.1, k + 0.6, "fill-a"), bar(k + 0.6, k + 0.9, "fill-b")])
        place.append(axisLeft(y, [0, 0.25, 0.5, 0.75, 1], { x: 34, end: width, text: p => number(p, 2) }), ...bars.flat(),
          ...order.flatMap((i, k) => [
            svg("path", { d: line([[x(k + 0.02), y(own[i])], [x(k + 0.98), y(own[i])]]), class: "temperature-own" }),
            svg("text", { x: x(k + 0.5), y: HEIGHT - (tokens[i].length > 1 ? 2 : 15), "text-anchor": "middle" }, tokens[i])
          ]))
        paint = () => bars.forEach((pair, k) => pair.forEach((rect, n) => {
          const height = n ? total && counts[order[k]] / total : shares[order[k]]
          rect.setAttribute("y", y(height))
          rect.setAttribute("height", y(0) - y(height))
        }))
        paint()
      }
    })
    const rows = tokens.map(() => {
      const [token, share, count] = [html("b"), html("span", { class: "share" }), html("span", { class: "count" })]
      return { token, share, count, element: html("li", {}, token, share, count) }
    })
    const drawn = html("span", { class: "temperature-total" })
    const status = liveText()

    const show = () => {
      rows.forEach(({ token, share, count }, place) => {
        const i = order[place]
        token.textContent = tokens[i]
        share.textContent = number(shares[i], 3)
        count.textContent = counts[i] ? `${counts[i]}×` : ""
      })
      drawn.textContent = `${total} drawn`
      paint()
    }

    /* The order is that of the logits, whatever the temperature is. */
    const change = () => {
      order = tokens.map((_, i) => i).sort((a, b) => logits[beginning][b] - logits[beginning][a])
      shares = distribution(logits[beginning], temperature)
      clear()
      const [first, second] = order
      status.say(`The likeliest token, ${tokens[first]}, has a share of ${number(shares[first], 3)}, `
        + `the next, ${tokens[second]}, of ${number(shares[second], 3)}.`)
    }

    function clear() {
      counts = tokens.map(() => 0)
      total = 0
      show()
    }

    const draw = count => {
      let x, i
      for (let k = 0; k < count; k++) {
        x = next()
        i = pick(shares, x)
        counts[i] += 1
      }
      total += count
      show()
      const often = [...order].sort((a, b) => counts[b] - counts[a]).slice(0, 3).filter(i => counts[i])
      status.say(count === 1 ? `The random number ${number(x, 4)} has drawn ${tokens[i]}.`
        : `Drawn most often: ${often.map(i => `${tokens[i]} ${counts[i]} times`).join(", ")}.`)
    }

    const own = anotherText({ what: "last_logits", take(found, text) {
      logits[text] = found
      beginning = text
      change()
      picture.redraw()
    } })
    const controls = row(
      select({
        label: "after", value: START,
        choices: [...Object.keys(logits).map(text => [text, text || "nothing (BOS)"]), ANOTHER],
        change(text) {
          own.show(text === ANOTHER)
          if (text === ANOTHER)
            return
          beginning = text
          change()
          picture.redraw()
        }
      }),
      own,
      slider({
        label: "temperature", min: 0, max: 3, step: 0.05, value: 1, digits: 2,
        change(t) {
          temperature = t
          change()
        }
      }))
    const draws = row(
      button({ label: "draw 1", press: () => draw(1) }),
      button({ label: "draw 100", press: () => draw(100) }),
      button({
        label: "clear", press() {
          clear()
          status.say("No draws.")
        }
      }),
      drawn)
    const sign = name => svg("svg", { viewBox: "0 0 16 12", width: 16, height: 12, "aria-hidden": "true" },
      name === "temperature-own" ? svg("path", { d: "M0 6h16", class: name }) : svg("rect", { width: 16, height: 12, class: name }))
    const key = html("p", { class: "temperature-key" },
      html("span", {}, sign("fill-a"), "share"),
      html("span", {}, sign("temperature-own"), "share at temperature 1"),
      html("span", {}, sign("fill-b"), "part of the draws"))
    change()
    return html("div", { class: "temperature" }, controls, picture, key, draws, status,
      html("ol", { class: "temperature-tokens" }, rows.map(({ element }) => element)))
  }
})
