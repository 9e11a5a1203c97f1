"""The house: the site builds, the one file is small, the pages are in order, nothing foreign is in the tree."""

import ast
import io
import re
import subprocess
import sys
import tokenize

import pytest
from scripts import tangle
import yaml

import microgpt

from tests import ROOT


class Loader(yaml.SafeLoader):
    """mkdocs.yml names Python objects and variables of the environment; here they are only text."""


Loader.add_multi_constructor("tag:yaml.org,2002:python/name:", lambda loader, suffix, node: suffix)
Loader.add_constructor("!ENV", lambda loader, node: loader.construct_sequence(node))


def pages(nav):
    for entry in nav:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            yield from [value] if isinstance(value, str) else pages(value)


def test_the_site_lists_all_pages_in_reading_order():
    config = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)
    listed = list(pages(config["nav"]))
    book = tangle.read_book(ROOT)
    chapters = [c.removeprefix("docs/") for c in book.chapters]
    numbered = [c for c in chapters if re.match(r"\d-", c)]
    assert [page for page in listed if re.match(r"\d-", page)] == numbered
    assert sorted(listed) == sorted(chapters)


def code_lines(source):
    """The lines that hold code: not blank, no comment, no docstring."""
    docstrings = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            docstrings.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in quiet:
            lines.update(range(token.start[0], token.end[0] + 1))
    return lines - docstrings


def imports(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." if node.level else node.module


def test_the_one_file_has_at_most_200_lines_of_code():
    source = (ROOT / "docs/assets/downloads/microgpt.py").read_text(encoding="utf-8")
    assert 150 < len(code_lines(source)) <= 200
    assert set(imports(source)) <= {"__future__", "math", "random", "pathlib"}


@pytest.mark.parametrize("path", [*sorted((ROOT / "microgpt").glob("*.py")), ROOT / "scripts/tangle.py"], ids=lambda p: p.name)
def test_the_program_needs_only_the_standard_library(path):
    modules = {name.split(".")[0] for name in imports(path.read_text(encoding="utf-8"))} - {"", "__future__"}
    assert modules <= set(sys.stdlib_module_names)


def test_scripts_hold_no_model_code():
    names = {"Value", "softmax", "linear", "attention", "backward"}
    for path in (ROOT / "scripts").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        defined = {n.name for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
        assert not defined & names, path


def test_everything_public_is_exported_and_documented():
    assert sorted(microgpt.__all__, key=str.casefold) == sorted(set(microgpt.__all__), key=str.casefold)
    for name in microgpt.__all__:
        thing = getattr(microgpt, name)
        if callable(thing) and hasattr(thing, "__module__") and thing.__module__.startswith("microgpt"):
            assert thing.__doc__, name
    assert (ROOT / "microgpt/py.typed").exists()
    api = (ROOT / "docs/appendix/api.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^::: microgpt\.(\w+)", api, re.M)) == set(microgpt.__all__)


def test_the_changelog_knows_the_version():
    assert f"## {microgpt.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_importing_does_nothing():
    code = "import sys, gc, random; s = random.getstate(); import microgpt; assert random.getstate() == s and gc.isenabled()"
    result = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
