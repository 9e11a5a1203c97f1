"""The figure weights: every weight at every recorded step is the program's, by mouse, keyboard and touch."""

from __future__ import annotations

import re

import pytest

from microgpt import shapes
from scripts.figures._still import load
from scripts.figures.weights import NAMES
from scripts.runs.default import SAMPLED_STEPS, default_run

pytestmark = pytest.mark.usefixtures("default_run_made")
PAGE, ANCHOR = "appendix/weights/", "figure-weights"


def weight(name: str, step: int, row: int, column: int) -> str:
    return f"{default_run().params_at[step][name][row][column].data:.3f}".replace("-0.000", "0.000").replace("-", "−")


def story(name: str, row: int, column: int) -> list[str]:
    """The weight at all steps, as the strip shows it."""
    return [f"{step} {weight(name, step, row, column)}" for step in SAMPLED_STEPS]


def shown(live) -> list[str]:
    return [" ".join(cell.split()) for cell in live.locator(".weight .strip > span").all_inner_texts()]


def place(live) -> str:
    return live.locator(".weight code").inner_text()


def settled(v, live, name: str) -> None:
    live.get_by_role("grid", name=re.compile(f"^{re.escape(name)},")).wait_for()


def test_the_program_has_these_matrices():
    run = default_run()
    assert list(run.params) == NAMES == list(shapes(run.config, run.tokenizer.vocab_size))


def test_all_matrices_at_all_steps(figure):
    v, live = figure(PAGE, ANCHOR)
    for name in NAMES:
        live.get_by_label("matrix").select_option(name)
        settled(v, live, name)
        live.get_by_title("First step").press("Home")
        matrices = {step: params[name] for step, params in default_run().params_at.items()}
        assert live.get_by_role("gridcell").count() == len(matrices[0]) * len(matrices[0][0])
        for k, step in enumerate(SAMPLED_STEPS):
            assert live.locator(".player output").inner_text() == f"{k + 1} of 7"
            flat = [round(w.data, 3) for row in matrices[step] for w in row]
            signs = live.get_by_role("gridcell").evaluate_all(
                "cells => cells.map(cell => cell.classList.contains('more') - cell.classList.contains('less'))"
            )
            assert signs == [(w > 0) - (w < 0) for w in flat]
            size = (sum(w * w for w in flat) / len(flat)) ** 0.5
            numbers = f"from {min(flat):.3f} to {max(flat):.3f}, root mean square {size:.3f}.".replace("-", "−")
            assert live.locator("[role=status]").inner_text() == f"{name} after {step} steps: {numbers}"
            assert live.locator(".weight .now b").inner_text() == str(step)
            if k < 6:
                live.get_by_title("One step forward").click()


def test_a_weight_by_mouse_and_by_keyboard(figure):
    v, live = figure(PAGE, ANCHOR)
    assert (place(live), shown(live)) == ("wte[0][0]", story("wte", 0, 0))
    live.get_by_role("gridcell").nth(4 * 16 + 6).hover()
    assert (place(live), shown(live)) == ("wte[4][6]", story("wte", 4, 6))
    assert "token e, column 6" in live.locator(".weight").inner_text()
    v.page.mouse.move(0, 0)

    grid = live.get_by_role("grid")
    grid.focus()
    for key, row, column in [
        ("ArrowDown", 5, 6), ("ArrowRight", 5, 7), ("ArrowUp", 4, 7), ("End", 4, 15), ("ArrowRight", 4, 15),
        ("ArrowLeft", 4, 14), ("Home", 4, 0), ("ArrowLeft", 4, 0),
    ]:
        v.page.keyboard.press(key)
        assert (place(live), shown(live)) == (f"wte[{row}][{column}]", story("wte", row, column))
        active = live.locator(f"[id='{grid.get_attribute('aria-activedescendant')}']")
        assert active.get_attribute("aria-label") == f"wte[{row}][{column}]: {weight('wte', 0, row, column)}"
    for _ in range(5):
        v.page.keyboard.press("ArrowUp")
    assert place(live) == "wte[0][0]"
    assert live.locator(".player output").inner_text() == "1 of 7", "in the grid the arrows don't go through the steps"
    v.page.keyboard.press("Shift+Tab")
    v.page.keyboard.press("ArrowRight")
    assert live.locator(".player output").inner_text() == "2 of 7"


def test_by_touch_on_a_phone(figure):
    v, live = figure(PAGE, ANCHOR, viewport={"width": 360, "height": 800}, has_touch=True)
    live.get_by_title("Last step").tap()
    for name in NAMES:
        live.get_by_label("matrix").select_option(name)
        settled(v, live, name)
        assert place(live) == f"{name}[0][0]"
        live.get_by_role("gridcell").nth(40).tap()
        columns = len(default_run().params[name][0])
        row, column = divmod(40, columns)
        assert (place(live), shown(live)) == (f"{name}[{row}][{column}]", story(name, row, column))
        assert f"{name} after 1000 steps" in live.locator("[role=status]").inner_text()
        assert v.page.evaluate("document.documentElement.scrollWidth") == 360


def test_only_what_is_chosen_is_loaded(figure):
    v, live = figure(PAGE, ANCHOR)
    assert len(v.asked_for("figures/weights-")) == 1
    live.get_by_label("matrix").select_option("lm_head")
    settled(v, live, "lm_head")
    assert len(v.asked_for("figures/weights-")) == 2


def test_a_matrix_that_cannot_be_loaded(figure):
    v, live = figure(PAGE, ANCHOR)
    v.page.route("**/weights-wpe.json", lambda route: route.fulfill(status=404, body=""))
    live.get_by_label("matrix").select_option("wpe")
    v.page.get_by_text("wpe can't be shown: weights-wpe.json: 404").wait_for()
    v.complaints.clear()


def test_what_the_caption_says_of_the_vowels():
    recorded = load("figures/weights-wte.json")
    after = recorded["steps"]["1000"]
    for column in (11, 14):
        letters = {char: after[i * 16 + column] for i, char in enumerate(recorded["rows"]) if char != "BOS"}
        assert all(letters[vowel] < 0 for vowel in "aeiou")
        assert sum(w > 0 for char, w in letters.items() if char not in "aeiou") > 21 * 3 / 4
