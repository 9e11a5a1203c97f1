"""Checks of exercises: what a page needs to say whether an answer is right. No other place reads a `check` fence.

A `check` fence stands in the folded answer of an exercise, and on the site nothing of it is seen. Either it has a line
for each thing that is asked for, and below it, indented, known mistakes with a hint each:

    strings: 11044                     the label of the field (`answer` if there is one alone), and what is right
        11043: the last one is empty   what somebody may write instead: what to say then

An answer is a number (4192, 2.2 ± 0.05, 2/5), a word, several of either with commas between them, in braces if their
order doesn't matter ({0, 13, 26}), or one of several of those ( | between them). Or the fence has three sections of
Python: what the reader begins with, what solves it, and what has to hold then. Each assert has a message that helps.

    start:
    def double(x):
        return x
    answer:
    def double(x):
        return 2 * x
    check:
    assert double(3) == 6, f"double(3) gives {double(3)}"
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from .chapter import Chapter

LANGUAGE = "check"
SECTIONS = ("start", "answer", "check")
SECTION = re.compile(rf"({'|'.join(SECTIONS)}): *")
ENTRY = re.compile(r"(?P<indent> *)(?P<key>[^:]*[^: ]) *: +(?P<text>.*\S) *")
NUMBER = re.compile(r"[-+−]?(\d{1,3}(,\d{3})+(\.\d+)?|\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?", re.I)
FRACTION = re.compile(r"([-+−]?\d+) ?/ ?(\d+)")
OPEN = re.compile(r"<details\b")
QUESTION = re.compile(r"\*\*(?P<kind>[^*]+?)\*\*")


class Wrong(ValueError):
    """What is wrong with a fence, and in which of its lines, counted from 0."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class Answer(NamedTuple):
    """One way to be right, or a known way to be wrong."""

    parts: list[float | str]  # numbers, and words in lower case
    margin: float  # how far a number may be off
    any_order: bool

    def matches(self, parts: list[float | str]) -> bool:
        """Is this such an answer? As docs/assets/js/lab/exercises.js has it."""
        if len(parts) != len(self.parts):
            return False
        mine, theirs = self.parts, parts
        if self.any_order:
            mine, theirs = sorted(mine, key=str), sorted(theirs, key=str)
        return all(
            abs(a - b) <= self.margin + 1e-9 * abs(a) if isinstance(a, float) and isinstance(b, float) else a == b
            for a, b in zip(mine, theirs)
        )


@dataclass
class Question:
    """A field of an exercise."""

    label: str
    right: list[Answer]
    hints: list[tuple[list[Answer], str]] = field(default_factory=list)


@dataclass
class Check:
    """What a fence says: questions, or three texts of Python."""

    questions: list[Question] = field(default_factory=list)
    start: str = ""
    answer: str = ""
    check: str = ""

    @property
    def id(self) -> str:
        """By which a solved exercise is known on its page: another one if the answer is."""
        what = self.check or "\n".join(f"{q.label}: {q.right}" for q in self.questions)
        return hashlib.sha256(what.encode()).hexdigest()[:8]

    def data(self) -> dict[str, Any]:
        """What the page is given. The asserts it isn't: scripts/lab/exercises.py has them from the chapter."""
        if self.start:
            return {"id": self.id, "start": self.start}
        asked = [
            {"label": q.label, "right": q.right, "hints": [(mistakes, plain(hint)) for mistakes, hint in q.hints]}
            for q in self.questions
        ]
        return {"id": self.id, "questions": asked}


def plain(text: str) -> str:
    """A hint without the marks of Markdown, which the page doesn't render."""
    return re.sub(r"([*`])(\w[^*`]*)\1", r"\2", text)


class Exercise(NamedTuple):
    """A check in its chapter."""

    path: Path
    line: int  # of the fence's header, counted from 1
    kind: str  # "Predict", "Break", …
    shown: str  # the answer that a reader unfolds, without the fence
    check: Check


# ------------------------------------------------------------------------------------- one fence


def parse(text: str) -> Check:
    """Read the text of a fence. Raises Wrong."""
    lines = text.rstrip("\n").split("\n")
    first = next((line for line in lines if line.strip()), "")
    return parse_code(lines) if SECTION.fullmatch(first) else parse_questions(lines)


def parse_questions(lines: list[str]) -> Check:
    questions: list[Question] = []
    for i, line in enumerate(lines):
        if not line.strip():
            continue
        entry = ENTRY.fullmatch(line)
        if not entry:
            raise Wrong(i, "neither `label: what is right` nor, indented, `a mistake: a hint`")
        answers = parse_answers(i, entry["text"] if not entry["indent"] else entry["key"])
        if not entry["indent"]:
            if any(q.label == entry["key"] for q in questions):
                raise Wrong(i, f"a second field with the label {entry['key']}")
            questions.append(Question(entry["key"], answers))
        elif not questions:
            raise Wrong(i, "a hint before the first field")
        else:
            if any(right.matches(answer.parts) for answer in answers for right in questions[-1].right):
                raise Wrong(i, f"{entry['key']} is right, so nobody would see the hint")
            questions[-1].hints.append((answers, entry["text"]))
    if not questions:
        raise Wrong(0, "nothing is asked for (write `answer: what is right`)")
    if len(questions) > 1 and any(q.label == "answer" for q in questions):
        raise Wrong(0, "several fields, and one is called `answer` (say what it is)")
    return Check(questions)


