"""The engine on PyTorch: whether it gives the same numbers, and what it costs, for the chapter The same in PyTorch.

    pytorch.json:
        version     of PyTorch
        same        the default run in float64: the largest difference of a loss and of a parameter from the plain program's,
                    and how many of the 20 names are equal
        last_100    dtype -> for each of eight seeds: mean of the last 100 losses of a default run in it
        calls       operations of PyTorch's that a step takes: forward, backward, optimizer
    pytorch-times.json:
        widths      n_embd -> engine -> CPU milliseconds of a step, one document a step
        layers      n_layer -> the same
        batches     n_embd -> the same, 64 documents a step
        plain       CPU milliseconds of a step of the plain program, one document a step
        one_call    engine -> CPU microseconds of one product of two 16 x 16 tables, in the quickest of many rounds
        threads     n_embd -> number of threads -> CPU and clock milliseconds of a step with 64 documents, medians
        attention   T -> by hand and fused: megabytes more at the peak of a forward and backward pass, and CPU seconds
        compiled    setting -> CPU seconds until the first compiled step is done, those of the compiler among them; how long a
                    compiled step takes, one that isn't being 1; the largest difference of a loss

Times are CPU times of the quickest step, on one thread if nothing else is said, and differ from run to run.
"""

from __future__ import annotations

import json
import math
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from microgpt import Adam, Config, Tokenizer, flatten, init_params, load_docs, sample
from microgpt.scale.engines import Engine, make_engine

from .. import ROOT
from .default import default_run

SEEDS = (42, 1, 2, 3, 4, 5, 6, 7)
WIDTHS = (16, 32, 64, 128, 256)
LAYERS = (1, 2, 4, 8)
LENGTHS = (256, 1024, 4096)
COMPILED = {"16, 1 document": (16, 1), "64, 64 documents": (64, 64)}


def begin(name: str, dtype: str = "float64", seed: int = 42, **settings: Any) -> tuple[Engine, list[str], Tokenizer, random.Random]:
    """The beginning of a run with this seed, as the command line begins it."""
    config, docs, rng = Config(seed=seed, **settings), load_docs(), random.Random(seed)
    tokenizer = Tokenizer(docs)
    rng.shuffle(docs)
    params = init_params(config, tokenizer.vocab_size, rng)
    adam = Adam(flatten(params), config.beta1, config.beta2, config.eps)
    return make_engine(name, params, config, adam, dtype), docs, tokenizer, rng


def same() -> dict[str, Any]:
    run = default_run()
    engine, docs, tokenizer, rng = begin("torch")
    losses = [loss for _, loss in engine.train(docs, tokenizer)]
    engine.store()
    params = flatten(run.params_at[run.config.steps])
    names = [sample(engine.params, engine.config, tokenizer, rng) for _ in range(engine.config.samples)]
    return {
        "loss": max(abs(a - b) for a, b in zip(losses, run.losses, strict=True)),
        "params": max(abs(a.data - b.data) for a, b in zip(flatten(engine.params), params, strict=True)),
        "names": sum(a == b for a, b in zip(names, run.samples, strict=True)),
    }


def last_100(dtype: str) -> list[float]:
    found = []
    for seed in SEEDS:
        engine, docs, tokenizer, _ = begin("torch", dtype, seed)
        losses = [loss for _, loss in engine.train(docs, tokenizer)]
        found.append(round(sum(losses[-100:]) / 100, 4))
    return found


def step_ms(name: str, batch: int = 1, least: float = 1.0, **settings: Any) -> float:
    """CPU milliseconds of the quickest step, of at least ten and as many as `least` seconds hold."""
    engine, docs, tokenizer, _ = begin(name, learning_rate=1e-4, **settings)  # so small that the widest doesn't diverge
    best, began, spent = math.inf, time.process_time(), 0.0
    for step, _ in engine.train([docs[0]] if batch == 1 else docs, tokenizer, batch):
        now = time.process_time()
        best, began, spent = min(best, now - began), now, spent + now - began
        if step >= 10 and spent > least:
            break
    return 1000 * best


def calls() -> list[int]:
    """How many operations PyTorch is asked for in a step: forward, backward, by the optimizer."""
    from microgpt.scale.torch_engine import mean_loss, pad
    from torch.utils._python_dispatch import TorchDispatchMode

    class Counting(TorchDispatchMode):
        count = 0

        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self.count += str(function).startswith("aten")
            return function(*args, **(kwargs or {}))

    engine, docs, tokenizer, _ = begin("torch")
    inputs, targets = pad([[tokenizer.bos, *tokenizer.encode(docs[0]), tokenizer.bos]])
    counts = []
    with Counting() as counting:
        loss = mean_loss(engine.model(inputs), targets)
        counts.append(counting.count)
        loss.backward()
        counts.append(counting.count)
        engine.optimizer.step()
        counts.append(counting.count)
    return [now - before for before, now in zip([0, *counts], counts)]


def quickest(function: Callable[[], Any], repeats: int, rounds: int = 20) -> float:
    """CPU seconds of a call, in the quickest of some rounds."""
    best = math.inf
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(repeats):
            function()
        best = min(best, (time.process_time() - began) / repeats)
    return best


