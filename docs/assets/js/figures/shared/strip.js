/* A vector as a row of colored cells: orange is more than 0, blue is less, the strongest color is `largest`. */
import { html, number } from "./dom.js"

export function color(element, x, largest) {
  element.classList.toggle("more", x > 0)
  element.classList.toggle("less", x < 0)
  element.style.setProperty("--amount", `${Math.round(100 * Math.min(1, Math.abs(x) / largest))}%`)
}

/* `names` are shown above the cells, one for each. The numbers are seen where an ancestor has the class `numbers`. */
export function strip(values, { label, largest = 0, digits = 2, names } = {}) {
  largest = largest || Math.max(...values.map(Math.abs)) || 1
  const low = number(Math.min(...values), digits), high = number(Math.max(...values), digits)
  const cells = values.map((x, i) => {
    const text = number(x, digits)
    const cell = html("span", { title: `${names ? names[i] : i}: ${text}` }, names && html("b", {}, names[i]), html("i", {}, text))
    color(cell, x, largest)
    return cell
  })
  const summary = `${label ? `${label}: ` : ""}${values.length} numbers from ${low} to ${high}`
  return html("span", { class: names ? "strip named" : "strip", role: "group", "aria-label": summary }, cells)
}
