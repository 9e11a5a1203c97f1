"""Edits of generated files go back into the chapters, exactly, or nothing is written."""

import os
import random
import shutil

import pytest

from scripts import book, tangle
from scripts.tangle import UserError
from scripts.text import stitch
from tests import ROOT
from tests.fast.test_tangle import everything_in, write_book

ONE = """\
# One

```python {file=pkg/a.py}
import math


def f(x):
    # <<body>>
    # <<end>>


def g(x):
    # <<end>>
```

Some text.

> A quoted block, in which blank lines need no mark:
>
> ```python {#body}
> y = x + 1

> z = y * 2
> ```
"""
TWO = """\
# Two

- in a list:

    ```python {#end}
    total = x * 3
    return total
    ```

```python {file=pkg/b.py}
def h(x):
    if x:
        # <<end>>
```
"""
BOOK = {"docs/1.md": ONE, "docs/2.md": TWO}
A = """\
import math


def f(x):
    y = x + 1

    z = y * 2
    total = x * 3
    return total


def g(x):
    total = x * 3
    return total
"""


@pytest.fixture
def small(tmp_path):
    write_book(tmp_path, BOOK)
    assert tangle.main(["--root", str(tmp_path)]) == 0
    assert (tmp_path / "pkg/a.py").read_text().partition("\n")[2] == A
    return tmp_path


def edit(path, old, new, count=-1):
    """Replace text in a file; keep its line ends."""
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new, count).encode())


def refused(root, file="pkg/a.py"):
    """What is said of a file that can't be stitched; nothing may be written then."""
    before = everything_in(root)
    with pytest.raises(UserError) as raised:
        stitch.stitch(root, file)
    assert everything_in(root) == before
    return str(raised.value)


def sound(root):
    assert tangle.main(["--root", str(root), "--check"]) == 0


@pytest.mark.parametrize(
    "old, new, chapter, was, becomes",
    [
        ("import math\n", "import random\n", 1, "import math\n", "import random\n"),
        ("import math\n", "import os\nimport math\n", 1, "import math\n", "import os\nimport math\n"),
        ("import math\n", "", 1, "import math\n", ""),
        ("math\n\n\ndef", "math\n\ndef", 1, "math\n\n\ndef", "math\n\ndef"),
        ("math\n\n\ndef", "math\n\n\n\ndef", 1, "math\n\n\ndef", "math\n\n\n\ndef"),
        ("    y = x + 1\n", "    y = x + 10\n", 1, "> y = x + 1\n", "> y = x + 10\n"),
        ("    y = x + 1\n\n", "    y = x + 1\n", 1, "> y = x + 1\n\n", "> y = x + 1\n"),
        ("    y = x + 1\n\n", "    y = x + 1\n\n\n", 1, "> y = x + 1\n\n", "> y = x + 1\n>\n\n"),
        ("    y = x + 1\n\n", "    y = x + 1\n    # why\n", 1, "> y = x + 1\n\n", "> y = x + 1\n> # why\n"),
        ("    z = y * 2\n", "    if y:\n        z = y * 2\n", 1, "> z = y * 2\n", "> if y:\n>     z = y * 2\n"),
        ("    z = y * 2\n", "    z = y * 2\n\n    z = -z\n", 1, "> z = y * 2\n", "> z = y * 2\n>\n> z = -z\n"),
        ("    z = y * 2\n", "", 1, "> z = y * 2\n", ""),
        ("def g(x):\n", "def g(x: int):\n", 1, "def g(x):\n", "def g(x: int):\n"),
        ("    total = x * 3\n", "    total = 3 * x  # é\n", 2, "    total = x * 3\n", "    total = 3 * x  # é\n"),
        ("    return total\n", "    total += 1\n    return total\n", 2, "    return total\n", "    total += 1\n    return total\n"),
        ("    return total\n", "    return total\n    # the end\n", 2, "    return total\n", "    return total\n    # the end\n"),
        ("    total = x * 3\n", "", 2, "    total = x * 3\n", ""),
    ],
)
def test_an_edit_goes_to_its_place_and_nowhere_else(small, old, new, chapter, was, becomes):
    edit(small / "pkg/a.py", old, new)
    edited = (small / "pkg/a.py").read_text().partition("\n")[2]
    done = stitch.stitch(small, "pkg/a.py")
    assert done.chapters == [f"docs/{chapter}.md"]
    assert (small / "pkg/a.py").read_text().partition("\n")[2] == edited
    for number, text in ((1, ONE), (2, TWO)):
        expected = text.replace(was, becomes) if number == chapter else text
        assert (small / f"docs/{number}.md").read_text() == expected
    sound(small)


