"""The figure cuts: what is left is what `top_k` and `top_p` leave, and the names it costs are those that were recorded."""

from __future__ import annotations

import json
import random

import pytest

from microgpt import Value, distribution
from microgpt.scale.decoding import top_k, top_p
from scripts.figures.cuts import CAST
from tests import ROOT

PAGE, ANCHOR = "7-growing-up/10-faster-writing/", "figure-cuts"
DATA = ROOT / "docs/assets/data/figures"
RECORDED, LOGITS = (json.loads((DATA / name).read_text(encoding="utf-8")) for name in ("cuts.json", "temperature.json"))


def left(kind: str, size: float, beginning: str = "em") -> list[float]:
    probs = distribution([Value(x) for x in LOGITS["logits"][beginning]], 1)
    return top_k(probs, int(size)) if kind == "top-k" else top_p(probs, size)


@pytest.mark.parametrize("kind, sizes", [("top-k", (1, 8, 18, 26, 27)), ("top-p", (0.01, 0.5, 0.9, 0.98, 1.0))])
def test_what_is_left_and_what_it_costs(figure, kind, sizes):
    _, live = figure(PAGE, ANCHOR, viewport={"width": 360, "height": 800})
    live.get_by_label(kind).check()
    slider, status = live.get_by_label(kind[-1], exact=True), live.locator(".figure-status")
    for beginning in random.Random(1).sample(list(LOGITS["logits"]), 3):
        live.get_by_label("after").select_option(beginning)
        for size in sizes:
            slider.fill(str(size))
            kept = sum(p > 0 for p in left(kind, size, beginning))
            lost = RECORDED["lost_k"][size - 1] if kind == "top-k" else RECORDED["lost_p"][round(100 * size) - 1]
            said = status.inner_text()
            assert said.startswith(f"After {beginning or 'BOS'}, {kept} of 27 tokens are left")
            assert f"Of 1000 names that the model hasn't read, {lost} can't be written." in said
            assert live.locator(".drawing .fill-b").count() == kept and live.locator(".drawing .too-much").count() == 27 - kept
            gone = {n for n, (rank, share) in RECORDED["names"].items() if (rank > size if kind == "top-k" else share >= size)}
            assert set(live.locator(".tokens .gone b").all_inner_texts()) == gone
    assert live.locator(".tokens li").count() == len(CAST)


def test_by_keyboard(figure):
    v, live = figure(PAGE, ANCHOR)
    live.get_by_label("k", exact=True).focus()
    v.page.keyboard.press("End")
    assert "27 of 27" in live.locator(".figure-status").inner_text() and not live.locator(".tokens .gone").count()
    v.page.keyboard.press("ArrowLeft")
    assert live.locator(".tokens .gone b").all_inner_texts() == ["felix"]
