/* Speculative decoding: the draft's guesses, what the model gives each of them, and the dart that decides. Recorded by
   scripts/figures/speculation.py. */
import { liveText, row, select } from "./shared/controls.js"
import { html, number, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"
import { player } from "./shared/player.js"
import { axisLeft, linear, ticks } from "./shared/scale.js"

const HEIGHT = 210, TOP = 12, BOTTOM = 176, LEFT = 40

customElements.define("figure-speculation", class extends Figure {
  async build() {
    const { tokens, unit, draft, names } = await load("speculation.json")
    const bos = tokens.length - 1
    let steps = [], step, control
    const status = liveText(), tiles = html("ol", { class: "tokens", "aria-label": "tokens" })
    const live = html("div", { class: "speculation" })

    /* Every token that was judged, or drawn at the end of a pass, is a step. */
    const stepsOf = ({ passes }) => {
      const text = [bos]
      return passes.flatMap(({ guesses, model, tokens: made, darts }, pass) => made.map((token, k) => {
        const before = [...text]
        text.push(token)
        return { pass, passes: passes.length, before, start: before.length - k, guesses, k, token, guess: guesses[k], dart: darts[k],
          p: model[k].map(x => x / unit), q: k < guesses.length ? draft[before.at(-1)].map(x => x / unit) : undefined }
      }))
    }

    const picture = drawing({
      height: HEIGHT, left: this.left, label: "For each token the share that the draft gives it and the share that the model gives it",
      draw(place, width) {
        const { p, q, guess, dart, token } = step
        const largest = Math.max(...p, ...q ?? [])
        const y = linear([0, largest], [BOTTOM, TOP]), slot = (width - LEFT) / (tokens.length + 1)
        const x = i => LEFT + slot * (i + (i === bos ? 1 : 0.5)) // BOS is wider
        const bar = (i, low, high, name) => svg("rect", { class: name, x: x(i) - slot * 0.36, width: slot * 0.72, y: y(high), height: y(low) - y(high) })
        const places = ticks(0, largest, 4)
        place.append(axisLeft(y, places, { x: LEFT - 4, end: width, text: share => number(share, largest < 0.3 ? 2 : 1) }))
        tokens.forEach((name, i) => {
          const both = q ? Math.min(p[i], q[i]) : p[i]
          place.append(bar(i, 0, both, "fill-a"))
          if (q)
            place.append(bar(i, both, Math.max(p[i], q[i]), p[i] > q[i] ? "fill-b" : "too-much"))
          const kind = i === token ? "chosen" : i === guess ? "refused" : "note"
          place.append(svg("text", { class: kind, x: x(i), y: BOTTOM + 15, "text-anchor": "middle", style: `font-size: ${slot < 13 ? 10 : 12}px` }, name))
        })
        if (q)
          place.append(svg("circle", { class: "here", cx: x(guess), cy: y(dart * q[guess]), r: 4 }))
        place.append(svg("text", { x: Math.min(Math.max(x(token), LEFT + 30), width - 30), y: BOTTOM + 31, "text-anchor": "middle" }, `comes: ${tokens[token]}`))
      }
    })

    const say = () => {
      const { pass, passes, p, q, guess, dart, token, before, k } = step
      const head = `Pass ${pass + 1} of ${passes}, after ${before.length > 1 ? before.slice(1).map(t => tokens[t]).join("") : "BOS"}: `
      if (!q)
        return `${head}all ${k} guesses are kept, so the same pass gives one more, drawn from the model's shares: ${tokens[token]}.`
      const shares = `the draft guesses ${tokens[guess]} and gave it ${number(q[guess], 3)}; the model gives it ${number(p[guess], 3)}. `
      if (p[guess] >= q[guess])
        return `${head}${shares}That is no less: kept.`
      const fell = `The dart falls at ${number(dart * q[guess], 3)}, `
      return token === guess ? `${head}${shares}${fell}below that: kept.`
        : `${head}${shares}${fell}above that: refused. In its place one is drawn from the orange: ${tokens[token]}.`
    }

    const show = n => {
      step = steps[n]
      const { before, start, guesses, k, token, guess } = step
      const tile = (t, kind, text) => html("li", { class: kind }, html("b", {}, tokens[t]), html("span", {}, text))
      tiles.replaceChildren(
        ...before.map((t, i) => tile(t, "read", i < start ? "text" : "kept")),
        ...guesses.slice(k, k + 1).map(t => tile(t, token === guess ? "kept" : "refused", token === guess ? "kept" : "refused")),
        ...(token === guess ? [] : [tile(token, "made", guess === undefined ? "one more" : "drawn")]),
        ...guesses.slice(k + 1).map(t => tile(t, "later", token === guess ? "guess" : "in vain")))
      picture.redraw()
      status.say(say())
    }

    const choose = i => {
      steps = stepsOf(names[i])
      const made = player({ count: steps.length, show, area: live, left: this.left, label: "token", pause: 2000 })
      control?.stop()
      control?.replaceWith(made)
      control = made
      if (live.isConnected)
        control.go(0)
    }
    choose(0)
    const sign = name => svg("svg", { viewBox: "0 0 16 12", width: 16, height: 12, "aria-hidden": "true" }, svg("rect", { x: 1, y: 1, width: 14, height: 10, class: name }))
    live.append(
      row(select({ label: "name", choices: names.map(({ name }, i) => [i, name]), value: 0, change: i => choose(Number(i)) })), control, tiles, picture,
      html("p", { class: "speculation-key" }, [["fill-a", "both give it"], ["too-much", "the draft gives too much"], ["fill-b", "the draft gives too little"]]
        .map(([name, text]) => html("span", {}, sign(name), text))),
      status)
    control.go(0)
    return live
  }
})
