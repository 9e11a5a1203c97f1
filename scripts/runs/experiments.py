"""What the program does with other settings: the experiments, and how models are compared."""

from __future__ import annotations

import random
import shlex
import signal
import time
from dataclasses import replace
from functools import cache
from multiprocessing import Pool
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from microgpt import (
    PRESETS, Config, DivergenceError, Tokenizer, count_params, document_loss, init_params, load_docs, sample, train,
)
from microgpt.__main__ import build_parser, read_config

from .. import ROOT
from .default import EDITION, count_nodes, tokens_of

EXPERIMENTS = {  # name -> what stands after `python3 -m microgpt`
    "default": "",
    "seed-1": "--seed 1",
    "seed-2": "--seed 2",
    "seed-3": "--seed 3",
    "width-8": "--n-embd 8",
    "width-32": "--n-embd 32",
    "layers-0": "--n-layer 0",
    "layers-0-steps-4000": "--n-layer 0 --steps 4000",
    "layers-2": "--n-layer 2",
    "layers-4": "--n-layer 4",
    "heads-1": "--n-head 1",
    "heads-2": "--n-head 2",
    "heads-8": "--n-head 8",
    "block-8": "--block-size 8",
    "block-4": "--block-size 4",
    "relu2": "--activation relu2",
    "cosine": "--decay cosine",
    "steps-100": "--steps 100",
    "steps-500": "--steps 500",
    "steps-2000": "--steps 2000",
    "steps-4000": "--steps 4000",
    "rate-0.001": "--learning-rate 0.001",
    "rate-0.03": "--learning-rate 0.03",
    "rate-0.1": "--learning-rate 0.1",
    "rate-1": "--learning-rate 1",
    "temperature-0.1": "--temperature 0.1",
    "temperature-0.5": "--temperature 0.5",
    "temperature-1": "--temperature 1",
    "temperature-2": "--temperature 2",
    **{f"temperature-{t}-seed-{seed}": f"--temperature {t} --seed {seed}" for t in (1, 2) for seed in (1, 2, 3)},
    "preset-4064": "--preset 4064",
    "preset-4064-steps-1000": "--preset 4064 --steps 1000",
    "towns": "--data docs/assets/data/towns.txt",
    "towns-steps-200": "--data docs/assets/data/towns.txt --steps 200",
    "towns-steps-4000": "--data docs/assets/data/towns.txt --steps 4000",
}
HELD_OUT, DRAWN = 200, 200  # documents that no experiment reads, and samples that are counted
HELD_OUT_FILES = {"docs/assets/data/towns.txt": "docs/assets/data/more-towns.txt"}

Json = dict[str, Any]


class Settings(NamedTuple):
    """What the command of an experiment says."""

    source: str | None  # None: the built-in names
    config: Config


@cache
def settings(name: str) -> Settings:
    """Read the command of an experiment as the program does."""
    parser = build_parser()
    options = parser.parse_args(shlex.split(EXPERIMENTS[name]))
    return Settings(options.data, read_config(parser, options, PRESETS[options.preset or EDITION]))


def shuffled_docs(source: str | None, seed: int) -> tuple[list[str], random.Random]:
    """Return the documents in the order of a run, and its random numbers."""
    docs, rng = load_docs(str(ROOT / source) if source else None), random.Random(seed)
    rng.shuffle(docs)
    return docs, rng


@cache
def held_out_docs(source: str | None) -> list[str]:
    """Return the documents that models are compared on. No experiment reads one of them.

    For the built-in names they are the last ones, in the default order, that no run reads with any seed; other files
    are read whole, so theirs have a file of their own.
    """
    if source is not None:
        return load_docs(str(ROOT / HELD_OUT_FILES[source]))
    runs = {(seen.config.seed, seen.config.steps) for seen in map(settings, EXPERIMENTS) if seen.source is None}
    read = {doc for seed, steps in runs for doc in shuffled_docs(None, seed)[0][:steps]}
    docs, _ = shuffled_docs(None, PRESETS[EDITION].seed)
    return [doc for doc in docs if doc not in read][-HELD_OUT:]


def same_training() -> list[list[str]]:
    """Return the names of the experiments, those together that differ only in what is done after the training."""
    groups: dict[Settings, list[str]] = {}
    for name in EXPERIMENTS:
        source, config = settings(name)
        groups.setdefault(Settings(source, replace(config, temperature=1.0)), []).append(name)
    return list(groups.values())


def do_experiments(names: list[str]) -> Json:
    """Train once, and return what is recorded of some experiments that differ only in what they do then."""
    source, config = settings(names[0])
    docs, rng = shuffled_docs(source, config.seed)
    tokenizer = Tokenizer(docs)
    size = {"num_docs": len(docs), "num_params": count_params(config, tokenizer.vocab_size)}
    params = init_params(config, tokenizer.vocab_size, rng)
    try:
        losses = [loss for _, loss in train(docs, tokenizer, params, config)]
    except DivergenceError as error:
        return {name: {"command": command(name), **size, "error": str(error)} for name in names}
    read = [docs[step % len(docs)] for step in range(config.steps)]
    trained = {
        **size,
        "nodes": round(fmean(count_nodes(read, tokenizer, params, config)), 1),
        "mean_first_100": round(fmean(losses[:100]), 4),
        "mean_last_100": round(fmean(losses[-100:]), 4),
    }
    unread = [tokens_of(doc, tokenizer) for doc in held_out_docs(source)]
    for key, block in (("held_out", config.block_size), ("held_out_4", 4), ("held_out_8", 8)):
        shorter = replace(config, block_size=min(block, config.block_size))
        known = block <= config.block_size
        trained[key] = round(fmean(document_loss(t, params, shorter).data for t in unread), 4) if known else None
    state = rng.getstate()
    results = {}
    for name in names:
        rng.setstate(state)
        writing = settings(name).config
        samples = [sample(params, writing, tokenizer, rng) for _ in range(writing.samples)]
        fresh = random.Random(PRESETS[EDITION].seed)
        drawn = [sample(params, writing, tokenizer, fresh) for _ in range(DRAWN)]
        results[name] = {
            "command": command(name), **trained, "samples": samples,
            "different": len(set(drawn)),
            "in_dataset": sum(text in set(docs) for text in drawn),
            "among_seen": sum(text in set(read) for text in drawn),
            "mean_length": round(fmean(map(len, drawn)), 2),
        }
    return results


def command(name: str) -> str:
    return f"python3 -m microgpt {EXPERIMENTS[name]}".rstrip()


def record_experiments() -> Json:
    """Return the content of experiments.json. Two processes share the work; each experiment is alone in one."""
    results: Json = {}
    groups = sorted(same_training(), key=lambda names: -settings(names[0]).config.steps)  # long ones first
    steps = {names[0]: settings(names[0]).config.steps for names in groups}
    started, steps_done = time.monotonic(), 0
    with Pool(2, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)) as pool:
        for done in pool.imap_unordered(do_experiments, groups):
            results |= done
            steps_done += steps[next(iter(done))]
            left = (time.monotonic() - started) / steps_done * (sum(steps.values()) - steps_done)
            print(f"  {len(results)} of {len(EXPERIMENTS)}, {left:.0f} s left: {', '.join(done)}", flush=True)
    return {name: results[name] for name in EXPERIMENTS}
