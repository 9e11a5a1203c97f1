#!/usr/bin/env python3
"""Run the tests: make an environment in .venv, install what they need into it, run them.

    python3 scripts/run_tests.py                   everything; shows the coverage, which has to reach 95 %
    python3 scripts/run_tests.py --lane fast       no training, no site, no browser: half a minute
    python3 scripts/run_tests.py --lane slow       what trains, and what attacks
    python3 scripts/run_tests.py --lane browser    the site: built, and in Chromium
    python3 scripts/run_tests.py -k softmax        other arguments are handed on to pytest
    python3 scripts/run_tests.py --engines         first install NumPy, JAX and PyTorch too; without them their tests skip
    python3 scripts/run_tests.py --install         only make the environment, with --engines if that is there too
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LANES = ("all", "fast", "slow", "browser")
# First the fast lane, so that what a typo breaks is known after half a minute. Then the other two as one: while one process
# builds the site, which browsers wait for, another trains; and there is one end at which one has nothing left to do, not two.
EVERYTHING = [["fast"], ["slow", "browser"]]
PARALLEL = ["-n", "auto", "--dist", "worksteal", "--durations=10", "--durations-min=1"]
NO_TESTS = 5  # what pytest ends with if it found none, as with -k
PINNED = ["torch==2.13.0", "jax==0.10.2; python_version > '3.10'"]  # those that the recordings were made with
COMPARED = ["tiktoken>=0.7,<1", "tokenizers>=0.20,<1"]  # what our tokenizer is compared with
COVERAGE = ["--cov", "--cov-report=term-missing:skip-covered", "--cov-fail-under=95"]


def install(engines: bool = False) -> Path:
    """Make the environment, unless it is there and made from the same pyproject.toml; return its Python."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = VENV / "installed"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + sys.version.encode()).hexdigest()
    made = stamp.read_text() if python.exists() and stamp.exists() else ""
    if made == f"{wanted} engines" or made == wanted and not engines:
        return python
    print("installing what the tests need into .venv", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    what = ["-e", ".[dev,scale]", *PINNED, *COMPARED] if engines else ["-e", ".[dev]"]
    # Python compiles what is imported. To compile all that comes with PyTorch takes a minute, of one processor.
    options = ["--quiet", "--disable-pip-version-check", "--no-compile"]
    subprocess.run([str(python), "-m", "pip", "install", *options, *what], cwd=ROOT, check=True)
    stamp.write_text(f"{wanted} engines" if engines else wanted)
    return python


def fetch_browser(python: Path) -> None:
    """Try once, where the system has none. If it can't be had, the tests of the browser lane skip, and the summary says so."""
    asked = VENV / "browser"
    if not asked.exists() and not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        subprocess.run([str(python), "-m", "playwright", "install", "chromium"], capture_output=True)
        asked.touch()


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 10):
        print("microgpt needs Python 3.10 or newer", file=sys.stderr)
        return 1
    engines, only_install = "--engines" in arguments, "--install" in arguments
    arguments = [argument for argument in arguments if argument not in ("--engines", "--install")]
    lane = ""
    if arguments[:1] == ["--lane"]:
        lane, arguments = (arguments[1:2] or [""])[0], arguments[2:]
        if lane not in LANES:
            print(f"error: --lane needs one of {', '.join(LANES)}", file=sys.stderr)
            return 2
    try:
        python = install(engines)
    except subprocess.CalledProcessError as error:
        print(f"error: {' '.join(error.cmd)} failed; on Debian, install python3-venv first", file=sys.stderr)
        return 1
    if only_install:
        return 0
    fetch_browser(python)
    try:
        if arguments and not lane:
            return pytest(python, arguments)
        return run_lanes(python, EVERYTHING if lane in ("", "all") else [[lane]], arguments)
    except KeyboardInterrupt:
        return 130


def pytest(python: Path, arguments: list[str]) -> int:
    return subprocess.run([str(python), "-m", "pytest", *arguments], cwd=ROOT).returncode


def run_lanes(python: Path, groups: Sequence[Sequence[str]], arguments: list[str]) -> int:
    """One group after the other; say how long each took."""
    statuses, clock = [], []
    for lanes in groups:
        # The fast lane alone covers the program, and it is measured where everything runs and in CI: measuring takes time.
        measured = lanes == ["fast"] and (len(groups) > 1 or os.environ.get("CI")) and not arguments
        print(f"the {' and the '.join(lanes)} lane:", flush=True)
        start = time.monotonic()
        folders = [f"tests/{lane}" for lane in lanes]
        statuses.append(pytest(python, [*folders, *PARALLEL, *(COVERAGE if measured else []), *arguments]))
        clock.append((" and ".join(lanes), time.monotonic() - start))
    if len(groups) > 1:
        print(", ".join(f"{lane} {seconds:.0f} s" for lane, seconds in clock), end="; ")
        print(f"all {sum(seconds for _, seconds in clock):.0f} s, where 100 steps of training take {hundred_steps(python):.1f} s")
    failed = [status for status in statuses if status not in (0, NO_TESTS)]
    return failed[0] if failed else min(statuses)


def hundred_steps(python: Path) -> float:
    """How long the program takes for them now: the times of the lanes mean little without it, on another machine or day."""
    start = time.monotonic()
    subprocess.run([str(python), "-m", "microgpt", "--steps", "100", "--samples", "0"], cwd=ROOT, capture_output=True)
    return time.monotonic() - start


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
