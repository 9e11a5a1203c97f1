"""The scripts are one package: one way to import, nothing changed in sys.path, and nothing needed that isn't there."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.runs.fingerprint import file_of
from tests import ROOT

ENGINES = ("jax", "numpy", "torch")

SCRIPTS = sorted((ROOT / "scripts").rglob("*.py"))
RUN_AS_FILES = {"book.py", "tangle.py", "run_tests.py"}
SITE_ONLY = {"markdown", "mkdocs", "pygments", "PIL", "griffe", "pymdownx", "material", "mkdocstrings", "playwright", "pytest", "yaml"}


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def name(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_no_script_changes_where_modules_are_looked_for(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr == "path" and isinstance(node.value, ast.Name):
            assert node.value.id != "sys", f"{name(path)}:{node.lineno} looks at sys.path"
        assert not isinstance(node, ast.ImportFrom) or node.module != "sys"


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_imports_are_relative_and_lead_somewhere(path):
    package = module_of(path).split(".") if path.name == "__init__.py" else module_of(path).split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not {alias.name.split(".")[0] for alias in node.names} & {"scripts", "tests"}, f"{name(path)}:{node.lineno}"
        elif isinstance(node, ast.ImportFrom) and not node.level:
            absolute = node.module.split(".")[0] == "scripts"
            assert not absolute or path.name == "book.py", f"{name(path)}:{node.lineno}: import it relatively"
        elif isinstance(node, ast.ImportFrom):
            assert path.parent != ROOT / "scripts", "a script that is run as a file has no package"
            base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])
            assert file_of(base), f"{name(path)}:{node.lineno}: there is no module {base}"
            for alias in node.names:
                try:
                    thing = importlib.import_module(base)
                except ModuleNotFoundError as error:
                    if error.name in ENGINES:
                        pytest.skip(f"{error.name} is not installed")
                    raise
                assert hasattr(thing, alias.name) or file_of(f"{base}.{alias.name}"), f"{name(path)}:{node.lineno}: {alias.name}"


def test_what_is_run_as_a_file():
    assert {path.name for path in SCRIPTS if path.read_text(encoding="utf-8").startswith("#!")} == RUN_AS_FILES


BLOCKED = f"""
import importlib, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {SITE_ONLY!r}:
            raise ImportError(name + " is for the site or the tests")

sys.meta_path.insert(0, Refuse())
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in {ENGINES!r}:  # one that isn't installed here
            raise
"""


def test_only_the_site_needs_more_than_python_and_imports_do_nothing_else():
    modules = [module_of(path) for path in SCRIPTS if "site" not in path.relative_to(ROOT).parts]
    assert len(modules) > 30 and {"scripts.book", "scripts.text.numbers", "scripts.runs.recording"} <= set(modules)
    python = [sys.executable, "-B", "-W", "error", "-c", BLOCKED]
    result = subprocess.run([*python, *modules], cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    site = subprocess.run([*python, "scripts.site.chunks"], cwd=ROOT, capture_output=True, text=True)
    assert site.returncode == 1 and "is for the site or the tests" in site.stderr, "the blocker blocks"
