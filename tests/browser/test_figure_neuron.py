"""The figure neuron: what is shown is what was recorded, and that is the trained model's."""

from __future__ import annotations

import json

from microgpt import add, linear, rmsnorm
from scripts.runs.default import default_run
from tests import ROOT

PAGE = "3-architecture/09-the-mlp/"
RECORDED = json.loads((ROOT / "docs/assets/data/figures/neuron.json").read_text(encoding="utf-8"))


def test_every_neuron_tells_when_it_fires(figure):
    v, live = figure(PAGE, "figure-neuron", viewport={"width": 360, "height": 800})
    slider, status = live.get_by_label("neuron", exact=True), live.locator(".figure-status")
    for n in (0, 16, 63):
        slider.fill(str(n))
        means = RECORDED["by_token"][n]
        order = sorted(range(27), key=lambda i: -(means[i] if means[i] is not None else -1))[:3]
        best = ", ".join(f"{RECORDED['tokens'][i]} ({means[i] / 100:.2f})" for i in order)
        assert status.inner_text() == f"Neuron {n} is on {100 * RECORDED['on'][n]:.0f}% of the time, most strongly after {best}."
    slider.focus()
    v.page.keyboard.press("ArrowLeft")
    assert status.inner_text().startswith("Neuron 62 is on ")
    assert live.locator(".drawing >> nth=0 >> rect").count() == 27 and live.locator(".drawing >> nth=1 >> rect").count() == 10


def test_at_the_beginning_all_names_are_alike(default_run_made):
    """At place 0 only BOS is read, and attention can only look there: one value for each neuron, computed here anew."""
    run = default_run()
    params = run.params_at[run.config.steps]
    x = rmsnorm(add(params["wte"][run.tokenizer.bos], params["wpe"][0]))
    value = linear(rmsnorm(x), params["layer0.attn_wv"])  # the only one there is to mix
    x = add(linear(value, params["layer0.attn_wo"]), x)
    hidden = [max(h.data, 0.0) for h in linear(rmsnorm(x), params["layer0.mlp_fc1"])]
    assert [round(100 * h) for h in hidden] == [means[-1] for means in RECORDED["by_token"]]
    assert [round(100 * h) for h in hidden] == [means[0] for means in RECORDED["by_place"]]
