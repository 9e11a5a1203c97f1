#!/usr/bin/env python3
"""Run all tests: make an environment in .venv, install what the tests need into it, run them.

Arguments are handed on to pytest: `python3 scripts/run_tests.py -k tangle`. Without any, everything runs, and the
coverage of the program is shown and has to reach 95 %.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
ALL = ["-n", "auto", "--dist", "worksteal", "--cov", "--cov-report=term-missing:skip-covered", "--cov-fail-under=95"]


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
    )
    stamp.write_text(wanted)
    return python


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 10):
        print("microgpt needs Python 3.10 or newer", file=sys.stderr)
        return 1
    try:
        python = install()
    except subprocess.CalledProcessError as error:
        print(f"error: {' '.join(error.cmd)} failed; on Debian, install python3-venv first", file=sys.stderr)
        return 1
    return subprocess.run([str(python), "-m", "pytest", *(arguments or ALL)], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
