"""The figure ladder: its curves and names are the recorded ones, and rungs can be switched off."""

from __future__ import annotations

import json
from statistics import fmean

import pytest

from scripts.figures.ladder import MARKS, STEPS, start
from tests import ROOT

PAGE = "4-training/05-adam/"
RECORDED = json.loads((ROOT / "docs/assets/data/figures/ladder.json").read_text(encoding="utf-8"))


def shown(live) -> list[list[str]]:
    return [row.locator("td").all_inner_texts() for row in live.locator("tbody tr").all()]


def expected(step: int) -> list[list[str]]:
    mark = max(m for m in MARKS if m <= max(step, MARKS[0]))
    k = RECORDED["steps"].index(step)
    names = [", ".join(name or "(empty)" for name in rung["names"][str(mark)]) for rung in RECORDED["rungs"]]
    return [[f"{rung['means'][k]:.3f}", text] for rung, text in zip(RECORDED["rungs"], names)]


def test_it_shows_what_was_recorded(figure):
    v, live = figure(PAGE, "figure-ladder")
    step = live.get_by_label("step", exact=True)
    assert shown(live) == expected(1000)
    for k in (0, 9, 29, 98):
        step.fill(str(k))
        assert shown(live) == expected(STEPS[k])
    v.page.keyboard.press("ArrowRight")
    assert shown(live) == expected(1000)


def test_a_rung_can_be_switched_off(figure):
    v, live = figure(PAGE, "figure-ladder", viewport={"width": 360, "height": 800}, has_touch=True)
    assert live.locator("path.curve.a:not(table path)").count() == 1
    box = live.get_by_label("5: Adam")
    box.focus()
    v.page.keyboard.press("Space")
    assert live.locator("path.curve.a:not(table path)").count() == 0
    assert not live.locator("tbody tr").nth(5).locator("td").nth(0).is_visible()
    box.tap()
    assert live.locator("path.curve.a:not(table path)").count() == 1


def test_rungs_1_and_2_are_one_curve():
    one, two = RECORDED["rungs"][1:3]
    assert (one["means"], one["names"]) == (two["means"], two["names"])


@pytest.mark.parametrize("rung", range(6))
def test_it_was_recorded_from_the_rungs(rung):
    losses = [loss for _, (_, loss) in zip(range(10), start(rung)[1])]
    assert RECORDED["rungs"][rung]["means"][0] == round(fmean(losses), 3)


def test_the_pencil_is_recorded_whole():
    _, training, _ = start(0)
    losses = [loss for _, loss in training]
    assert RECORDED["rungs"][0]["means"] == [round(fmean(losses[max(0, step - 100) : step]), 3) for step in STEPS]
