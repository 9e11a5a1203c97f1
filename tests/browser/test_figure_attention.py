"""The figure attention: every number of every cell is the program's own."""

from __future__ import annotations

import json

import pytest

from microgpt import Value, softmax
from scripts.runs.passes import STEPS, read
from scripts.runs.default import default_run
from tests import ROOT

pytestmark = pytest.mark.usefixtures("default_run_made")
PAGE, ANCHOR = "3-architecture/11-multi-head-attention/", "figure-attention"
GRID = ".attention-grid tbody tr"


def heads(name: str, time: str) -> list[list[dict]]:
    """For each position and head: q, the keys in the cache, and the weights, as gpt() makes them; test_passes.py."""
    run = default_run()
    result, keys = [], []
    for vectors in read(name, run.params_at[STEPS[time]], run):
        keys.append(vectors["k"])
        result.append([
            {
                "q": [x.data for x in vectors["q"][4 * head : 4 * head + 4]],
                "k": [[x.data for x in key[4 * head : 4 * head + 4]] for key in keys],
                "weights": [x.data for x in vectors["weights"][head]],
            }
            for head in range(4)
        ])
    return result


def parse(texts: list[str]) -> list[float]:
    return [float(text.replace("−", "-")) for text in texts]


def check_grid(live, name: str, time: str, head: int, expected) -> None:
    names = ["BOS", *name]
    assert live.locator(f"{GRID} th").all_inner_texts() == [f"{i} {text}" for i, text in enumerate(names)]
    for i, line in enumerate(live.locator(GRID).all()):
        cells = line.locator("td").all_inner_texts()
        assert cells[i + 1:] == [""] * (len(names) - i - 1), "the future is empty"
        weights = expected[i][head - 1]["weights"]
        assert parse(cells[: i + 1]) == pytest.approx(weights, abs=0.00502)
        assert sum(weights) == pytest.approx(1)


def check_details(live, i: int, head: int, expected) -> None:
    """The table of one query, against its own arithmetic."""
    at = expected[i][head - 1]
    assert f"Query of position {i} " in live.inner_text() and f"in head {head}:" in live.inner_text()
    assert parse(live.locator("p .strip i").all_inner_texts()) == pytest.approx(at["q"], abs=0.00502)
    rows = live.locator(".attention-sum tbody tr").all()
    assert len(rows) == i + 1
    products = [sum(x * y for x, y in zip(at["q"], k, strict=True)) for k in at["k"]]
    shares = [p.data for p in softmax([Value(x / 2) for x in products])]
    for j, line in enumerate(rows):
        assert parse(line.locator("i").all_inner_texts()) == pytest.approx(at["k"][j], abs=0.00502)
        shown = parse(line.locator("td").all_inner_texts()[1:])
        assert shown == pytest.approx([products[j], products[j] / 2, shares[j]], abs=0.00056)
    assert live.locator(".attention-sum tfoot td").inner_text() == "1.000"


def test_the_grid_by_mouse(figure):
    v, live = figure(PAGE, ANCHOR)
    expected = heads("emma", "after")
    check_grid(live, "emma", "after", 1, expected)
    check_details(live, 4, 1, expected)
    live.get_by_label("3", exact=True).check()
    check_grid(live, "emma", "after", 3, expected)
    live.locator(f"{GRID} >> nth=2").locator("td").nth(1).hover()
    check_details(live, 2, 3, expected)
    weight = expected[2][2]["weights"][1]
    assert "m at 2 looks at e at 1: q·k = " in live.locator(".figure-status").inner_text()
    assert f"weight {weight:.3f}." in live.locator(".figure-status").inner_text()
    live.locator(f"{GRID} >> nth=1").locator("td").nth(3).hover()
    assert live.locator(".figure-status").inner_text() == \
        "When position 1 (e) is read, position 3 is not in the cache yet: no score, no weight."
    live.get_by_label("before").check()
    check_grid(live, "emma", "before", 3, heads("emma", "before"))
    check_details(live, 1, 3, heads("emma", "before"))


def test_the_grid_by_keyboard_is_one_tab_stop(figure):
    v, live = figure(PAGE, ANCHOR)
    live.get_by_label("name").select_option("olivia")
    live.get_by_text("6 a", exact=True).first.wait_for()
    expected = heads("olivia", "after")
    check_grid(live, "olivia", "after", 1, expected)
    live.get_by_label("1", exact=True).focus()
    v.page.keyboard.press("ArrowRight")
    v.page.keyboard.press("ArrowRight")
    v.page.keyboard.press("ArrowRight")
    check_grid(live, "olivia", "after", 4, expected)
    v.page.keyboard.press("Tab")
    assert live.locator(".attention-grid :focus").inner_text() == f"{expected[6][3]['weights'][5]:.2f}"
    for key, i, j in [("ArrowUp", 5, 5), ("Home", 5, 0), ("ArrowLeft", 5, 0), ("ArrowUp", 4, 0), ("ArrowRight", 4, 1)]:
        v.page.keyboard.press(key)
        check_details(live, i, 4, expected)
        assert live.locator(".attention-sum .chosen th").inner_text() == f"{j} {'BOS' if j == 0 else 'olivia'[j - 1]}"
        assert live.locator("[aria-selected]").count() == 1
    v.page.keyboard.press("End")
    assert "not in the cache yet" in live.locator(".figure-status").inner_text()
    v.page.keyboard.press("Tab")
    assert not live.locator(".attention-grid :focus").count()


def test_touch_on_a_phone(figure):
    v, live = figure(PAGE, ANCHOR, viewport={"width": 360, "height": 800}, has_touch=True)
    live.get_by_label("name").select_option("isabella")
    live.get_by_text("8 a", exact=True).first.wait_for()
    expected = heads("isabella", "after")
    live.get_by_text("2", exact=True).first.tap()
    check_grid(live, "isabella", "after", 2, expected)
    live.locator(f"{GRID} >> nth=7").locator("td").nth(2).tap()
    check_details(live, 7, 2, expected)
    assert v.page.evaluate("document.documentElement.scrollWidth") == 360
    sides = "cells => cells.flatMap(cell => [cell.offsetWidth, cell.offsetHeight])"
    assert min(live.locator(".attention-grid tbody td").evaluate_all(sides)) >= 24


def test_the_head_that_looks_three_back(figure):
    """On doubled words, in chapter 3-10: one head. That its recorded weights are the program's, test_recording.py shows."""
    v, live = figure("3-architecture/10-one-head/", "figure-attention")
    recorded = json.loads((ROOT / "docs/assets/data/figures/passes-bggbgg.json").read_text(encoding="utf-8"))["weights"]
    assert live.get_by_role("radio", name="1", exact=True).count() == 1, "a single head"
    for time in ("before", "after"):
        live.get_by_label(time, exact=True).check()
        shown = [row.locator("td").all_inner_texts() for row in live.locator("table.attention-grid tbody tr").all()]
        expected = [[f"{weight:.2f}" for weight in position[0]] for position in recorded[time]]
        assert [[text for text in row if text] for row in shown] == expected
    assert [max(range(i + 1), key=lambda j: float(shown[i][j])) for i in (3, 4, 5)] == [1, 2, 3]
