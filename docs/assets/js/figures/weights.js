/* All weights of the model: a matrix as a heat map, at the recorded steps. One weight is followed through them. */
import { liveText, row, select } from "./shared/controls.js"
import { html, newId, number } from "./shared/dom.js"
import { Figure, load } from "./shared/figure.js"
import { pointAt, walk } from "./shared/grid.js"
import { player } from "./shared/player.js"
import { color, strip } from "./shared/strip.js"

const NAMES = ["wte", "wpe", "lm_head", ...["attn_wq", "attn_wk", "attn_wv", "attn_wo", "mlp_fc1", "mlp_fc2"].map(name => `layer0.${name}`)]

customElements.define("figure-weights", class extends Figure {
  async build() {
    let matrix, cells, current, here = 0, wanted = NAMES[0]
    const live = html("div"), status = liveText(), readout = html("div", { class: "weight numbers" })
    const scale = html("p", { class: "scale" }), id = newId()
    const grid = html("div", { class: "matrix", role: "grid", tabindex: 0, onkeydown: event => go(event) })

    const open = async name => {
      wanted = name
      const { columns, row, rows, unit, steps } = await load(`weights-${name}.json`)
      if (wanted !== name)
        return // another was chosen meanwhile
      const values = Object.values(steps).map(weights => weights.map(w => w / unit))
      const sizes = values.flat().map(Math.abs).sort((a, b) => a - b)
      matrix = { name, columns, row, rows, steps: Object.keys(steps), values, largest: sizes[Math.floor(0.98 * sizes.length)] } // so that a few don't pale the others
      cells = values[0].map(() => html("span", { role: "gridcell" }))
      // Of 64 rows or columns every eighth shows its number.
      const header = (role, all, text, i) => html("span", { role }, all || i % 8 === 0 ? text : html("span", { class: "unseen" }, text))
      const head = values[0].slice(0, columns).map((_, i) => header("columnheader", columns < 32, i, i))
      grid.replaceChildren(html("div", { role: "row" }, html("span", { "aria-hidden": "true", class: "corner" }), head), ...rows.map((text, i) => html("div", { role: "row" },
        header("rowheader", rows.length < 32, text, i),
        cells.slice(i * columns, (i + 1) * columns))))
      grid.style.setProperty("--columns", columns)
      grid.classList.toggle("low", rows.length > 32)
      grid.setAttribute("aria-label", `${name}, ${rows.length} rows and ${columns} columns; the arrow keys go from weight to weight`)
      scale.replaceChildren(`≤ ${number(-matrix.largest)}`, html("span"), `≥ ${number(matrix.largest)}`)
      here = 0
    }

    const draw = k => {
      const { name, steps, values, largest } = matrix, weights = values[k]
      cells.forEach((cell, i) => color(cell, weights[i], largest))
      const size = Math.sqrt(weights.reduce((sum, w) => sum + w * w, 0) / weights.length)
      status.say(`${name} after ${steps[k]} steps: from ${number(Math.min(...weights), 3)} to ${number(Math.max(...weights), 3)}, root mean square ${number(size, 3)}.`)
      point(here)
    }

    /* One weight is marked, and shown at all steps. */
    const point = i => {
      const { name, columns, row, rows, steps, values, largest } = matrix, r = Math.floor(i / columns), c = i % columns
      here = i
      if (current !== cells[i]) {
        current?.removeAttribute("id")
        current = cells[i]
        current.id = id
        grid.setAttribute("aria-activedescendant", id)
      }
      const title = `${name}[${r}][${c}]`
      current.setAttribute("aria-label", `${title}: ${number(values[control.position][i], 3)}`)
      const story = strip(values.map(weights => weights[i]), { label: title, largest, digits: 3, names: steps })
      story.children[control.position].classList.add("now")
      readout.replaceChildren(html("p", {}, html("code", {}, title), ` · ${row} ${rows[r]}, column ${c}, after so many steps:`), story)
    }

    const go = event => {
      const to = walk(event, here, matrix.columns, cells.length)
      if (to !== undefined)
        point(to)
    }
    pointAt(grid, () => cells, point)

    await open(NAMES[0])
    const control = player({ count: matrix.steps.length, show: draw, area: live, left: this.left, label: "recorded step", pause: 1200 })
    const choice = select({
      label: "matrix", choices: NAMES, change: name => open(name).then(() => matrix.name === name && draw(control.position),
        error => {
          choice.set(matrix.name) // which is still shown
          status.say(`${name} can't be shown: ${error.message}`)
        })
    })
    live.append(row(choice), control, status, grid, scale, readout)
    control.go(0)
    return live
  }
})
