"""The scoreboard of the ladder: a table in the chapters, and what its programs write, from the recordings.

    <!-- scoreboard: 2 -->      and what stands from here to <!-- /scoreboard --> is written by book.py: rungs 0 to 2
"""

from __future__ import annotations

import json
import math
import os
import re
from pathlib import PurePosixPath

from .. import DATA
from ..tangle import Book
from .chapter import Chapter

BLOCK = re.compile(r"<!-- scoreboard: (?P<last>[0-5]) -->\n.*?<!-- /scoreboard -->", re.DOTALL)
WHAT = ("counts of pairs", "a network", "autograd", "one head", "four heads", "Adam")
ADAM = "adam-step"  # the chunk that is new on the last rung
SAMPLES = 10


def with_scoreboards(book: Book) -> dict[str, bytes]:
    """The chapters that have a scoreboard, as they should be."""
    found = {}
    for path in [*book.chapters, *(["docs/index.md"] if (book.root / "docs/index.md").is_file() else [])]:
        text = Chapter(book.root / path).text.replace("\r\n", "\n")
        if BLOCK.search(text):
            found[path] = BLOCK.sub(lambda match: block(book, int(match["last"]), path), text).encode()
    return found


def block(book: Book, last: int, page: str) -> str:
    """The scoreboard up to a rung, for a reader of `page`."""
    paired, ladder = (json.loads((DATA / name).read_text(encoding="utf-8")) for name in ("paired.json", "figures/ladder.json"))
    blind = f"{math.log(27):.3f}"
    rows = [f"| | a blind guess | {blind} | | | |"]
    texts = []
    for rung in range(last + 1):
        result, program = paired[f"rung-{rung}"], ladder["rungs"][rung]
        link = os.path.relpath(chapter_of(book, rung), PurePosixPath(page).parent)
        change = f"{result['mean']:+.3f}".replace("-", "−") + f", {result['word']}" if rung else ""
        if rung == 2:
            change = "the same"
        loss = f"{result['mean_held_out']:.3f}"
        rows.append(f"| [{rung}]({link}) | {WHAT[rung]} | {loss} | {change} | {program['params']:,} | {program['time']:.2g} |")
        texts.append(f"| {rung} | {', '.join(text or '(empty)' for text in result['samples'][:SAMPLES])} |")
    seeds = paired["rung-0"]["seeds"]
    return f"""<!-- scoreboard: {last} -->

| rung | what is new | loss | change | numbers | time |
|:-:|---|--:|---|--:|--:|
{chr(10).join(rows)}

<details markdown="1">
<summary>What they write, and how this was measured</summary>

| rung | the first ten of one seed |
|:-:|---|
{chr(10).join(texts)}

Trained on 1,000 names; the loss is on 1,000 others that none has read, the mean over {seeds} seeds. The change, from the rung below, is
taken seed by seed, since two rungs with the same seed read the same names in the same order; what it may be called follows
[a rule](HOW). *Numbers* are what a program learns, or counts; *time* is that of a step, with rung 1 as 1.

</details>

<!-- /scoreboard -->""".replace("HOW", os.path.relpath("docs/6-experiments/01-turning-the-knobs.md", PurePosixPath(page).parent))


def chapter_of(book: Book, rung: int) -> str:
    """The chapter that a rung is built in."""
    label = ADAM if rung == 5 else f"docs/assets/downloads/ladder/train{rung}.py"
    return book.parts[label][0].chapter
