"""Run the program, and record what the book and its figures say about the run, in docs/assets/data/.

No model is in here: everything comes from the package. A recording is a function that returns a dict of what JSON can
hold; RECORDINGS says which file it goes into. A new experiment is a line in scripts/runs/paired.py; what a figure
shows is recorded by its module in scripts/figures/. Floats are rounded before they are written, because the last digits
depend on the system's math library. Every file begins with the fingerprint of what made it (fingerprint.py): so
stale() knows without running anything what has to be recorded again. All but paired.json take seconds.

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
    paired.json     what a change to the book or its settings does, seed by seed: explained in paired.py
    ladder.json     the rungs of the ladder as programs: explained in ladder.py
    measures.json   what chapters tell in passing of longer runs: explained in measures.py
    eight-seeds.json    what pages show with one seed, with eight: explained in eight_seeds.py
    beyond.json     what is not efficiency: explained in beyond.py
    post_training.json  a reward, preferences, conversations: explained in post_training.py
    compiled.json   what JAX's compiled program saves and costs: explained in compiled.py
    batches.json    what a batch does to noise, loss and time: explained in batches.py
    packing.json    what a missing mask costs, and why: explained in packing.py
    pytorch.json    what the engine on PyTorch gives, and pytorch-times.json what it costs: explained in pytorch.py
    machines.json   two processes that train one model, and one that is killed: explained in machines.py
    decoding.json   what makes writing faster: explained in decoding.py
    decoding-times.json     the same by the clock: explained in decoding_times.py
    arrays.json     the same for the chapter on arrays; needs NumPy: explained in arrays.py
    engines.json    the engines against one another; needs all their packages: explained in engines.py
    bfloat16.json   training in bfloat16, and how fast smaller numbers are: explained in bfloat.py
    modern.json     the switches of the modern block; needs PyTorch: explained in modern.py
    smaller.json    what rounding does to trained models: explained in smaller.py
    subwords.json   the loss per letter with larger tokens: explained in subwords.py
    spelling.json   counting the e's of a word, with and without its letters: explained in spelling.py
    model.json      the model of the default run: explained in model.py
    lab.json        what the lab in the browser costs: explained in in_browser.py
    larger.json     a model of a million parameters that learns from this book: explained in larger.py
    sizes.json      how the loss depends on size and data: explained in sizes.py
    figures/*.json  what the figures show; explained in their modules
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from microgpt import PRESETS, DataError, DivergenceError
from microgpt.scale.engines import EngineError

from .. import DATA, ROOT
from ..figures import all_figures
from ..tangle import UserError, write_files
from .bfloat import record_bfloat
from .default import record_run
from .eight_seeds import record_eight_seeds
from .fingerprint import fingerprint
from .ladder import record_ladder
from .measures import record_measures
from .model import record_model
from .paired import record_paired
from .smaller import record_smaller
from .spelling import record_spelling
from .subwords import record_subwords

REFERENCE = "reference.json"
Json = dict[str, Any]


def later(module: str, function: str) -> Callable[[], Json]:
    """A recorder that is imported only when it records, because it needs a package that the rest does without."""

    def record() -> Json:
        return getattr(importlib.import_module(module), function)()

    record.__module__ = module  # whose fingerprint it has
    return record


RECORDINGS: dict[str, Callable[[], Json]] = {
    "run.json": record_run,
    "model.json": record_model,
    "paired.json": record_paired,
    "ladder.json": record_ladder,
    "measures.json": record_measures,
    "controls.json": later("scripts.runs.controls", "record_controls"),
    "eight-seeds.json": record_eight_seeds,
    "beyond.json": later("scripts.runs.beyond", "record_beyond"),
    "post_training.json": later("scripts.runs.post_training", "record_post_training"),
    "compiled.json": later("scripts.runs.compiled", "record_compiled"),
    "batches.json": later("scripts.runs.batches", "record_batches"),
    "packing.json": later("scripts.runs.packing", "record_packing"),
    "pytorch.json": later("scripts.runs.pytorch", "record_pytorch"),
    "pytorch-times.json": later("scripts.runs.pytorch", "record_times"),
    "machines.json": later("scripts.runs.machines", "record_machines"),
    "decoding.json": later("scripts.runs.decoding", "record_decoding"),
    "decoding-times.json": later("scripts.runs.decoding_times", "record_times"),
    "arrays.json": later("scripts.runs.arrays", "record_arrays"),
    "engines.json": later("scripts.runs.engines", "record_engines"),
    "modern.json": later("scripts.runs.modern", "record_modern"),
    "smaller.json": record_smaller,
    "bfloat16.json": record_bfloat,
    "subwords.json": record_subwords,
    "spelling.json": record_spelling,
    "lab.json": later("scripts.runs.in_browser", "record_in_browser"),
    "larger.json": later("scripts.runs.larger", "record_larger"),
    "sizes.json": later("scripts.runs.sizes", "record_sizes"),
    **{f"figures/{name}": recording for figure in all_figures().values() for name, recording in figure.recordings.items()},
}


def current_fingerprint(name: str) -> str:
    """The fingerprint of what would make a recording now."""
    function = RECORDINGS[name]
    return fingerprint(getattr(function, "func", function).__module__)  # a partial keeps its function in `func`


def stale() -> list[str]:
    """The recordings that something else made than what would make them now, or that aren't there."""
    return [name for name in RECORDINGS if recorded_fingerprint(name) != current_fingerprint(name)]


