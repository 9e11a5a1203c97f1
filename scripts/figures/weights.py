"""The weights: all nine matrices as they are drawn, and as training changes them."""

from __future__ import annotations

from functools import partial
from typing import Any

from microgpt import PRESETS, shapes

from ..runs.default import EDITION, SAMPLED_STEPS, default_run
from ._still import load, number, table

NAMES = list(shapes(PRESETS[EDITION], 27))
UNIT = 1000  # weights are recorded in thousandths
ROWS = {"wte": "token", "wpe": "position", "lm_head": "next token", "layer0.mlp_fc1": "neuron"}  # what a row is of
SHOWN = ("0", "10", "100", "1000")  # in the still


def file_of(name: str) -> str:
    return f"weights-{name}.json"


def record(name: str) -> dict[str, Any]:
    """One matrix at the recorded steps, row by row."""
    run = default_run()
    matrices = {step: run.params_at[step][name] for step in SAMPLED_STEPS}
    tokens = [*run.tokenizer.chars, "BOS"]
    return {
        "name": name,
        "columns": len(matrices[0][0]),
        "row": ROWS.get(name, "row"),
        "rows": tokens if len(matrices[0]) == len(tokens) else [str(i) for i in range(len(matrices[0]))],
        "unit": UNIT,
        "steps": {str(step): [round(w.data * UNIT) for row in matrix for w in row] for step, matrix in matrices.items()},
    }


RECORDINGS = {file_of(name): partial(record, name) for name in NAMES}


def still() -> str:
    """How large the weights of each matrix are at a few steps."""
    rows = []
    for name in NAMES:
        steps = load(f"figures/{file_of(name)}")["steps"]
        rows.append([name, *(number(size(steps[step]), 3) for step in SHOWN)])
    return table(["step", *SHOWN], rows, "The size of the weights: the root of their mean square")


def size(weights: list[int]) -> float:
    return (sum(w * w for w in weights) / len(weights)) ** 0.5 / UNIT
