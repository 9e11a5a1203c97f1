"""The figure zoom: how far x² leaves its tangent, in windows of any width."""

from __future__ import annotations

import re

from scripts.figures.zoom import gap

PAGE = "2-autograd/01-why-derivatives/"


def test_the_gap_is_that_of_the_engines_slope(figure):
    v, live = figure(PAGE, "figure-zoom", viewport={"width": 360, "height": 800})
    zoom, x = live.get_by_label("zoom"), live.get_by_label("x", exact=True)
    for at in (-1.5, 0.0, 0.7):
        x.fill(str(at))
        for power in (0, 3, 12):
            zoom.fill(str(power))
            text = live.locator(".figure-status").inner_text()
            [shown] = re.findall(r"by ([\d.]+)%", text)
            assert shown == f"{100 * gap(at, 4 / 2**power):.2f}", (at, power)
    zoom.focus()
    v.page.keyboard.press("ArrowLeft")
    assert f"{100 * gap(0.7, 4 / 2**11):.2f}%" in live.locator(".figure-status").inner_text()


def test_each_doubling_halves_the_gap():
    assert all(abs(gap(1.0, width / 2) - gap(1.0, width) / 2) < 1e-12 for width in (4, 1, 0.25))
