"""The figure pairs: counts are those of rung 0, shares those of rungs 0 and 2, and every cell can be read."""

from __future__ import annotations

import json
import random

from microgpt import Tokenizer, load_docs
from microgpt.ladder import train0
from tests import ROOT

RECORDED = json.loads((ROOT / "docs/assets/data/figures/pairs.json").read_text(encoding="utf-8"))
TOKENS = RECORDED["tokens"]


def said(a: str, b: str, learned: bool = True) -> str:
    i, j = TOKENS.index(a), TOKENS.index(b)
    name = {".": "BOS"}
    more = f", share learned {RECORDED['learned'][i][j] / 1000:.3f}" if learned else ""
    counted = RECORDED["counted"][i][j] / 1000
    return f"{name.get(b, b)} after {name.get(a, a)}: counted {RECORDED['counts'][i][j]} times, share by counting {counted:.3f}{more}."


def test_its_counts_are_those_of_rung_0():
    docs = load_docs()
    random.Random(42).shuffle(docs)
    counts = [[0] * 27 for _ in range(27)]
    for _ in train0.train(docs, Tokenizer(docs), counts, 1000):
        pass
    assert RECORDED["counts"] == counts
    assert RECORDED["counted"] == [[round(1000 * p) for p in train0.probabilities(row)] for row in counts]
    assert all(abs(sum(row) - 1000) < 14 for row in RECORDED["learned"])


def test_the_arrow_keys_go_from_pair_to_pair(figure):
    v, live = figure("2-autograd/09-the-same-without-a-formula/", "figure-pairs")
    status = live.locator(".figure-status")
    assert status.inner_text() == said("m", "m")
    live.get_by_role("grid").focus()
    for key, pair in (("ArrowRight", "mn"), ("ArrowDown", "nn"), ("Home", "na"), ("ArrowLeft", "na"), ("End", "n."), ("ArrowUp", "m.")):
        v.page.keyboard.press(key)
        assert status.inner_text() == said(*pair), key
    live.get_by_role("gridcell").nth(26 * 27).hover()
    assert status.inner_text() == said(".", "a")


def test_the_difference_is_signed(figure):
    v, live = figure("2-autograd/09-the-same-without-a-formula/", "figure-pairs", viewport={"width": 360, "height": 800})
    live.get_by_label("learned − counted").check()
    cells = live.get_by_role("gridcell")
    for i, j in ((0, 13), (16, 0), (16, 20), (26, 26)):
        difference = RECORDED["learned"][i][j] - RECORDED["counted"][i][j]
        kind = "more" if difference > 0 else "less" if difference < 0 else ""
        assert kind in (cells.nth(27 * i + j).get_attribute("class") or ""), (i, j)


def test_before_there_is_a_network_only_counts_are_shown(figure):
    v, live = figure("1-data/04-counting-pairs/", "figure-pairs")
    assert live.get_by_role("radio").count() == 2
    assert live.locator(".figure-status").inner_text() == said("m", "m", learned=False)
