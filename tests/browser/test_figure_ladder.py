"""The figure ladder: its curves and names are the recorded ones, and rungs can be switched off."""

from __future__ import annotations

import gzip
import json
import math
import random
from statistics import fmean

import pytest

from scripts.figures.ladder import MARKS, NAMES, STEPS, still
from scripts.runs.ladder import RUNGS, start
from tests import ROOT

PAGE, ANCHOR = "4-training/05-adam/", "figure-ladder"
FILE = ROOT / "docs/assets/data/figures/ladder.json"
RECORDED = json.loads(FILE.read_text(encoding="utf-8"))
PLACES = [0, *STEPS]


def mean(rung: int, step: int) -> float:
    return RECORDED["rungs"][rung]["means"][STEPS.index(step)]


def check(live, step: int) -> None:
    mark = max(mark for mark in MARKS if mark <= step)
    assert live.get_by_label("step", exact=True).input_value() == str(PLACES.index(step))
    assert live.locator(".player output").inner_text() == str(step)
    rows = [row.locator("td").all_inner_texts() for row in live.locator("tbody tr").all()]
    names = [", ".join(name or "(empty)" for name in rung["names"][str(mark)]) for rung in RECORDED["rungs"]]
    assert rows == [[f"{mean(rung, step):.3f}" if step else "–", names[rung]] for rung in RUNGS]
    assert [stop.inner_text() for stop in live.locator("[aria-pressed=true]").all()] == [str(mark)]
    said = f"after step {mark}" if mark else "before training"
    assert said in live.locator(".figure-status").inner_text()


def drawn(live) -> list[str]:
    return [curve.get_attribute("data-rung") for curve in live.locator(".drawing path.curve").all()]


def test_going_through_the_steps(figure):
    v, live = figure(PAGE, ANCHOR)
    check(live, 1000)
    live.get_by_label("step", exact=True).focus()
    for key, step in [("ArrowLeft", 990), ("Home", 0), ("ArrowRight", 1), ("End", 1000)]:
        v.page.keyboard.press(key)
        check(live, step)
    for mark in MARKS:
        live.get_by_role("button", name=f"Go to step {mark}", exact=True).click()
        check(live, mark)
    for step in (9, 10, 40, 110, 490, 780):
        live.get_by_label("step", exact=True).fill(str(PLACES.index(step)))
        check(live, step)
    live.get_by_title("One step back").click()
    check(live, 770)


def test_the_mouse_on_the_drawing(figure):
    v, live = figure(PAGE, ANCHOR)
    box = live.locator(".drawing svg").bounding_box()
    left, right = box["x"] + 34, box["x"] + box["width"] - 34
    v.page.mouse.move(left + 0.2 * (right - left), box["y"] + 100)
    v.page.mouse.down()
    check(live, 200)
    v.page.mouse.move(left + 0.704 * (right - left), box["y"] + 100)
    check(live, 700)
    v.page.mouse.move(box["x"] - 50, box["y"] + 100)
    check(live, 0)
    v.page.mouse.move(right + 80, box["y"] + 100)
    check(live, 1000)
    v.page.mouse.up()
    v.page.mouse.move(left, box["y"] + 100)
    check(live, 1000)


def test_a_rung_can_be_switched_off(figure):
    v, live = figure(PAGE, ANCHOR, viewport={"width": 360, "height": 800}, has_touch=True)
    assert drawn(live) == ["0", "1", "2", "3", "4", "5"]
    assert live.locator(".ladder-ends text").all_text_contents() == ["5", "3", "4", "0", "1=2"]
    live.get_by_label("5: Adam").focus()
    v.page.keyboard.press("Space")
    live.get_by_label("1: a network").tap()
    assert drawn(live) == ["0", "2", "3", "4"]
    assert live.locator(".ladder-ends text").all_text_contents() == ["3", "4", "0", "2"]
    assert live.locator(".ladder-cursor circle").count() == 4
    row = live.locator("tbody tr").nth(5)
    assert not row.locator("td").first.is_visible() and row.get_by_role("checkbox").is_visible()
    live.get_by_label("5: Adam").tap()
    live.get_by_label("1: a network").tap()
    assert drawn(live) == ["0", "1", "2", "3", "4", "5"]
    check(live, 1000)
    live.locator(".drawing").tap(position={"x": 34 + 0.5 * 260, "y": 100})
    check(live, 500)


def test_it_plays_to_the_end(figure):
    v, live = figure(PAGE, ANCHOR)
    live.get_by_label("step", exact=True).fill(str(len(STEPS) - 3))
    live.get_by_title("Play").click()
    v.page.wait_for_function("document.querySelector('#figure-ladder .player output').textContent === '1000'")
    live.get_by_title("Play").wait_for()
    check(live, 1000)


@pytest.mark.parametrize("rung", RUNGS)
def test_it_was_recorded_from_the_rungs(rung):
    _, training, write = start(rung)
    for mark in (0, 10):
        losses = [loss for _, (_, loss) in zip(range(mark), training)]
        rng = random.Random(1)
        assert RECORDED["rungs"][rung]["names"][str(mark)] == [write(rng) for _ in range(NAMES)]
    assert RECORDED["rungs"][rung]["means"][:10] == [round(fmean(losses[:step]), 3) for step in range(1, 11)]


def test_the_pencil_is_recorded_whole():
    losses = [loss for _, loss in start(0)[1]]
    assert RECORDED["rungs"][0]["means"] == [round(fmean(losses[max(0, step - 100) : step]), 3) for step in STEPS]


def test_the_last_rung_is_the_default_run():
    losses = json.loads((ROOT / "docs/assets/data/run.json").read_text(encoding="utf-8"))["losses"]
    assert mean(5, 1000) == pytest.approx(fmean(losses[-100:]), abs=0.0006)


def test_what_its_caption_says():
    assert RECORDED["rungs"][1] == RECORDED["rungs"][2]
    for step in (step for step in STEPS if step >= 100):
        assert max(mean(rung, step) for rung in (3, 4, 5)) < mean(0, step) < mean(1, step)
        assert abs(mean(3, step) - mean(4, step)) < 0.05
    assert all(abs(mean(rung, 1) - math.log(27)) < 0.2 for rung in RUNGS)


def test_the_still_says_it_too():
    text = still()
    assert text.count("<tr>") == 7 and text.count('class="curve') == 6
    for rung in (0, 1, 3, 4, 5):
        assert f"{mean(rung, 1000):.2f}" in text
    assert len(gzip.compress(FILE.read_bytes())) < 5_000
