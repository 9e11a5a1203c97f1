#!/usr/bin/env python3
"""Extract the program from the book: from the chapters docs/**/*.md, the files that they name.

A `python` fence with a name in braces is tangled; any other fence is only shown:

    ```python {file=microgpt/value.py}    begins that file, or continues it
    ```python {#multi-head-attention}     begins that chunk, or continues it
    # <<multi-head-attention>>            in a tangled fence: the chunk comes here, at this indentation

Reading order is path order, except that numbers at the beginning of a name count as numbers: `2-x`
comes before `10-x`, and both before `appendix`.

read_book() does the work in memory: chapters -> fences -> pieces -> files, and every fault on the way.
The commands at the end of this file then compare the result with the disk. If there is a single fault,
they write nothing at all.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import os
import posixpath
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sized
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

# First line of a tangled file. By the hash of all that follows it, tangle knows its own untouched
# work from a file that somebody edited, and needs no other record of what it wrote.
HEADER = "# Tangled from {} by scripts/tangle.py: edit the chapters, not this file. [sha256:{}]"
HEADER_LINE = re.compile(rb"# Tangled from .+ by scripts/tangle\.py: .*\[sha256:([0-9a-f]{16})\]")

# Folders in which there is nothing of ours (hidden ones and virtual environments are others).
SKIPPED = frozenset({"__pycache__", "build", "dist", "node_modules", "site"})

# A fence may be indented and quoted (the prefix). A backtick after backticks means inline code.
OPENING = re.compile(
    r"(?P<prefix>[ \t>]*)(?P<bullet>(?:[-*+]|[0-9]+[.)])[ \t]+)?"
    r"(?P<marker>`{3,}(?!.*`)|~{3,})[ \t]*(?P<info>.*?)[ \t]*"
)
COMMENT = re.compile(r"[ \t>]*<!--")

# Of a fence's header: its words (a quoted value may contain spaces), and those that we know.
WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'{}]|["'])+|[{}]""")
KNOWN_WORD = re.compile(r"""#.+|\.[\w-]+|(file|title|linenums|hl_lines)=("[^"]*"|'[^']*'|[^\s"'{}]+)""")
QUOTED_OPTION = re.compile(r"""(title|linenums|hl_lines)=("[^"]*"|'[^']*')""")
CHUNK_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FILE_PATH = re.compile(r"[\w. /-]+\.py")
HOW_TO_TANGLE = "write ```python {#name} or ```python {file=path.py}"

REFERENCE = re.compile(r"(?P<indent>[ \t]*)#[ \t]*<<[ \t]*(?P<name>[^<>]*?)[ \t]*>>[ \t]*")
# A comment that means a reference but shares the line. (`a << b >> c` is a shift, even in a comment.)
STRAY_REFERENCE = re.compile(r"#(.*<<[\w-]+>>|[ \t]*<<[ \t]*[\w-]+[ \t]*>>)")


# ---------------------------------------------------------------------------------- the book


@dataclass
class Piece:
    """One tangled fence: a part of a chunk or of a file."""

    label: str  # the chunk's name, or the file's path
    is_file: bool
    chapter: str
    header_line: int
    lines: list[str]

    @property
    def first_line(self) -> int:
        """The chapter's line with the first line of code."""
        return self.header_line + 1

    def numbered(self) -> Iterator[tuple[int, str]]:
        """Each line of code after its line number in the chapter."""
        return enumerate(self.lines, self.first_line)

    @cached_property
    def references(self) -> dict[int, str]:
        """The chapter's line of each reference -> the chunk's name."""
        matches = {number: REFERENCE.fullmatch(text) for number, text in self.numbered()}
        return {number: match["name"] for number, match in matches.items() if match}

    def __str__(self) -> str:
        return self.label if self.is_file else f"<<{self.label}>>"


class Line(NamedTuple):
    """One line of a tangled file, and the chapter's line it comes from."""

    text: str
    chapter: str
    number: int
    label: str | None  # the chunk or file whose piece holds it; None for the header

    @property
    def place(self) -> str:
        return f"{self.chapter}:{self.number}"


class Fault(NamedTuple):
    """Something wrong in the book. Line 0 stands for the whole chapter or folder."""

    chapter: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.chapter}:{self.line}: {self.message}" if self.line else f"{self.chapter}: {self.message}"


class UserError(Exception):
    """What the user has to know, instead of a traceback."""


