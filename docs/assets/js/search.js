/* The index of the search is larger than a page with all its fonts, and Material would fetch it with each page, and the
   worker that reads it too. So both wait until the reader turns to the search, or comes from it: then the address says
   what to mark. */
(() => {
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

  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      window.Worker = Worker // the first is the one; others are made as always
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
})()
