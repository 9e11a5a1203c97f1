"""The figure sweep: its line is the chapter's straight_line, through the recorded frontier, for any floor."""

from __future__ import annotations

import json

import pytest

from scripts.figures.sweep import line_of
from tests import ROOT

PAGE = "7-growing-up/11-how-large/"
RECORDED = json.loads((ROOT / "docs/assets/data/figures/sweep.json").read_text(encoding="utf-8"))
POINTS = [RECORDED["cells"][i] for i in RECORDED["frontier"]]


def told(floor: float) -> str:
    exponent, factor, missed = line_of(POINTS, floor)
    promised = floor + factor * (RECORDED["farther"] * max(flops for *_, flops, _ in POINTS)) ** -exponent
    return (
        f"With a floor of {floor:.2f} the exponent is {exponent:.3f}, and the line misses by {missed:.4f}. "
        f"For a million times the operations it promises a loss of {promised:.2f}."
    )


def test_the_line_of_the_figure_is_the_chapters():
    module = pytest.importorskip("microgpt.scale.sweep")
    flops, losses = [cell[2] for cell in POINTS], [cell[3] for cell in POINTS]
    for floor in (0, 1.5, RECORDED["floor"]):
        assert line_of(POINTS, floor) == pytest.approx(module.straight_line(flops, losses, floor), rel=1e-6)


def test_the_floor_bends_the_line(figure):
    v, live = figure(PAGE, "figure-sweep", viewport={"width": 360, "height": 800})
    slider, status = live.get_by_role("slider", name="floor"), live.locator(".figure-status")
    assert status.inner_text() == told(RECORDED["floor"])
    for floor in ("0", "1.8", "2.1"):
        slider.fill(floor)
        assert status.inner_text() == told(float(floor))
    slider.focus()
    v.page.keyboard.press("ArrowLeft")
    assert status.inner_text() == told(2.09)
    v.page.keyboard.press("Home")
    assert status.inner_text() == told(0)


def test_every_cell_is_drawn_where_it_is(figure):
    """All dots, the frontier large; and of two cells the one with the lower loss is lower."""
    _, live = figure(PAGE, "figure-sweep")
    dots = live.locator("svg circle")
    assert dots.count() == len(RECORDED["cells"]) and live.locator("svg circle.fill-a").count() == len(POINTS)
    places = {dot.get_attribute("data-cell"): (float(dot.get_attribute("cx")), float(dot.get_attribute("cy"))) for dot in dots.all()}
    by_loss = sorted((loss, -places[f"{width}-{names}"][1]) for width, names, _, loss in RECORDED["cells"])
    by_cost = sorted((flops, places[f"{width}-{names}"][0]) for width, names, flops, _ in RECORDED["cells"])
    for ordered in (by_loss, by_cost):
        assert [place for _, place in ordered] == pytest.approx(sorted(place for _, place in ordered), abs=0.01)
