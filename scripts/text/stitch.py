"""Bring edits of a tangled file back into the chapters: with an editor, a debugger or a refactoring tool, code is
edited where it runs.

Every line of the file knows its line in a chapter. A changed line replaces that one, a deleted one goes there too, and
an inserted line joins the piece of the line before it. What comes out is tangled in memory: only if that gives the
edited file, line for line, are the chapters written, and with them all files that change. Otherwise nothing is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

from ..tangle import HEADER_LINE, Book, Line, UserError, obstacle, read_book, sound_book, split_lines, write_files
from .chapter import Chapter, lines_with_ends
from .places import Places

Place = tuple[str, int]  # a chapter and its line


class Stitched(NamedTuple):
    """What was done."""

    chapters: list[str]  # that changed
    files: list[str]  # that changed with them, the edited one too
    shared: list[tuple[str, list[str]]]  # chunks of several users that changed, with those


class Misfit(Exception):
    """A line of the edited file, counted from 1, that has no place in the chapters, and why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(line, why)
        self.line, self.why = line, why


def stitch(root: Path, file: str) -> Stitched:
    """Bring the edits of `file`, a path from the project's root, into the chapters. Raises UserError, and writes nothing,
    if a line fits nowhere, or if that would undo another edit."""
    book = sound_book(root)
    if file not in book.files:
        raise UserError(f"no chapter makes {file}, so there is nowhere to bring its lines")
    before = (root / file).read_bytes()
    body, first = lines_of(file, before, book)
    edits = Edits(book)
    try:
        edits.compare(book.files[file][1:], body, first)
    except Misfit as misfit:
        raise UserError(f"{file}:{misfit.line}: {misfit.why}\nnothing was written") from None
    chapters = {chapter: edits.applied(root, chapter) for chapter in sorted(edits.chapters())}
    woven = read_book(root, chapters)
    if complaints := woven.complaints() or list(misfits(woven, file, body, first)):
        raise UserError("\n".join([*complaints, "nothing was written"]))
    files = {
        path: woven.content(path)
        for path in woven.files
        if before.replace(b"\r\n", b"\n") != woven.content(path)  # at least the header
        if path == file or path not in book.files or woven.content(path) != book.content(path)
    }
    for path in files.keys() - {file}:
        refuse_to_undo(root / path, path, files[path])
    write_files(root, chapters | files)
    return Stitched([*chapters], [*files], list(edits.shared(Places(woven))))


