"""The figure how far back: each curve is the recorded one, and the text tells it."""

from __future__ import annotations

import json
import math

from tests import ROOT

PAGE = "7-growing-up/08-the-modern-block/"
ANCHOR = "figure-far-back"
RECORDED = json.loads((ROOT / "docs/assets/data/figures/far-back.json").read_text(encoding="utf-8"))


def told(seen: int) -> str:
    parts = []
    for name, losses, trained in zip(RECORDED["names"], RECORDED["losses"], RECORDED["trained"]):
        loss = f"no vector beyond {trained}" if seen > len(losses) else f"{losses[seen - 1]:.3f}"
        parts.append(f"{name[0].upper()}{name[1:]}: {loss}.")
    return f"Seeing {'the last token' if seen == 1 else f'the last {seen} tokens'}. {' '.join(parts)}"


def test_every_curve_is_told_and_marked(figure):
    v, live = figure(PAGE, ANCHOR, viewport={"width": 360, "height": 800})
    slider, status = live.get_by_label("tokens seen"), live.locator(".figure-status")
    assert status.inner_text() == told(32) and live.locator("path.curve").count() == 4
    for seen, marks in ((1, 0), (4, 4), (16, 4), (17, 3), (64, 3)):
        slider.fill(str(seen))
        assert status.inner_text() == told(seen)
        assert live.locator("[data-curve]").count() == marks
    slider.focus()
    v.page.keyboard.press("ArrowLeft")
    assert status.inner_text() == told(63)
    v.page.keyboard.press("Home")
    assert status.inner_text() == told(1)


def test_curves_are_drawn_to_one_scale(figure):
    """Two ends of a curve and their losses give the scale; all other ends must keep to it."""
    _, live = figure(PAGE, ANCHOR)
    ends = []
    for path, losses in zip(live.locator("path.curve").all(), RECORDED["losses"]):
        points = [[float(x) for x in part.split(" ")] for part in path.get_attribute("d").removeprefix("M").split("L")]
        assert len(points) == len(losses) - 3
        ends += [(points[0], 4, losses[3]), (points[-1], len(losses), losses[-1])]
    (x1, y1), seen1, loss1 = ends[2]
    (x2, y2), seen2, loss2 = ends[3]
    for (x, y), seen, loss in ends:
        assert abs(x - (x1 + (x2 - x1) * math.log(seen / seen1) / math.log(seen2 / seen1))) < 0.2
        assert abs(y - (y1 + (y2 - y1) * (loss - loss1) / (loss2 - loss1))) < 0.5


def test_a_place_in_the_drawing_can_be_chosen(figure):
    v, live = figure(PAGE, ANCHOR)
    drawing = live.locator(".drawing")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    v.page.mouse.click(box["x"] + box["width"] - 13, box["y"] + box["height"] / 2)
    assert live.locator(".figure-status").inner_text() == told(64)
