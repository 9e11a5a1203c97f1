# Tangled from docs/6-experiments/04-a-fair-rival.md by scripts/tangle.py: edit the chapters, not this file. [sha256:d8c691adb8c9be7a]
"""A rival of the ladder's models: count what follows up to three letters, and fall back on fewer where it is rare."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from ..data import Tokenizer

BLOCK_SIZE = 16  # tokens of a document that are predicted or written, at most
LONGEST = 3  # letters of context
TRUST = 20  # a context that was seen so often is trusted as much as all that are shorter

Tables = list  # for each length of context: the context -> the token that followed -> how often


def empty_tables() -> Tables:
    """Return the tables of a model that has read nothing."""
    return [{} for _ in range(LONGEST + 1)]


def probabilities(context: tuple[int, ...], tables: Tables, vocab_size: int) -> list[float]:
    """Return how probable each token is after `context`: what was counted after it, and after shorter ones."""
    probs = [1 / vocab_size] * vocab_size
    for length, table in enumerate(tables):
        row = table.get(context[len(context) - length :])
        if row:
            total = sum(row.values()) + TRUST
            probs = [(row.get(token, 0) + TRUST * p) / total for token, p in enumerate(probs)]
    return probs


def document_loss(tokens: list[int], tables: Tables, vocab_size: int) -> float:
    """Return the mean of −log p(next token) over a document that begins and ends with BOS."""
    n = min(BLOCK_SIZE, len(tokens) - 1)
    padded = tokens[:1] * (LONGEST - 1) + tokens
    losses = []
    for i in range(LONGEST, n + LONGEST):
        probs = probabilities(tuple(padded[i - LONGEST : i]), tables, vocab_size)
        losses.append(-math.log(probs[padded[i]]))
    return sum(losses) / n


def train(docs: list[str], tokenizer: Tokenizer, tables: Tables, steps: int) -> Iterator[tuple[int, float]]:
    """Count a document a step; yield the step, from 1, and the loss of its document before it was counted."""
    for step in range(steps):
        tokens = [tokenizer.bos, *tokenizer.encode(docs[step % len(docs)]), tokenizer.bos]
        loss = document_loss(tokens, tables, tokenizer.vocab_size)
        padded = tokens[:1] * (LONGEST - 1) + tokens
        for i in range(LONGEST, min(BLOCK_SIZE, len(tokens) - 1) + LONGEST):
            for length, table in enumerate(tables):
                row = table.setdefault(tuple(padded[i - length : i]), {})
                row[padded[i]] = row.get(padded[i], 0) + 1
        yield step + 1, loss


def generate(tables: Tables, tokenizer: Tokenizer, rng: random.Random) -> Iterator[tuple[int, list[float]]]:
    """Yield each token, with the probabilities it was drawn from; BOS, if drawn, is the last."""
    context = (tokenizer.bos,) * LONGEST
    for _ in range(BLOCK_SIZE):
        probs = probabilities(context, tables, tokenizer.vocab_size)
        [token_id] = rng.choices(range(len(probs)), weights=probs)
        yield token_id, probs
        if token_id == tokenizer.bos:
            return
        context = (*context[1:], token_id)