@dataclass
class Book:
    """All that tangle knows of a book. Every path is POSIX and relative to `root`."""

    root: Path
    chapters: list[str] = field(default_factory=list)  # in reading order
    pieces: list[Piece] = field(default_factory=list)  # in reading order
    parts: dict[str, list[Piece]] = field(default_factory=dict)  # label -> its pieces
    files: dict[str, list[Line]] = field(default_factory=dict)  # path -> lines, the header included
    faults: list[Fault] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)  # labels that have a fault

    def fault(self, chapter: str, line: int, message: str, label: str = "") -> None:
        """Note a fault, and whose it is. One a line is enough: a second follows from the first."""
        if not any((known.chapter, known.line) == (chapter, line) for known in self.faults):
            self.faults.append(Fault(chapter, line, message))
        if label:
            self.broken.add(label)

    def where(self, file: str, line: int) -> Line:
        """Line `line` of `file`, counted from 1, which knows its place; UserError if there is none."""
        if file not in self.files:
            raise UserError(f"no chapter makes {file} (--list names the files)")
        if not 1 <= line <= len(self.files[file]):
            raise UserError(f"{file} has no line {line} (its lines are 1 to {len(self.files[file])})")
        return self.files[file][line - 1]

    def users(self, name: str) -> list[Piece]:
        """The pieces that refer to the chunk `name`, in reading order."""
        return [piece for piece in self.pieces if name in piece.references.values()]

    def generated_lines(self, piece: Piece) -> dict[str, list[int]]:
        """For each file that `piece` goes into, its line numbers there, counted from 1."""
        span = range(piece.first_line, piece.first_line + len(piece.lines))
        found: dict[str, list[int]] = {}
        for path, lines in self.files.items():
            for number, line in enumerate(lines, 1):
                if line.label and line.chapter == piece.chapter and line.number in span:
                    found.setdefault(path, []).append(number)
        return found

    def content(self, path: str) -> bytes:
        """A file as tangle writes it."""
        return joined(self.files[path])


def joined(lines: list[Line]) -> bytes:
    return "".join(line.text + "\n" for line in lines).encode()


def read_book(root: str | Path) -> Book:
    """Read the chapters below ROOT/docs; work out every file, line by line, and every fault."""
    book = Book(Path(os.path.realpath(root)))
    book.chapters = find_chapters(book.root)
    for chapter in book.chapters:
        read_chapter(book, chapter)
    if not book.chapters:
        book.fault("docs", 0, "no chapters here (write docs/**/*.md, or name another project with --root)")
    elif not book.faults and not any(piece.is_file for piece in book.pieces):
        book.fault("docs", 0, "no fence names a file to make (begin one with ```python {file=path.py})")
    else:
        check_paths(book)
        check_names(book)
        expand(book)
        check_python(book)
    book.faults.sort(key=lambda fault: (["docs", *book.chapters].index(fault.chapter), fault.line))
    return book


# ------------------------------------------------------------------------ reading the chapters


def find_chapters(root: Path) -> list[str]:
    """The chapters' paths in reading order."""

    def place(path: str) -> list[tuple[bool, int, str]]:
        parts = [(re.split("[^0-9]", part)[0], part) for part in path.split("/")]
        return [(number == "", int(number or 0), part) for number, part in parts]

    return sorted(files_below(root, "docs", ".md"), key=place)


def files_below(root: Path, folder: str, suffix: str, skipped: frozenset[str] = frozenset()) -> Iterator[str]:
    """The paths of the files that end in `suffix`, except in hidden folders and environments."""
    for base, folders, files in os.walk(root / folder):
        kept = [name for name in folders if name[0] != "." and name not in skipped]
        folders[:] = [name for name in kept if not os.path.exists(f"{base}/{name}/pyvenv.cfg")]
        for name in files:
            if name.endswith(suffix) and name[0] != ".":
                yield Path(base, name).relative_to(root).as_posix()


