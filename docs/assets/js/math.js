/* Formulas. Arithmatex leaves TeX between \( \) or \[ \] in elements of the class arithmatex. When the reader comes
   near one, KaTeX is loaded from ../vendor/ and sets all of the page. Without JavaScript the TeX is read. */
(() => {
  const vendor = new URL("../vendor/katex/", document.currentScript.src)
  const delimiters = [
    { left: "\\(", right: "\\)", display: false },
    { left: "\\[", right: "\\]", display: true }
  ]

  /* In the body, because instant navigation removes from the head what the next page doesn't have there. */
  const add = (name, properties) => new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement(name), properties)
    element.onload = resolve
    element.onerror = () => reject(new Error(`${element.href ?? element.src} can't be loaded`))
    document.body.append(element)
  })

  async function load() {
    await Promise.all([
      add("link", { rel: "stylesheet", href: new URL("katex.min.css", vendor) }),
      add("script", { src: new URL("katex.min.js", vendor) })
    ])
    await add("script", { src: new URL("contrib/auto-render.min.js", vendor) })
  }

  let library

  async function set(formulas) {
    try {
      await (library ??= load())
      for (const formula of formulas)
        renderMathInElement(formula, { delimiters, throwOnError: false })
    } catch (error) {
      library = undefined // the next page tries again
      console.error("Formulas can't be set.", error)
    }
  }

  let observer, formulas = []

  function come() {
    observer.disconnect()
    set(formulas)
    formulas = []
  }

  addEventListener("beforeprint", () => formulas.length && come())

  document$.subscribe(() => {
    observer?.disconnect()
    observer = new IntersectionObserver(
      entries => entries.some(entry => entry.isIntersecting) && come(), { rootMargin: "400px 0px" }
    )
    formulas = document.querySelectorAll(".arithmatex")
    formulas.forEach(formula => observer.observe(formula))
  })
})()
