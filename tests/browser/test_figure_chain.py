"""The figure chain: values, moves and slopes are those of the program's engine."""

from __future__ import annotations

from scripts.figures.chain import slopes, stages

PAGE = "2-autograd/02-the-chain-rule/"


def expected(x: float, nudge: float) -> list[list[str]]:
    before, after = stages(x), stages(x + nudge)
    steep = ["–", *(f"{slope:.3f}" for slope in slopes(x))]
    zero = lambda text: text.replace("-0.0000", "0.0000") if text == "-0.0000" else text  # noqa: E731
    return [[f"{a:.3f}", zero(f"{b - a:.4f}"), s] for a, b, s in zip(before, after, steep)]


def shown(live) -> list[list[str]]:
    rows = live.locator("tbody tr").all()
    return [[text.replace("−", "-") for text in row.locator("td").all_inner_texts()] for row in rows]


def test_the_chain_is_the_engines(figure):
    v, live = figure(PAGE, "figure-chain", viewport={"width": 360, "height": 800})
    x, nudge = live.get_by_label("x", exact=True), live.get_by_label("nudge", exact=True)
    for at in (0.5, 1.0, 1.4):
        x.fill(str(at))
        for move in (-0.3, 0.01, 0.3):
            nudge.fill(str(move))
            assert shown(live) == expected(at, move), (at, move)
    nudge.focus()
    v.page.keyboard.press("ArrowLeft")
    assert shown(live) == expected(1.4, 0.29)
    nudge.fill("0")
    assert "Nudge x to see it happen" in live.locator(".figure-status").inner_text()


def test_small_nudges_are_stretched_by_the_product_of_the_slopes():
    a, b, c = slopes(1.2)
    assert abs((stages(1.2 + 1e-6)[3] - stages(1.2)[3]) / 1e-6 - a * b * c) < 1e-5
