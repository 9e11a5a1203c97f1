"""Embeddings: the row of a token, the row of a position, their sum; and which rows are alike."""

from __future__ import annotations

import math
from collections import Counter
from functools import partial
from typing import Any

from microgpt import Tokenizer, Value, add, dot, load_docs, rmsnorm

from ..runs.default import SAMPLED_STEPS, default_run, tokens_of
from ._still import Html, element, load, number, strip, table

TOKEN, POSITION = 4, 1  # an e at the place of the first letter; as in embeddings.js
VOWELS = [0, 4, 8, 14, 20]
CONSONANTS = [i for i in range(Tokenizer(load_docs()).bos) if i not in VOWELS]
PAIRS = {
    "vowels": (VOWELS, VOWELS),
    "a vowel and a consonant": (VOWELS, CONSONANTS),
    "consonants": (CONSONANTS, CONSONANTS),
}
Rows = list[list[Value]]


def cosine(a: list[Value], b: list[Value]) -> float:
    """As in the chapter."""
    return dot(a, b).data / math.sqrt(dot(a, a).data * dot(b, b).data)


def alike(rows: Rows, some: list[int], others: list[int]) -> float:
    """The mean cosine of all pairs, as in the chapter."""
    cosines = [cosine(rows[i], rows[j]) for i in some for j in others if i != j]
    return sum(cosines) / len(cosines)


def record(step: int) -> dict[str, Any]:
    """The rows of both matrices after a step, and how often each was read until then."""
    run = default_run()
    read = [tokens_of(doc, run.tokenizer)[:-1][: run.config.block_size] for doc in run.docs[:step]]
    tokens = Counter(token for doc in read for token in doc)
    positions = Counter(position for doc in read for position in range(len(doc)))
    matrices = {name: run.params_at[step][name] for name in ("wte", "wpe")}
    return {
        **{name: [[round(p.data, 6) + 0.0 for p in row] for row in matrix] for name, matrix in matrices.items()},
        "wte_read": [tokens[i] for i in range(len(matrices["wte"]))],
        "wpe_read": [positions[i] for i in range(len(matrices["wpe"]))],
    }


RECORDINGS = {f"embeddings-{step}.json": partial(record, step) for step in SAMPLED_STEPS}


def rows(step: int, name: str) -> Rows:
    return [[Value(x) for x in row] for row in load(f"figures/embeddings-{step}.json")[name]]


def still() -> str:
    """The four vectors of an e at position 1 after training, and how alike the letters are, step by step."""
    last = SAMPLED_STEPS[-1]
    token, position = rows(last, "wte")[TOKEN], rows(last, "wpe")[POSITION]
    total = add(token, position)
    vectors = {f"wte[{TOKEN}], e": token, f"wpe[{POSITION}]": position, "add": total, "rmsnorm": rmsnorm(total)}
    largest = max(abs(x.data) for vector in (token, position, total) for x in vector)
    parts: list[Html] = [element("p", f"The letter e at position {POSITION}, after {last} steps:")]
    for name, vector in vectors.items():
        values = [x.data for x in vector]
        shown = strip(values, name, None if name == "rmsnorm" else largest)
        parts.append(element("p", element("span", name, class_="strip-name"), shown))
    means = [
        [str(step), *(number(alike(matrix, *pair), 2) for pair in PAIRS.values())]
        for step in SAMPLED_STEPS if (matrix := rows(step, "wte"))
    ]
    parts.append(table(["steps", *PAIRS], means, "Mean cosine of two rows of wte"))
    return element("div", *parts)
