"""What JAX's compiled program saves, and what it costs: time, and digits.

    compiled.json:
        speed       documents a second, plain with one a step being 1: "numpy" and "jax float64 1" with one a step,
                    "jax float32 256" with 256. In processor time, on one core, the quickest of some rounds, in turn
        alone       the same of JAX if each step is a call of its own, at one document a step
        compile     how many steps of the plain program take as long as the first step of the compiled one, which has to
                    be traced and compiled
        begin       the same for the whole command, with its imports, at one step
        calls       array operations of a step of the NumPy engine (the first document of the default run)
        step_in_calls   how many additions of one number to one other NumPy does in the time of such a step
        sizes       how long NumPy takes to add n numbers, as multiples of what it takes for one: by n
        largest     the largest difference of the 1000 losses of the default run from those of the plain program, by dtype
        names       of the 20 names that are written then, how many are the same, by dtype
        held_out    by dtype: the loss on 1000 kept-out names after 1000 steps, for eight seeds
"""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
import time
from itertools import islice
from statistics import fmean
from typing import Any

from microgpt import Adam, Config, Tokenizer, flatten, init_params, load_docs, sample
from microgpt.scale.engines import make_engine

from .. import ROOT
from ..tangle import UserError
from .default import default_run
from .paired import SEEDS, documents

DTYPES = ("float64", "float32", "bfloat16")
MEASURED = ("microgpt.scale.numpy_engine", "microgpt.scale.jax_engine")  # for the fingerprint
ROUNDS = 6
CASES = {  # engine, dtype, documents a step, steps of a window
    "plain": ("plain", "float64", 1, 20),
    "numpy": ("numpy", "float64", 1, 100),
    **{f"jax {dtype} {batch}": ("jax", dtype, batch, 400 if batch == 1 else 100) for batch in (1, 256) for dtype in DTYPES},
}
SIZES = (1, 16, 256, 4096, 65536)


def engine_of(name: str, dtype: str, config: Config, seed: int = 42) -> tuple[Any, Any, list[str], Tokenizer]:
    """Return an engine at the beginning of a run, its parameters, documents and tokenizer."""
    docs, rng = load_docs(), random.Random(seed)
    tokenizer = Tokenizer(docs)
    rng.shuffle(docs)
    params = init_params(config, tokenizer.vocab_size, rng)
    adam = Adam(flatten(params), config.beta1, config.beta2, config.eps)
    return make_engine(name, params, config, adam, dtype), params, docs, tokenizer


# ---------------------------------------------------------------- in a process of its own, on a core


