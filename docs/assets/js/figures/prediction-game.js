/* The prediction game: the context grows, the target moves, and the model said beforehand what it expected. */
import { liveText, radio, row, select } from "./shared/controls.js"
import { html, number, percent, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"
import { player } from "./shared/player.js"
import { ANOTHER, anotherText } from "./shared/lab.js"
import { axisLeft, linear, ticks } from "./shared/scale.js"

const HEIGHT = 190, TOP = 14, BOTTOM = 150, LEFT = 40

customElements.define("figure-prediction-game", class extends Figure {
  async build() {
    const { chars, steps, names } = await load("prediction-game.json")
    const live = html("div")
    let name = Object.keys(names)[0], step = steps[1], ending, shown

    const open = () => {
      ending?.abort()
      ending = new AbortController()
      const { game, element } = this.game(names[name], [...name], chars, () => step, ending.signal)
      shown?.remove()
      live.append(element)
      shown = element
      game.go(0)
      return game
    }
    let game
    const own = anotherText({ what: "played", take(found, text) {
      names[text] = found
      name = text
      game = open()
    } })
    live.append(row(
      select({
        label: "name", choices: [...Object.keys(names), ANOTHER], change(choice) {
          own.show(choice === ANOTHER)
          if (choice === ANOTHER)
            return
          name = choice
          game = open()
        }
      }),
      own,
      radio({
        label: "model", choices: [[steps[0], "before training"], [steps[1], `after ${steps[1]} steps`]], value: step, change(choice) {
          step = choice
          game.go(game.position)
        }
      })))
    game = open()
    this.left.addEventListener("abort", () => ending.abort())
    return live
  }

  /* The game with one name: its element, and its player. */
  game(models, letters, chars, step, left) {
    const tokens = ["BOS", ...letters, "BOS"], count = tokens.length - 1
    const vocabulary = [...chars, "BOS"], idOf = token => vocabulary.indexOf(token)
    const largest = Math.max(...Object.values(models).flatMap(model => model.probs.flat()))
    const element = html("div"), status = liveText()
    let k = 0

    const tiles = tokens.map(token => ({ token, name: html("b"), part: html("span") }))
    const places = tiles.map(({ name, part }) => html("li", {}, name, part))

    const rows = tokens.slice(1).map((target, i) => {
      const cells = [0, 1, 2, 3].map(() => html("td"))
      return { target, cells, element: html("tr", {}, html("th", { scope: "row" }, i), cells) }
    })
    const mean = html("td"), end = html("tr", {}, html("th", { scope: "row", colspan: 4 }, "mean"), mean)
    const table = html("table", { class: "pairs" },
      html("thead", {}, html("tr", {}, ["position", "context", "target", "p", "loss"].map(text => html("th", { scope: "col" }, text)))),
      html("tbody", {}, rows.map(row => row.element)), html("tfoot", {}, end))

    const bars = drawing({
      height: HEIGHT, left, label: "Bars: how likely the model holds each of the 27 tokens, the target marked.",
      draw(picture, width) {
        const probs = models[step()].probs[k], target = idOf(tokens[k + 1])
        const y = linear([0, largest], [BOTTOM, TOP]), slot = (width - LEFT) / (vocabulary.length + 1)
        const x = i => LEFT + slot * (i + (i === chars.length ? 1 : 0.5)) // BOS is wider
        const known = y(1 / vocabulary.length), size = slot < 13 ? 10 : 12
        picture.append(axisLeft(y, ticks(0, largest, 4).filter(p => p > 2 / vocabulary.length), { x: LEFT - 4, end: width, text: p => percent(p, 0) }),
          ...probs.flatMap((p, i) => [
            svg("rect", { x: x(i) - slot * 0.36, width: slot * 0.72, y: y(p), height: BOTTOM - y(p), class: i === target ? "fill-b" : "fill-a" }),
            svg("text", { x: x(i), y: BOTTOM + 14, "text-anchor": "middle", style: `font-size: ${size}px`, class: i === target ? "b target" : "note" }, vocabulary[i])
          ]),
          svg("line", { x1: LEFT - 4, x2: width, y1: known, y2: known, class: "d dashed" }),
          svg("text", { x: LEFT - 10, y: known + 4, "text-anchor": "end", class: "note" }, "1/27"),
          svg("text", { x: Math.min(Math.max(x(target), LEFT + 40), width - 52), y: BOTTOM + 32, "text-anchor": "middle", class: "b" },
            `target ${tokens[k + 1]}: ${percent(probs[target])}`))
      }
    })

    const show = position => {
      k = position
      const model = models[step()], probs = model.probs[k], best = probs.indexOf(Math.max(...probs)), target = tokens[k + 1]
      places.forEach((place, i) => {
        place.className = i <= k ? "read" : i === k + 1 ? "target" : "later"
        tiles[i].name.textContent = i <= k + 1 ? tiles[i].token : "?"
        tiles[i].part.textContent = i <= k ? "context" : i === k + 1 ? "target" : "unseen"
      })
      rows.forEach(({ target, cells, element }, i) => {
        const pair = [tokens.slice(0, i + 1).join(" "), target, number(model.probs[i][idOf(target)], 3), number(model.losses[i])]
        cells.forEach((cell, j) => { cell.textContent = i <= k ? pair[j] : "·" })
        element.className = i > k ? "later" : i === k ? "now" : ""
      })
      end.className = k < count - 1 ? "later" : "now"
      mean.textContent = k < count - 1 ? "·" : number(model.mean)
      bars.redraw()
      status.say(`Position ${k}. After ${tokens.slice(0, k + 1).join(" ")} the model expects “${vocabulary[best]}” most, with ${percent(probs[best])}. `
        + `The target is “${target}”, with ${percent(probs[idOf(target)])}: loss ${number(model.losses[k])}.`
        + (k === count - 1 ? ` The mean of the ${count} losses is ${number(model.mean)}.` : ""))
    }

    const game = player({ count, show, area: element, left, label: "prediction", pause: 1500 })
    element.append(game, html("ol", { class: "tokens game", "aria-label": "tokens" }, places), status, bars, table)
    return { game, element }
  }
})