def test_several_edits_at_once(small):
    edit(small / "pkg/a.py", "import math\n", "import cmath as math\n")
    edit(small / "pkg/a.py", "y * 2", "y * 4")
    edit(small / "pkg/a.py", "def g(x):", "\ndef g(x):")
    edit(small / "pkg/a.py", "x * 3", "x * 5")
    assert stitch.stitch(small, "pkg/a.py").chapters == ["docs/1.md", "docs/2.md"]
    sound(small)


def test_a_chunk_of_several_users_changes_all_and_says_so(small, capsys):
    edit(small / "pkg/a.py", "x * 3", "x * 5")
    assert book.main(["stitch", "--root", str(small), str(small / "pkg/a.py")]) == 0
    assert capsys.readouterr() == (
        "<<end>> is used in pkg/a.py, pkg/b.py: all of them change\nwrote docs/2.md\nwrote pkg/a.py\nwrote pkg/b.py\n",
        "",
    )
    assert "        total = x * 5\n" in (small / "pkg/b.py").read_text()
    sound(small)


def test_a_chunk_that_comes_twice_must_be_changed_twice_alike(small):
    edit(small / "pkg/a.py", "x * 3", "x * 5", 1)
    said = refused(small)
    assert said.startswith("pkg/a.py:9: ") or said.startswith("pkg/a.py:14: ")
    assert said.endswith("\nnothing was written")
    edit(small / "pkg/a.py", "x * 3", "x * 7")
    said = refused(small)
    assert said == (
        "pkg/a.py:14: another change of docs/2.md:6 is different: the chunk <<end>> comes here more than once"
        " (change it everywhere alike)\nnothing was written"
    )


@pytest.mark.parametrize(
    "old, new, said",
    [
        # A line beside a chunk that is indented less than that.
        ("    return total\n\n\n", "    return total\nx = 1\n\n\n", "pkg/a.py:11: this line is indented less than the chunk <<end>>"),
        ("    z = y * 2\n", "    z = y * 2\nw = 3\n", "pkg/a.py:9: this line is indented less than the chunk <<body>>"),
        # A chunk without lines.
        ("    y = x + 1\n\n    z = y * 2\n", "", "docs/1.md:20: the fence is empty"),
        # What a chapter would take for something else.
        ("import math\n", 'import math\nS = """\n```\n"""\n', "docs/1.md:"),
        ("import math\n", "import math\n# <<other>>\n", "docs/1.md:5: <<other>> is not defined"),
        ("import math\n", "import math\n# <<body>>\n", "pkg/a.py:3: the chapters would not give line 3 like this"),
        # No Python.
        ("import math\n", "import math)\n", "docs/1.md:4: pkg/a.py is not valid Python: "),
        # Space at the end of a blank line, in a chunk that is indented there.
        ("    y = x + 1\n\n", "    y = x + 1\n  \n", "pkg/a.py:7: "),
        ("import math\n", "import math\n# Tangled from docs/1.md by scripts/tangle.py: x\n", "pkg/a.py:3: the header is not in the first"),
    ],
)
def test_a_line_that_fits_nowhere_is_named_and_nothing_is_written(small, old, new, said):
    edit(small / "pkg/a.py", old, new)
    assert refused(small).startswith(said)


def test_nothing_to_do(small, capsys):
    before = everything_in(small)
    assert book.main(["stitch", "--root", str(small), "pkg/a.py"]) == 0
    assert capsys.readouterr() == ("nothing to do\n", "")
    assert everything_in(small) == before


