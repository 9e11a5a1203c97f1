"""For everyone: the keyboard reaches everything and shows where it is; nothing moves for those who asked for that."""

from __future__ import annotations

import re

import pytest

CHAPTER = "3-architecture/04-softmax/"  # with code, a formula, a diagram, tables, answers and figures
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 360, "height": 800}
AXE = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] })
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => [id, html.slice(0, 100)]))
}"""
READY = (
    "!document.querySelector('pre.mermaid') &&"
    " [...document.querySelectorAll('.arithmatex')].every(formula => formula.querySelector('.katex'))"
)


def test_search_results(visit, axe):
    v = visit(reduced_motion="reduce")
    v.go(CHAPTER)
    v.page.evaluate(axe)
    v.page.keyboard.press("/")
    v.page.keyboard.type("softmax")
    v.page.wait_for_function("document.querySelectorAll('.md-search-result__item').length > 3")
    for scheme in ("light", "dark"):
        v.page.emulate_media(color_scheme=scheme)
        assert not v.page.evaluate(AXE)


# ---------------------------------------------------------------------- the keyboard

# The element that has the focus: its name, whether it is in view and on top, whether its ring is seen.
FOCUSED = """() => {
  let element = document.activeElement
  if (element === document.body)
    return null
  const name = element.outerHTML.slice(0, 120)
  if (element.matches(".md-option")) // one can't be seen; its label can
    element = element.nextElementSibling
  const { outlineStyle, outlineWidth, visibility } = getComputedStyle(element)
  const ring = outlineStyle !== "none" && parseFloat(outlineWidth) >= 1
  const box = [...element.getClientRects()].find(box => box.width && box.height) ?? element.getBoundingClientRect()
  const [x, y] = [box.left + Math.min(box.width / 2, 40), box.top + Math.min(box.height / 2, 40)]
  const top = document.elementFromPoint(x, y)
  const seen = visibility === "visible" && top !== null && (element.contains(top) || top.contains(element))
  return { name, ring, seen, place: [x, y] }
}"""
MARK = """() => {
  const again = document.activeElement.hasAttribute("data-been-here")
  document.activeElement.setAttribute("data-been-here", "")
  return again
}"""


def tab_through(v) -> list[str]:
    """Press Tab until the focus has left the page or comes back; the elements that had it. All of them are seen."""
    been = []
    for _ in range(500):
        v.page.keyboard.press("Tab")
        focused = v.page.evaluate(FOCUSED)
        if focused is None or v.page.evaluate(MARK):
            return been
        assert focused["ring"], f"no ring: {focused}"
        if not focused["seen"]:  # the search opens a moment later
            try:
                v.page.wait_for_function(f"({FOCUSED})()?.seen", timeout=2000)
            except Exception as error:
                raise AssertionError(f"not in view: {focused}") from error
        been.append(focused["name"])
    raise AssertionError("the focus never left the page")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_focus_is_always_seen(visit, size):
    v = visit(viewport=size, reduced_motion="reduce")
    v.go(CHAPTER)
    v.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    v.page.wait_for_function(READY)
    for i in range(v.page.locator(".figure").count()):
        v.page.locator(".figure").nth(i).scroll_into_view_if_needed()
        v.page.locator(".figure").nth(i).locator(".live").wait_for()
    v.page.evaluate("scrollTo(0, 0)")  # now everything is there, and nothing moves any more
    been = tab_through(v)
    assert been[0].startswith("<a") and "md-skip" in been[0]
    for part in ("md-option", "md-search__input", "chunk-name", "<summary", "md-code__button", "md-footer__link"):
        assert any(part in name for name in been), f"{part} can't be reached"
    assert any("md-nav__link" in name for name in been) == (size is WIDE), "the drawer is closed"


def test_the_link_to_the_content(visit):
    v = visit(reduced_motion="reduce")
    v.go(CHAPTER)
    v.page.keyboard.press("Tab")
    skip = v.page.locator(".md-skip")
    assert skip.evaluate("link => link === document.activeElement && getComputedStyle(link).opacity") == "1"
    v.page.keyboard.press("Enter")
    v.page.wait_for_function("!!document.querySelector('.md-content :target')")
    v.page.keyboard.press("Tab")
    assert v.page.evaluate("!!document.activeElement.closest('.md-content')")


def test_the_drawer_by_keyboard(visit):
    v = visit(viewport=NARROW, reduced_motion="reduce")
    v.go(CHAPTER)
    button = v.page.locator("button[for=__drawer]")
    button.focus()
    assert button.get_attribute("aria-expanded") == "false"
    v.page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    v.page.wait_for_function("document.querySelector('.md-sidebar--primary').getBoundingClientRect().left === 0")
    v.page.locator(".md-sidebar--primary .md-nav__link--active:visible").first.focus()
    seen = v.page.evaluate(FOCUSED)
    assert seen["ring"] and seen["seen"]

    back = v.page.locator(".md-nav__title[for^=__nav]:visible").first  # to the list of all parts
    back.focus()
    v.page.keyboard.press("Enter")
    part = v.page.locator(".md-nav__link[for^=__nav]:visible", has_text=re.compile("Training"))
    part.focus()
    assert v.page.evaluate(FOCUSED)["seen"]
    v.page.keyboard.press("Enter")
    v.page.locator(".md-nav__link:visible", has_text="Cross-entropy").focus()
    assert v.page.evaluate(FOCUSED)["seen"]

    v.page.keyboard.press("Escape")
    assert button.get_attribute("aria-expanded") == "false"
    assert button.evaluate("button => button === document.activeElement")


# ---------------------------------------------------------------------- motion


def test_nothing_moves_for_those_who_asked_for_it(visit):
    v = visit(reduced_motion="reduce")
    v.go(CHAPTER)
    moving = v.page.evaluate(
        "[...document.querySelectorAll('*')].filter(element => [null, '::before', '::after'].some(part => {"
        " const style = getComputedStyle(element, part);"
        " return !/^(0s(, )?)+$/.test(style.transitionDuration) || style.animationName !== 'none'"
        " || style.scrollBehavior !== 'auto' })).map(element => element.outerHTML.slice(0, 100))"
    )
    assert not moving
    assert v.page.evaluate(
        "(() => { const box = document.querySelector('.md-sidebar--primary .md-sidebar__scrollwrap');"
        " box.scrollTo({ top: 0 }); box.scrollTo({ top: 90, behavior: 'smooth' }); return box.scrollTop })()"
    ) == 90
