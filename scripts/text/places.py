"""Where the pieces of the book and the lines of the programs stand on the site: anchors, and links to them.

    chunk-softmax, chunk-softmax-2      the pieces of a chunk
    file-microgpt-gpt-py                the pieces of a file, likewise
    microgpt-gpt-py-31                  line 31 of microgpt/gpt.py, where the book writes it

Several programs may be woven from one book: the package, and each file below docs/. A chapter shows the line numbers
of one of them, of the package or of the program that it names in its front matter, as in `program: train2.py`; a
piece that isn't in it shows those of the first program that it is in. Only lines of that program have anchors.

A link leads to a chapter's Markdown file, as all links in the book do: it works on GitHub, and on the site
MkDocs makes a page's address of it and warns if the anchor isn't there. scripts/site/chunks.py puts the anchors
on the pages; scripts/site/indexes.py makes the lists of them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple
from urllib.parse import quote

from ..tangle import Book, Line, Piece, UserError
from .chapter import Chapter


class Span(NamedTuple):
    """Lines of a generated file, counted from 1; often only one."""

    file: str
    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"


class Run(NamedTuple):
    """Lines of a generated file that follow one another and come from one piece."""

    span: Span
    piece: Piece


def slug(path: str) -> str:
    return re.sub(r"[^\w-]", "-", path)


def short(file: str) -> str:
    """A generated file as a reader knows it: what lies in the book's own folder is a download."""
    return posixpath.basename(file) if file.startswith("docs/") else file


def program_of(file: str) -> str:
    """The name of the program that a generated file belongs to: its folder, or for a download its own name."""
    return short(file).split("/")[0]


def line_anchor(file: str, number: int) -> str:
    """The anchor of a line of a generated file."""
    return f"{slug(file)}-{number}"


def address(chapter: str, anchor: str, page: str) -> str:
    """The link to an anchor in `chapter`, for a reader of `page`; both are paths from the project's root."""
    path = "" if chapter == page else quote(posixpath.relpath(chapter, posixpath.dirname(page)))
    return f"{path}#{anchor}"


def where(book: Book, file: str, line: int) -> Line:
    """Line `line` of `file`, counted from 1, which knows its place; UserError if there is none."""
    if file not in book.files:
        raise UserError(f"no chapter makes {file} (python3 scripts/book.py list names the files)")
    if not 1 <= line <= len(book.files[file]):
        raise UserError(f"{file} has no line {line} (its lines are 1 to {len(book.files[file])})")
    return book.files[file][line - 1]


