"""Two thousand random books: never a traceback, nothing written with a fault, and what is written is what is meant.

A book is made from what one does right and what one does wrong. Beside tangle stands the plainest expander there is:
it knows nothing of faults, so it is asked only about books in which tangle finds none.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from scripts import tangle

pytestmark = pytest.mark.no_cover
BOOKS = 2000
NAMES = ["a", "b-c", "d", "e-1", "softmax", "soft-max", "A", "x.py", "_", "ö", ""]
FILES = ["p/a.py", "b.py", "p/b.py", "P/a.py", "../x.py", "/y.py", "p", ".h/z.py", "build/q.py", "a b.py", "c.txt", "p/a.py/d.py"]
LINES = ["x = 1", "", "  ", "y = [", "]", "def f():", "    return 1", "# a comment", "'''", "z = 1  # <<a>>", "\tt = 2", "\0", "é = 'ü\u2028'", "```", "~~~"]
PROSE = ["Some words.", "", "# A title", "<!-- a comment -->", "<!-- not closed", "-->", "- a list", "> a quotation", "```", "````", "~~~", "`code`"]
PREFIXES = ["", "", "", "", "    ", "> ", ">", "  > ", "- ", "\t"]


def header(rng: random.Random) -> str:
    name, file = rng.choice(NAMES), rng.choice(FILES)
    kinds = [f"{{#{name}}}", f"{{file={file}}}", f"{{#{rng.choice('abd')}}}", "{file=p/a.py}", "", f"#{name}", f"{{#{name} x}}", f"{{#{name}", "{.x}"]
    return f"{rng.choice(['python', 'python', 'python', 'py', 'text', ''])} {rng.choice(kinds)}".strip()


def fence(rng: random.Random) -> list[str]:
    prefix, mark = rng.choice(PREFIXES), rng.choice(["```", "```", "````", "~~~"])
    code = [rng.choice([*LINES[:3], *LINES]) for _ in range(rng.randrange(4))]
    for _ in range(rng.choice([0, 0, 1, 2])):
        code.insert(rng.randrange(len(code) + 1), f"{rng.choice(['', '    '])}# <<{rng.choice(NAMES)}>>")
    closing = [] if rng.random() < 0.03 else [mark]
    return [f"{prefix}{line}" if rng.random() > 0.01 else line for line in [mark + header(rng), *code, *closing]]


def good_fence(rng: random.Random, name: str, later: list[str]) -> list[str]:
    prefix = rng.choice(["", "    ", "> "])
    code = [rng.choice(["x = 1", "", "pass", "# a comment"]) for _ in range(rng.randrange(1, 4))]
    if not "".join(code).strip():
        code.append("y = 2")
    for other in later:
        code.insert(rng.randrange(len(code) + 1), f"# <<{other}>>")
    return [f"{prefix}{line}" for line in ["```python " + name, *code, "```"]]


def chapter(rng: random.Random) -> str:
    lines: list[str] = []
    for _ in range(rng.randrange(1, 6)):
        lines += fence(rng) if rng.random() < 0.7 else [rng.choice(PROSE)]
    return rng.choice(["\n", "\n", "\n", "\r\n", "\r"]).join(lines) + rng.choice(["", "\n"])


def good_book(rng: random.Random) -> list[str]:
    """A book in which nothing is wrong: each chunk refers to later ones only, and all are used."""
    names = [f"c{i}" for i in range(rng.randrange(5))]
    users: dict[str, list[str]] = {name: [] for name in ["file", *names]}
    for i, name in enumerate(names):
        for _ in range(rng.choice([1, 1, 2])):
            users[rng.choice(["file", *names[:i]])].append(name)
    fences = [good_fence(rng, "{file=p/a.py}", users["file"])]
    fences += [good_fence(rng, f"{{#{name}}}", users[name]) for name in names]
    rng.shuffle(fences)
    return ["\n".join(line for part in fences[i::2] for line in [*part, "", "Words.", ""]) for i in range(2)]


def plain(book: tangle.Book, label: str) -> list[str]:
    """What a file or chunk becomes, by recursion and nothing else."""
    made: list[str] = []
    for piece in book.pieces:
        if piece.label == label:
            for text in piece.lines:
                match = re.fullmatch(r"([ \t]*)#[ \t]*<<[ \t]*([^<>]*?)[ \t]*>>[ \t]*", text)
                made += [match[1] + line if line else "" for line in plain(book, match[2])] if match else [text]
    return made


def everything_in(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_random_books(tmp_path, capsys):
    written = 0
    for number in range(BOOKS):
        rng = random.Random(number)
        root = tmp_path / str(number)
        (root / "docs").mkdir(parents=True)
        good = rng.random() < 0.4
        texts = good_book(rng) if good else [chapter(rng) for _ in range(rng.randrange(1, 4))]
        for i, text in enumerate(texts):
            (root / f"docs/{rng.choice([i, 10 - i])}-{'ab'[i % 2]}.md").write_bytes(text.encode())
        before = everything_in(root)
        status = tangle.main(["--root", str(root)])
        out, err = capsys.readouterr()
        after = everything_in(root)
        assert status == (1 if err else 0), number
        assert "Traceback" not in err
        if status:
            assert after == before and not good, number
            assert all(re.match(r"docs(/[^:]+)?(:\d+)?: ", line) for line in err.splitlines()), number
            continue
        written += 1
        book = tangle.read_book(root)
        assert set(after) - set(before) == set(book.files)
        for file, lines in book.files.items():
            made = after[file].decode().split("\n")
            assert made[-1] == "" and made[1:-1] == plain(book, file), number
            for line in lines[1:]:
                source = tangle.split_lines((root / line.chapter).read_text(encoding="utf-8"))[line.number - 1]
                assert line.text.strip() == source.lstrip("> \t-").strip() or line.text.strip() in source, number
        assert tangle.main(["--root", str(root), "--check"]) == 0
        capsys.readouterr()
    assert BOOKS * 0.35 < written < BOOKS * 0.8