def parse_answers(line: int, text: str) -> list[Answer]:
    return [parse_answer(line, part.strip()) for part in text.split("|")]


def parse_answer(line: int, text: str) -> Answer:
    body, sign, margin = text.partition("±")
    body = body.strip()
    any_order = body.startswith("{") and body.endswith("}")
    if any_order:
        body = body[1:-1]
    parts = [part_of(part) for part in ([body] if NUMBER.fullmatch(body) else re.split(r", *", body))]
    off = number_of(margin.strip()) if sign else 0.0
    if off is None or (sign and off <= 0):
        raise Wrong(line, f"{margin.strip() or 'nothing'} after ± is no distance")
    if sign and not all(isinstance(part, float) for part in parts):
        raise Wrong(line, f"± after {body}, which is no number")
    if not body or "" in parts:
        raise Wrong(line, f"`{text}` is no answer")
    return Answer(parts, off, any_order)


def part_of(text: str) -> float | str:
    """A number, or a word as it is compared."""
    number = number_of(text)
    return word_of(text) if number is None else number


def number_of(text: str) -> float | None:
    if fraction := FRACTION.fullmatch(text):
        return float(Fraction(int(fraction[1].replace("−", "-")), int(fraction[2]) or 1))
    return float(text.replace(",", "").replace("−", "-")) if NUMBER.fullmatch(text) else None


def word_of(text: str) -> str:
    return re.sub(r"[\s\"'`.!]+", " ", text.lower()).strip()


def parse_code(lines: list[str]) -> Check:
    found: dict[str, tuple[int, list[str]]] = {}
    name = ""
    for i, line in enumerate(lines):
        if match := SECTION.fullmatch(line):
            name = match[1]
            if name in found:
                raise Wrong(i, f"a second section `{name}:`")
            found[name] = i, []
        elif name:
            found[name][1].append(line)
    if list(found) != list(SECTIONS):
        raise Wrong(0, f"the sections are {', '.join(f'`{s}:`' for s in found)}, not `start:`, `answer:`, `check:` in this order")
    for name, (i, text) in found.items():
        try:
            tree = ast.parse("\n".join(text))
        except SyntaxError as error:
            raise Wrong(i + (error.lineno or 0), f"Python can't read `{name}:`: {error.msg}") from None
        if not tree.body:
            raise Wrong(i, f"the section `{name}:` is empty")
        if name == "check":
            asserts = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
            silent = next((node.lineno for node in asserts if node.msg is None), None)
            if silent:
                raise Wrong(i + silent, "the assert has no message (say what went wrong, not what is right)")
            if not asserts:
                raise Wrong(i, "no assert in `check:`")
    return Check([], *("\n".join(text).strip("\n") for _, text in found.values()))


# ------------------------------------------------------------------------------------- a chapter


def exercises(path: Path) -> Iterator[Exercise | tuple[int, str]]:
    """The checks of a chapter in order; in the place of one that can't be read, its line and what is wrong."""
    chapter = Chapter(path)
    seen: set[str] = set()
    for fence in chapter.fences(LANGUAGE):
        header = fence.block.start
        if fence.block.info != LANGUAGE:
            yield header + 1, f"write ```{LANGUAGE} and nothing after it"
            continue
        try:
            check = parse(fence.text)
        except Wrong as wrong:
            yield fence.line + wrong.line, str(wrong)
            continue
        place = around(chapter, header)
        if place is None:
            yield header + 1, "a check stands in the folded answer of an exercise, below **Predict.** or the like"
        elif check.id in seen:
            yield header + 1, "another check of this chapter has the same answer, and they can't be told apart (change a label)"
        else:
            kind, start, end = place
            shown = [line for i, line in enumerate(chapter.lines[start:end], start) if not header <= i < fence.block.end]
            yield Exercise(path, header + 1, kind, "\n".join(shown), check)
        seen.add(check.id)


def around(chapter: Chapter, header: int) -> tuple[str, int, int] | None:
    """Of what exercise this line is in the answer: what stands in bold before it, and the lines of the answer."""
    fenced = {i for block in chapter.blocks for i in range(block.start, block.end)}
    lines = ["" if i in fenced else line for i, line in enumerate(chapter.lines)]
    start = next((i for i in range(header, -1, -1) if OPEN.search(lines[i]) or "</details>" in lines[i]), -1)
    if start < 0 or "</details>" in lines[start]:
        return None
    end = next((i for i in range(header, len(lines)) if "</details>" in lines[i]), len(lines))
    for i in range(start - 1, -1, -1):
        if match := QUESTION.match(lines[i]):
            return match["kind"].rstrip(".?"), start, end
        if lines[i].startswith("#") or "</details>" in lines[i]:
            return None
    return None


def of_book(paths: Iterable[Path]) -> Iterator[Exercise]:
    """All checks that can be read."""
    return (each for path in paths for each in exercises(path) if isinstance(each, Exercise))


def faults(root: Path, paths: Iterable[Path]) -> list[str]:
    """What is wrong with the checks of chapters, each with its place."""
    return [
        f"{path.relative_to(root).as_posix()}:{each[0]}: {each[1]}"
        for path in paths for each in exercises(path) if not isinstance(each, Exercise)
    ]  # fmt: skip
