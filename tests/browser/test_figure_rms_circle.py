"""The figure rms-circle: vectors land where `rmsnorm` puts them."""

from __future__ import annotations

import re

from microgpt import Value, rmsnorm

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


def said(live) -> str:
    return live.locator(".figure-status").inner_text()


def test_a_finger_takes_a_point_or_scrolls_the_page(figure):
    v, live = figure(PAGE, "figure-rms-circle", viewport={"width": 360, "height": 800}, has_touch=True)
    drawing = live.locator(".drawing").first
    drawing.scroll_into_view_if_needed()
    touch = v.page.context.new_cdp_session(v.page)

    def drag(*places: tuple[float, float]) -> None:
        box = drawing.bounding_box()
        unit = min(box["width"], 300) / 8.8
        points = [{"x": box["x"] + box["width"] / 2 + x * unit, "y": box["y"] + box["height"] / 2 - y * unit} for x, y in places]
        for i, point in enumerate(points):
            touch.send("Input.dispatchTouchEvent", {"type": "touchMove" if i else "touchStart", "touchPoints": [point]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    before, scrolled = said(live), v.page.evaluate("scrollY")
    drag((-2.5, -2.5), (-2.5, -1.0), (-2.5, 0.0), (-2.5, 1.0), (-2.5, 2.5))
    v.page.wait_for_function("before => scrollY !== before", arg=scrolled)
    assert said(live) == before
    drawing.scroll_into_view_if_needed()
    scrolled = v.page.evaluate("scrollY")
    drag((3.0, 2.0), (1.0, 1.5), (-1.0, 1.0))
    live.get_by_text("(−1.0, 1.0) lands").wait_for()
    assert v.page.evaluate("scrollY") == scrolled, "the page stays where it is"
