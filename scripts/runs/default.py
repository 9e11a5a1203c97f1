"""The run that the book and its figures are about: the default run of the program, and its model on the way."""

from __future__ import annotations

import importlib
import os
import pickle
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import cache
from typing import Any, NamedTuple

from microgpt import (
    PRESETS, Config, Params, Tokenizer, Value, count_params, document_loss, init_params, load_docs, sample, train,
)

from .. import ROOT
from .fingerprint import fingerprint

GPT = importlib.import_module("microgpt.gpt")  # the module; `microgpt.gpt` is its function
EDITION = "4192"  # the command line's default
SAMPLED_STEPS = (0, 10, 50, 100, 200, 500, 1000)


# ------------------------------------------------------------------------------ counting nodes


class NodeCounter:
    """How many Values were created since it was last asked."""

    def __init__(self) -> None:
        self.created = 0

    def take(self) -> int:
        created, self.created = self.created, 0
        return created


@contextmanager
def counted_nodes() -> Iterator[NodeCounter]:
    """Within it, every new Value is counted."""
    counter, init = NodeCounter(), Value.__init__

    def counting_init(self: Value, *args: Any, **kwargs: Any) -> None:
        counter.created += 1
        init(self, *args, **kwargs)

    Value.__init__ = counting_init  # type: ignore[method-assign]
    try:
        yield counter
    finally:
        Value.__init__ = init  # type: ignore[method-assign]


@contextmanager
def unfused_dot() -> Iterator[None]:
    """Within it, the model's `dot` makes a Value of each product and of each sum, as `+` and `*` do."""

    def dot(a: Any, b: Any) -> Any:
        return sum(x * y for x, y in zip(a, b, strict=True))

    fused, GPT.dot = GPT.dot, dot  # type: ignore[attr-defined]
    try:
        yield
    finally:
        GPT.dot = fused  # type: ignore[attr-defined]


def count_nodes(docs: list[str], tokenizer: Tokenizer, params: Params, config: Config) -> list[int]:
    """Return how many Values the loss of each document takes.

    The length of a document alone decides that, so one of each length is enough.
    """
    by_length: dict[int, int] = {}
    with counted_nodes() as counter:
        for doc in docs:
            if len(doc) not in by_length:
                counter.take()
                document_loss(tokens_of(doc, tokenizer), params, config)
                by_length[len(doc)] = counter.take()
    return [by_length[len(doc)] for doc in docs]


def tokens_of(doc: str, tokenizer: Tokenizer) -> list[int]:
    return [tokenizer.bos, *tokenizer.encode(doc), tokenizer.bos]


# --------------------------------------------------------------------------------- recordings


class Run(NamedTuple):
    """A run of the program and what was seen on the way."""

    config: Config
    docs: list[str]  # in the order of the training
    tokenizer: Tokenizer
    params: Params  # as they are after it
    losses: list[float]
    nodes: list[int]
    unfused_nodes: list[int]
    samples: list[str]
    samples_at: dict[int, list[str]]
    params_at: dict[int, Params]  # copies


@cache
def default_run() -> Run:
    """Do what `python3 -m microgpt` does, and look at the model now and then.

    Done once, for all recordings, and kept on the disk until the program, the names or this module change.
    """
    made_by = f"{fingerprint(__name__)}-{sys.implementation.cache_tag}"
    kept = ROOT / "build" / f"default-run-{made_by}.pickle"
    try:
        return pickle.loads(kept.read_bytes())
    except Exception:  # not there, or damaged in whatever way
        run = make_default_run()
    with suppress(OSError):  # then it is made again the next time
        kept.parent.mkdir(exist_ok=True)
        for old in kept.parent.glob("default-run-*"):
            old.unlink(missing_ok=True)
        temporary = kept.with_suffix(f".{os.getpid()}")
        temporary.write_bytes(pickle.dumps(run))
        os.replace(temporary, kept)
    return run


def make_default_run() -> Run:
    """The run itself."""
    config = PRESETS[EDITION]
    docs = load_docs()
    tokenizer = Tokenizer(docs)
    rng = random.Random(config.seed)
    rng.shuffle(docs)
    params = init_params(config, tokenizer.vocab_size, rng)

    def draw(rng: random.Random) -> list[str]:
        return [sample(params, config, tokenizer, rng) for _ in range(config.samples)]

    losses, nodes = [], []
    samples_at = {0: draw(random.Random(config.seed))}  # random numbers of their own, so the run's stay as they are
    params_at = {0: copied(params)}
    with counted_nodes() as counter:
        for step, loss in train(docs, tokenizer, params, config):
            nodes.append(counter.take())
            losses.append(loss)
            if step in SAMPLED_STEPS:
                samples_at[step] = draw(random.Random(config.seed))
                params_at[step] = copied(params)
                counter.take()  # those were no nodes of the training
    with unfused_dot():
        unfused_nodes = count_nodes(docs[: config.steps], tokenizer, params, config)
    return Run(config, docs, tokenizer, params, losses, nodes, unfused_nodes, draw(rng), samples_at, params_at)


def copied(params: Params) -> Params:
    return {name: [[Value(p.data) for p in row] for row in matrix] for name, matrix in params.items()}


def record_run() -> dict[str, Any]:
    """Return the content of run.json."""
    run = default_run()
    known, seen = set(run.docs), set(run.docs[: run.config.steps])
    return {
        "config": asdict(run.config),
        "num_docs": len(run.docs),
        "vocab_size": run.tokenizer.vocab_size,
        "num_params": count_params(run.config, run.tokenizer.vocab_size),
        "losses": [round(loss, 4) for loss in run.losses],
        "samples": run.samples,
        "in_dataset": sum(text in known for text in run.samples),
        "among_seen": sum(text in seen for text in run.samples),
        "nodes": run.nodes,
        "unfused_nodes": run.unfused_nodes,
        "samples_at": {str(step): samples for step, samples in run.samples_at.items()},
    }
