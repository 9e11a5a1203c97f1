"""The look of the book: its lines, its margins, its colors, and what it is on paper."""

from __future__ import annotations

import re
from statistics import median

import pytest

CHAPTER = "3-architecture/07-attention/"  # with an aside, code, a formula, diagrams, a table, answers, links to papers
TEXT = ["1-data/01-the-dataset/", "3-architecture/06-rmsnorm/", "4-training/05-adam/"]
PHONE, LAPTOP, LARGE = ({"width": width, "height": 900} for width in (360, 1280, 1700))
PARAGRAPH = "article > p:not([class])"  # others tell the chapter's place, and its last change
PAPER = {"width": 680, "height": 980}  # A4 without its margins, in CSS pixels

# How many characters the lines of the paragraphs have, but for the last line of each.
LINES = """() => [...document.querySelectorAll(".md-content__inner > p:not([class])")].flatMap(paragraph => {
  const lines = [], range = document.createRange()
  const texts = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT)
  let bottom = -Infinity
  for (let text; text = texts.nextNode();)
    for (let i = 0; i < text.length; i++) {
      range.setStart(text, i)
      range.setEnd(text, i + 1)
      const box = range.getClientRects()[0]
      if (!box)
        continue
      if (box.top > bottom) {
        lines.push(0)
        bottom = box.bottom
      }
      lines[lines.length - 1]++
    }
  return lines.slice(0, -1)
})"""
SET = "document.querySelector('.arithmatex .katex')"
LEFT = """selector => {
  const texts = document.createTreeWalker(document.querySelector(selector), NodeFilter.SHOW_TEXT)
  const range = document.createRange()
  for (let text; text = texts.nextNode();)
    if (text.data.trim() && text.parentElement.checkVisibility()) {
      range.setStart(text, text.data.search(/\\S/))
      range.setEnd(text, text.data.search(/\\S/) + 1)
      return range.getBoundingClientRect().left
    }
}"""


def color(visit, selector: str, name: str) -> str:
    return visit.page.evaluate("([s, n]) => getComputedStyle(document.querySelector(s))[n]", [selector, name])


def scheme(visit, name: str) -> None:
    visit.page.emulate_media(color_scheme=name)
    visit.page.wait_for_function(
        "name => document.body.dataset.mdColorScheme === name", arg={"light": "default", "dark": "slate"}[name]
    )


# ---------------------------------------------------------------------- the page


def test_lines_are_as_long_as_in_a_book(visit):
    v = visit()
    for path in TEXT:
        v.go(path)
        for size in (LAPTOP, LARGE):
            v.page.set_viewport_size(size)
            lines = v.page.evaluate(LINES)
            assert len(lines) > 20 and 65 <= median(lines) <= 75, f"{path} at {size['width']} px"


def test_text_code_and_formulas_begin_at_one_edge(visit):
    v = visit()
    v.go(CHAPTER)
    v.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    v.page.wait_for_function(SET)
    edges = [PARAGRAPH, "article > .highlight code", "article > .chunk .chunk-head",
             "article > .arithmatex .katex-html", "article > h2", "article td", "article > details > summary"]
    for size in (PHONE, LAPTOP, LARGE):
        v.page.set_viewport_size(size)
        lefts = [v.page.evaluate(LEFT, edge) for edge in edges]
        assert max(lefts) - min(lefts) < 4, dict(zip(edges, lefts))  # a letter has some room of its own at its left


def test_asides(visit):
    v = visit(viewport=PHONE)
    v.go(CHAPTER)
    parts = "p:not([class])", ":has(+ aside)", "aside", "aside + *"
    text, before, aside, after = (v.page.locator(f"article > {part}").first for part in parts)
    for size in (PHONE, LAPTOP):
        v.page.set_viewport_size(size)
        box, above, below = aside.bounding_box(), before.bounding_box(), after.bounding_box()
        assert above["y"] + above["height"] <= box["y"] < box["y"] + box["height"] <= below["y"], "between the two"
        assert text.bounding_box()["x"] + 10 < box["x"] and box["x"] + box["width"] <= size["width"], "indented"
        assert float(color(v, "aside", "fontSize")[:-2]) < 0.9 * float(color(v, PARAGRAPH, "fontSize")[:-2])

    v.page.set_viewport_size(LARGE)
    box, beside, below = aside.bounding_box(), text.bounding_box(), after.bounding_box()
    contents = v.page.locator(".md-sidebar--secondary").bounding_box()
    assert beside["x"] + beside["width"] + 20 < box["x"] < box["x"] + box["width"] <= contents["x"], "in the margin"
    assert abs(box["y"] - below["y"]) < 80, "beside what follows it"


