"""The figure temperature: its shares are what `distribution` returns for the trained model's logits."""

from __future__ import annotations

import math
import re

import pytest

from microgpt import Value, distribution, empty_cache, gpt
from scripts.figures._still import load
from scripts.runs.default import default_run

pytestmark = pytest.mark.usefixtures("default_run_made")
PAGE, ANCHOR = "5-inference/02-temperature-and-sampling/", "figure-temperature"
RECORDED = load("figures/temperature.json")
TOKENS = RECORDED["tokens"]


def program(beginning: str, temperature: float) -> dict[str, float]:
    """The program's shares of the recorded logits."""
    return dict(zip(TOKENS, distribution([Value(x) for x in RECORDED["logits"][beginning]], temperature)))


def column(live, part: str) -> list[str]:
    return [text.strip() for text in live.locator(f".temperature-tokens {part}").all_inner_texts()]


def shares(live) -> dict[str, str]:
    return dict(zip(column(live, "b"), column(live, ".share")))


def counts(live) -> dict[str, int]:
    return {token: int(text.rstrip("×") or 0) for token, text in zip(column(live, "b"), column(live, ".count"))}


def check(live, beginning: str, temperature: float) -> None:
    expected = program(beginning, temperature)
    assert shares(live) == {token: f"{p:.3f}" for token, p in expected.items()}
    assert live.locator(".slider output").inner_text() == f"{temperature:.2f}"
    bars = live.locator(".drawing .fill-a").evaluate_all("bars => bars.map(bar => Number(bar.getAttribute('height')))")
    assert len(bars) == 27
    for token, height in zip(column(live, "b"), bars):
        assert height == pytest.approx(182 * expected[token], abs=0.01)


@pytest.mark.parametrize("beginning", RECORDED["logits"])
def test_the_logits_are_the_models(beginning):
    run = default_run()
    keys, values = empty_cache(run.config)
    for position, token in enumerate([run.tokenizer.bos, *run.tokenizer.encode(beginning)]):
        logits = gpt(token, position, keys, values, run.params, run.config)
    assert RECORDED["logits"][beginning] == [round(logit.data, 4) for logit in logits]
    assert TOKENS == [*"abcdefghijklmnopqrstuvwxyz", "end"] and run.tokenizer.bos == 26


def test_shares_at_all_temperatures(figure):
    v, live = figure(PAGE, ANCHOR)
    check(live, "em", 1)
    slider = live.get_by_label("temperature", exact=True)
    for beginning in RECORDED["logits"]:
        live.get_by_label("after").select_option(beginning)
        for temperature in (0, 0.05, 0.5, 1.35, 3):
            slider.fill(str(temperature))
            check(live, beginning, temperature)
            order = column(live, "b")
            assert order == sorted(order, key=program(beginning, 1).get, reverse=True), "the order stays"
    assert "has a share of" in live.locator(".figure-status").inner_text()


def test_by_keyboard(figure):
    v, live = figure(PAGE, ANCHOR)
    live.get_by_label("temperature", exact=True).focus()
    for key, temperature in [("ArrowLeft", 0.95), ("ArrowLeft", 0.9), ("Home", 0), ("End", 3), ("ArrowDown", 2.95)]:
        v.page.keyboard.press(key)
        check(live, "em", temperature)
    live.get_by_role("button", name="draw 1", exact=True).focus()
    v.page.keyboard.press("Enter")
    v.page.keyboard.press("Space")
    assert sum(counts(live).values()) == 2 and "2 drawn" in live.inner_text()


def test_the_draws_add_up_and_follow_the_shares(figure):
    v, live = figure(PAGE, ANCHOR, viewport={"width": 360, "height": 800}, has_touch=True)
    one, hundred = (live.get_by_role("button", name=f"draw {n}", exact=True) for n in (1, 100))
    seen: dict[str, int] = {}
    for total in range(1, 6):
        one.tap()
        drawn = re.search(r"random number (0\.\d{4}) has drawn (\w+)", live.locator(".figure-status").inner_text())
        seen[drawn[2]] = seen.get(drawn[2], 0) + 1
        assert {token: n for token, n in counts(live).items() if n} == seen
        assert sum(counts(live).values()) == total
        # The ruler of the tokens in the order of their ids, as `choices` cuts it.
        ruler = list(program("em", 1).items())
        low = sum(p for _, p in ruler[: TOKENS.index(drawn[2])])
        assert low - 1e-4 <= float(drawn[1]) <= low + program("em", 1)[drawn[2]] + 1e-4
    for _ in range(20):
        hundred.tap()
    assert live.locator(".temperature-total").inner_text() == "2005 drawn" and sum(counts(live).values()) == 2005
    for token, p in program("em", 1).items():
        assert abs(counts(live)[token] - 2005 * p) <= 4 * math.sqrt(2005 * p * (1 - p)) + 1
    assert live.locator(".drawing .fill-b").count() == 27

    live.get_by_role("button", name="clear").tap()
    assert sum(counts(live).values()) == 0
    hundred.tap()
    live.get_by_label("temperature", exact=True).fill("0")
    assert sum(counts(live).values()) == 0, "other shares, other draws"
    hundred.tap()
    assert {token: n for token, n in counts(live).items() if n} == {"a": 100}, "greedy"
