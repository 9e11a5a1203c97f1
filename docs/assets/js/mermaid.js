/* Diagrams. Material draws each <pre class="mermaid"> with the global `mermaid`, and where there is none it fetches
   one from another site. So here is one. It stands in for the Mermaid that lies in ../vendor/ and loads it only when
   the reader comes near a diagram; then all diagrams of the page are drawn. Until then, and if that fails, and without
   JavaScript, the diagram's source is read. Colors are CSS variables and follow the palette without drawing again. */
(() => {
  const path = "../vendor/mermaid/mermaid.esm.min.mjs" // from this script
  const smallest = 0.68 // of the size of text: below, a diagram that goes sideways goes downwards

  /* What Material's own rules leave out. */
  const rules = `
    .edgeLabel, .edgeLabel p, .labelBkg { background-color: var(--md-default-bg-color); }
    .nodeLabel p, .edgeLabel p { line-height: 1.3; }
  `

  let settings = {}
  let library

  let come
  const near = new Promise(resolve => { come = resolve })
  const observer = new IntersectionObserver(
    entries => entries.some(entry => entry.isIntersecting) && come(), { rootMargin: "200px 0px" }
  )
  addEventListener("beforeprint", () => document.querySelector("pre.mermaid") && come())

  async function load() {
    const { default: mermaid } = await import(path)
    mermaid.initialize({
      ...settings,
      themeCSS: `${settings.themeCSS ?? ""}${rules}`,
      flowchart: { rankSpacing: 28, nodeSpacing: 24, padding: 10, diagramPadding: 2 }, // a page is narrow
      suppressErrorRendering: true
    })
    return mermaid
  }

  /* Mermaid measures the labels, so their font has to be there. */
  const font = text => document.fonts
    .load(`1em ${getComputedStyle(document.body).getPropertyValue("--md-text-font-family")}`, text)
    .catch(() => {})

  const downwards = text => text.replace(
    /^(\s*(?:flowchart|graph)\s+)(LR|RL)\b/m, (_, head, way) => head + { LR: "TB", RL: "BT" }[way]
  )

  const width = ({ svg }) => Number(/viewBox="\S+ \S+ (\S+)/.exec(svg)?.[1] ?? 0)

  async function draw(mermaid, id, text, room) {
    const drawing = await mermaid.render(id, text)
    const turned = downwards(text)
    if (turned === text || width(drawing) * smallest <= room)
      return drawing
    const other = await mermaid.render(id, turned)
    return width(other) < width(drawing) ? other : drawing
  }

  window.mermaid = {
    initialize(given) {
      settings = given
    },

    async render(id, text) {
      const page = document.querySelector(".md-content .md-typeset")
      document.querySelectorAll("pre.mermaid").forEach(pre => observer.observe(pre))
      await near
      observer.disconnect()
      try {
        if (page.isConnected) {
          const mermaid = await (library ??= load())
          await font(text)
          return await draw(mermaid, id, text, page.clientWidth)
        }
      } catch (error) {
        library = undefined // the next page tries again
        console.error("A diagram can't be drawn.", error)
      }
      return new Promise(() => {}) // never: the source stays
    }
  }
})()
