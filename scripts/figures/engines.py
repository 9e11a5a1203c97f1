"""The engines side by side: documents a second, on a scale of factors of ten. What it shows is engines.json."""

from __future__ import annotations

import math

from ._still import load, table

ENGINES = {  # in the order of the rows, as in engines.js
    "unfused": "as published: a node for each product", "rung-5": "the one file", "plain": "this program",
    "numpy": "NumPy", "torch": "PyTorch", "jax": "JAX",
}  # fmt: skip
SETTINGS = [(dtype, batch) for batch in (1, 256) for dtype in ("float64", "float32")]


def told(x: float) -> str:
    """A recorded ratio, which has two digits."""
    return f"{x:,.{max(0, 1 - math.floor(math.log10(x) + 1e-9))}f}"


def still() -> str:
    """All settings in a table."""
    recorded = load("engines.json")
    rows = []
    for engine, name in ENGINES.items():
        speeds = [recorded["speed"].get(f"{engine} {dtype} {batch}") for dtype, batch in SETTINGS]
        if any(speeds):
            install = recorded["install"].get(engine)
            rows.append([name, *("–" if speed is None else told(speed) for speed in speeds), "–" if install is None else f"{install:,.0f}"])
    head = ["engine", *(f"{batch} a step, {dtype}" for dtype, batch in SETTINGS), "installed MB"]
    return table(head, rows, "Documents in the time that this program takes for one, on one core")
