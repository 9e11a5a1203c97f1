"""What a missing mask costs where documents share a row (7-growing-up/04), and why. Needs JAX.

    packing.json:
        longer      held-out loss less that of the same model with the mask, for each of eight seeds, after 512 steps of 64
                    names in place of the 128 of batches.json
        in_order    the same after 128 steps, if names are put into rows in the order they come, not where they fit best
        exact       of the names that follow another in their row, the share that ends where the row ends: "best_fit",
                    "in_order"
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from microgpt import Config, load_docs
from microgpt.scale.batches import pack

from .batches import DOCUMENTS
from .compiled import held_out, trained
from .paired import SEEDS, documents

BATCH, RATE = 64, 0.03  # the rate that batches.json found for it
MASK = "allowed &= document[:, None] == document"
Packing = Callable[[list[int], int], list[tuple[int, int]]]


def in_order(lengths: list[int], width: int) -> list[tuple[int, int]]:
    """The row and the place of each document, if a row ends with the first that has no room in it."""
    places, row, room = [], -1, 0
    for length in lengths:
        if length > room:
            row, room = row + 1, width
        places.append((row, width - room))
        room -= length
    return places


def cost(seed: int, steps: int, packing: Packing = pack) -> float:
    """How much worse the exam, which is held with the mask, goes for a model that was trained without it."""
    import jax

    from microgpt.scale import batches, jax_engine

    source, changed = inspect.getsource(jax_engine.row_loss), dict(vars(jax_engine))
    assert MASK in source
    exec(source.replace(MASK, ""), changed)
    losses = []
    for function in (jax_engine.row_loss, changed["row_loss"]):
        with patch.object(jax_engine, "row_loss", function), patch.object(jax_engine, "pack", packing), patch.object(batches, "pack", packing):
            jax.clear_caches()
            _, params, tokenizer = trained("float64", seed, replace(Config(), steps=steps, learning_rate=RATE), BATCH)
        jax.clear_caches()
        losses.append(held_out(params, tokenizer, documents("names")[1]))
    return round(losses[1] - losses[0], 4)


def exact(packing: Packing) -> float:
    docs, width = load_docs(), Config().block_size
    random.Random(42).shuffle(docs)
    ends = []
    for first in range(0, DOCUMENTS, BATCH):
        lengths = [len(doc) + 1 for doc in docs[first : first + BATCH]]
        ends += [place + length == width for length, (_, place) in zip(lengths, packing(lengths, width)) if place]
    return round(sum(ends) / len(ends), 2)


def record_packing() -> dict[str, Any]:
    return {
        "longer": [cost(seed, 4 * DOCUMENTS // BATCH) for seed in SEEDS],
        "in_order": [cost(seed, DOCUMENTS // BATCH, in_order) for seed in SEEDS],
        "exact": {"best_fit": exact(pack), "in_order": exact(in_order)},
    }
