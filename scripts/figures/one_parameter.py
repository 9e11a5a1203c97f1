"""One parameter slides down the loss: the loss of some names for many values of a single number, all others kept."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from microgpt import document_loss

from ..runs.default import default_run, tokens_of
from ._still import load, number, table

STEP = 100  # of the default run: its parameters are taken from there
NAMES = 12  # of which the mean loss is taken: those that the next steps read
PARAMETERS = (("wte", 0, 3), ("wte", 13, 11), ("lm_head", 26, 5), ("layer0.mlp_fc2", 4, 40))
VALUES = [round(-3 + 0.15 * i, 2) for i in range(41)]


def record() -> dict[str, Any]:
    run = default_run()
    params, config = run.params_at[STEP], run.config
    names = [tokens_of(doc, run.tokenizer) for doc in run.docs[STEP : STEP + NAMES]]

    def loss() -> float:
        return fmean(document_loss(tokens, params, config).data for tokens in names)

    found = []
    for name, i, j in PARAMETERS:
        p = params[name][i][j]
        here = p.data
        for tokens in names:
            (document_loss(tokens, params, config) * (1 / NAMES)).backward()
        slope = p.grad
        for row in (row for matrix in params.values() for row in matrix):
            for q in row:
                q.grad = 0.0
        losses = []
        for p.data in VALUES:
            losses.append(round(loss(), 5))
        p.data = here
        found.append({"name": f"{name}[{i}][{j}]", "value": round(here, 4), "loss": round(loss(), 5), "slope": round(slope, 6), "losses": losses})
    return {"step": STEP, "names": NAMES, "values": VALUES, "parameters": found}


RECORDINGS = {"one-parameter.json": record}


def still() -> str:
    recorded = load("figures/one-parameter.json")
    rows = []
    for p in recorded["parameters"]:
        lowest = min(p["losses"])
        best = recorded["values"][p["losses"].index(lowest)]
        rows.append([p["name"], number(p["value"], 3), number(p["loss"], 4), number(p["slope"], 4), number(best, 2), number(lowest, 4)])
    return table(["parameter", "its value", "loss", "slope", "best value", "loss there"], rows, f"After {STEP} steps, on {NAMES} names")
