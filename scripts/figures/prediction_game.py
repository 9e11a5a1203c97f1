"""The prediction game: the pairs of context and target in a name, and what the model expected at each."""

from __future__ import annotations

from typing import Any

from ..runs.passes import STEPS, played
from ._passes import default_reader
from ._still import load, number, table

NAMES = ("emma", "maria", "christine", "quinn")


def record() -> dict[str, Any]:
    """For each name and model: the probabilities at each position, the losses of the targets, and their mean."""
    reader = default_reader()
    return {
        "chars": reader.tokenizer.chars,
        "steps": list(STEPS.values()),
        "names": {name: played(name, reader) for name in NAMES},
    }


RECORDINGS = {"prediction-game.json": record}


def still() -> str:
    """The pairs of the first name, with the probability of each target before and after training."""
    recorded = load("figures/prediction-game.json")
    tokens = ["BOS", *NAMES[0], "BOS"]
    ids = [recorded["chars"].index(token) if token in recorded["chars"] else -1 for token in tokens]
    before, after = (recorded["names"][NAMES[0]][str(step)] for step in STEPS.values())
    head = ["position", "context", "target", "p before training", "loss", f"p after {STEPS['after']} steps", "loss"]
    rows = []
    for i, target in enumerate(ids[1:]):
        cells = [cell for m in (before, after) for cell in (number(m["probs"][i][target], 3), number(m["losses"][i]))]
        rows.append([str(i), " ".join(tokens[: i + 1]), tokens[i + 1], *cells])
    rows.append(["mean", "", "", "", number(before["mean"]), "", number(after["mean"])])
    return table(head, rows)
