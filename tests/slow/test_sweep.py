"""How large?: the law finds itself, what is cheapest is, intervals are honest, and the recorded sweep is what is told."""

from __future__ import annotations

import json
from statistics import fmean

import pytest

from scripts import DATA
from scripts.runs import sizes

numpy = pytest.importorskip("numpy")
from microgpt.scale.sweep import FLOPS, Law, Sweep, cheapest, frontier, resample, straight_line

RECORDED = json.loads((DATA / "sizes.json").read_text(encoding="utf-8"))
PARAMS, TOKENS = (numpy.array(x) for x in zip(*[(n, d) for n in (500, 2000, 8000, 30_000) for d in (5000, 20_000, 80_000)]))


@pytest.mark.parametrize("law", [Law(2, 8, 0.5, 20, 0.3, 0), Law(0, 3, 0.05, 4, 0.4, 0), Law(1.5, 100, 1.2, 9, 0.25, 0)])
def test_a_law_is_found_again(law):
    found = Sweep(PARAMS, TOKENS).fit(law(PARAMS, TOKENS))
    assert tuple(found) == pytest.approx(tuple(law), rel=1e-4, abs=1e-6)
    assert found(700, 9000) == pytest.approx(law(700, 9000))


def test_the_best_of_all_pairs_is_found():
    """Of the pairs of exponents next to the one that is found, none is better; and no part is below 0."""
    rng = numpy.random.default_rng(3)
    losses = Law(2, 8, 0.5, 20, 0.3, 0)(PARAMS, TOKENS) + rng.normal(0, 0.01, len(PARAMS))
    found = Sweep(PARAMS, TOKENS).fit(losses)
    for alpha in (found.alpha - 0.01, found.alpha, found.alpha + 0.01):
        for beta in (found.beta - 0.01, found.beta, found.beta + 0.01):
            terms = numpy.stack([PARAMS**0.0, PARAMS**-alpha, TOKENS**-beta], 1)
            solved, *_ = numpy.linalg.lstsq(terms, losses, rcond=None)
            rms = float(numpy.sqrt(numpy.mean((terms @ solved - losses) ** 2)))
            assert rms >= found.rms - 1e-12 or min(solved) < 0
    assert found.rms == pytest.approx(float(numpy.sqrt(numpy.mean((found(PARAMS, TOKENS) - losses) ** 2))))
    assert min(found) >= 0


def test_nothing_that_costs_as_much_is_better_than_the_cheapest():
    law = Law(2, 8, 0.5, 20, 0.3, 0)
    for flops in (1e7, 1e9, 1e12):
        params, tokens = cheapest(law, flops)
        assert FLOPS * params * tokens == pytest.approx(flops)
        for factor in (0.5, 0.9, 1.1, 2):
            assert law(factor * params, tokens / factor) > law(params, tokens)


def test_a_straight_line_above_its_floor():
    flops = numpy.array([1e6, 1e7, 1e9])
    assert straight_line(flops, 2 + 5 * flops**-0.3, 2) == pytest.approx((0.3, 5, 0), abs=1e-9)
    above = straight_line(flops, 2 + 5 * flops**-0.3, 1.5)
    assert above[0] < 0.3 and above[2] > 0.001


def test_the_frontier():
    assert frontier([5, 1, 3, 2, 4], [1.0, 3.0, 2.0, 3.5, 2.0]) == [1, 2, 0]
    assert frontier([], []) == []


def test_drawing_again():
    rng = numpy.random.default_rng(0)
    same = numpy.full((3, 4, 5), 2.5)
    assert resample(same, rng).tolist() == [2.5] * 3
    losses = numpy.arange(24.0).reshape(2, 4, 3)
    drawn = numpy.array([resample(losses, rng) for _ in range(4000)])
    assert drawn.mean(0) == pytest.approx(losses.mean((1, 2)), abs=0.15)
    assert drawn[:, 1] - drawn[:, 0] == pytest.approx(12)  # the same seeds and parts in every cell
    by_seeds, by_parts = losses.mean((0, 2)).var() / 4, losses.mean((0, 1)).var() / 3
    assert drawn[:, 0].var() == pytest.approx(by_seeds + by_parts, rel=0.1)


# --------------------------------------------------------------------------------------- recorded


def test_a_cell_is_what_its_seeds_say():
    for cells in ("cells", "beyond", "again", "counting"):
        for cell in RECORDED[cells].values():
            assert cell["losses"] == [round(fmean(parts), 4) for parts in cell["parts"]]
            assert cell["mean"] == pytest.approx(fmean(cell["losses"]), abs=1e-4)
    for cell in RECORDED["cells"].values():
        tried = {float(rate): loss for rate, loss in cell["tried"].items() if loss is not None}
        assert cell["rate"] == min(tried, key=tried.get) and len(cell["losses"]) == len(RECORDED["seeds"])
    assert len(RECORDED["cells"]) == len(sizes.WIDTHS) * len(sizes.DOCUMENTS) >= 12


def test_the_fits_are_those_of_the_cells():
    cells = [tuple(map(int, key.split("-"))) for key in RECORDED["cells"]]
    params = [RECORDED["num_params"][str(width)] for width, _ in cells]
    tokens = [RECORDED["tokens"][str(names)] for _, names in cells]
    losses = numpy.array([numpy.mean(cell["parts"]) for cell in RECORDED["cells"].values()])
    found = Sweep(params, tokens).fit(losses)
    fits = RECORDED["fits"]
    assert sizes.law(found) == pytest.approx(fits["law"], rel=1e-3)
    for name in ("floor", "alpha", "beta"):
        low, high = fits["intervals"][name]
        assert low <= fits["law"][name] <= high and low < high
    flops = [FLOPS * n * d for n, d in zip(params, tokens)]
    assert [list(cells[i]) for i in frontier(flops, losses)] == fits["frontier"]


def test_counting_again():
    seed = sizes.SEEDS[0]
    assert sizes.counting(625, seed) == pytest.approx(RECORDED["counting"]["625"]["parts"][0], abs=1e-4)


def test_a_cheap_cell_again():
    """A training of the sweep, made again: another version of JAX may differ a little."""
    pytest.importorskip("jax")
    parts = sizes.run(4, 1, 625, sizes.BATCH, sizes.RATES[2], sizes.SEEDS[0])
    assert fmean(parts) == pytest.approx(RECORDED["first"]["4-625"], abs=0.01) and len(parts) == sizes.PARTS
