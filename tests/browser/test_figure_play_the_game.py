"""The game of the first chapter: the two programs pay what they would have, and the reader pays by the rule."""

from __future__ import annotations

import math

import pytest

from microgpt import document_loss
from microgpt.ladder import train0
from scripts.figures._still import load, number
from scripts.figures.play_the_game import COUNT
from scripts.runs.default import default_run, tokens_of

pytestmark = pytest.mark.usefixtures("default_run_made")
PAGE, ANCHOR = "0-the-big-picture/01-what-a-language-model-is/", "figure-play-the-game"


def names() -> list[str]:
    return default_run().docs[1000 : 1000 + COUNT]


def recorded(name: str, player: str) -> dict:
    return load("figures/play-the-game.json")["names"][name][player]


def rows(live, part: str = "tbody") -> list[list[str]]:
    return [row.locator("th, td").all_inner_texts() for row in live.locator(f"{part} tr").all()]


def quoted(token: str) -> str:
    return f"“{token}”" if len(token) == 1 else token


def said(live) -> str:
    return live.locator("[role=status]").inner_text()


def test_what_is_recorded_is_what_the_programs_pay():
    run, counts = default_run(), [[0] * 27 for _ in range(27)]
    assert [*train0.train(run.docs, run.tokenizer, counts, 1000)]
    assert [*load("figures/play-the-game.json")["names"]] == names()
    assert not set(names()) & set(run.docs[:1000]), "neither has read them"
    for name in names():
        tokens = tokens_of(name, run.tokenizer)
        for player, loss in [("pairs", train0.document_loss(tokens, counts)), ("gpt", document_loss(tokens, run.params, run.config).data)]:
            losses = recorded(name, player)["losses"]
            assert recorded(name, player)["mean"] == round(loss, 3)
            assert sum(losses) / len(losses) == pytest.approx(loss, abs=0.001)


def test_who_names_nothing_pays_for_27_choices(figure):
    v, live = figure(PAGE, ANCHOR)
    go = live.get_by_role("button", name="Uncover")
    assert said(live) == "You name nothing: each of the 27 gets 3.7%."
    first = names()[0]
    for i, token in enumerate([*first, "the end"]):
        assert "?" in live.locator(".tokens").inner_text() and len(rows(live)) == i, "nothing is told before"
        go.click()
        expected = [token, "3.30", *(number(recorded(first, player)["losses"][i]) for player in ("pairs", "gpt"))]
        assert rows(live)[-1] == expected
        assert said(live).startswith(f"It was {quoted(token)}. You gave it 3.7% and pay 3.30.")
    means = [number(recorded(first, player)["mean"]) for player in ("pairs", "gpt")]
    assert rows(live, "tfoot") == [["this name", "3.30", *means], ["mean of 1 name", "3.30", *means]]
    assert live.locator(".letters button").first.get_attribute("aria-disabled") == "true"
    live.get_by_role("button", name="Next name").click()
    assert rows(live) == [] and said(live) == "You name nothing: each of the 27 gets 3.7%."


def test_the_rule(figure):
    v, live = figure(PAGE, ANCHOR)
    first = names()[0]
    right, others = first[0], [char for char in "xyz" if char != first[0]]
    go, sure = live.get_by_role("button", name="Uncover"), live.get_by_label("how sure")
    for char in (right, *others[:2]):
        live.get_by_role("button", name=char, exact=True).click()
    live.get_by_role("button", name="w", exact=True).click()
    assert said(live) == "3 at most. Take one back first."
    sure.fill("90")
    assert said(live) == f"You give 30.0% to {' and '.join(map(quoted, [right, *others[:2]]))} each, and 0.4% to each of the other 24."
    assert live.locator("button[aria-pressed=true]").count() == 3
    go.click()
    assert rows(live)[0][1] == number(-math.log(0.3))
    assert not live.locator("button[aria-pressed=true]").count(), "each letter is named anew"
    live.get_by_role("button", name="the end").click()
    assert said(live) == "You give 90.0% to the end, and 0.4% to each of the other 26."
    go.click()
    assert rows(live)[1][1] == number(-math.log(0.1 / 26))


def test_all_names_by_keyboard(figure):
    v, live = figure(PAGE, ANCHOR)
    live.get_by_label("how sure").press("End")
    live.get_by_role("button", name="Uncover").focus()
    for k, name in enumerate(names(), 1):
        for key in [*name, "."]:
            v.page.keyboard.press(key)
            assert live.locator("button[aria-pressed=true]").count() == 1
            v.page.keyboard.press("Enter")
            assert rows(live)[-1][1] == number(-math.log(0.99))
        assert f"{name} is over: you 0.01;" in said(live)
        means = [sum(recorded(n, player)["mean"] for n in names()[:k]) / k for player in ("pairs", "gpt")]
        shown = rows(live, "tfoot")[-1]
        assert shown[:2] == [f"mean of {k} name{'s' if k > 1 else ''}", "0.01"]
        assert [float(x) for x in shown[2:]] == pytest.approx(means, abs=0.0051)
        v.page.keyboard.press("Enter")
    assert live.get_by_role("button", name="Uncover").is_visible() and rows(live, "tfoot") == [], "it begins anew"
    assert v.page.evaluate("document.querySelector('[data-md-toggle=search]').checked") is False, "no key opened the search"


def test_by_touch_on_a_phone(figure):
    v, live = figure(PAGE, ANCHOR, viewport={"width": 360, "height": 800}, has_touch=True)
    live.get_by_role("button", name="s", exact=True).tap()
    live.get_by_role("button", name="s", exact=True).tap()
    assert said(live).startswith("You name nothing")
    live.get_by_role("button", name="Uncover").tap()
    assert len(rows(live)) == 1
    assert v.page.evaluate("document.documentElement.scrollWidth") == 360
