"""The checker of numbers: what it accepts, what it says is wrong, and what it mends.

Most of it is tables: a chapter's text, and what is said about it, as `line: beginning of the message`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.text import examples
from scripts.text import numbers as check_numbers
from scripts.text import pages as listing
from scripts.text.chapter import Chapter
from scripts.tangle import UserError, find_chapters
from tests.fast.test_project import code_lines

RUN = {"losses": [3.4349, 3.4793, 2.0], "samples": ["kamon", "ann", "lm_head", "", "-x"], "num_docs": 11043,
       "negative": -0.5, "config": {"seed": 42}, "samples_at": {"0": ["tbg"]}}
PAIRED = {"width-32": {"mean_held_out": 2.3694, "samples": ["sanan"], "word": "no difference seen"}, "rate-1": {"error": "step 2"}}
REFERENCE = {"4192": {"num_docs": 32033, "samples": ["kamon"]}, "4064": {"num_docs": 32033}}


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch) -> Path:
    """Recordings of a run that stays as it is, and a program that does."""
    monkeypatch.setitem(check_numbers.NAMES, "lines", {"setup": "1–15", "last": "16"}.__getitem__)
    monkeypatch.setitem(check_numbers.LOADED, "code_lines", lambda: 200)
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps(RUN))
    (folder / "reference.json").write_text(json.dumps(REFERENCE))
    (folder / "paired.json").write_text(json.dumps(PAIRED))
    monkeypatch.setattr(check_numbers, "DATA", folder)
    return folder


@pytest.fixture
def chapter(tmp_path):
    """Write a chapter."""

    def chapter(text: str | bytes, name: str = "a.md") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return chapter


def said(path: Path) -> list[str]:
    problems = check_numbers.check([path])
    assert all(str(problem) == f"{path}:{problem.line}: {problem.message}" for problem in problems)
    return [f"{problem.line}: {problem.message}" for problem in problems]


def fence(language: str, text: str, mark: str = "```") -> str:
    return f"{mark}{language}\n{text}\n{mark}\n"


# ------------------------------------------------------------------------------- what is right

RIGHT = [
    # checked numbers
    "3.43<!--= run.losses[0] :.2f -->",
    "**3.43**<!--= run.losses[0] :.2f --> and *3.43*<!--=run.losses[0] :.2f--> and _3.43_<!--= run.losses[0] :.2f -->",
    "***3.43***<!--= run.losses[0] :.2f -->, `3.43`<!--= run.losses[0] :.2f -->, **`3.43`**<!--= run.losses[0] :.2f -->",
    "$3.43$<!--= run.losses[0] :.2f -->",
    "(3.43<!--= run.losses[0] :.2f -->)",
    "| a | 3.43<!--= run.losses[0] :.2f --> |\n|---|---|\n| 11,043<!--= run.num_docs :, --> | 1/27<!--= 27 --> |",
    "## 4,192<!--= params(\"4192\") :, --> and 4064<!--= params('4064') -->",
    "> - 4,192<!--= params('4192') :, -->",
    "−0.50<!--= run.negative :.2f --> and -0.50<!--= run.negative :.2f --> and 7 − 0.50<!--= -run.negative :.2f -->",
    "a-0.50<!--= 0.5 :.2f -->, 10-20<!--= 20 -->, 10–20<!--= 20 -->, (x)-2<!--= 2 -->, +2<!--= 2 -->, +2.00<!--= 2 :+.2f -->",
    "80.7%<!--= 0.8071 :.1% -->, 9 %<!--= 9 -->, 9%<!--= 9 -->, 9 %<!--= 0.09 :.0% -->, 80.7\u00a0%<!--= 80.7 :.1f -->",
    "1e-05<!--= 1e-5 -->, 1.5e−05<!--= 1.5e-5 -->, .500<!--= '.500' -->",
    "1234567<!--= 1234567 --> and 1,234,567.89<!--= 1234567.89 :,.2f -->",
    "kamon<!--= run.samples[0] -->, *ann*<!--= run.samples[1] -->, `lm_head`<!--= run.samples[2] -->",
    "kamon<!--= ref[\"4192\"].samples[0] --> tbg<!--= run.samples_at['0'][0] -->, −x<!--= run.samples[4] -->",
    "kamon, ann<!--= ', '.join(run.samples[:2]) --> [0.81, 0.13]<!--= [0.81, 0.13] --> True<!--= 1 < 2 -->",
    "_a_<!--= '_a_' -->, [0.807, 0.133]<!--= [0.807, 0.133] -->",
    "11,043<!--= len(docs) :, --> 27<!--= Tokenizer(docs).vocab_size --> 3.30<!--= math.log(27) :.2f -->",
    "2.97<!--= mean(run.losses) :.2f --> 42<!--= run.config.seed --> 3<!--= len({n for n in run.losses}) -->",
    "2.37<!--= paired['width-32'].mean_held_out :.2f --> sanan<!--= paired[\"width-32\"].samples[0] -->",
    "1–15<!--= lines('setup') -->, **1–15**<!--= lines('setup') -->, [1–15<!--= lines('setup') -->](a.md)",
    "16<!--= lines('last') -->, 200<!--= code_lines --> of 2.5<!--= code_lines / 80 -->",
    "0.67<!--= softmax([Value(1), Value(2), Value(3)])[2].data :.2f -->",
    "3.43<!--=\n  run.losses[0]\n  :.2f -->\r\n3.43<!--= run.losses[0] :.2f -->",
    "a:b<!--= 'a:b' --> 6.00<!--= (lambda x: x)(6) :.2f --> 16<!--= {'a': 16}['a'] -->",
    # not looked at
    fence("python", "x = 3.37  # 4,192 <!--= nonsense -->"),
    fence("text", "3.37 <!--= nonsense -->", "~~~~"),
    "- list\n\n    " + fence("python", "x = 3.37").replace("\n", "\n    "),
    "`3.37 <!--= nonsense -->` and ``4,192 ` 3.37``, `a\n3.37`",
    "---\nversion: 3.37\n---\ntext\n",
    "---\r\nversion: 3.37\r\n---\r\ntext\r\n",
    '<img width="3.37" alt="x"\n height="4,192"> <https://a.org/3.37> https://a.org/3.37 [a](b/3.37(4.25)c) [b]: ',
    "[b]: https://a.org/3.37 'x'",
    "1.2.3 and v1.25 and 2026.08.12 and Python 3.12 and CPython 3.11's and arXiv:1706.03762",
    "<!-- 3.37 and\n4,192\n\n```python\n3.37\n``` -->",
    "<!-- a `tick --> b <!-- another ` -->",
    # too short to need a check
    "3.4, 0.81, 0.080, 1e-5, 1.5e-8, 1000, 1998, 0.05, 2.0, .25, 100, 1,2,3, (1, 200), 0,123",
    # in an example
    "0.807, −0.807, 0.81, 0.8070\n" + fence("pycon", ">>> x\n0.807"),
    "0.807, 2.10, 1.35, 1.350, 10.12\n" + fence("console", "$ x\n0.80712 [2.1,-1.3499, 10.123]"),
    "4,192 and 11,043 and 1,000,000\n" + fence("pycon", ">>> x\n4192 11,043 1_000_000"),
    "0.125 and 0.124, for either is how 0.1245 can be rounded\n" + fence("pycon", ">>> 0.1245"),
    "1,234.5 and 12.5 and 12.50\n" + fence("pycon", ">>> 1.2345e3, 1.25e1"),
    fence("mermaid", "flowchart LR\n  %% 3.37\n  A[0.807<br>4,192]\n  style A stroke-width:1.25px")
    + fence("pycon", ">>> 4192, .807"),
    "> " + fence("pycon", "> >>> 0.807").replace("\n```", "\n> ```") + "\n0.807",
    # fixed
    "4.26<!-- fixed: measured --> MB, 4,096<!--fixed: a limit-->, **1.76**<!-- fixed: cited -->, 1.76T<!-- fixed: cited -->",
    "80.7%<!-- fixed: cited -->, 80.7 %<!-- fixed: cited -->, $1.25$<!-- fixed: x -->, 3.37×<!-- fixed: x -->",
]


@pytest.mark.parametrize("text", RIGHT)
def test_right(chapter, text):
    assert said(chapter(text)) == []


# ------------------------------------------------------------------------------- what is wrong

WRONG = [
    # stale
    ("\n\n3.37<!--= run.losses[0] :.2f -->", ["3: 3.37 should be 3.43 (run.losses[0] :.2f)"]),
    ("a\r\n**3.37**<!--= run.losses[0] :.2f -->", ["2: 3.37 should be 3.43 (run.losses[0] :.2f)"]),
    ("13.43<!--= run.losses[0] :.2f -->", ["1: 13.43 should be 3.43 (run.losses[0] :.2f)"]),
    ("1,23.43<!--= run.losses[0] :.2f -->", ["1: 1,23.43 should be 3.43 (run.losses[0] :.2f)"]),
    ("0.50<!--= run.negative :.2f -->", ["1: 0.50 should be −0.50 (run.negative :.2f)"]),
    ("-0.50<!--= 0.5 :.2f -->", ["1: -0.50 should be 0.50 (0.5 :.2f)"]),
    ("11043<!--= run.num_docs :, -->", ["1: 11043 should be 11,043 (run.num_docs :,)"]),
    ("3.43<!--= run.losses[0] -->", ["1: 3.43 should be 3.4349 (run.losses[0])"]),
    ("80.7%<!--= 0.9 :.1% -->", ["1: 80.7% should be 90.0% (0.9 :.1%)"]),
    ("3.43%<!--= 3.5 -->", ["1: 3.43 should be 3.5 (3.5)"]),
    ("*anna*<!--= run.samples[0] -->", ["1: anna should be kamon (run.samples[0])"]),
    ("2–15<!--= lines('setup') -->", ["1: 2–15 should be 1–15 (lines('setup'))"]),
    ("15<!--= lines('setup') -->", ["1: 15 should be 1–15 (lines('setup'))"]),
    ("1–15<!--= 15 * 2 -->", ["1: 15 should be 30 (15 * 2)"]),
    ("joann<!--= run.samples[1] -->", ["1: joann should be ann (run.samples[1])"]),
    ("3.37<!--= run.losses[0] :.2f --> 4,191<!--= params('4192') :, -->\n`0.9`<!--= 0.81 -->", [
        "1: 3.37 should be 3.43 (run.losses[0] :.2f)", "1: 4,191 should be 4,192 (params('4192') :,)",
        "2: 0.9 should be 0.81 (0.81)",
    ]),
    # nothing to compare
    ("<!--= 27 -->", ["1: no number stands directly before the comment, which gives 27 (27)"]),
    ("3.37 <!--= 27 --> ", ["1: no number stands directly before", "1: 3.37 is not checked"]),
    ("names<!--= 27 -->", ["1: no number stands directly before"]),
    ("[27](a.md)<!--= 27 -->", ["1: no number stands directly before"]),
    ("1.2.3<!--= 3 -->", ["1: no number stands directly before"]),
    ("27<!--= 27 --><!--= 27 -->", ["1: no number stands directly before"]),
    ("a 1–15 <!--= lines('setup') -->", ["1: no number stands directly before the comment, which gives 1–15"]),
    (" <!--= run.samples[0] -->", ["1: no word stands directly before the comment, which gives kamon"]),
    ("x<!--= run.samples[3] -->", ["1: the expression gives an empty text (run.samples[3])"]),
    # expressions
    ("1<!--= rum.losses[0] -->", ["1: name 'rum' is not defined (did you mean run?) (rum.losses[0])"]),
    ("1<!--= run.loses[0] -->", ["1: AttributeError: nothing recorded is called loses (did you mean losses?)"]),
    ("1<!--= run.losses[9] -->", ["1: IndexError: list index out of range (run.losses[9])"]),
    ("1<!--= ref['4193'].num_docs -->", ["1: KeyError: '4193'"]),
    ("1<!--= params(4192) -->", ["1: KeyError: 4192"]),
    ("1<!--= paired['rate-1'].held_out -->", ["1: AttributeError: nothing recorded is called held_out"]),
    ("1<!--= lines('no-chunk') -->", ["1: KeyError: 'no-chunk' (lines('no-chunk'))"]),
    ("1<!--= code_line -->", ["1: name 'code_line' is not defined (did you mean code_lines?)"]),
    ("1<!--= 1 / 0 -->", ["1: ZeroDivisionError: division by zero (1 / 0)"]),
    ("1<!--= run.losses[0 -->", ["1: not a Python expression: "]),
    ("1<!--= -->", ["1: not a Python expression: "]),
    ("1<!--= x = 1 -->", ["1: not a Python expression: "]),
    ("1<!--= exit() -->", ["1: SystemExit"]),
    ("1<!--= 1 :.2q -->", ["1: ValueError: "]),
    ("kamon<!--= run.samples[0] :.2f -->", ["1: ValueError: "]),
    ("3.37<!--= rum -->", ["1: name 'rum' is not defined"]),  # and not also: 3.37 is not checked
    # comments
    ("1\n2<!--= 2 :.2f and more\n\n3.4\n", ["2: the HTML comment is not closed (end it with -->)"]),
    ("2<!--= 2 and 3<!--= 3 -->", ["1: the HTML comment is not closed (end it with -->)"]),
    ("2<!--= 2\n\nmore\n\n-->", ["1: the HTML comment is not closed (end it with -->)"]),
    ("a <!-- never closed", ["1: the HTML comment is not closed (end it with -->)"]),
    ("27<!-- = 27 -->", ["1: a space before the = (write <!--= expression -->)"]),
    # bare numbers
    ("The loss is 3.37.", ["1: 3.37 is not checked (show it in a pycon or console block, "
                          "or write <!--= expression :.2f --> after it, or <!-- fixed: reason -->)"]),
    ("4,192 of 11,043.5", ["1: 4,192 is not checked (show it in a pycon or console block, "
                           "or write <!--= expression :, --> after it, or <!-- fixed: reason -->)",
                           "1: 11,043.5 is not checked (show it in a pycon or console block, "
                           "or write <!--= expression :,.1f --> after it, or <!-- fixed: reason -->)"]),
    ("# 3.37\n\n| 0.807 | −2.10 |\n|---|---|\n- 10.0\n- **1.25**, (0.0345), .807/.133",
     ["1: 3.37", "3: 0.807", "3: 2.10", "5: 10.0", "6: 1.25", "6: 0.0345", "6: .807", "6: .133"]),
    ("[see 3.37](a.md) <b>3.38</b> $3.39$ 3.40x 34.1% 1.23e-5 a<3.42 > b",
     ["1: 3.37", "1: 3.38", "1: 3.39", "1: 3.40", "1: 34.1", "1: 1.23e-5", "1: 3.42"]),
    ("<details markdown=\"1\"><summary>Answer 3.37</summary>\n\n    indented 3.38\n\n</details>", ["1: 3.37", "3: 3.38"]),
    ("[^1]: a footnote 3.37", ["1: 3.37"]),
    ("a ` lone tick 3.37\n\nand another ` 3.38", ["1: 3.37", "3: 3.38"]),
    (r"an escaped \` tick 3.37 and `code 3.38` 3.39", ["1: 3.37", "1: 3.39"]),
    ("``a ` b`` 3.37 ```x``` 3.38", ["1: 3.37", "1: 3.38"]),
    ("`no partner 3.37 `` 3.38", ["1: 3.37", "1: 3.38"]),
    ("0.807\n" + fence("pycon", ">>> 0.8076, 10.807, 0.80, x0.807"), ["1: 0.807"]),
    ("0.807\n" + fence("python", "x = 0.807"), ["1: 0.807"]),
    ("4,192\n" + fence("pycon", ">>> 41920, 4, 192"), ["1: 4,192"]),
    ("3.37<!-- fixed -->", ["1: 3.37: the comment has no reason (write <!-- fixed: reason -->)"]),
    ("3.37<!-- fixed: -->", ["1: 3.37: the comment has no reason (write <!-- fixed: reason -->)"]),
    ("3.37<!-- note -->", ["1: 3.37 is not checked"]),
    ("3.37 and 3.38<!-- fixed: cited -->", ["1: 3.37 is not checked"]),
    ("text\n\n" + fence("mermaid", "flowchart LR\n  A[3.37] --> B[\"4,192 <!-- fixed: x -->\"]"),
     ["5: 3.37 in a diagram is not checked (show it in a pycon or console block of this chapter)", "5: 4,192 in a diagram"]),
    # fences
    ("a\n```pycon\n>>> 3.37\n", ["2: the fence is not closed (end it with ```)"]),
]


@pytest.mark.parametrize(("text", "expected"), WRONG)
def test_wrong(chapter, text, expected):
    found = said(chapter(text))
    assert len(found) == len(expected), found
    for message, beginning in zip(found, expected):
        assert message.startswith(beginning)


def test_a_recording_that_is_not_there(chapter, data):
    (data / "run.json").unlink()
    (data / "reference.json").write_text("{")
    found = said(chapter("1<!--= run.num_docs --> 2<!--= ref['4192'].num_docs --> 3<!--= 3 -->"))
    assert len(found) == 2
    assert f"{data / 'run.json'} is not there (write it with python3 scripts/book.py record)" in found[0]
    assert "reference.json is no JSON: " in found[1] and "book.py record --reference DIR" in found[1]


def test_an_expression_cannot_spoil_the_next(chapter):
    assert said(chapter("None<!--= docs.clear() --> 11,043<!--= len(docs) :, -->")) == []


# ---------------------------------------------------------------------------------------- mending

FIX = [
    ("+0.57<!--= run.negative :+.2f --> and (+3.37<!--= run.losses[0] :+.2f -->)", "−0.50<!--= run.negative :+.2f --> and (+3.43<!--= run.losses[0] :+.2f -->)"),
    ("3.37<!--= run.losses[0] :.2f -->", "3.43<!--= run.losses[0] :.2f -->"),
    ("é **3.37**<!--= run.losses[0] :.2f -->\r\n\r\n`1`<!--= 27 -->\n",
     "é **3.43**<!--= run.losses[0] :.2f -->\r\n\r\n`27`<!--= 27 -->\n"),
    ("0.4<!--= run.negative -->, -0.4<!--= run.negative -->, −0.4<!--= run.negative -->, −0.4<!--= 0.5 -->",
     "−0.5<!--= run.negative -->, -0.5<!--= run.negative -->, −0.5<!--= run.negative -->, 0.5<!--= 0.5 -->"),
    ("1<!--= 1000 :, --> 22 %<!--= 9 --> 22%<!--= 0.09 :.0% -->",
     "1,000<!--= 1000 :, --> 9 %<!--= 9 --> 9%<!--= 0.09 :.0% -->"),
    ("*anna*<!--= run.samples[0] --> `wte`<!--= run.samples[2] -->",
     "*kamon*<!--= run.samples[0] --> `lm_head`<!--= run.samples[2] -->"),
    ("14<!--= lines('setup') --> [1–14<!--= lines('setup') -->](a.md)",
     "1–15<!--= lines('setup') --> [1–15<!--= lines('setup') -->](a.md)"),
    ("3.43<!--= run.losses[0] :.2f --> 2<!--= 2 -->", None),
]


@pytest.mark.parametrize(("text", "fixed"), FIX)
def test_fix(chapter, text, fixed):
    path = chapter(text)
    mended, left = check_numbers.fix([path])
    assert path.read_bytes().decode() == (fixed or text)
    assert (mended, left) == (check_numbers.check([chapter(text)]), [])


def test_fix_mends_only_what_is_stale_and_names_the_rest(chapter):
    path = chapter("3.37<!--= run.losses[0] :.2f -->\nbare 3.37, 5<!--= rum --> a b<!--= 'b c' -->, x <!--= 3 -->\n")
    other = chapter("4<!--= 5 -->", "b.md")
    before = path.stat().st_mode
    mended, left = check_numbers.fix([path, other, path])
    assert path.read_text() == "3.43<!--= run.losses[0] :.2f -->\nbare 3.37, 5<!--= rum --> a b<!--= 'b c' -->, x <!--= 3 -->\n"
    assert other.read_text() == "5<!--= 5 -->" and path.stat().st_mode == before
    assert f"{path}:1: 3.37 should be 3.43 (run.losses[0] :.2f)" in map(str, mended)
    err = "\n".join(map(str, left))
    for message in ("3.37 is not checked", "name 'rum'", "b should be b c ('b c')", "no number stands directly before"):
        assert f"{path}:2: {message}" in err
    assert sorted(path.parent.glob("*.md")) == [path, other]


def test_fix_that_cannot_write_changes_nothing(chapter, monkeypatch):
    paths = [chapter("3<!--= 4 -->", name) for name in ("a.md", "b.md")]

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "b.md")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(UserError, match="cannot be written: Permission denied"):
        check_numbers.fix(paths)
    assert [path.read_text() for path in paths] == ["3<!--= 4 -->"] * 2
    assert sorted(paths[0].parent.glob("*.md")) == paths and not list(paths[0].parent.glob(".*"))


def test_a_chapter_that_is_not_utf8(chapter):
    path = chapter(b"\xff")
    with pytest.raises(UserError, match=f"^{path}: not UTF-8 text \\(byte 0\\)$"):
        check_numbers.check([path])


def test_a_number_that_another_chapter_prints(chapter, tmp_path, monkeypatch):
    monkeypatch.setattr(check_numbers, "DOCS", tmp_path / "docs")
    other = tmp_path / "docs" / "3-part" / "05-other.md"
    other.parent.mkdir(parents=True)
    other.write_text("```pycon\n>>> 2.4041\n2.4041\n```\n2.505 is prose.\n")

    def said_of(number: str) -> list[str]:
        return said(chapter(f"{number}<!-- fixed: printed in 3-part/05 -->"))

    assert said_of("2.404") == said_of("2.4041") == []
    for number in ("2.405", "2.505"):
        assert said_of(number) == [f"1: {number}: no example of 3-part/05 has it"]
    assert said(chapter("2.404<!-- fixed: printed in 3-part/06 -->")) == ["1: 2.404: no example of 3-part/06 has it"]


# -------------------------------------------------------------- what vouches for a number is run


BLOCK = """```pycon
>>> 3.37
3.37
```"""


@pytest.mark.parametrize(
    "block, runs",
    [
        (BLOCK, True),
        ("\n".join(f"> {line}" for line in BLOCK.split("\n")), True),
        ("- a\n\n" + "\n".join(f"  {line}" for line in BLOCK.split("\n")), True),
        (BLOCK + "```", True),  # closed by a longer fence
        (f"<!--\n{BLOCK}\n-->", False),
        (f"````\n{BLOCK}\n````", False),
        (BLOCK.replace("pycon", "python"), False),
    ],
    ids=["plain", "quoted", "in a list", "closed by a longer one", "in a comment", "quoted in a longer fence", "python"],
)
def test_a_block_vouches_for_a_number_exactly_if_it_is_run(chapter, tmp_path, block, runs):
    path = chapter(f"3.37\n\n{block}\n")
    assert (said(path) == []) == runs
    path = chapter(f"3.37\n\n{block}\n".replace("\n3.37\n", "\n3.38\n").replace("\n> 3.37", "\n> 3.38").replace("\n  3.37", "\n  3.38"))
    found = examples.check(Chapter(path), tmp_path)
    assert [wrong.message.split("\n")[0] for wrong in found] == [">>> 3.37"] * runs


def test_the_names_that_expressions_can_use():
    import microgpt

    assert set(microgpt.__all__) <= set(check_numbers.NAMES)
    assert not set(check_numbers.LOADED) & set(check_numbers.NAMES)


def test_the_lines_of_the_program(monkeypatch):
    monkeypatch.undo()  # the real program
    assert check_numbers.compute("lines('one-file-data')") == listing.line_range("one-file-data")
    with pytest.raises(check_numbers.WrongExpression, match="no chunk no-chunk in microgpt.py"):
        check_numbers.compute("lines('no-chunk')")
    source = (check_numbers.ROOT / listing.PROGRAM).read_text(encoding="utf-8")
    assert check_numbers.compute("code_lines") == str(len(code_lines(source)))


# ------------------------------------------------------------------------------------ the chapters


def test_the_numbers_of_the_book(monkeypatch):
    monkeypatch.undo()  # the real recordings
    problems = check_numbers.check(check_numbers.ROOT / chapter for chapter in find_chapters(check_numbers.ROOT))
    assert not problems, "\n" + "\n".join(map(str, problems))
