"""One prediction taken apart: what the embedding, attention and the MLP each add to the logits of the next letter."""

from __future__ import annotations

from typing import Any

from microgpt import linear

from ..runs.passes import read
from ._passes import default_reader
from ._still import load, number, table

NAMES = ("emma", "olivia", "noah", "kwyjibo")
UNIT = 100  # logits are recorded in hundredths
PARTS = ("the letter and its place", "attention", "the MLP")
SHOWN = 4


def record() -> dict[str, Any]:
    """For each position of some names: for each part, what it adds to each of the 27 logits; the trained model."""
    reader = default_reader()
    params = reader.params_at[reader.config.steps]
    names = {}
    for name in NAMES:
        positions = []
        for stages in read(name, params, reader):
            parts = [linear(stages[part], params["lm_head"]) for part in ("embedded", "wo", "fc2")]
            positions.append(
                {"parts": [[round(UNIT * x.data) for x in part] for part in parts], "shares": [round(p.data, 3) for p in stages["probs"]]}
            )
        names[name] = positions
    return {"tokens": [*reader.tokenizer.chars, "BOS"], "unit": UNIT, "names": names}


RECORDINGS = {"taken-apart.json": record}


def still() -> str:
    """The likeliest letters after *emm*."""
    recorded = load("figures/taken-apart.json")
    position = recorded["names"]["emma"][3]
    rows = []
    for i in sorted(range(27), key=lambda i: -position["shares"][i])[:SHOWN]:
        parts = [part[i] / UNIT for part in position["parts"]]
        rows.append([recorded["tokens"][i], *(number(x) for x in parts), number(sum(parts)), number(position["shares"][i], 3)])
    return table(["next", *PARTS, "logit", "share"], rows, "After emm, in the trained model")
