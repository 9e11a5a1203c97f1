"""The prediction game: the pairs of context and target in a name, and what the model expected at each."""

from __future__ import annotations

from typing import Any

from microgpt import Params, document_loss, empty_cache, gpt, softmax

from ..runs.default import default_run, tokens_of
from ._still import load, number, table

NAMES = ("emma", "maria", "christine", "quinn")
STEPS = (0, 1000)  # before and after training


def record() -> dict[str, Any]:
    """For each name and model: the probabilities at each position, the losses of the targets, and their mean."""
    run = default_run()

    def played(name: str, params: Params) -> dict[str, Any]:
        tokens = tokens_of(name, run.tokenizer)
        keys, values = empty_cache(run.config)
        probs = [softmax(gpt(tokens[i], i, keys, values, params, run.config)) for i in range(len(tokens) - 1)]
        return {
            "probs": [[round(p.data, 3) for p in row] for row in probs],
            "losses": [round(-row[target].log().data, 2) for row, target in zip(probs, tokens[1:])],
            "mean": round(document_loss(tokens, params, run.config).data, 2),
        }

    return {
        "chars": run.tokenizer.chars,
        "steps": STEPS,
        "names": {name: {str(step): played(name, run.params_at[step]) for step in STEPS} for name in NAMES},
    }


RECORDINGS = {"prediction-game.json": record}


def still() -> str:
    """The pairs of the first name, with the probability of each target before and after training."""
    recorded = load("figures/prediction-game.json")
    tokens = ["BOS", *NAMES[0], "BOS"]
    ids = [recorded["chars"].index(token) if token in recorded["chars"] else -1 for token in tokens]
    before, after = (recorded["names"][NAMES[0]][str(step)] for step in STEPS)
    head = ["position", "context", "target", "p before training", "loss", f"p after {STEPS[1]} steps", "loss"]
    rows = []
    for i, target in enumerate(ids[1:]):
        cells = [cell for m in (before, after) for cell in (number(m["probs"][i][target], 3), number(m["losses"][i]))]
        rows.append([str(i), " ".join(tokens[: i + 1]), tokens[i + 1], *cells])
    rows.append(["mean", "", "", "", number(before["mean"]), "", number(after["mean"])])
    return table(head, rows)
