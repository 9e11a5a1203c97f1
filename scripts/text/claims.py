"""Claims: the sentences of the chapters that draw a conclusion beside a number, and what each of them rests on.

A sentence with a causal or absolute word (WORDS), and a number that a run told in it or in the sentence before or after,
needs a comment in it, or right after it, that says why it may be believed:

    <!-- claim: experiment self-only -->     an experiment of scripts/runs/paired.py, with its control
    <!-- claim: test test_same_bits -->      a test, by its name
    <!-- claim: example -->                  an example of this chapter that runs both cases
    <!-- claim: it is the definition -->     a reason of three words or more

The comments are the register: `python3 scripts/book.py claims` lists every sentence with its reason, for people to
read. What the check finds is only that none is missing, and that experiments and tests exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from .. import ROOT
from ..runs.paired import EXPERIMENTS
from .chapter import Chapter
from .numbers import PROSE_NUMBER, Page, needs_checking, shown

WORDS = re.compile(r"\b(because|so it must|proves?|never|nothing|only|always|every|hardly)\b", re.I)
CLAIM = re.compile(r"\s*claim:\s*(?P<reason>.*?)\s*", re.S)
PARAGRAPH = re.compile(r"(?:[^\n]+\n?)+")
SENTENCE_END = re.compile(r"[.?!:]['\"”)*_]*(?=\s|\Z)|\|")


class Claim(NamedTuple):
    """A sentence that says more than a number, and what it rests on; "" if it doesn't say."""

    path: Path
    line: int
    sentence: str
    reason: str

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.line}: {self.sentence}"


def claims(path: Path) -> Iterator[Claim]:
    """The claims of a chapter, in order."""
    page = Page(path)
    for paragraph in PARAGRAPH.finditer(page.prose):
        ends = [paragraph.start() + match.end() for match in SENTENCE_END.finditer(paragraph[0])]
        spans = list(zip([paragraph.start(), *ends], [*ends, paragraph.end()]))
        numbers = [has_number(page, *span) for span in spans]
        for i, (start, end) in enumerate(spans):
            if WORDS.search(page.prose, start, end) and any(numbers[max(0, i - 1) : i + 2]):
                # A comment behind the full stop belongs to the sentence before it.
                here = [c for c in page.comments if start <= c.start < end and page.text[start : c.start].strip()]
                here += [c for c in page.comments if c.start >= end and not page.text[end : c.start].strip()]
                reasons = [match["reason"] for c in here if (match := CLAIM.fullmatch(c.body))]
                sentence = page.prose[start:end]
                line = page.line_of(end - len(sentence.lstrip()))
                shown_sentence = re.sub(r" (?=[.,;:!?])", "", " ".join(sentence.split()))
                yield Claim(path, line, shown_sentence, (reasons or [""])[0])


def has_number(page: Page, start: int, end: int) -> bool:
    """Whether a number that was checked stands between two places of a page."""
    told = any(comment.body.startswith("=") and start <= comment.start < end for comment in page.comments)
    return told or any(map(needs_checking, PROSE_NUMBER.finditer(page.prose, start, end)))


def check(paths: Iterable[Path]) -> list[str]:
    """What is wrong: claims without a reason, and reasons that aren't there."""
    found = []
    for path in paths:
        for claim in claims(path):
            if problem := wrong_with(claim):
                found.append(f"{claim}\n    {problem}")
    return found


def wrong_with(claim: Claim) -> str:
    """What is wrong with the reason of a claim, or ""."""
    kind, _, name = claim.reason.partition(" ")
    if not claim.reason:
        return "says more than its number: add <!-- claim: experiment NAME, test NAME, example, or a reason -->, or say less"
    if kind == "experiment":
        unknown = [each for each in re.split(r"[ ,]+", name) if each not in EXPERIMENTS]
        return f"there is no experiment {unknown[0]} in scripts/runs/paired.py" if unknown else ""
    if kind == "test":
        return "" if re.fullmatch(r"\w+", name) and name in tests() else f"there is no test {name}"
    if claim.reason == "example":
        return "" if Chapter(claim.path).fences("pycon", "console") else "the chapter has no example"
    return "" if len(claim.reason.split()) >= 3 else "a reason has three words or more"


@cache
def tests() -> set[str]:
    """The names of all tests."""
    files = (ROOT / "tests").rglob("test_*.py")
    return {name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.M)}