class Places:
    """Of a book without faults, what every line of a chapter makes, and the anchors of all pieces."""

    def __init__(self, book: Book) -> None:
        self.book = book
        # The package's own modules first, then those in its folders, then the downloads.
        self.files = sorted(book.files, key=lambda path: (path.startswith("docs/"), path.startswith("docs/") or path.count("/")))
        # A chapter's line of code, or its reference -> the generated lines that come from it.
        self.spans: dict[tuple[str, int], list[Span]] = {}
        self._runs: dict[str, list[Run]] = {}
        for file in self.files:
            self._runs[file] = []
            self._expand(file, file, 2)  # line 1 is the file's header, which no piece holds
        self._chapters: dict[str, Chapter] = {}
        self._pieces: dict[tuple[str, tuple[str, ...]], Piece] = {}
        for piece in book.pieces:
            self._pieces.setdefault((piece.label, normalized(piece.lines)), piece)

    def _expand(self, file: str, label: str, at: int) -> int:
        """Note the lines of `file` that `label` makes from line `at`; return the line after them."""
        for piece in self.book.parts[label]:
            for number, _ in piece.numbered():
                start = at
                if name := piece.references.get(number):
                    at = self._expand(file, name, at)
                else:
                    at += 1
                    runs = self._runs[file]
                    if runs and runs[-1].piece is piece and runs[-1].span.last == start - 1:
                        runs[-1] = Run(runs[-1].span._replace(last=start), piece)
                    else:
                        runs.append(Run(Span(file, start, start), piece))
                self.spans.setdefault((piece.chapter, number), []).append(Span(file, start, at - 1))
        return at

    def find(self, label: str, lines: list[str]) -> Piece | None:
        """The piece that has this name and this code."""
        return self._pieces.get((label, normalized(lines)))

    def chapter(self, path: str) -> Chapter:
        """A chapter of the book, by its path from the project's root."""
        if path not in self._chapters:
            self._chapters[path] = Chapter(self.book.root / path)
        return self._chapters[path]

    def title(self, path: str) -> str:
        """The title of a chapter: its first heading, or its path if it has none."""
        return self.chapter(path).title or path

    @cached_property
    def _users(self) -> dict[str, list[Piece]]:
        users: dict[str, list[Piece]] = {}
        for piece in self.book.pieces:
            for name in dict.fromkeys(piece.references.values()):
                users.setdefault(name, []).append(piece)
        return users

    def users(self, name: str) -> list[Piece]:
        """The pieces that refer to the chunk `name`, in reading order."""
        return self._users.get(name, [])

    # -------------------------------------------------------------------------------- programs

    @cached_property
    def programs(self) -> dict[str, list[str]]:
        """Name -> files of every program, the package first."""
        programs: dict[str, list[str]] = {}
        for file in self.files:
            programs.setdefault(program_of(file), []).append(file)
        return programs

    def unknown_programs(self) -> Iterator[tuple[str, str]]:
        """Chapters that name a program which the book doesn't make, with that name."""
        for path in self.book.chapters:
            program = self.chapter(path).settings.get("program")
            if program and program not in self.programs:
                yield path, program

    def runs(self, file: str) -> list[Run]:
        """The lines of a file without its header, cut wherever another piece takes over."""
        return self._runs[file]

    def shown_in(self, piece: Piece) -> list[str]:
        """The files that a piece goes into; the first is the one whose line numbers it shows."""
        files = {span.file for number, _ in piece.numbered() for span in self.spans[piece.chapter, number]}
        shown = self.chapter(piece.chapter).program
        return sorted(files, key=lambda file: (program_of(file) != shown, self.files.index(file)))

    def number(self, piece: Piece, line: int) -> Span:
        """What a chapter's line of `piece` is in the file whose line numbers the piece shows."""
        file = self.shown_in(piece)[0]
        return next(span for span in self.spans[piece.chapter, line] if span.file == file)

    # --------------------------------------------------------------------------------- anchors

    def anchor(self, piece: Piece) -> str:
        """The anchor of a piece."""
        name = f"file-{slug(piece.label)}" if piece.is_file else f"chunk-{piece.label}"
        position = self.book.parts[piece.label].index(piece) + 1
        return name if position == 1 else f"{name}-{position}"

    def all_anchors(self) -> Iterator[tuple[str, str]]:
        """Every anchor of the book, with the chapter that it is in."""
        for piece in self.book.pieces:
            yield self.anchor(piece), piece.chapter
            if piece.is_file and piece is self.book.parts[piece.label][0]:
                yield line_anchor(piece.label, 1), piece.chapter  # the file's header
            for number, _ in piece.numbered():
                if number not in piece.references:
                    span = self.number(piece, number)
                    yield line_anchor(span.file, span.first), piece.chapter

    def to_piece(self, piece: Piece, page: str) -> str:
        """The link to a piece, for a reader of `page`."""
        return address(piece.chapter, self.anchor(piece), page)

    def to_line(self, file: str, number: int, page: str) -> str:
        """The link to a line of a generated file, for a reader of `page`. Its number there may be another program's."""
        line = where(self.book, file, number)
        if line.label is None:
            return address(line.chapter, line_anchor(file, number), page)
        pieces = [piece for piece in self.book.parts[line.label] if piece.chapter == line.chapter]
        piece = next(piece for piece in reversed(pieces) if piece.header_line < line.number)
        span = self.number(piece, line.number)
        return address(line.chapter, line_anchor(span.file, span.first), page)


def normalized(lines: list[str]) -> tuple[str, ...]:
    """Code as it is after Markdown has read it: tabs expanded, blank lines empty."""
    return tuple("" if not line.strip() else line.expandtabs(4) for line in lines)
