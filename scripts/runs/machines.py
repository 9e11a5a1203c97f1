"""Several processes that train one model, for the chapter Many machines. They are two, on the machine that records.

    machines.json:
        averaged    two models, each trained on its half of 1000 names, for each of eight seeds: the held-out loss of the
                    first and of the second, of the mean of their parameters, of that if both began with the same ones, and
                    of one model with the same number of steps and two names in each
        equal       200 steps by one process and by two: the largest difference of a loss and of a parameter
        killed      20 runs, in each of which a process was killed: which one, after which step, after how many more
                    milliseconds, whether all were begun again, and whether the checkpoint at the end is the undisturbed
                    run's, byte for byte
        shared      without TORCH_DISABLE_SHARE_RDZV_TCP_STORE: process -> whether, after it was killed, the run came to its
                    end within a minute

Processes are begun as torchrun begins them, by the same agent, which is PyTorch's.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

from microgpt import Adam, Config, Params, Tokenizer, Value, document_loss, flatten, init_params, load, load_docs
from microgpt.scale.engines import make_engine

from .. import ROOT
from .paired import documents

SEEDS = (42, 1, 2, 3, 4, 5, 6, 7)
RUN = ("--batch", "8", "--steps", "60", "--every", "7", "--checkpoint")
KILLS = 20
MINUTE = 60.0


def launch(function: Callable[..., Any], *arguments: Any, processes: int = 2, restarts: int = 0) -> None:
    """Run a function in some processes, as torchrun would, and all of them again if one dies, so many times."""
    import torch
    import torch._dynamo  # DistributedDataParallel imports it, which takes a second: once here, not in each process
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    torch.set_num_threads(1)
    config = LaunchConfig(
        min_nodes=1, max_nodes=1, nproc_per_node=processes, run_id=os.urandom(8).hex(), rdzv_backend="c10d",
        rdzv_endpoint="localhost:0", max_restarts=restarts, monitor_interval=0.1, start_method="fork",
    )  # fmt: skip
    elastic_launch(config, function)(*arguments)


def alone(call: str, shared_store: bool = False, seconds: float | None = None, module: str = "machines") -> Any:
    """What a call gives in a process of its own; None if it takes longer than `seconds`."""
    program = f"import json; from scripts.runs import {module}; print(json.dumps({module}.{call}))"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "0" if shared_store else "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        return json.loads(process.communicate(timeout=seconds)[0].splitlines()[-1])
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None


# ---------------------------------------------------------------------- averaging what was learned


def trained(docs: list[str], tokenizer: Tokenizer, seed: int, batch: int = 1) -> Params:
    config = Config(steps=500)
    params = init_params(config, tokenizer.vocab_size, random.Random(seed))
    engine = make_engine("torch", params, config, Adam(flatten(params), config.beta1, config.beta2, config.eps))
    for _ in engine.train(docs, tokenizer, batch):
        pass
    engine.store()
    return params


def mean_of(a: Params, b: Params) -> Params:
    """The parameters in the middle between two models."""
    return {
        name: [[Value((x.data + y.data) / 2) for x, y in zip(*rows)] for rows in zip(a[name], b[name])] for name in a
    }


def averaged() -> list[list[float]]:
    names, kept_out = documents("names")
    tokenizer = Tokenizer(load_docs())
    exam = [[tokenizer.bos, *tokenizer.encode(doc), tokenizer.bos] for doc in kept_out]
    found = []
    for seed in SEEDS:
        docs = list(names)
        random.Random(seed).shuffle(docs)
        halves = docs[:1000:2], docs[1:1000:2]
        first, second, other = trained(halves[0], tokenizer, seed), trained(halves[1], tokenizer, seed), trained(halves[1], tokenizer, -1 - seed)
        models = first, other, mean_of(first, other), mean_of(first, second), trained(docs[:1000], tokenizer, seed, 2)
        found.append([round(fmean(document_loss(ids, params, Config()).data for ids in exam), 4) for params in models])
    return found


# ------------------------------------------------------------------------------ one process and two


def work(arguments: list[str]) -> None:
    """What one process does: train, and report nothing."""
    from microgpt.scale import distributed

    sys.stdout = open(os.devnull, "w")
    sys.stderr = open(os.devnull, "w")
    if status := distributed.main(arguments):
        sys.exit(status)


def equal() -> dict[str, float]:
    kept = []
    with tempfile.TemporaryDirectory() as folder:
        for processes in (1, 2):
            path = f"{folder}/{processes}.json"
            launch(work, ["--batch", "8", "--steps", "200", "--checkpoint", path], processes=processes)
            kept.append(load(path))
    one, two = kept
    return {
        "loss": max(abs(a - b) for a, b in zip(one.losses, two.losses, strict=True)),
        "params": max(abs(a.data - b.data) for a, b in zip(flatten(one.params), flatten(two.params), strict=True)),
    }


# -------------------------------------------------------------------------------- one that is killed


def deadly(arguments: list[str], victim: int, after: int, milliseconds: float, marker: str) -> None:
    """What one process does: train; and, if it is the victim, and for the first time, be killed in the middle of it."""
    from microgpt.scale import distributed

    step = distributed.SharedEngine.step

    def last_step(self: Any, documents: Any) -> float:
        if self.t == after and int(os.environ["RANK"]) == victim and not os.path.exists(marker):
            Path(marker).touch()
            threading.Timer(milliseconds / 1000, os.kill, (os.getpid(), signal.SIGKILL)).start()
        return step(self, documents)

    distributed.SharedEngine.step = last_step  # type: ignore[method-assign]
    if os.environ["TORCHELASTIC_RESTART_COUNT"] != "0":
        Path(f"{marker}-again").touch()
    work(arguments)


def kill(victim: int, after: int, milliseconds: float) -> dict[str, bool]:
    """Train twice, the second time with a process that is killed. Whether all began again, and the ends are equal."""
    with tempfile.TemporaryDirectory() as folder:
        paths, marker = [f"{folder}/{name}.json" for name in ("undisturbed", "killed")], f"{folder}/marker"
        launch(work, [*RUN, paths[0]])
        began = time.monotonic()
        launch(deadly, [*RUN, paths[1]], victim, after, milliseconds, marker, restarts=1)
        hashes = {hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in paths}
        return {"again": os.path.exists(f"{marker}-again"), "same": len(hashes) == 1, "seconds": time.monotonic() - began}


def record_machines() -> dict[str, Any]:
    rng, killed = random.Random(42), []
    for _ in range(KILLS):
        case = rng.randrange(2), rng.randrange(1, 59), round(rng.uniform(0, 4), 1)
        ended = alone(f"kill{case}")
        killed.append([*case, ended["again"], ended["same"]])
    return {
        "averaged": averaged(), "equal": alone("equal()"), "killed": killed,
        "shared": {str(victim): alone(f"kill({victim}, 30, 1.0)", True, MINUTE) is not None for victim in (0, 1)},
    }
