"""The figure slope: the measured slopes are Python's to the last shown digit, the exact one is that of backward()."""

from __future__ import annotations

from microgpt import Value
from scripts.figures.slope import cube, short

PAGE = "2-autograd/01-why-derivatives/"


def shown(live) -> list[list[str]]:
    rows = live.locator("table.slope tbody tr").all()
    return [row.locator("td").all_inner_texts() for row in rows]


def expected(at: float, k: int) -> list[list[str]]:
    h, x = float(f"1e-{k}"), Value(at)
    cube(x).backward()
    ways = [(cube(at + h) - cube(at)) / h, (cube(at + h) - cube(at - h)) / (2 * h)]
    return [[f"{slope:.10f}", short(abs(slope - x.grad))] for slope in ways] + [[f"{x.grad:.10f}", "–"]]


def test_the_slopes_are_those_of_the_program(figure):
    v, live = figure(PAGE, "figure-slope")
    h, x = live.get_by_label("h", exact=True), live.get_by_label("x", exact=True)
    assert shown(live) == expected(2.0, 0)
    h.focus()
    for k in range(1, 17):
        v.page.keyboard.press("ArrowRight")
        assert shown(live) == expected(2.0, k)
    assert "The nudge is lost: as floats, 2.0 + h and 2.0 − h are 2.0." in live.locator(".figure-status").inner_text()
    for at in (0.5, 0.7, 1.0, 1.3, 1.9):
        x.fill(str(at))
        for k in (0, 3, 5, 8, 11, 15):
            h.fill(str(k))
            assert shown(live) == expected(at, k), (at, k)


def test_the_drawing_shows_the_way_and_the_slope(figure):
    v, live = figure(PAGE, "figure-slope", viewport={"width": 360, "height": 800}, has_touch=True)

    def slope(curve: str) -> float:
        """In the drawing, 1 for a rise of one unit."""
        d = live.locator(f".drawing >> nth=0 >> path.curve.{curve}").get_attribute("d")
        (x0, y0), (x1, y1) = [map(float, point.split()) for point in d.removeprefix("M").split("L")]
        return (y0 - y1) / (x1 - x0)

    assert abs(slope("b") / slope("c") - 19 / 12) < 0.02
    live.get_by_label("up and down").tap()
    assert abs(slope("a") / slope("c") - 13 / 12) < 0.02
    assert live.locator(".figure-status").inner_text() == "With h = 1, up and down is off by 1.000."
    box = live.get_by_label("h", exact=True).bounding_box()
    v.page.touchscreen.tap(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2)
    assert slope("a") == 0, "at 1e-16 the nudge is lost"
