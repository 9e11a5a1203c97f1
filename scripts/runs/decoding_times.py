"""Writing faster, by the clock: ratios of times in one run, for the chapter Faster writing.

    decoding-times.json:
        passes      on arrays: how long a pass over 1, 2, 4, 8, 16 tokens takes, that over 1 being 1
        batch       rows -> how many times as many names a second as with one row
        speed       drafts of 1 to 8 letters by pairs, temperature 1: how many times as fast as `write`, on arrays and plain
        cache       lengths T; for each: multiplications in dot products with and without the cache, and how many times as long
                    it takes without, in the plain program and on arrays

Times are those of the processor, and of each the best round counts. They differ from run to run.
"""

from __future__ import annotations

import importlib
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from microgpt import Config, init_params
from microgpt.scale.batch_decoding import ArrayReader, write_many
from microgpt.scale.decoding import PlainReader, speculate, write

from .decoding import SEEDS, Known, model

GPT = importlib.import_module("microgpt.gpt")  # the module; `microgpt.gpt` is its function
LENGTHS = (16, 32, 64, 128, 256)
ROWS = (1, 4, 16, 64, 256, 1024)
LONG, EVERY = 64, 8  # without a cache, of longer texts the plain program reads every eighth beginning: minutes otherwise



def quickest(functions: Sequence[Callable[[], Any]], rounds: int) -> list[float]:
    """The CPU time of each function in its best round; they take turns."""
    best = [math.inf] * len(functions)
    for _ in range(rounds):
        for i, function in enumerate(functions):
            began = time.process_time()
            function()
            best[i] = min(best[i], time.process_time() - began)
    return best


@contextmanager
def counted_products() -> Iterator[list[int]]:
    """Within it, the plain model's multiplications in dot products are counted: yields a list with one number."""
    count, dot = [0], GPT.dot

    def counting(a: Any, b: Any) -> Any:
        count[0] += len(a)
        return dot(a, b)

    with patch.object(GPT, "dot", counting):
        yield count


def read_all(reader: Any, tokens: list[int], cached: bool) -> None:
    """Ask what comes after each token, as a writer does."""
    reader.forget(0)
    for i in range(len(tokens)):
        if not cached:
            reader.forget(0)
        reader.read(tokens[reader.length : i + 1])


def products(length: int, cached: bool, config: Config = Config(), size: int = 27) -> int:
    """Multiplications in dot products to ask what comes after each of `length` tokens, by the formula."""

    def one(t: int) -> int:  # a token with t in the cache, itself among them
        n = config.n_embd
        return n + config.n_layer * (12 * n * n + 2 * n * t + 2 * n) + size * n

    return sum(one(t) for end in range(1, length + 1) for t in ([end] if cached else range(1, end + 1)))


def read_some(reader: Any, tokens: list[int]) -> None:
    """Read every eighth beginning of a text, from BOS each time."""
    for end in range(EVERY // 2, len(tokens) + 1, EVERY):
        reader.forget(0)
        reader.read(tokens[:end])


def record_cache(lengths: Sequence[int] = LENGTHS, rounds: int = 2) -> dict[str, Any]:
    config = Config(block_size=max(lengths))
    params = init_params(config, 27, random.Random(1))
    text = [random.Random(2).randrange(27) for _ in range(max(lengths))]
    plain, array = PlainReader(params, config), ArrayReader(params, config)
    found: dict[str, Any] = {"lengths": list(lengths), "with": [], "without": [], "plain": [], "array": []}
    for length in lengths:
        found["with"].append(products(length, True))
        found["without"].append(products(length, False))
        for name, reader in (("plain", plain), ("array", array)):
            tokens, some = text[:length], name == "plain" and length > LONG
            ways = [lambda: read_all(reader, tokens, True), lambda: read_some(reader, tokens) if some else read_all(reader, tokens, False)]
            cached, anew = quickest(ways, rounds if name == "plain" else max(rounds, 1000 // length))
            found[name].append(round(anew * (EVERY if some else 1) / cached, 2))
    return found


def record_passes() -> list[float]:
    made = model(SEEDS[0])
    reader = ArrayReader(made.params, made.config)

    def passes(n: int) -> None:
        for _ in range(100):
            reader.forget(0)
            reader.read([1] * n)

    times = quickest([lambda n=n: passes(n) for n in (1, 2, 4, 8, 16)], 15)
    return [round(t / times[0], 2) for t in times]


def record_batch() -> dict[str, float]:
    made = model(SEEDS[0])

    reader = ArrayReader(made.params, made.config)

    def names(rows: int) -> None:
        for first in range(0, max(rows, 64), rows):
            reader.forget(0)
            write_many(reader, made.tokenizer.bos, [random.Random(first + i) for i in range(rows)])

    times = quickest([lambda rows=rows: names(rows) for rows in ROWS], 5)
    each = [t / max(rows, 64) for t, rows in zip(times, ROWS)]
    return {str(rows): round(each[0] / t, 1) for rows, t in zip(ROWS, each)}


def record_speed(rounds: int = 4) -> dict[str, list[float]]:
    made = model(SEEDS[0])
    config, bos = replace(made.config, temperature=1.0), made.tokenizer.bos
    draft = Known(made, 1.0).draft("pairs")
    found = {}
    for name, reader, names in (("array", ArrayReader(made.params, config), 60), ("plain", PlainReader(made.params, config), 15)):

        def run(n: int, reader: Any = reader, names: int = names) -> None:
            for seed in range(names):
                reader.forget(0)
                rng = random.Random(seed)
                writing = speculate(reader, draft, n, bos, rng) if n else write(reader, bos, rng)
                for _ in writing:
                    pass

        alone, *drafted = quickest([lambda n=n: run(n) for n in range(9)], rounds)
        found[name] = [round(alone / t, 2) for t in drafted]
    return found


def record_times() -> dict[str, Any]:
    """Return the content of decoding-times.json."""
    return {"passes": record_passes(), "batch": record_batch(), "speed": record_speed(), "cache": record_cache()}
