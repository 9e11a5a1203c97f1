"""What holds for each page, looked at in one visit of it: how much it takes, what axe-core says of it and its figures,
light and dark, wide and narrow, whether it fits a phone, and what is printed."""

from __future__ import annotations

import posixpath
import re

import pytest
import yaml

from scripts.lab.blocks import runnable
from scripts.text.chapter import Chapter
from tests import ROOT
from tests.browser.conftest import ADDRESS, open_visit, wake
from tests.fast.test_project import Loader, pages

WIDE, NARROW, LARGE = {"width": 1280, "height": 800}, {"width": 360, "height": 800}, {"width": 1700, "height": 900}
FIRST_VIEW, WITH_FIGURES = 200_000, 250_000  # bytes
MERMAID = "vendor/mermaid/"  # which has a limit of its own
CONFIG = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)
NAV = CONFIG["nav"]
[REDIRECTS] = [plugin["redirects"]["redirect_maps"] for plugin in CONFIG["plugins"] if "redirects" in plugin and isinstance(plugin, dict)]
MOVED = {old.replace(".md", "/"): new.replace(".md", "/") for old, new in REDIRECTS.items()}
PAGES = [page.removesuffix("index.md").replace(".md", "/") for page in pages(NAV)] + ["404.html"]

# What is wrong in Material and can't be mended from outside: rule, selector, and the link to the issue.
EXCEPTIONS: list[tuple[str, str, str]] = []

READY = (
    "!document.querySelector('pre.mermaid') &&"
    " [...document.querySelectorAll('.arithmatex')].every(formula => formula.querySelector('.katex'))"
)
STILL = "*, ::before, ::after { transition: none !important; animation: none !important }"
LOOKS = """([width, scheme]) => document.documentElement.scrollWidth === width
  && document.body.dataset.mdColorScheme === scheme && !document.getAnimations().length
  && [...document.querySelectorAll(".md-content :is(pre > code, .md-typeset__scrollwrap, div.arithmatex, .mermaid)")]
    .every(box => box.scrollWidth <= box.clientWidth || box.tabIndex === 0)"""
# The violations of a part of the page, by the rules that `rules` leaves.
AXE = """async ([part, rules]) => {
  const { violations } = await axe.run(part ?? document, { resultTypes: ["violations"], ...rules })
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, html, any, all, none }) => {
    const reasons = [...any, ...all, ...none].map(check => check.message)
    return [id, target.flat().join(" "), html.slice(0, 100), reasons.join("; ")]
  }))
}"""


def only(*rules: str) -> dict:
    return {"runOnly": {"type": "rule", "values": [*rules]}}


CONTRAST, LINKS = "color-contrast", "link-in-text-block"  # the two rules that look at colors, and take most of the time


def all_but(*rules: str) -> dict:
    return {"rules": {rule: {"enabled": False} for rule in rules}}


