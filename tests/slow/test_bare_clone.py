"""A clone of what is committed, with a Python that has nothing installed."""

import os
import subprocess
import sys

import pytest

from tests import ROOT
from tests.fast.test_tangle import everything_in

pytestmark = pytest.mark.no_cover


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = next(path for path in (folder / "bin/python", folder / "Scripts/python.exe") if path.exists())
    found = subprocess.run([python, "-c", "import markdown"], cwd=folder, env=environment(), capture_output=True)
    assert found.returncode == 1
    return python


def environment():
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GIT_", "VIRTUAL"))}


@pytest.fixture
def clone(tmp_path):
    if not (ROOT / ".git").exists():
        pytest.skip("this is no Git repository, so it can't be cloned")
    subprocess.run(["git", "clone", "--quiet", ROOT, tmp_path / "clone"], check=True, env=environment())
    return tmp_path / "clone"


def test_check_passes_on_a_clone_with_nothing_installed(python, clone):
    env = {**environment(), "PYTHONDONTWRITEBYTECODE": "1"}
    before = everything_in(clone)
    result = subprocess.run([python, "scripts/book.py", "check"], cwd=clone, env=env, capture_output=True, encoding="utf-8")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.endswith("\nall is as the chapters say\n")
    assert everything_in(clone) == before
    result = subprocess.run([python, "scripts/book.py"], cwd=clone, env=env, capture_output=True, encoding="utf-8")
    assert (result.returncode, result.stdout, result.stderr) == (0, "nothing to do\n", "")
    assert everything_in(clone) == before
