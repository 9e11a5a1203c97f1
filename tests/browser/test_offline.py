"""Nothing leaves the site: its fonts, its formulas and its diagrams are its own, and come when they are needed."""

from __future__ import annotations

import re

import pytest

HOME = ""
PLAIN = "appendix/sources/"  # without diagram and formula
DIAGRAMS = "3-architecture/07-attention/"  # a formula and two diagrams, none of them in the first view
MATH = "3-architecture/06-rmsnorm/"
SHOWS_SOMETHING = re.compile(r'class="(mermaid|arithmatex)"')
MERMAID, KATEX = "vendor/mermaid/", "vendor/katex/"

DRAWN = "!document.querySelector('pre.mermaid') && document.querySelector('div.mermaid')"
SET = "document.querySelector('.arithmatex .katex')"
SVGS = "[...document.querySelectorAll('div.mermaid')].map(host => host.shadowRoot.querySelector('svg'))"


def scroll_to(visit, selector: str) -> None:
    # Not the locator's own scrolling, which waits for the element to keep still: a diagram is replaced when it is near.
    visit.page.evaluate("selector => document.querySelector(selector).scrollIntoView({block: 'center'})", selector)


def scroll_to_the_end(visit) -> None:
    visit.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    visit.page.wait_for_load_state("networkidle")


def toggle_palette(visit) -> None:
    visit.page.locator("form[data-md-component=palette] label:not([hidden])").click()


def color_scheme(visit) -> str:
    return visit.page.locator("body").get_attribute("data-md-color-scheme")


def follow(visit, path: str) -> None:
    """Click a link of the navigation, and wait for the page."""
    visit.page.evaluate(
        "url => [...document.querySelectorAll('.md-nav a')].find(a => a.href === url).click()", visit.site + path
    )
    visit.page.wait_for_url(visit.site + path)
    visit.page.wait_for_function("document.querySelector('link[rel=canonical]')?.href === location.href")


# ---------------------------------------------------------------------- no request goes elsewhere


@pytest.mark.parametrize("path", [HOME, PLAIN, MATH, DIAGRAMS, "404.html"])
def test_no_request_leaves_the_site(visit, path):
    v = visit()
    v.go(path)
    scroll_to_the_end(v)
    assert "assets/css/fonts.css" in v.asked


def test_the_fonts_are_those_of_the_site(visit):
    v = visit()
    v.go(MATH)
    fonts = v.page.evaluate("[...document.fonts].map(f => [f.family.replaceAll('\"', ''), f.status])")
    assert ["Source Serif 4", "loaded"] in fonts and ["Source Code Pro", "loaded"] in fonts
    assert not [family for family, status in fonts if status == "error" and family != "Stand-in"]
    family = "getComputedStyle(document.querySelector('{}')).fontFamily"
    assert v.page.evaluate(family.format("article p")).startswith('"Source Serif 4"')
    assert v.page.evaluate(family.format("article pre code")).startswith('"Source Code Pro"')


def test_text_does_not_move_when_its_font_arrives_late(visit):
    v = visit()
    held, holding = [], True
    v.page.route("**/*.woff2", lambda route: held.append(route) if holding else route.fallback())
    v.page.add_init_script(
        "window.moved = 0; new PerformanceObserver(list => list.getEntries().forEach(e => window.moved += e.value))"
        ".observe({ type: 'layout-shift', buffered: true })"
    )
    v.page.goto(v.site + MATH, wait_until="domcontentloaded")
    v.page.wait_for_timeout(300)
    holding = False
    for route in held:
        route.fallback()
    v.page.wait_for_load_state("networkidle")
    if not v.page.evaluate("document.fonts.load('1em Stand-in').then(faces => faces.length, () => 0)"):
        pytest.skip("here is neither Times New Roman nor Liberation Serif: on Debian, apt-get install fonts-liberation")
    assert held and v.page.evaluate("window.moved") < 0.02


# ---------------------------------------------------------------------- only where it is needed


@pytest.mark.parametrize("path", [PLAIN, "404.html"])
def test_a_page_without_diagrams_and_formulas_asks_for_neither_library(visit, path):
    v = visit()
    v.go(path)
    assert not v.page.locator(".mermaid, .arithmatex").count(), "choose another page for this test"
    scroll_to_the_end(v)
    assert not v.asked_for(MERMAID) and not v.asked_for(KATEX)


def test_the_libraries_come_when_the_reader_comes_near(visit):
    v = visit()
    v.go_and_rest(DIAGRAMS)
    assert not v.asked_for(MERMAID) and not v.asked_for(KATEX)
    assert v.page.locator("pre.mermaid").first.inner_text().startswith("flowchart")

    scroll_to(v, ".arithmatex")
    v.page.wait_for_function(SET)
    scroll_to(v, "pre.mermaid")
    v.page.wait_for_function(DRAWN)
    for path in {*v.asked_for(MERMAID), *v.asked_for(KATEX)}:
        assert v.asked.count(path) == 1, f"{path} was asked for twice"


# ---------------------------------------------------------------------- diagrams