def test_what_is_loaded_later_moves_nothing(visit):
    v = visit()
    v.page.add_init_script(
        "window.moved = 0; new PerformanceObserver(list => list.getEntries().forEach(shift => moved += shift.value))"
        ".observe({ type: 'layout-shift', buffered: true })"
    )
    for path in ("", CHAPTER, "3-architecture/02-embeddings/"):
        for size in (PHONE, LAPTOP):
            v.page.set_viewport_size(size)
            v.go_and_rest(path)
            assert v.page.evaluate("moved") < 0.02, path


# ---------------------------------------------------------------------- colors


def test_page_header_and_controls_follow_the_scheme(visit):
    v = visit(reduced_motion="reduce")
    v.go(CHAPTER)
    papers = set()
    for name in ("light", "dark"):
        scheme(v, name)
        paper = color(v, "body", "backgroundColor")
        assert color(v, ".md-header", "backgroundColor") == paper
        assert color(v, "input", "colorScheme") == name
        assert color(v, "html", "colorScheme") == {"light": "normal", "dark": "dark"}[name]
        papers.add(paper)
    assert len(papers) == 2


def test_code_has_few_colors_and_the_same_kinds_in_light_and_dark(visit):
    v = visit(reduced_motion="reduce")
    v.go(CHAPTER)
    kinds = {}
    for name in ("light", "dark"):
        scheme(v, name)
        kinds[name] = v.page.evaluate(
            """(() => {
              const colors = {}
              for (const token of document.querySelectorAll(".highlight code span[class]:not([class*=chunk])"))
                if (token.textContent.trim())
                  (colors[getComputedStyle(token).color] ??= new Set()).add(token.className)
              return Object.values(colors).map(names => [...names].sort().join(" ")).sort()
            })()"""
        )
    assert kinds["light"] == kinds["dark"] and 3 <= len(kinds["light"]) <= 4


# ---------------------------------------------------------------------- paper


def test_a_chapter_on_paper(visit):
    v = visit(viewport=PAPER, color_scheme="dark")
    v.go(CHAPTER)
    v.page.emulate_media(media="print")
    for part in (".md-header", ".md-sidebar--primary", ".md-sidebar--secondary", ".md-footer", ".md-code__nav",
                 ".md-skip", ".headerlink", "pre.mermaid"):
        assert v.page.locator(part).count(), part
        assert not v.page.locator(f"{part}:visible").count(), f"{part} is printed"
    answers = v.page.locator("article > details > p:first-of-type")
    assert answers.count() == v.page.locator("article > details").count() > 0
    assert all(answer.is_visible() for answer in answers.all())

    assert sum(map(int, re.findall(r"\d+", color(v, PARAGRAPH, "color"))[:3])) < 200, "ink is dark on paper"
    cut = v.page.evaluate(
        "[...document.querySelectorAll('pre > code, .md-typeset__scrollwrap')].filter(box => box.offsetWidth &&"
        " box.scrollWidth > box.clientWidth + 1).map(box => box.textContent.slice(0, 80))"
    )
    assert not cut

    after = "links => links.map(link => getComputedStyle(link, '::after').content)"
    papers = v.page.locator("article a[href*='arxiv.org']").evaluate_all(after)
    assert papers and all("https://arxiv.org/" in content for content in papers)
    chapters = v.page.locator(f"{PARAGRAPH} a:not([href*='arxiv.org'])").evaluate_all(after)
    assert chapters and set(chapters) == {"none"}
    assert v.page.pdf().startswith(b"%PDF")


def test_without_javascript_answers_are_printed_too(visit):
    v = visit(viewport=PAPER, java_script_enabled=False)
    v.go(CHAPTER)
    answer = v.page.locator("article > details > p").first
    assert not answer.bounding_box() or not answer.is_visible()
    v.page.emulate_media(media="print")
    assert answer.is_visible() and answer.bounding_box()["height"] > 10


@pytest.mark.parametrize("key", ["Control+p", "Meta+p"])
def test_the_keys_for_printing_wait_for_formulas_and_diagrams(visit, key):
    v = visit()
    v.page.add_init_script(
        "window.printed = []; window.print = () => printed.push(document.querySelectorAll('pre.mermaid').length"
        " + document.querySelectorAll('.arithmatex:not(:has(.katex))').length)"
    )
    v.go(CHAPTER)
    assert v.page.locator("pre.mermaid").count()
    v.page.keyboard.press(key)
    v.page.wait_for_function("printed.length")
    assert v.page.evaluate("printed") == [0], "everything was there"
