"""The figure gradient-check: the slopes are those of rung 1, by formula and by nudging."""

from __future__ import annotations

import json
import math
import random

from microgpt import Tokenizer, load_docs
from microgpt.ladder import train1
from tests import ROOT

PAGE = "2-autograd/04-the-gradient-by-hand/"
RECORDED = json.loads((ROOT / "docs/assets/data/figures/gradient-check.json").read_text(encoding="utf-8"))


def shown(live) -> list[str]:
    return [text.replace("−", "-") for text in live.locator("td").all_inner_texts()]


def test_it_was_recorded_from_rung_1():
    config, tokenizer = train1.Config(), Tokenizer(load_docs())
    params = train1.init_params(config, tokenizer.vocab_size, random.Random(42))
    tokens = [tokenizer.bos, *tokenizer.encode(RECORDED["document"]), tokenizer.bos]
    _, grads = train1.gradient(tokens, params, config)
    assert len(RECORDED["parameters"]) == 12
    for parameter in RECORDED["parameters"]:
        name, i, j = parameter["name"].replace("]", "").split("[")
        row, k = params[name][int(i)], int(j)
        assert math.isclose(parameter["formula"], grads[name][int(i)][k], rel_tol=1e-12)
        before, losses = row[k], []
        for row[k] in (before + 1e-4, before - 1e-4):
            losses.append(train1.document_loss(tokens, params, config))
        row[k] = before
        assert math.isclose(parameter["nudged"][3], (losses[0] - losses[1]) / 2e-4, abs_tol=1e-12)


def test_each_nudge_of_each_parameter(figure):
    v, live = figure(PAGE, "figure-gradient-check")
    nudge, choice = live.get_by_label("nudge", exact=True), live.get_by_label("parameter")
    for at in (0, 4, 11):
        choice.select_option(str(at))
        parameter = RECORDED["parameters"][at]
        for k in (0, 2, 13):
            nudge.fill(str(k))
            _, measured, formula, off = shown(live)
            assert (measured, formula) == tuple(f"{x:.12f}".replace("-0.000000000000", "0.000000000000") for x in (parameter["nudged"][k], parameter["formula"]))
            error = abs(parameter["nudged"][k] - parameter["formula"])
            assert float(off) == 0 if error == 0 else 0.5 < float(off) / error < 2
    choice.select_option("4")
    assert "nothing to do with emma" in live.locator(".figure-status").inner_text()


def test_with_the_keyboard_on_a_phone(figure):
    v, live = figure(PAGE, "figure-gradient-check", viewport={"width": 360, "height": 800})
    live.get_by_label("nudge", exact=True).focus()
    v.page.keyboard.press("End")
    assert shown(live)[0] == "10⁻¹⁴" and "Closest with h = 10⁻" in live.locator(".figure-status").inner_text()
