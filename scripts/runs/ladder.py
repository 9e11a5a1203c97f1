"""The rungs of the ladder as programs: how many numbers each learns, and how long a step of it takes.

    ladder.json:
        rungs       for each rung: `params`, which of rung 0 are counts, and `time` of a step, with that of rung 0 as 1
        nudging_seconds     how long the gradient of one document takes if each parameter of rung 1 is nudged twice

Times differ from run to run. One that is near what is recorded stays, so that a change in the file is a change.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import islice
from typing import Any

from microgpt import Config, Tokenizer, init_params, load_docs, train
from microgpt import generate as generate_gpt
from microgpt.ladder import train0, train1

from .. import DATA

RUNGS = range(6)
ROUNDS, STEPS = 5, (1000, 60, 60, 40, 40, 40)  # a step of rung 0 is too short to be measured alone
NEAR = 0.2  # of a measured time


def start(rung: int) -> tuple[Any, Iterator[tuple[int, float]], Callable[[random.Random], str]]:
    """Return the numbers of a rung, its training, and how it writes, all on the built-in names with seed 42."""
    docs, rng = load_docs(), random.Random(42)
    rng.shuffle(docs)
    tokenizer = Tokenizer(docs)
    if rung == 0:
        counts = [[0] * tokenizer.vocab_size for _ in range(tokenizer.vocab_size)]
        model = (counts,)
        steps = train0.train(docs, tokenizer, counts, 1000)
        generate = train0.generate
    elif rung == 5:
        model = (init_params(Config(), tokenizer.vocab_size, rng), Config())
        steps, generate = train(docs, tokenizer, *model), generate_gpt
    else:
        module = import_module(f"microgpt.ladder.train{rung}")
        config = module.Config()
        model = (module.init_params(config, tokenizer.vocab_size, rng), config)
        steps, generate = module.train(docs, tokenizer, *model), module.generate
    return model[0], steps, lambda rng: tokenizer.decode([token for token, _ in generate(*model, tokenizer, rng)])


def count(numbers: Any) -> int:
    """How many numbers a rung has: a table of counts, or matrices by name."""
    matrices = numbers.values() if isinstance(numbers, dict) else [numbers]
    return sum(len(row) for matrix in matrices for row in matrix)


def record_ladder() -> dict[str, Any]:
    """Return the content of ladder.json."""
    path = DATA / "ladder.json"
    recorded = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    before = [rung["time"] for rung in recorded.get("rungs", [])] or [0.0] * len(RUNGS)
    rungs = [
        {"params": count(start(rung)[0]), "time": settled(seconds, before[rung], ".2g")} for rung, seconds in enumerate(times())
    ]
    return {"rungs": rungs, "nudging_seconds": settled(nudging(), recorded.get("nudging_seconds", 0.0), ".1f")}


def settled(measured: float, recorded: float, form: str) -> float:
    """A measured time, rounded; or what is recorded, if that is near."""
    return recorded if abs(measured - recorded) <= NEAR * recorded else float(format(measured, form))


def times() -> list[float]:
    """How long a step of each rung takes, the quickest of some rounds; that of rung 0 is 1."""
    quickest = [float("inf")] * len(RUNGS)
    for _ in range(ROUNDS):
        for rung in RUNGS:
            training = start(rung)[1]
            began = time.process_time()
            for _ in islice(training, STEPS[rung]):
                pass
            quickest[rung] = min(quickest[rung], (time.process_time() - began) / STEPS[rung])
    return [seconds / quickest[0] for seconds in quickest]


def nudging() -> float:
    """Seconds for the gradient of *emma* by nudging every parameter of rung 1."""
    config, tokenizer = train1.Config(), Tokenizer(load_docs())
    params = train1.init_params(config, tokenizer.vocab_size, random.Random(42))
    began = time.process_time()
    train1.numeric_gradient([tokenizer.bos, *tokenizer.encode("emma"), tokenizer.bos], params, config)
    return time.process_time() - began
