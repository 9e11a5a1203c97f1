"""The engines against one another: documents a second, memory, and what has to be installed.

    engines.json:
        machine     processors, and the versions of Python and of the packages
        speed       documents a second, of "numpy float32 256", say: the engine, its numbers, documents a step; plain with
                    one document a step is 1. "rung-5" is the program in one file, "unfused" the algorithm in its plainest
                    form, with a node for each product and each sum, as it was published
        first       how long the first step takes, compilation included, in documents of plain with one a step
        memory      the peak of the process, in megabytes
        install     megabytes on the disk, the packages that it needs included
        widths      how long a step takes at other widths than 16, with that as 1; and under "factor" how many times numpy
                    is as fast as plain there
        wasted      how many times as long a step of plain takes as its multiplications would, done at the rate of large
                    tables on one core

All are ratios within one recording, of the time of one processor: an engine that would use several has one here. Each
thing is measured in a process of its own, in turn, and of several windows of steps the quickest counts. A value that
comes near to what is recorded stays.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import math
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from microgpt import Adam, Config, Tokenizer, count_params, flatten, init_params, load_docs
from microgpt.scale.engines import make_engine

from .. import DATA, ROOT
from ..tangle import UserError
from .ladder import settled

Json = dict[str, Any]
ONE_FILE = ROOT / "docs" / "assets" / "downloads" / "microgpt.py"
MODULES = {  # whose code the fingerprint counts
    "numpy": "microgpt.scale.numpy_engine", "torch": "microgpt.scale.torch_engine", "jax": "microgpt.scale.jax_engine",
}  # fmt: skip
SIDE = 1000  # of the large tables
ROUNDS = 2  # processes for each case; of their windows the quickest counts
WIDTHS = (4, 64)
NAMES = 20  # read again and again, so that each window has the same to do
# The steps of a window and how many windows, with one document a step and with many: short ones, among which some are not
# disturbed, and long enough for the clock. JAX's are whole chunks.
WINDOWS = {
    "plain": ((20, 4), (1, 1)), "rung-5": ((20, 4), (1, 1)), "unfused": ((20, 1), (1, 1)), "numpy": ((40, 20), (1, 8)),
    "torch": ((20, 15), (2, 8)), "jax": ((1000, 6), (200, 4)),
}  # fmt: skip


class Case(NamedTuple):
    """What is measured."""

    engine: str
    dtype: str = "float64"
    batch: int = 1
    width: int = 16

    def __str__(self) -> str:
        return f"{self.engine} {self.dtype} {self.batch}" + (f" width {self.width}" if self.width != 16 else "")


def cases(engines: list[str]) -> list[Case]:
    """Everything that is measured with these engines."""
    found = [Case("plain"), Case("plain", batch=256), Case("rung-5"), Case("unfused")]
    for engine in engines:
        found += [Case(engine, dtype, batch) for batch in (1, 256) for dtype in ("float64", "float32")]
    if "numpy" in engines:
        found += [Case(engine, width=width) for width in WIDTHS for engine in ("plain", "numpy")]
    return found


def installed() -> tuple[list[str], list[str]]:
    """The engines that need a package: those that can be had here, and those that can't."""
    there = [name for name in MODULES if importlib.util.find_spec(name)]
    return there, [name for name in MODULES if name not in there]


# ------------------------------------------------------------------------- in a process of its own


def first_names() -> list[str]:
    docs = load_docs()
    random.Random(42).shuffle(docs)
    return docs[:NAMES]