def read_chapter(book: Book, chapter: str) -> None:
    """Add a chapter's pieces to the book."""
    if not chapter.isprintable():
        book.fault(chapter, 0, "the chapter's name has characters that cannot be shown (rename it)")
        return
    raw = (book.root / chapter).read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        book.fault(chapter, raw.count(b"\n", 0, error.start) + 1, "this is not UTF-8 (save the chapter as UTF-8)")
        text = raw.decode("utf-8-sig", "replace")  # the rest may hold more faults, and good names
    # Not str.splitlines(), which splits at form feeds and other characters that code may contain.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    at = 0
    while at < len(lines):
        if opening := OPENING.fullmatch(lines[at]):
            content, end, unclosed = read_fence(lines, at, opening)
            label, is_file, problem = parse_header(opening["info"])
            if label:
                # Also if something is wrong with it: so its name is defined, what it refers to is used,
                # and neither becomes a second fault somewhere else.
                piece = Piece(label, is_file, chapter, at + 1, content)
                book.pieces.append(piece)
                book.parts.setdefault(label, []).append(piece)
            if unclosed or problem:
                book.fault(chapter, at + 1, unclosed or problem, label)
            at = end
        elif COMMENT.match(lines[at]) and "-->" not in lines[at]:
            # A fence in a comment does not count: no reader sees it.
            end = next((end for end in range(at, len(lines)) if "-->" in lines[end]), at)
            if end == at:
                book.fault(chapter, at + 1, "the HTML comment is not closed (end it with -->)")
            at = end + 1
        else:
            at += 1


def read_fence(lines: list[str], at: int, opening: re.Match[str]) -> tuple[list[str], int, str]:
    """The content of the fence that opens at lines[at], the index of the line after it, and a problem or ''.

    A fence that is not closed would swallow the rest of the chapter, and all that is in there would seem
    to be missing. So it ends, with a problem, at the first line that cannot be meant as its content.
    """
    prefix, marker = opening["prefix"], opening["marker"]
    content: list[str] = []
    problem = ""
    if opening["bullet"]:
        prefix += " " * len(opening["bullet"])
        problem = "a fence cannot begin beside a list marker (put it on the next line, indented)"
    for end in range(at + 1, len(lines)):
        text = lines[end].removeprefix(prefix)
        if not lines[end].startswith(prefix):
            if not prefix.startswith(lines[end].rstrip()):
                problem = f"the fence is not closed before line {end + 1}, which is indented or quoted less"
                problem += " (close it, or indent that line as the fence is)"
                break
            text = ""  # blank lines need no indentation
        if text.startswith(marker) and not text.rstrip().strip(marker[0]):
            end += 1
            break
        inner = OPENING.fullmatch(text)
        if inner and inner["marker"].startswith(marker) and parse_header(inner["info"])[0]:
            problem = f"the fence is not closed before line {end + 1}, where another begins"
            problem += " (close it; to quote a fence, use a longer one)"
            break
        content.append(text)
    else:
        end, problem = len(lines), f"the fence is not closed (end it with {marker})"
    return content, end, problem


def parse_header(info: str) -> tuple[str, bool, str]:
    """What a fence says after its marker: the label or '', whether that is a file, and a problem or ''.

    This is strict because the site is silent: SuperFences turns a fence whose header it does not
    understand into inline code. The label is found even if something else is wrong.
    """
    language = re.split(r"[\s{#]", info)[0]
    words = WORD.findall(info[len(language) :])
    names = [word[1:] for word in words if word[0] == "#" and word != "#"]
    files = [posixpath.normpath(word[5:].strip("\"'")) for word in words if word.startswith("file=")]
    problem = ""
    if language != "python":
        if names or files:
            problem = f"only `python` fences are tangled ({HOW_TO_TANGLE})"
    elif not words or words[0] != "{":
        if odd := [word for word in words if not QUOTED_OPTION.fullmatch(word)]:
            problem = f"`{odd[0]}` is out of place ({HOW_TO_TANGLE})"
    elif info.startswith("python{"):
        problem = "no space before the brace (write ```python {...})"
    elif words[-1] != "}":
        problem = "the line does not end with a closing brace (write ```python {...})"
    elif odd := [word for word in words[1:-1] if not KNOWN_WORD.fullmatch(word)]:
        problem = f"`{odd[0]}` is unknown (use #name or file=path.py; title=, linenums=, hl_lines=, .class)"
    elif len(names) + len(files) > 1:
        problem = "more than one name or file (give each fence one)"
    elif names and names[0].endswith(".py"):
        problem = f"the chunk name {names[0]} is also a file name (write file={names[0]}, or another name)"
    elif names and not CHUNK_NAME.fullmatch(names[0]):
        problem = f"{names[0]} is not a chunk name (use a-z, 0-9 and single hyphens, as in multi-head-attention)"
    label = (names + files + [""])[0]
    return label, not names, problem and f"malformed header: {problem}"


# ----------------------------------------------------------------------------- checking the book


