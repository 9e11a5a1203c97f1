/* Making elements, and writing numbers. */

const SVG = "http://www.w3.org/2000/svg"

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false)
      continue
    if (name.startsWith("on"))
      element.addEventListener(name.slice(2), value)
    else if (name === "style" && typeof value === "object")
      for (const [key, part] of Object.entries(value))
        element.style.setProperty(key, part)
    else
      element.setAttribute(name, value === true ? "" : value)
  }
  element.append(...children.flat(Infinity).filter(child => child !== undefined && child !== null && child !== false))
  return element
}

/* html("p", { class: "note", onclick: f }, "text", element): attributes; listeners begin with `on`. */
export const html = (tag, properties = {}, ...children) => fill(document.createElement(tag), properties, children)
export const svg = (tag, properties = {}, ...children) => fill(document.createElementNS(SVG, tag), properties, children)

/* A number with a true minus sign: number(-1.5) is "−1.50". */
export const number = (x, digits = 2) =>
  Number.isFinite(x) ? (Math.abs(x) < 0.5 * 10 ** -digits ? 0 : x).toFixed(digits).replace("-", "−")
    : x > 0 ? "∞" : x < 0 ? "−∞" : "nan"

export const percent = (p, digits = 1) => `${number(100 * p, digits)}%`

let count = 0
export const newId = () => `figure-part-${++count}`

/* What is long scrolls in its box until `part` is seen; the page stays where it is. */
export function follow(part, box) {
  const inner = part?.getBoundingClientRect(), outer = box.getBoundingClientRect()
  if (inner && (inner.top < outer.top || inner.bottom > outer.bottom))
    box.scrollTop += inner.top - outer.top - (outer.height - inner.height) / 3
}
