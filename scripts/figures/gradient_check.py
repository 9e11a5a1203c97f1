"""The gradient check: the slope that nudging measures, for nudges of many sizes, beside the one that a formula gives."""

from __future__ import annotations

import random
from typing import Any

from microgpt import Tokenizer, load_docs
from microgpt.ladder import train1

from ._still import load, table

NAME = "emma"
POWERS = range(-1, -15, -1)  # of the nudge h = 10^power
PARAMETERS = (
    ("wte", 4, 0), ("wte", 12, 3), ("wte", 0, 7), ("wte", 26, 5), ("wte", 16, 2), ("mlp_fc1", 2, 1), ("mlp_fc1", 20, 9), ("mlp_fc1", 41, 14),
    ("mlp_fc2", 4, 10), ("mlp_fc2", 12, 33), ("mlp_fc2", 0, 5), ("mlp_fc2", 25, 60),
)  # fmt: skip


def record() -> dict[str, Any]:
    """For each of some parameters of rung 1, before any learning: the slope by formula, and by nudges of each size."""
    config, tokenizer = train1.Config(), Tokenizer(load_docs())
    params = train1.init_params(config, tokenizer.vocab_size, random.Random(42))
    tokens = [tokenizer.bos, *tokenizer.encode(NAME), tokenizer.bos]
    _, grads = train1.gradient(tokens, params, config)
    found = []
    for name, i, j in PARAMETERS:
        row = params[name][i]
        p, slopes = row[j], []
        for power in POWERS:
            h = 10.0**power
            row[j] = p + h
            up = train1.document_loss(tokens, params, config)
            row[j] = p - h
            down = train1.document_loss(tokens, params, config)
            row[j] = p
            slopes.append((up - down) / (2 * h))
        found.append({"name": f"{name}[{i}][{j}]", "value": round(p, 4), "formula": grads[name][i][j], "nudged": slopes})
    return {"document": NAME, "powers": [*POWERS], "parameters": found}


RECORDINGS = {"gradient-check.json": record}


def still() -> str:
    """The errors of the first parameter, nudge by nudge."""
    recorded = load("figures/gradient-check.json")
    first = recorded["parameters"][0]
    rows = [
        [f"10^{power}".replace("-", "−"), f"{slope:.12f}".replace("-", "−"), f"{abs(slope - first['formula']):.0e}".replace("-", "−")]
        for power, slope in zip(recorded["powers"], first["nudged"])
    ]
    caption = f"{first['name']}; by the formula its slope is {first['formula']:.12f}".replace("-", "−")
    return table(["nudge h", "slope measured", "off by"], rows, caption)
