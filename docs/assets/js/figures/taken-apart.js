/* One prediction taken apart: each logit is a sum of what the embedding, attention and the MLP add. Recorded by
   scripts/figures/taken_apart.py. */
import { liveText, row, select } from "./shared/controls.js"
import { html, number, percent } from "./shared/dom.js"
import { Figure, load } from "./shared/figure.js"
import { player } from "./shared/player.js"
import { color } from "./shared/strip.js"

const PARTS = ["the letter and its place", "attention", "the MLP"], SHOWN = 8

customElements.define("figure-taken-apart", class extends Figure {
  async build() {
    const { tokens, unit, names } = await load("taken-apart.json")
    let name = Object.keys(names)[0], control
    const status = liveText(), body = html("tbody")
    const live = html("div", { class: "taken-apart" })
    const show = k => {
      const { parts, shares } = names[name][k]
      const read = k ? name.slice(0, k) : "nothing", next = name[k] ?? "BOS"
      const best = shares.map((_, i) => i).sort((a, b) => shares[b] - shares[a])
      const shown = best.slice(0, SHOWN)
      if (!shown.includes(tokens.indexOf(next)))
        shown.push(tokens.indexOf(next))
      const largest = Math.max(...shown.flatMap(i => parts.map(part => Math.abs(part[i])))) / unit
      body.replaceChildren(...shown.map(i => {
        const values = parts.map(part => part[i] / unit)
        const cells = values.map(x => {
          const cell = html("td", { class: "part" }, number(x))
          color(cell, x, largest)
          return cell
        })
        return html("tr", { class: tokens[i] === next && "now" }, html("th", { scope: "row" }, tokens[i]), cells,
          html("td", {}, number(values.reduce((a, b) => a + b))), html("td", {}, percent(shares[i])))
      }))
      status.say(`After ${read} comes ${next}, which the model gave ${percent(shares[tokens.indexOf(next)])}.`)
    }
    const make = () => {
      const made = player({ count: names[name].length, show, area: live, left: this.left, label: "letters read", text: String })
      control?.replaceWith(made)
      control = made
    }
    make()
    live.append(row(select({
      label: "name", choices: Object.keys(names), value: name,
      change(to) {
        name = to
        make()
        control.go(0)
      }
    })), control, html("table", {},
      html("thead", {}, html("tr", {}, ["next", ...PARTS, "logit", "share"].map(text => html("th", { scope: "col" }, text)))), body), status)
    control.go(3)
    return live
  }
})
