"""Bring edits of a tangled file back into the chapters: with an editor, a debugger or a refactoring tool, code is
edited where it runs.

Every line of the file knows its line in a chapter. A changed line replaces that one, a deleted one goes there too, and
an inserted line joins the piece of the line before it. What comes out is tangled in memory: only if that gives the
edited file, line for line, are the chapters written, and with them all files that change. Otherwise nothing is.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

from ..tangle import Book, Line, UserError, read_book, sound_book, split_lines, write_files
from .chapter import Chapter
from .places import Places

Place = tuple[str, int]  # a chapter and its line


class Stitched(NamedTuple):
    """What was done."""

    chapters: list[str]  # that changed
    files: list[str]  # other generated files that changed with them
    shared: list[tuple[str, list[str]]]  # chunks of several users that changed, with those


class Misfit(Exception):
    """A line of the edited file, counted from 1, that has no place in the chapters, and why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(line, why)
        self.line, self.why = line, why


def stitch(root: Path, file: str) -> Stitched:
    """Bring the edits of `file`, a path from the project's root, into the chapters. Raises UserError, and writes nothing,
    if a line fits nowhere."""
    book = sound_book(root)
    if file not in book.files:
        raise UserError(f"no chapter makes {file}, so there is nowhere to bring its lines")
    edited = split_lines((root / file).read_text(encoding="utf-8"))
    if edited.pop() != "":
        raise UserError(f"{file}: the last line doesn't end (add a line end)")
    # The header tells nothing; a formatter may have moved it, or a person removed it.
    body = edited[1:] if edited and edited[0].startswith("# Tangled from ") else edited
    first = len(edited) - len(body) + 1  # the number of the first line of the body
    if body == [line.text for line in book.files[file][1:]]:
        return Stitched([], [], [])
    try:
        edits = Edits(book)
        edits.compare(book.files[file][1:], body, first)
    except Misfit as misfit:
        raise UserError(f"{file}:{misfit.line}: {misfit.why}\nnothing was written") from None
    contents = {chapter: edits.applied(root, chapter) for chapter in edits.chapters()}
    woven = tangled_with(book, contents)
    complaints = list(misfits(woven, file, body, first))
    if woven.faults or complaints:
        raise UserError("\n".join([*woven.complaints(), *complaints, "nothing was written"]))
    changed = [path for path in woven.files if path not in book.files or woven.content(path) != book.content(path)]
    write_files(root, contents | {path: woven.content(path) for path in dict.fromkeys([file, *changed])})
    return Stitched(sorted(contents), [path for path in changed if path != file], list(edits.shared(Places(woven))))


def run(root: Path, file: str) -> int:
    """The command: stitch, and say what was done."""
    path = Path(os.path.relpath(os.path.realpath(file), root)).as_posix()
    done = stitch(root, path if not (root / file).exists() or (root / path).exists() else file)
    for label, users in done.shared:
        print(f"<<{label}>> is used in {', '.join(users)}: all of them change")
    for changed in [*done.chapters, *done.files]:
        print("wrote", changed)
    if not done.chapters:
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
            own.append(text[len(indent) :] if text.strip() else "")
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
        lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", (root / chapter).read_bytes().decode("utf-8"))
        prefixes = {
            number: fence.block.prefix
            for fence in Chapter(root / chapter).fences()
            for number in range(fence.line, fence.block.end + 1)
        }
        done = []
        for number, line in enumerate(lines, 1):
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


def tangled_with(book: Book, contents: dict[str, bytes]) -> Book:
    """The book as it would be with other chapters."""
    with tempfile.TemporaryDirectory() as folder:
        for chapter in book.chapters:
            target = Path(folder, chapter)
            target.parent.mkdir(parents=True, exist_ok=True)
            if chapter in contents:
                target.write_bytes(contents[chapter])
            else:
                shutil.copy(book.root / chapter, target)
        return read_book(folder)


def misfits(book: Book, file: str, body: list[str], first: int) -> Iterator[str]:
    """The lines of the edited file that the chapters would not give."""
    made = [line.text for line in book.files.get(file, [])[1:]]
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, made, body, autojunk=False).get_opcodes():
        if kind != "equal":
            lines = f"line {first + j1}" if j2 - j1 <= 1 else f"lines {first + j1} to {first + j2 - 1}"
            yield f"{file}:{first + j1}: the chapters would not give {lines} like this (is the chunk used twice? edit the chapter)"
