/* Figures. On the page each is an element like <figure-softmax> that holds a still: a table or a drawing made when the
   site was built. When the reader comes near, its module from figures/ is loaded and brings it to life; the still stays
   for print. Without JavaScript, or if something can't be loaded, the still is what is seen. */
(() => {
  const folder = new URL("figures/", document.currentScript.src)

  async function start(element) {
    const name = element.localName.replace("figure-", "")
    try {
      await import(new URL(`${name}.js`, folder))
      if (element.isConnected) // or the reader has left, and it never became a figure
        await element.start()
    } catch (error) {
      console.error(`The figure ${name} can't be shown.`, error)
      const message = document.createElement("p")
      message.className = "figure-problem"
      message.role = "status"
      message.textContent = `The interactive figure can't be shown (${error.message}). Here are its recorded values.`
      element.querySelector(".figure-problem")?.remove()
      element.prepend(message)
    }
  }

  let observer
  document$.subscribe(() => {
    observer?.disconnect()
    observer = new IntersectionObserver(entries => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting)
          continue
        observer.unobserve(target)
        start(target)
      }
    }, { rootMargin: "500px 0px" })
    document.querySelectorAll(".figure > :has(> .still)").forEach(element => observer.observe(element))
  })
})()
