"""The figure batch-noise: the recorded batches, at their angles and lengths."""

from __future__ import annotations

import json
import math
from statistics import fmean

from tests import ROOT

PAGE = "7-growing-up/04-many-documents-at-once/"
RECORDED = json.loads((ROOT / "docs/assets/data/figures/batch-noise.json").read_text(encoding="utf-8"))


def said(stage: int, size: int) -> str:
    arrows = RECORDED["arrows"][stage][size]
    degrees = fmean(abs(math.degrees(math.atan2(y, x))) for x, y in arrows)
    length = fmean(math.hypot(x, y) for x, y in arrows) / RECORDED["unit"]
    count = RECORDED["sizes"][size]
    what = "single names" if count == 1 else f"batches of {count}"
    return (
        f"After {RECORDED['stages'][stage]} steps, {what}: {degrees:.0f}° from the gradient of all names, "
        f"and {length:.1f} times as long, in the mean of {len(arrows)}."
    )


def test_every_batch_is_drawn_and_told(figure):
    v, live = figure(PAGE, "figure-batch-noise", viewport={"width": 360, "height": 800})
    slider, status = live.get_by_label("names in a batch"), live.locator(".figure-status")
    assert status.inner_text() == said(1, 0)
    for size in (4, 10):
        slider.fill(str(size))
        assert status.inner_text() == said(1, size)
    live.get_by_label("1000", exact=True).check()
    assert status.inner_text() == said(2, 10)
    slider.focus()
    v.page.keyboard.press("ArrowLeft")
    assert status.inner_text() == said(2, 9)
    assert live.locator("svg .fill-b").count() == 40 and live.locator("svg circle.fill-a").count() == 1


def test_the_thick_arrow_has_the_length_of_the_circle(figure):
    """Each arrow is drawn to one scale: the true gradient ends on the circle of its length, and a batch where it was."""
    v, live = figure(PAGE, "figure-batch-noise")
    live.get_by_label("names in a batch").fill("6")
    circle, tip = live.locator("circle.contour"), live.locator("circle.fill-a")

    def at(element, *names):
        return [float(element.get_attribute(name)) for name in names]

    cx, cy, r = at(circle, "cx", "cy", "r")
    assert at(tip, "cx", "cy") == [cx + r, cy]
    x, y = RECORDED["arrows"][1][6][0]
    drawn = at(live.locator("circle.fill-b").first, "cx", "cy")
    assert max(abs(a - b) for a, b in zip(drawn, [cx + r * x / 100, cy - r * y / 100])) < 1e-6
