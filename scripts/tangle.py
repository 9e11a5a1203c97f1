#!/usr/bin/env python3
"""Extract the program from the book: from the chapters docs/**/*.md, the files that they name.

A `python` fence with a name in braces is tangled; any other fence is only shown:

    ```python {file=microgpt/value.py}    begins that file, or continues it
    ```python {#attention}                begins that chunk, or continues it
    ```python {#attention .continued}     continues a chunk of an earlier chapter
    # <<attention>>                       in a tangled fence: the chunk comes here, at this indentation

Reading order is path order, except that numbers at the beginning of a name count as numbers: `2-x` comes before
`10-x`, and both before `appendix`. read_book() works in memory and in phases: read the chapters, resolve the names,
fill in the files. A phase names all the faults it finds; after one, the next doesn't begin, and nothing is written.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import os
import posixpath
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

# The first line of a tangled file. The hash is of its path and of all that follows: so tangle knows its own
# untouched work from a file that somebody edited or copied, and needs no other record of what it wrote.
HEADER = "# Tangled from {} by scripts/tangle.py: edit the chapters, not this file. [sha256:{}]"
HEADER_LINE = re.compile(rb"# Tangled from .+ by scripts/tangle\.py: .*\[sha256:([0-9a-f]{16})\]")
SKIPPED = frozenset({"__pycache__", "build", "dist", "node_modules", "site"})  # folders with nothing of ours
MAX_SIZE = 2_000_000  # characters of a file: chunks that use each other twice grow like 2, 4, 8, …

# A fence may be indented and quoted (the prefix). A backtick after backticks means inline code.
OPENING = re.compile(
    r"(?P<prefix>[ \t>]*)(?P<bullet>(?:[-*+]|[0-9]+[.)])[ \t]+)?(?P<marker>`{3,}(?!.*`)|~{3,})[ \t]*(?P<info>.*?)[ \t]*"
)
COMMENT = re.compile(r"[ \t>]*<!--")
# Of a fence's header: its words (a quoted value may contain spaces), and those that we know.
WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'{}]|["'])+|[{}]""")
KNOWN_WORD = re.compile(r"""#.+|\.[\w-]+|(file|title|linenums|hl_lines|variant|replaces)=("[^"]*"|'[^']*'|[^\s"'{}]+)""")
QUOTED_OPTION = re.compile(r"""(title|linenums|hl_lines)=("[^"]*"|'[^']*')""")
CHUNK_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FILE_PATH = re.compile(r"[\w. /-]{1,200}\.py")
HOW_TO_TANGLE = "write ```python {#name} or ```python {file=path.py}"

REFERENCE = re.compile(r"(?P<indent>[ \t]*)#[ \t]*<<[ \t]*(?P<name>[^<>]*?)[ \t]*>>[ \t]*")
# A comment that means a reference but shares the line. (`a << b >> c` is a shift, even in a comment.)
STRAY_REFERENCE = re.compile(r"#(.*<<[\w-]+>>|[ \t]*<<[ \t]*[\w-]+[ \t]*>>)")


class UserError(Exception):
    """What the user has to know, instead of a traceback."""


class Block(NamedTuple):
    """A fenced block of a chapter, or an HTML comment, in which fences don't count: no reader sees them."""

    start: int  # the index of its first line, which is the fence's header
    end: int  # the index of the line after it
    prefix: str  # the indentation and quotation marks in front of each of its lines
    info: str  # what stands after the fence's marker; of a comment "<!--"
    content: list[str]  # its lines without the prefix
    problem: str  # what is wrong with it, or ""


@dataclass
class Piece:
    """One tangled fence: a part of a chunk or of a file."""

    label: str  # the chunk's name, or the file's path
    is_file: bool
    chapter: str
    header_line: int  # counted from 1
    lines: list[str]
    continued: bool = False  # it says that an earlier chapter began the chunk

    def numbered(self) -> Iterator[tuple[int, str]]:
        """Each line of code after its line number in the chapter."""
        return enumerate(self.lines, self.header_line + 1)

    @cached_property
    def references(self) -> dict[int, str]:
        """The chapter's line of each reference -> the chunk's name."""
        return {number: match["name"] for number, text in self.numbered() if (match := REFERENCE.fullmatch(text))}


class Line(NamedTuple):
    """One line of a tangled file, and the chapter's line it comes from."""

    text: str
    chapter: str
    number: int
    label: str | None  # the chunk or file whose piece holds it; None for the header


