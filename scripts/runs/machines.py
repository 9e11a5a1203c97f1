"""Several processes that train one model, for the chapter Many machines. They are two, on the machine that records.

    machines.json:
        averaged    two models, each trained on its half of 1000 names; for each of eight seeds the held-out loss of the
                    first and of the second, of the mean of their parameters, of that if both began with the same ones, and
                    of one model with the same number of steps and two names in each
        every       two models that begin as the same, and are both set to their mean every so many steps: steps -> the
                    held-out losses, for the same seeds
        equal       200 steps by one process and by two: the largest difference of a loss and of a parameter
        killed      20 runs, in each of which a process was killed: which one, after which step, after how many more
                    milliseconds, whether all were begun again, and whether the checkpoint at the end is the undisturbed
                    run's, byte for byte
        shared      without TORCH_DISABLE_SHARE_RDZV_TCP_STORE: process -> in how many of SHARED runs, after it was killed,
                    the run came to its end within a minute
        three       the same with three processes, without a rehearsal before the first step, when it's "guessed" how
                    gradients are packed, and with one: how many of SHARED runs end as the undisturbed one, byte for
                    byte, and how far apart the parameters are at most

Processes are begun as torchrun begins them, by the same agent, which is PyTorch's. No name of the exam is learned from.
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
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from microgpt import Adam, Config, Tokenizer, flatten, init_params, load
from microgpt.scale.engines import make_engine

from .. import ROOT
from ..tangle import UserError
from .paired import SEEDS, documents

if TYPE_CHECKING:
    from microgpt.scale.torch_engine import TorchEngine
    from torch import Tensor

CONFIG = Config(steps=500)
EVERY = (1, 10, 100, CONFIG.steps)
RUN = ("--batch", "8", "--steps", "60", "--every", "7", "--checkpoint")
KILLS, SHARED = 20, 5
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
    """What a call gives in a process of its own; if it has only so many `seconds`, None where it fails or takes longer."""
    program = f"import json; from scripts.runs import {module}; print(json.dumps({module}.{call}))"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "0" if shared_store else "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        printed = process.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None
    if process.returncode and not seconds:
        raise UserError(f"{call} failed")
    return None if process.returncode else json.loads(printed.splitlines()[-1])


# ---------------------------------------------------------------------- averaging what was learned


def engines(seeds: tuple[int, ...], tokenizer: Tokenizer) -> list[TorchEngine]:
    """Models that have learned nothing, one for each seed."""
    made = []
    for seed in seeds:
        params = init_params(CONFIG, tokenizer.vocab_size, random.Random(seed))
        made.append(make_engine("torch", params, CONFIG, Adam(flatten(params), CONFIG.beta1, CONFIG.beta2, CONFIG.eps)))
    return made


def middle(models: list[Any]) -> Tensor:
    """The mean of the parameters of some models, as a vector."""
    from torch.nn.utils import parameters_to_vector

    return sum(parameters_to_vector(model.parameters()).detach() for model in models) / len(models)


def apart(docs: list[list[str]], every: int, seeds: tuple[int, ...], tokenizer: Tokenizer) -> list[Any]:
    """Train models on documents of their own, all set to their mean every so many steps; return them."""
    from torch.nn.utils import vector_to_parameters

    made = engines(seeds, tokenizer)
    for steps in zip(*(engine.train(own, tokenizer) for engine, own in zip(made, docs, strict=True))):
        if steps[0][0] % every == 0:
            mean = middle([engine.model for engine in made])
            for engine in made:
                vector_to_parameters(mean.clone(), engine.model.parameters())
    return [engine.model for engine in made]


def held_out(model: Any, exam: list[list[int]]) -> float:
    """The mean loss on documents, which are cut off after the block."""
    import torch
    from microgpt.scale.torch_engine import mean_loss, pad

    inputs, targets = pad([tokens[: CONFIG.block_size + 1] for tokens in exam])
    with torch.no_grad():
        return round(mean_loss(model(inputs), targets).item(), 4)


def averaged() -> dict[str, Any]:
    from torch.nn.utils import vector_to_parameters

    names, kept_out = documents("names")
    tokenizer, left_out = Tokenizer(names), set(kept_out)
    exam = [[tokenizer.bos, *tokenizer.encode(doc), tokenizer.bos] for doc in kept_out]
    found: list[list[float]] = []
    every: dict[str, list[float]] = {str(steps): [] for steps in EVERY}
    for seed in SEEDS:
        docs = [name for name in names if name not in left_out]
        random.Random(seed).shuffle(docs)
        halves = [docs[: 2 * CONFIG.steps : 2], docs[1 : 2 * CONFIG.steps : 2]]
        other = apart(halves, 2 * CONFIG.steps, (seed, 1000 + seed), tokenizer)
        losses = [held_out(model, exam) for model in other]
        vector_to_parameters(middle(other), other[0].parameters())
        losses.append(held_out(other[0], exam))
        for steps in EVERY:  # the last time only at the end
            every[str(steps)].append(held_out(apart(halves, steps, (seed, seed), tokenizer)[0], exam))
        [one] = engines((seed,), tokenizer)
        for _ in one.train(docs[: 2 * CONFIG.steps], tokenizer, 2):
            pass
        found.append([*losses, every[str(CONFIG.steps)][-1], held_out(one.model, exam)])
    return {"averaged": found, "every": every}


# ------------------------------------------------------------------------------ one process and two


def work(arguments: list[str], rehearsed: bool = True) -> None:
    """What one process does: train, and report nothing."""
    from microgpt.scale import distributed

    if not rehearsed:
        distributed.SharedEngine.rehearse = lambda self: None  # type: ignore[method-assign]
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


def deadly(arguments: list[str], victim: int, after: int, milliseconds: float, marker: str, rehearsed: bool = True) -> None:
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
    work(arguments, rehearsed)


def digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def undisturbed() -> str:
    """A hash of the checkpoint of the run that isn't disturbed."""
    with tempfile.TemporaryDirectory() as folder:
        launch(work, [*RUN, f"{folder}/run.json"])
        return digest(f"{folder}/run.json")


