"""The figure taken-apart: three parts of each logit, whose sum is the model's."""

from __future__ import annotations

import json
import math

from scripts.runs.default import default_run, tokens_of
from microgpt import empty_cache, gpt
from tests import ROOT

PAGE = "3-architecture/12-the-whole-gpt/"
RECORDED = json.loads((ROOT / "docs/assets/data/figures/taken-apart.json").read_text(encoding="utf-8"))


def test_the_parts_add_up_to_the_models_logits(default_run_made):
    run = default_run()
    params = run.params_at[run.config.steps]
    for name, positions in RECORDED["names"].items():
        keys, values = empty_cache(run.config)
        for pos_id, token_id in enumerate(tokens_of(name, run.tokenizer)[:-1]):
            logits = gpt(token_id, pos_id, keys, values, params, run.config)
            for i, logit in enumerate(logits):
                assert abs(sum(part[i] for part in positions[pos_id]["parts"]) / 100 - logit.data) < 0.016
            total = sum(math.exp(logit.data) for logit in logits)
            assert all(abs(p - math.exp(logit.data) / total) < 6e-4 for p, logit in zip(positions[pos_id]["shares"], logits))


def test_it_shows_the_likeliest_and_the_letter_that_came(figure):
    v, live = figure(PAGE, "figure-taken-apart")
    tokens = RECORDED["tokens"]
    for name in ("emma", "kwyjibo"):
        live.get_by_label("name", exact=True).select_option(name)
        live.get_by_title("First step").focus()
        for k, position in enumerate(RECORDED["names"][name]):
            if k:
                v.page.keyboard.press("ArrowRight")
            next_ = name[k] if k < len(name) else "BOS"
            best = sorted(range(27), key=lambda i: -position["shares"][i])[:8]
            if tokens.index(next_) not in best:
                best.append(tokens.index(next_))
            rows = live.locator("tbody tr")
            assert rows.locator("th").all_inner_texts() == [tokens[i] for i in best], (name, k)
            for row, i in zip(rows.all(), best):
                cells = [float(text.replace("−", "-").rstrip("%")) for text in row.locator("td").all_inner_texts()]
                parts = [part[i] / 100 for part in position["parts"]]
                assert cells[:3] == parts and abs(cells[3] - sum(parts)) < 0.006
            assert live.locator("tr.now th").inner_text() == next_


def test_it_fits_a_phone(figure):
    v, live = figure(PAGE, "figure-taken-apart", viewport={"width": 360, "height": 800})
    assert live.locator(".figure-status").inner_text().startswith("After emm comes a, which the model gave ")
