"""Variants of the program: the book with some chunks replaced, written down in the chapters and tangled in memory.

    ```python {variant=no-residuals replaces=add-what-attention-found}

The code of such a fence stands for all pieces of the chunk it names. Several fences may belong to one variant. What
differs is shown on the page (scripts/site/chunks.py); what becomes of it is measured (scripts/runs/paired.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..tangle import Book, UserError, sound_book, tangle
from .chapter import Chapter

HEADER = re.compile(r"python \{variant=(?P<variant>[a-z0-9-]+) replaces=(?P<chunk>[a-z0-9-]+)\}")


class Replacement(NamedTuple):
    """What a fence says: in this variant, this text is in the place of this chunk."""

    chapter: str  # from the project's root
    variant: str
    chunk: str
    text: str


def replacements(book: Book) -> Iterator[Replacement]:
    """All fences of variants, in reading order. Raises UserError for one that isn't understood or comes twice."""
    seen: set[tuple[str, str]] = set()
    for path in book.chapters:
        for fence in Chapter(book.root / path).fences("python"):
            if "variant=" not in fence.block.info:
                continue
            header, where = HEADER.fullmatch(fence.block.info), f"{path}:{fence.block.start + 1}"
            if not header:
                raise UserError(f"{where}: not the header of a variant (write ```python {{variant=name replaces=chunk}})")
            if header.groups() in seen:
                raise UserError(f"{where}: a second text for {header['chunk']} in {header['variant']} (rename the variant)")
            seen.add(header.groups())
            yield Replacement(path, *header.groups(), fence.text)


def read_variants(book: Book) -> dict[str, dict[str, str]]:
    """Each variant's chunks -> the text in their place. Raises UserError as replacements() does."""
    found: dict[str, dict[str, str]] = {}
    for replacement in replacements(book):
        found.setdefault(replacement.variant, {})[replacement.chunk] = replacement.text
    return found


def tangle_variant(book: Book, replacing: dict[str, str]) -> Book:
    """The book with these chunks replaced. Raises UserError with its faults, if it has any."""
    variant = tangle(book, replacing)
    if variant.faults:
        raise UserError("\n".join(variant.complaints()))
    return variant


def faults(root: Path) -> list[str]:
    """What is wrong with the variants of a book, each with the variant's name."""
    book = sound_book(root)
    found = []
    for name, replacing in read_variants(book).items():
        try:
            tangle_variant(book, replacing)
        except UserError as error:
            found.append(f"variant {name}: {error}")
    return found