NO_COLORS = all_but(CONTRAST, LINKS)
# The text has the same colors at every width. What is around it, header and drawer, has others on a phone, but the same on
# all pages, so its colors are looked at on some.
AROUND = {"exclude": [[".md-content"]]}
ONE_OF_EACH_KIND = ("", "3-architecture/07-attention/", "appendix/glossary/", "404.html")
# Of the rules that don't look at colors one depends on the width, apart from what is shown at all.
SCROLLED = "scrollable-region-focusable"
SHOWN = "[...document.querySelectorAll('.md-content *')].map(element => +element.checkVisibility({ visibilityProperty: true })).join('')"
# Of texts that the same styles apply to, one is enough to know the contrast, and of such links one, with the block it
# stands in; `seen` are those of the pages before. The others become empty and vanish, since for each element that is left
# axe looks what is behind it. But all in figures count, where a script colors; and what is hidden doesn't count as one.
COLORED = ("[data-text]", "[data-block]", ".figure", ".mermaid", "input", "select", "textarea")
ONE_OF_EACH = """([place, colored, before]) => {
  const seen = new Set(before)
  const isNew = (element, kind) => {
    if (element.closest(".figure, [data-block]") || !element.closest(place)) return false
    if (!element.checkVisibility({ visibilityProperty: true })) return false
    for (let each = element; each; each = each.parentElement)
      kind += [each.localName, each.className, each.getAttribute("style"), each.localName === "tr" && each.rowIndex % 2] + " "
    return !seen.has(kind) && seen.add(kind)
  }
  for (const link of document.links)
    if (isNew(link, "link")) {
      let block = link
      while (getComputedStyle(block).display.startsWith("inline")) block = block.parentElement
      block.dataset.block = ""
    }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), others = []
  for (let text; (text = texts.nextNode());)
    if (text.data.trim())
      if (isNew(text.parentElement, "text")) text.parentElement.dataset.text = ""
      else if (!text.parentElement.closest(".figure, [data-block]")) others.push(text)
  for (const text of others) text.data = ""
  const hide = element => {
    if (element.matches(colored)) return
    if (element.querySelector(colored)) [...element.children].forEach(hide)
    else element.style.display = "none"
  }
  hide(document.body)
  return [[...seen], Boolean(document.querySelector(colored))]
}"""

# Half of a page's elements are spans that color code and place the letters of formulas. The rules that don't look at
# colors have nothing to say of a span that is nothing but a span, and take half the time where such are their text alone.
PLAIN = """() => {
  window.colored = [...document.querySelectorAll("pre code, .katex-html")].map(code => {
    const copy = code.cloneNode(true)
    for (const span of copy.querySelectorAll("span"))
      if (span.getAttributeNames().every(name => name === "class" || name === "style"))
        span.replaceWith(...span.childNodes)
    copy.normalize()
    code.replaceWith(copy)
    return [copy, code]
  })
}"""
UNPLAIN = "() => { for (const [copy, code] of colored) copy.replaceWith(code) }"

OFFERED = """[...document.querySelectorAll(".highlight:has(> .lab-tools)")]
  .map(block => block.querySelector("pre > code").textContent.replace(/^\\n+|\\n+$/g, ""))"""
HEADINGS = "[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(h => Number(h.tagName[1]))"
BARE_TABLES = """[...document.querySelectorAll(".md-content table")]
  .filter(table => !table.querySelector("thead th, th[scope]")).map(table => table.outerHTML.slice(0, 100))"""
FIGURE_IDS = "[...document.querySelectorAll('.figure [id]')].map(element => element.id)"
# Elements that stick out of a phone's screen, and are in no box that can be scrolled.
SIDEWAYS = """[...document.querySelectorAll(".md-content *")].filter(element => {
  const { right, width, height } = element.getBoundingClientRect()
  if (right <= innerWidth + 1 || width < 2 || height < 2)
    return false
  for (let box = element; !box.matches(".md-content"); box = box.parentElement)
    if (getComputedStyle(box).overflowX !== "visible" && box.getBoundingClientRect().right <= innerWidth + 1)
      return false
  return true
}).map(element => element.outerHTML.slice(0, 100))"""
# Asides in the margin that something covers.
COVERED = """[...document.querySelectorAll("article > aside")].filter(aside => {
  const a = aside.getBoundingClientRect()
  return [...document.querySelectorAll("article > :not(aside)")].some(other => {
    const o = other.getBoundingClientRect()
    return o.left < a.right && a.left < o.right && o.top < a.bottom && a.top < o.bottom
  })
}).map(aside => aside.textContent)"""


@pytest.fixture(scope="module")
def reader(chromium):
    """One browser window for all pages."""
    reader = open_visit(chromium, ADDRESS)
    yield reader
    reader.page.context.close()


@pytest.fixture(scope="module")
def seen() -> list[str]:
    """The styles whose colors have been looked at on one page."""
    return []


def excepted(rule: str, selector: str) -> bool:
    return any(rule == known and part in selector for known, part, _ in EXCEPTIONS)