def kill(victim: int, after: int, milliseconds: float) -> list[Any]:
    """Train with a process that is killed. Whether all were begun again, and a hash of the checkpoint at the end."""
    with tempfile.TemporaryDirectory() as folder:
        path, marker = f"{folder}/run.json", f"{folder}/marker"
        launch(deadly, [*RUN, path], victim, after, milliseconds, marker, restarts=1)
        return [os.path.exists(f"{marker}-again"), digest(path)]


def three(rehearsed: bool) -> dict[str, Any]:
    """The same with three processes: in how many runs the end is the same, and the largest difference of a parameter."""
    rng, same, furthest = random.Random(1), 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        right = f"{folder}/undisturbed.json"
        launch(work, [*RUN, right], rehearsed, processes=3)
        for i in range(SHARED):
            case, path = (rng.randrange(3), rng.randrange(8, 59), round(rng.uniform(0, 4), 1)), f"{folder}/{i}.json"
            launch(deadly, [*RUN, path], *case, f"{folder}/marker-{i}", rehearsed, processes=3, restarts=1)
            if not os.path.exists(f"{folder}/marker-{i}-again"):
                raise RuntimeError(f"nobody was killed: {case}")
            same += digest(path) == digest(right)
            pairs = zip(flatten(load(path).params), flatten(load(right).params), strict=True)
            furthest = max(furthest, *(abs(x.data - y.data) for x, y in pairs))
    return {"same": same, "params": furthest}


def record_machines() -> dict[str, Any]:
    rng, killed, right = random.Random(42), [], alone("undisturbed()")
    for _ in range(KILLS):
        case = rng.randrange(2), rng.randrange(1, 59), round(rng.uniform(0, 4), 1)
        again, end = alone(f"kill{case}", seconds=5 * MINUTE) or (False, "")
        killed.append([*case, again, end == right])
    ended = {str(victim): [alone(f"kill({victim}, 30, 1.0)", True, MINUTE) for _ in range(SHARED)] for victim in (0, 1)}
    return {
        **alone("averaged()"), "equal": alone("equal()"), "killed": killed,
        "shared": {victim: sum(end is not None for end in ends) for victim, ends in ended.items()},
        "three": {name: alone(f"three({name == 'rehearsed'})") for name in ("guessed", "rehearsed")},
    }
