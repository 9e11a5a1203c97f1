#!/usr/bin/env python3
"""Run the tests: make an environment in .venv, install what they need into it, run them.

    python3 scripts/run_tests.py                   everything; shows the coverage, which has to reach 95 %
    python3 scripts/run_tests.py --lane fast       no training, no browser: half a minute
    python3 scripts/run_tests.py --lane slow       what trains, what builds, what attacks
    python3 scripts/run_tests.py --lane browser    the site in Chromium
    python3 scripts/run_tests.py -k softmax        other arguments are handed on to pytest
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LANES = ("all", "fast", "slow", "browser")
PARALLEL = ["-n", "auto", "--dist", "worksteal"]
COVERAGE = ["--cov", "--cov-report=term-missing:skip-covered", "--cov-fail-under=95"]


def install() -> Path:
    """Make the environment, unless it is there and made from the same pyproject.toml; return its Python."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = VENV / "installed"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + sys.version.encode()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    print("installing what the tests need into .venv", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", ".[dev]"],
        cwd=ROOT, check=True,
    )  # fmt: skip
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        # Where it can't be had, the tests of the browser lane skip, and the summary says so.
        subprocess.run([str(python), "-m", "playwright", "install", "chromium"], capture_output=True)
    stamp.write_text(wanted)
    return python


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 10):
        print("microgpt needs Python 3.10 or newer", file=sys.stderr)
        return 1
    lane = ""
    if arguments[:1] == ["--lane"]:
        lane, arguments = (arguments[1:2] or [""])[0], arguments[2:]
        if lane not in LANES:
            print(f"error: --lane needs one of {', '.join(LANES)}", file=sys.stderr)
            return 2
    try:
        python = install()
    except subprocess.CalledProcessError as error:
        print(f"error: {' '.join(error.cmd)} failed; on Debian, install python3-venv first", file=sys.stderr)
        return 1
    command = [str(python), "-m", "pytest"]
    if lane in ("fast", "slow", "browser"):
        command += [f"tests/{lane}", *PARALLEL]
    elif lane == "all" or not arguments:
        command += [*PARALLEL, *COVERAGE]
    try:
        return subprocess.run([*command, *arguments], cwd=ROOT).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