def test_these_are_all_pages(built):
    found = {page.relative_to(built).as_posix().removesuffix("index.html") for page in built.rglob("*.html")}
    assert found == {*PAGES, *MOVED} and not {*PAGES} & {*MOVED}


@pytest.mark.parametrize("path", MOVED)
def test_an_old_address_leads_on(built, path):
    text = (built / path / "index.html").read_text(encoding="utf-8")
    [target] = re.findall(r'http-equiv="refresh" content="0; url=([^"]*)"', text)
    assert posixpath.normpath(posixpath.join(path, target)) + "/" == MOVED[path] and MOVED[path] in PAGES
    assert f'<a href="{target}">' in text and "://" not in text, "also without JavaScript, and nothing is fetched"


def test_an_old_address_keeps_the_anchor(reader):
    reader.page.goto(f"{ADDRESS}3-architecture/05-rmsnorm/#exercises")
    reader.page.wait_for_url(f"{ADDRESS}3-architecture/06-rmsnorm/#exercises")


def test_an_old_address_leads_on_without_javascript(visit):
    v = visit(java_script_enabled=False)
    v.page.goto(f"{v.site}3-architecture/05-rmsnorm/")
    v.page.wait_for_url(f"{v.site}3-architecture/06-rmsnorm/")
    assert v.page.locator("h1").inner_text().startswith("RMSNorm")


def test_an_old_address_leads_on_where_scripts_in_pages_are_forbidden(visit, built):
    """The page has no policy of its own; if a server should send one, the refresh is left."""
    v = visit(bypass_csp=False)
    text = (built / "3-architecture/05-rmsnorm/index.html").read_text(encoding="utf-8")
    headers = {"Content-Security-Policy": "default-src 'self'", "Content-Type": "text/html"}
    v.page.route("**/05-rmsnorm/", lambda route: route.fulfill(body=text, headers=headers))
    v.page.goto(f"{v.site}3-architecture/05-rmsnorm/")
    v.page.wait_for_url(f"{v.site}3-architecture/06-rmsnorm/")
    assert any("Content Security Policy" in complaint for complaint in v.complaints)
    v.complaints.clear()


def test_exceptions_are_few_and_known():
    assert len(EXCEPTIONS) <= 3 and all(link.startswith("https://github.com/") for *_, link in EXCEPTIONS)


