#!/usr/bin/env python3
"""Write docs/appendix/listing.md: the whole one-file program, each line under a link to the chapter that explains it.

    python3 scripts/listing.py [--root DIR]            write the page if it changed
    python3 scripts/listing.py [--root DIR] --check    write nothing; fail if the page is not as the chapters have it

What stands there comes from tangle's line map. A heading begins each block of the program; within a block the code
is cut wherever the chapter changes, and all cuts, joined, are the program.

line_range("one-file-data") tells where a chunk stands in the program: "17–43".
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from .. import ROOT, tangle
from ..tangle import Book, Line, UserError

PROGRAM = "docs/assets/downloads/microgpt.py"
PAGE = "docs/appendix/listing.md"

BLOCK = re.compile(r"# ---- (?P<name>[\w ]+?)(: .*)? ----")  # the line that begins a block of the program
SETUP = "setup"  # what comes before the first of them: the imports
TITLE = re.compile(r"# +(?P<title>.+?) *")

INTRODUCTION = """\
---
generated_by: scripts/listing.py
hide: [reading-time]
search: {exclude: true}
---

# The whole listing

<!-- Written by scripts/listing.py from the line map of scripts/tangle.py. Don't edit it here: edit the chapters. -->

This is [microgpt.py](../assets/downloads/microgpt.py), from the first line to the last. It is cut wherever another
chapter of the book takes over; above each cut stand its line numbers and that chapter.
[The 200-line map](../0-the-big-picture/03-the-200-line-map.md) says what each block is for.
"""


class Cut(NamedTuple):
    """Lines of the program that follow one another and come from one chapter."""

    block: str  # the block that begins here, or ''
    first: int  # the number of the first line, counted from 1
    lines: list[Line]

    @property
    def chapter(self) -> str:
        return self.lines[0].chapter

    @property
    def last(self) -> int:
        """The number of the last line that is not blank."""
        return self.first + max(i for i, line in enumerate(self.lines) if line.text)


def program(book: Book) -> list[Line]:
    """The lines of the program, the header included."""
    if PROGRAM not in book.files:
        raise UserError(f"no chapter makes {PROGRAM}")
    return book.files[PROGRAM]


def cut_up(lines: list[Line]) -> Iterator[Cut]:
    """Cut the program where a block begins or the chapter changes; blank lines stay with what is before them."""
    start, name = 0, SETUP.capitalize()
    for i, line in enumerate(lines):
        block = BLOCK.fullmatch(line.text)
        if i > start and line.text and (block or line.chapter != lines[start].chapter):
            yield Cut(name, start + 1, lines[start:i])
            start, name = i, block["name"] if block else ""
    yield Cut(name, start + 1, lines[start:])


def title_of(book: Book, chapter: str) -> str:
    """The title of a chapter: its first heading."""
    for line in (book.root / chapter).read_text(encoding="utf-8-sig").splitlines():
        if match := TITLE.fullmatch(line):
            return match["title"]
    raise UserError(f"{chapter}: has no title (begin it with `# Title`)")


def span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"


def make_page(book: Book) -> str:
    """The text of the page."""
    parts = [INTRODUCTION]
    for cut in cut_up(program(book)):
        if cut.block:
            parts.append(f"## {cut.block}\n")
        numbers = "Line" if cut.first == cut.last else "Lines"
        link = Path(os.path.relpath(cut.chapter, os.path.dirname(PAGE))).as_posix()
        parts.append(f"{numbers} {span(cut.first, cut.last)} · [{title_of(book, cut.chapter)}]({link})\n")
        code = "".join(f"{line.text}\n" for line in cut.lines)
        parts.append(f'```python linenums="{cut.first}"\n{code}```\n')
    return "\n".join(parts)


# ------------------------------------------------------------------------------ line numbers


@cache
def read_program(root: Path) -> tuple[Book, list[Line]]:
    book = sound_book(root)
    return book, program(book)


def line_range(chunk: str, root: Path = ROOT) -> str:
    """Return where a chunk stands in the program, with all that it refers to, as "17–43", or "17" for one line.

    "setup" is not a chunk but all that comes before the first block. Raises ValueError if the chunk isn't in the
    program, or isn't in one piece.
    """
    book, lines = read_program(root)
    if chunk == SETUP:
        cut = next(cut_up(lines))
        return span(cut.first, cut.last)
    labels, todo = {chunk}, [chunk]
    while todo:
        for piece in book.parts.get(todo.pop(), []):
            todo += set(piece.references.values()) - labels
            labels.update(piece.references.values())
    numbers = [i for i, line in enumerate(lines, 1) if line.label in labels]
    if not numbers:
        raise ValueError(f"no chunk {chunk} in {PROGRAM} (scripts/tangle.py --list names the chunks)")
    if numbers[-1] - numbers[0] >= len(numbers):
        raise ValueError(f"the chunk {chunk} is not in one piece in {PROGRAM}")
    return span(numbers[0], numbers[-1])


# ------------------------------------------------------------------------------- the command


def sound_book(root: Path) -> Book:
    """The book; UserError with its faults if there are any, except in the page that is to be written anew."""
    book = tangle.read_book(root)
    if faults := [str(fault) for fault in book.faults if fault.chapter != PAGE]:
        raise UserError("\n".join(faults))
    return book


def run(root: Path, check: bool) -> int:
    """Write the page, or only compare it; the exit status."""
    content = make_page(sound_book(root)).encode()
    target = root / PAGE
    if target.is_file() and target.read_bytes().replace(b"\r\n", b"\n") == content:
        print(f"{PAGE} is up to date")
        return 0
    if check:
        tangle.complain(f"{PAGE}: not as the chapters have it (run python3 scripts/listing.py)")
        return 1
    tangle.write_files(root, {PAGE: content})
    print(f"wrote {PAGE}")
    return 0


def main(argv: list[str] | None = None) -> int:
    """The command line: 0 if all is well, 1 if something is wrong, 2 if the command line is."""
    parser = argparse.ArgumentParser(description="Write the listing of the one-file program, with links to its chapters.")
    parser.add_argument("--root", metavar="DIR", default=ROOT, help="the project, with the chapters in DIR/docs")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is stale")
    options = parser.parse_args(argv)
    return tangle.guarded(run, Path(os.path.realpath(options.root)), options.check)


if __name__ == "__main__":
    sys.exit(main())
