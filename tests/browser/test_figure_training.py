"""The figure training: what it shows at a step is what the default run did there."""

from __future__ import annotations

import math
from statistics import fmean

import pytest

from scripts.figures._still import load, number
from scripts.figures.training import KEPT_OUT
from scripts.runs import paired
from scripts.runs.default import SAMPLED_STEPS, default_run

pytestmark = pytest.mark.usefixtures("default_run_made")
PAGE, ANCHOR = "4-training/06-the-training-loop/", "figure-training"
RUN = load("run.json")


def key(live) -> list[str]:
    """The values of the key: loss, running mean, held-out loss, blind guess."""
    return live.locator(".training-key output").all_inner_texts()


def names(live) -> list[str]:
    return [text.replace("(empty)", "") for text in live.locator(".training-names ul.now li").all_inner_texts()]


def expected(step: int) -> list[str]:
    losses, latest = RUN["losses"][:step], max(at for at in SAMPLED_STEPS if at <= step)
    return [
        f"{losses[-1]:.4f}" if step else "–",
        number(fmean(losses[-50:])) if step else "–",
        number(load("figures/training.json")["held_out"][str(latest)]),
        number(-math.log(1 / 27)),
    ]


def check(live, step: int) -> None:
    assert live.get_by_label("step", exact=True).input_value() == str(step)
    assert key(live) == expected(step)
    latest = max(at for at in SAMPLED_STEPS if at <= step)
    assert names(live) == RUN["samples_at"][str(latest)][:12]
    assert [button.inner_text() for button in live.locator("[aria-pressed=true]").all()] == [str(latest)]
    label = live.locator(".training-key li").first.inner_text()
    assert not step or f"step {step}, on {default_run().docs[step - 1]}" in label


def test_scrubbing(figure):
    v, live = figure(PAGE, ANCHOR)
    check(live, 0)
    assert "Before training" in live.locator(".figure-status").inner_text()
    slider = live.get_by_label("step", exact=True)
    slider.focus()
    for key_, step in [("ArrowRight", 1), ("ArrowRight", 2), ("End", 1000), ("ArrowLeft", 999), ("Home", 0)]:
        v.page.keyboard.press(key_)
        check(live, step)
    for step in (9, 10, 49, 50, 51, 100, 317, 500, 731):
        slider.fill(str(step))
        check(live, step)
    assert "After step 500" in live.locator(".figure-status").inner_text()
    live.get_by_title("One step forward").click()
    check(live, 732)
    v.page.keyboard.press("ArrowLeft")
    check(live, 731)


def test_buttons_and_the_drawing(figure):
    v, live = figure(PAGE, ANCHOR)
    for step in SAMPLED_STEPS:
        live.get_by_role("button", name=f"Go to step {step}", exact=True).click()
        check(live, step)
    live.get_by_role("button", name="Go to step 50", exact=True).focus()
    v.page.keyboard.press("Enter")
    check(live, 50)

    box = live.locator(".drawing").bounding_box()
    middle = (box["x"] + 26 + (box["width"] - 38) / 2, box["y"] + 100)
    v.page.mouse.move(middle[0] - 60, middle[1])
    v.page.mouse.down()
    v.page.mouse.move(*middle)
    step = int(live.get_by_label("step", exact=True).input_value())
    assert abs(step - 500) <= 2
    check(live, step)
    v.page.mouse.move(box["x"] + box["width"] + 50, middle[1])
    check(live, 1000)
    v.page.mouse.up()
    v.page.mouse.move(*middle)
    check(live, 1000)


def test_it_plays_to_the_end(figure):
    v, live = figure(PAGE, ANCHOR)
    live.get_by_label("step", exact=True).fill("990")
    live.get_by_title("Play").click()
    v.page.wait_for_function("document.querySelector('#figure-training .player output').textContent === '1000'")
    live.get_by_title("Play").wait_for()
    check(live, 1000)


def test_by_touch_on_a_phone(figure):
    v, live = figure(PAGE, ANCHOR, viewport={"width": 360, "height": 800}, has_touch=True)
    live.get_by_role("button", name="Go to step 200", exact=True).tap()
    check(live, 200)
    live.locator(".drawing").tap(position={"x": 300, "y": 100})
    check(live, int(live.get_by_label("step", exact=True).input_value()))
    assert live.locator(".drawing svg").bounding_box()["width"] <= 360


def test_the_held_out_loss_is_that_of_the_experiments():
    assert load("figures/training.json")["held_out"]["1000"] == load("paired.json")["default"]["held_out"][0]
    assert default_run().docs[-KEPT_OUT:] == paired.documents("names")[1]


def test_all_recorded_losses_are_those_of_the_run():
    recorded = load("figures/training.json")
    assert recorded["losses"] == RUN["losses"]
    assert {step: samples[:12] for step, samples in RUN["samples_at"].items()} == recorded["samples"]


@pytest.mark.parametrize("brief", ["", "yes"])
def test_the_still_has_the_recorded_steps(brief):
    from scripts.figures.training import still
    text = still(brief)
    assert text.count("<tr>") == 8 and ("held-out" in text) != bool(brief)
    assert number(fmean(RUN["losses"][-50:])) in text and "manci" in text
