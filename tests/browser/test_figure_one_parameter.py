"""The figure one-parameter: the recorded losses are the program's, and the steps go against the slope."""

from __future__ import annotations

import json
from statistics import fmean

from microgpt import document_loss
from scripts.figures.one_parameter import NAMES, PARAMETERS, STEP
from scripts.runs.default import default_run, tokens_of
from tests import ROOT

PAGE = "4-training/04-gradient-descent/"
RECORDED = json.loads((ROOT / "docs/assets/data/figures/one-parameter.json").read_text(encoding="utf-8"))


def test_it_was_recorded_from_the_default_run(default_run_made):
    run = default_run()
    params, names = run.params_at[STEP], [tokens_of(doc, run.tokenizer) for doc in run.docs[STEP : STEP + NAMES]]
    (name, i, j), recorded = PARAMETERS[2], RECORDED["parameters"][2]
    p = params[name][i][j]
    here, losses = p.data, {}
    for value in (RECORDED["values"][0], RECORDED["values"][20], here + 1e-4, here - 1e-4, here):
        p.data = value
        losses[value] = fmean(document_loss(tokens, params, run.config).data for tokens in names)
    assert round(losses[here], 5) == recorded["loss"] and round(here, 4) == recorded["value"]
    assert [round(losses[RECORDED["values"][k]], 5) for k in (0, 20)] == [recorded["losses"][k] for k in (0, 20)]
    assert abs((losses[here + 1e-4] - losses[here - 1e-4]) / 2e-4 - recorded["slope"]) < 1e-5


def test_steps_go_down_and_back(figure):
    v, live = figure(PAGE, "figure-one-parameter", viewport={"width": 360, "height": 800})
    status = live.locator(".figure-status")
    first = RECORDED["parameters"][0]
    assert f"{first['loss']:.4f}" in status.inner_text() or abs(float(status.inner_text().split()[-1].rstrip(".")) - first["loss"]) < 2e-3
    before = float(status.inner_text().split()[-1].rstrip("."))
    live.get_by_label("rate", exact=True).fill("5")
    live.get_by_title("A step against the slope").click()
    expected = first["value"] - 5 * first["slope"]
    assert f"{expected:.3f}".replace("-", "−") in status.inner_text() and "after 1 step:" in status.inner_text()
    assert float(status.inner_text().split()[-1].rstrip(".")) < before
    for _ in range(3):
        v.page.keyboard.press("Enter")
    assert "after 4 steps:" in status.inner_text()
    live.get_by_title("Back to the start").click()
    assert "after 0 steps:" in status.inner_text()
    live.get_by_label("parameter", exact=True).select_option("2")
    assert status.inner_text().startswith("lm_head[26][5] is ")
