"""What holds for every figure of the book: it does without what it can't have. More is in test_every_page.py."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from scripts.figures import all_figures
from tests import ROOT
from tests.browser.conftest import ADDRESS, open_visit, wake

OPENING = re.compile(r'^<figure markdown="1" data-figure="(?P<name>[a-z-]+)"', re.M)
FENCE = re.compile(r"^(`{3,}).*?^\1$", re.M | re.S)
TEXTS = {path: FENCE.sub("", path.read_text(encoding="utf-8")) for path in sorted((ROOT / "docs").rglob("*.md"))}
PAGES = {
    path.relative_to(ROOT / "docs").as_posix().removesuffix(".md").removesuffix("index"): OPENING.findall(text)
    for path, text in TEXTS.items() if OPENING.search(text)
}


def test_every_figure_has_its_place():
    assert {name for names in PAGES.values() for name in names} == set(all_figures())


@pytest.fixture(scope="module")
def plain_reader(chromium):
    """A phone without JavaScript."""
    reader = open_visit(chromium, ADDRESS, java_script_enabled=False, viewport={"width": 360, "height": 800})
    yield reader
    reader.page.context.close()


@pytest.mark.parametrize("path", PAGES)
def test_without_javascript_the_stills_are_seen(plain_reader, path):
    v = plain_reader
    v.page.goto(f"{v.site}{path}/" if path else v.site, wait_until="load")
    stills = v.page.locator(".figure .still").all()
    assert len(stills) == len(PAGES[path])
    for still in stills:
        assert still.is_visible() and (still.inner_text().strip() or still.locator("svg").count())
    assert not v.foreign and not v.complaints


def test_a_figure_that_cannot_load_its_data_says_so_and_keeps_its_still(visit):
    v = visit()
    v.page.route("**/trace-softmax.json", lambda route: route.fulfill(status=404, body=""))
    v.go("3-architecture/04-softmax/")
    place = v.page.locator("#figure-stepper-softmax")
    v.page.evaluate("document.getElementById('figure-stepper-softmax').scrollIntoView()")
    place.locator(".figure-problem").wait_for()
    assert "can't be shown (trace-softmax.json: 404)" in place.locator(".figure-problem").inner_text()
    assert place.locator(".still").is_visible() and not place.locator(".live").count()
    assert any("The figure stepper can't be shown" in complaint for complaint in v.complaints)
    v.complaints.clear()


def test_figures_survive_instant_navigation(visit):
    v = visit()
    v.go("3-architecture/04-softmax/")
    wake(v)
    v.page.evaluate("window.same = true")
    for link in ("next", "prev"):
        v.page.locator(f".md-footer__link--{link}").click()
        v.page.wait_for_function("document.querySelector('link[rel=canonical]')?.href === location.href")
    assert v.page.url.endswith("3-architecture/04-softmax/")
    wake(v)
    assert v.page.evaluate("window.same"), "the page was loaded anew"
    assert v.page.locator(".figure .live").count() == v.page.locator(".figure").count()
    modules = [path for path in v.asked_for("js/figures/") if path.endswith(".js")]
    assert len(modules) == len(set(modules)), "a module was asked for twice"
    # A style goes and comes with its page, and comes from the cache; here, where requests are looked at, there is none.
    styles = Counter(path for path in v.asked_for("js/figures/") if path.endswith(".css"))
    assert styles and max(styles.values()) <= 2


def test_a_figure_is_loaded_when_the_reader_comes_near(visit):
    v = visit()
    v.go_and_rest("3-architecture/04-softmax/")
    scripts = [path for path in v.asked_for("js/figures/") if not path.endswith(".css")]  # the still has its style
    assert not scripts and not v.asked_for("data/figures/")
