"""The figure descent: the places and losses it shows are those of Value, by hand and with microgpt's Adam."""

from __future__ import annotations

from microgpt import PRESETS, Adam, Config
from scripts.figures.descent import STEPS, power, race, short

PAGE = "4-training/04-gradient-descent/"
RATES = [float(f"{x}e{p}") for p in (-3, -2, -1) for x in (1, 1.1, 1.3, 1.6, 2, 2.5, 3, 4, 5, 6, 7, 8, 9)] + [1.0]


def shown(live) -> list[list[str]]:
    return [row.locator("td").all_inner_texts() for row in live.locator("table.descent tbody tr").all()]


def expected(rates: tuple[float, float], steepness: int, step: int) -> list[list[str]]:
    places = [list(race(method, rate, steepness))[step] for method, rate in zip(("plain", "adam"), rates)]
    return [[short(a), short(b), power(loss)] for a, b, loss in places]


def test_the_paths_are_those_of_the_program(figure):
    v, live = figure(PAGE, "figure-descent")
    plain, adam = live.get_by_label("rate of plain descent"), live.get_by_label("rate of Adam")
    step = live.get_by_label("step", exact=True)
    assert shown(live) == expected((0.09, 0.2), 10, STEPS)
    live.get_by_title("First step").click()
    for k in range(STEPS):
        assert shown(live) == expected((0.09, 0.2), 10, k)
        v.page.keyboard.press("ArrowRight")
    for steepness in (1, 100, 10):
        live.get_by_role("radio").nth((1, 10, 100).index(steepness)).check()
        for rates in ((0.001, 0.01), (0.009, 0.1), (0.05, 0.3), (0.11, 0.9), (1.0, 1.0)):
            for slider, rate in zip((plain, adam), rates):
                slider.fill(str(RATES.index(rate)))
            assert live.locator(".slider output").all_inner_texts() == [f"{rate:g}" for rate in rates]
            for k in (1, 2, 7, 30, 60):
                step.fill(str(k))
                assert shown(live) == expected(rates, steepness, k), (steepness, rates, k)


def test_its_adam_has_the_programs_settings():
    config, adam = Config(), Adam([])
    assert (adam.beta1, adam.beta2, adam.eps) == (config.beta1, config.beta2, config.eps) == (0.85, 0.99, 1e-8)
    assert PRESETS["4192"] == config


def test_too_large_a_rate_diverges_and_it_says_so(figure):
    v, live = figure(PAGE, "figure-descent", viewport={"width": 360, "height": 800}, has_touch=True)
    status, plain = live.locator(".figure-status"), live.get_by_label("rate of plain descent")
    assert "diverges" not in status.inner_text()
    plain.focus()
    v.page.keyboard.press("ArrowRight")  # 0.1: it jumps from side to side for ever
    assert shown(live)[0] == ["0.000", "1.000", "10.000"] and "diverges" not in status.inner_text()
    v.page.keyboard.press("ArrowRight")
    assert "plain descent diverges: its loss is 3.2e10; Adam's loss is 0.001" in status.inner_text()
    assert "error" in status.get_attribute("class")
    live.get_by_role("radio").nth(0).tap()
    assert "diverges" not in status.inner_text()
    plain.evaluate("input => input.scrollIntoView({ block: 'center' })")
    box = plain.bounding_box()
    v.page.touchscreen.tap(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2)
    assert live.locator(".slider output").first.inner_text() == "1"
    assert "diverges" not in status.inner_text(), "the factor is −1"


def test_a_steeper_valley_leaves_adams_path_alone(figure):
    v, live = figure(PAGE, "figure-descent")
    path = live.locator(".drawing >> nth=0 >> path.curve.a")
    before = path.get_attribute("d")
    live.get_by_role("radio").nth(2).check()
    assert path.get_attribute("d") == before
    assert "plain descent diverges" in live.locator(".figure-status").inner_text()