def training(case: Case, steps: int) -> Iterator[Any]:
    """The training that is measured: on the first names of the default run."""
    tokenizer, rng, docs = Tokenizer(load_docs()), random.Random(42), first_names()
    if case.engine == "unfused":
        from tests.plain_gpt import PlainGPT  # type: ignore[import-not-found]

        program = PlainGPT(load_docs(), steps=steps)
        program.docs = docs
        return program.train()
    if case.engine == "rung-5":
        spec = importlib.util.spec_from_file_location("one_file", ONE_FILE)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        config = module.Config()
        config.steps = steps
        return module.train(docs, tokenizer, module.init_params(config, tokenizer.vocab_size, rng), config)
    config = Config(steps=steps, n_embd=case.width)
    params = init_params(config, tokenizer.vocab_size, rng)
    adam = Adam(flatten(params), config.beta1, config.beta2, config.eps)
    return make_engine(case.engine, params, config, adam, case.dtype).train(docs, tokenizer, case.batch)


def measure(case: Case) -> Json:
    """Train in this process; return seconds of processor a document, those of the first step, and the peak of memory."""
    one_core()
    window, windows = WINDOWS[case.engine][case.batch > 1]
    steps = training(case, (windows + 1) * window)
    started = time.process_time()
    next(steps)
    first = time.process_time() - started
    for _ in islice(steps, window - 1):  # the first window warms up
        pass
    quickest = math.inf
    for _ in range(windows):
        started = time.process_time()
        for _ in islice(steps, window):
            pass
        quickest = min(quickest, time.process_time() - started)
    return {"seconds": quickest / window / case.batch, "first": first, "memory": peak_memory()}


def one_core() -> None:
    """Stay on one processor, where the system can do that: engines that find several use them, and that's not compared."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def peak_memory() -> float:
    """The peak memory of this process in megabytes, or 0 where the system doesn't tell."""
    try:
        import resource
    except ImportError:
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def large_tables() -> float:
    """Products a second, each with its addition, when NumPy multiplies two large tables."""
    one_core()
    import numpy as np

    a, quickest = np.random.default_rng(1).random((SIDE, SIDE)), math.inf
    for _ in range(10):
        started = time.process_time()
        a @ a
        quickest = min(quickest, time.process_time() - started)
    return SIDE**3 / quickest


# ------------------------------------------------------------------------------- from the outside


def ask(*arguments: str) -> Any:
    """Run this module in a process of its own, its libraries with one thread, and return what it prints."""
    command = [sys.executable, "-m", "scripts.runs.engines", *arguments]
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "VECLIB")}
    run = subprocess.run(command, cwd=ROOT, env={**os.environ, **threads}, capture_output=True, text=True)
    if run.returncode:
        raise UserError(f"engines: {' '.join(arguments)}: {(run.stderr.strip().splitlines() or ['no message'])[-1]}")
    return json.loads(run.stdout)


def measured(engines: list[str], rounds: int = ROUNDS) -> dict[Case, Json]:
    """Measure all cases in turn, some rounds; of each the quickest."""
    best: dict[Case, Json] = {}
    for round_ in range(rounds):
        for case in cases(engines):
            print(f"\r  round {round_ + 1} of {rounds}: {case!s:30}", end="", file=sys.stderr, flush=True)
            found = ask(*map(str, case))
            best[case] = {key: min(value, best.get(case, found)[key]) for key, value in found.items()}
    print(file=sys.stderr)
    return best


def report(engines: list[str], rounds: int = ROUNDS) -> Json:
    """Measure, and return ratios."""
    best = measured(engines, rounds)
    one = best[Case("plain")]["seconds"]
    normal = {case: found for case, found in best.items() if case.width == 16}
    content: Json = {
        "machine": machine(engines),
        "speed": {str(case): one / found["seconds"] for case, found in normal.items()},
        "first": {str(case): found["first"] / one for case, found in normal.items()},
        "memory": {str(case): found["memory"] for case, found in normal.items()},
        "install": {name: install_size(name) for name in engines},
    }
    if "numpy" in engines:
        names = ("plain", "numpy")
        times = {(name, width): best[Case(name, width=width)]["seconds"] for name in names for width in (16, *WIDTHS)}
        content["widths"] = {name: {str(width): times[name, width] / times[name, 16] for width in WIDTHS} for name in names}
        content["widths"]["factor"] = {str(width): times["plain", width] / times["numpy", width] for width in WIDTHS}
        rate = max(ask("tables") for _ in range(rounds))
        content["wasted"] = one / (products() / rate)
    return content


