/* A drawing that is as wide as its place: draw(svg, width) fills an empty <svg>, again whenever the width changes. */
import { html, svg } from "./dom.js"

export function drawing({ height, label, draw, left }) {
  const element = html("div", { class: "drawing", style: { "min-height": `${height}px` } }) // nothing moves when it is drawn
  let width = 0

  element.redraw = () => {
    if (!width)
      return
    const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label })
    draw(picture, width)
    element.replaceChildren(picture)
  }

  const observer = new ResizeObserver(() => {
    const now = Math.floor(element.clientWidth)
    if (now && now !== width) {
      width = now
      element.redraw()
    }
  })
  observer.observe(element)
  left.addEventListener("abort", () => observer.disconnect())
  return element
}