def lines_of(file: str, raw: bytes, book: Book) -> tuple[list[str], int]:
    """The lines of an edited file without its header, and the number of the first. Raises UserError."""
    try:
        lines = split_lines(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UserError(f"{file}:{raw.count(10, 0, error.start) + 1}: this is not UTF-8 (save the file as UTF-8)") from None
    if lines.pop():
        raise UserError(f"{file}: the last line doesn't end (add a line end)")
    headers = {i: HEADER_LINE.fullmatch(line.encode()) for i, line in enumerate(lines) if line.startswith("# Tangled from ")}
    if headers.keys() - {0}:
        raise UserError(f"{file}:{max(headers) + 1}: the header is not in the first line (move it there)")
    header = HEADER_LINE.fullmatch(book.files[file][0].text.encode())
    if headers.get(0) and header and headers[0][1] != header[1]:
        raise UserError(f"{file}: was made before the chapters changed, so its lines would undo that"
                        " (keep a copy of it, run python3 scripts/book.py --force, and edit the new one)")  # fmt: skip
    return lines[len(headers) :], len(headers) + 1


def refuse_to_undo(path: Path, name: str, new: bytes) -> None:
    """Raise UserError if a file that would be written has edits of its own."""
    old = path.read_bytes() if path.exists() else new
    if obstacle(name, old) and old.replace(b"\r\n", b"\n").partition(b"\n")[2] != new.partition(b"\n")[2]:
        raise UserError(f"{name}: would change too, but has edits of its own (make the same edit in both)\nnothing was written")


def run(root: Path, file: str) -> int:
    """The command: stitch, and say what was done."""
    # As seen from here, or from the project.
    path = next((path for path in (Path(os.path.realpath(file)), root / file) if path.is_file()), root / file)
    done = stitch(root, Path(os.path.relpath(path, root)).as_posix())
    for label, users in done.shared:
        print(f"<<{label}>> is used in {', '.join(users)}: all of them change")
    for changed in [*done.chapters, *done.files]:
        print("wrote", changed)
    if not done.files:
        print("nothing to do")
    return 0


class Edits:
    """New lines for the chapters: in the place of a line, and after one."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.replaced: dict[Place, list[str]] = {}
        self.inserted: dict[Place, list[str]] = {}
        self.labels: dict[str, None] = {}  # of the chunks and files that change
        self.code = {(piece.chapter, number): text for piece in book.pieces for number, text in piece.numbered()}

    def compare(self, old: list[Line], new: list[str], first: int) -> None:
        """Note what turns the lines of a file into the edited ones. Raises Misfit."""
        matcher = SequenceMatcher(None, [line.text for line in old], new, autojunk=False)
        for kind, i1, i2, j1, j2 in matcher.get_opcodes():
            if kind == "equal":
                continue
            paired = min(i2 - i1, j2 - j1)
            for k in range(i2 - i1):
                self.note(self.replaced, old, i1 + k, new[j1 + k : j1 + k + 1] if k < paired else [], first + j1 + min(k, paired))
            if more := new[j1 + paired : j2]:
                at = i1 + paired - 1
                if at >= 0:
                    self.note(self.inserted, old, at, more, first + j1 + paired)
                else:  # before everything: with the first line, which stays
                    self.note(self.replaced, old, 0, [*more, old[0].text], first + j1)

    def note(self, edits: dict[Place, list[str]], old: list[Line], at: int, texts: list[str], number: int) -> None:
        line = old[at]
        place = line.chapter, line.number
        indent = self.indent(old, at)
        own = []
        for i, text in enumerate(texts):
            if text.strip() and not text.startswith(indent):
                raise Misfit(number + i, f"this line is indented less than the chunk <<{line.label}>> that it would be part of"
                             f" (edit {line.chapter}:{line.number} yourself)")  # fmt: skip
            own.append(text[len(indent) :])
        if edits.setdefault(place, own) != own:
            raise Misfit(number, f"another change of {line.chapter}:{line.number} is different: the chunk <<{line.label}>>"
                         " comes here more than once (change it everywhere alike)")  # fmt: skip
        self.labels[str(line.label)] = None

    def indent(self, old: list[Line], at: int) -> str:
        """The indentation that the chunk of a line has in the file; a blank line tells it by one of its neighbors."""
        for other in sorted(range(len(old)), key=lambda i: abs(i - at)):
            line = old[other]
            if line[1:] == old[at][1:] or (line.label, line.chapter) == (old[at].label, old[at].chapter):
                if code := self.code[line.chapter, line.number]:
                    return line.text[: len(line.text) - len(code)]
        return ""

    def chapters(self) -> set[str]:
        return {chapter for chapter, _ in [*self.replaced, *self.inserted]}

    def applied(self, root: Path, chapter: str) -> bytes:
        """The chapter with its new lines, quoted and indented as its fences are."""
        read = Chapter(root / chapter)
        prefixes = {
            number: fence.block.prefix
            for fence in read.fences()
            for number in range(fence.line, fence.block.end + 1)
        }
        done = []
        for number, line in enumerate(lines_with_ends(read.text), 1):
            end = line[len(line.rstrip("\r\n")) :]
            place = chapter, number
            done += [line] if place not in self.replaced else []
            for text in [*self.replaced.get(place, []), *self.inserted.get(place, [])]:
                done.append((prefixes[number] + text if text else prefixes[number].rstrip()) + end)
        return "".join(done).encode()

    def shared(self, places: Places) -> Iterator[tuple[str, list[str]]]:
        for label in self.labels:
            users = [user.label for user in places.users(label)]
            if len(users) > 1:
                yield label, list(dict.fromkeys(users))


def misfits(book: Book, file: str, body: list[str], first: int) -> Iterator[str]:
    """The lines of the edited file that the chapters would not give."""
    made = [line.text for line in book.files.get(file, [])[1:]]
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, made, body, autojunk=False).get_opcodes():
        if kind != "equal":
            lines = f"line {first + j1}" if j2 - j1 <= 1 else f"lines {first + j1} to {first + j2 - 1}"
            yield f"{file}:{first + j1}: the chapters would not give {lines} like this (is the chunk used twice? edit the chapter)"
