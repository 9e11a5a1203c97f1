"""How large? Models of several widths read up to all of the names, once, and again; each at the best of some learning rates.

    sizes.json:
        widths, documents, seeds, rates
        num_params      of each width
        tokens          that predictions are made of, in so many documents, the mean over seeds
        cells           "width-documents" -> read once: `rate`; `tried`, the loss by rate on seeds that choose and do nothing
                        else; `losses`, for each seed; `mean`; and `parts`, for each seed the losses of tenths of the exam
        beyond          the same of a wider model than all of those, for the fewest documents and for the most
        deeper          the same of four narrow layers with as many parameters as a wide one
        again           width -> the same for four times the documents that there are: each is read several times
        counting        documents -> what the fallback tables of chapter 6-04 reach with the same names, as in `cells`
        fits            what microgpt.scale.sweep finds in `cells`:
            law, missed     the law, and what it misses each cell by; `noise`, the standard error of a cell, from its seeds
            intervals       of its numbers, when seeds and parts of the exam are drawn again and again
            without         the law when something is left out, or `tables`, the embeddings, don't count as parameters
            beyond          what the law says of those in `beyond`, and what it was
            frontier        the cells that no cheaper one is as good as
            lines, curve    floor -> exponent, factor and miss of a straight line through those; and the best floor
            cheapest        operations -> the parameters and tokens that the law would buy
        first           width -> the loss of a cheap run, for the tests to make again

A loss is the mean over documents of the mean over tokens, in nats, on the 1000 names that no experiment reads. JAX, in
float32, on one core; runs that are done are kept in build/sizes/ until the program changes.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from functools import cache
from statistics import fmean
from typing import Any

from microgpt import Adam, Config, DivergenceError, Tokenizer, count_params, flatten, init_params, load_docs
from microgpt.ladder import fallback

from .. import ROOT
from ..text.code import code_lines
from .fingerprint import PROGRAM, scale_modules
from .paired import SEEDS, documents

Json = dict[str, Any]
WIDTHS = (4, 8, 16, 32, 64)
BEYOND = 128  # the width of models that the law has to foretell
DOCUMENTS = (625, 1250, 2500, 5000, 10_000)
RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
TUNING = (101, 102)  # the seeds that rates are chosen by
BATCH = 4
MANY, AGAIN, AGAIN_BATCH = 40_000, (16, 64, 128), 16  # more documents than there are; the widths, and how many a step
DEEPER = (32, 4)  # width and layers, about as many parameters as 64 and 1
FEW_RATES, FEW_TUNING, FEW = RATES[:3], TUNING[:1], SEEDS[:4]  # of all that isn't in the grid
PARTS = 10  # of the exam
DRAWN = 400  # times, for an interval
FLOORS = (0, 1, 1.5, 1.8, 2, 2.1, 2.2)
CHECKED = (4, 16)  # widths that the tests train again


# --------------------------------------------------------------------------------------- one run


def model(width: int, layers: int = 1) -> Config:
    return Config(n_embd=width, n_layer=layers)


@cache
def names(seed: int) -> list[str]:
    """The names that are no part of the exam, in the order of a seed."""
    order, left_out = load_docs(), set(documents("names")[1])
    random.Random(seed).shuffle(order)
    return [doc for doc in order if doc not in left_out]


@cache
def tokenizer() -> Tokenizer:
    return Tokenizer(load_docs())


@cache
def exam() -> Any:
    """The 1000 names, as rows for JAX: one of 16 tokens for each."""
    import numpy as np

    from microgpt.scale.jax_engine import lay_out

    bos, encode = tokenizer().bos, tokenizer().encode
    tokens = [[np.array([bos, *encode(doc), bos][:17], np.int32)] for doc in documents("names")[1]]
    return {key: x[:, 0] for key, x in lay_out(tokens, (len(tokens), 1, 16), "float32").items()}


@cache
def examiner(config: Config) -> Any:
    """The function from all parameters to the loss of each name of the exam, compiled."""
    import jax

    from microgpt.scale.jax_engine import matrices, row_loss

    def each(vector: Any, rows: Any) -> Any:
        w = matrices(vector, config, tokenizer().vocab_size)
        return jax.vmap(lambda row: row_loss(w, row, config))(rows)

    return jax.jit(each)


def run(width: int, layers: int, count: int, batch: int, rate: float, seed: int) -> list[float]:
    """Train on `count` documents and sit the exam: the mean losses of its tenths. Empty if the training diverges."""
    from microgpt.scale.jax_engine import JaxEngine

    config = Config(n_embd=width, n_layer=layers, steps=count // batch, learning_rate=rate)
    params = init_params(config, tokenizer().vocab_size, random.Random(seed))
    adam = Adam(flatten(params), config.beta1, config.beta2, config.eps)
    engine = JaxEngine(params, config, adam, "float32")
    try:
        for _ in engine.train(names(seed), tokenizer(), batch):
            pass
    except DivergenceError:
        return []
    losses = examiner(model(width, layers))(engine.known[engine.t][0], exam()).tolist()
    size = len(losses) // PARTS
    return [round(fmean(losses[i : i + size]), 4) for i in range(0, len(losses), size)]


# ------------------------------------------------------------------------- runs that are kept


def made_by() -> str:
    """What a run depends on, as a hash."""
    files = [ROOT / "microgpt" / f"{name}.py" for name in PROGRAM] + scale_modules(["jax_engine"])
    code = [code_lines(file.read_text(encoding="utf-8")) for file in files]
    return hashlib.sha256(repr(code).encode()).hexdigest()[:16]


class Kept:
    """The runs that are done, a line for each in a file, so that an interrupted recording goes on where it was."""

    def __init__(self) -> None:
        self.path = ROOT / "build" / "sizes" / f"{made_by()}.jsonl"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.is_file() else []
        self.runs = {tuple(key): parts for key, parts in map(json.loads, lines)}

    def parts(self, *key: float) -> list[float]:
        if key not in self.runs:
            self.runs[key] = run(*key)  # type: ignore[arg-type]
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([key, self.runs[key]]) + "\n")
        return self.runs[key]


def cell(kept: Kept, width: int, layers: int, count: int, batch: int, rates: Any, tuning: Any, seeds: Any) -> Json:
    """The runs of a size and an amount: choose the rate, then run with it."""
    tried = {rate: [kept.parts(width, layers, count, batch, rate, seed) for seed in tuning] for rate in rates}
    means = {rate: fmean(map(fmean, each)) if all(each) else math.inf for rate, each in tried.items()}
    rate = min(means, key=lambda rate: means[rate])
    parts = [kept.parts(width, layers, count, batch, rate, seed) for seed in seeds]
    found = entry(parts)
    print(f"{width} wide, {layers} deep, {count} documents: rate {rate}, {found['mean']:.3f}", flush=True)
    return {"rate": rate, "tried": {str(r): round(x, 4) if x < 99 else None for r, x in means.items()}, **found}


def entry(parts: list[list[float]]) -> Json:
    losses = [round(fmean(each), 4) for each in parts]
    return {"losses": losses, "mean": round(fmean(losses), 4), "parts": parts}


# ----------------------------------------------------------------------------------------- the rival


def counting(count: int, seed: int) -> list[float]:
    """The tables of chapter 6-04 after `count` names: the mean losses of the tenths of the exam."""
    tables, speller = fallback.empty_tables(), tokenizer()
    for _ in fallback.train(names(seed), speller, tables, count):
        pass
    tokens = [[speller.bos, *speller.encode(doc), speller.bos] for doc in documents("names")[1]]
    losses = [fallback.document_loss(ids, tables, speller.vocab_size) for ids in tokens]
    size = len(losses) // PARTS
    return [round(fmean(losses[i : i + size]), 4) for i in range(0, len(losses), size)]


def tokens_of(count: int) -> float:
    """Predictions in the first `count` documents, the mean over seeds."""
    return fmean(sum(min(16, len(doc) + 1) for doc in (names(seed) * 20)[:count]) for seed in SEEDS)


def runs() -> Json:
    kept = Kept()
    cells = {
        f"{width}-{count}": cell(kept, width, 1, count, BATCH, RATES, TUNING, SEEDS) for width in WIDTHS for count in DOCUMENTS
    }
    few = FEW_RATES, FEW_TUNING, FEW
    return {
        "cells": cells,
        "beyond": {
            f"{BEYOND}-{DOCUMENTS[0]}": cell(kept, BEYOND, 1, DOCUMENTS[0], BATCH, RATES, TUNING, SEEDS),
            f"{BEYOND}-{DOCUMENTS[-1]}": cell(kept, BEYOND, 1, DOCUMENTS[-1], BATCH, *few),
        },
        "deeper": cell(kept, *DEEPER, DOCUMENTS[-1], BATCH, *few),
        "again": {str(width): cell(kept, width, 1, MANY, AGAIN_BATCH, FEW_RATES, FEW_TUNING, SEEDS[:2]) for width in AGAIN},
    }


# --------------------------------------------------------------------------------------------- fits


def law(found: Any) -> Json:
    return {name: float(f"{x:.4g}") for name, x in found._asdict().items()}


def interval(values: list[float]) -> list[float]:
    """From where to where the middle nineteen of twenty are."""
    ordered = sorted(values)
    return [float(f"{ordered[round(q * (len(ordered) - 1))]:.4g}") for q in (0.025, 0.975)]


def curve(flops: Any, losses: Any) -> tuple[float, float, float]:
    """The floor by which a straight line fits the frontier best, the exponent, and what it misses."""
    from microgpt.scale.sweep import frontier, straight_line

    some = frontier(flops, losses)
    tried = [(*straight_line(flops[some], losses[some], floor / 100), floor / 100) for floor in range(math.ceil(100 * losses[some].min()))]
    exponent, _, rms, floor = min(tried, key=lambda each: each[2])
    return floor, exponent, rms


def fits(cells: Json, beyond: Json, num_params: dict[str, int], tokens: dict[str, int]) -> Json:
    import numpy as np

    from microgpt.scale.sweep import FLOPS, Sweep, cheapest, frontier, resample, straight_line

    keys = [tuple(map(int, key.split("-"))) for key in cells]
    parts = np.array([each["parts"] for each in cells.values()])  # (cells, seeds, tenths of the exam)
    widths, counts = (np.array(x) for x in zip(*keys))
    params, read = np.array([num_params[str(w)] for w in widths]), np.array([tokens[str(n)] for n in counts])
    losses, whole, rng = parts.mean((1, 2)), Sweep(params, read), np.random.default_rng(0)
    flops = FLOPS * params * read
    found = whole.fit(losses)

    def without(some: Any, params: Any = params) -> Json:
        return law(Sweep(params[some], read[some]).fit(losses[some]))

    drawn = [resample(parts, rng) for _ in range(DRAWN)]
    laws = [whole.fit(each) for each in drawn]
    curves = [curve(flops, each) for each in drawn]
    floor, exponent, rms = curve(flops, losses)
    some = frontier(flops, losses)
    return {
        "law": law(found),
        "intervals": {name: interval([getattr(each, name) for each in laws]) for name in ("floor", "alpha", "beta")}
        | {"share": interval([each.beta / (each.alpha + each.beta) for each in laws])},
        "noise": round(float(np.sqrt(np.mean(parts.mean(2).var(1, ddof=1) / len(SEEDS)))), 4),
        "missed": {f"{w}-{n}": round(found(*at) - loss, 4) for (w, n), at, loss in zip(keys, zip(params, read), losses)},
        "without": {
            "narrowest": without(widths > WIDTHS[0]), "widest": without(widths < WIDTHS[-1]),
            "fewest": without(counts > DOCUMENTS[0]), "most": without(counts < DOCUMENTS[-1]),
            "tables": without(losses > 0, 12 * widths**2),
        },
        "beyond": {
            key: {
                "said": round(found(*at), 4), "was": each["mean"], "interval": interval([one(*at) for one in laws]),
            }
            for key, each in beyond.items() for at in [(num_params[str(BEYOND)], tokens[key.split("-")[1]])]
        },
        "frontier": [keys[i] for i in some],
        "lines": {str(at): [float(f"{x:.4g}") for x in straight_line(flops[some], losses[some], at)] for at in FLOORS if at < losses.min()},
        "curve": {"floor": floor, "exponent": round(exponent, 4), "rms": round(rms, 4)},
        "curve_intervals": {"floor": interval([each[0] for each in curves]), "exponent": interval([each[1] for each in curves])},
        "cheapest": {f"{flops:.0e}": [round(x) for x in cheapest(found, flops)] for flops in (1e8, 1e9, 1e10)},
    }


def record_sizes() -> Json:
    speller = tokenizer()
    num_params = {str(width): count_params(model(width), speller.vocab_size) for width in (*WIDTHS, BEYOND)}
    tokens, found = {str(count): round(tokens_of(count)) for count in (*DOCUMENTS, MANY)}, runs()
    return {
        "widths": WIDTHS, "documents": DOCUMENTS, "seeds": SEEDS, "rates": RATES, "num_params": num_params, "tokens": tokens, **found,
        "counting": {str(count): entry([counting(count, seed) for seed in SEEDS]) for count in (*DOCUMENTS, MANY)},
        "fits": fits(found["cells"], found["beyond"], num_params, tokens),
        "first": {f"{width}-{DOCUMENTS[0]}": fmean(Kept().parts(width, 1, DOCUMENTS[0], BATCH, RATES[2], SEEDS[0])) for width in CHECKED},
    }
