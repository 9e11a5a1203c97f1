"""What several tests need: the original names, what the published programs printed on them, and work done only once.

xdist runs the tests in several processes. What takes long and is the same for all of them, the default run, the built
site, a command that several pages show, the first that needs it makes under a lock, and the others take it from there.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import settings

from tests import ROOT


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_heard() -> None:
    """Also in the background, where the shell has this process ignore it: some tests and examples send it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)

# In CI more examples, and always the same: a fault that comes and goes is found here, not in somebody's pull request.
settings.register_profile("here", deadline=None, max_examples=1000)
settings.register_profile("CI", deadline=None, max_examples=10_000, derandomize=True)
settings.load_profile("CI" if os.environ.get("CI") else "here")
# What XLA compiles for JAX runs for a moment here: it need not be good, only soon there.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false")


@pytest.fixture(scope="session")
def once(tmp_path_factory) -> Callable[[str, Callable[[], Any]], Any]:
    """once(name, make) gives what `make` makes, which is called in one process of the session."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # that of all workers

    def once(name: str, make: Callable[[], Any]) -> Any:
        file = folder / f"{name}.pickle"
        with FileLock(folder / f"{name}.lock"):
            if not file.exists():
                made = pickle.dumps(make())
                file.write_bytes(made)
            return pickle.loads(file.read_bytes())

    return once


@pytest.fixture(scope="session")
def default_run_made(once) -> None:
    """After this, default_run() finds the run on the disk."""
    from scripts.runs.default import default_run

    once("default-run", lambda: default_run() and None)


def pytest_configure(config: pytest.Config) -> None:
    config.started = time.monotonic()


def pytest_collection_finish() -> None:
    """Training makes thousands of objects a step, in no cycles, and a sixth of its time goes into looking for some.

    The looking is as often as it needs to be for the cycles of the tests themselves, and leaves what is there by now alone.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """How long each lane took, and what was skipped for want of a browser."""
    seconds, tests, skipped = Counter(), Counter(), 0
    for outcome, reports in terminalreporter.stats.items():
        for report in reports:
            if (lane := getattr(report, "nodeid", "").partition("tests/")[2].partition("/")[0]) and hasattr(report, "duration"):
                seconds[lane] += report.duration
                tests[lane] += report.when == "call" or outcome == "skipped"
                skipped += outcome == "skipped" and "no Chromium" in str(report.longrepr)
    if seconds:
        lanes = ", ".join(f"{lane} {tests[lane]} tests {seconds[lane]:.0f} s" for lane in sorted(seconds))
        terminalreporter.write_line(f"work: {lanes}; on the clock {time.monotonic() - config.started:.0f} s")
    if skipped:
        terminalreporter.write_line(
            f"{skipped} tests of the pages were skipped: there is no Chromium (on Debian: apt-get install chromium)"
        )


def names_of_the_original() -> Path:
    return Path(os.environ.get("MICROGPT_NAMES") or ROOT.parent / "shared" / "data" / "names.txt")


@pytest.fixture(scope="session")
def original_names() -> Path:
    """The 32,033 names of the original. They may not be committed, so they are looked for beside the project."""
    path = names_of_the_original()
    if not path.is_file():
        pytest.skip("the original names are not here: set MICROGPT_NAMES to the path of makemore's names.txt")
    return path


@pytest.fixture(scope="session")
def reference() -> dict:
    """What the two editions printed: {"4192": {"losses": [...], "samples": [...], ...}, "4064": ...}."""
    return json.loads((ROOT / "docs/assets/data/reference.json").read_text(encoding="utf-8"))
