/* Material keeps in the history how far a page is scrolled, a moment late: if the next page is already on its way, its
   entry gets the number, and then it isn't opened at its top or its anchor. So while one comes, nothing is kept. */
(() => {
  const { replaceState } = history
  let shown = location.pathname, coming = false
  location$.subscribe(url => { coming = url.pathname !== shown })
  document$.subscribe(() => {
    shown = location.pathname
    coming = false
  })
  history.replaceState = function (...entry) {
    if (!coming)
      replaceState.apply(this, entry)
  }
})()
