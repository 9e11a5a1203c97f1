"""What is installed: the package with all its modules, the ladder among them, and nothing else; and it runs."""

import os
import subprocess
import sys
import tarfile
import zipfile

import pytest

from tests import ROOT

PROGRAM = {path.relative_to(ROOT).as_posix() for path in (ROOT / "microgpt").rglob("*") if path.suffix in (".py", ".txt", ".typed")}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    pytest.importorskip("hatchling", reason="what builds the wheel is not here: pip install hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=ROOT, check=True, capture_output=True)
    return folder


def test_the_wheel_is_the_package_and_runs_every_rung(built, tmp_path):
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        archive.extractall(tmp_path)
    assert names == PROGRAM and {f"microgpt/ladder/train{rung}.py" for rung in range(5)} < names
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    for rung in range(6):
        command = [sys.executable, "-m", "microgpt.ladder", str(rung), "--steps=1", "--quiet"]
        result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert (result.returncode, result.stderr, result.stdout.count("sample ")) == (0, "", 20)


def test_the_source_archive_has_the_book_too(built):
    [archive] = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    downloads = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/assets/downloads").rglob("*.py")}
    assert PROGRAM | downloads | {"scripts/tangle.py", "mkdocs.yml", "tests/fast/test_ladder.py"} <= names
