"""The figure softmax: what it shows for any logits is what the program computes."""

from __future__ import annotations

import pytest

from microgpt import Value, softmax

PAGE = "3-architecture/04-softmax/"


def shares(live) -> list[str]:
    return [text.strip() for text in live.locator("tbody td:nth-child(4)").all_inner_texts()]


def expected(logits: list[float]) -> list[str]:
    return [f"{share.data:.3f}" for share in softmax([Value(logit) for logit in logits])]


def test_it_shows_the_programs_shares(figure):
    v, live = figure(PAGE, "figure-softmax")
    logits = [2.1, 0.3, -0.5, 1.0, -2.0]
    assert shares(live) == expected(logits)

    live.get_by_label("logit 1").focus()
    for _ in range(30):
        v.page.keyboard.press("ArrowRight")
    logits[1] = 3.3
    assert live.locator("tbody output").nth(1).inner_text() == "3.3"
    assert shares(live) == expected(logits)

    box = live.get_by_label("logit 4").bounding_box()
    v.page.mouse.click(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2)
    logits[4] = 5.0
    assert shares(live) == expected(logits)


def test_without_the_subtraction_it_overflows_where_the_program_would(figure):
    v, live = figure(PAGE, "figure-softmax", viewport={"width": 360, "height": 800}, has_touch=True)
    live.get_by_label("subtract the largest first").tap()
    assert shares(live) == expected([2.1, 0.3, -0.5, 1.0, -2.0]), "the subtraction changes nothing but the range"
    factor = live.get_by_label("all logits times")
    factor.focus()
    v.page.keyboard.press("End")
    assert "OverflowError: math range error" in live.locator(".figure-status").inner_text()
    assert shares(live) == ["–"] * 5
    with pytest.raises(OverflowError, match="math range error"):
        Value(2.1 * 400).exp()
    for times, works in ((338, False), (337, True)):  # 2.1 · 338 = 709.8
        factor.fill(str(times))
        assert ("error" not in live.locator(".figure-status").get_attribute("class")) == works
        if works:
            Value(2.1 * times).exp()
        else:
            with pytest.raises(OverflowError):
                Value(2.1 * times).exp()
    live.get_by_label("subtract the largest first").tap()
    assert shares(live) == ["1.000", "0.000", "0.000", "0.000", "0.000"]
