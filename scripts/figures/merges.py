"""Merges: how byte-pair encoding cuts a text, one merge after the other, with the merges learned from the book's prose."""

from __future__ import annotations

from typing import Any

from microgpt.scale.bpe import BPETokenizer, Pair, merge, split

from ..runs.prose import learned_merges
from ._still import Html, element, load, table

TEXT = " microgpt counting"  # as in merges.js


def record() -> dict[str, Any]:
    """The 1024 merges as a saved tokenizer has them: pairs of texts with a character for each byte."""
    return {"merges": [[part.decode("latin-1") for part in pair] for pair in learned_merges()]}


RECORDINGS = {"merges.json": record}


def load_merges() -> list[Pair]:
    return [(a.encode("latin-1"), b.encode("latin-1")) for a, b in load("figures/merges.json")["merges"]]


def trace(chunks: list[bytes], tokenizer: BPETokenizer) -> list[tuple[int | None, list[list[bytes]]]]:
    """The steps to the tokens of a text: the number of the merge, from 1, None at first, and then the tokens of each chunk."""
    cut = [[bytes([byte]) for byte in chunk] for chunk in chunks]
    steps: list[tuple[int | None, list[list[bytes]]]] = [(None, cut)]
    while here := [pair for tokens in cut for pair in zip(tokens, tokens[1:]) if pair in tokenizer.ranks]:
        pair = min(here, key=tokenizer.ranks.__getitem__)
        cut = [merge(tokens, pair) for tokens in cut]
        steps.append((tokenizer.ranks[pair] + 1, cut))
    return steps


def visible(token: bytes) -> str:
    """A token as the figure writes it: a space as ␣, bytes that are no whole character in hexadecimal."""
    try:
        return token.decode("utf-8").replace(" ", "␣")
    except UnicodeDecodeError:
        return token.hex(" ")


def still() -> str:
    """Each step of one text as a row."""
    rows = [
        ["bytes" if number is None else str(number), Html("   ".join(element("code", visible(token)) for tokens in cut for token in tokens))]
        for number, cut in trace(split(TEXT), BPETokenizer(load_merges()))
    ]
    return table(["merge", "tokens"], rows, "Each row applies the earliest-learned merge that fits; ␣ is a space")
