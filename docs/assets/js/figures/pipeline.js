/* One token on its way through gpt: a row for each stage, with the vector it makes. The stages and their texts are
   taken from the still; the vectors were recorded while the real gpt() read the name (scripts/figures/_passes.py). Or all
   comes from the lab: `own` is what a model of the reader's does with a text. */
import { checkbox, liveText, radio, row } from "./shared/controls.js"
import { follow, html, number } from "./shared/dom.js"
import { Figure } from "./shared/figure.js"
import { loadPasses, nameSelect, recorded } from "./shared/passes.js"
import { player } from "./shared/player.js"
import { strip } from "./shared/strip.js"

customElements.define("figure-pipeline", class extends Figure {
  async build() {
    const { own } = this, { names: choices, vocabulary } = own ?? recorded(this), bos = vocabulary.length - 1
    let name = own ? own.text : choices[0], time = "after", data = own ? own.passed : await loadPasses(name)
    let position = own ? data.tokens.length - 1 : 2 // as in pipeline.py
    const live = html("div"), status = liveText(), where = html("p"), positions = html("div")
    const list = own ? own.stages : this.querySelector(".still .pipeline").cloneNode(true)
    const stages = [...list.children]
    list.tabIndex = 0 // it can be scrolled on a phone
    list.setAttribute("aria-label", "the stages of gpt")
    const result = html("p", { class: "pipeline-result" })
    stages.at(-1).append(result)
    const token = i => vocabulary[data.tokens[i]]

    const fill = () => {
      const read = data.tokens.slice(0, position + 1).map(id => vocabulary[id])
      for (const place of list.querySelectorAll(".stage-strip")) {
        const { key, label } = place.dataset, own = data[key][time][position]
        const head = key === "weights" && Number(label.at(-1)) - 1
        const names = { weights: read, logits: vocabulary, probs: vocabulary }[key]
        place.lastElementChild.replaceWith(strip(head === false ? own : own[head], {
          label: label ?? place.closest("li").querySelector("code").textContent, names, digits: 3, largest: head === false ? 0 : 1
        }))
      }
      where.replaceChildren(
        html("code", {}, `token_id = ${data.tokens[position]}`), ` is ${token(position)}, `, html("code", {}, `pos_id = ${position}`), ". ",
        position ? `In the cache: ${read.slice(0, -1).join(", ")}.` : "The cache is empty.")
      const probs = data.probs[time][position]
      const best = probs.map((p, id) => [p, vocabulary[id]]).sort(([a], [b]) => b - a).slice(0, 3)
      const next = data.tokens[position + 1] ?? bos
      result.textContent = `Most likely next: ${best.map(([p, text]) => `${text} ${number(p, 3)}`).join(", ")}. `
        + (next === bos ? `${name} ends here: BOS ${number(probs[next], 3)}.` : `${name} goes on with ${vocabulary[next]}: ${number(probs[next], 3)}.`)
    }

    const show = k => {
      stages.forEach((stage, i) => {
        stage.classList.toggle("later", i > k)
        stage.removeAttribute("aria-current")
        stage.querySelector(".stage-strips").ariaHidden = i > k
      })
      stages[k].setAttribute("aria-current", "step")
      result.style.visibility = k === stages.length - 1 ? "visible" : "hidden"
      const text = stages[k].querySelector(".stage-text").cloneNode(true)
      follow(stages[k], list)
      status.replaceChildren(stages[k].querySelector("code").cloneNode(true), ": ", ...text.childNodes)
    }

    const choosePosition = i => {
      position = Number(i)
      fill()
    }
    const offerPositions = () => positions.replaceChildren(radio({
      label: "position", value: position, change: choosePosition, choices: data.tokens.map((_, i) => [i, `${i} ${token(i)}`])
    }))
    const chooseName = (chosen, to) => {
      data = chosen
      name = to
      position = Math.min(position, data.tokens.length - 1)
      offerPositions()
      fill()
    }

    const control = player({ count: stages.length, show, area: live, left: this.left, label: "stage", pause: 2500 })
    stages.forEach((stage, i) => stage.addEventListener("click", () => control.go(i)))
    live.append(
      row(
        own ? "" : nameSelect({ names: choices, status, change: chooseName, another: true }),
        own ? "" : radio({ label: "training", choices: ["before", "after"], value: time, change: to => { time = to; fill() } }),
        checkbox({ label: "numbers", change: on => live.classList.toggle("numbers", on) })),
      positions, control, status, where, list)
    offerPositions()
    fill()
    control.go(0)
    return live
  }
})
