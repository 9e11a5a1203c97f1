"""The tokenizer: the characters of a name, their ids, and BOS at both ends."""

from __future__ import annotations

from typing import Any

from microgpt import Tokenizer, load_docs

from ._still import Html, element, load, table

NAME = "emma"  # as in tokenizer.js


def record() -> dict[str, Any]:
    """The alphabet of the built-in names; a character's id is its place."""
    tokenizer = Tokenizer(load_docs())
    return {"chars": tokenizer.chars, "bos": tokenizer.bos}


RECORDINGS = {"tokenizer.json": record}


def still() -> str:
    """The tokens of a name above their ids, and the alphabet with all ids."""
    recorded = load("figures/tokenizer.json")
    chars, bos = recorded["chars"], str(recorded["bos"])
    ids = [bos, *(str(chars.index(char)) for char in NAME), bos]
    all_ids = ", ".join([*(f"{char} {i}" for i, char in enumerate(chars)), f"BOS {bos}"])
    return table(["token", "BOS", *NAME, "BOS"], [["id", *ids]]) + element("p", Html(f"All ids: {all_ids}."))
