/* The base of all figures: it loads recorded data, puts the live figure beside the still, and ends with the page. */

const recorded = new Map()

/* The content of docs/assets/data/figures/NAME, loaded once. A relative path leads elsewhere below docs/assets/data. */
export function load(name) {
  const url = new URL(`../../../data/figures/${name}`, import.meta.url).href
  if (!recorded.has(url)) {
    recorded.set(url, fetch(url).then(response => {
      if (!response.ok)
        throw new Error(`${name}: ${response.status}`)
      return response.json()
    }))
    recorded.get(url).catch(() => recorded.delete(url)) // the next one tries again
  }
  return recorded.get(url)
}

export class Figure extends HTMLElement {
  /* To be written by each figure: return the live figure, an element, or a promise of one. `this.dataset` holds the
     options; `this.left` is an AbortSignal for listeners and timers that must end with the page. */
  build() {
    throw new Error("build is not written")
  }

  async start() {
    if (this.live)
      return
    const ending = new AbortController()
    this.ending = ending
    this.left = ending.signal
    const live = await this.build()
    if (ending.signal.aborted || !this.isConnected)
      return
    live.classList.add("live")
    this.live = live
    this.append(live)
  }

  disconnectedCallback() {
    this.ending?.abort()
    this.live?.remove()
    this.live = undefined
  }
}
