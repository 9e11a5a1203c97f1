"""The figure residual: it shows the recorded gradients of each step, and the first are what the program has now."""

from __future__ import annotations

import random
import re
from unittest.mock import patch

from microgpt import Tokenizer, init_params, load_docs
from scripts.figures import residual
from scripts.figures._still import load, number

PAGE = "3-architecture/08-residual-connections/"


def shown(live, model: str) -> list[str]:
    """From the bottom of the model to its top."""
    return live.locator(f"svg text[data-model={model}]").all_text_contents()


def test_the_first_recorded_sizes_are_those_of_the_program():
    docs, config = load_docs(), residual.CONFIG
    tokenizer, rng = Tokenizer(docs), random.Random(config.seed)
    rng.shuffle(docs)
    params = init_params(config, tokenizer.vocab_size, rng)
    documents = [residual.tokens_of(doc, tokenizer) for doc in docs[-residual.NAMES:]]
    recorded = load("figures/residual.json")
    for model, function in (("with", residual.add), ("without", residual.replace)):
        with patch.object(residual.GPT, "add", function):
            loss, sizes = residual.measure(params, documents)
        assert [loss, sizes] == [recorded[model]["losses"][0], recorded[model]["gradients"][0]]


def test_every_step(figure):
    v, live = figure(PAGE, "figure-residual")
    recorded = load("figures/residual.json")
    status = live.locator(".figure-status")
    live.get_by_title("First step").focus()
    v.page.keyboard.press("Home")
    for k, step in enumerate(recorded["steps"]):
        assert live.locator(".player output").inner_text() == f"{step} of {recorded['steps'][-1]}"
        losses = []
        for model in ("with", "without"):
            assert shown(live, model) == [residual.power(x) for x in recorded[model]["gradients"][k]]
            losses.append(f"{model} {number(recorded[model]['losses'][k])}")
        assert f"Mean loss: {', '.join(losses)}." in status.inner_text()
        kept, gone = (recorded[model]["gradients"][k][1] for model in ("with", "without"))
        if kept > 2 * gone:
            times = re.search(r"(\d+) times as much", status.inner_text())
            assert times and abs(int(times[1]) / (kept / gone) - 1) < 0.05
        else:
            assert "about the same" in status.inner_text()
        v.page.keyboard.press("ArrowRight")


def test_one_of_both_by_touch(figure):
    v, live = figure(PAGE, "figure-residual", viewport={"width": 360, "height": 800}, has_touch=True)
    places = live.locator("svg circle.fill-a"), live.locator("svg rect.fill-b")
    assert [marks.count() for marks in places] == [6, 6]
    x = [float(mark.get_attribute("x")) for mark in places[1].all()]
    assert x == sorted(x), "without shortcuts the gradients grow from the bottom to the top"
    live.get_by_role("radio", name="without").tap()
    assert [marks.count() for marks in places] == [0, 6] and not shown(live, "with")
    live.get_by_role("radio", name="with", exact=True).tap()
    assert [marks.count() for marks in places] == [6, 0] and not shown(live, "without")
    label = live.locator("svg[role=img]").get_attribute("aria-label")
    assert f"layer0 {shown(live, 'with')[1]}" in label and "without" not in label
    live.get_by_title("One step back").tap()
    assert live.locator(".player output").inner_text() == "40 of 60"


def test_what_the_caption_says():
    """Before any learning the layers are alike; from the first step on each gets less than the one above it."""
    recorded = load("figures/residual.json")
    first, *later = recorded["without"]["gradients"]
    for with_shortcuts, without in zip(recorded["with"]["gradients"][0][1:-1], first[1:-1]):
        assert 0.7 < without / with_shortcuts < 1.4
    for step in later:
        embeddings, *layers, _ = step
        assert layers == sorted(layers) and layers[0] < layers[-1] / 10 and embeddings < layers[0]
