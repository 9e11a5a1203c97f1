"""The sweep with its fit: the losses of six widths by what they cost, and a straight line above a floor of your choice."""

from __future__ import annotations

import math
from statistics import fmean
from typing import Any

from ._still import load, number, table

FLOPS = 6  # operations for each parameter and token, as microgpt.scale.sweep has it
FARTHER = 1_000_000  # times the operations of the dearest cell: how far the line is asked to look
IN_STILL = (0.0, 1.0, 1.5, 1.8, 2.0, 2.1, 2.15)


def record() -> dict[str, Any]:
    """The cells as [width, names, operations, loss], and which of them are the frontier, the cheapest first."""
    found = load("sizes.json")
    keys = [tuple(map(int, key.split("-"))) for key in found["cells"]]
    cells = [
        [width, names, FLOPS * found["num_params"][str(width)] * found["tokens"][str(names)], found["cells"][f"{width}-{names}"]["mean"]]
        for width, names in keys
    ]
    frontier = [keys.index(tuple(key)) for key in found["fits"]["frontier"]]
    return {"cells": cells, "frontier": frontier, "floor": found["fits"]["curve"]["floor"], "farther": FARTHER}


RECORDINGS = {"sweep.json": record}


def line_of(points: list[list[float]], floor: float) -> tuple[float, float, float]:
    """The exponent, the factor and the root mean square miss of a straight line through (log operations, log (loss − floor))."""
    xs, ys = [math.log(flops) for *_, flops, _ in points], [math.log(loss - floor) for *_, loss in points]
    slope = sum((x - fmean(xs)) * (y - fmean(ys)) for x, y in zip(xs, ys)) / sum((x - fmean(xs)) ** 2 for x in xs)
    height = fmean(ys) - slope * fmean(xs)
    missed = [floor + math.exp(height + slope * x) - loss for x, (*_, loss) in zip(xs, points)]
    return -slope, math.exp(height), math.sqrt(fmean(each**2 for each in missed))


def still() -> str:
    recorded, rows = load("figures/sweep.json"), []
    points = [recorded["cells"][i] for i in recorded["frontier"]]
    for floor in IN_STILL:
        exponent, factor, missed = line_of(points, floor)
        promised = floor + factor * (recorded["farther"] * max(flops for *_, flops, _ in points)) ** -exponent
        rows.append([number(floor, 2), number(exponent, 3), number(missed, 4), number(promised, 2)])
    return table(["floor", "exponent", "the line misses by", "promised for a million times the operations"], rows)
