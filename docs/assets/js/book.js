/* What Material leaves to be done for the keyboard, for screen readers, and on paper. */
(() => {
  const narrow = matchMedia("(max-width: 76.234375em)") // where Material has a drawer

  /* What scrolls can be scrolled by the keyboard: it takes the focus, but only while there is something to scroll. */
  const SCROLLS = ".md-content :is(pre > code, .md-typeset__scrollwrap, div.arithmatex, .mermaid)"
  const sizes = new ResizeObserver(entries => requestAnimationFrame(() => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth)
        target.tabIndex = 0
      else
        target.removeAttribute("tabindex")
    }
  }))

  const rename = (cell, name, properties) => cell.replaceWith(
    Object.assign(document.createElement(name), { innerHTML: cell.innerHTML, ...properties })
  )

  /* A header without a name heads nothing. Where no column has a name, the first cell of a row is its name. */
  function nameRows(table) {
    const heads = [...table.tHead?.rows[0]?.cells ?? []]
    const nameless = heads.filter(cell => !cell.textContent.trim())
    if (nameless.length && nameless.length === heads.length)
      [...table.tBodies[0].rows].forEach(row => rename(row.cells[0], "th", { scope: "row" }))
    nameless.forEach(cell => rename(cell, "td"))
  }

  /* What is mended when it comes onto the page. */
  const mends = {
    [SCROLLS]: box => sizes.observe(box),
    /* Lists of links inside a navigation, and the buttons of a code block, are no landmarks. */
    ".md-nav--secondary .md-nav, .md-code__nav": nav => {
      nav.setAttribute("role", "none")
      nav.removeAttribute("aria-label")
    },
    /* In the drawer, the ways into a list and back. Material's script presses a label on Enter. */
    ".md-nav--primary :is(.md-nav__item--section > .md-nav__link, .md-nav__title[for^=__nav], [for=__toc])": label => {
      if (narrow.matches)
        label.tabIndex = 0
      else
        label.removeAttribute("tabindex")
    },
    ".md-typeset table:not([class])": nameRows,
    /* Instant navigation makes whole addresses of all links: paper shows only those that lead elsewhere. */
    ".md-typeset a[href]": link => link.toggleAttribute("data-here", link.origin === location.origin)
  }

  function mend(root) {
    for (const [selector, change] of Object.entries(mends)) {
      if (root.matches(selector))
        change(root)
      root.querySelectorAll(selector).forEach(change)
    }
  }

  new MutationObserver(records => records
    .flatMap(({ addedNodes }) => [...addedNodes])
    .filter(node => node instanceof HTMLElement && node.isConnected)
    .forEach(mend)
  ).observe(document.body, { childList: true, subtree: true })
  narrow.addEventListener("change", () => mend(document.body))
  mend(document.body)

  /* The header stays from page to page. */
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search")

  /* The drawer opens by a label, which the keyboard can't reach. So there is a button. */
  const label = document.querySelector(".md-header__button[for=__drawer]")
  const drawer = document.getElementById("__drawer")
  if (label && drawer) {
    const button = document.createElement("button")
    button.className = label.className
    button.setAttribute("for", "__drawer") // Material's style looks for it
    button.setAttribute("aria-label", "Contents")
    button.append(...label.childNodes)
    button.addEventListener("click", () => drawer.click())
    label.replaceWith(button)

    const tell = () => button.setAttribute("aria-expanded", drawer.checked)
    drawer.addEventListener("change", tell)
    tell()
    addEventListener("keydown", event => {
      if (event.key === "Escape" && drawer.checked) {
        drawer.click()
        button.focus()
      }
    })
  }

  /* A browser that prints doesn't wait for formulas and diagrams that are not there yet. So where the keys for printing
     are pressed, they come first. */
  const UNSET = "pre.mermaid, .arithmatex:not(:has(.katex))"

  async function print() {
    dispatchEvent(new Event("beforeprint"))
    for (let waits = 0; waits < 50 && document.querySelector(UNSET); waits++)
      await new Promise(resolve => setTimeout(resolve, 100))
    window.print()
  }

  addEventListener("keydown", event => {
    if (event.key === "p" && (event.ctrlKey || event.metaKey) && document.querySelector(UNSET)) {
      event.preventDefault()
      print()
    }
  })
})()
