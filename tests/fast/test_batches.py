"""What was recorded about batches, and how documents share rows."""

from __future__ import annotations

import json
import math
import random
from statistics import fmean

import pytest

from microgpt import load_docs
from microgpt.scale.batches import pack, rows_needed
from scripts.runs import packing
from tests import ROOT

DATA = ROOT / "docs/assets/data"


def load(name):
    return json.loads((DATA / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("stage", ["0", "100", "1000"])
def test_the_noise_of_a_batch_follows_the_law(stage):
    """Drawn without looking and none twice, B of N names err by √(scale/B · (N − B)/(N − 1)); 160 batches tell it to 5%."""
    noise, n = load("batches.json")["noise"][stage], len(load_docs())
    for size, error in noise["error"].items():
        law = math.sqrt(fmean(noise["scale"]) / int(size) * (n - int(size)) / (n - 1))
        assert error == pytest.approx(law, rel=0.08), size
    assert noise["in_order"] > 1.2 * noise["error"]["64"]


def test_the_arrows_of_the_figure_are_as_long_as_the_law_says():
    figure, noise = load("figures/batch-noise.json"), load("batches.json")["noise"]
    for stage, rows in zip(figure["stages"], figure["arrows"], strict=True):
        for size, arrows in zip(figure["sizes"], rows, strict=True):
            error = math.sqrt(fmean((x / figure["unit"] - 1) ** 2 + (y / figure["unit"]) ** 2 for x, y in arrows))
            assert error == pytest.approx(noise[str(stage)]["error"][str(size)], rel=0.3), (stage, size)


def test_names_in_the_order_they_come_seldom_end_where_the_row_does():
    assert packing.in_order([5, 9, 3, 16, 2, 14], 16) == [(0, 0), (0, 5), (1, 0), (2, 0), (3, 0), (3, 2)]
    recorded = json.loads((ROOT / "docs/assets/data/packing.json").read_text(encoding="utf-8"))
    assert recorded["exact"] == {"best_fit": packing.exact(pack), "in_order": packing.exact(packing.in_order)}


def test_documents_that_share_a_row_don_t_overlap_and_fit():
    rng = random.Random(0)
    for _ in range(300):
        width = rng.randint(1, 20)
        lengths = [rng.randint(1, width) for _ in range(rng.randint(1, 40))]
        places = pack(lengths, width)
        taken = {(row, start + i) for n, (row, start) in zip(lengths, places) for i in range(n)}
        assert len(taken) == sum(lengths) and max(place for _, place in taken) < width
        rows = rows_needed(lengths, width)
        assert {row for row, _ in places} == set(range(rows)) and sum(lengths) <= rows * width
        assert rows <= 2 * sum(lengths) / width + 1  # no two rows that would both fit into one
