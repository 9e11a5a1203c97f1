"""The figure cross-entropy: the loss shown for a p is the program's, whichever way the point got there."""

from __future__ import annotations

import math

import pytest

from microgpt import Value

PAGE, ANCHOR = "4-training/02-cross-entropy/", "figure-cross-entropy"


def loss(p: float) -> float:
    """As `document_loss` computes it."""
    return (-Value(p).log()).data


def check(live, p: float, name: str | None = None) -> None:
    assert loss(p) == -math.log(p)
    expected = f"p = {name or f'{p:g}'}: the loss −log p is {abs(loss(p)):.3f}, and 1 − p is {1 - p:.3f}."
    assert live.locator("[role=status]").inner_text() == expected
    assert live.locator("svg text.b").text_content() == f"{abs(loss(p)):.3f}"


def place(live, p: float) -> tuple[float, float]:
    """Where the curve is above p, in the window: found from the axes that are drawn."""
    box = live.locator("svg").bounding_box()
    ticks = {text.text_content(): text for text in live.locator("svg .axis text").all()}
    left, right = (float(ticks[name].get_attribute("x")) for name in ("0.0", "1.0"))
    bottom, top = (float(ticks[name].get_attribute("y")) - 4 for name in ("0", "7"))
    return box["x"] + left + p * (right - left), box["y"] + bottom + loss(p) / 7 * (top - bottom)


def current(live) -> float:
    return float(live.locator("output").inner_text())


def test_the_slider_reaches_small_p(figure):
    v, live = figure(PAGE, ANCHOR)
    check(live, 0.5)
    slider = live.get_by_label("p", exact=True)
    slider.focus()
    v.page.keyboard.press("Home")
    check(live, 0.001)
    for steps, p in [(1, 0.0011), (89, 0.01), (90, 0.1), (1, 0.11), (88, 0.99), (1, 1.0), (1, 1.0)]:
        for _ in range(steps):
            v.page.keyboard.press("ArrowRight")
        assert current(live) == p
        check(live, p)
    for value in range(0, 271, 30):
        slider.fill(str(value))
        check(live, current(live))


@pytest.mark.parametrize("key", ["Enter", "Space", "click"])
def test_the_marks(figure, key):
    v, live = figure(PAGE, ANCHOR)
    for name, p, rounded in [("0.01", 0.01, "4.61"), ("1/27", 1 / 27, "3.30"), ("0.9", 0.9, "0.11")]:
        button = live.get_by_role("button", name=f"p = {name}")
        if key == "click":
            button.click()
        else:
            button.focus()
            v.page.keyboard.press(key)
        check(live, p, name)
        assert f"{loss(p):.2f}" == rounded
        assert [b.get_attribute("aria-pressed") for b in live.get_by_role("button").all()].count("true") == 1
        assert button.get_attribute("aria-pressed") == "true"
    live.get_by_label("p", exact=True).press("ArrowLeft")
    check(live, 0.89)
    assert not live.locator("button[aria-pressed=true]").count()


def test_the_point_is_dragged_along_the_curve(figure):
    v, live = figure(PAGE, ANCHOR)
    live.locator("svg").scroll_into_view_if_needed()
    v.page.mouse.move(*place(live, 0.5))
    v.page.mouse.down()
    for p in (0.3, 0.1, 0.03, 0.004, 0.0017, 0.2, 0.83):
        x, y = place(live, p)
        v.page.mouse.move(x, y, steps=3)
        assert abs(loss(current(live)) - loss(p)) < 0.05
        check(live, current(live))
    v.page.mouse.move(*place(live, 1.0))
    v.page.mouse.up()
    check(live, 1.0)
    v.page.mouse.move(*place(live, 0.1))
    check(live, 1.0)
    v.page.mouse.click(*place(live, 0.2))
    assert abs(current(live) - 0.2) < 0.011


def test_by_touch_on_a_phone(figure):
    v, live = figure(PAGE, ANCHOR, viewport={"width": 360, "height": 800}, has_touch=True)
    live.get_by_role("button", name="p = 1/27").tap()
    check(live, 1 / 27, "1/27")
    live.locator("svg").scroll_into_view_if_needed()
    touch = v.page.context.new_cdp_session(v.page)

    def send(kind: str, p: float) -> None:
        x, y = place(live, p)
        points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", 1 / 27)
    before = v.page.evaluate("scrollY")
    for p in (0.03, 0.02, 0.01, 0.004):
        send("touchMove", p)
    v.page.wait_for_function(
        "([id, p]) => Math.abs(Math.log(document.querySelector(`#${id} output`).textContent / p)) < 0.1", arg=[ANCHOR, 0.004]
    )
    send("touchEnd", 0.004)
    check(live, current(live))
    assert v.page.evaluate("scrollY") == before, "the page stays where it is"
    v.page.touchscreen.tap(*place(live, 0.6))
    assert abs(current(live) - 0.6) < 0.011
    assert v.page.evaluate("document.documentElement.scrollWidth") == 360
