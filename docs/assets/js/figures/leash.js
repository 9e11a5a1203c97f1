/* Reward against distance from the model that one began with; and what each model writes. Recorded by
   scripts/figures/leash.py. */
import { liveText, row, slider } from "./shared/controls.js"
import { html, number, percent, svg } from "./shared/dom.js"
import { drawing } from "./shared/drawing.js"
import { Figure, load } from "./shared/figure.js"
import { slide } from "./shared/pointer.js"
import { axisBelow, axisLeft, line, linear } from "./shared/scale.js"

const HEIGHT = 280, LEFT = 40, FARTHEST = 9
const CLASSES = { base: "fill-d", picked: "fill-c", rewarded: "fill-a", free: "fill-b", pairs: "leash-pairs" }

customElements.define("figure-leash", class extends Figure {
  async build() {
    const { share, best, models } = await load("leash.json")
    let now = models.findIndex(({ name }) => name === "leash 0.3"), places = []
    const status = liveText(), names = html("p", { class: "leash-names" })
    const picture = drawing({
      height: HEIGHT, left: this.left,
      label: "Share of names that end in a against nats from the base: the best that can be, and models; the text tells of the chosen one",
      draw(place, width) {
        // The square root leaves room for the first nat, where all but the unleashed stay.
        const x = linear([0, Math.sqrt(FARTHEST)], [LEFT, width - 12]), y = linear([0, 1], [HEIGHT - 42, 12])
        const at = nats => x(Math.sqrt(Math.max(0, nats)))
        places = models.map(({ reward, nats }) => [at(nats), y(reward)])
        const free = places.filter((_, i) => models[i].kind === "free")
        place.append(
          axisLeft(y, [0, 0.25, 0.5, 0.75, 1], { x: LEFT, end: width - 12, text: v => percent(v, 0) }),
          axisBelow(at, [0, 1, 4, 9], { y: y(0), label: "nats from the base", end: width - 12 }),
          svg("path", { class: "curve thin d", d: line([...best.map(([share, nats]) => [at(nats), y(share)]), [width - 12, y(1)]]) }),
          svg("path", { class: "curve b dashed", d: line([[at(0), y(share)], ...free]) }),
          ...places.map(([cx, cy], i) => svg("circle", { class: CLASSES[models[i].kind], cx, cy, r: i === now ? 8 : 4.5, "data-model": models[i].name })),
          svg("circle", { class: "leash-ring", cx: places[now][0], cy: places[now][1], r: 11 }))
      }
    })
    const show = () => {
      const { name, reward, nats, different, texts } = models[now]
      status.say(`${name[0].toUpperCase()}${name.slice(1)}: ${percent(reward, 0)} end in a, ${number(nats, 1)} nats from the base; of 500 names ${different} are different.`)
      names.textContent = texts.map(text => text || "(empty)").join(", ")
      picture.redraw()
    }
    const control = slider({ label: "model", min: 0, max: models.length - 1, step: 1, value: now, text: i => models[i].name, change: to => { now = to; show() } })
    slide(picture, event => {
      const box = picture.getBoundingClientRect(), [px, py] = [event.clientX - box.left, event.clientY - box.top]
      const far = places.map(([x, y]) => Math.hypot(x - px, y - py))
      now = far.indexOf(Math.min(...far))
      control.set(now)
      show()
    })
    const live = html("div", { class: "leash" }, row(control), picture, status, names)
    show()
    return live
  }
})
