"""Examples of chapters: they are run as a reader would, what is wrong is named, and what is clear is renewed."""

import os
import sys
import time

import pytest

from scripts.text import examples
from scripts.text.chapter import Chapter
from scripts.text.examples import shortened


@pytest.fixture
def chapter(tmp_path):
    """Write a chapter."""

    def chapter(text, line_end="\n"):
        path = tmp_path / "docs" / "a.md"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.replace("\n", line_end).encode())
        return Chapter(path)

    return chapter


def pycon(code):
    return f"# A\n\n```pycon\n{code}\n```\n"


def console(code):
    return f"# A\n\n```console\n{code}\n```\n"


def first_lines(found):
    return [(wrong.line, wrong.message.split("\n")[0]) for wrong in found]


# ------------------------------------------------------------------------------- what is renewed

LONG = "\n".join(f"step {i} | {i * i}" for i in range(1, 101))
MANY = ">>> for i in range(1, 101):\n...     print('step', i, '|', i * i)"
ERROR = ">>> 1 / 0\nTraceback (most recent call last):\n"

RENEWED = {
    "a result": (pycon(">>> 1 + 1\n3"), pycon(">>> 1 + 1\n2")),
    "several": (pycon(">>> 1 + 1\n3\n>>> x = 4\n>>> x\n5"), pycon(">>> 1 + 1\n2\n>>> x = 4\n>>> x\n4")),
    "more lines than before": (pycon(">>> print('a\\nb')\na"), pycon(">>> print('a\\nb')\na\nb")),
    "fewer lines": (pycon(">>> 'a'\n'a'\n'b'\n>>> 2\n2"), pycon(">>> 'a'\n'a'\n>>> 2\n2")),
    "nothing was printed there": (pycon(">>> 7\n>>> 8\n8"), pycon(">>> 7\n7\n>>> 8\n8")),
    "nothing is printed now": (pycon(">>> x = 7\n7\n>>> 8\n8"), pycon(">>> x = 7\n>>> 8\n8")),
    "a blank line": (pycon(">>> print('a\\n\\nb')\nc"), pycon(">>> print('a\\n\\nb')\na\n<BLANKLINE>\nb")),
    "a line of spaces": (pycon(">>> print('a\\n  \\nb')\nc"), pycon(">>> print('a\\n  \\nb')\na\n<BLANKLINE>\nb")),
    "a blank line first": (pycon(">>> print('\\na')\nc"), pycon(">>> print('\\na')\n<BLANKLINE>\na")),
    "code of several lines": (pycon(">>> if 1:\n...     print(2)\n3"), pycon(">>> if 1:\n...     print(2)\n2")),
    "a blank line after it": (pycon(">>> 1\n2\n\n>>> 3\n4"), pycon(">>> 1\n1\n\n>>> 3\n3")),
    "another exception": (
        pycon(ERROR + "    ...\nValueError: no"), pycon(ERROR + "    ...\nZeroDivisionError: division by zero"),
    ),
    "an exception with its lines": (
        pycon(ERROR + '  File "<stdin>", line 1, in <module>\nZeroDivisionError: x'),
        pycon(ERROR + "    ...\nZeroDivisionError: division by zero"),
    ),
    "an exception of two lines": (
        pycon(">>> raise ValueError('a\\nb')\nTraceback (most recent call last):\n    ...\nValueError: a"),
        pycon(">>> raise ValueError('a\\nb')\nTraceback (most recent call last):\n    ...\nValueError: a\nb"),
    ),
    "lines left out": (pycon(f"{MANY}\nstep 1 | 0\n...\nstep 100 | 0"), pycon(f"{MANY}\nstep 1 | 1\n...\nstep 100 | 10000")),
    "lines left out in the middle": (
        pycon(f"{MANY}\nstep 1 | 0\n...\nstep 50 | 0\nstep 51 | 0\n...\nstep 100 | 0"),
        pycon(f"{MANY}\nstep 1 | 1\n...\nstep 50 | 2500\nstep 51 | 2601\n...\nstep 100 | 10000"),
    ),
    "lines left out at the end": (pycon(f"{MANY}\nstep 1 | 0\n..."), pycon(f"{MANY}\nstep 1 | 1\n...")),
    "quoted": ("> ```pycon\n> >>> 1\n> 2\n> ```\n", "> ```pycon\n> >>> 1\n> 1\n> ```\n"),
    "in a list": ("- a\n\n    ```pycon\n    >>> 1\n    2\n    ```\n", "- a\n\n    ```pycon\n    >>> 1\n    1\n    ```\n"),
    "indented in its block": ("```pycon\n  >>> 1\n  2\n```\n", "```pycon\n  >>> 1\n  1\n```\n"),
    "in two blocks": (
        "```pycon\n>>> x = 1\n```\n\nText.\n\n```pycon\n>>> x\n2\n```\n",
        "```pycon\n>>> x = 1\n```\n\nText.\n\n```pycon\n>>> x\n1\n```\n",
    ),
    "what a command prints": (console("$ echo a\nb"), console("$ echo a\na")),
    "what several print": (console("$ echo a\nb\n$ true\n$ echo c\nd"), console("$ echo a\na\n$ true\n$ echo c\nc")),
    "what goes to stderr": (console("$ echo a >&2\nb"), console("$ echo a >&2\na")),
    "a continued command": (console("$ echo a \\\n> b\nc"), console("$ echo a \\\n> b\na b")),
    "a command that prints nothing": (console("$ true\na\n$ echo b\nb"), console("$ true\n$ echo b\nb")),
    "blank lines inside": (console("$ printf 'a\\n\\nb\\n'\na"), console("$ printf 'a\\n\\nb\\n'\na\n\nb")),
    "blank lines between commands": (console("$ echo a\nb\n\n$ echo c\nd"), console("$ echo a\na\n\n$ echo c\nc")),
    "no line end": (console("$ printf a\nb"), console("$ printf a\na")),
    "words with dots": (console("$ echo wait ...\nwait"), console("$ echo wait ...\nwait ...")),
    "a line of dots": (console("$ seq 1 100\n1\n...\n99"), console("$ seq 1 100\n1\n...\n100")),
    "a quoted block": ("> ```console\n> $ echo a\n> b\n> ```\n", "> ```console\n> $ echo a\n> a\n> ```\n"),
    "an indented block": (
        "- x\n\n  ```console\n  $ printf 'a\\n\\nb'\n  c\n  ```\n", "- x\n\n  ```console\n  $ printf 'a\\n\\nb'\n  a\n\n  b\n  ```\n",
    ),
    "both kinds": (pycon(">>> 1\n2") + console("$ echo a\nb"), pycon(">>> 1\n1") + console("$ echo a\na")),
}  # fmt: skip


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("text, right", RENEWED.values(), ids=RENEWED)
def test_what_is_renewed(chapter, tmp_path, text, right, line_end):
    read = chapter(text, line_end)
    found = examples.check(read, tmp_path)
    assert found and all(wrong.right is not None for wrong in found), found
    fixed = examples.fixed(read, found)
    assert fixed == right.replace("\n", line_end)
    read = chapter(fixed, "\n")
    assert examples.check(read, tmp_path) == []
    assert examples.fixed(read, []) == fixed


