"""Pairs: the table of letter pairs as rung 0 counts it and as rung 2 learns it, after the same 1000 names."""

from __future__ import annotations

import random
from typing import Any

from microgpt import Tokenizer, load_docs
from microgpt.ladder import train0, train2

from ._still import load, number, table

UNIT = 1000  # probabilities are recorded in thousandths
IN_STILL = "ae.q"  # the rows, and the likeliest letters in each


def record() -> dict[str, Any]:
    """Counts, add-one probabilities, and those of the network; a row for each letter read, BOS last."""
    docs, rng, config = load_docs(), random.Random(42), train2.Config()
    rng.shuffle(docs)
    tokenizer = Tokenizer(docs)
    size = tokenizer.vocab_size
    params = train2.init_params(config, size, rng)
    counts = [[0] * size for _ in range(size)]
    for training in (train0.train(docs, tokenizer, counts, config.steps), train2.train(docs, tokenizer, params, config)):
        for _ in training:
            pass
    learned = [[p.data for p in train2.softmax(train2.predict(i, params))] for i in range(size)]
    return {
        "tokens": [*tokenizer.chars, "."],
        "counts": counts,
        "counted": [[round(UNIT * p) for p in train0.probabilities(row)] for row in counts],
        "learned": [[round(UNIT * p) for p in row] for row in learned],
    }


RECORDINGS = {"pairs.json": record}


def still(brief: str = "") -> str:
    """Some rows: how often, the share by counting, and the share learned."""
    recorded = load("figures/pairs.json")
    tokens, rows = recorded["tokens"], []
    for char in IN_STILL:
        i = tokens.index(char)
        for j in sorted(range(len(tokens)), key=lambda j: -recorded["counts"][i][j])[:3]:
            counted, learned = (number(recorded[name][i][j] / UNIT, 3) for name in ("counted", "learned"))
            rows.append([f"{char} → {tokens[j]}", str(recorded["counts"][i][j]), counted, *([] if brief else [learned])])
    return table(["pair", "count", "share by counting", *([] if brief else ["share learned"])], rows, "The three most frequent pairs of some letters; the dot is BOS")
