"""The book with the reader's changes: tangled, written where Python imports it, and compared with the book as it is.

A change is the text of one piece, a fenced block of a chapter, and what the reader has in its place. So the changes are
an edit of the chapters, as in an editor; tangle.py judges it as any other.
"""

from __future__ import annotations

import difflib
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import invalidate_caches
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from ..tangle import Book, Piece, read_book, sound_book, split_lines, write_files
from ..text.chapter import Chapter
from ..text.places import Places


class Change(NamedTuple):
    """What the reader has in the place of a piece."""

    chapter: str  # from the project's root
    label: str  # the chunk's name or the file's path
    old: str  # the piece as it was when it was changed: so one knows it again, or that it is gone
    new: str


class Fault(NamedTuple):
    """What tangle has against the changed book."""

    chapter: str
    line: int  # of the changed chapter; 0: all of it
    message: str
    change: int  # the position of the change it is in, or -1
    change_line: int  # the line of the change's text, counted from 1, or 0


class Program:
    """The package below `root`, as the chapters there make it, with changes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.printed = sound_book(root)  # the book as it is published
        self.book = self.printed  # with the changes that are in force
        self._write(self.printed)

    def apply(self, changes: Sequence[Change]) -> list[Fault]:
        """Bring these changes into force, and only these; if there are faults, none, and all stays as it was.

        Raises KeyError for a change whose piece the book doesn't have (see `stale`).
        """
        texts, starts = self._chapters_with(changes)
        book = read_book(self.root, {chapter: text.encode() for chapter, text in texts.items()})
        if book.faults:
            return [self._fault(*place, message, changes, starts) for place, message in book.faults.items()]
        self._write(book)
        self.book = book
        return []

    def stale(self, changes: Sequence[Change]) -> list[int]:
        """The positions of the changes whose piece is no longer as it was when it was changed."""
        return [i for i, change in enumerate(changes) if self._piece(change) is None]

    def patch(self, changes: Sequence[Change]) -> str:
        """The changes of the chapters, as `git apply` takes them. Raises KeyError as `apply` does."""
        texts, _ = self._chapters_with(changes)
        parts = []
        for chapter, new in sorted(texts.items()):
            old = Chapter(self.root / chapter).text
            parts += difflib.unified_diff(
                old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{chapter}", f"b/{chapter}"
            )
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in parts)

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Within it, the program is as the book prints it; what is imported then stays so."""
        if self.book is self.printed:
            yield
            return
        changed, self.book = self.book, self.printed
        self._write(self.printed)
        try:
            yield
        finally:
            self._write(changed)
            self.book = changed

    def told(self, error: BaseException, own: dict[str, str]) -> list[dict[str, object]]:
        """A traceback whose frames are lines of chapters, the outermost call first; the last entry is the error.

        `own` are the names of files that stand for the reader's own text, with what to call them. What is neither in
        the book nor there is left out, the lab's own calls first of all.
        """
        frames = list(self._frames(error.__traceback__, own))
        words = "".join(traceback.format_exception_only(type(error), error)).strip()
        if isinstance(error, SyntaxError) and error.filename in own:
            words = f"{own[error.filename]}, line {error.lineno}: {type(error).__name__}: {error.msg}"
        return [*frames, {"text": words}]

    def _frames(self, start: TracebackType | None, own: dict[str, str]):
        places = Places(self.printed)
        for frame in traceback.extract_tb(start):
            number = frame.lineno or 0
            if frame.filename in own:
                yield {"text": f"{own[frame.filename]}, line {number}, in {frame.name}", "code": frame.line or ""}
                continue
            path = Path(frame.filename)
            file = path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else ""
            if file in self.book.files and 1 <= number <= len(self.book.files[file]):
                line = self.book.files[file][number - 1]
                anchor = next((places.anchor(p) for p in self.printed.parts.get(line.label or "", ()) if p.chapter == line.chapter), "")
                yield {
                    "text": f"{line.chapter}:{line.number}, in {frame.name}", "code": line.text.strip(),
                    "page": page_of(line.chapter), "anchor": anchor,
                }  # fmt: skip

    # ------------------------------------------------------------------------------------ inside

    def _piece(self, change: Change) -> Piece | None:
        pieces = self.printed.parts.get(change.label, [])
        return next((p for p in pieces if p.chapter == change.chapter and same(p.lines, change.old)), None)

    def _chapters_with(self, changes: Sequence[Change]) -> tuple[dict[str, str], dict[int, int]]:
        """The changed chapters' texts, and the line, counted from 1, before the first line of each change's text."""
        pieces: list[tuple[str, int, Piece, int]] = []
        for i, change in enumerate(changes):
            piece = self._piece(change)
            if piece is None:
                raise KeyError(change.label)
            pieces.append((piece.chapter, piece.header_line, piece, i))
        texts: dict[str, list[str]] = {}
        starts: dict[int, int] = {}
        shift: dict[str, int] = {}
        for chapter, header, piece, i in sorted(pieces, key=lambda entry: entry[:2]):
            source = Chapter(self.root / chapter)
            lines = texts.setdefault(chapter, split_lines(source.text))
            prefix = next(block.prefix for block in source.blocks if block.start + 1 == header)
            new = [f"{prefix}{line}".rstrip() for line in split_lines(changes[i].new.removesuffix("\n"))]
            starts[i] = header + shift.get(chapter, 0)
            lines[starts[i] : starts[i] + len(piece.lines)] = new
            shift[chapter] = shift.get(chapter, 0) + len(new) - len(piece.lines)
        return {chapter: "\n".join(lines) for chapter, lines in texts.items()}, starts

    def _fault(
        self, chapter: str, line: int, message: str, changes: Sequence[Change], starts: dict[int, int]
    ) -> Fault:
        for i, change in enumerate(changes):
            within = line - starts[i]
            if change.chapter == chapter and 0 <= within <= len(split_lines(change.new.removesuffix("\n"))):
                return Fault(chapter, line, message, i, max(within, 1))
        return Fault(chapter, line, message, -1, 0)

    def _write(self, book: Book) -> None:
        """Write the files that differ, and have Python forget what it imported of the package."""
        contents = {path: book.content(path) for path in book.files}
        there = {path: (self.root / path).read_bytes() for path in contents if (self.root / path).is_file()}
        write_files(self.root, {path: content for path, content in contents.items() if there.get(path) != content})
        for name in [name for name in sys.modules if name == "microgpt" or name.startswith("microgpt.")]:
            del sys.modules[name]
        invalidate_caches()


def same(lines: list[str], text: str) -> bool:
    """Is this the piece's text? Space at the ends of lines doesn't count: a page doesn't keep it."""
    return [line.rstrip() for line in lines] == [line.rstrip() for line in split_lines(text.removesuffix("\n"))]


def page_of(chapter: str) -> str:
    """The address of a chapter's page, from that of the site."""
    path = chapter.removeprefix("docs/").removesuffix(".md")
    return "" if path == "index" else f"{path.removesuffix('/index')}/"
