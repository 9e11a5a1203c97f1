"""The figure speculation: each step is one that `speculate` took, and its bars are the draft's and the model's shares."""

from __future__ import annotations

import json

import pytest

from tests import ROOT

PAGE, ANCHOR = "7-growing-up/10-faster-writing/", "figure-speculation"
RECORDED = json.loads((ROOT / "docs/assets/data/figures/speculation.json").read_text(encoding="utf-8"))
TOKENS = RECORDED["tokens"]


def steps(name: dict) -> list[tuple]:
    """(pass, guess or None, token, dart) of each step."""
    found = []
    for i, each in enumerate(name["passes"], 1):
        for k, token in enumerate(each["tokens"]):
            guess = each["guesses"][k] if k < len(each["guesses"]) else None
            found.append((i, guess, token, each["darts"][k] if guess is not None else None))
    return found


def test_the_verdicts_follow_from_the_shares_and_the_darts():
    for name in RECORDED["names"]:
        text = [26]
        for each in name["passes"]:
            for k, token in enumerate(each["tokens"]):
                if k < len(each["guesses"]):
                    guess = each["guesses"][k]
                    q, p = RECORDED["draft"][text[-1]], each["model"][k]
                    kept = each["darts"][k] * q[guess] < min(p[guess], q[guess])
                    assert kept == (token == guess) and (kept or p[token] >= q[token])
                text.append(token)
        assert "".join(TOKENS[t] for t in text[1:-1]) == name["name"] and text[-1] == 26


def test_every_step_of_every_name(figure):
    v, live = figure(PAGE, ANCHOR, viewport={"width": 360, "height": 800})
    status = live.locator(".figure-status")
    for i, name in enumerate(RECORDED["names"]):
        live.get_by_label("name", exact=True).select_option(str(i))
        slider = live.get_by_label("token", exact=True)
        for k, (number, guess, token, _) in enumerate(steps(name)):
            slider.fill(str(k))
            said = status.inner_text()
            assert said.startswith(f"Pass {number} of {len(name['passes'])}, after ")
            if guess is None:
                assert "one more" in said and said.endswith(f"{TOKENS[token]}.")
            else:
                assert f"the draft guesses {TOKENS[guess]} " in said
                assert said.endswith("kept." if guess == token else f"from the orange: {TOKENS[token]}.")
            assert live.locator(".drawing circle").count() == (guess is not None)


def test_blue_and_orange_are_the_models_shares(figure):
    _, live = figure(PAGE, ANCHOR)
    first = RECORDED["names"][0]["passes"][0]
    p, q = first["model"][0], RECORDED["draft"][26]
    scale = (176 - 12) / max(*p, *q)
    heights = live.locator(".drawing").evaluate(
        """place => ["fill-a", "fill-b", "too-much"].map(name =>
             [...place.querySelectorAll("rect." + name)].map(bar => Number(bar.getAttribute("height"))))"""
    )
    assert sum(heights[0]) == pytest.approx(scale * sum(map(min, p, q)), abs=0.1)
    assert sum(heights[0]) + sum(heights[1]) == pytest.approx(scale * sum(p), abs=0.1)
    assert sum(heights[0]) + sum(heights[2]) == pytest.approx(scale * sum(q), abs=0.1)


def test_by_keyboard(figure):
    v, live = figure(PAGE, ANCHOR)
    live.get_by_role("button", name="One step forward").focus()
    v.page.keyboard.press("End")
    assert live.locator(".figure-status").inner_text().startswith("Pass 2 of 2")
    v.page.keyboard.press("ArrowLeft")
    v.page.keyboard.press("Home")
    assert live.locator(".figure-status").inner_text().startswith("Pass 1 of 2, after BOS")