def check_paths(book: Book) -> None:
    """Refuse files that cannot be written, or not in the same way on every machine."""
    first: dict[str, str] = {}
    for piece in book.pieces:
        if piece.is_file and not (problem := path_problem(book, piece.label)):
            # Two names of one file, by case or through a link, would overwrite each other.
            same = first.setdefault(os.path.realpath(book.root / piece.label).casefold(), piece.label)
            if same != piece.label:
                problem = f"is the same as {same} where case does not count (rename one, or spell them alike)"
        if piece.is_file and problem:
            book.fault(piece.chapter, piece.header_line, f"the file {piece} {problem}", piece.label)


def path_problem(book: Book, path: str) -> str:
    """What is wrong with a file's path, as the end of a sentence; '' if nothing is."""
    parts = path.split("/")
    if not FILE_PATH.fullmatch(path):
        return "has an unusable path (use letters, digits, _ - . and / only, and .py at the end)"
    if path[0] == "/" or parts[0] == ".." or not Path(os.path.realpath(book.root / path)).is_relative_to(book.root):
        return "is outside the project (write a relative path that stays inside, as in microgpt/gpt.py)"
    if any(part[0] == "." for part in parts) or SKIPPED.intersection(parts[:-1]):
        return "is in a hidden or build folder, where tangle does not look (choose another)"
    if (book.root / path).is_dir():
        return "is a folder (rename one of them)"
    for parent in Path(path).parents:
        if parent.as_posix() in book.parts or (book.root / parent).is_file():
            return f"would be inside {parent}, which is a file (rename one of them)"
    return ""


def check_names(book: Book) -> None:
    """Find what is wrong in single lines, and the names that are defined or used but not both."""
    chunks = {label: pieces[0] for label, pieces in book.parts.items() if not pieces[0].is_file}
    unknown: dict[str, str] = {}  # a name without a chunk -> where it is first referred to
    for piece in book.pieces:
        if not "".join(piece.lines).strip():
            problem = "the fence is empty (write its code, or remove it)"
            book.fault(piece.chapter, piece.header_line, problem, piece.label)
        for number, text in piece.numbered():
            name = piece.references.get(number)
            problem = ""
            if "\0" in text:
                problem = "there is a null byte in the code (remove it)"
            elif name is None and STRAY_REFERENCE.search(text):
                problem = "the reference shares its line with other text (put `# <<name>>` on a line of its own)"
            elif name is not None and name not in chunks:
                unknown.setdefault(name, f"{piece.chapter}:{number}")
                near = difflib.get_close_matches(name, chunks, 1)
                hint = f"did you mean <<{near[0]}>>?" if near else "define it, or remove the reference"
                problem = f"<<{name}>> is not defined ({hint})"
            if problem:
                book.fault(piece.chapter, number, problem, piece.label)
    used = {name for piece in book.pieces for name in piece.references.values()}
    for name, piece in chunks.items():
        if name not in used:
            near = difflib.get_close_matches(name, unknown, 1)
            hint = f"did you mean it by <<{near[0]}>> at {unknown[near[0]]}?" if near else "refer to it, or remove it"
            book.fault(piece.chapter, piece.header_line, f"<<{name}>> is never used ({hint})", name)


def expand(book: Book) -> None:
    """Fill in the files: each piece in turn, with the chunks in the place of their references."""
    graph = {
        label: [name for piece in pieces for name in piece.references.values() if name in book.parts]
        for label, pieces in book.parts.items()
    }
    expanded: dict[str, list[Line]] = {}
    for label in dependency_order(book, graph):
        lines: list[Line] = []
        for piece in book.parts[label]:
            for number, text in piece.numbered():
                if match := REFERENCE.fullmatch(text):
                    for line in expanded.get(match["name"], []):
                        lines.append(line._replace(text=match["indent"] + line.text) if line.text else line)
                else:
                    lines.append(Line(text, piece.chapter, number, label))
        expanded[label] = lines
        if book.broken.intersection(graph[label]):
            book.broken.add(label)
    for label, (first, *_) in book.parts.items():
        if first.is_file:
            header = HEADER.format(first.chapter, hash_of(joined(expanded[label])))
            book.files[label] = [Line(header, first.chapter, first.first_line, None), *expanded[label]]


