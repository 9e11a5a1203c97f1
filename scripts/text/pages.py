"""What is generated: docs/appendix/listing.md, the whole one-file program, each line under its chapter; and scoreboards.

What stands there comes from tangle's line map. A heading begins each block of the program; within a block the code
is cut wherever the chapter changes, and all cuts, joined, are the program.

line_range("one-file-data") tells where a chunk stands in the program: "17–43".
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from .. import ROOT
from ..tangle import Book, Line, UserError, read_book, tangle, write_files
from .chapter import Chapter
from .places import Span, program_of
from .scoreboard import with_scoreboards

PROGRAM = "docs/assets/downloads/microgpt.py"
PAGE = "docs/appendix/listing.md"

BLOCK = re.compile(r"# ---- (?P<name>[\w ]+?)(: .*)? ----")  # the line that begins a block of the program
SETUP = "setup"  # what comes before the first of them: the imports

INTRODUCTION = """\
---
generated_by: scripts/text/pages.py
hide: [reading-time]
search: {exclude: true}
---

# The whole listing

<!-- Written by scripts/book.py from the line map of scripts/tangle.py. Don't edit it here: edit the chapters. -->

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


def program(book: Book, path: str = PROGRAM) -> list[Line]:
    """The lines of the program, the header included."""
    if path not in book.files:
        raise UserError(f"no chapter makes {path}")
    return book.files[path]


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
    if title := Chapter(book.root / chapter).title:
        return title
    raise UserError(f"{chapter}: has no title (begin it with `# Title`)")


def make_page(book: Book) -> str:
    """The text of the page."""
    parts = [INTRODUCTION]
    for cut in cut_up(program(book)):
        if cut.block:
            parts.append(f"## {cut.block}\n")
        numbers = "Line" if cut.first == cut.last else "Lines"
        link = Path(os.path.relpath(cut.chapter, os.path.dirname(PAGE))).as_posix()
        span = Span(PROGRAM, cut.first, cut.last)
        parts.append(f"{numbers} {span} · [{title_of(book, cut.chapter)}]({link})\n")
        code = "".join(f"{line.text}\n" for line in cut.lines)
        parts.append(f'```python linenums="{cut.first}"\n{code}```\n')
    return "\n".join(parts)


def make_pages(book: Book) -> dict[str, bytes]:
    """All generated pages, by path."""
    return {PAGE: make_page(book).encode(), **with_scoreboards(book)}


def stale(root: Path) -> dict[str, bytes]:
    """The generated pages that are not as the chapters have them, with what should be there."""
    made = make_pages(book_at(root)).items()
    return {page: text for page, text in made if not same_text(root / page, text)}


def same_text(path: Path, text: bytes) -> bool:
    return path.is_file() and path.read_bytes().replace(b"\r\n", b"\n") == text


def write(root: Path) -> list[str]:
    """Write the generated pages that are stale; return which."""
    book_at.cache_clear()  # the chapters may have changed since
    made = stale(root)
    write_files(root, made)
    return list(made)


def mend(root: Path) -> list[str]:
    """Write anew the generated pages that are no sound chapters, so that nothing else can be made; return which."""
    return write(root) if any(chapter == PAGE for chapter, _ in read_book(root).faults) else []


# ------------------------------------------------------------------------------ line numbers


@cache
def book_at(root: Path) -> Book:
    """The book; UserError with its faults if there are any, except in the pages that are to be written anew."""
    book = read_book(root)
    if book.faults and all(chapter == PAGE for chapter, _ in book.faults):
        pieces = [piece for piece in book.pieces if piece.chapter != PAGE]
        book = tangle(Book(book.root, book.chapters, pieces))
    if book.faults:
        raise UserError("\n".join(book.complaints()))
    return book


def line_range(chunk: str, program: str = "microgpt.py", root: Path = ROOT) -> str:
    """Return where a chunk stands in a program, with all that it refers to, as "17–43", or "17" for one line.

    "setup" is not a chunk but all that comes before the first block of the one-file program. Raises ValueError if the
    chunk isn't in the program, or isn't in one piece.
    """
    book = book_at(root)
    files = [file for file in book.files if program_of(file) == program]
    if not files:
        raise ValueError(f"there is no program {program}, only {', '.join(sorted(set(map(program_of, book.files))))}")
    if chunk == SETUP:
        cut = next(cut_up(book.files[files[0]]))
        return str(Span(files[0], cut.first, cut.last))
    labels, todo = {chunk}, [chunk]
    while todo:
        for piece in book.parts.get(todo.pop(), []):
            todo += set(piece.references.values()) - labels
            labels.update(piece.references.values())
    found = [(file, i) for file in files for i, line in enumerate(book.files[file], 1) if line.label in labels]
    if not found:
        raise ValueError(f"no chunk {chunk} in {program} (python3 scripts/book.py list names the chunks)")
    (first_file, first), (last_file, last) = found[0], found[-1]
    if first_file != last_file or last - first >= len(found):
        raise ValueError(f"the chunk {chunk} is not in one piece in {program}")
    return str(Span(first_file, first, last))
