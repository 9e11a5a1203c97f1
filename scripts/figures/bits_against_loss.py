"""Bits against loss: a row of the trained model rounded, what the whole model's loss becomes, and what it writes then."""

from __future__ import annotations

import random
from statistics import fmean
from typing import Any

from microgpt import Params, document_loss, sample
from microgpt.scale.quantize import dequantize_params, levels, quantize_block, quantize_params

from ..runs.default import default_run, tokens_of
from ..runs.paired import documents
from ._still import load, number, table

LETTER = "a"  # whose row of wte is shown
TEXTS = 10
WIDTHS = range(1, 9)  # bits
FLOAT = 64  # bits of what isn't rounded


def examined(params: Params) -> dict[str, Any]:
    """The mean loss on the names that were kept out, and the first texts, always with the same random numbers."""
    run, rng = default_run(), random.Random(42)
    losses = [document_loss(tokens_of(name, run.tokenizer), params, run.config).data for name in documents("names")[1]]
    return {"loss": round(fmean(losses), 4), "names": [sample(params, run.config, run.tokenizer, rng) for _ in range(TEXTS)]}


def record() -> dict[str, Any]:
    """The row, and for each width its whole numbers and their scale, the loss, and the texts."""
    run = default_run()
    params = run.params_at[run.config.steps]
    row = [p.data for p in params["wte"][run.tokenizer.ids[LETTER]]]
    widths = []
    for bits in WIDTHS:
        numbers, scale = quantize_block(row, bits)
        small = dequantize_params(quantize_params(params, bits))
        widths.append({"bits": bits, "numbers": numbers, "scale": scale, **examined(small)})
    return {"letter": LETTER, "row": [round(x, 5) for x in row], "widths": [*widths, {"bits": FLOAT, **examined(params)}]}


RECORDINGS = {"bits-against-loss.json": record}


def still() -> str:
    rows = []
    for width in reversed(load("figures/bits-against-loss.json")["widths"]):
        bits = width["bits"]
        rows.append([
            str(bits), str(len(levels(bits))) if bits < FLOAT else "–", number(width["loss"], 3), ", ".join(width["names"][:4]),
        ])
    return table(["bits", "levels", "held-out loss", "it writes"], rows)
