"""The scoreboard: each row is what was recorded of a rung, and what its program is."""

from __future__ import annotations

import json
import re
from functools import cache

import pytest

from scripts import DATA
from scripts.runs import ladder
from scripts.text import scoreboard
from scripts.text.code import code_lines
from scripts.tangle import read_book
from tests import ROOT

PLACES = {
    "1-data/04-counting-pairs.md": 0, "2-autograd/04-the-gradient-by-hand.md": 1,
    "2-autograd/09-the-same-without-a-formula.md": 2, "3-architecture/10-one-head.md": 3,
    "3-architecture/13-four-heads.md": 4, "4-training/05-adam.md": 5, "index.md": 5,
}  # fmt: skip
RECORDED = json.loads((DATA / "ladder.json").read_text(encoding="utf-8"))
PAIRED = json.loads((DATA / "paired.json").read_text(encoding="utf-8"))


@cache
def book():
    return read_book(ROOT)


def cells(text: str) -> list[list[str]]:
    """The rows of the table that begin with a rung, as plain text."""
    rows = [line for line in text.splitlines() if re.match(r"\| \[\d\]", line)]
    return [[re.sub(r"<[^>]+>|\*", " ", cell).strip() for cell in row.strip("| ").split(" | ")] for row in rows]


def test_each_rung_ends_with_its_scoreboard():
    found = {}
    for path in sorted((ROOT / "docs").rglob("*.md")):
        for match in scoreboard.BLOCK.finditer(path.read_text(encoding="utf-8")):
            found[path.relative_to(ROOT / "docs").as_posix()] = int(match["last"])
    assert found == PLACES


@pytest.mark.parametrize("rung", range(6))
def test_a_row_says_what_was_recorded(rung):
    row = cells(scoreboard.block(book(), 5, "docs/index.md"))[rung]
    result, program = PAIRED[f"rung-{rung}"], RECORDED["rungs"][rung]
    assert row[1].endswith(", ".join(result["samples"][:3]))
    assert row[2].split() == [f"{result['mean_held_out']:.3f}", f"{min(result['held_out']):.3f}–{max(result['held_out']):.3f}"]
    lines = len(code_lines((ROOT / scoreboard.FILES[rung]).read_text(encoding="utf-8")))
    assert row[4].split() == [f"{program['params']:,}", str(lines)] and lines <= 200
    assert int(row[5].replace(",", "")) == pytest.approx(program["time"], rel=0.05)
    if rung not in (0, 2):
        assert row[3].endswith(result["word"]) and float(row[3].split()[0].replace("−", "-")) == pytest.approx(result["mean"], abs=0.0005)


def test_it_grows():
    for last in range(6):
        rows = cells(scoreboard.block(book(), last, "docs/index.md"))
        assert [row[0][:3] for row in rows] == [f"[{rung}]" for rung in range(last + 1)]


def test_rung_2_is_the_same_as_rung_1():
    assert max(map(abs, PAIRED["rung-2"]["difference"])) < 5e-5 and PAIRED["rung-2"]["samples"] == PAIRED["rung-1"]["samples"]


def test_every_rung_was_trained_with_the_same_seeds():
    assert len({PAIRED[f"rung-{rung}"]["seeds"] for rung in range(6)}) == 1


@pytest.mark.parametrize(("x", "text"), [(0.01224, "+0.012"), (-0.1353, "−0.135"), (-0.0002, "0.000"), (0.0, "0.000")])
def test_signs(x, text):
    assert scoreboard.signed(x) == text


def test_the_numbers_are_those_of_the_programs():
    assert [ladder.count(ladder.start(rung)[0]) for rung in ladder.RUNGS] == [rung["params"] for rung in RECORDED["rungs"]]


def test_a_time_stays_as_recorded_unless_it_changed():
    assert ladder.settled(161.2, 150.0, ".2g") == ladder.settled(139.0, 150.0, ".2g") == 150.0
    assert ladder.settled(187.4, 150.0, ".2g") == 190.0 and ladder.settled(7.23, 0.0, ".1f") == 7.2


def test_each_rung_takes_longer_than_the_one_below():
    """Roughly as recorded: what is measured while other tests run is not exact."""
    times = [rung["time"] for rung in RECORDED["rungs"]]
    assert times == sorted(times) and times[0] == 1