def dependency_order(book: Book, graph: dict[str, list[str]]) -> list[str]:
    """The labels, each after those it refers to. Cycles are reported, and cut open to find more."""
    while True:
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            cycle = error.args[1][:0:-1]  # graphlib tells it from the used to the user, one name twice
        start = min(cycle, key=list(graph).index)  # tell it as a reader meets it
        cycle = cycle[cycle.index(start) :] + cycle[: cycle.index(start)]
        last = cycle[-1]
        graph[last].remove(start)
        piece = next(piece for piece in book.parts[last] if start in piece.references.values())
        line = next(number for number, name in piece.references.items() if name == start)
        way = " -> ".join([*cycle, start])
        book.fault(piece.chapter, line, f"<<{start}>> contains itself: {way} (remove one of these references)", last)


def check_python(book: Book) -> None:
    """Compile every file that is whole; tell an error by its place in the chapter."""
    for path in [path for path in book.files if path not in book.broken]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(book.content(path), path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            lines = book.files[path]
            line = nearest(lines, getattr(error, "lineno", None) or 1)
            message = getattr(error, "msg", None) or str(error) or type(error).__name__
            for number in re.findall(r"\bline ([0-9]+)", message):  # a second line, as the file counts
                message = message.replace(f"line {number}", nearest(lines, int(number)).place)
            book.fault(line.chapter, line.number, f"{path} is not valid Python: {message} (correct the code here)")


def nearest(lines: list[Line], number: int) -> Line:
    """Line `number`, counted from 1, or the last one: Python sometimes points behind the end."""
    return lines[min(number, len(lines)) - 1]


# ----------------------------------------------------------------------- the book and the disk


class Change(NamedTuple):
    """A file that is not on the disk as the book has it."""

    path: str
    old: bytes | None  # None: not there
    new: bytes | None  # None: no chapter makes it any more
    obstacle: str  # why it is left alone without --force, if it is

    def __str__(self) -> str:
        return f"{self.path}: {self.obstacle or 'not as the chapters have it (run scripts/tangle.py)'}"

    def diff(self) -> str:
        old, new = ((content or b"").decode("utf-8", "replace").split("\n") for content in (self.old, self.new))
        names = f"{self.path} (on disk)", f"{self.path} (from the chapters)"
        return "\n".join(difflib.unified_diff(old, new, *names, lineterm=""))


def find_changes(book: Book) -> list[Change]:
    """What differs: first the files to write, then those that are left over from an older book."""
    changes = []
    for path in sorted(book.files):
        target, new = book.root / path, book.content(path)
        old = target.read_bytes() if target.exists() else None
        if old != new:
            changes.append(Change(path, old, new, "" if old is None else obstacle(old)))
    leftover = "no chapter makes this file any more (remove it with --force)"
    for path in sorted(set(files_below(book.root, "", ".py", SKIPPED)) - book.files.keys()):
        with suppress(OSError), (book.root / path).open("rb") as file:  # what we cannot read is not ours
            if HEADER_LINE.match(first := file.readline(1000)):
                changes.append(Change(path, first + file.read(), None, leftover))
    return changes


def obstacle(old: bytes) -> str:
    """Why this content of a target may not be overwritten; '' if it may."""
    header, _, body = old.replace(b"\r\n", b"\n").partition(b"\n")  # git may have changed line ends
    match = HEADER_LINE.fullmatch(header)
    if not match:
        return "not made by tangle, so left alone (name another file in the chapter, or overwrite it with --force)"
    if match[1].decode() != hash_of(body):
        return "edited by hand, so left alone (move the edit into the chapter, or overwrite it with --force)"
    return ""


def hash_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]


def write_files(root: Path, contents: dict[str, bytes]) -> None:
    """Write all of them or none: first beside the targets, then each into its place in one step."""
    beside: dict[str, Path] = {}
    path = ""
    try:
        for path, content in contents.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            beside[path] = target.with_name(f".{target.name}.{os.getpid()}.tmp")
            beside[path].write_bytes(content)
            if target.exists():
                beside[path].chmod(target.stat().st_mode)
        for path in contents:
            os.replace(beside[path], root / path)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        for temporary in beside.values():
            temporary.unlink(missing_ok=True)


# ------------------------------------------------------------------------------- the commands


def sound_book(root: Path) -> Book:
    """The book; UserError with all its faults if there are any."""
    book = read_book(root)
    if book.faults:
        raise UserError("\n".join(map(str, book.faults)))
    return book


