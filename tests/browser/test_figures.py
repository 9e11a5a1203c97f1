"""What holds for every figure of the book: it is accessible, fits a phone, and does without what it can't have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.figures import FIGURES

from tests import ROOT
OPENING = re.compile(r'^<figure markdown="1" data-figure="(?P<name>[a-z-]+)"', re.M)
FENCE = re.compile(r"^(`{3,}).*?^\1$", re.M | re.S)
TEXTS = {path: FENCE.sub("", path.read_text(encoding="utf-8")) for path in sorted((ROOT / "docs").rglob("*.md"))}
PAGES = {
    path.relative_to(ROOT / "docs").as_posix().removesuffix(".md").removesuffix("index"): OPENING.findall(text)
    for path, text in TEXTS.items() if OPENING.search(text)
}
LIVE = "[...document.querySelectorAll('.figure')].every(figure => figure.querySelector('.live'))"


def wake(v) -> None:
    """Bring all figures of the page to life."""
    for anchor in v.page.evaluate("[...document.querySelectorAll('.figure')].map(figure => figure.id)"):
        v.page.evaluate("id => document.getElementById(id).scrollIntoView()", anchor)
        v.page.locator(f"#{anchor} .live").wait_for()


def test_every_figure_has_its_place():
    assert {name for names in PAGES.values() for name in names} == set(FIGURES)


@pytest.mark.parametrize("path", PAGES)
def test_accessible_and_not_too_wide(visit, axe, path):
    v = visit(viewport={"width": 360, "height": 800}, color_scheme="light")
    v.go(f"{path}/" if path else "")
    wake(v)
    v.page.evaluate(axe)
    for width in (360, 1280):
        v.page.set_viewport_size({"width": width, "height": 800})
        for scheme in ("light", "dark"):
            v.page.emulate_media(color_scheme=scheme)
            v.page.wait_for_function(
                "dark => document.body.dataset.mdColorScheme === (dark ? 'slate' : 'default')", arg=scheme == "dark"
            )
            # Waited for, because Material's search slides out of the page when the window grows.
            v.page.wait_for_function("width => document.documentElement.scrollWidth === width", arg=width)
            found = v.page.evaluate("axe.run('.figure')")["violations"]
            assert not [(rule["id"], node["html"], node["failureSummary"]) for rule in found for node in rule["nodes"]]
    ids = v.page.evaluate("[...document.querySelectorAll('.figure [id]')].map(element => element.id)")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", PAGES)
def test_without_javascript_and_in_print_the_stills_are_seen(visit, path):
    v = visit(java_script_enabled=False, viewport={"width": 360, "height": 800})
    v.go(f"{path}/" if path else "")
    for still in v.page.locator(".figure .still").all():
        assert still.is_visible() and (still.inner_text().strip() or still.locator("svg").count())

    v = visit()
    v.go(f"{path}/" if path else "")
    wake(v)
    assert not [still for still in v.page.locator(".figure .still").all() if still.is_visible()]
    v.page.emulate_media(media="print")
    assert all(still.is_visible() for still in v.page.locator(".figure .still").all())
    assert not [live for live in v.page.locator(".figure .live").all() if live.is_visible()]


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
    figures = v.asked_for("js/figures/")
    assert len(figures) == len(set(figures)), "a module was asked for twice"


def test_a_figure_is_loaded_when_the_reader_comes_near(visit):
    v = visit()
    v.go("3-architecture/04-softmax/")
    assert not v.asked_for("js/figures/") and not v.asked_for("data/figures/")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_with_all_its_figures_is_small(visit, built, path):
    v = visit()
    v.page.route("**/vendor/mermaid/**", lambda route: route.abort())  # a diagram may be near; it has a limit of its own
    v.go(f"{path}/" if path else "")
    wake(v)
    v.page.wait_for_load_state("networkidle")
    v.complaints.clear()
    assert v.received(built) <= 250_000
