"""Experiments that can carry a sentence: what a change to the book does to its model, seed by seed.

An experiment is a variant of the book (scripts/text/variants.py), settings, or both. It is compared with another one
that has read the same documents in the same order, from the same random numbers: what differs between the two is the
change. So the differences are taken within a seed, and only then is their mean.

    paired.json: name of the experiment ->
        seeds
        held_out        mean loss on the kept-out documents, for each seed, in nats a token
        against         the experiment it is compared with; then also
        difference      for each seed, its held-out loss less that of the other: below 0 it is better
        mean, low, high of these differences
        word            what the difference may be called: see word()
        last_100        mean loss of the last 100 steps, for each seed
        different, in_docs   of 200 texts of each seed: how many different ones, how many stand among the documents
        mean_length     letters of a text
        right           of doubled words: how many of these 200 are what they should be, for each seed
        samples         the first ten
        error           what the program says if it fails, for a seed that does; then there is nothing else
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from microgpt import load_docs

from .. import ROOT
from ..tangle import UserError, sound_book, write_files
from ..text.code import code_lines
from ..text.variants import read_variants, tangle_variant
from .fingerprint import PROGRAM

SEEDS = (42, 1, 2, 3, 4, 5, 6, 7)
FEW = 4  # seeds that tell a large effect; a small one needs them all
SMALL = 0.03  # nats: an effect below it is small
KEPT_OUT = 1000  # names that no experiment reads
TRIAL = Path(__file__).with_name("trial.py")
CACHE = ROOT / "build" / "trials"

Json = dict[str, Any]


class Experiment(NamedTuple):
    """What is done otherwise, and what it is compared with."""

    against: str = ""  # another experiment; "" for one that others are compared with
    variant: str = ""  # of the book
    options: dict[str, Any] = {}  # of Config
    steps: int = 1000
    data: str = "names"
    program: str = "gpt"  # or a module of microgpt.ladder


def _experiments() -> dict[str, Experiment]:
    found = {"default": Experiment(), "default-4000": Experiment(steps=4000)}

    def add(name: str, against: str = "default", long: bool = False, **change: Any) -> None:
        found[name] = Experiment(against, **change)
        if long:
            found[f"{name}-4000"] = Experiment(f"{against}-4000", **change, steps=4000)

    # The ladder, each rung against the one below.
    found["rung-0"] = Experiment(program="train0")
    for i in range(1, 5):
        add(f"rung-{i}", f"rung-{i - 1}", program=f"train{i}")
    found["rung-5"] = Experiment("rung-4")
    # Organs taken out.
    for variant in (
        "no-residuals", "no-norm", "no-norm-no-residuals", "no-scale", "self-only", "uniform-attention", "no-attention",
        "no-mlp", "no-bend", "no-positions", "no-bias-correction", "no-momentum", "no-second-moment", "plain-descent",
    ):
        long = variant in ("self-only", "uniform-attention", "no-attention", "no-mlp", "no-positions", "no-residuals", "plain-descent")
        options = {"learning_rate": 0.1} if variant in ("plain-descent", "no-second-moment") else {}
        add(variant, variant=variant, options=options, long=long)
    # Three layers feel what one doesn't.
    found["layers-3"] = Experiment("default", options={"n_layer": 3})
    for variant in ("no-residuals", "no-norm", "no-norm-no-residuals"):
        add(f"layers-3-{variant}", "layers-3", variant=variant, options={"n_layer": 3})
    # Settings.
    for name, options in {
        "layers-0": {"n_layer": 0}, "layers-2": {"n_layer": 2}, "heads-1": {"n_head": 1}, "heads-2": {"n_head": 2},
        "width-8": {"n_embd": 8}, "width-32": {"n_embd": 32}, "block-4": {"block_size": 4}, "block-8": {"block_size": 8},
        "relu2": {"activation": "relu2"}, "zero-init": {"zero_init": True}, "cosine": {"decay": "cosine"},
        "std-0.02": {"init_std": 0.02}, "std-0.3": {"init_std": 0.3}, "std-0": {"init_std": 0.0},
        "heads-8": {"n_head": 8}, "layers-4": {"n_layer": 4}, "rate-0.001": {"learning_rate": 0.001},
        "rate-0.003": {"learning_rate": 0.003}, "rate-0.03": {"learning_rate": 0.03}, "rate-0.1": {"learning_rate": 0.1},
        "betas-of-4064": {"beta1": 0.9, "beta2": 0.95},
    }.items():
        add(name, options=options, long=name in ("layers-0", "layers-2", "heads-1", "width-8", "width-32"))
    # The wide model at a rate that suits it, and ours at others.
    for rate in (0.003, 0.005):
        found[f"rate-{rate}-4000"] = Experiment("default-4000", options={"learning_rate": rate}, steps=4000)
    found["width-32-rate-0.003-4000"] = Experiment("default-4000", options={"n_embd": 32, "learning_rate": 0.003}, steps=4000)
    for steps in (100, 500, 2000):
        found[f"steps-{steps}"] = Experiment("default", steps=steps)
    for temperature in (0.1, 1.0, 2.0):  # it changes the texts alone
        found[f"temperature-{temperature:g}"] = Experiment("default", options={"temperature": temperature})
    found["default-4000"] = Experiment("default", steps=4000)
    found["again-4000"] = Experiment("default-4000", steps=4000, data="names-1000")  # the same names four times
    # The first edition against the second, on predictions that both can make.
    for steps in (500, 1000):
        found[f"first-8-{steps}"] = Experiment(options={"block_size": 8}, steps=steps)
        options = {"block_size": 8, "activation": "relu2", "init_std": 0.02, "zero_init": True, "decay": "cosine", "beta1": 0.9, "beta2": 0.95}
        found[f"edition-4064-{steps}"] = Experiment(f"first-8-{steps}", options=options, steps=steps)
    # 200 towns, read once, five times, twenty times.
    for steps in (200, 1000, 4000):
        found[f"towns-{steps}"] = Experiment("towns-200" if steps > 200 else "", steps=steps, data="towns")
    # The rival that counts, and what each makes of more names.
    for steps in (250, 500, 1000, 2000, 4000, 8000):
        found[f"fallback-{steps}"] = Experiment(program="fallback", steps=steps)
        found[f"pairs-{steps}"] = Experiment(f"fallback-{steps}", program="train0", steps=steps)
        found[f"gpt-{steps}"] = Experiment(f"fallback-{steps}", steps=steps)
        if steps in (1000, 4000, 8000):
            found[f"gpt-width-32-{steps}"] = Experiment(f"fallback-{steps}", options={"n_embd": 32}, steps=steps)
    for words in (50, 100, 200, 400):
        found[f"doubled-fallback-{words}"] = Experiment(program="fallback", steps=1000, data=f"doubled-{words}")
        found[f"doubled-gpt-{words}"] = Experiment(f"doubled-fallback-{words}", options={"block_size": 8}, data=f"doubled-{words}")
    # A task that can't be done without looking back.
    found["doubled"] = Experiment(options={"block_size": 8}, data="doubled")
    for name, change in {
        "no-layer": {"options": {"block_size": 8, "n_layer": 0}}, "one-head": {"options": {"block_size": 8, "n_head": 1}},
        "self-only": {"variant": "self-only"}, "uniform-attention": {"variant": "uniform-attention"},
        "no-positions": {"variant": "no-positions"}, "no-mlp": {"variant": "no-mlp"}, "no-scale": {"variant": "no-scale"},
        "no-residuals": {"variant": "no-residuals"}, "no-norm": {"variant": "no-norm"},
        "plain-descent": {"variant": "plain-descent", "options": {"block_size": 8, "learning_rate": 0.1}},
        "plain-descent-0.3": {"variant": "plain-descent", "options": {"block_size": 8, "learning_rate": 0.3}},
    }.items():
        found[f"doubled-{name}"] = Experiment("doubled", **{"options": {"block_size": 8}, "data": "doubled", **change})
    return found


EXPERIMENTS = _experiments()


def doubled_words() -> list[str]:
    """Every word of three letters from a to h, twice: "bggbgg". In an order that means nothing."""
    words = [a + b + c for a in "abcdefgh" for b in "abcdefgh" for c in "abcdefgh"]
    random.Random(0).shuffle(words)
    return [word + word for word in words]


@cache
def documents(data: str) -> tuple[list[str], list[str]]:
    """All documents, and those that are kept out of every training.

    Of the names these are the last ones of the default run, which reads the first.
    """
    if data.startswith("doubled"):
        words = doubled_words()
        return words[: int(data.removeprefix("doubled-"))] if "-" in data else words, words[-112:]
    if data == "towns":
        towns, more = (load_docs(str(ROOT / file)) for file in ("docs/assets/data/towns.txt", "docs/assets/data/more-towns.txt"))
        return towns, more
    names = load_docs()
    order = list(names)
    random.Random(SEEDS[0]).shuffle(order)
    kept_out = order[-KEPT_OUT:]
    if data == "names":
        return names, kept_out
    first = order[: int(data.removeprefix("names-"))]
    return first, kept_out


def word(differences: list[float]) -> str:
    """What a difference may be called: "clear", "small", or "no difference seen".

    It is seen if all seeds agree on its sign: of four that are tossed, that happens once in eight times, of eight once
    in 128. So a small one, below 0.03 nats in the mean, has to be seen in eight.
    """
    mean, same_sign = fmean(differences), min(differences) > 0 or max(differences) < 0
    if same_sign and abs(mean) >= SMALL:
        return "clear"
    return "small" if same_sign and len(differences) == len(SEEDS) else "no difference seen"


# ------------------------------------------------------------------------------ running trials


@cache
def packages() -> Path:
    """A folder with a folder for each variant, and one for the book as it is, each with the package in it."""
    folder = Path(tempfile.mkdtemp(prefix="variants-"))
    book = sound_book(ROOT)
    for name, replacing in {"": {}, **read_variants(book)}.items():
        variant = tangle_variant(book, replacing)
        write_files(folder / (name or "as-it-is"), {
            path: variant.content(path) for path in variant.files if path.startswith("microgpt/")
        })
        shutil.copy(ROOT / "microgpt" / "names.txt", folder / (name or "as-it-is") / "microgpt")
    return folder


def run_trial(experiment: Experiment, seed: int) -> Json:
    """Return what trial.py says; from the cache, if it was asked the same of the same program before."""
    folder = packages() / (experiment.variant or "as-it-is")
    if not folder.is_dir():
        raise UserError(f"paired.json: no chapter has a variant {experiment.variant}")
    docs, kept_out = documents(experiment.data)
    task = {
        "program": experiment.program, "options": experiment.options, "docs": docs, "kept_out": kept_out,
        "seed": seed, "steps": experiment.steps,
    }
    known = CACHE / f"{key_of(task, folder)}.json"
    if known.exists():
        return json.loads(known.read_text(encoding="utf-8"))
    python = shutil.which("pypy3") or sys.executable
    run = subprocess.run(
        [python, str(TRIAL)], input=json.dumps(task), capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    if run.returncode:
        raise UserError(f"paired.json: {experiment}: {run.stderr.strip().splitlines()[-1]}")
    write_files(CACHE, {known.name: run.stdout.encode()})
    return json.loads(run.stdout)


def key_of(task: Json, folder: Path) -> str:
    """What the result of a trial depends on, as a hash: what is asked, and the code that is run."""
    modules = PROGRAM if task["program"] == "gpt" else [f"ladder/{task['program']}"]
    files = [TRIAL, *(folder / "microgpt" / f"{name}.py" for name in modules)]
    code = ["\n".join(code_lines(file.read_text(encoding="utf-8")).values()) for file in files]
    return hashlib.sha256(json.dumps([task, code]).encode()).hexdigest()[:24]


def record_paired() -> Json:
    """Return the content of paired.json. Two trials run at a time; small effects get all seeds, others four."""
    packages()
    try:
        with ThreadPoolExecutor(2) as pool:
            order = sorted(EXPERIMENTS, key=lambda name: EXPERIMENTS[name].steps)  # short ones first
            first = {(name, seed): pool.submit(run_trial, EXPERIMENTS[name], seed) for name in order for seed in SEEDS[:FEW]}
            for i, future in enumerate(first.values(), 1):
                future.result()
                print(f"\r  {i} of {len(first)} trials", end="", flush=True)
            needed = small(first)
            more = {(name, seed): pool.submit(run_trial, EXPERIMENTS[name], seed) for name in needed for seed in SEEDS[FEW:]}
            for i, future in enumerate(more.values(), 1):
                future.result()
                print(f"\r  {i} of {len(more)} more trials, for small effects", end="", flush=True)
            print()
        done = {key: future.result() for key, future in (first | more).items()}
        return {name: report(name, done) for name in EXPERIMENTS}
    finally:
        shutil.rmtree(packages(), ignore_errors=True)
        packages.cache_clear()


def small(first: dict) -> list[str]:
    """The experiments that four seeds aren't enough for, and those that they are compared with."""
    found: dict[str, None] = {}
    for name, experiment in EXPERIMENTS.items():
        if not experiment.against:
            continue
        pairs = [(first[name, seed].result(), first[experiment.against, seed].result()) for seed in SEEDS[:FEW]]
        if any("error" in one or "error" in other for one, other in pairs):
            continue
        if abs(fmean(one["held_out"] - other["held_out"] for one, other in pairs)) < SMALL:
            found |= {name: None, experiment.against: None}
    return list(found)