def test_a_run_with_other_names_is_found_by_what_stands_before_them():
    old = ["num docs: 10", "step 1 / 9 | loss 3.0", "...", "step 9 / 9 | loss 2.0", "", "--- inference ---", "sample 1: ann", "...",
           "sample 20: kan", "", "mean loss: 2.3"]  # fmt: skip
    new = ["num docs: 11", *[f"step {i} / 30 | loss {4 - i / 10}" for i in range(1, 31)], "", "--- inference ---",
           *[f"sample {i}: {'abcdefghijklmnopqrstuvwxyz'[i]}" for i in range(1, 21)], "", "mean loss: 1.9"]  # fmt: skip
    assert shortened(old, new) == [
        "num docs: 11", "step 1 / 30 | loss 3.9", "...", "step 30 / 30 | loss 1.0", "", "--- inference ---", "sample 1: b",
        "...", "sample 20: u", "", "mean loss: 1.9",
    ]  # fmt: skip


# ------------------------------------------------------------------------------------ what is left

LEFT = {
    "an exception that was not expected": (pycon(">>> 1 / 0\n2"), ">>> 1 / 0", "raised ZeroDivisionError: division by zero"),
    "an exception that doesn't come": (pycon(">>> 1\nTraceback (most recent call last):\n    ...\nValueError"), ">>> 1", "Got:"),
    "some text in a line left out": (pycon(">>> print('a1c')\nb...c"), ">>> print('a1c')", "Got:"),
    "a line of an object and lines left out": (pycon(">>> print('a\\nb\\nc')\n<...>\n...\nd"), ">>> print('a\\nb\\nc')", "Got:"),
    "lines that are not found": (pycon(">>> print('a\\nb\\nc')\na\n...\nx\n...\nc"), ">>> print('a\\nb\\nc')", "Got:"),
    "lines that are found twice": (pycon(f"{MANY}\nstep 1 | 1\n...\nstep 200 | 7\n...\nstep 100 | 10000"), ">>> for i", "Got:"),
    "fewer lines than are shown": (pycon(">>> 1\n1\n...\n2\n3"), ">>> 1", "Got:"),
    "what looks like code": (pycon(">>> print('>>> 1')\n2"), ">>> print('>>> 1')", "Got:"),
    "no code": (pycon("1 + 1"), "a pycon block without >>>", ""),
    "no command": (console("echo a\na"), "a console block that doesn't begin with $ and a command", ""),
    "text before the command": (console("a\n$ echo a\na"), "a console block that doesn't begin with $ and a command", ""),
    "output that looks like a command": (console("$ echo '$ a'\nb"), "$ echo '$ a'", "Got:"),
    "lines of a command that are not found": (console("$ seq 1 9\n1\n...\nx\n...\n9"), "$ seq 1 9", "Got:"),
}