@dataclass
class Book:
    """All that tangle knows of a book. Every path is POSIX and relative to `root`."""

    root: Path
    chapters: list[str] = field(default_factory=list)  # in reading order
    pieces: list[Piece] = field(default_factory=list)  # in reading order
    files: dict[str, list[Line]] = field(default_factory=dict)  # path -> lines, the header included
    faults: dict[tuple[str, int], str] = field(default_factory=dict)  # chapter and line (0: all of it) -> what

    @cached_property
    def parts(self) -> dict[str, list[Piece]]:
        """The pieces of each label, in reading order."""
        parts: dict[str, list[Piece]] = {}
        for piece in self.pieces:
            parts.setdefault(piece.label, []).append(piece)
        return parts

    def fault(self, chapter: str, line: int, problem: str) -> None:
        """Note a fault, if there is one. One a line is enough: a second follows from the first."""
        if problem:
            self.faults.setdefault((chapter, line), problem)

    def complaints(self) -> list[str]:
        """The faults in reading order, each with its place."""
        order = {chapter: i for i, chapter in enumerate(self.chapters)}
        faults = sorted(self.faults.items(), key=lambda item: (order.get(item[0][0], len(order)), item[0][1]))
        return [f"{chapter}{f':{line}' * bool(line)}: {problem}" for (chapter, line), problem in faults]

    def content(self, path: str) -> bytes:
        """A file as tangle writes it."""
        return "".join(line.text + "\n" for line in self.files[path]).encode()


def read_book(root: str | Path, instead: Mapping[str, bytes] | None = None) -> Book:
    """Read the chapters below ROOT/docs, or what is to stand in their place; work out every file, and what is wrong."""
    book = Book(Path(os.path.realpath(root)))
    book.chapters = find_chapters(book.root)
    for chapter in book.chapters:
        read_chapter(book, chapter, (instead or {}).get(chapter))
    if not book.chapters:
        book.fault("docs", 0, "no chapters here (write docs/**/*.md, or name another project with --root)")
    elif not book.faults and not any(piece.is_file for piece in book.pieces):
        book.fault("docs", 0, "no fence names a file to make (begin one with ```python {file=path.py})")
    check_paths(book)
    return tangle(book)


def tangle(book: Book, replacing: Mapping[str, str] | None = None) -> Book:
    """Return the book, or a variant of it, with its files filled in, or with what is wrong.

    Each text of `replacing` stands in for all that the book says of a chunk or file. Its lines have the name in
    `<<…>>` for a chapter. What only the replaced text used may be left over. Raises UserError for an unknown name.
    """
    woven = Book(book.root, book.chapters, list(book.pieces), faults=dict(book.faults))
    for label, text in (replacing or {}).items():
        if label not in book.parts:
            raise UserError(f"there is no chunk {label} to replace{did_you_mean(label, book.parts)}")
        new = Piece(label, book.parts[label][0].is_file, f"<<{label}>>", 0, text.removesuffix("\n").split("\n"))
        woven.pieces = [piece for piece in woven.pieces if piece.label != label] + [new]
    used = {name for piece in book.pieces + woven.pieces for name in piece.references.values()}
    for phase in (partial(check_names, used=used), check_cycles, fill_in, check_python):
        if not woven.faults:
            phase(woven)
    return woven


def find_chapters(root: Path) -> list[str]:
    """The chapters' paths in reading order."""

    def place(path: str) -> list[tuple[bool, int, str]]:
        parts = [(re.split("[^0-9]", part)[0], part) for part in path.split("/")]
        return [(number == "", int(number or 0), part) for number, part in parts]

    return sorted(files_below(root, "docs", ".md"), key=place)


def files_below(root: Path, folder: str, suffix: str, skipped: frozenset[str] = frozenset()) -> Iterator[str]:
    """The paths of the files that end in `suffix`; not in hidden folders, environments and other projects."""
    for base, folders, files in os.walk(root / folder):
        ours = [name for name in folders if name[0] != "." and name not in skipped]
        folders[:] = [name for name in ours if not {"pyvenv.cfg", ".git"}.intersection(os.listdir(f"{base}/{name}"))]
        yield from (Path(base, f).relative_to(root).as_posix() for f in files if f.endswith(suffix) and f[0] != ".")


