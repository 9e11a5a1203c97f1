"""How far the gradients of batches point from that of all names: recorded batches, at their true angles and lengths."""

from __future__ import annotations

import math
from statistics import fmean
from typing import Any

from ..runs.batches import DRAWN, SIZES, STAGES, drawn, gradients, load_docs, states
from ._still import load, number, table

UNIT = 100  # the length of the gradient of all names


def record() -> dict[str, Any]:
    """For each stage and size, batches as (x, y): x along the gradient of all names, y the length of what is across it.

    What is across has 4,191 directions. Each arrow is turned into the plane of the picture, up or down by the sign of
    its part in the direction in which the documents differ most, so its length and its angle are what they were.
    """
    import numpy as np

    docs, arrows = sorted(load_docs()), []
    for _, vector in states(42):
        each, rng = gradients(vector, docs), np.random.default_rng(42)
        mean = each.mean(axis=0, dtype=np.float64)
        length = np.linalg.norm(mean)
        along = mean / length
        most = rng.normal(size=len(mean))
        for _ in range(20):  # power iteration: the first principal component of the documents' gradients
            most = each.T @ (each @ most.astype(np.float32)).astype(np.float32) - len(each) * mean * (mean @ most)
            most -= (most @ along) * along
            most /= np.linalg.norm(most)
        rows = []
        for size in SIZES:
            some = drawn(each, size, rng)
            x = some @ along
            across = some - x[:, None] * along
            y = np.linalg.norm(across, axis=1) * np.where(across @ most < 0, -1, 1)
            rows.append([[round(UNIT * float(a / length)), round(UNIT * float(b / length))] for a, b in zip(x, y)])
        arrows.append(rows)
    return {"unit": UNIT, "stages": list(STAGES), "sizes": list(SIZES), "names": len(docs), "arrows": arrows}


RECORDINGS = {"batch-noise.json": record}


def angle(x: float, y: float) -> float:
    """Between an arrow and the gradient of all names, in degrees."""
    return abs(math.degrees(math.atan2(y, x)))


def still() -> str:
    recorded = load("figures/batch-noise.json")
    rows = []
    for i, size in enumerate(recorded["sizes"]):
        cells = []
        for stage in recorded["arrows"]:
            length = fmean(math.hypot(x, y) for x, y in stage[i]) / recorded["unit"]
            cells += [f"{fmean(angle(x, y) for x, y in stage[i]):.0f}°", number(length, 1)]
        rows.append([str(size), *cells])
    head = ["names in a batch", *(text for stage in recorded["stages"] for text in (f"after {stage} steps: angle", "length"))]
    return table(head, rows, f"Means of {DRAWN} batches; the gradient of all {recorded['names']:,} names has the angle 0 and the length 1")
