"""Exercises answer: the checks of the chapters, that each says what its chapter says, and what is refused."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from html import unescape

import pytest

from scripts.lab.exercises import asserts_of, check
from scripts.tangle import read_blocks
from scripts.text.chapter import chapters_of
from scripts.text.exercises import Check, Exercise, Wrong, exercises, faults, number_of, of_book, parse, word_of
from scripts.text.numbers import numbers_in_example
from tests import ROOT

ALL = list(of_book(chapters_of(ROOT)))
CODE = [exercise for exercise in ALL if exercise.check.start]
ASKED = [exercise for exercise in ALL if not exercise.check.start]


def name(exercise: Exercise) -> str:
    return f"{exercise.path.parent.name[0]}-{exercise.path.name[:2]} {exercise.kind}"


class Plain:
    """In the place of scripts/lab/program.py, which needs a copy of the book: an error without its frames."""

    @staticmethod
    def told(error: BaseException, own: dict[str, str]) -> list[dict]:
        return [{"text": f"{type(error).__name__}: {error}"}]


def result(code: str, asserts: str) -> dict:
    return check(Plain, code, asserts)  # type: ignore[arg-type]


# --------------------------------------------------------------------------------- the book's own


def test_no_faults():
    assert faults(ROOT, chapters_of(ROOT)) == []


def test_every_chapter_of_the_first_six_parts_has_one():
    chapters = {path for part in range(6) for path in (ROOT / "docs").glob(f"{part}-*/[0-9]*.md")}
    assert len(chapters) >= 39
    assert chapters - {exercise.path for exercise in ALL} == set()
    assert len(ALL) >= 40 and len(CODE) >= 12 and len(ASKED) >= 28
    assert {exercise.kind for exercise in ALL} >= {"Predict", "Break", "Extend"}


@pytest.mark.parametrize("exercise", CODE, ids=name)
def test_the_answer_passes_and_the_start_fails(exercise):
    began = time.process_time()
    asserts = asserts_of(exercise.path, exercise.check.id)
    solved = result(exercise.check.answer, asserts)
    assert (solved["failed"], solved["trace"]) == (None, [])
    begun = result(exercise.check.start, asserts)
    # Not by an error, which would tell a reader who has changed nothing that something is broken.
    assert begun["failed"] and not begun["trace"]
    assert not begun["failed"].endswith("."), "a full stop follows"
    assert time.process_time() - began < 3


@pytest.mark.parametrize("exercise", ASKED, ids=name)
def test_what_is_right_is_what_the_answer_shows(exercise):
    """Each number is one that a run printed or that a checked number has; each word is there to be read."""
    lines = exercise.shown.split("\n")
    blocks = list(read_blocks(lines))
    printed = [
        line for block in blocks if block.info in ("pycon", "console")
        for line in block.content if not line.startswith((">>> ", "... ", "$ "))
    ]  # fmt: skip
    printed += re.findall(r"([-−+]?[\d.,]*\d)[*_`~$]*<!--=", exercise.shown)
    known = {number for text in printed for number in numbers_in_example(text.replace("−", "-"))}
    known |= {-number for number in known}  # whose sign the example's own minus is
    said = " ".join(word_of(part) for part in [re.sub(r"[^\w\s'−-]", " ", exercise.shown)])
    for question in exercise.check.questions:
        assert any(
            all(
                any(abs(float(number) - part) <= max(answer.margin, 5e-4) for number in known)
                if isinstance(part, float) else re.search(rf"(?<!\w){re.escape(part)}(?!\w)", said)
                for part in answer.parts
            )
            for answer in question.right
        ), f"{question.label}: {question.right}"  # fmt: skip


@pytest.mark.parametrize("exercise", ASKED, ids=name)
def test_nothing_on_the_page_gives_it_away(exercise):
    for question in exercise.check.questions:
        for answer in question.right:
            for part in answer.parts:
                shown = f"{part:g}" if isinstance(part, float) else part
                for mistakes, hint in question.hints:
                    assert not (isinstance(part, float) and len(shown) > 2 and re.search(rf"(?<![\d.]){re.escape(shown)}(?![\d.])", hint)), hint
                    assert not any(answer.matches(mistake.parts) for mistake in mistakes)
        assert question.label == "answer" or len(question.label) < 40


def test_known_mistakes_have_a_hint():
    hints = [hint for exercise in ASKED for question in exercise.check.questions for _, hint in question.hints]
    assert len(hints) >= 60
    assert all(hint == hint.strip() and not hint.endswith(":") for hint in hints)


def test_each_is_known_by_its_own_id():
    ids = Counter((exercise.path, exercise.check.id) for exercise in ALL)
    assert len(ids) == len(ALL)


# --------------------------------------------------------------------------------- on the page


@pytest.mark.parametrize("path", sorted({exercise.path for exercise in ALL}), ids=lambda path: path.parent.name[0] + path.name[:3])
def test_the_page_has_the_data_and_nothing_to_see(path):
    markdown = pytest.importorskip("markdown")
    pytest.importorskip("pymdownx")
    from scripts.site.exercises import format_check

    md = markdown.Markdown(
        extensions=["md_in_html", "pymdownx.superfences"],
        extension_configs={"pymdownx.superfences": {"custom_fences": [{"name": "check", "class": "check", "format": format_check}]}},
    )
    html = md.convert(path.read_text(encoding="utf-8"))
    found = [json.loads(unescape(text)) for text in re.findall(r'<div hidden data-check="([^"]*)"></div>', html)]
    wanted = [exercise.check for exercise in ALL if exercise.path == path]
    assert [data["id"] for data in found] == [check.id for check in wanted]
    assert [data.get("start") for data in found] == [check.start or None for check in wanted]
    for one in wanted:
        assert not one.check or (one.check not in unescape(html) and one.answer not in unescape(html))
    details = re.findall(r"<details>.*?</details>", html, re.S)
    assert sum("data-check" in each for each in details) == len(wanted)


def test_the_format_is_the_sites():
    assert "format: !!python/name:scripts.site.exercises.format_check" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


# --------------------------------------------------------------------------------- one fence


@pytest.mark.parametrize(
    ("text", "given", "right"),
    [
        ("answer: 4,192", "4192", True),
        ("answer: 2.2 ± 0.05", "2.24", True),
        ("answer: 2.2 ± 0.05", "2.26", False),
        ("answer: -2/5, 1/5", "-0.4, 0.2", True),
        ("answer: 1e-10", "1e-11", False),
        ("answer: {0, 13, 26}", "26, 0, 13", True),
        ("answer: 0, 13, 26", "26, 0, 13", False),
        ("answer: {0, 13}", "0, 0", False),
        ("answer: none | 0", "0", True),
        ("answer: The Same", "the same", True),
        ("answer: −3", "-3", True),
    ],
)  # fmt: skip
def test_what_is_right(text, given, right):
    [question] = parse(text).questions
    parts = parse(f"answer: {given}").questions[0].right[0].parts
    assert any(answer.matches(parts) for answer in question.right) is right


def test_a_hint_loses_its_marks():
    [question] = parse("answer: 3\n    4: does *emma* reach `wpe`, or 2 * 3?").data()["questions"]
    assert question["hints"][0][1] == "does emma reach wpe, or 2 * 3?"


def test_numbers():
    assert [number_of(text) for text in ("4,192", "1/0", ".5", "1e3", "x", "1.2.3", "")] == [4192.0, 1.0, 0.5, 1000.0, None, None, None]


CODE_CHECK = "start:\nx = 1\nanswer:\nx = 2\ncheck:\nassert x == 2, 'no'"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 0, "nothing is asked for"),
        ("answer 3", 0, "neither"),
        ("    3: a hint", 0, "a hint before the first field"),
        ("answer: 3\n    3: you forgot", 1, "3 is right, so nobody would see the hint"),
        ("answer: 3 ± 1\n    4: you forgot", 1, "4 is right"),
        ("a: 1\na: 2", 1, "a second field with the label a"),
        ("a: 1\nanswer: 2", 0, "one is called `answer`"),
        ("answer: 3 ± x", 0, "x after ± is no distance"),
        ("answer: 3 ±", 0, "nothing after ± is no distance"),
        ("answer: no ± 3", 0, "which is no number"),
        ("answer: 1, , 2", 0, "is no answer"),
        ("answer: {}", 0, "is no answer"),
        ("start:\nx = 1\ncheck:\nassert x, 'no'", 0, "the sections are `start:`, `check:`"),
        (CODE_CHECK + "\nstart:\nx = 1", 6, "a second section `start:`"),
        (CODE_CHECK.replace("x = 2\n", "x =\n"), 3, "Python can't read `answer:`"),
        (CODE_CHECK.replace("x = 1\n", "# nothing\n"), 0, "the section `start:` is empty"),
        (CODE_CHECK.replace(", 'no'", ""), 5, "the assert has no message"),
        (CODE_CHECK.replace("assert x == 2, 'no'", "x == 2"), 4, "no assert"),
    ],
)  # fmt: skip
def test_what_is_refused(text, line, message):
    with pytest.raises(Wrong, match=re.escape(message)) as wrong:
        parse(text)
    assert wrong.value.line == line


FOLDED = "# T\n\n**Predict.** What?\n\n<details markdown=\"1\"><summary>Answer</summary>\n\nIt's 3.\n\n{}\n\n</details>\n"


def fence(text: str, info: str = "check") -> str:
    return f"```{info}\n{text}\n```"


@pytest.mark.parametrize(
    ("chapter", "fault"),
    [
        (FOLDED.format(fence("answer 3")), "x.md:10: neither"),
        (FOLDED.format(fence("answer: 3\n    3: no")), "x.md:11: 3 is right"),
        (FOLDED.format(fence("answer: 3", "check title=3")), "x.md:9: write ```check"),
        (FOLDED.format(fence("answer: 3") + "\n\n" + fence("answer: 3")), "x.md:13: another check of this chapter"),
        ("# T\n\n**Predict.** What?\n\n" + fence("answer: 3"), "x.md:5: a check stands in the folded answer"),
        (FOLDED.format("") + "\n" + fence("answer: 3"), "x.md:13: a check stands in the folded answer"),
        ("# T\n\n<details>\n\n" + fence("answer: 3") + "\n\n</details>", "x.md:5: a check stands in"),
        (FOLDED.replace("**Predict.**", "## Next\n\n").format(fence("answer: 3")), "x.md:11: a check stands in"),
    ],
)  # fmt: skip
def test_faults_have_their_line(chapter, fault, tmp_path):
    path = tmp_path / "x.md"
    path.write_text(chapter, encoding="utf-8")
    [found] = faults(tmp_path, [path])
    assert found.startswith(fault)


def test_what_is_quoted_or_hidden_is_no_check(tmp_path):
    path = tmp_path / "x.md"
    path.write_text("````markdown\n```check\nx\n```\n````\n\n<!--\n```check\nx\n```\n-->\n", encoding="utf-8")
    assert list(exercises(path)) == []


def test_the_site_warns_of_one_that_cannot_be_read(caplog):
    from scripts.site.exercises import format_check

    assert format_check("answer 3", "check", "check", {}, None) == ""
    assert "can't be read" in caplog.text


# --------------------------------------------------------------------------------- what ran


def test_code_in_a_namespace_of_its_own():
    assert result("print('hello')\ndef f(): return 2", "assert f() == 2, 'no'") == {"printed": "hello\n", "failed": None, "trace": []}
    assert result("x = 1", "assert f() == 2, 'no'")["trace"][-1]["text"] == "NameError: name 'f' is not defined"


def test_the_first_assert_that_does_not_hold():
    assert result("x = 1", "assert x == 1, 'a'\nassert x == 2, 'b'\nassert x == 3, 'c'")["failed"] == "b"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("def f(:", "SyntaxError"), ("raise SystemExit(3)", "SystemExit"), ("assert False, 'mine'", "AssertionError: mine"),
        ("1 / 0", "ZeroDivisionError"), ("def f(): f()\nf()", "RecursionError"),
    ],
)  # fmt: skip
def test_errors_of_the_reader(code, error):
    found = result(code, "assert False, 'not reached'")
    assert found["failed"] is None and found["trace"][-1]["text"].startswith(error)


def test_an_assert_in_the_readers_function_is_the_readers():
    found = result("def f():\n    assert False, 'mine'", "assert f(), 'no'")
    assert found["failed"] is None and "mine" in found["trace"][-1]["text"]


def test_an_unknown_exercise():
    with pytest.raises(LookupError, match="has no such exercise"):
        asserts_of(CODE[0].path, "0")


def test_the_id_outlives_a_hint_but_not_another_answer():
    assert parse("answer: 3\n    4: no").id == parse("answer: 3").id != parse("answer: 5").id
    assert isinstance(parse(CODE_CHECK), Check)
    assert parse(CODE_CHECK).id == parse(CODE_CHECK.replace("x = 1", "x = 0")).id
