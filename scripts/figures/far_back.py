"""How far back: the loss of the stream's models by how many of the last tokens they see. What it shows is in modern.json."""

from __future__ import annotations

from typing import Any

from ._still import load, number, table

CURVES = {  # run of modern.json -> its name
    "stream": "learned, trained on 16",
    "stream_rope": "RoPE, trained on 16",
    "stream_64": "learned, trained on 64",
    "stream_rope_64": "RoPE, trained on 64",
}
IN_STILL = (1, 2, 4, 8, 16, 24, 32, 64)  # tokens


def record() -> dict[str, Any]:
    """For each curve the loss if 1, 2, … tokens are seen, as far as the model can."""
    found = load("modern.json")
    return {"trained": [16, 16, 64, 64], "names": list(CURVES.values()), "losses": [found[run]["sees"] for run in CURVES]}


RECORDINGS = {"far-back.json": record}


def still() -> str:
    recorded = load("figures/far-back.json")
    rows = [
        [str(seen), *(number(losses[seen - 1], 3) if seen <= len(losses) else "no vector" for losses in recorded["losses"])]
        for seen in IN_STILL
    ]
    return table(["tokens seen", *recorded["names"]], rows)
