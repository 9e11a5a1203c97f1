#!/usr/bin/env python3
"""Run the program, and record what the book and its figures say about the run, in docs/assets/data/.

    python3 scripts/record.py [FILES…]             run, and write what changed; all of the files, or those named
    python3 scripts/record.py --check [FILES…]     run, write nothing; fail if a file would change, and say where
    python3 scripts/record.py --reference DIR      read the published runs from DIR/run-4192.txt and DIR/run-4064.txt

run.json takes seconds, experiments.json minutes. The tests check run.json and a few cheap experiments each time, and
all of them if MICROGPT_ALL_EXPERIMENTS is set; `record.py --check` checks everything.

No model is in here: everything comes from the package. A recording is a function that returns a dict
of what JSON can hold; RECORDINGS says which file it goes into. To record something new, add one; a new experiment
is a line in EXPERIMENTS. Floats are rounded before they are written, because the last digits depend on the system's
math library.

    run.json        what `python3 -m microgpt` does, with the same random numbers:
        config, num_docs, vocab_size, num_params
        losses          of each step, to 4 decimals
        samples         the texts after training
        in_dataset      how many of them stand in the dataset
        among_seen      how many of them stand among the documents of the run
        nodes           Values that each step creates (the parameters are there already)
        unfused_nodes   the same if every product and every sum in `dot` were a Value of its own
        samples_at      step -> texts drawn after that step, always with the same random numbers
    reference.json  the two published runs on the original 32,033 names, by edition:
        num_docs, vocab_size, num_params, losses, samples
    experiments.json  what the program does with other settings, by name of the experiment:
        command         what to type to repeat it
        num_docs, num_params
        error           what the program says, if it fails; then there is nothing else
        nodes           Values a step, on average
        mean_first_100, mean_last_100   mean losses of the first and the last 100 steps
        held_out        mean loss of documents that were not read: see held_out_docs()
        held_out_4, held_out_8          the same of their first 4 or 8 predictions, to compare blocks; null if the
                                        block is shorter
        samples         the texts after training
        different, in_dataset, among_seen, mean_length   of 200 other samples: how many different texts, how many that
                                        stand in the dataset, or among the documents of the run; letters in a text
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import re
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import cache
from multiprocessing import Pool
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from tangle import UserError, guarded, write_files

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the package of this checkout, whichever else is installed

from microgpt import (  # noqa: E402
    PRESETS, Config, DataError, DivergenceError, Params, Tokenizer, Value, count_params, document_loss, init_params,
    load_docs, sample, train,
)
from microgpt.__main__ import build_parser, read_config  # noqa: E402

GPT = importlib.import_module("microgpt.gpt")  # the module; `microgpt.gpt` is its function
DATA = ROOT / "docs" / "assets" / "data"
EDITION = "4192"  # the command line's default
SAMPLED_STEPS = (0, 10, 50, 100, 200, 500, 1000)
REFERENCE = "reference.json"
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


@cache
def default_run() -> Run:
    """Do what `python3 -m microgpt` does, and look at the model now and then. Done once, for all recordings."""
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
    with counted_nodes() as counter:
        for step, loss in train(docs, tokenizer, params, config):
            nodes.append(counter.take())
            losses.append(loss)
            if step in SAMPLED_STEPS:
                samples_at[step] = draw(random.Random(config.seed))
                counter.take()  # those were no nodes of the training
    with unfused_dot():
        unfused_nodes = count_nodes(docs[: config.steps], tokenizer, params, config)
    return Run(config, docs, tokenizer, params, losses, nodes, unfused_nodes, draw(rng), samples_at)


def record_run() -> Json:
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


# -------------------------------------------------------------------------------- experiments


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
    with Pool(2, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)) as pool:
        for done in pool.imap_unordered(do_experiments, groups):
            results |= done
            print(f"{len(results)} of {len(EXPERIMENTS)} experiments: {', '.join(done)}", flush=True)
    return {name: results[name] for name in EXPERIMENTS}


RECORDINGS: dict[str, Callable[[], Json]] = {"run.json": record_run, "experiments.json": record_experiments}


# -------------------------------------------------------------------------- the published runs

REFERENCE_LINES = {
    "num_docs": re.compile(r"num docs: (\d+)"),
    "vocab_size": re.compile(r"vocab size: (\d+)"),
    "num_params": re.compile(r"num params: (\d+)"),
    "losses": re.compile(r"step +(\d+) / +(\d+) \| loss (\d+\.\d{4})"),
    "samples": re.compile(r"sample +(\d+): (.*)"),
    "heading": re.compile(r"|--- .* ---"),
}


def read_reference(folder: Path) -> Json:
    """Return the content of reference.json, from the text that the published programs printed."""
    return {edition: parse_reference(folder / f"run-{edition}.txt", edition) for edition in ("4192", "4064")}


def parse_reference(path: Path, edition: str) -> Json:
    """Return one edition's figures. Raises UserError for a file that is not the whole output of a run."""
    figures: Json = {"losses": [], "samples": []}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise UserError(f"{path}: not UTF-8 text") from None
    for number, line in enumerate(lines, 1):
        matches = {key: pattern.fullmatch(line) for key, pattern in REFERENCE_LINES.items()}
        key, match = next(((key, match) for key, match in matches.items() if match), ("", None))
        if not match:
            raise UserError(f"{path}:{number}: not a line that the published program prints: {line!r}")
        if key in ("losses", "samples"):
            figures[key].append(float(match[3]) if key == "losses" else match[2])
            if int(match[1]) != len(figures[key]):
                raise UserError(f"{path}:{number}: number {len(figures[key])} of the {key} is missing")
        elif key != "heading":
            figures[key] = int(match[1])
    steps, samples = PRESETS[edition].steps, PRESETS[edition].samples
    if (len(figures["losses"]), len(figures["samples"])) != (steps, samples):
        raise UserError(f"{path}: not the whole output of {steps} steps and {samples} samples")
    if figures.get("num_params") != int(edition):
        raise UserError(f"{path}: not the edition of {edition} parameters")
    order = ("num_docs", "vocab_size", "num_params", "losses", "samples")
    if missing := [key for key in order if key not in figures]:
        raise UserError(f"{path}: {missing[0].replace('_', ' ')} is missing")
    return {key: figures[key] for key in order}


