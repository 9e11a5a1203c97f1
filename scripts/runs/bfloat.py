"""Training in bfloat16, in several ways, and how fast smaller numbers are multiplied.

    bfloat16.json:
        stored          weights rounded to bfloat16 after each step, all else in float64; at the rates `fast`, 0.01, and
                        `slow`, 0.001, for eight seeds and for four; as in smaller.json
        copy            the gradient is that of rounded weights, and the float64 copy takes the step
        dice            as `stored`, but rounded up or down by chance, the more probably the nearer
        whole           weights, Adam's memory and all that PyTorch computes in bfloat16, against its float32; at `slow`
        mixed           PyTorch's float32 weights, multiplied in bfloat16, the same
        moved           of the weights that are stored in bfloat16, the share that a step changes, by hundreds of steps
        rates           the held-out loss in float64 at each rate
        speed           how many times as fast as in float32 a machine with one thread multiplies matrices: `python`
                        (lists of integers against floats), `numpy` (int32), and PyTorch's bfloat16 and int8, `one` by a
                        vector and `many` by 256 of them
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import cycle
from statistics import fmean
from typing import Any

from microgpt import Adam, flatten

from .paired import FEW, SEEDS
from .smaller import Json, beginning, engine_of, float_loss, loss, told

RATES = {"fast": 0.01, "slow": 0.001}
PLACES = 4096  # rows and columns of the matrices that are timed
ROUNDS = 7


def nearest(x: Any) -> Any:
    """Round an array of floats to bfloat16, as `bfloat16` does a number."""
    import numpy

    bits = x.astype(numpy.float32).view(numpy.uint32).astype(numpy.uint64)
    return upper_half(bits + 0x7FFF + (bits >> 16 & 1))


def by_chance(x: Any, rng: Any) -> Any:
    """Round an array up or down to bfloat16, so that the mean of many roundings is the number itself."""
    import numpy

    bits = x.astype(numpy.float32).view(numpy.uint32).astype(numpy.uint64)
    return upper_half(bits + rng.integers(0, 1 << 16, x.shape, numpy.uint64))


def upper_half(bits: Any) -> Any:
    import numpy

    return (bits & 0xFFFF0000).astype(numpy.uint32).view(numpy.float32).astype(numpy.float64)


def start(seed: int, rate: float) -> tuple:
    docs, tokenizer, params, config = beginning("default", seed)
    return docs, tokenizer, params, replace(config, learning_rate=rate)


def held_out(engine: Any) -> float:
    return loss({name: matrix.tolist() for name, matrix in engine.w.items()})


@cache
def in_floats(seed: int, rate: float) -> float:
    if rate == RATES["fast"]:
        return float_loss("default", seed)
    docs, tokenizer, params, config = start(seed, rate)
    engine = engine_of(params, config)
    for _ in engine.train(docs, tokenizer):
        pass
    return held_out(engine)


def stored(seed: int, rate: float, moved: list[float], chance: bool = False) -> float:
    """Train with weights that are bfloat16 after each step; add to `moved` the share that each step changed."""
    import numpy

    docs, tokenizer, params, config = start(seed, rate)
    engine, rng = engine_of(params, config), numpy.random.default_rng(seed)
    before = engine.weights[:] = nearest(engine.weights)
    for _ in engine.train(docs, tokenizer):
        after = by_chance(engine.weights, rng) if chance else nearest(engine.weights)
        moved.append(float((after != before).mean()))
        before = engine.weights[:] = after
    return held_out(engine)


def with_copy(seed: int, rate: float) -> float:
    """Train with the gradients of rounded weights, while a copy in float64 takes the steps; it is rounded in the end."""
    docs, tokenizer, params, config = start(seed, rate)
    engine = engine_of(params, config)
    full = engine.weights.copy()
    rounded = engine.weights[:] = nearest(full)
    for _ in engine.train(docs, tokenizer):
        full += engine.weights - rounded
        rounded = engine.weights[:] = nearest(full)
    return held_out(engine)


@cache
def torch_loss(seed: int, rate: float, kind: str) -> float:
    """Train in PyTorch: "float32", "bfloat16" (mixed), or "whole", where nothing is kept in more than bfloat16."""
    import torch
    from microgpt.scale.torch_engine import TorchEngine, make_adam

    torch.set_num_threads(1)
    docs, tokenizer, params, config = start(seed, rate)
    adam = Adam(flatten(params), config.beta1, config.beta2, config.eps)
    engine = TorchEngine(params, config, adam, "float32" if kind == "whole" else kind)
    if kind == "whole":
        engine.model.bfloat16()
        engine.optimizer = make_adam(engine.model, adam)
    for _ in engine.train(docs, tokenizer):
        pass
    engine.store()
    return loss({name: [[p.data for p in row] for row in matrix] for name, matrix in params.items()})


def seeds(name: str) -> tuple[int, ...]:
    """Four tell a large effect; a small one needs all."""
    return SEEDS if name == "fast" else SEEDS[:FEW]


def by_rate(one: Callable[[int, float], float]) -> Json:
    return {name: told([one(seed, rate) - in_floats(seed, rate) for seed in seeds(name)]) for name, rate in RATES.items()}


# ---------------------------------------------------------------------------------- how fast


def quickest(works: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Seconds of each, the least of some rounds in which each has its turn."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            began = time.process_time()
            work()
            times[name].append(time.process_time() - began)
    return {name: min(found) for name, found in times.items()}


def ratio(times: dict[str, float], name: str, than: str) -> float:
    return float(format(times[than] / times[name], ".2g"))


def speed() -> Json:
    import numpy
    import torch

    torch.set_num_threads(1)
    floats, whole = [0.1 * i for i in range(16)], list(range(-8, 8))

    def dots(row: list) -> Callable[[], Any]:
        return lambda: [sum(a * b for a, b in zip(row, row)) for _ in range(2000)]

    found: Json = {"python": ratio(quickest({"float": dots(floats), "int": dots(whole)}), "int", "float")}
    # Several matrices in turn, or the smaller ones would stay in the processor's cache, and the larger ones not.
    made = [torch.randint(-127, 128, (PLACES, PLACES), dtype=torch.int8) for _ in range(4)]
    kinds = {"float32": [m.float() for m in made], "bfloat16": [m.bfloat16() for m in made], "int8": made}
    for many, columns in (("one", 1), ("many", 256)):
        x = torch.randint(-127, 128, (PLACES, columns), dtype=torch.int8)
        turns = {name: cycle(matrices) for name, matrices in kinds.items()}
        inputs = {"float32": x.float(), "bfloat16": x.bfloat16(), "int8": x}

        def product(name: str, turns: dict[str, Iterator[Any]] = turns, inputs: dict[str, Any] = inputs) -> Callable[[], Any]:
            multiply = torch._int_mm if name == "int8" else torch.mm
            return lambda: multiply(next(turns[name]), inputs[name])

        exact = torch._int_mm(made[0], x).numpy()
        assert (exact == made[0].numpy().astype(numpy.float64) @ x.numpy().astype(numpy.float64)).all()
        times = quickest({name: product(name) for name in kinds})
        found[many] = {name: ratio(times, name, "float32") for name in ("bfloat16", "int8")}
    a, b = (numpy.random.default_rng(0).integers(-127, 128, (512, 512)).astype(numpy.int32) for _ in range(2))
    c, d = a.astype(numpy.float32), b.astype(numpy.float32)
    found["numpy"] = ratio(quickest({"int": lambda: a @ b, "float": lambda: c @ d}), "int", "float")
    return found


def record_bfloat() -> Json:
    """Return the content of bfloat16.json."""
    moved: dict[float, list[list[float]]] = {rate: [[] for _ in SEEDS] for rate in RATES.values()}
    found: Json = {
        "rates": {name: round(fmean(in_floats(seed, rate) for seed in seeds(name)), 4) for name, rate in RATES.items()},
        "stored": by_rate(lambda seed, rate: stored(seed, rate, moved[rate][SEEDS.index(seed)])),
        "copy": by_rate(with_copy),
        "dice": by_rate(lambda seed, rate: stored(seed, rate, [], chance=True)),
    }
    found["moved"] = {
        name: [round(fmean(x for each in moved[rate] for x in each[i : i + 100]), 3) for i in range(0, 1000, 100)]
        for name, rate in RATES.items()
    }
    for name, kind in (("whole", "whole"), ("mixed", "bfloat16")):
        differences = [torch_loss(seed, RATES["slow"], kind) - torch_loss(seed, RATES["slow"], "float32") for seed in SEEDS[:FEW]]
        found[name] = told(differences)
    found["speed"] = speed()
    return found