@pytest.mark.parametrize("header", ["", "# Tangled from something else\n"])
def test_without_its_header(small, header):
    text = (small / "pkg/a.py").read_text()
    (small / "pkg/a.py").write_text(header + text.partition("\n")[2])
    assert stitch.stitch(small, "pkg/a.py") == ([], ["pkg/a.py"], [])
    assert (small / "pkg/a.py").read_text() == text
    (small / "pkg/a.py").write_text(header + text.partition("\n")[2].replace("math", "cmath"))
    stitch.stitch(small, "pkg/a.py")
    sound(small)


def test_chapters_with_line_ends_of_windows(small):
    for name in ("docs/1.md", "docs/2.md"):
        edit(small / name, "\n", "\r\n")
    edit(small / "pkg/a.py", "\n", "\r\n")
    edit(small / "pkg/a.py", "    z = y * 2\r\n", "    z = y * 2\r\n    z += 1\r\n")
    edit(small / "pkg/a.py", "import math\r\n", "import os\r\nimport math\r\n")
    stitch.stitch(small, "pkg/a.py")
    expected = ONE.replace("> z = y * 2\n", "> z = y * 2\n> z += 1\n").replace("import math", "import os\nimport math")
    assert (small / "docs/1.md").read_bytes().decode() == expected.replace("\n", "\r\n")
    assert (small / "docs/2.md").read_bytes().decode() == TWO.replace("\n", "\r\n")
    sound(small)


def test_a_chapter_with_a_byte_order_mark_keeps_it(small):
    (small / "docs/1.md").write_text("\ufeff" + ONE)
    edit(small / "pkg/a.py", "math", "cmath")
    stitch.stitch(small, "pkg/a.py")
    assert (small / "docs/1.md").read_text() == "\ufeff" + ONE.replace("math", "cmath")
    sound(small)


# ---------------------------------------------------------------------------- nothing else is lost


def test_an_edit_of_another_file_that_would_change_too_is_not_overwritten(small):
    edit(small / "pkg/b.py", "if x:", "if x > 0:")
    edit(small / "pkg/a.py", "x * 3", "x * 5")
    assert refused(small) == (
        "pkg/b.py: would change too, but has edits of its own (make the same edit in both)\nnothing was written"
    )
    edit(small / "pkg/b.py", "if x > 0:", "if x:")
    edit(small / "pkg/b.py", "x * 3", "x * 5")  # the same edit in both
    stitch.stitch(small, "pkg/a.py")
    sound(small)


def test_an_edit_of_another_file_that_does_not_change_stays(small):
    edit(small / "pkg/b.py", "if x:", "if x > 0:")
    edit(small / "pkg/a.py", "math", "cmath")
    before = (small / "pkg/b.py").read_bytes()
    stitch.stitch(small, "pkg/a.py")
    assert (small / "pkg/b.py").read_bytes() == before
    stitch.stitch(small, "pkg/b.py")
    sound(small)


def test_code_changed_in_a_chapter_since_is_not_undone(small):
    edit(small / "docs/2.md", "x * 3", "x * 5")
    edit(small / "pkg/a.py", "math", "cmath")
    assert refused(small).startswith("pkg/a.py: was made before the chapters changed, so its lines would undo that (")
    edit(small / "docs/2.md", "x * 5", "x * 3")
    edit(small / "docs/2.md", "- in a list", "- prose may change")
    stitch.stitch(small, "pkg/a.py")
    sound(small)


@pytest.mark.parametrize(
    "content, said",
    [
        (b"x = '\xff'\n", "pkg/a.py:1: this is not UTF-8 (save the file as UTF-8)"),
        (b"x = 1", "pkg/a.py: the last line doesn't end (add a line end)"),
        (b"", "docs/1.md:"),
        (b"\n", "docs/1.md:"),
    ],
)
def test_a_file_that_cannot_be_used(small, content, said):
    (small / "pkg/a.py").write_bytes(content)
    assert refused(small).startswith(said)


def test_no_such_file(small, capsys):
    for name in ("pkg/c.py", "../a.py", "docs/1.md"):
        assert refused(small, name) == f"no chapter makes {name}, so there is nowhere to bring its lines"
    (small / "pkg/a.py").unlink()
    assert book.main(["stitch", "--root", str(small), "pkg/a.py"]) == 1
    assert capsys.readouterr() == ("", "pkg/a.py: No such file or directory\n")
    (small / "docs/1.md").write_text(ONE.replace("<<body>>", "<<bodi>>"))
    assert "<<bodi>> is not defined" in refused(small)


