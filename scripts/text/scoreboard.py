"""The scoreboard of the ladder: a table in the chapters, from the recordings and from the programs themselves.

    <!-- scoreboard: 2 -->      and what stands from here to <!-- /scoreboard --> is written by book.py: rungs 0 to 2
"""

from __future__ import annotations

import json
import math
import os
import re
import textwrap
from functools import cache
from pathlib import PurePosixPath

from .. import DATA
from ..tangle import Book
from .chapter import Chapter
from .code import code_lines

BLOCK = re.compile(r"<!-- scoreboard: (?P<last>[0-5]) -->\n.*?<!-- /scoreboard -->", re.DOTALL)
WHAT = ("counts of pairs", "a network", "autograd", "positions, a head", "four heads", "Adam")
FILES = [*(f"docs/assets/downloads/ladder/train{rung}.py" for rung in range(5)), "docs/assets/downloads/microgpt.py"]
ADAM = "adam-step"  # the chunk that is new on the last rung
AT_ONCE, SAMPLES = 3, 10  # texts of a rung in the table, and below it
RULE = "docs/6-experiments/01-turning-the-knobs.md"


def with_scoreboards(book: Book) -> dict[str, bytes]:
    """The chapters that have a scoreboard, as they should be."""
    found = {}
    for path in book.chapters:
        text = Chapter(book.root / path).text.replace("\r\n", "\n")
        if BLOCK.search(text):
            found[path] = BLOCK.sub(lambda match: block(book, int(match["last"]), path), text).encode()
    return found


def block(book: Book, last: int, page: str) -> str:
    """The scoreboard up to a rung, for a reader of `page`."""
    paired, ladder = (json.loads((DATA / name).read_text(encoding="utf-8")) for name in ("paired.json", "ladder.json"))
    rows, texts = [], []
    for rung in range(last + 1):
        result, program = paired[f"rung-{rung}"], ladder["rungs"][rung]
        names = [text or "(empty)" for text in result["samples"][:SAMPLES]]
        low, high = (f"{extreme(result['held_out']):.3f}" for extreme in (min, max))
        change = "the same" if rung == 2 else two(signed(result["mean"]), result["word"]) if rung else ""
        rows.append([
            f"[{rung}]({to(chapter_of(book, rung), page)})",
            two(WHAT[rung], f"*{', '.join(names[:AT_ONCE])}*"),
            two(f"{result['mean_held_out']:.3f}", f"{low}–{high}"),
            change,
            two(f"{program['params']:,}", str(count_lines(book.content(FILES[rung]).decode()))),
            f"{float(format(program['time'], '.2g')):,.0f}",
        ])  # fmt: skip
        texts.append(f"| {rung} | {', '.join(names)} |")
    rows.insert(0, ["", "a blind guess", two(f"{math.log(27):.3f}", "log 27"), "", "", ""])
    head = ["rung", two("what is new", "it writes"), two("loss", f"best to worst of {paired['rung-0']['seeds']} runs"), "change", two("numbers", "lines"), "time"]
    table = "\n".join(f"| {' | '.join(row)} |" for row in [head, [":-:", "---", "--:", "---", "--:", "--:"], *rows])
    return f"""<!-- scoreboard: {last} -->

<div class="scoreboard" markdown="1">

{table}

</div>

<details markdown="1">
<summary>More names, and how this was measured</summary>

| rung | the first ten of one seed |
|:-:|---|
{chr(10).join(texts)}

{textwrap.fill(explanation(paired, last, page), 120, break_long_words=False, break_on_hyphens=False)}

</details>

<!-- /scoreboard -->"""


@cache  # each rung stands in several scoreboards
def count_lines(program: str) -> int:
    return len(code_lines(program))


def explanation(paired: dict, last: int, page: str) -> str:
    """How the scoreboard up to a rung was measured."""
    parts = [
        f"Trained on 1,000 names; the loss is on 1,000 others that none has read, the mean over {paired['rung-0']['seeds']} seeds, "
        "with the best and the worst of them."
    ]
    if last:
        parts.append(
            "The change is from the rung below. It's taken seed by seed, since two rungs with the same seed read the same names "
            f"in the same order; what it may be called follows [a rule]({to(RULE, page)})."
        )
    parts.append(
        "*Numbers* are what a program learns, or counts; *lines* are lines of code, without comments; *time* is that of a step, "
        "with rung 0 as 1."
    )
    if last:
        parts.append(
            "(Rung 0 draws from its probabilities as they are. The others sharpen theirs before they draw, at "
            f"[temperature]({to('docs/5-inference/02-temperature-and-sampling.md', page)}) 0.5, which makes tamer names and changes no loss.)"
        )
    return " ".join(parts)


def two(first: str, second: str) -> str:
    """Two lines of a cell."""
    return f"{first}<br><small>{second}</small>"


def signed(x: float) -> str:
    text = f"{x:+.3f}".replace("-", "−")
    return "0.000" if text[1:] == "0.000" else text


def to(path: str, page: str) -> str:
    return os.path.relpath(path, PurePosixPath(page).parent)


def chapter_of(book: Book, rung: int) -> str:
    """The chapter that a rung is built in."""
    label = ADAM if rung == 5 else FILES[rung]
    return book.parts[label][0].chapter
