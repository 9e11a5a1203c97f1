/* Everything that leans on how Material 9.8 works inside, in one place: look here when it is renewed. It stands before
   Material's own script, which would fetch the index of the search at once. */
(() => {
  /* The index of the search is larger than a page with all its fonts, and Material fetches it with each page, and the
     worker that reads it too. So both wait until the reader turns to the search, or comes from it: then the address says
     what to mark. Material asks for the index by XMLHttpRequest, and makes the worker from its own script. */
  const wanted = new Promise(resolve => {
    if (/[?&][qh]=/.test(location.search))
      resolve()
    document.forms.search?.addEventListener("focusin", resolve, { once: true })
    document.getElementById("__search")?.addEventListener("change", resolve, { once: true })
  })

  const { open, send } = XMLHttpRequest.prototype

  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    this.waits = String(url).endsWith("/search/search_index.json")
    return open.call(this, method, url, ...rest)
  }

  XMLHttpRequest.prototype.send = function (body) {
    if (this.waits)
      wanted.then(() => send.call(this, body))
    else
      send.call(this, body)
  }

  const { Worker } = window

  class LateWorker extends EventTarget {
    constructor(url) {
      super()
      this.worker = wanted.then(() => {
        const worker = new Worker(url)
        worker.onmessage = ({ data }) => this.dispatchEvent(new MessageEvent("message", { data }))
        return worker
      })
    }

    postMessage(data) {
      this.worker.then(worker => worker.postMessage(data))
    }
  }

  /* Only the search's own worker is late, whoever makes one before or after it. */
  window.Worker = new Proxy(Worker, {
    construct: (target, [url, ...rest]) =>
      /\/workers\/search\.[^/]*js$/.test(String(url)) ? new LateWorker(url) : Reflect.construct(target, [url, ...rest])
  })

  /* The search is open while its field has the focus. A result that is chosen with Enter closes it, but leaves the focus
     there: keys are then typed where nobody sees them, it doesn't open again, and the next Enter loads the page anew. And
     a focus that comes in the same millisecond as the last one went doesn't open it. */
  const toggle = document.getElementById("__search"), field = document.querySelector(".md-search__input")
  toggle?.addEventListener("change", () => toggle.checked || field.blur())
  field?.addEventListener("focus", () => toggle.checked || toggle.click())

  /* Material keeps in the history how far a page is scrolled, a moment late: if the next page is already on its way, its
     entry gets the number, and then it isn't opened at its top or its anchor. So while one comes, nothing is kept. */
  const { replaceState } = history
  let shown = location.pathname, coming = false
  addEventListener("DOMContentLoaded", () => {
    location$.subscribe(url => { coming = url.pathname !== shown })
    document$.subscribe(() => {
      shown = location.pathname
      coming = false
    })
  })
  history.replaceState = function (...entry) {
    if (!coming)
      replaceState.apply(this, entry)
  }

  /* Material lets the table of contents glide along with the text. */
  const still = matchMedia("(prefers-reduced-motion: reduce)")
  const scroll = Element.prototype.scrollTo
  Element.prototype.scrollTo = function (...to) {
    if (still.matches && to[0]?.behavior)
      to[0] = { ...to[0], behavior: "instant" }
    return scroll.apply(this, to)
  }
})()
