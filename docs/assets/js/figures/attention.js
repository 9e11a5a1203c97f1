/* Who looks at whom: the attention weights of each head, and for every cell how its weight came about. All numbers
   were recorded while the real gpt() read the name (scripts/figures/_passes.py), or come from the lab: `own` is what a
   model of the reader's does with a text. */
import { liveText, radio, row } from "./shared/controls.js"
import { html, number } from "./shared/dom.js"
import { Figure } from "./shared/figure.js"
import { loadPasses, nameSelect, recorded } from "./shared/passes.js"
import { color, strip } from "./shared/strip.js"

const FULL = 0.6 // the weight with the full color, as in attention.py

customElements.define("figure-attention", class extends Figure {
  async build() {
    const { own } = this, { names, vocabulary } = own ?? recorded(this), letter = token => vocabulary[token]
    let time = "after", head = 0, data = own ? own.passed : await loadPasses(names[0])
    const HEADS = [...data.weights[time][0].keys()]
    let query = data.tokens.length - 1, key = query - 1 // positions: who looks, and at whom
    const live = html("div"), status = liveText()
    const grid = html("table", { class: "attention-grid", role: "grid" }), title = html("p"), details = html("table", { class: "attention-sum" })
    const thumbs = HEADS.map(() => html("span", { class: "thumb", "aria-hidden": "true" }))
    const size = data.q[time][0].length / HEADS.length
    const part = vector => vector.slice(head * size, (head + 1) * size)
    let cells

    const choose = chosen => {
      data = chosen
      query = data.tokens.length - 1
      key = query - 1
      draw()
    }

    /* The grid of a head, and the thumbs of all. */
    const draw = () => {
      const tokens = data.tokens.map(letter), weights = data.weights[time]
      live.style.setProperty("--count", tokens.length)
      HEADS.forEach(h => {
        thumbs[h].replaceChildren(...tokens.flatMap((_, i) => tokens.map((_, j) => {
          const cell = html("span", { class: j > i && "future" })
          if (j <= i)
            color(cell, weights[i][h][j], FULL)
          return cell
        })))
      })
      cells = tokens.map((_, i) => tokens.map((_, j) => {
        const cell = html("td", {
          class: j > i && "future", tabindex: -1, onfocus: () => look(i, j), onpointerenter: () => look(i, j), onclick: () => cell.focus()
        }, j > i ? "" : number(weights[i][head][j]))
        if (j > i)
          cell.setAttribute("aria-label", "not in the cache yet")
        else
          color(cell, weights[i][head][j], FULL)
        return cell
      }))
      grid.setAttribute("aria-label", `Attention weights of head ${head + 1}, ${own ? "now" : `${time} training`}: a row for each position that looks, a column for each it looks at`)
      grid.replaceChildren(
        html("thead", {}, html("tr", {}, html("td"), tokens.map((text, j) => html("th", { scope: "col" }, `${j}`, html("br"), text)))),
        html("tbody", {}, cells.map((line, i) => html("tr", {}, html("th", { scope: "row" }, `${i} ${tokens[i]}`), line))))
      look(query, key)
    }

    /* One cell, and the row of sums that it belongs to. */
    const look = (i, j) => {
      cells[query]?.[key]?.removeAttribute("aria-selected")
      cells.flat().forEach(cell => { cell.tabIndex = -1 })
      cells[i][j].tabIndex = 0
      cells[i][j].setAttribute("aria-selected", true)
      query = i
      key = j
      const tokens = data.tokens.map(letter), at = k => `position ${k} (${tokens[k]})`
      const [products, scores, weights] = [data.products, data.scores, data.weights].map(all => all[time][i][head])
      const largest = Math.max(...[data.q, data.k].flatMap(all => all[time].flatMap(part)).map(Math.abs))
      title.replaceChildren(`Query of ${at(i)} in head ${head + 1}: `, strip(part(data.q[time][i]), { label: "q", largest }))
      const line = k => html("tr", { class: k === j && "chosen" },
        html("th", { scope: "row" }, `${k} ${tokens[k]}`),
        html("td", {}, strip(part(data.k[time][k]), { label: "k", largest })),
        [products[k], scores[k]].map(x => html("td", {}, number(x, 3))),
        html("td", {}, number(weights[k], 3), html("span", { class: "bar", style: { "--share": weights[k] } })))
      details.replaceChildren(
        html("thead", {}, html("tr", {}, ["position", "key", "q·k", `÷ √${size}`, "weight"].map(text => html("th", { scope: "col" }, text)))),
        html("tbody", {}, products.map((_, k) => line(k))),
        html("tfoot", {}, html("tr", {}, html("th", { scope: "row", colspan: 4 }, "sum"), html("td", {}, number(weights.reduce((a, b) => a + b), 3)))))
      status.say(j > i ? `When ${at(i)} is read, position ${j} is not in the cache yet: no score, no weight.`
        : `${tokens[i]} at ${i} looks at ${tokens[j]} at ${j}: q·k = ${number(products[j], 3)}, divided by √${size} = ${number(Math.sqrt(size), Number.isInteger(Math.sqrt(size)) ? 0 : 3)} it is ${number(scores[j], 3)}, weight ${number(weights[j], 3)}.`)
    }

    grid.addEventListener("keydown", event => {
      const last = cells.length - 1
      const to = {
        ArrowLeft: [query, key - 1], ArrowRight: [query, key + 1], ArrowUp: [query - 1, key], ArrowDown: [query + 1, key],
        Home: [query, 0], End: [query, last]
      }[event.key]
      if (!to || event.altKey || event.ctrlKey || event.metaKey)
        return
      event.preventDefault()
      event.stopPropagation()
      cells[to[0]]?.[to[1]]?.focus()
    })

    live.append(
      own ? "" : row(
        nameSelect({ names, status, change: choose, another: vocabulary.length === 27 }),
        radio({ label: "training", choices: ["before", "after"], value: time, change: to => { time = to; draw() } })),
      row(radio({
        label: "head", choices: HEADS.map(h => [h, html("span", { class: "thumb-label" }, thumbs[h], html("span", {}, h + 1))]), value: head,
        change: h => { head = h; draw() }
      })),
      status,
      html("div", { class: size > 8 ? "beside attention" : "beside attention numbers" }, // 16 numbers would be too wide
        html("div", {}, grid), html("div", { class: "attention-details" }, title, details)))
    draw()
    return live
  }
})
