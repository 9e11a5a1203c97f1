/* From numbers to places in a drawing. */
import { number, svg } from "./dom.js"

/* A function from [low, high] to [from, to]; `invert` goes the other way. */
export function linear([low, high], [from, to]) {
  const scale = x => from + (x - low) / (high - low) * (to - from)
  scale.invert = y => low + (y - from) / (to - from) * (high - low)
  return scale
}

/* The same for positive numbers, by their logarithms. */
export function logarithmic([low, high], range) {
  const inner = linear([Math.log10(low), Math.log10(high)], range)
  const scale = x => inner(Math.log10(x))
  scale.invert = y => 10 ** inner.invert(y)
  return scale
}

/* Round numbers between low and high, about `count` of them. */
export function ticks(low, high, count = 5) {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find(factor => factor * power >= rough) ?? 10)
  const first = Math.ceil(low / step - 1e-9)
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

/* The `d` of a path through points; a point that is not finite is a gap. */
export function line(points) {
  let d = "", pen = "M"
  for (const [x, y] of points) {
    if (Number.isFinite(x) && Number.isFinite(y)) {
      d += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`
      pen = "L"
    } else
      pen = "M"
  }
  return d
}

/* Axes for a drawing: x below, y at the left, with thin rules. `places` are numbers; `text` writes them. */
export function axisBelow(scale, places, { y, text = x => number(x, 0), label, end }) {
  return svg("g", { class: "axis" },
    places.map(x => [
      svg("line", { x1: scale(x), x2: scale(x), y1: y, y2: y + 5 }),
      svg("text", { x: scale(x), y: y + 18, "text-anchor": "middle" }, text(x))
    ]),
    label && svg("text", { x: end, y: y + 34, "text-anchor": "end", class: "axis-label" }, label))
}

export function axisLeft(scale, places, { x, end, text = y => number(y, 1), label, top }) {
  return svg("g", { class: "axis" },
    places.map(y => [
      svg("line", { x1: x, x2: end, y1: scale(y), y2: scale(y), class: "rule" }),
      svg("text", { x: x - 6, y: scale(y) + 4, "text-anchor": "end" }, text(y))
    ]),
    label && svg("text", { x, y: top, class: "axis-label" }, label))
}
