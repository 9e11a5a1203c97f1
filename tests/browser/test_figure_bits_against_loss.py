"""The figure bits against loss: what is shown is what was recorded; tests/slow/test_quantize.py makes that again."""

from __future__ import annotations

import json

from microgpt.scale.quantize import levels
from tests import ROOT

PAGE = "7-growing-up/09-smaller-numbers/"
ANCHOR = "figure-bits-against-loss"
RECORDED = json.loads((ROOT / "docs/assets/data/figures/bits-against-loss.json").read_text(encoding="utf-8"))
WIDTHS = RECORDED["widths"]


def told(width: dict) -> str:
    bits, scale, floats = width["bits"], width.get("scale"), WIDTHS[-1]["loss"]
    if bits == 64:
        return f"In floats the held-out loss is {width['loss']:.3f}."
    most = max(abs(weight - number * scale) for weight, number in zip(RECORDED["row"], width["numbers"]))
    more = width["loss"] - floats
    return (
        f"{bits} {'bit' if bits == 1 else 'bits'}: {len(levels(bits))} levels, {2 * scale if bits == 1 else scale:.4f} apart; "
        f"this row's largest error is {most:.4f}. The held-out loss is {width['loss']:.3f}, "
        f"{abs(more):.4f} {'less' if more < 0 else 'more'} than in floats."
    )


def test_every_width_is_told_and_drawn(figure):
    v, live = figure(PAGE, ANCHOR, viewport={"width": 360, "height": 800})
    slider, status = live.get_by_label("bits", exact=True), live.locator(".figure-status")
    row = live.locator(".drawing").first
    for at, width in enumerate(WIDTHS):
        slider.fill(str(at))
        assert status.inner_text() == told(width)
        assert live.locator(".names").inner_text() == f"It writes: {', '.join(width['names'])}."
        assert row.locator("circle").count() == 32
        assert row.locator(".level").count() == (len(levels(width["bits"])) if width["bits"] < 64 else 0)
    slider.focus()
    v.page.keyboard.press("Home")
    assert status.inner_text() == told(WIDTHS[0])
    v.page.keyboard.press("ArrowRight")
    assert status.inner_text() == told(WIDTHS[1]) and slider.get_attribute("aria-valuetext") == "2"


def test_rounded_weights_stand_on_levels(figure):
    _, live = figure(PAGE, ANCHOR)
    live.get_by_label("bits", exact=True).fill("1")
    row = live.locator(".drawing").first
    marks = {round(float(x), 1) for x in row.locator(".level").evaluate_all("all => all.map(mark => mark.getAttribute('x1'))")}
    rounded = {round(float(x), 1) for x in row.locator(".fill-b").evaluate_all("all => all.map(dot => dot.getAttribute('cx'))")}
    assert len(marks) == 3 and rounded <= marks
