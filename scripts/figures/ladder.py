"""The ladder: how the loss of each of the six programs falls on the built-in names, and what each writes on the way.

    figures/ladder.json:
        vocab_size
        steps, marks    the steps that follow
        rungs           for each rung: `means` of the last 100 losses at each of `steps`, and `names` that it writes
                        after each of `marks`, all with the same random numbers
"""

from __future__ import annotations

import math
import random
from statistics import fmean
from typing import Any

from microgpt import Tokenizer, load_docs

from ..runs.ladder import RUNGS, start
from ._still import Html, element, load, number, table

WINDOW = 100  # losses in a mean
STEPS = [*range(1, 10), *range(10, 1001, 10)]
MARKS = (0, 10, 50, 100, 200, 500, 1000)
NAMES = 6
LOW, HIGH = 2.3, 3.5  # of the axis of losses
CURVES = ("d", "b", "b dashed", "c", "c dashed", "a")  # rung by rung, as in ladder.js
WHAT = ("counts of pairs", "a network", "autograd", "positions, a head", "four heads", "Adam")


def record() -> dict[str, Any]:
    """Train every rung."""
    rungs = []
    for rung in RUNGS:
        _, training, write = start(rung)
        losses: list[float] = []
        names = {}
        for mark in MARKS:
            while len(losses) < mark:
                losses.append(next(training)[1])
            rng = random.Random(1)
            names[str(mark)] = [write(rng) for _ in range(NAMES)]
        rungs.append({"means": [round(mean(losses, step), 3) for step in STEPS], "names": names})
    return {"vocab_size": Tokenizer(load_docs()).vocab_size, "steps": STEPS, "marks": [*MARKS], "rungs": rungs}


def mean(losses: list[float], step: int) -> float:
    """The mean of the last losses up to a step, counted from 1; at first there are fewer."""
    return fmean(losses[max(0, step - WINDOW) : step])


RECORDINGS = {"ladder.json": record}


def still() -> str:
    """The curves, and a table of what they come to and what is written."""
    recorded = load("figures/ladder.json")
    last = str(MARKS[-1])
    rows = [
        [f"{i}: {WHAT[i]}", *(number(rung["means"][recorded["steps"].index(step)]) for step in (100, 300, 1000)), ", ".join(rung["names"][last])]
        for i, rung in enumerate(recorded["rungs"])
    ]
    head = ["rung", *(f"at step {step}" for step in (100, 300, 1000)), f"names after step {last}"]
    return picture(recorded) + table(head, rows, f"Mean of the last {WINDOW} losses")


def picture(recorded: dict[str, Any]) -> Html:
    """The curves, of a fixed size."""
    width, height, left, right, bottom = 560, 290, 34, 80, 24
    blind = math.log(recorded["vocab_size"])

    def x(step: float) -> float:
        return round(left + step / STEPS[-1] * (width - left - right), 1)

    def y(loss: float) -> float:
        return round((HIGH - loss) / (HIGH - LOW) * (height - bottom - 8) + 8, 1)

    axis = [element("text", str(step), x=x(step), y=height - 6, text_anchor="middle") for step in range(0, 1001, 200)]
    for tenth in range(24, 35, 2):
        axis.append(element("text", number(tenth / 10, 1), x=left - 6, y=y(tenth / 10) + 4, text_anchor="end"))
        axis.append(element("line", x1=left, x2=width - right, y1=y(tenth / 10), y2=y(tenth / 10), class_="rule"))
    curves = []
    for name, rung in zip(CURVES, recorded["rungs"]):
        seen = [(step, loss) for step, loss in zip(recorded["steps"], rung["means"]) if step in (1, 5, 20) or step % 40 == 0]
        points = "L".join(f"{x(step):.0f} {y(loss):.0f}" for step, loss in seen)  # a light page
        curves.append(element("path", d=f"M{points}", class_=f"curve {name}"))
    ends = [rung["means"][-1] for rung in recorded["rungs"]]
    labels, last = [], math.inf
    for i, text in sorted(((0, "0"), (1, "1 and 2"), (3, "3"), (4, "4"), (5, "5")), key=lambda label: ends[label[0]]):
        last = min(last - 15, y(ends[i]) + 4)  # from the lowest upward, none upon another
        labels.append(element("text", text, x=width - right + 6, y=round(last, 1), class_=CURVES[i][0]))
    first, final = number(max(ends)), number(min(ends))
    return element(
        "svg", element("g", *axis, class_="axis"),
        element("path", d=f"M{x(0)} {y(blind)}L{x(STEPS[-1])} {y(blind)}", class_="ladder-blind"),
        element("text", f"guessing blindly: {number(blind)}", x=x(STEPS[-1]), y=y(blind) - 5, class_="note", text_anchor="end"),
        *curves, *labels, viewBox=f"0 0 {width} {height}", role="img",
        class_="ladder-still",
        aria_label=f"The losses of six programs over {STEPS[-1]} steps. All begin near {number(blind)} and fall, first fast and then slowly: "
        f"to {first} for rungs 1 and 2, which are one curve, {number(ends[0])} for rung 0, {number(ends[3])} for rung 3, "
        f"{number(ends[4])} for rung 4, and {final} for rung 5.",
    )