def read_chapter(book: Book, chapter: str, raw: bytes | None = None) -> None:
    """Add the pieces of a chapter, or of `raw` in its place, to the book."""
    path = book.root / chapter
    if not chapter.isprintable():
        return book.fault(chapter, 0, "the chapter's name has characters that cannot be shown (rename it)")
    if path.exists() and not path.is_file():
        return book.fault(chapter, 0, "this is no file that can be read (remove it)")
    raw = path.read_bytes() if raw is None else raw
    try:
        lines = split_lines(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return book.fault(chapter, line, "this is not UTF-8 (save the chapter as UTF-8)")
    for block in read_blocks(lines):
        label, is_file, problem = parse_header(block.info)
        if label:
            continued = ".continued" in WORD.findall(block.info)
            book.pieces.append(Piece(label, is_file, chapter, block.start + 1, block.content, continued))
        book.fault(chapter, block.start + 1, block.problem or problem)


def split_lines(text: str) -> list[str]:
    """Not str.splitlines(), which splits at form feeds and other characters that code may contain."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def read_blocks(lines: list[str]) -> Iterator[Block]:
    """All fenced blocks and HTML comments of a chapter, in order. The only reader of Markdown in the project."""
    at = 0
    while at < len(lines):
        if opening := find_opening(lines[at]):
            block = read_fence(lines, at, opening)
        elif COMMENT.match(lines[at]) and "-->" not in lines[at]:
            end = next((i + 1 for i in range(at + 1, len(lines)) if "-->" in lines[i]), 0)
            problem = "" if end else "the HTML comment is not closed (end it with -->)"
            block = Block(at, end or at + 1, "", "<!--", [], problem)
        else:
            at += 1
            continue
        yield block
        at = block.end


def find_opening(line: str) -> re.Match[str] | None:
    return OPENING.fullmatch(line) if "```" in line or "~~~" in line else None  # most lines aren't even looked at


def read_fence(lines: list[str], at: int, opening: re.Match[str]) -> Block:
    """The fence that opens at lines[at]; one that isn't closed ends where a line can't be meant as its content."""
    prefix, marker, info = opening["prefix"] + " " * len(opening["bullet"] or ""), opening["marker"], opening["info"]
    beside = "a fence cannot begin beside a list marker (put it on the next line, indented)" * bool(opening["bullet"])
    content: list[str] = []
    for end in range(at + 1, len(lines)):
        inside, text = lines[end].startswith(prefix), lines[end].removeprefix(prefix)
        inner = find_opening(text)
        if not inside and not prefix.startswith(lines[end].rstrip()):
            early = "which is indented or quoted less (close it, or indent that line as the fence is)"
        elif text.startswith(marker) and not text.rstrip().strip(marker[0]):
            return Block(at, end + 1, prefix, info, content, beside)
        elif inner and inner["marker"].startswith(marker) and parse_header(inner["info"])[0]:
            early = "where another begins (close it; to quote a fence, use a longer one)"
        else:
            content.append(text * inside)  # blank lines need no indentation
            continue
        return Block(at, end, prefix, info, content, f"the fence is not closed before line {end + 1}, {early}")
    return Block(at, len(lines), prefix, info, content, f"the fence is not closed (end it with {marker})")


def parse_header(info: str) -> tuple[str, bool, str]:
    """What a fence says after its marker: the label or '', whether that is a file, and a problem or ''.

    This is strict because the site is silent: SuperFences turns what it does not understand into inline code.
    """
    language = re.split(r"[\s{#]", info)[0]
    words = WORD.findall(info[len(language) :])
    names = [word[1:] for word in words if word[0] == "#" and word != "#"]
    files = [posixpath.normpath(word[5:].strip("\"'")) for word in words if word.startswith("file=")]
    label = (names + files + [""])[0]
    odd = next((word for word in words if not QUOTED_OPTION.fullmatch(word)), "")
    unknown = next((word for word in words[1:-1] if not KNOWN_WORD.fullmatch(word)), "")
    problem = first_true([
        (language != "python", label and f"only `python` fences are tangled ({HOW_TO_TANGLE})"),
        (not words or words[0] != "{", odd and f"`{odd}` is out of place ({HOW_TO_TANGLE})"),
        (info.startswith("python{"), "no space before the brace (write ```python {...})"),
        (words[-1:] != ["}"], "the line does not end with a closing brace (write ```python {...})"),
        (unknown, f"`{unknown}` is unknown (use #name or file=path.py; title=, linenums=, hl_lines=, .class)"),
        (len(names + files) > 1, "more than one name or file (give each fence one)"),
        (names and label.endswith(".py"),
         f"the chunk name {label} is also a file name (write file={label}, or another name)"),
        (names and not CHUNK_NAME.fullmatch(label),
         f"{label} is not a chunk name (use a-z, 0-9 and single hyphens, as in multi-head-attention)"),
    ])  # fmt: skip
    return label, not names, problem and f"malformed header: {problem}"


def first_true(cases: list[tuple[object, str]]) -> str:
    """The message of the first case that is true, or ''."""
    return next((message for case, message in cases if case), "")


def check_paths(book: Book) -> None:
    """Refuse files that cannot be written, or not in the same way on every machine."""
    first: dict[str, str] = {}
    for piece in [piece for piece in book.pieces if piece.is_file]:
        path, folders = piece.label, piece.label.split("/")[:-1]
        real = Path(os.path.realpath(book.root / path.replace("\0", "")))
        # Two names of one file, by case or through a link, would overwrite each other.
        same = first.setdefault(str(real).casefold(), path)
        above = [parent.as_posix() for parent in Path(path).parents]
        inside = next((parent for parent in above if parent in book.parts or os.path.isfile(book.root / parent)), "")
        outside = path[0] == "/" or folders[:1] == [".."] or not real.is_relative_to(book.root)
        hidden = re.search(r"(^|/)\.", path) or SKIPPED.intersection(folders)
        problem = first_true([
            (not FILE_PATH.fullmatch(path),
             "has an unusable path (use letters, digits, _ - . and / only, and .py at the end)"),
            (outside, "is outside the project (write a relative path that stays inside, as in microgpt/gpt.py)"),
            (hidden, "is in a hidden or build folder, where tangle does not look (choose another)"),
            (real.is_dir(), "is a folder (rename one of them)"),
            (inside, f"would be inside {inside}, which is a file (rename one of them)"),
            (same != path, f"is the same as {same} where case does not count (rename one, or spell them alike)"),
        ])  # fmt: skip
        book.fault(piece.chapter, piece.header_line, problem and f"the file {path} {problem}")


def check_names(book: Book, used: set[str]) -> None:
    """Find what is wrong in single lines, and in names: defined or used but not both, or defined by two chapters."""
    chunks = {label: pieces[0] for label, pieces in book.parts.items() if not pieces[0].is_file}
    for piece in book.pieces:
        name, first, problem = piece.label, chunks.get(piece.label, piece), ""
        if not "".join(piece.lines).strip():
            problem = "the fence is empty (write its code, or remove it)"
        elif first is piece and not piece.is_file and name not in used:
            near = did_you_mean(name, used - chunks.keys(), "it by ") if len(book.faults) < 20 else ""
            problem = f"<<{name}>> is never used{near or ' (refer to it, or remove it)'}"
        elif piece.continued and piece.chapter == first.chapter:
            problem = f"no earlier chapter begins <<{name}>> (remove .continued, or correct the name)"
        elif not piece.continued and piece.chapter != first.chapter:  # two writers may have had the same idea
            problem = f"<<{name}>> is already a chunk of {first.chapter}:{first.header_line} (choose another name,"
            problem += f" or, to continue that chunk, write {{#{name} .continued}})"
        book.fault(piece.chapter, piece.header_line, problem)
        for number, text in piece.numbered():
            name, problem = piece.references.get(number, ""), ""
            if "\0" in text:
                problem = "there is a null byte in the code (remove it)"
            elif number not in piece.references and STRAY_REFERENCE.search(text):
                problem = "the reference shares its line with other text (put `# <<name>>` on a line of its own)"
            elif number in piece.references and name not in chunks:
                near = did_you_mean(name, chunks) if len(book.faults) < 20 else ""  # to guess for more takes long
                problem = f"<<{name}>> is not defined{near or ' (define it, or remove the reference)'}"
            book.fault(piece.chapter, number, problem)


def did_you_mean(name: str, known: Iterable[str], how: str = "") -> str:
    near = difflib.get_close_matches(name, sorted(known), 1)
    return f" (did you mean {how}<<{near[0]}>>?)" if near else ""


def check_cycles(book: Book) -> None:
    """Report each cycle of references; then cut it open, to find more."""
    graph = {label: [name for p in parts for name in p.references.values()] for label, parts in book.parts.items()}
    while True:
        try:
            return TopologicalSorter(graph).prepare()
        except CycleError as error:
            cycle = error.args[1][:0:-1]  # graphlib tells it from the used to the user, one name twice
        at = cycle.index(min(cycle, key=list(graph).index))  # tell it as a reader meets it
        start, last, way = cycle[at], cycle[at - 1], " -> ".join([*cycle[at:], *cycle[: at + 1]])
        graph[last] = [name for name in graph[last] if name != start]
        places = ((p.chapter, line) for p in book.parts[last] for line, name in p.references.items() if name == start)
        book.fault(*next(places), f"<<{start}>> contains itself: {way} (remove one of these references)")


def fill_in(book: Book) -> None:
    """Make the files, unless chunks contain each other too often."""
    for path, (first, *_) in book.parts.items():
        if first.is_file:
            size, lines = 0, book.files.setdefault(path, [])
            for line in expand(book, path):
                lines.append(line)
                size += len(line.text)
                if size > MAX_SIZE:
                    problem = f"the file {path} would have more than {MAX_SIZE:,} characters (use chunks less often)"
                    return book.fault(first.chapter, first.header_line, problem)
            header = HEADER.format(first.chapter, hash_of(path, book.content(path)))
            lines.insert(0, Line(header, first.chapter, first.header_line + 1, None))


def expand(book: Book, label: str) -> Iterator[Line]:
    """The lines of a file or chunk, with other chunks in the place of their references."""

    def walk(label: str) -> Iterator[tuple[Piece, int, str]]:
        return ((piece, number, text) for piece in book.parts[label] for number, text in piece.numbered())

    open_chunks = [(walk(label), "")]  # not recursion: chunks may be nested a thousand deep
    while open_chunks:
        lines, indent = open_chunks[-1]
        for piece, number, text in lines:
            if match := REFERENCE.fullmatch(text):
                open_chunks.append((walk(match["name"]), indent + match["indent"]))
                break
            yield Line(indent + text if text else "", piece.chapter, number, piece.label)
        else:
            open_chunks.pop()


def check_python(book: Book) -> None:
    """Compile every file; tell an error by its place in the chapter."""
    for path, lines in book.files.items():
        if error := python_error(path, book.content(path)):

            def place(number: int | str) -> Line:
                return lines[min(int(number), len(lines)) - 1]  # sometimes it is behind the end

            message = getattr(error, "msg", None) or str(error) or type(error).__name__
            message = re.sub(r"\bline ([0-9]+)", lambda match: "{1}:{2}".format(*place(match[1])), message)
            line = place(getattr(error, "lineno", None) or 1)
            book.fault(line.chapter, line.number, f"{path} is not valid Python: {message} (correct the code here)")


@cache  # what takes most of the time, and a variant of the book, or a book read again, has few files that are new
def python_error(path: str, content: bytes) -> Exception | None:
    """What Python has against a file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(content, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return error.with_traceback(None)
    return None


class Change(NamedTuple):
    """A file that is not on the disk as the book has it."""

    path: str
    old: bytes | None  # None: not there
    new: bytes | None  # None: no chapter makes it any more
    obstacle: str  # why it is left alone without --force, if it is

    def __str__(self) -> str:
        old, new = ((content or b"").decode("utf-8", "replace").split("\n") for content in (self.old, self.new))
        names = f"{self.path} (on disk)", f"{self.path} (from the chapters)"
        why = self.obstacle or "not as the chapters have it (run scripts/tangle.py)"
        return "\n".join([*difflib.unified_diff(old, new, *names, lineterm=""), f"{self.path}: {why}"])


def find_changes(book: Book) -> list[Change]:
    """What differs: first the files to write, then those that are left over from an older book."""
    changes = []
    for path in sorted(book.files):
        old = (book.root / path).read_bytes() if (book.root / path).exists() else None
        if old != book.content(path):
            changes.append(Change(path, old, book.content(path), "" if old is None else obstacle(path, old)))
    leftover = "no chapter makes this file any more (remove it with --force)"
    for path in sorted(set(files_below(book.root, "", ".py", SKIPPED)) - book.files.keys()):
        with suppress(OSError), (book.root / path).open("rb") as file:  # what we cannot read is not ours
            if HEADER_LINE.match(start := file.readline(1000)) and not obstacle(path, old := start + file.read()):
                changes.append(Change(path, old, None, leftover))
    return changes


def obstacle(path: str, old: bytes) -> str:
    """Why this content of a target may not be overwritten; '' if it may."""
    header, _, body = old.replace(b"\r\n", b"\n").partition(b"\n")  # git may have changed line ends
    if not (match := HEADER_LINE.fullmatch(header)):
        return "not made by tangle, so left alone (name another file in the chapter, or overwrite it with --force)"
    if match[1].decode() != hash_of(path, body):
        return "edited by hand, so left alone (move the edit into the chapter, or overwrite it with --force)"
    return ""


def hash_of(path: str, body: bytes) -> str:
    return hashlib.sha256(path.encode() + b"\n" + body).hexdigest()[:16]


def write_files(root: Path, contents: Mapping[str, bytes]) -> None:
    """Write all of them or none: first beside the targets, then each into its place in one step. Raises UserError."""
    beside: dict[str, Path] = {}
    before: dict[Path, bytes | None] = {}  # of those that are in their place, what was there
    path = ""
    try:
        for path, content in contents.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            beside[path] = target.with_name(f".{target.name}.{os.getpid()}.tmp")
            beside[path].write_bytes(content)
            if target.exists():
                beside[path].chmod(target.stat().st_mode)
        for path, temporary in beside.items():
            old = (root / path).read_bytes() if (root / path).exists() else None
            os.replace(temporary, root / path)
            before[root / path] = old
    except OSError as error:
        for done, old in before.items():
            done.write_bytes(old) if old is not None else done.unlink()
        raise UserError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        for temporary in beside.values():
            temporary.unlink(missing_ok=True)


def sound_book(root: Path) -> Book:
    """The book; UserError with all its faults if there are any."""
    book = read_book(root)
    if book.faults:
        raise UserError("\n".join(book.complaints()))
    return book


def run(root: Path, check: bool = False, force: bool = False) -> int:
    """Write what changed, or only compare; the exit status."""
    book = sound_book(root)
    changes = find_changes(book)
    refused = [] if force else [change for change in changes if check or change.obstacle]
    for change in refused:
        complain(change)
    if not check and any(change.new is not None for change in refused):
        raise UserError("nothing was written")
    done = [change for change in changes if change not in refused]
    write_files(root, {change.path: change.new for change in done if change.new is not None})
    for change in done:
        if change.new is None:
            (root / change.path).unlink()
        print("removed" if change.new is None else "wrote", change.path)
    if done:
        print(f"tangled {count(book.files, 'file')} from {count(book.chapters, 'chapter')}")
    elif not refused:
        print(f"{count(book.files, 'file')} as tangled" if check else "nothing to do")
    return 1 if refused else 0


def count(things: Sized, noun: str) -> str:
    return f"{len(things)} {noun}" + ("" if len(things) == 1 else "s")


def complain(message: object) -> None:
    print(message, file=sys.stderr, flush=True)


def guarded(command: Callable[..., int], root: Path, *arguments: object) -> int:
    """Run a command. What the user did wrong, or the system refuses, is told without a traceback."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.reconfigure(errors="backslashreplace")  # for letters that a terminal doesn't have
    try:
        status = command(root, *arguments)
        print(end="", flush=True)
        return status
    except BrokenPipeError:  # whoever reads the output has seen enough; what is left of it goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except UserError as error:
        complain(error)
    except OSError as error:
        complain(f"{os.path.relpath(error.filename or root, root)}: {error.strerror}")
    except KeyboardInterrupt:
        return 130
    return 1


def main(argv: list[str] | None = None) -> int:
    """The command line: 0 if all is well, 1 if something is wrong, 2 if the command line is."""
    parser = argparse.ArgumentParser(description="Extract the program from the chapters of the book.")
    project = Path(__file__).resolve().parent.parent
    parser.add_argument("--root", metavar="DIR", default=project, help="the project, with the chapters in DIR/docs")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="write nothing; show what differs and fail")
    mode.add_argument("--force", action="store_true", help="overwrite edited files, remove leftover ones")
    options = parser.parse_args(argv)
    return guarded(run, Path(os.path.realpath(options.root)), options.check, options.force)


if __name__ == "__main__":
    sys.exit(main())