# ------------------------------------------------------------------------ writing and checking


def to_text(content: Json) -> str:
    """Return JSON with a line for each top-level entry: small, and a diff still says what changed."""
    entries = [f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}" for key, value in content.items()]
    return "{\n" + ",\n".join(entries) + "\n}\n"


def differences(now: Any, recorded: Any, place: str = "") -> Iterator[str]:
    """Say where two values that came from JSON differ."""
    if isinstance(now, dict) and isinstance(recorded, dict) and now.keys() == recorded.keys():
        for key in now:
            name = f"[{json.dumps(key)}]" if place and not key.isidentifier() else f".{key}" if place else key
            yield from differences(now[key], recorded[key], place + name)
    elif isinstance(now, list) and isinstance(recorded, list) and len(now) == len(recorded):
        for i, pair in enumerate(zip(now, recorded, strict=True)):
            yield from differences(*pair, f"{place}[{i}]")
    elif isinstance(now, dict) and isinstance(recorded, dict):
        keys = ", ".join(sorted(now.keys() ^ recorded.keys()))
        yield f"{place or 'the file'} has an entry too many or too few: {keys}"
    elif isinstance(now, list) and isinstance(recorded, list):
        yield f"{place} has {len(now)} entries, recorded {len(recorded)}"
    elif now != recorded:
        yield f"{place or 'the file'} is {brief(now)}, recorded {brief(recorded)}"


def brief(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def compare(name: str, content: Json) -> str:
    """Return what is wrong with a recorded file in one line, '' if it is up to date."""
    try:
        text = (DATA / name).read_text(encoding="utf-8")
        recorded = json.loads(text)
    except FileNotFoundError:
        return f"{name}: not there"
    except ValueError as error:
        return f"{name}: no JSON: {error}"
    if text == to_text(content):
        return ""
    found = list(differences(content, recorded))
    if not found:
        return f"{name}: the same content, but not as scripts/record.py writes it"
    more = f" (and {len(found) - 1} more)" if found[1:] else ""
    return f"{name}: {found[0]}{more}"


def write(contents: dict[str, Json]) -> int:
    """Write the files that changed, all of them or none; the exit status."""
    changed = [name for name in contents if compare(name, contents[name])]
    DATA.mkdir(parents=True, exist_ok=True)
    write_files(DATA, {name: to_text(contents[name]).encode() for name in changed})
    for name in contents:
        print("wrote" if name in changed else "no change in", name)
    return 0


def check(contents: dict[str, Json]) -> int:
    """Write nothing; the exit status is 0 if the files are as a run makes them."""
    problems = [problem for name in contents if (problem := compare(name, contents[name]))]
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"as recorded: {', '.join(contents)}")
    return 1 if problems else 0


def record(root: Path, names: list[str], folder: str | None, only_check: bool) -> int:
    """Record what the options ask for."""
    try:
        if folder is not None:
            contents = {REFERENCE: read_reference(Path(folder))}
        else:
            contents = {name: RECORDINGS[name]() for name in names}
    except (DataError, DivergenceError) as error:
        raise UserError(f"the program failed: {error}") from None
    return check(contents) if only_check else write(contents)


def main(argv: list[str] | None = None) -> int:
    """The command line: 0 if all is well, 1 if something is wrong, 2 if the command line is."""
    parser = argparse.ArgumentParser(description="Run the program and record what it does, for the book's figures.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is not as a run makes it")
    parser.add_argument("--reference", metavar="DIR", help="record the published runs from run-….txt in DIR instead")
    parser.add_argument("files", nargs="*", metavar="FILE", help=f"{' or '.join(RECORDINGS)} (default: both)")
    options = parser.parse_args(argv)
    if unknown := [name for name in options.files if name not in RECORDINGS]:
        parser.error(f"{unknown[0]} is not recorded here, only {' and '.join(RECORDINGS)}")
    if options.files and options.reference is not None:
        parser.error(f"--reference records {REFERENCE} and nothing else")
    try:
        return guarded(record, ROOT, options.files or list(RECORDINGS), options.reference, options.check)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
