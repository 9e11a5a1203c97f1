"""ReLU's folds: how 1, 2, 4 and 8 neurons bend a line to a curve, trained by the program's own engine."""

from __future__ import annotations

import math
import random
from typing import Any

from microgpt import Adam, Value, mlp

from ._still import load, number, table

NEURONS = (1, 2, 4, 8)
POINTS = [i / 12 - 1 for i in range(25)]
STEPS, RATE, SEEDS = 600, 0.03, 6


def target(x: float) -> float:
    return math.sin(3 * x)


def fit(neurons: int, seed: int) -> tuple[float, list[list[Value]], list[list[Value]]]:
    """Train an MLP from (x, 1) to a number; return its error, the root of the mean square, and its two matrices."""
    rng = random.Random(seed)
    fc1 = [[Value(rng.gauss(0, 1)) for _ in range(2)] for _ in range(neurons)]
    fc2 = [[Value(rng.gauss(0, 0.5)) for _ in range(neurons)]]
    adam = Adam([p for row in fc1 + fc2 for p in row], 0.9, 0.999)
    for step in range(STEPS):
        loss = error(fc1, fc2)
        loss.backward()
        adam.step(RATE * (1 - step / STEPS))
    return error(fc1, fc2).data ** 0.5, fc1, fc2


def error(fc1: list[list[Value]], fc2: list[list[Value]]) -> Value:
    squares = [(mlp([Value(x), Value(1.0)], fc1, fc2)[0] - target(x)) ** 2 for x in POINTS]
    return sum(squares) * (1 / len(squares))


def record() -> dict[str, Any]:
    """The best of some seeds for each number of neurons: slope and threshold of each, and what it adds."""
    fits = {}
    for neurons in NEURONS:
        off, fc1, fc2 = min((fit(neurons, seed) for seed in range(SEEDS)), key=lambda found: found[0])
        fits[str(neurons)] = {
            "error": round(off, 4),
            "neurons": [[round(p.data, 4) for p in (*row, weight)] for row, weight in zip(fc1, fc2[0])],
        }
    return {"points": [round(x, 4) for x in POINTS], "target": [round(target(x), 4) for x in POINTS], "fits": fits}


RECORDINGS = {"relu-folds.json": record}


def still() -> str:
    """How far each is off."""
    fits = load("figures/relu-folds.json")["fits"]
    return table(["neurons", "folds", "off by, on average"], [[n, n, number(found["error"], 3)] for n, found in fits.items()])