def test_diagrams_are_drawn(visit):
    v = visit()
    v.go(DIAGRAMS)
    count = v.page.locator("pre.mermaid").count()
    scroll_to(v, "pre.mermaid")
    v.page.wait_for_function(DRAWN)
    sizes = v.page.evaluate(f"{SVGS}.map(svg => svg.getBoundingClientRect()).map(box => [box.width, box.height])")
    assert len(sizes) == count and all(width > 100 and height > 30 for width, height in sizes)
    text = v.page.evaluate(f"{SVGS}[0].textContent")
    assert "cache:" in text and "is read" in text
    # measured in the font that they are shown in: no label is wider than its box
    assert v.page.evaluate(
        f"{SVGS}.flatMap(svg => [...svg.querySelectorAll('.node')]).every(node =>"
        " node.querySelector('.nodeLabel').getBoundingClientRect().width"
        " < node.querySelector('.label-container').getBoundingClientRect().width)"
    )


def test_every_diagram_and_formula_of_the_book(visit, built):
    files = built.rglob("index.html")
    pages = [file.parent for file in files if SHOWS_SOMETHING.search(file.read_text(encoding="utf-8"))]
    assert len(pages) > 25
    v = visit(viewport={"width": 360, "height": 800})
    v.go(PLAIN)
    for page in sorted(pages):
        path = "" if page == built else page.relative_to(built).as_posix() + "/"
        follow(v, path)
        v.page.evaluate("dispatchEvent(new Event('beforeprint'))")  # print wants all of them
        v.page.wait_for_function(
            "!document.querySelector('pre.mermaid') &&"
            "[...document.querySelectorAll('.arithmatex')].every(formula => formula.querySelector('.katex'))"
        )
        assert not v.page.locator(".katex-error").count(), path
        scales = v.page.evaluate(f"{SVGS}.map(svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)")
        assert all(scale > 0.6 for scale in scales), f"{path}: a diagram is too wide to be read on a phone"
        assert v.page.evaluate("document.documentElement.scrollWidth") == 360, f"{path} scrolls sideways"


def test_diagrams_follow_the_palette(visit):
    v = visit(color_scheme="light")
    v.go(DIAGRAMS)
    scroll_to(v, "pre.mermaid")
    v.page.wait_for_function(DRAWN)
    seen = {}
    for _ in range(3):
        colors = v.page.evaluate(
            f"(svg => [getComputedStyle(svg.querySelector('.nodeLabel')).color,"
            f" getComputedStyle(svg.querySelector('.flowchart-link')).stroke,"
            f" getComputedStyle(svg.querySelector('.marker')).fill])({SVGS}[0])"
        )
        seen.setdefault(color_scheme(v), colors)
        assert seen[color_scheme(v)] == colors
        toggle_palette(v)
    assert set(seen) == {"default", "slate"}
    assert all(light != dark for light, dark in zip(seen["default"], seen["slate"]))
    brightness = {scheme: sum(map(int, re.findall(r"\d+", colors[0])[:3])) for scheme, colors in seen.items()}
    assert brightness["default"] < 300 < 450 < brightness["slate"], "labels are dark on light, and light on dark"


def test_when_mermaid_cannot_be_loaded_the_source_stays(visit):
    v = visit()
    v.page.route(f"**/{MERMAID}**", lambda route: route.abort())
    v.go(DIAGRAMS)
    scroll_to(v, "pre.mermaid")
    v.page.wait_for_timeout(500)
    assert v.page.locator("pre.mermaid").first.is_visible()
    assert any("A diagram can't be drawn" in complaint for complaint in v.complaints)
    v.complaints.clear()


# ---------------------------------------------------------------------- formulas


def test_formulas_are_set(visit):
    v = visit()
    v.go(MATH)
    scroll_to(v, ".arithmatex")
    v.page.wait_for_function(SET)
    v.page.wait_for_load_state("networkidle")
    formula = v.page.locator(".arithmatex").first
    assert "\\[" not in formula.inner_text()
    assert formula.locator("math").count() == 1, "what screen readers read"
    v.page.wait_for_function("[...document.fonts].some(f => f.family === 'KaTeX_Main' && f.status === 'loaded')")
    assert formula.bounding_box()["height"] < 150


# ---------------------------------------------------------------------- with instant navigation, and without JavaScript


def test_instant_navigation(visit):
    v = visit()
    v.go(PLAIN)
    v.page.evaluate("window.same = true")

    follow(v, DIAGRAMS)
    assert v.page.evaluate("window.same"), "the page was loaded anew"
    assert not v.asked_for(MERMAID)
    scroll_to(v, "pre.mermaid")
    v.page.wait_for_function(DRAWN)
    scroll_to(v, ".arithmatex")
    v.page.wait_for_function(SET)

    follow(v, MATH)
    scroll_to(v, ".arithmatex")
    v.page.wait_for_function(SET)
    # the style sheet is still there: without it the MathML would be shown a second time
    assert v.page.locator(".katex-mathml").first.bounding_box()["width"] < 2
    follow(v, PLAIN)
    v.page.go_back()
    v.page.wait_for_function(SET)
    v.page.go_back()
    v.page.wait_for_function(DRAWN)
    assert v.page.evaluate("window.same")
    for path in {*v.asked_for(MERMAID), *v.asked_for(KATEX)}:
        assert v.asked.count(path) == 1, f"{path} was asked for twice"


def test_without_javascript_sources_are_read(visit):
    v = visit(java_script_enabled=False)
    v.go_and_rest(DIAGRAMS)
    diagram, formula = v.page.locator("pre.mermaid").first, v.page.locator(".arithmatex").first
    assert diagram.is_visible() and diagram.inner_text().startswith("flowchart LR\n")
    assert formula.is_visible() and formula.inner_text().startswith("\\[\\text{result} = ")
    assert not v.asked_for(MERMAID) and not v.asked_for(KATEX)
