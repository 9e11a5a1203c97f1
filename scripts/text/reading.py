"""How long a chapter takes to read, and the short path through the book.

A minute is 200 words of prose, or 50 of code or formulas. What is folded, pictures, and the time at the exercises are
not counted. A chapter with `short_path: true` in its front matter is on the short path; no other list of them exists.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from .. import ROOT
from ..tangle import UserError, read_blocks
from .chapter import Chapter, chapters_of

PROSE, CODE = 200, 50  # words a minute
NUMBERED = re.compile(r"docs/\d+-[^/]*/\d+-[^/]*\.md")  # a chapter of a part, not of the appendix
EXERCISES = re.compile(r"## +(Run it\b.*|Exercises) *")  # the heading of what is to be done, not read
PICTURES = ("mermaid",)
NOT_READ = re.compile(r"<!--.*?-->|</?[A-Za-z][^<>]*>|(?<=\])\([^()\s]*\)|\{[#.:][^{}]*\}", re.DOTALL)
SPAN = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
FOLD = re.compile(r"(?P<indent> *)\?\?\? ")  # a box that is folded; one that begins with ???+ is not
FORMULA = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
SYMBOL = re.compile(r"\\[A-Za-z]+|\w+|[^\s\w{}\\]")
WORD = re.compile(r"[^\s|]*\w[^\s|]*")


class Words(NamedTuple):
    """How many words of each kind a text has."""

    prose: int
    code: int

    @property
    def minutes(self) -> float:
        return self.prose / PROSE + self.code / CODE


def count(lines: list[str]) -> Words:
    """Count the words of a chapter without its front matter."""
    prose, code = [], 0
    folded = folded_lines(lines)
    blocks = {i: block for block in read_blocks(lines) for i in range(block.start, block.end)}
    for i, line in enumerate(lines):
        block = blocks.get(i)
        if i in folded or (block and (i != block.start or block.info == "<!--")):
            continue
        if not block:
            prose.append(line)
        elif not block.info.startswith(PICTURES):
            prose.append("")
            code += sum(len(text.split()) for text in block.content)
    text = "\n".join(prose)
    code += sum(len(SYMBOL.findall(formula[1])) for formula in FORMULA.finditer(text))
    text = FORMULA.sub("", text)
    # What stands in backticks is read, even if elsewhere it would be a comment or a tag.
    parts = SPAN.split(text)  # text, backticks, what is between, text, ...
    words = "".join(" ".join(WORD.findall(part)).join("  ") if i % 3 == 2 else f"\0{part}" for i, part in enumerate(parts) if i % 3 != 1)
    return Words(len(WORD.findall(NOT_READ.sub("", words).replace("\0", ""))), code)


def folded_lines(lines: list[str]) -> set[int]:
    """The indices of the lines that a reader sees only after unfolding something."""
    found: set[int] = set()
    fenced = {i for block in read_blocks(lines) for i in range(block.start, block.end)}
    depth, box = 0, ""  # of <details>; the indentation of what belongs to a folded box
    for i, line in enumerate(lines):
        if box and line.strip() and not line.startswith(box):
            box = ""
        if i not in fenced:
            depth += len(re.findall(r"<details\b", line))
            if not box and (match := FOLD.match(line)):
                found.add(i)
                box = match["indent"] + "    "
                continue
        if depth or box:
            found.add(i)
        if i not in fenced:
            depth -= line.count("</details>")
    return found


def count_chapter(path: Path) -> Words:
    """Count the words of a chapter."""
    return _count_chapter(path, path.stat().st_mtime_ns)


@cache  # several pages say how long a part takes
def _count_chapter(path: Path, changed: int) -> Words:
    chapter = Chapter(path)
    return count(chapter.lines[len(chapter.front_matter) :])


def prose_before_exercises(path: Path) -> int:
    """How many words of prose a chapter has up to the exercises."""
    chapter = Chapter(path)
    fenced = {i for block in chapter.blocks for i in range(block.start, block.end)}
    ends = (i for i, line in enumerate(chapter.lines) if i not in fenced and EXERCISES.fullmatch(line))
    return count(chapter.lines[len(chapter.front_matter) : next(ends, None)]).prose


def whole(minutes: float) -> int:
    """Minutes as a chapter says them: those begun."""
    return math.ceil(minutes)


def numbered(root: Path = ROOT) -> Iterator[Path]:
    """The chapters of the parts, in reading order."""
    return (path for path in chapters_of(root) if NUMBERED.fullmatch(path.relative_to(root).as_posix()))


def short_path(root: Path = ROOT) -> list[str]:
    """The chapters on the short path, as docs/…, in reading order."""
    chapters = (path for path in chapters_of(root) if Chapter(path).settings.get("short_path") == "true")
    return [path.relative_to(root).as_posix() for path in chapters]


def reading_time(*places: str, root: Path = ROOT) -> int:
    """How many minutes chapters take, and those of the parts in folders, as "docs/3-architecture".

    Half an hour and more is told in steps of five minutes, an hour and more in tens, so that it doesn't change with every
    sentence. Raises UserError for a place without chapters.
    """
    minutes = sum(count_chapter(path).minutes for place in places for path in chapters_at(place, root))
    step = 1 if minutes < 30 else 5 if minutes < 60 else 10
    return whole(minutes) if step == 1 else round(minutes / step) * step


def chapters_at(place: str, root: Path) -> Iterable[Path]:
    path = root / place
    found = [path] if path.is_file() else [chapter for chapter in numbered(root) if path in chapter.parents]
    if not found:
        raise UserError(f"there is no chapter at {place}")
    return found
