#!/usr/bin/env python3
"""Run the program, and record what the book and its figures say about the run, in docs/assets/data/.

    python3 scripts/record.py                   run, and write what changed
    python3 scripts/record.py --check           run, write nothing; fail if a file would change, and say where
    python3 scripts/record.py --reference DIR   read the published runs from DIR/run-4192.txt and DIR/run-4064.txt

No model is in here: everything comes from the package. A recording is a function that returns a dict
of what JSON can hold; RECORDINGS says which file it goes into. To record something new, add one.
Floats are rounded before they are written, because the last digits depend on the system's math library.

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
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tangle import UserError, guarded, write_files

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the package of this checkout, whichever else is installed

from microgpt import (  # noqa: E402
    PRESETS, Config, DataError, DivergenceError, Params, Tokenizer, Value, count_params, document_loss, init_params,
    load_docs, sample, train,
)

GPT = importlib.import_module("microgpt.gpt")  # the module; `microgpt.gpt` is its function
DATA = ROOT / "docs" / "assets" / "data"
EDITION = "4192"  # the command line's default
SAMPLED_STEPS = (0, 10, 50, 100, 200, 500, 1000)
REFERENCE = "reference.json"

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


def count_unfused_nodes(docs: list[str], tokenizer: Tokenizer, params: Params, config: Config) -> list[int]:
    """Return how many Values the loss of each document would take without the fused `dot`.

    The length of a document alone decides that, so one of each length is enough.
    """
    by_length: dict[int, int] = {}
    with counted_nodes() as counter, unfused_dot():
        for doc in docs:
            if len(doc) not in by_length:
                counter.take()
                document_loss([tokenizer.bos, *tokenizer.encode(doc), tokenizer.bos], params, config)
                by_length[len(doc)] = counter.take()
    return [by_length[len(doc)] for doc in docs]


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
    unfused_nodes = count_unfused_nodes(docs[: config.steps], tokenizer, params, config)
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


RECORDINGS: dict[str, Callable[[], Json]] = {"run.json": record_run}


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


def record(root: Path, folder: str | None, only_check: bool) -> int:
    """Record what the options ask for."""
    try:
        if folder is not None:
            contents = {REFERENCE: read_reference(Path(folder))}
        else:
            contents = {name: recording() for name, recording in RECORDINGS.items()}
    except (DataError, DivergenceError) as error:
        raise UserError(f"the program failed: {error}") from None
    return check(contents) if only_check else write(contents)


def main(argv: list[str] | None = None) -> int:
    """The command line: 0 if all is well, 1 if something is wrong, 2 if the command line is."""
    parser = argparse.ArgumentParser(description="Run the program and record what it does, for the book's figures.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is not as a run makes it")
    parser.add_argument("--reference", metavar="DIR", help="record the published runs from run-….txt in DIR instead")
    options = parser.parse_args(argv)
    try:
        return guarded(record, ROOT, options.reference, options.check)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
