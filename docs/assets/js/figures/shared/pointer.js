/* The mouse and fingers on a drawing. */

const FINGER = 26 // pixels: how near a finger has to come to a point to take it

/* The mouse or a finger anywhere on `element` calls move(event), from where it goes down until it is lifted. */
export function slide(element, move) {
  element.addEventListener("pointerdown", event => {
    if (event.button)
      return
    element.setPointerCapture(event.pointerId)
    move(event)
  })
  element.addEventListener("pointermove", event => element.hasPointerCapture(event.pointerId) && move(event))
}

/* The mouse anywhere, or a finger near a point, drags: take(event) when it begins, then move(event). `distance(event)`
   tells how many pixels the nearest point is away; a finger that is far from all of them scrolls the page. */
export function drag(element, { distance, take, move }) {
  const far = event => distance(event) > FINGER
  let held // a finger has the capture wherever it went down
  element.addEventListener("pointerdown", event => {
    if (event.button || event.pointerType === "touch" && far(event))
      return
    take(event)
    held = event.pointerId
    element.setPointerCapture(held)
  })
  element.addEventListener("touchstart", event => far(event.touches[0]) || event.preventDefault(), { passive: false })
  element.addEventListener("pointermove", event => event.pointerId === held && move(event))
  element.addEventListener("lostpointercapture", () => { held = undefined })
}
