"""The figure rms-circle: vectors land where `rmsnorm` puts them."""

from __future__ import annotations

import re

from microgpt import Value, rmsnorm
from tests.browser.conftest import takes_a_point_or_scrolls

PAGE = "3-architecture/06-rmsnorm/"


def expected(x: tuple[float, float]) -> list[str]:
    return [f"{y.data:.3f}".replace("-0.000", "0.000") for y in rmsnorm([Value(a) for a in x])]


def shown(live) -> list[str]:
    text = live.locator(".figure-status").inner_text().replace("−", "-")
    return re.search(r"lands on \((.*?), (.*?)\)", text).groups()


def test_vectors_land_where_the_program_puts_them(figure):
    v, live = figure(PAGE, "figure-rms-circle")
    first, second = live.get_by_label("first number"), live.get_by_label("second number")
    for x in ((3.0, 2.0), (-4.0, 0.1), (0.0, 0.0), (0.1, -0.2), (1.5, 4.0)):
        first.fill(str(x[0]))
        second.fill(str(x[1]))
        assert [*shown(live)] == expected(x), x
    first.focus()
    v.page.keyboard.press("ArrowRight")
    assert [*shown(live)] == expected((1.6, 4.0))


def test_the_point_can_be_dragged(figure):
    v, live = figure(PAGE, "figure-rms-circle", viewport={"width": 360, "height": 800})
    live.locator(".drawing").scroll_into_view_if_needed()
    box = live.locator(".drawing").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    v.page.mouse.move(*middle)
    v.page.mouse.down()
    v.page.mouse.move(middle[0] - 60, middle[1])
    v.page.mouse.up()
    assert float(live.get_by_label("first number").input_value()) < -1 and abs(float(live.get_by_label("second number").input_value())) <= 0.1
    assert float(shown(live)[0]) < -1.39


def test_a_finger_takes_a_point_or_scrolls_the_page(figure):
    v, live = figure(PAGE, "figure-rms-circle", viewport={"width": 360, "height": 800}, has_touch=True)
    takes_a_point_or_scrolls(v, live, 4.4, ((3.0, 2.0), (1.0, 1.5), (-1.0, 1.0)), "(−1.0, 1.0) lands")
