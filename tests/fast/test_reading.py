"""How long the chapters take to read, which are on the short path, and how long they may be."""

import re

import pytest

from scripts.tangle import UserError
from scripts.text import pages, reading
from scripts.text.chapter import Chapter
from scripts.text.numbers import WrongExpression, compute
from scripts.text.reading import Words, count, reading_time, short_path
from scripts.text.scoreboard import chapter_of
from tests import ROOT

HOME = (ROOT / "docs/index.md").read_text(encoding="utf-8")
SHORT = short_path()
LIMIT = 2200  # words of prose of a chapter of the parts 0 to 4, without the exercises
CHAPTERS = [path.relative_to(ROOT).as_posix() for path in reading.numbered()]


@pytest.mark.parametrize(
    ("text", "prose", "code"),
    [
        ("", 0, 0),
        ("# Two words\n\nand *three* **more** -- 4.5 % don't", 7, 0),
        ("Four<!-- not this --> words<!--= params(\"4192\") :, --> and [a link](x.md#y) here", 6, 0),
        ("A <b class='x y'>tag</b> and `x = 1 <!--` code", 6, 0),
        ("one\n\n<!--\nhidden\n\n```python\na b c\n```\n-->\n\ntwo", 2, 0),
        ("one\n\n```python {#name}\na = b + 1\n# <<c>>\n```\n\ntwo", 2, 7),
        ("```console\n$ ls -l\nx\n```", 0, 4),
        ("```mermaid\nflowchart LR\n a --> b\n```", 0, 0),
        ("see $$\\frac{a}{b} + 2$$ there", 2, 5),
        ("| a | b |\n|---|--:|\n| one two | 3 |", 5, 0),
        ("one\n<details markdown=\"1\">\n<summary>Answer</summary>\n\nhidden\n\n```python\nx = 1\n```\n\n</details>\ntwo", 2, 0),
        ("one\n\n??? note \"All of it\"\n\n    hidden\n\n    ```python\n    x = 1\n    ```\n\ntwo", 2, 0),
        ("one\n\n???+ note \"Open\"\n\n    shown\n", 4, 0),
        ("- item\n\n    ```python\n    x = 1\n    ```\n", 1, 3),
    ],
)
def test_words_are_counted(text, prose, code):
    assert count(text.split("\n")) == Words(prose, code)


def test_a_minute_is_200_words_of_prose_or_50_of_code():
    assert Words(200, 0).minutes == Words(0, 50).minutes == 1
    assert [reading.whole(Words(*words).minutes) for words in ((1, 0), (200, 0), (201, 0), (300, 75))] == [1, 1, 2, 3]


def test_parts_and_paths_add_up(tmp_path):
    for name, words in {"1-a/01-b": 700, "1-a/02-c": 900, "2-d/01-e": 20_000, "appendix/f": 400, "1-a/notes": 999}.items():
        path = tmp_path / f"docs/{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("---\nshort_path: true\n---\n\n# B\n\n" * (name == "1-a/02-c") + "w " * words)
    assert reading_time("docs/1-a/01-b.md", root=tmp_path) == 4
    assert reading_time("docs/1-a", root=tmp_path) == 9, "8.005, and not 4 + 5"
    assert reading_time("docs/1-a", "docs/appendix/f.md", root=tmp_path) == 11
    assert reading_time("docs", root=tmp_path) == 110, "in tens: 108.005; and without the appendix"
    assert short_path(tmp_path) == ["docs/1-a/02-c.md"]
    with pytest.raises(UserError, match="there is no chapter at docs/3-g"):
        reading_time("docs/3-g", root=tmp_path)


def test_checked_numbers_know_the_times():
    assert compute('reading_time("docs/3-architecture/04-softmax.md")') == str(reading_time("docs/3-architecture/04-softmax.md"))
    assert compute("reading_time(*short_path)") == str(reading_time(*SHORT))
    with pytest.raises(WrongExpression, match="there is no chapter at docs/9-nowhere"):
        compute('reading_time("docs/9-nowhere")')


# ---------------------------------------------------------------------------- the short path


def test_the_short_path_has_the_rungs_and_the_whole_function_and_takes_some_two_hours():
    book = pages.book_at(ROOT)
    needed = {*(chapter_of(book, rung) for rung in range(6)), book.parts["gpt"][0].chapter}
    assert needed <= {*SHORT} and SHORT[0] == CHAPTERS[0]
    assert 100 <= reading_time(*SHORT) <= 140


def test_only_true_puts_a_chapter_on_it():
    for path in (ROOT / "docs").rglob("*.md"):
        assert Chapter(path).settings.get("short_path") in (None, "true"), path


def test_no_page_lists_the_short_path_itself():
    """The front matter does; the home page has the mark in whose place the list comes."""
    assert HOME.count("\n## The short path\n") == HOME.count("\n<!-- the short path -->\n") == 1
    section = HOME.partition("\n## The short path\n")[2].partition("\n## ")[0]
    assert not [chapter for chapter in SHORT if chapter.removeprefix("docs/") in section]


def test_the_home_page_says_how_long_each_part_takes():
    said = re.findall(r'reading_time\("(docs/\d-[\w-]+)"\)', HOME)
    assert said == sorted({chapter.rpartition("/")[0] for chapter in CHAPTERS})
    assert 'reading_time("docs") / 60' in HOME


# ------------------------------------------------------------------------- how long a chapter is


def test_the_exercises_are_not_counted(tmp_path):
    chapter = tmp_path / "a.md"
    chapter.write_text("---\nx: y\n---\n\n# One\n\ntwo\n\n```text\n## Run it\n```\n\n## Run it, change it\n\nmany more words\n")
    assert reading.prose_before_exercises(chapter) == 2


@pytest.mark.parametrize("chapter", [chapter for chapter in CHAPTERS if chapter[5] in "01234"])
def test_no_chapter_on_the_way_is_long(chapter):
    assert reading.prose_before_exercises(ROOT / chapter) <= LIMIT
