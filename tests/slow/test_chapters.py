"""What stands on the pages is true: every example gives what is printed beside it, and the program is the chapters'."""

import re

import pytest

from scripts import tangle
from scripts.text import examples
from scripts.text.chapter import READ_ME, Chapter
from scripts.text.navigation import parts
from tests import ROOT

pytestmark = pytest.mark.no_cover  # measuring makes training several times slower, and other tests cover the program

PAGES = sorted((ROOT / "docs").rglob("*.md"))
PARTS = parts(ROOT)
CHAPTERS = [page for page in PAGES if page.parent.name in PARTS[1:]]  # the first is the big picture
CONSOLE = [page for page in [*PAGES, *(ROOT / name for name in READ_ME)] if Chapter(page).fences("console")]
# A command that only prints, and the same each time: several pages may show it.
PRINTS_ONLY = re.compile(r"python3 -m microgpt(?!.*(--save|--load|--checkpoint|--resume))[^<>|&;$]*")


def name(path):
    return str(path.relative_to(ROOT / "docs"))


def skip_without_packages(path):
    if missing := examples.missing(Chapter(path)):
        pytest.skip(f"needs {', '.join(missing)} (python3 scripts/run_tests.py --engines)")


@pytest.mark.parametrize("path", [path for path in PAGES if Chapter(path).fences("pycon")], ids=name)
def test_pycon_blocks(path, workplace, monkeypatch):
    skip_without_packages(path)
    monkeypatch.chdir(workplace)
    problems = [f"{path}:{wrong.line}: {wrong.message}" for wrong in examples.pycon(Chapter(path))]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("path", CONSOLE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_console_blocks(path, workplace, output_of):
    """The blocks of a page in their order: a later one may use what an earlier one made."""
    skip_without_packages(path)

    def run(command, folder):
        return output_of(command) if PRINTS_ONLY.fullmatch(command) else examples.run_command(command, folder)

    chapter = Chapter(path)
    found = [wrong for fence in chapter.fences("console") for wrong in examples.console(chapter, workplace, fence, run)]
    problems = [f"{path}:{wrong.line}: {wrong.message}" for wrong in found]
    assert not problems, "\n".join(problems)


def test_the_package_is_what_the_chapters_make():
    assert tangle.main(["--root", str(ROOT), "--check"]) == 0


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_a_chapter_has_its_parts(path):
    """Problem first, then something to run, and three exercises with answers."""
    text = path.read_text(encoding="utf-8")
    for fence in Chapter(path).fences():
        text = text.replace(fence.text, "")
    after = "\n".join(Chapter(path).lines[len(Chapter(path).front_matter) :]).lstrip()
    assert re.findall(r"^# .+", text, re.M) == [after.splitlines()[0]], "one title, in the first line"
    headings = re.findall(r"^## (.+)", text, re.M)
    assert headings[-2:] == ["Run it", "Exercises"] or headings[-1] == "Run it, change it"
    run_it, exercises = re.fullmatch(r"(.*?)(^\*\*Predict\.\*\*.*)", text.partition("\n## Run it")[2], re.M | re.S).groups()
    assert "```console" in run_it
    assert re.findall(r"^\*\*(Predict|Break|Extend)\.\*\*", exercises, re.M) == ["Predict", "Break", "Extend"]
    # A further question has a heading of its own, and each has its answer.
    questions = re.split(r"^\*\*[A-Z][^*\n]*[.?]\*\*", exercises, flags=re.M)[1:]
    assert all(question.count("<details") == question.count("</details>") == 1 for question in questions)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_diagram_is_followed_by_a_sentence(path):
    text = path.read_text(encoding="utf-8")
    for after in re.findall(r"```mermaid\n.*?\n```\n\n(.*)", text, re.S):
        assert re.match(r"[A-Z*`\[]", after), "a paragraph stands after the diagram, to say what it shows"


def test_every_excerpt_fits_on_a_screen():
    book = tangle.read_book(ROOT)
    for piece in book.pieces:
        lines = [line for i, line in enumerate(piece.lines, piece.header_line + 1) if line.strip() and i not in piece.references]
        assert piece.is_file or len(lines) <= 20, f"{piece.chapter}:{piece.header_line}: {len(lines)} lines"