@pytest.mark.parametrize("text, first, rest", LEFT.values(), ids=LEFT)
def test_what_a_person_has_to_decide_is_named_and_left(chapter, tmp_path, text, first, rest):
    read = chapter(text)
    found = examples.check(read, tmp_path)
    assert [wrong.right for wrong in found] == [None]
    assert found[0].message.startswith(first) and rest in found[0].message
    assert text.split("\n")[found[0].line - 1].startswith(first[:8]) or first.startswith("a ")
    assert examples.fixed(read, found) == text


def test_what_is_clear_is_renewed_beside_what_is_not(chapter, tmp_path):
    text = pycon(">>> 1 / 0\n>>> 2\n3") + console("$ echo '$ a'\n$ echo a\nb")
    read = chapter(text)
    found = examples.check(read, tmp_path)
    assert first_lines(found) == [(4, ">>> 1 / 0"), (5, ">>> 2"), (11, "$ echo '$ a'"), (12, "$ echo a")]
    assert examples.fixed(read, found) == text.replace("\n3\n", "\n2\n").replace("\nb\n", "\na\n")


# ------------------------------------------------------------------------------------ what is right

RIGHT = {
    "results": pycon(">>> 1 + 1\n2\n>>> print('a\\n\\nb')\na\n<BLANKLINE>\nb"),
    "any text": pycon(">>> list(range(100))\n[0, 1, ..., 99]"),
    "any lines": console("$ seq 1 100\n1\n...\n50\n...\n100"),
    "no lines are any lines": console("$ seq 1 2\n1\n...\n2"),
    "an exception": pycon(ERROR + "    ...\nZeroDivisionError: division by zero"),
    "blank lines at the end": console("$ printf 'a\\n\\n'\na\n\n$ echo b\nb"),
    "spaces at the end": console("$ printf 'a  \\nb\\n'\na\nb"),
    "in a comment it does not count": f"<!--\n{pycon('>>> 1' + chr(10) + '2')}-->\n",
    "quoted in a longer fence": f"````markdown\n{console('$ echo a')}````\n",
    "another language": "```text\n$ echo a\n```\n```python\n>>> 1\n2\n```\n",
    "variables go on": "```pycon\n>>> def f(): return x\n```\n\n```pycon\n>>> x = 3\n>>> f()\n3\n```\n",
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_what_is_right(chapter, tmp_path, text):
    assert examples.check(chapter(text), tmp_path) == []


def test_examples_run_in_the_folder_with_this_python(chapter, tmp_path):
    (tmp_path / "there.txt").write_text("here\n")
    version = ".".join(map(str, sys.version_info[:3]))
    text = pycon(">>> print(open('there.txt').read().strip())\nhere") + console(
        f"$ cat there.txt\nhere\n$ python3 --version\nPython {version}\n$ echo a > made.txt\n$ cat made.txt\na"
    )
    here = os.getcwd()
    assert examples.check(chapter(text), tmp_path) == []
    assert os.getcwd() == here and (tmp_path / "made.txt").exists()


def test_an_example_cannot_end_the_check(chapter, tmp_path):
    found = examples.check(chapter(pycon(">>> exit(3)\n>>> raise SystemExit\n>>> 1\n2")), tmp_path)
    assert first_lines(found) == [(4, ">>> exit(3)"), (5, ">>> raise SystemExit"), (6, ">>> 1")]


def test_output_that_is_no_text_is_shown(chapter, tmp_path):
    [wrong] = examples.check(chapter(console("$ printf '\\377\\n'\na")), tmp_path)
    assert wrong.right == ["\\xff"]


def test_a_command_that_takes_too_long_is_stopped(chapter, tmp_path, monkeypatch):
    monkeypatch.setattr(examples, "LONGEST", 0.2)
    started = time.monotonic()
    [wrong] = examples.check(chapter(console("$ echo a; sleep 50; echo b\na\nb")), tmp_path)
    assert time.monotonic() - started < 20
    assert wrong == (4, "$ echo a; sleep 50; echo b\ntook more than 0.2 seconds", (0, 0), None)


def test_an_exception_in_a_function_of_another_block(chapter, tmp_path):
    """doctest looked its line up in the block that runs, which may have fewer examples."""
    first = pycon(">>> a = 1\n>>> b = 2\n>>> def f():\n...     return 1 / 0")
    [wrong] = examples.check(chapter(first + "\n" + pycon(">>> f()\n2")), tmp_path)
    assert wrong.message == ">>> f()\nraised ZeroDivisionError: division by zero"
