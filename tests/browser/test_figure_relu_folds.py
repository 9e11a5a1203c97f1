"""The figure relu-folds: what is drawn is the sum of the recorded neurons, and they were trained by the program."""

from __future__ import annotations

import json
import re

from microgpt import Value, mlp
from scripts.figures.relu_folds import NEURONS, POINTS, error, fit, target
from tests import ROOT

PAGE = "3-architecture/09-the-mlp/"
RECORDED = json.loads((ROOT / "docs/assets/data/figures/relu-folds.json").read_text(encoding="utf-8"))


def matrices(neurons: int) -> tuple:
    found = RECORDED["fits"][str(neurons)]["neurons"]
    return [[Value(a), Value(b)] for a, b, _ in found], [[Value(w) for *_, w in found]]


def test_the_recorded_errors_are_those_of_the_recorded_neurons():
    assert RECORDED["target"] == [round(target(x), 4) for x in POINTS]
    for neurons in NEURONS:
        assert abs(error(*matrices(neurons)).data ** 0.5 - RECORDED["fits"][str(neurons)]["error"]) < 1e-3


def test_one_neuron_is_the_best_of_its_seeds():
    assert min(round(fit(1, seed)[0], 4) for seed in range(6)) == RECORDED["fits"]["1"]["error"]


def test_the_curve_is_the_sum_of_the_neurons(figure):
    v, live = figure(PAGE, "figure-relu-folds")
    for neurons in NEURONS:
        live.get_by_role("radio", name=str(neurons), exact=True).check()
        fc1, fc2 = matrices(neurons)
        folds = sorted(-b.data / a.data for a, b in fc1 if abs(b.data / a.data) < 1)
        d = live.locator("path.curve.b").get_attribute("d")
        points = [tuple(map(float, point.split())) for point in re.split("[ML]", d)[1:]]
        assert len(points) == len(folds) + 2
        (x0, y0), (x1, _) = points[0], points[-1]
        zero = float(live.locator(".axis text", has_text="0").first.get_attribute("y") or 0) - 4
        for x, y in points[1:-1]:
            at = -1 + 2 * (x - x0) / (x1 - x0)
            value = mlp([Value(at), Value(1.0)], fc1, fc2)[0].data
            assert abs((zero - y) / (HEIGHT_OF_ONE := (260 - 26 - 8) / 3.2) - value) < 0.03 or abs(value) > 1.6, HEIGHT_OF_ONE
        assert f"{len(folds)} fold" in live.locator(".figure-status").inner_text()


def test_each_neuron_alone_with_the_keyboard(figure):
    v, live = figure(PAGE, "figure-relu-folds", viewport={"width": 360, "height": 800})
    assert live.locator("path.curve.d").count() == 0
    live.get_by_label("each neuron alone").focus()
    v.page.keyboard.press("Space")
    assert live.locator("path.curve.d").count() == 2
