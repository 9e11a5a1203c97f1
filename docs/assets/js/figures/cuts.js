/* What top-k and top-p leave of the model's shares after a beginning, and which names they forbid. Recorded by
   scripts/figures/cuts.py; the shares by scripts/figures/temperature.py. */
import { liveText, radio, row, select, slider } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"
import { axisLeft, linear } from "./shared/scale.js"
import { distribution } from "./temperature.js"

const START = "em", HEIGHT = 200, BOTTOM = 172, LEFT = 34, NAMES = 1000

customElements.define("figure-cuts", class extends Figure {
  async build() {
    const [{ lost_k, lost_p, names }, { tokens, logits }] = await Promise.all([load("cuts.json"), load("temperature.json")])
    let beginning = START, kind = "k", k = 18, p = 95
    let order, shares, left, control
    const status = liveText(), cast = html("ol", { class: "tokens", "aria-label": "names that can be written, or can't" })

    /* As in the chapter: how many tokens stay. */
    const kept = () => {
      if (kind === "k")
        return k
      let total = 0
      const last = order.findIndex(i => (total += shares[i]) >= p / 100)
      return last < 0 ? tokens.length : last + 1
    }

    const picture = drawing({
      height: HEIGHT, left: this.left, label: "The model's shares, the likeliest token first, and what they become when the others are cut",
      draw(place, width) {
        const x = linear([0, tokens.length], [LEFT, width]), total = order.slice(0, left).reduce((sum, i) => sum + shares[i], 0)
        const y = linear([0, 1], [BOTTOM, 8])
        place.append(axisLeft(y, [0, 0.25, 0.5, 0.75, 1], { x: LEFT, end: width, text: share => number(share, 2) }))
        order.forEach((i, n) => {
          const bar = (height, name) => svg("rect", { class: name, x: x(n + 0.12), width: x(0.76) - x(0), y: y(height), height: BOTTOM - y(height) })
          if (n < left)
            place.append(bar(shares[i] / total, "fill-b"), bar(shares[i], "fill-a"))
          else
            place.append(bar(shares[i], "too-much"))
          place.append(svg("text", { x: x(n + 0.5), y: BOTTOM + (tokens[i].length > 1 ? 27 : 15), "text-anchor": "middle", class: n < left ? "" : "note" }, tokens[i]))
        })
        place.append(svg("line", { class: "d dashed", x1: x(left), x2: x(left), y1: 8, y2: BOTTOM }))
      }
    })

    const show = () => {
      shares = distribution(logits[beginning], 1)
      order = tokens.map((_, i) => i).sort((a, b) => shares[b] - shares[a])
      left = kept()
      const total = order.slice(0, left).reduce((sum, i) => sum + shares[i], 0), lost = kind === "k" ? lost_k[k - 1] : lost_p[p - 1]
      picture.redraw()
      cast.replaceChildren(...Object.entries(names).map(([name, [rank, share]]) => {
        const gone = kind === "k" ? rank > k : share >= p / 100
        return html("li", { class: gone ? "gone" : "" }, html("b", {}, name), html("span", {}, gone ? "forbidden" : "possible"))
      }))
      status.say(`After ${beginning || "BOS"}, ${left} of ${tokens.length} tokens are left, with ${number(total, 3)} of the share. `
        + `Of ${NAMES} names that the model hasn't read, ${lost} can't be written.`)
    }

    const place = html("div")
    const choose = to => {
      kind = to
      control = kind === "k" ? slider({ label: "k", min: 1, max: tokens.length, step: 1, value: k, digits: 0, change: x => { k = x; show() } })
        : slider({ label: "p", min: 0.01, max: 1, step: 0.01, value: p / 100, digits: 2, change: x => { p = Math.round(100 * x); show() } })
      place.replaceChildren(control)
      show()
    }
    const live = html("div", { class: "cuts" },
      row(select({
        label: "after", value: START, choices: Object.keys(logits).map(text => [text, text || "nothing (BOS)"]),
        change(text) { beginning = text; show() }
      }), radio({ label: "cut", choices: [["k", "top-k"], ["p", "top-p"]], value: kind, change: choose }), place),
      picture, status, cast)
    choose(kind)
    return live
  }
})
