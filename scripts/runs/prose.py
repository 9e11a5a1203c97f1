"""The book's prose as a plain text to learn from: docs/assets/data/prose.txt, a paragraph a line.

    python3 -m scripts.runs.prose       writes it anew from the chapters as they are

It is a frozen copy. If it followed the chapters, every mended comma would change every number that was measured on it,
and the chapter that tells those numbers would be part of what they are measured on. Part 7 isn't in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from microgpt.scale.bpe import Pair, learn_merges

from .. import DATA, ROOT
from ..tangle import write_files
from ..text.chapter import Chapter
from ..text.reading import numbered

FILE = "docs/assets/data/prose.txt"  # so that a fingerprint sees it
LEFT_OUT = "7-growing-up"
APPENDIX = ("glossary", "math-refresher", "questions", "microgpt-and-production", "how-this-book-is-made")
HELD_OUT = 10  # every tenth paragraph is for the exam

COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
NO_PROSE = re.compile(r"\s*(\||<|\$\$|\\\[|!!!|\?\?\?|\*\[|\[\^)")  # how tables, tags, formulas, boxes begin
MARKUP = (
    (re.compile(r"(?<!<)</?[A-Za-z][^<>]*>(?!>)"), ""),
    (re.compile(r"!?\[([^\]]*)\]\([^()]*(?:\([^()]*\)[^()]*)*\)"), r"\1"),  # a link is its text
    (re.compile(r"^\s*(?:#+|>|[-*]|\d+\.)\s+", re.MULTILINE), ""),
    (re.compile(r"\{[#.:][^{}]*\}"), ""),
    (re.compile(r"\*\*|`+|(?<![\w*])\*(?=\S)|(?<=[^\s*])\*(?![\w*])"), ""),
    (re.compile(r"\s+"), " "),
)


def paragraphs(path: Path) -> Iterator[str]:
    """The paragraphs and headings of a page without their markup; no code, no tables, no formulas on their own."""
    chapter = Chapter(path)
    hidden = {i for fence in chapter.fences() for i in range(fence.block.start, fence.block.end)} | set(chapter.front_matter)
    lines = ["" if i in hidden else line for i, line in enumerate(chapter.lines)]
    for paragraph in re.split(r"\n\s*\n|(?<=>)\n|(?m:(?=^\s*(?:[-*]|\d+\.)\s))", COMMENT.sub("", "\n".join(lines))):
        if not NO_PROSE.match(paragraph):
            for pattern, text in MARKUP:
                paragraph = pattern.sub(text, paragraph)
            if paragraph := paragraph.strip():
                yield paragraph


def book_prose() -> list[str]:
    """The paragraphs of all parts but the one that learns from them, and of the appendix; each once."""
    pages = [path for path in numbered(ROOT) if path.parent.name != LEFT_OUT]
    pages += [ROOT / "docs" / "appendix" / f"{name}.md" for name in APPENDIX]
    return list(dict.fromkeys(text for page in pages for text in paragraphs(page)))


def load_prose() -> tuple[list[str], list[str]]:
    """The frozen paragraphs: those to learn from, and every tenth, which is kept out."""
    found = (ROOT / FILE).read_text(encoding="utf-8").splitlines()
    return [text for i, text in enumerate(found, 1) if i % HELD_OUT], found[HELD_OUT - 1 :: HELD_OUT]


def learned_merges(count: int = 1024) -> list[Pair]:
    """The first merges that byte-pair encoding learns from the paragraphs to learn from."""
    docs, _ = load_prose()
    return list(islice(learn_merges("\n".join(docs)), count))


if __name__ == "__main__":
    write_files(DATA, {Path(FILE).name: "".join(f"{text}\n" for text in book_prose()).encode()})