def test_a_file_is_named_from_where_one_stands_or_from_the_project(small, monkeypatch, capsys):
    for folder, name in ((small / "pkg", "a.py"), (small, "pkg/a.py"), (ROOT, "pkg/a.py"), (ROOT, str(small / "pkg/a.py"))):
        monkeypatch.chdir(folder)
        assert book.main(["stitch", "--root", str(small), name]) == 0
        assert capsys.readouterr().out == "nothing to do\n"


def test_all_or_nothing_is_written(small, monkeypatch):
    edit(small / "pkg/a.py", "x * 3", "x * 5")
    replace, calls = os.replace, []

    def fail_at_the_third(old, new):
        calls.append(new)
        if len(calls) == 3:
            raise PermissionError(13, "Permission denied")
        replace(old, new)

    monkeypatch.setattr("os.replace", fail_at_the_third)
    assert "cannot be written: Permission denied" in refused(small)


# ---------------------------------------------------------------------------------- the real book

PACKAGE = [file for file in tangle.read_book(ROOT).files if file.startswith("microgpt/")]
ROUNDS = 1  # for each file; tests/slow/test_many_edits.py makes many


def random_edit(lines, rng):
    """Change, delete, insert, double, swap or move a line or a few."""
    lines, at = list(lines), rng.randrange(len(lines))
    match rng.randrange(7):
        case 0:
            lines[at] += "  # edited" if lines[at].strip() and '"""' not in lines[at] else ""
        case 1:
            del lines[at : at + rng.choice((1, 1, 2, 5))]
        case 2:
            indent = " " * rng.choice((0, 4, 4, 8, len(lines[at]) - len(lines[at].lstrip())))
            lines[at:at] = [rng.choice((f"{indent}# a line", f"{indent}pass", "", f"{indent}x = 'é'"))] * rng.choice((1, 2))
        case 3:
            lines.insert(at, lines[at])
        case 4:
            other = rng.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        case 5:
            lines[at] = lines[at].replace("1", "2").replace("self", "this")
        case 6:
            lines[at:at] = rng.choice((["```"], ["# <<softmax>>"], ["x = 1 "], ["\tpass"], ["   "], ["# -->", "# <!--"]))
    return lines


def stitched_or_refused(root, file, before, seed):
    """Edit a file at random: either the chapters give exactly that then, or all is as it was. True if they do."""
    rng = random.Random(f"{file}-{seed}")
    header, *lines = before[file].decode().split("\n")[:-1]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        lines = random_edit(lines or [""], rng)
    edited = "".join(f"{line}\n" for line in [header, *lines]).encode()
    (root / file).write_bytes(edited)
    try:
        done = stitch.stitch(root, file)
    except UserError as error:
        assert everything_in(root) == before | {file: edited}, "refused, and yet something was written"
        assert f"{file}:" in str(error) or "docs/" in str(error), error
        done = None
    else:
        made = tangle.read_book(root)
        after = everything_in(root)
        assert made.complaints() == []
        assert made.content(file).partition(b"\n")[2] == edited.partition(b"\n")[2]
        assert {path: after[path] for path in made.files} == {path: made.content(path) for path in made.files}
        assert {path for path in before if after[path] != before[path]} <= {*done.chapters, *done.files}
        assert bool(done.chapters) == (edited != before[file])
    for path, content in before.items():
        if (root / path).read_bytes() != content:
            (root / path).write_bytes(content)
    return done is not None


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The chapters and their files, elsewhere. Every test leaves them as they are, so they are read only once."""
    root = tmp_path_factory.mktemp("book")
    book_there = tangle.read_book(ROOT)
    for path in [*book_there.chapters, *book_there.files]:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, root / path)
    book_there, sound_book = tangle.sound_book(root), stitch.sound_book
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stitch, "sound_book", lambda other: book_there if other == root else sound_book(other))
        yield root, everything_in(root)


@pytest.mark.parametrize("file", PACKAGE)
def test_random_edits_of_the_program(real, file):
    root, before = real
    for seed in range(ROUNDS):
        stitched_or_refused(root, file, before, seed)
