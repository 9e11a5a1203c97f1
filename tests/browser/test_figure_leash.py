"""The figure leash: each model's numbers and names are the recorded ones, and none is above the best that can be."""

from __future__ import annotations

import json
import math

from tests import ROOT

PAGE = "7-growing-up/12-after-training/"
RECORDED = json.loads((ROOT / "docs/assets/data/figures/leash.json").read_text(encoding="utf-8"))
MODELS = RECORDED["models"]


def test_every_model_tells_what_it_writes(figure):
    v, live = figure(PAGE, "figure-leash", viewport={"width": 360, "height": 800})
    slider, status = live.get_by_label("model", exact=True), live.locator(".figure-status")
    for i in (0, len(MODELS) // 2, len(MODELS) - 1):
        slider.fill(str(i))
        model = MODELS[i]
        assert slider.get_attribute("aria-valuetext") == model["name"]
        assert status.inner_text() == (
            f"{model['name'][0].upper()}{model['name'][1:]}: {100 * model['reward']:.0f}% end in a, {model['nats']:.1f} nats from the base; "
            f"of 500 names {model['different']} are different."
        )
        assert live.locator(".leash-names").inner_text() == ", ".join(text or "(empty)" for text in model["texts"])
        assert live.locator("circle[data-model]").count() == len(MODELS)
    slider.focus()
    v.page.keyboard.press("ArrowLeft")
    assert status.inner_text().lower().startswith(MODELS[-2]["name"])


def test_a_point_can_be_chosen_in_the_drawing(figure):
    v, live = figure(PAGE, "figure-leash")
    name = "no leash, 200 steps"
    box = live.locator(f'circle[data-model="{name}"]').bounding_box()
    v.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert live.locator(".figure-status").inner_text().lower().startswith(name)


def test_nothing_is_far_above_the_best():
    """500 texts leave room for chance: three standard errors."""
    base = RECORDED["share"]
    for model in MODELS:
        least = sum(new * math.log(new / old) for new, old in ((model["reward"], base), (1 - model["reward"], 1 - base)) if new > 0)
        slope = abs(math.log(max(model["reward"], 0.002) / base) - math.log(max(1 - model["reward"], 0.002) / (1 - base)))
        error = 3 * slope * math.sqrt(max(model["reward"] * (1 - model["reward"]), 0.002) / 500) + 0.1
        assert model["nats"] >= least - error, model["name"]