def speeds(of: tuple[str, ...]) -> dict[str, float]:
    """Seconds a document in each case of these engines, and of the first step of JAX."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    running, seconds = {}, {}
    for case, (name, dtype, batch, _) in CASES.items():
        if name not in of:
            continue
        engine, _, docs, tokenizer = engine_of(name, dtype, Config(steps=10**6))
        steps = engine.train(docs, tokenizer, batch)
        began = time.process_time()
        next(steps)
        if case == "jax float64 1":
            seconds["first"] = time.process_time() - began
        running[case], seconds[case] = (engine, steps), math.inf
    for _ in range(ROUNDS):
        for case, (engine, steps) in running.items():
            batch, window = CASES[case][2:]
            seconds[case] = min(seconds[case], seconds_a_step(engine, steps, window) / batch)
    if "jax" in of:
        seconds["alone"] = alone()
    if "numpy" in of:
        seconds |= {f"add {n}": each for n, each in sizes().items()}
    return seconds


def seconds_a_step(engine: Any, steps: Any, window: int) -> float:
    """Processor seconds a step, over at least a window of steps; with JAX, from the end of a chunk to that of another."""
    finish(engine, steps)
    start, began = engine.t, time.process_time()
    for _ in islice(steps, window):
        pass
    finish(engine, steps)
    return (time.process_time() - began) / (getattr(engine, "t", start) - start or window)


def finish(engine: Any, steps: Any) -> None:
    """Take the steps of a chunk that are done, and were not yet asked for."""
    for _ in islice(steps, max(getattr(engine, "known", {engine.t: None})) - engine.t):
        pass


def alone() -> float:
    """Seconds a step if each is a call of the compiled program."""
    from microgpt.scale import jax_engine

    jax_engine.CHUNK, chunk = 1, jax_engine.CHUNK
    engine, _, docs, tokenizer = engine_of("jax", "float64", Config(steps=10**6))
    steps, quickest = engine.train(docs, tokenizer), math.inf
    next(steps)
    for _ in range(ROUNDS):
        quickest = min(quickest, seconds_a_step(engine, steps, 200))
    jax_engine.CHUNK = chunk
    return quickest


def sizes() -> dict[str, float]:
    """Seconds that NumPy takes to add n numbers to n others."""
    import numpy as np

    found = {}
    for n in SIZES:
        a, b, quickest, times = np.ones(n), np.ones(n), math.inf, 100_000 // max(1, n // 100)
        for _ in range(20):
            began = time.process_time()
            for _ in range(times):
                a + b
            quickest = min(quickest, (time.process_time() - began) / times)
        found[str(n)] = quickest
    return found


def command(engine: str) -> float:
    """Processor seconds of the command with one step."""
    before = os.times()
    subprocess.run([sys.executable, "-m", "microgpt", "--engine", engine, "--steps", "1", "--samples", "0"], cwd=ROOT, check=True, capture_output=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


# ----------------------------------------------------------------------------------------- digits


def calls() -> int:
    """Array operations of a step of the NumPy engine: of each that NumPy is asked for, by whatever name."""
    import numpy as np

    made = 0

    class Counted(np.ndarray):
        def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **how: Any) -> Any:
            nonlocal made
            made += 1
            plain = [x.view(np.ndarray) if isinstance(x, Counted) else x for x in inputs]
            outs = {"out": tuple(x.view(np.ndarray) if isinstance(x, Counted) else x for x in out)} if out else {}
            result = getattr(ufunc, method)(*plain, **outs, **how)
            return result.view(Counted) if isinstance(result, np.ndarray) else result

    engine, _, docs, tokenizer = engine_of("numpy", "float64", Config())
    for name, value in list(vars(engine).items()):
        if isinstance(value, np.ndarray):
            setattr(engine, name, value.view(Counted))
        elif isinstance(value, dict) and all(isinstance(x, np.ndarray) for x in value.values()):
            setattr(engine, name, {key: x.view(Counted) for key, x in value.items()})
    next(engine.train(docs, tokenizer))
    return made


def held_out(params: Any, tokenizer: Tokenizer, exam: list[str]) -> float:
    """The mean loss on an exam, in float64."""
    import jax.numpy as jnp
    import numpy as np

    from microgpt.scale.jax_engine import batch_loss, lay_out

    tokens = [np.array([tokenizer.bos, *tokenizer.encode(doc), tokenizer.bos][:17], np.int32) for doc in exam]
    rows = lay_out([tokens], (1, len(tokens), 16), "float64")
    vector = jnp.array([p.data for p in flatten(params)], "float64")
    return float(batch_loss(vector, {key: x[0] for key, x in rows.items()}, Config(), tokenizer.vocab_size, "float64"))


def trained(dtype: str, seed: int, config: Config | None = None, batch: int = 1) -> tuple[list[float], Any, Tokenizer]:
    """Train with JAX on names that are no part of the exam; return losses, parameters, tokenizer."""
    config = config or Config()
    engine, params, docs, tokenizer = engine_of("jax", dtype, config, seed)
    left_out = set(documents("names")[1])
    losses = [loss for _, loss in engine.train([doc for doc in docs if doc not in left_out], tokenizer, batch)]
    engine.store()
    return losses, params, tokenizer


def digits() -> dict[str, Any]:
    run = default_run()
    largest, names = {}, {}
    for dtype in DTYPES:
        engine, params, docs, tokenizer = engine_of("jax", dtype, Config())
        losses = [loss for _, loss in engine.train(docs, tokenizer)]
        engine.store()
        rng = random.Random(42)
        rng.shuffle(load_docs())
        init_params(Config(), tokenizer.vocab_size, rng)  # the random numbers that follow write the names
        texts = [sample(params, Config(), tokenizer, rng) for _ in range(20)]
        largest[dtype] = max(abs(a - b) for a, b in zip(losses, run.losses, strict=True))
        names[dtype] = sum(a == b for a, b in zip(texts, run.samples, strict=True))
    return {"largest": largest, "names": names}


def exams() -> dict[str, list[float]]:
    exam = documents("names")[1]
    found: dict[str, list[float]] = {}
    for dtype in DTYPES:
        found[dtype] = []
        for seed in SEEDS:
            _, params, tokenizer = trained(dtype, seed)
            found[dtype].append(round(held_out(params, tokenizer, exam), 4))
    return found


def measured() -> dict[str, float]:
    """All seconds: the engines in processes of their own, in turn, twice; the quickest of both."""
    found: dict[str, float] = {}
    for of in 2 * ("plain", "numpy jax"):
        run = subprocess.run([sys.executable, "-m", "scripts.runs.compiled", *of.split()], cwd=ROOT, capture_output=True, text=True)
        if run.returncode:
            raise UserError(f"compiled.json: {(run.stderr.strip().splitlines() or ['no message'])[-1]}")
        found |= {key: min(each, found.get(key, math.inf)) for key, each in json.loads(run.stdout).items()}
    return found


def rounded(x: float, digits: int = 2) -> float:
    return float(f"{x:.{digits}g}")


def record_compiled() -> dict[str, Any]:
    seconds = measured()
    plain, one = seconds["plain"], seconds["add 1"]
    found, held = digits(), exams()
    return {
        "speed": {case: rounded(plain / seconds[case], 3) for case in CASES},
        "alone": rounded(plain / seconds["alone"], 3),
        "compile": rounded(seconds["first"] / plain),
        "begin": rounded((command("jax") - command("plain")) / plain),
        "calls": calls(),
        "step_in_calls": rounded(seconds["numpy"] / one),
        "sizes": {str(n): rounded(seconds[f"add {n}"] / one) for n in SIZES},
        "largest": {dtype: rounded(x) for dtype, x in found["largest"].items()},
        "names": found["names"],
        "held_out": held,
        "mean_held_out": {dtype: round(fmean(each), 4) for dtype, each in held.items()},
        "differences": {dtype: [round(a - b, 4) for a, b in zip(held[dtype], held["float64"])] for dtype in DTYPES[1:]},
    }


if __name__ == "__main__":
    print(json.dumps(speeds(tuple(sys.argv[1:]))))
