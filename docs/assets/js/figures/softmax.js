/* Five logits, their exponentials, and their shares; and what the subtraction of the largest is for. */
import { checkbox, liveText, row, slider } from "./shared/controls.js"
import { html, number } from "./shared/dom.js"
import { Figure } from "./shared/figure.js"

const START = [2.1, 0.3, -0.5, 1.0, -2.0]
const LARGEST = 709.782712893384 // the last x with a finite e^x; beyond it Python's math.exp raises OverflowError

/* What the chapter's `softmax` does, step by step; `shares` is undefined where the program would fail. */
export function softmax(logits, subtract) {
  const largest = subtract ? Math.max(...logits) : 0
  const exponents = logits.map(logit => logit - largest)
  const exps = exponents.map(x => x > LARGEST ? Infinity : Math.exp(x))
  const total = exps.reduce((sum, e) => sum + e, 0)
  const works = exps.every(Number.isFinite) && total > 0
  return { exponents, exps, total, shares: works ? exps.map(e => e / total) : undefined }
}

const short = x => x === Infinity ? "overflow" : x !== 0 && (x >= 1e4 || x < 1e-3) ? x.toExponential(1).replace("-", "−") : number(x, 3)

customElements.define("figure-softmax", class extends Figure {
  build() {
    const logits = [...START]
    let factor = 1, subtract = true
    const status = liveText()

    const rows = logits.map((_, i) => {
      const cells = [0, 1, 2].map(() => html("td"))
      const bar = html("span", { class: "bar" })
      const control = slider({
        label: `logit ${i}`, min: -5, max: 5, value: logits[i], quiet: true,
        change(x) {
          logits[i] = x
          show()
        }
      })
      return { cells, bar, element: html("tr", {}, html("th", { scope: "row" }, control), cells) }
    })
    const sum = html("td")
    const shareSum = html("td")

    const show = () => {
      const { exponents, exps, total, shares } = softmax(logits.map(logit => logit * factor), subtract)
      rows.forEach(({ cells, bar }, i) => {
        cells[0].textContent = number(exponents[i], 1)
        cells[1].textContent = short(exps[i])
        cells[2].replaceChildren(shares ? number(shares[i], 3) : "–", bar)
        bar.style.setProperty("--share", shares ? shares[i] : 0)
      })
      sum.textContent = short(total)
      shareSum.textContent = shares ? number(shares.reduce((a, b) => a + b), 3) : "–"
      status.say(shares ? `The shares: ${shares.map(p => number(p, 3)).join(", ")}.`
        : exps.includes(Infinity) ? "OverflowError: math range error. An exponential is too large for a floating-point number."
          : "ZeroDivisionError. All exponentials are 0, and so is their sum.")
      status.classList.toggle("error", !shares)
    }

    const table = html("table", { class: "softmax" },
      html("thead", {}, html("tr", {}, ["logit", "exponent", "exponential", "share"].map(text => html("th", { scope: "col" }, text)))),
      html("tbody", {}, rows.map(({ element }) => element)),
      html("tfoot", {}, html("tr", {}, html("th", { scope: "row" }, "sum"), html("td"), sum, shareSum)))

    const controls = row(
      slider({
        label: "all logits times", min: 1, max: 400, step: 1, value: 1, digits: 0,
        change(x) {
          factor = x
          show()
        }
      }),
      checkbox({
        label: "subtract the largest first", checked: true,
        change(on) {
          subtract = on
          show()
        }
      }))
    show()
    return html("div", {}, table, controls, status)
  }
})