def test_some_pages_have_asides(built):
    assert sum("<aside" in page.read_text(encoding="utf-8") for page in built.rglob("index.html")) >= 8


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path or "home")
def test_a_page(reader, built, axe, seen, path):
    v, problems = reader, []

    def complain(what: str, found: object) -> None:
        if found:
            problems.append(f"{what}: {found}")

    for list_ in (v.asked, v.foreign, v.complaints):
        list_.clear()
    v.page.goto("about:blank")
    v.page.set_viewport_size(WIDE)
    v.page.emulate_media(color_scheme="light", media="screen")
    v.go(path)

    # What a first view takes, without what a diagram or a figure in view takes.
    assert "assets/css/fonts.css" in v.asked
    if re.match(r"\d-", path):
        size = v.received(built, without=(MERMAID, "js/figures/", "data/figures/"))
        complain("bytes of the first view", size > FIRST_VIEW and size)

    if about := v.page.evaluate("({ ...document.querySelector('[data-chapter]')?.dataset })"):
        fences = [] if about.get("lab") == "no" else runnable(Chapter(ROOT / about["chapter"]))
        offered, can = v.page.evaluate(OFFERED), [fence.text.strip("\n") for fence in fences]
        complain("examples that the lab offers to run, and can't", [text for text in offered if text not in can])
        complain("examples that the lab can run, and doesn't offer", [text for text in can if text not in offered])

    if v.page.locator("article > aside").count():
        v.page.set_viewport_size(LARGE)
        complain("covered", v.page.evaluate(COVERED))
        v.page.set_viewport_size(WIDE)

    # Figures: how much they take, that one sees either the figure or its still, and the still on paper.
    figures = v.page.locator(".figure").count()
    if figures:
        wake(v)
        size = v.received(built, without=(MERMAID,))
        complain("bytes with all figures", size > WITH_FIGURES and size)
        stills, live = v.page.locator(".figure .still").all(), v.page.locator(".figure .live").all()
        assert stills and len(live) == figures
        complain("stills beside figures", [still.inner_text() for still in stills if still.is_visible()])
        v.page.emulate_media(media="print")
        complain("stills that aren't printed", [still.inner_text() for still in stills if not still.is_visible()])
        complain("figures that are printed", [figure.inner_text() for figure in live if figure.is_visible()])
        v.page.emulate_media(media="screen")
        ids = v.page.evaluate(FIGURE_IDS)
        complain("ids that figures have twice", sorted({id_ for id_ in ids if ids.count(id_) > 1}))

    v.page.evaluate("dispatchEvent(new Event('beforeprint'))")  # which brings formulas and diagrams
    v.page.wait_for_function(READY)
    levels = v.page.evaluate(HEADINGS)
    if levels.count(1) != 1 or any(lower > upper + 1 for upper, lower in zip(levels, levels[1:])):
        complain("headings of the levels", levels)
    complain("tables without headers", v.page.evaluate(BARE_TABLES))

    v.page.evaluate(axe)
    v.page.add_style_tag(content=STILL)  # no color and no place is one on the way to another

    def look(size: dict, scheme: str, *runs: tuple) -> None:
        v.page.set_viewport_size(size)
        v.page.emulate_media(color_scheme=scheme)
        # Looked for without waiting for a frame, which takes its time where no card draws. What scrolls at this width has
        # been given the focus when the next frame was drawn.
        v.page.wait_for_function(LOOKS, arg=[size["width"], {"light": "default", "dark": "slate"}[scheme]], polling=10)
        if v.page.evaluate("document.documentElement.scrollWidth") != size["width"]:
            complain("scrolls sideways", f"at {size['width']} px, {scheme}")
        for part, rules in runs:
            v.page.evaluate(PLAIN if rules is NO_COLORS else "window.colored = []")
            for rule, selector, html, message in v.page.evaluate(AXE, [part, rules]):
                if not excepted(rule, selector):
                    complain(f"at {size['width']} px, {scheme}", f"{rule}: {selector}: {html}: {message}")
            v.page.evaluate(UNPLAIN)

    look(WIDE, "light", (None, NO_COLORS))
    shown = v.page.evaluate(SHOWN)
    look(NARROW, "light")
    complain("sticks out", v.page.evaluate(SIDEWAYS))
    # What a phone shows of the text has been looked at, if it is the same; but figures are drawn anew.
    if path in ONE_OF_EACH_KIND or v.page.evaluate(SHOWN) != shown:
        look(NARROW, "light", (None, NO_COLORS))
    else:
        look(NARROW, "light", (None, only(SCROLLED)), *[(".figure", NO_COLORS)] * bool(figures))
    if path in ONE_OF_EACH_KIND:
        look(NARROW, "light", (AROUND, only(CONTRAST, LINKS)))
        look(NARROW, "dark", (AROUND, only(CONTRAST, LINKS)))
    if figures:
        look(WIDE, "dark", (".figure", NO_COLORS))  # which draw anew in the dark
    place = "body" if path in ONE_OF_EACH_KIND else ".md-content"
    colored = [f"{place} {selector}" for selector in COLORED]
    seen[:], some = v.page.evaluate(ONE_OF_EACH, [place, ", ".join(colored), seen])
    if some:
        include = {"include": [[selector] for selector in colored]}
        look(WIDE, "dark", (include, only(CONTRAST, LINKS)))
        look(WIDE, "light", (include, only(CONTRAST, LINKS)))

    complain("requests that would have left the site", v.foreign)
    complain("complaints", v.complaints)
    assert not problems, "\n".join(problems)
