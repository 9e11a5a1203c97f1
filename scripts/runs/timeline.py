"""When what is done in a step of two processes, for the figure of it: a larger model, on the machine that records.

The step is the program's own, looked at through the hooks that PyTorch has for that. All-reduces are begun when a part of
the gradients is ready, as DistributedDataParallel does; or, to compare, all of them when the last part is.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from microgpt import Adam, Config, Tokenizer, flatten, init_params, load_docs

from .machines import launch

CONFIG = Config(n_embd=128, n_layer=4, block_size=16, learning_rate=1e-4)
BATCH, STEPS = 16, 400
ROUNDS = 5  # of each kind, in turn
BUCKET = 0.6  # megabytes of gradients that are sent together

Event = tuple[str, float, float]  # what, from when, until when, in seconds


def worker(overlapped: bool, folder: str) -> None:
    """One process: train, and write down the events of each step."""
    from microgpt.scale.distributed import process_group

    with process_group("cpu") as rank:
        Path(folder, f"{rank}.json").write_text(json.dumps(watched_steps(overlapped)))


def watched_steps(overlapped: bool) -> list[list[Event]]:
    import torch
    import torch.distributed as dist
    from microgpt.scale import distributed

    distributed.DistributedDataParallel = partial(distributed.DistributedDataParallel, bucket_cap_mb=BUCKET)  # type: ignore
    docs = load_docs()
    random.Random(42).shuffle(docs)
    tokenizer = Tokenizer(docs)
    params = init_params(CONFIG, tokenizer.vocab_size, random.Random(1))
    engine = distributed.SharedEngine(params, CONFIG, Adam(flatten(params)), "float32")
    torch.set_num_threads(1)
    events: list[Event] = []
    times = watch(engine, engine.model.module)
    engine.model.register_comm_hook(None, send_at_once(events) if overlapped else send_at_last(events))
    steps = []
    for _ in range(STEPS):
        events.clear()
        times.clear()
        tokens = [engine.tokens(docs, engine.t * BATCH + i, tokenizer) for i in range(BATCH)]
        dist.barrier()
        engine.step(tokens)
        engine.t += 1
        steps.append([*parts(times), *events])
    return steps


def watch(engine: Any, model: Any) -> dict[str, float]:
    """Return a dictionary that will hold when what was begun, ready or done in the present step."""
    times: dict[str, float] = {}

    def note(name: str) -> Callable[..., None]:
        return lambda *_: times.__setitem__(name, time.monotonic())

    groups = {"lm_head": [model.lm_head]}
    groups |= {f"layer {i}": [layer] for i, layer in reversed([*enumerate(model.layers, 1)])}
    for name, modules in {**groups, "embeddings": [model.wte, model.wpe]}.items():
        for p in (p for module in modules for p in module.parameters()):
            p.register_post_accumulate_grad_hook(note(f"back through {name}"))
    model.register_forward_pre_hook(note("begin"))
    model.register_forward_hook(note("forward"))
    engine.optimizer.register_step_pre_hook(note("wait"))
    engine.optimizer.register_step_post_hook(note("Adam"))
    return times


def parts(times: dict[str, float]) -> list[Event]:
    """What a process computes in a step, each from the end of the one before it; to wait is a part of its own."""
    order = sorted(times.items(), key=lambda item: item[1])
    return [(name, before, end) for (_, before), (name, end) in zip(order, order[1:])]


def send_at_once(events: list[Event]) -> Callable[[None, Any], Any]:
    """Begin the all-reduce of each bucket as soon as it is full."""
    import torch.distributed as dist

    def send(state, bucket):  # DistributedDataParallel inspects annotations, so there are none
        name, began = f"bucket {bucket.index() + 1}", time.monotonic()

        def done(future: Any) -> Any:
            events.append((name, began, time.monotonic()))
            return future.value()[0]

        return dist.all_reduce(bucket.buffer().div_(2), async_op=True).get_future().then(done)

    return send


def send_at_last(events: list[Event]) -> Callable[[None, Any], Any]:
    """Hold all buckets until the last is full."""
    import torch
    import torch.distributed as dist

    held: list[tuple[str, Any, Any]] = []

    def send(state, bucket):  # DistributedDataParallel inspects annotations, so there are none
        future: Any = torch.futures.Future()
        held.append((f"bucket {bucket.index() + 1}", bucket.buffer().div_(2), future))
        if bucket.is_last():
            for name, buffer, waiting in held:
                began = time.monotonic()
                dist.all_reduce(buffer)
                events.append((name, began, time.monotonic()))
                waiting.set_result(buffer)
            held.clear()
        return future

    return send


def record_steps() -> dict[str, list[list[list[Event]]]]:
    """For each of some rounds the quickest step, with all-reduces on the way back, and at the end."""
    found: dict[str, list[list[list[Event]]]] = {"overlapped": [], "at the end": []}
    for _ in range(ROUNDS):
        for mode, steps in found.items():
            steps.append(quickest(mode == "overlapped"))
    return found


def quickest(overlapped: bool) -> list[list[Event]]:
    """The quickest step of a run: the events of each process, in milliseconds from the first beginning."""
    with tempfile.TemporaryDirectory() as folder:
        launch(worker, overlapped, folder)
        both = [json.loads(Path(folder, f"{rank}.json").read_text()) for rank in (0, 1)]
    spans = []
    for step in zip(*both):
        begin = min(event[1] for events in step for event in events)
        spans.append((max(event[2] for events in step for event in events) - begin, begin, step))
    _, begin, step = min(spans[5:])
    return [
        [(name, round(1000 * (start - begin), 2), round(1000 * (end - begin), 2)) for name, start, end in sorted(events, key=lambda e: e[1])]
        for events in step
    ]


def timed(width: int, folder: str) -> None:
    """One process: write down how long the quickest step took."""
    from microgpt.scale.distributed import process_group

    with process_group("cpu") as rank:
        best = quickest_step(width)
        if rank == 0:
            Path(folder, "best").write_text(str(1000 * best))


def quickest_step(width: int) -> float:
    from microgpt.scale.distributed import SharedEngine

    docs, config = load_docs(), Config(n_embd=width, learning_rate=1e-4)
    tokenizer = Tokenizer(docs)
    params = init_params(config, tokenizer.vocab_size, random.Random(1))
    engine = SharedEngine(params, config, Adam(flatten(params)))
    best, began = float("inf"), time.monotonic()
    for step, _ in engine.train(docs, tokenizer, 64):
        now = time.monotonic()
        best, began = min(best, now - began), now
        if step == (500 if width < 100 else 40):
            break
    return best


def record_speed() -> dict[str, dict[str, float]]:
    """Width -> milliseconds of the quickest step with 64 names, by one process and by two."""
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for width in (16, 256):
            for processes in (1, 2):
                launch(timed, width, folder, processes=processes)
                best = round(float(Path(folder, "best").read_text()), 2)
                found.setdefault(str(width), {})["one" if processes == 1 else "two"] = best
    return found
