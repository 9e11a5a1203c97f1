"""The code stepper: its lines are those of the program, its values those of the recording, by mouse and keyboard."""

from __future__ import annotations

import json
import re

import pytest

from scripts.figures import stepper
from scripts.figures._still import DATA

PAGES = {
    "value": "2-autograd/07-the-backward-pass/",
    "softmax": "3-architecture/04-softmax/",
    "gpt": "3-architecture/12-the-whole-gpt/",
    "training": "4-training/06-the-training-loop/",
    "sampling": "5-inference/01-generating-text/",
}


def recorded(trace: str) -> dict:
    return json.loads((DATA / "figures" / f"trace-{trace}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("trace", PAGES)
def test_every_step(figure, trace):
    """Forward through all steps: the marked line is the recorded one, and what is shown is what was made."""
    v, live = figure(PAGES[trace], f"figure-stepper-{trace}")
    steps = recorded(trace)["steps"]
    code = [[line.strip() for line in stepper.Watched(function, {}).source] for function in stepper.FUNCTIONS[trace]]
    forward = live.get_by_title("One step forward")
    for k, (part, line, made, *_) in enumerate(steps):
        assert live.locator(".player output").inner_text() == f"{k + 1} of {len(steps)}"
        marked = live.locator("[aria-current=step]")
        if line is None:
            assert marked.count() == 0
        else:
            assert marked.locator("code").first.inner_text().strip() == code[part][line]
        if made:
            new = live.locator("li.new .made")
            assert new.count() == 1
            shown = new.inner_text()
            for name, value in made[2].items():
                assert f"{name} = " in shown
                if isinstance(value, (int, float)) and not 0 < abs(value) < 0.001:
                    assert f"{name} = {stepper.text(value)}" in re.sub(r"\s+", " ", shown)
        if k + 1 < len(steps):
            forward.click()
    assert forward.get_attribute("aria-disabled") == "true"
    forward.click(force=True)
    assert live.locator(".player output").inner_text() == f"{len(steps)} of {len(steps)}", "it stops at the end"


def test_keys_slider_and_lines(figure):
    v, live = figure(PAGES["softmax"], "figure-stepper-softmax")
    position = live.locator(".player output")
    live.get_by_title("One step forward").focus()
    for key, place in [("ArrowRight", 2), ("ArrowRight", 3), ("ArrowLeft", 2), ("End", 5), ("Home", 1), ("ArrowLeft", 1)]:
        v.page.keyboard.press(key)
        assert position.inner_text() == f"{place} of 5"
    live.get_by_label("step", exact=True).focus()
    v.page.keyboard.press("ArrowRight")
    assert position.inner_text() == "2 of 5"
    assert "Step 2 of 5: line" in live.locator("[role=status]").inner_text()

    buttons = live.locator("button.line-number")
    buttons.nth(0).focus()
    v.page.keyboard.press("ArrowDown")
    v.page.keyboard.press("ArrowDown")
    v.page.keyboard.press("Enter")
    assert position.inner_text() == "3 of 5"
    assert live.locator("[aria-current=step] .line-number").inner_text() == buttons.nth(2).inner_text()
    buttons.nth(3).click()
    assert position.inner_text() == "4 of 5"


def test_play_ends_by_itself_and_not_at_all_with_reduced_motion(figure):
    v, live = figure(PAGES["softmax"], "figure-stepper-softmax")
    live.get_by_title("Play").click()
    live.get_by_title("Pause").wait_for()
    v.page.wait_for_function("document.querySelector('#figure-stepper-softmax .player output').textContent === '5 of 5'")
    live.get_by_title("Play").wait_for()

    v.page.emulate_media(reduced_motion="reduce")
    live.get_by_title("Play").wait_for(state="hidden")
    live.get_by_title("First step").click()
    assert live.locator(".player output").inner_text() == "1 of 5"


def test_numbers_on_demand(figure):
    v, live = figure(PAGES["softmax"], "figure-stepper-softmax")
    live.get_by_label("numbers").check()
    assert "numbers" in live.get_attribute("class")
