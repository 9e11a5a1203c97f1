"""What stands on the pages is true: every example gives what is printed beside it, and the program is the chapters'."""

import re
import shutil
from pathlib import Path

import pytest
from scripts import tangle
from scripts.text.examples import find_examples, run_console, run_pycon

pytestmark = pytest.mark.no_cover  # measuring makes training several times slower, and other tests cover the program

from tests import ROOT
PAGES = sorted((ROOT / "docs").rglob("*.md"))
CHAPTERS = [page for page in PAGES if re.match(r"[1-5]-", page.parent.name)]
CONSOLE = [
    pytest.param(page, example, id=f"{page.relative_to(ROOT)}:{example.line}")
    for page in [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    for example in find_examples(page)
    if example.language == "console"
]


def name(path):
    return str(path.relative_to(ROOT / "docs"))


@pytest.fixture(scope="session")
def workplace(tmp_path_factory):
    """A copy of the project, so that an example may write what it likes."""
    folder = tmp_path_factory.mktemp("project")
    for part in ("docs", "microgpt", "scripts"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_pycon_blocks(path, workplace, monkeypatch):
    monkeypatch.chdir(workplace)
    problems = run_pycon(path)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("path, example", CONSOLE)
def test_console_blocks(path, example, workplace):
    problem = run_console(example, workplace)
    assert not problem, f"{path}:{example.line}\n{problem}"


def test_the_package_is_what_the_chapters_make():
    assert tangle.main(["--root", str(ROOT), "--check"]) == 0


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_a_chapter_has_its_parts(path):
    """Problem first, then what we have now, something to run, and three exercises with answers."""
    text = path.read_text(encoding="utf-8")
    for block in find_examples(path):
        text = text.replace(block.text, "")
    assert re.findall(r"^# .+", text, re.M) == [text.splitlines()[0]], "one title, in the first line"
    headings = re.findall(r"^## (.+)", text, re.M)
    assert headings[-3:] == ["What we have now", "Run it", "Exercises"]
    run_it = text.partition("\n## Run it\n")[2].partition("\n## ")[0]
    assert "```console" in run_it
    exercises = text.partition("\n## Exercises\n")[2]
    assert re.findall(r"^\*\*(Predict|Break|Extend)\.\*\*", exercises, re.M) == ["Predict", "Break", "Extend"]
    assert exercises.count("<details") == exercises.count("</details>") == 3


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_diagram_is_followed_by_a_sentence(path):
    text = path.read_text(encoding="utf-8")
    for after in re.findall(r"```mermaid\n.*?\n```\n\n(.*)", text, re.S):
        assert re.match(r"[A-Z*`\[]", after), "a paragraph stands after the diagram, to say what it shows"


def test_every_excerpt_fits_on_a_screen():
    book = tangle.read_book(ROOT)
    for piece in book.pieces:
        lines = [line for line in piece.lines if line.strip()]
        assert piece.is_file or len(lines) <= 20, f"{piece.chapter}:{piece.header_line}: {len(lines)} lines"