def recorded_fingerprint(name: str) -> str:
    """The fingerprint that a recording begins with, or "" if it has none, or isn't there."""
    try:
        with open(DATA / name, encoding="utf-8", errors="replace") as file:
            file.readline()
            match = re.fullmatch(r'"fingerprint":"(\w+)",\n', file.readline())
    except FileNotFoundError:
        return ""
    return match[1] if match else ""


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
        return f"{name}: the same content, but not as it is written"
    more = f" (and {len(found) - 1} more)" if found[1:] else ""
    return f"{name}: {found[0]}{more}"


def record(names: list[str], only_check: bool = False) -> int:
    """Record what is named, or compare it with what is recorded; tell how long it still takes. The exit status.

    Each file is written when it is done, so an interrupted call loses nothing but the file it was at.
    """
    problems = 0
    expected = {name: seconds_recorded(name) for name in names}
    for i, name in enumerate(names):
        left = sum(expected[other] for other in names[i:])
        print(f"{i + 1} of {len(names)}: {name}, {left:.0f} s left" if left >= 1 else f"{i + 1} of {len(names)}: {name}", flush=True)
        started = time.monotonic()
        try:
            content = {"fingerprint": current_fingerprint(name), **RECORDINGS[name]()}
        except (DataError, DivergenceError, EngineError) as error:
            raise UserError(f"{name}: the program failed: {error}") from None
        except ModuleNotFoundError as error:
            raise UserError(f"{name}: recording it needs {error.name} (pip install {error.name})") from None
        seconds = time.monotonic() - started
        if not (problem := compare(name, content)):
            print(f"no change in {name}")
        elif only_check:
            print(problem, file=sys.stderr)
            problems += 1
        else:
            DATA.mkdir(parents=True, exist_ok=True)
            write_files(DATA, {name: to_text(content).encode()})
            print(f"wrote {name}")
        remember_seconds(name, seconds)
    return 1 if problems else 0


SECONDS = ROOT / "build" / "recording-seconds.json"  # how long each took here the last time


def seconds_recorded(name: str) -> float:
    try:
        return float(json.loads(SECONDS.read_text())[name])
    except (OSError, ValueError, LookupError, TypeError):  # not there, or damaged
        return 0.0


def remember_seconds(name: str, seconds: float) -> None:
    known = {other: seconds_recorded(other) for other in RECORDINGS} | {name: round(seconds, 1)}
    with suppress(OSError):  # it only serves to tell how long something takes
        write_files(SECONDS.parent, {SECONDS.name: json.dumps(known).encode()})


def record_reference(folder: Path, only_check: bool = False) -> int:
    """Record the published runs from what their programs printed, run-….txt in `folder`."""
    content = read_reference(folder)
    problem = compare(REFERENCE, content)
    if problem and only_check:
        print(problem, file=sys.stderr)
        return 1
    if problem:
        write_files(DATA, {REFERENCE: to_text(content).encode()})
    print("wrote" if problem else "no change in", REFERENCE)
    return 0