def tangle(root: Path, force: bool = False) -> int:
    """Write what changed; the exit status."""
    book = sound_book(root)
    changes = find_changes(book)
    kept = [] if force else [change for change in changes if change.obstacle]
    for change in kept:
        complain(change if change.new is None else f"{change.diff()}\n{change}")
    if any(change.new is not None for change in kept):
        raise UserError("nothing was written")
    done = [change for change in changes if change not in kept]
    write_files(root, {change.path: change.new for change in done if change.new is not None})
    for change in done:
        if change.new is None:
            (root / change.path).unlink()
        print("removed" if change.new is None else "wrote", change.path)
    if done:
        print(f"tangled {count(book.files, 'file')} from {count(book.chapters, 'chapter')}")
    elif not kept:
        print("nothing to do")
    return 1 if kept else 0


def check(root: Path) -> int:
    """Write nothing; the exit status is 0 if the disk is as the chapters have it."""
    book = sound_book(root)
    changes = find_changes(book)
    for change in changes:
        complain(f"{change.diff()}\n{change}")
    if not changes:
        print(f"{count(book.files, 'file')} as tangled")
    return 1 if changes else 0


def watch(root: Path) -> int:
    """Tangle, and again whenever a chapter changes, until Ctrl-C."""
    print("watching the chapters (Ctrl-C stops)", flush=True)
    seen = None
    while True:
        now: dict[str, object] = dict.fromkeys(find_chapters(root))
        for chapter in now:
            with suppress(OSError):  # it may be gone already
                status = (root / chapter).stat()
                now[chapter] = status.st_mtime_ns, status.st_size
        if now != seen:
            seen = now
            guarded(tangle, root)
        time.sleep(0.5)


def show_where(root: Path, spec: str) -> int:
    """Print the place in the book that a generated line comes from."""
    match = re.fullmatch(r'\s*(?:File "(.+?)", line ([0-9]{1,9})\b.*|(.+?):([0-9]{1,9})(?::[0-9]+)?:?)\s*', spec)
    if not match:
        raise UserError(f"--where needs FILE:LINE, as in microgpt/gpt.py:40, not {spec!r}")
    book = sound_book(root)
    file, line = match[1] or match[3], int(match[2] or match[4])
    as_given = posixpath.normpath(file)
    from_here = Path(os.path.relpath(os.path.realpath(file), root)).as_posix()  # or an absolute path
    print(book.where(from_here if as_given not in book.files and from_here in book.files else as_given, line).place)
    return 0


def show_list(root: Path) -> int:
    """Print every file and chunk with its pieces and its users; also in a book with faults."""
    book = read_book(root)
    for pieces in sorted(book.parts.values(), key=lambda pieces: not pieces[0].is_file):
        print(pieces[0])
        for piece in pieces:
            print(f"    {piece.chapter}:{piece.header_line}")
        for user in dict.fromkeys(map(str, book.users(pieces[0].label))):
            print(f"    used in {user}")
    sound_book(root)
    return 0


def count(things: Sized, noun: str) -> str:
    return f"{len(things)} {noun}" + ("" if len(things) == 1 else "s")


def complain(message: object) -> None:
    print(message, file=sys.stderr, flush=True)


def guarded(command: Callable[..., int], root: Path, *arguments: object) -> int:
    """Run a command. What the user did wrong, or the disk refuses, is told without a traceback."""
    try:
        status = command(root, *arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # whoever reads the output has seen enough; what is left of it goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except UserError as error:
        complain(error)
    except OSError as error:
        complain(f"{os.path.relpath(error.filename or root, root)}: {error.strerror}")
    return 1


def main(argv: list[str] | None = None) -> int:
    """The command line: 0 if all is well, 1 if something is wrong, 2 if the command line is."""
    parser = argparse.ArgumentParser(description="Extract the program from the chapters of the book.")
    project = Path(__file__).resolve().parent.parent
    parser.add_argument("--root", metavar="DIR", default=project, help="the project, with the chapters in DIR/docs")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="write nothing; show what differs and fail")
    mode.add_argument("--force", action="store_true", help="overwrite edited files, remove leftover ones")
    mode.add_argument("--watch", action="store_true", help="tangle again whenever a chapter changes")
    mode.add_argument("--where", metavar="FILE:LINE", help="print the chapter and line it comes from")
    mode.add_argument("--list", action="store_true", help="print every file and chunk, its places and users")
    options = parser.parse_args(argv)
    root = Path(os.path.realpath(options.root))
    try:
        if options.check:
            return guarded(check, root)
        if options.watch:
            return watch(root)
        if options.where is not None:
            return guarded(show_where, root, options.where)
        if options.list:
            return guarded(show_list, root)
        return guarded(tangle, root, options.force)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