def one_call() -> dict[str, float]:
    import numpy
    import torch

    a, b = numpy.ones((16, 16)), numpy.ones((16, 16))
    x, y = torch.ones(16, 16, dtype=torch.float64), torch.ones(16, 16, dtype=torch.float64)
    w = torch.ones(16, 16, dtype=torch.float64, requires_grad=True)
    functions = {"numpy": lambda: a @ b, "torch": lambda: x @ y, "torch with a graph": lambda: x @ w}
    return {name: round(1e6 * quickest(function, 2000), 3) for name, function in functions.items()}


def times() -> dict[str, Any]:
    """Everything that is measured on one thread, but attention."""
    engines = ("numpy", "torch")

    def of_each(batch: int = 1, **settings: Any) -> dict[str, float]:
        return {name: round(step_ms(name, batch, **settings), 4) for name in engines}

    return {
        "plain": round(step_ms("plain"), 3),
        "widths": {str(n): of_each(n_embd=n) for n in WIDTHS},
        "layers": {str(n): of_each(n_layer=n) for n in LAYERS},
        "batches": {str(n): of_each(64, n_embd=n) for n in (16, 256)},
        "one_call": one_call(),
    }


def threads() -> dict[str, dict[str, list[float]]]:
    """The median, for the quickest step is one in which a second thread wasn't called."""
    import torch

    found: dict[str, dict[str, list[float]]] = {}
    for n in (16, 256):
        for number in (1, 2):
            engine, docs, tokenizer, _ = begin("torch", n_embd=n, learning_rate=1e-4)
            torch.set_num_threads(number)
            steps = engine.train(docs, tokenizer, 64)
            clocks = [(time.process_time(), time.perf_counter()) for _ in islice(steps, 41)]
            spent = [[1000 * (b - a) for a, b in zip(before, after)] for before, after in zip(clocks, clocks[1:])]
            found.setdefault(str(n), {})[str(number)] = [round(median(kind), 3) for kind in zip(*spent)]
    return found


def attention(fused: bool, length: int) -> dict[str, float]:
    """One pass forward and one backward over a text of some length, four heads of 16 numbers, in float32."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    torch.set_num_threads(1)
    torch.manual_seed(0)
    q, k, v = (torch.randn(1, 4, length, 16, requires_grad=True) for _ in range(3))

    def by_hand() -> torch.Tensor:
        scores = q @ k.transpose(-1, -2) / 16**0.5
        future = torch.ones(length, length, dtype=torch.bool).triu(1)
        return scores.masked_fill(future, -math.inf).softmax(-1) @ v

    scaled_dot_product_attention(q[:, :, :64], k[:, :, :64], v[:, :, :64], is_causal=True).sum().backward()  # what it loads
    (q[:, :, :64] @ k[:, :, :64].transpose(-1, -2)).softmax(-1).sum().backward()
    before, began = peak_kilobytes(), time.process_time()
    (scaled_dot_product_attention(q, k, v, is_causal=True) if fused else by_hand()).sum().backward()
    seconds, after = time.process_time() - began, peak_kilobytes()
    return {"megabytes": round((after - before) / 1024, 1), "seconds": round(seconds, 4)}


def peak_kilobytes() -> int:
    """The most memory that this process had. Not `ru_maxrss`, which Linux hands on from the process that began this one."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])


def compiled(width: int, batch: int) -> dict[str, float]:
    """What compiling the model costs and gains."""
    losses, best, first = [], [], 0.0
    for compile_it in (False, True):
        engine, docs, tokenizer, _ = begin("torch", n_embd=width)
        if compile_it:
            engine.model.compile(dynamic=True)
        began, spent = cpu_seconds(), []
        losses.append([])
        for _, loss in islice(engine.train(docs, tokenizer, batch), 200 if batch == 1 else 30):
            now = cpu_seconds()
            spent.append(now - began)
            losses[-1].append(loss)
            began = now
        best.append(min(spent))
        first = spent[0]
    return {
        "first": round(first, 1), "step": round(best[1] / best[0], 3),
        "loss": max(abs(a - b) for a, b in zip(*losses, strict=True)),
    }


def cpu_seconds() -> float:
    """Of this process and of those it waited for: the C++ compiler."""
    spent = os.times()
    return time.process_time() + spent.children_user + spent.children_system


def alone(call: str) -> Any:
    """What a call of this module gives in a process of its own, on one thread."""
    one = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TORCHINDUCTOR_COMPILE_THREADS")}
    one |= {"TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1"}
    program = f"import json; from scripts.runs import pytorch; print(json.dumps(pytorch.{call}))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={**os.environ, **one}, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def record_pytorch() -> dict[str, Any]:
    import torch

    return {
        "version": torch.__version__.split("+")[0], "same": same(),
        "last_100": {dtype: last_100(dtype) for dtype in ("float64", "float32", "bfloat16")}, "calls": calls(),
    }


def record_times() -> dict[str, Any]:
    return {
        **alone("times()"), "threads": threads(),
        "attention": {
            str(length): {name: alone(f"attention({name == 'fused'}, {length})") for name in ("by_hand", "fused")}
            for length in LENGTHS
        },
        "compiled": {name: alone(f"compiled{how}") for name, how in COMPILED.items()},
    }
