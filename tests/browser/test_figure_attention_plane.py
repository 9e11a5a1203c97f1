"""The figure attention-plane: scores, weights and the mix are those of the program's attention head."""

from __future__ import annotations

from scripts.figures.attention_plane import KEYS, QUERY, VALUES, head
from tests.browser.conftest import takes_a_point_or_scrolls

PAGE = "3-architecture/07-attention/"


def shown(live) -> list[list[str]]:
    return [[text.replace("−", "-") for text in row.locator("td").all_inner_texts()[2:]] for row in live.locator("tbody tr").all()]


def expected(query, keys=KEYS, values=VALUES) -> tuple[list[list[str]], str]:
    scores, weights, mixed = head(query, keys, values)
    zero = lambda text: "0.00" if text == "-0.00" else text  # noqa: E731
    return [[zero(f"{s:.2f}"), f"{w:.3f}"] for s, w in zip(scores, weights)], f"({', '.join(zero(f'{x:.2f}') for x in mixed)})"


def test_it_computes_what_the_program_computes(figure):
    v, live = figure(PAGE, "figure-attention-plane")
    table, mix = expected(QUERY)
    assert shown(live) == table and mix in live.locator(".figure-status").inner_text().replace("−", "-")
    live.get_by_role("group", name="the arrow keys move").focus()
    for key, by in (("ArrowUp", (0, 1)), ("ArrowLeft", (-1, 0))):
        for _ in range(12):
            v.page.keyboard.press(key)
    moved = (QUERY[0] - 1.2, QUERY[1] + 1.2)
    table, mix = expected(moved)
    assert shown(live) == table and mix in live.locator(".figure-status").inner_text().replace("−", "-")
    live.get_by_label("value 2").check()
    live.get_by_role("group", name="the arrow keys move").focus()
    for _ in range(5):
        v.page.keyboard.press("ArrowRight")
    values = (*VALUES[:2], (-0.5, -1.0))
    assert expected(moved, KEYS, values)[1] in live.locator(".figure-status").inner_text().replace("−", "-")


def test_a_key_can_be_dragged_on_a_phone(figure):
    v, live = figure(PAGE, "figure-attention-plane", viewport={"width": 360, "height": 800})
    plane = live.locator(".drawing").first
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    unit, middle = min(box["width"], 240) / 6.6, (box["x"] + box["width"] / 2, box["y"] + 120)
    at = lambda x, y: (middle[0] + x * unit, middle[1] - y * unit)  # noqa: E731
    v.page.mouse.move(*at(*KEYS[1]))
    v.page.mouse.down()
    v.page.mouse.move(*at(2.0, 2.0))
    v.page.mouse.up()
    assert live.get_by_label("key 1").is_checked()
    assert shown(live) == expected(QUERY, (KEYS[0], (2.0, 2.0), KEYS[2]))[0]


def test_a_finger_takes_a_point_or_scrolls_the_page(figure):
    v, live = figure(PAGE, "figure-attention-plane", viewport={"width": 360, "height": 800}, has_touch=True)
    takes_a_point_or_scrolls(v, live, 3.3, (QUERY, (1.0, 1.5), (-1.0, 1.0)), "The query is (−1.0, 1.0)")
