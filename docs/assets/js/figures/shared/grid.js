/* Going through the cells of a grid, one of which is chosen. */

/* Where a key leads from cell `here` of a grid with so many columns, or undefined if it leads nowhere. The key is used up:
   the arrows of the figure don't hear it. */
export function walk(event, here, columns, count) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey)
    return undefined
  const c = here % columns
  const to = {
    ArrowLeft: c ? here - 1 : here, ArrowRight: c < columns - 1 ? here + 1 : here, ArrowUp: here - columns, ArrowDown: here + columns,
    Home: here - c, End: here - c + columns - 1
  }[event.key]
  if (to === undefined)
    return undefined
  event.preventDefault()
  event.stopPropagation()
  return to >= 0 && to < count ? to : undefined
}

/* The mouse over a cell, or a tap on it, calls point(its number). */
export function pointAt(grid, cells, point) {
  for (const type of ["pointerover", "click"])
    grid.addEventListener(type, event => {
      const i = cells().indexOf(event.target)
      if (i >= 0)
        point(i)
    })
}