def products() -> float:
    """The multiplications of a name in the products of tables, as the chapter counts them: the mean of the first names."""
    config, size = Config(), Tokenizer(load_docs()).vocab_size
    weights = count_params(config, size) - (size + config.block_size) * config.n_embd
    return 3 * weights * sum(len(name) + 1 for name in first_names()) / NAMES


def machine(engines: list[str]) -> Json:
    versions = {name: importlib.metadata.version(name) for name in engines}
    return {"cpus": os.cpu_count(), "python": ".".join(map(str, sys.version_info[:2])), **versions}


def install_size(name: str) -> float:
    """Megabytes on the disk of a package and of all that it needs."""
    found: dict[str, int] = {}
    todo = [name]
    while todo:
        package = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if package in found:
            continue
        try:
            distribution = importlib.metadata.distribution(package)
        except importlib.metadata.PackageNotFoundError:  # for other systems, or needed by an extra alone
            continue
        paths = [Path(str(file.locate())) for file in distribution.files or []]
        found[package] = sum(path.stat().st_size for path in paths if path.is_file() and path.suffix != ".pyc")
        needs = [need for need in distribution.requires or [] if "extra ==" not in need]
        todo += [match[0] for need in needs if (match := re.match(r"[\w.-]+", need))]
    return sum(found.values()) / 1e6


def settle(content: Json, before: Json) -> Json:
    """Round what was measured; keep what is recorded where that is near."""
    found: Json = {}
    for key, value in content.items():
        old = before.get(key, {} if isinstance(value, dict) else 0.0)
        if isinstance(value, dict) and key != "machine":
            found[key] = settle(value, old if isinstance(old, dict) else {})
        else:
            found[key] = settled(value, old if isinstance(old, (int, float)) else 0.0, ".2g") if isinstance(value, float) else value
    return found


def record_engines() -> Json:
    """Return the content of engines.json. Raises UserError unless all engines are there."""
    engines, missing = installed()
    if missing:
        raise UserError(f"engines.json: to compare all engines install {', '.join(missing)} (pip install 'microgpt-book[scale]')")
    path = DATA / "engines.json"
    return settle(report(engines), json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {})


# --------------------------------------------------------------------------------- for the terminal


def compare(wanted: list[str], rounds: int) -> int:
    """Print a table of the engines; without names, of all that are installed. The exit status."""
    engines, missing = installed()
    if unknown := [name for name in wanted if name not in MODULES]:
        raise UserError(f"there is no engine {unknown[0]}, only {', '.join(MODULES)}")
    if wanted:
        engines, missing = [name for name in engines if name in wanted], [name for name in missing if name in wanted]
    found = report(engines, rounds)
    print(f"{os.cpu_count()} CPUs, Python {found['machine']['python']}, the quickest of {rounds} rounds; plain with a document a step is 1")
    print(f"{'engine':9}{'numbers':9}{'batch':>6}{'documents/s':>13}{'same batch':>12}{'first step':>12}{'peak MB':>9}{'installed MB':>14}")
    for case, speed in found["speed"].items():
        engine, dtype, batch = case.split()
        same = speed / found["speed"][f"plain float64 {batch}"]
        size = f"{found['install'][engine]:14.0f}" if engine in found["install"] else f"{'–':>14}"
        print(f"{engine:9}{dtype:9}{batch:>6}{speed:13.3g}{same:12.3g}{found['first'][case]:12.3g}{found['memory'][case]:9.0f}{size}")
    for name in missing:
        print(f"left out: {name} (pip install {name})")
    return 0


def main(argv: list[str]) -> int:
    """Measure one case, or the large tables, in this process."""
    if argv == ["tables"]:
        found: Any = large_tables()
    else:
        engine, dtype, batch, width = argv
        found = measure(Case(engine, dtype, int(batch), int(width)))
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