def report(name: str, done: dict[tuple[str, int], Json]) -> Json:
    experiment = EXPERIMENTS[name]
    results = {seed: done[name, seed] for seed in SEEDS if (name, seed) in done}
    for seed, result in results.items():
        if "error" in result:
            return {"error": f"seed {seed}: {result['error']}"}
    texts, seen = results[SEEDS[0]]["texts"], set(documents(experiment.data)[0])
    found: Json = {
        "seeds": len(results),
        "held_out": [round(result["held_out"], 4) for result in results.values()],
        "mean_held_out": round(fmean(result["held_out"] for result in results.values()), 4),
        "last_100": [round(result["last_100"], 4) for result in results.values()],
        "different": [len(set(result["texts"])) for result in results.values()],
        "in_docs": [sum(text in seen for text in result["texts"]) for result in results.values()],
        "mean_length": round(fmean(len(text) for result in results.values() for text in result["texts"]), 2),
        "samples": texts[:10],
    }
    if experiment.data.startswith("doubled"):
        found["right"] = [sum(len(text) == 6 and text[:3] == text[3:] for text in r["texts"]) for r in results.values()]
    if experiment.against:
        both = [seed for seed in results if (experiment.against, seed) in done]
        differences = [results[seed]["held_out"] - done[experiment.against, seed]["held_out"] for seed in both]
        found |= {
            "against": experiment.against,
            "difference": [round(d, 4) for d in differences],
            "mean": round(fmean(differences), 4), "low": round(min(differences), 4), "high": round(max(differences), 4),
            "word": word(differences),
        }
    return found
