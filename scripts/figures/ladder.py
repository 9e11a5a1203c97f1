"""The ladder: how the loss of each of the six programs falls on the built-in names, and what each writes on the way.

    figures/ladder.json:
        rungs       for each rung: `params`, `lines` of code, `time` of a step, with that of rung 1 as 1, `means` of the
                    last 100 losses at each of `steps`, and `names` at each of `marks`
        steps, marks
        nudging_seconds     how long the gradient of one document takes if each parameter of rung 1 is nudged twice
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import islice
from statistics import fmean
from typing import Any

from microgpt import Config, Tokenizer, init_params, load_docs, train
from microgpt import generate as generate_gpt
from microgpt.ladder import train0, train1

from .. import ROOT
from ..text.code import code_lines
from ._still import Html, element, load, number, table

WINDOW = 100
STEPS = range(10, 1001, 10)
MARKS = (1, 30, 100, 300, 1000)
NAMES = 6
LOW, HIGH = 2.3, 3.3  # of the axis of losses
CURVES = ("d", "b", "b dashed", "c", "c dashed", "a")  # rung by rung, as in ladder.js
WHAT = ("counts of pairs", "a network", "the same, by autograd", "one head", "four heads", "Adam")
FILES = [*(f"ladder/train{i}.py" for i in range(5)), "microgpt.py"]


def start(rung: int) -> tuple[Any, Iterator[tuple[int, float]], Callable[[random.Random], str]]:
    """Return the numbers of a rung, its training, and how it writes."""
    docs, rng = load_docs(), random.Random(42)
    rng.shuffle(docs)
    tokenizer = Tokenizer(docs)
    if rung == 5:
        params, config, generate = init_params(Config(), tokenizer.vocab_size, rng), Config(), generate_gpt
        steps = train(docs, tokenizer, params, config)
    elif rung == 0:
        params = [[0] * tokenizer.vocab_size for _ in range(tokenizer.vocab_size)]
        steps = train0.train(docs, tokenizer, params, 1000)
        return params, steps, lambda rng: tokenizer.decode([t for t, _ in train0.generate(params, tokenizer, rng)])
    else:
        module = import_module(f"microgpt.ladder.train{rung}")
        config, generate = module.Config(), module.generate
        params = module.init_params(config, tokenizer.vocab_size, rng)
        steps = module.train(docs, tokenizer, params, config)
    return params, steps, lambda rng: tokenizer.decode([t for t, _ in generate(params, config, tokenizer, rng)])


def record() -> dict[str, Any]:
    """Train every rung; time some steps of each, several times in turn, and take the quickest."""
    rungs = []
    for rung in range(6):
        params, steps, write = start(rung)
        losses, names = [], {}
        for step, loss in steps:
            losses.append(loss)
            if step in MARKS:
                rng = random.Random(step)
                names[str(step)] = [write(rng) for _ in range(NAMES)]
        count = sum(map(len, params)) if rung == 0 else sum(len(matrix) * len(matrix[0]) for matrix in params.values())
        code = (ROOT / "docs/assets/downloads" / FILES[rung]).read_text(encoding="utf-8")
        means = [round(fmean(losses[max(0, step - WINDOW) : step]), 3) for step in STEPS]
        rungs.append({"params": count, "lines": len(code_lines(code)), "means": means, "names": names})
    for rung, quickest in enumerate(times()):
        rungs[rung]["time"] = float(f"{quickest:.2g}")
    return {"rungs": rungs, "steps": [*STEPS], "marks": [*MARKS], "nudging_seconds": round(nudging(), 1)}


def times(steps: int = 60, rounds: int = 5) -> list[float]:
    """How long a step of each rung takes, measured in rounds; that of rung 1 is 1."""
    quickest = [float("inf")] * 6
    for _ in range(rounds):
        for rung in range(6):
            training = start(rung)[1]
            began = time.process_time()
            for _ in islice(training, steps):
                pass
            quickest[rung] = min(quickest[rung], time.process_time() - began)
    return [seconds / quickest[1] for seconds in quickest]


def nudging() -> float:
    """Seconds for the gradient of *emma* by nudging every parameter of rung 1."""
    config, tokenizer = train1.Config(), Tokenizer(load_docs())
    params = train1.init_params(config, tokenizer.vocab_size, random.Random(42))
    began = time.process_time()
    train1.numeric_gradient([tokenizer.bos, *tokenizer.encode("emma"), tokenizer.bos], params, config)
    return time.process_time() - began


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
    width, height, left, right, bottom = 560, 280, 34, 80, 24

    def x(step: float) -> float:
        return round(left + step / STEPS[-1] * (width - left - right), 1)

    def y(loss: float) -> float:
        return round((HIGH - loss) / (HIGH - LOW) * (height - bottom - 8) + 8, 1)

    axis = [element("text", str(step), x=x(step), y=height - 6, text_anchor="middle") for step in range(0, 1001, 200)]
    for tenth in range(round(10 * LOW), round(10 * HIGH) + 1, 2):
        axis.append(element("text", number(tenth / 10, 1), x=left - 6, y=y(tenth / 10) + 4, text_anchor="end"))
        axis.append(element("line", x1=left, x2=width - right, y1=y(tenth / 10), y2=y(tenth / 10), class_="rule"))
    curves = []
    for name, rung in zip(CURVES, recorded["rungs"]):
        points = "L".join(f"{x(step)} {y(mean)}" for step, mean in [*zip(recorded["steps"], rung["means"])][1::2])
        curves.append(element("path", d=f"M{points}", class_=f"curve {name}"))
    ends = [rung["means"][-1] for rung in recorded["rungs"]]
    labels = [
        element("text", text, x=width - right + 6, y=y(ends[i]) + dy, class_=CURVES[i][0])
        for i, text, dy in ((0, "0", -4), (1, "1 and 2", 12), (3, "3 and 4", -2), (5, "5", 10))
    ]
    first, final = (number(recorded["rungs"][i]["means"][-1]) for i in (0, 5))
    return element(
        "svg", element("g", *axis, class_="axis"), *curves, *labels, viewBox=f"0 0 {width} {height}", role="img",
        class_="ladder-still", aria_label=f"The losses of six programs over {STEPS[-1]} steps; in the end they are between {first}, of rung 0, and {final}, of rung 5",
    )
