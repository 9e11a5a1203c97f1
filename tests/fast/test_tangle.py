"""The tangle: what a book becomes, what is said about a faulty one, and that nothing is lost on the disk.

Two tables make up most of it: GOOD has books with the exact files they become, BAD has books with the
exact lines that are said about them. A book is written inline, as {path below the root: text}, or as the
text of its only chapter, docs/a.md.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from scripts import tangle

SCRIPT = Path(tangle.__file__)
ONE_FILE = "```python {file=a.py}\nx = 1\n```\n"
TWO_FILES = {"docs/1.md": ONE_FILE, "docs/2.md": "```python {file=pkg/b.py}\ny = 2\n```\n"}


def write_book(root: Path, book: str | dict) -> None:
    for path, text in ({"docs/a.md": book} if isinstance(book, str) else book).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text if isinstance(text, bytes) else text.encode())


def everything_in(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def header(path: str, chapter: str, body: str) -> str:
    digest = hashlib.sha256(f"{path}\n{body}".encode()).hexdigest()[:16]
    return f"# Tangled from {chapter} by scripts/tangle.py: edit the chapters, not this file. [sha256:{digest}]\n"


@pytest.fixture
def run(tmp_path, capsys):
    """Run the command line in this process; returns (status, stdout, stderr)."""

    def run(*arguments: str) -> tuple[int, str, str]:
        status = tangle.main(["--root", str(tmp_path), *arguments])
        return (status, *capsys.readouterr())

    return run


# ------------------------------------------------------------------- books that are well written

# name: (the book, {file: its body, that is all but the header line})
GOOD: dict[str, tuple[str | dict, dict[str, str]]] = {
    "one file": (ONE_FILE, {"a.py": "x = 1\n"}),
    "a folder is made": ("```python {file=p/q/a.py}\nx = 1\n```", {"p/q/a.py": "x = 1\n"}),
    "the second fence of a file appends": (
        ONE_FILE + "text\n```python {file=a.py}\ny = 2\n```",
        {"a.py": "x = 1\ny = 2\n"},
    ),
    "a file appends across chapters": (
        {"docs/1.md": ONE_FILE, "docs/2.md": "```python {file=a.py}\n\ny = 2\n```"},
        {"a.py": "x = 1\n\ny = 2\n"},
    ),
    "a chunk in its place": (
        "```python {file=a.py}\nimport math\n\n# <<two>>\n\nz = 3\n```\n```python {#two}\ny = 2\n```",
        {"a.py": "import math\n\ny = 2\n\nz = 3\n"},
    ),
    "a chunk before its use": (
        "```python {#two}\ny = 2\n```\n```python {file=a.py}\n# <<two>>\n```",
        {"a.py": "y = 2\n"},
    ),
    "a chunk appends": (
        "```python {file=a.py}\n# <<c>>\n```\n```python {#c}\nx = 1\n```\n```python {#c}\ny = 2\n```",
        {"a.py": "x = 1\ny = 2\n"},
    ),
    "a chunk appends across chapters, and says so": (
        {
            "docs/1.md": "```python {file=a.py}\n# <<c>>\n```\n```python {#c}\nx = 1\n```",
            "docs/2.md": "```python {#c .continued}\ny = 2\n```\n```python { .x .continued #c }\nz = 3\n```",
        },
        {"a.py": "x = 1\ny = 2\nz = 3\n"},
    ),
    "indentation, and the indentation in it": (
        "```python {file=a.py}\ndef f():\n    # <<loop>>\n```\n"
        "```python {#loop}\nfor i in ():\n    # <<step>>\n    \n\n    print(i)\n```\n"
        "```python {#step}\nif i:\n\n    print()\n```",
        {"a.py": "def f():\n    for i in ():\n        if i:\n\n            print()\n        \n\n        print(i)\n"},
    ),
    "indentation by tabs": (
        "```python {file=a.py}\nif 1:\n\t# <<c>>\n```\n```python {#c}\nif 2:\n\tx = 1\n```",
        {"a.py": "if 1:\n\tif 2:\n\t\tx = 1\n"},
    ),
    "a chunk twice, and in two files": (
        "```python {file=a.py}\n# <<c>>\n# <<c>>\n```\n```python {file=b.py}\nif 1:\n  # <<c>>\n```\n```python {#c}\nx = 1\n```",
        {"a.py": "x = 1\nx = 1\n", "b.py": "if 1:\n  x = 1\n"},
    ),
    "every way to write a reference": (
        "```python {file=a.py}\n#<<c>>\n#  <<c>>\n# << c >>  \n\t\n```\n```python {#c}\nx = 1\n```",
        {"a.py": "x = 1\nx = 1\nx = 1\n\t\n"},
    ),
    "no reference": (
        "```python {file=a.py}\nb = c = 1\nx = 1 <<b>> c\ny = 1 << b >> c\n# y << b >> c\n# <b> << >\nz = '<<b>>'\n```",
        {"a.py": "b = c = 1\nx = 1 <<b>> c\ny = 1 << b >> c\n# y << b >> c\n# <b> << >\nz = '<<b>>'\n"},
    ),
    "blank lines at both ends stay": (
        "```python {file=a.py}\n\n\nx = 1\n  \n\n```",
        {"a.py": "\n\nx = 1\n  \n\n"},
    ),
    "tildes": ("~~~ python {file=a.py}\nx = 1\n~~~\n", {"a.py": "x = 1\n"}),
    "tildes around backticks": (
        "~~~python {file=a.py}\nx = '''\n```\n```python {#c}\n'''\n~~~",
        {"a.py": "x = '''\n```\n```python {#c}\n'''\n"},
    ),
    "backticks in the header of tildes": ('~~~python {file=a.py title="`a`"}\nx = 1\n~~~', {"a.py": "x = 1\n"}),
    "long fences": ("`````python {file=a.py}\nx = '''\n````\n'''\n`````", {"a.py": "x = '''\n````\n'''\n"}),
    "a longer fence closes": ("```python {file=a.py}\nx = 1\n`````", {"a.py": "x = 1\n"}),
    "spaces after the closing fence": ("```python {file=a.py}\nx = 1\n``` \t\n", {"a.py": "x = 1\n"}),
    "a line that begins like a closing fence": (
        "```python {file=a.py}\nx = '''\n``` no\n``\n ```\n'''\n```",
        {"a.py": "x = '''\n``` no\n``\n ```\n'''\n"},
    ),
    "a longer fence quotes a shorter one": (
        "````markdown\n```python {file=b.py}\nno\n```\n````\n" + ONE_FILE,
        {"a.py": "x = 1\n"},
    ),
    "a fence of tildes quotes one of backticks": (
        "~~~\n```python {file=b.py}\nno\n```\n~~~\n" + ONE_FILE,
        {"a.py": "x = 1\n"},
    ),
    "inline code of three backticks": ("```python {file=b.py}```\n\n``` x ` y\n" + ONE_FILE, {"a.py": "x = 1\n"}),
    "an admonition": (
        '!!! note "N"\n\n    ```python {file=a.py}\n    if 1:\n        x = 1\n\n    y = 2\n    ```\n',
        {"a.py": "if 1:\n    x = 1\n\ny = 2\n"},
    ),
    "tabs": (
        '=== "T"\n\n    === "U"\n\n        ```python {file=a.py}\n        x = 1\n        ```\n',
        {"a.py": "x = 1\n"},
    ),
    "a list": ("1. one\n\n   ```python {file=a.py}\n   x = 1\n   ```\n2. two\n", {"a.py": "x = 1\n"}),
    "details": (
        "??? note\n    ```python {file=a.py}\n    x = 1\n    ```\n<details>\n\n```python {file=a.py}\ny = 2\n```\n</details>",
        {"a.py": "x = 1\ny = 2\n"},
    ),
    "indented by a tab": (
        "-\tone\n\n\t```python {file=a.py}\n\tif 1:\n\t\tx = 1\n\t```\n",
        {"a.py": "if 1:\n\tx = 1\n"},
    ),
    "a block quote": (
        "> ```python {file=a.py}\n> if 1:\n>\n>     x = 1\n> \n> ```\n",
        {"a.py": "if 1:\n\n    x = 1\n\n"},
    ),
    "a block quote in a list in a block quote": (
        "> - x\n>\n>   > ```python {file=a.py}\n>   > x = 1\n>\n>   >\n>   > y = 2\n>   > ```\n",
        {"a.py": "x = 1\n\n\ny = 2\n"},
    ),
    "CRLF": (ONE_FILE.replace("\n", "\r\n"), {"a.py": "x = 1\n"}),
    "CR": (ONE_FILE.replace("\n", "\r"), {"a.py": "x = 1\n"}),
    "a byte order mark": ("\ufeff" + ONE_FILE, {"a.py": "x = 1\n"}),
    "no final newline": (ONE_FILE.rstrip("\n"), {"a.py": "x = 1\n"}),
    "other line separators are no line ends": (
        "```python {file=a.py}\nx = 'a\u2028b\x0bc\x85d'\n\x0cy = 2\n```",
        {"a.py": "x = 'a\u2028b\x0bc\x85d'\n\x0cy = 2\n"},
    ),
    "not only ASCII": ("```python {file=größe.py}\nπ = '≈ 3'\n```", {"größe.py": "π = '≈ 3'\n"}),
    "in a comment nobody sees it": (
        "<!--\n```python {file=b.py}\nx = 1\n```\n-->\n<!-- ```python\n--> ```\n> <!-- x -->\n" + ONE_FILE,
        {"a.py": "x = 1\n"},
    ),
    "a comment in the text or in code is none": (
        "a <!-- b\n```python {file=a.py}\nx = '''\n<!--\n'''\n```\n",
        {"a.py": "x = '''\n<!--\n'''\n"},
    ),
    "every option": (
        '```python {file=a.py title="a } b" linenums="1" hl_lines=\'1 2\' .one .two-2}\n# <<c>>\n```\n'
        "~~~ python\t{  .x   #c title=t }  \nx = 1\n~~~",
        {"a.py": "x = 1\n"},
    ),
    "illustrations": (
        '```python\n# <<no>>\n```\n```python title="file=x.py #no" linenums=\'1\' hl_lines="1"\n(\n```\n'
        '```python {title="#no" .x}\n(\n```\n```python {}\n(\n```\n```{.python title=x}\n(\n```\n'
        '```pycon\n>>> (\n```\n```c# x\n```\n```\n# x\n```\n```py title="x"\n```\n~~~mermaid {.x}\n~~~\n' + ONE_FILE,
        {"a.py": "x = 1\n"},
    ),
    "quoted paths": (
        "```python {file='a b.py'}\nx = 1\n```\n```python {file=\"./p//../a b.py\"}\ny = 2\n```",
        {"a b.py": "x = 1\ny = 2\n"},
    ),
    "numbers in reading order": (
        {
            f"docs/{path}.md": f"```python {{file=a.py}}\nx = {path!r}\n```"
            for path in ("10-x/1", "2-x/10", "2-x/9", "b", "B", "appendix/1", "1", "02/a")
        },
        {
            "a.py": "".join(
                f"x = {path!r}\n" for path in ("1", "02/a", "2-x/9", "2-x/10", "10-x/1", "B", "appendix/1", "b")
            )
        },
    ),
    "hidden chapters are none": (
        {"docs/a.md": ONE_FILE, "docs/.b.md": ONE_FILE, "docs/.c/d.md": ONE_FILE, "docs/e.txt": ONE_FILE},
        {"a.py": "x = 1\n"},
    ),
    "future and docstring": (
        '```python {file=a.py}\n"""Doc."""\nfrom __future__ import annotations\n```',
        {"a.py": '"""Doc."""\nfrom __future__ import annotations\n'},
    ),
    "a warning is no fault": ("```python {file=a.py}\nx = '\\d' is 1\n```", {"a.py": "x = '\\d' is 1\n"}),
    "tangle's own future imports do not count": (
        "```python {file=a.py}\ndef f():\n    x: (yield) = 1\n```",
        {"a.py": "def f():\n    x: (yield) = 1\n"},
    ),
    "deep nesting": (
        "```python {file=a.py}\n# <<c0>>\n```\n"
        + "".join(f"```python {{#c{i}}}\n# <<c{i + 1}>>\n```\n" for i in range(2000))
        + "```python {#c2000}\nx = 1\n```",
        {"a.py": "x = 1\n"},
    ),
}


@pytest.mark.parametrize("book, files", GOOD.values(), ids=GOOD)
def test_good_book(tmp_path, run, book, files):
    write_book(tmp_path, book)
    before = everything_in(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a book's own warnings are not for whoever tangles it
        status, out, err = run()
    assert (status, err) == (0, "")
    made = {path: content for path, content in everything_in(tmp_path).items() if path not in before}
    first = {path: lines[0].chapter for path, lines in tangle.read_book(tmp_path).files.items()}
    assert made == {path: (header(path, first[path], body) + body).encode() for path, body in files.items()}
    assert out.splitlines()[:-1] == [f"wrote {path}" for path in sorted(files)]
    assert run("--check")[0] == 0


@pytest.mark.parametrize("book", [book for book, _ in GOOD.values()], ids=GOOD)
def test_every_line_knows_its_place(tmp_path, book):
    write_book(tmp_path, book)
    found = tangle.read_book(tmp_path)
    chapters = {
        chapter: re.split("\r\n|\r|\n", (tmp_path / chapter).read_bytes().decode("utf-8-sig"))
        for chapter in found.chapters
    }
    for path, lines in found.files.items():
        for number in range(2, len(lines) + 1):
            line = lines[number - 1]
            assert line.text.strip() == chapters[line.chapter][line.number - 1].lstrip("> \t").strip()
            assert line.label in found.parts
    # And the other way round: each line belongs to exactly one piece.
    code = {(p.chapter, n): p.label for p in found.pieces for n, _ in p.numbered() if n not in p.references}
    assert all(code[line.chapter, line.number] == line.label for lines in found.files.values() for line in lines[1:])


# --------------------------------------------------------------------------------- faulty books

WRITE = "(write ```python {#name} or ```python {file=path.py})"
PATH = "(use letters, digits, _ - . and / only, and .py at the end)"
OUTSIDE = "is outside the project (write a relative path that stays inside, as in microgpt/gpt.py)"
HIDDEN = "is in a hidden or build folder, where tangle does not look (choose another)"
NO_CHAPTERS = ": no chapters here (write docs/**/*.md, or name another project with --root)"
NO_FILES = ": no fence names a file to make (begin one with ```python {file=path.py})"
LESS = "which is indented or quoted less (close it, or indent that line as the fence is)"
ANOTHER = "where another begins (close it; to quote a fence, use a longer one)"
MALFORMED = "/a.md:5: malformed header:"
NO_BRACE = f"{MALFORMED} the line does not end with a closing brace (write ```python {{...}})"
TOO_MANY = f"{MALFORMED} more than one name or file (give each fence one)"
KNOWN = "is unknown (use #name or file=path.py; title=, linenums=, hl_lines=, .class)"
CONTINUE = "or, to continue that chunk, write {#c .continued})"
SHARES = "the reference shares its line with other text (put `# <<name>>` on a line of its own)"


def in_header(info: str) -> str:
    """A book whose second fence has this header, and in which all else is well."""
    return f"{ONE_FILE}\n```{info}\ny = 2\n```\n"


def with_path(path: str) -> str:
    return f"```python {{file='{path}'}}\nx = 1\n```\n"


# name: (the book, the lines that are said, without their "docs/")
BAD: dict[str, tuple[str | dict, list[str]]] = {
    # ----- the book as a whole
    "no docs": ({"README.md": ONE_FILE}, [NO_CHAPTERS]),
    "no chapters": ({"docs/x.txt": ONE_FILE}, [NO_CHAPTERS]),
    "docs is a file": ({"docs": ONE_FILE}, [NO_CHAPTERS]),
    "no files": ("# x\n```python {#c}\nx = 1\n```", [NO_FILES]),
    "an empty chapter": ("", [NO_FILES]),
    "not UTF-8": (
        {"docs/a.md": b"\n\xff\n\xfe\n" + ONE_FILE.encode(), "docs/b.md": "```python {#c}\nx\n```"},
        ["/a.md:2: this is not UTF-8 (save the chapter as UTF-8)"],
    ),
    "UTF-16": ({"docs/a.md": ONE_FILE.encode("utf-16")}, ["/a.md:1: this is not UTF-8 (save the chapter as UTF-8)"]),
    # ----- fences
    "unclosed at the end": (
        "x\n\n```python {file=a.py}\nx = 1\n",
        ["/a.md:3: the fence is not closed (end it with ```)"],
    ),
    "unclosed in the last line": (
        "x\n````python {file=a.py}",
        ["/a.md:2: the fence is not closed (end it with ````)"],
    ),
    "unclosed illustration": (ONE_FILE + "~~~\nx\n```\n", ["/a.md:4: the fence is not closed (end it with ~~~)"]),
    "unclosed, closed by a shorter one": (
        "````python {file=a.py}\nx = 1\n```\n",
        ["/a.md:1: the fence is not closed (end it with ````)"],
    ),
    "unclosed, closed by the other kind": (
        "```python {file=a.py}\nx = 1\n~~~\n",
        ["/a.md:1: the fence is not closed (end it with ```)"],
    ),
    "unclosed before another": (
        "```python {file=a.py}\n# <<c>>\n\n```python {#c}\nx = 1\n```\n",
        [f"/a.md:1: the fence is not closed before line 4, {ANOTHER}"],
    ),
    "unclosed illustration before another": (
        "```\nx\n    ```python {file=a.py}\n    x = 1\n    ```\n",
        [f"/a.md:1: the fence is not closed before line 3, {ANOTHER}"],
    ),
    "unclosed in an admonition": (
        "!!! note\n    ```python {#c}\n    x = 1\n\ntext\n```python {file=a.py}\n# <<c>>\n```\n",
        [f"/a.md:2: the fence is not closed before line 5, {LESS}"],
    ),
    "unclosed in a block quote": (
        "> ```python {file=a.py}\n> x = 1\n\ntext\n",
        [f"/a.md:1: the fence is not closed before line 4, {LESS}"],
    ),
    "beside a list marker": (
        "- ```python {file=a.py}\n  # <<c>>\n  ```\n1. ~~~python {#c}\n   x = 1\n   ~~~\n",
        [f"/a.md:{n}: a fence cannot begin beside a list marker (put it on the next line, indented)" for n in (1, 4)],
    ),
    "unclosed comment": (
        f"<!-- x\n{ONE_FILE}```python {{#c}}\nx\n```\n",
        ["/a.md:1: the HTML comment is not closed (end it with -->)"],
    ),
    # ----- headers
    "file without braces": (in_header("python file=x.py"), [f"{MALFORMED} `file=x.py` is out of place {WRITE}"]),
    "name without braces": (in_header("python #c"), [f"{MALFORMED} `#c` is out of place {WRITE}"]),
    "name without space": (in_header("python#c"), [f"{MALFORMED} `#c` is out of place {WRITE}"]),
    "word without braces": (in_header("python foo"), [f"{MALFORMED} `foo` is out of place {WRITE}"]),
    "unquoted option without braces": (
        in_header("python title=x"),
        [f"{MALFORMED} `title=x` is out of place {WRITE}"],
    ),
    "options before the braces": (in_header('python title="x" {#c}'), [f"{MALFORMED} `{{` is out of place {WRITE}"]),
    "no space before the brace": (
        in_header("python{#c}"),
        [f"{MALFORMED} no space before the brace (write ```python {{...}})"],
    ),
    "unclosed brace": (in_header("python {#c"), [NO_BRACE]),
    "only a brace": (in_header("python {"), [NO_BRACE]),
    "text after the brace": (in_header("python {#c} x"), [NO_BRACE]),
    **{
        f"unknown in braces: {word}": (
            in_header("python {#c %s}" % word),
            [f"{MALFORMED} `{said}` {KNOWN}"],
        )
        for word, said in [
            ("x", "x"),
            ("id=x", "id=x"),
            ("file", "file"),
            ("file=", "file="),
            ("title='x", "title='x"),
            ("}", "}"),
            ("{", "{"),
            ("#", "#"),
            (".", "."),
            ("File=x.py", "File=x.py"),
            ('a="b c"', 'a="b c"'),
            ("name=c", "name=c"),
        ]
    },
    "unknown before the name": (in_header("python {x #c}"), [f"{MALFORMED} `x` {KNOWN}"]),
    "name and file": (in_header("python {#c file=b.py}"), [TOO_MANY]),
    "two names": (in_header("python {#c #d}"), [TOO_MANY]),
    "two files": (in_header("python {file=b.py file=c.py}"), [TOO_MANY]),
    **{
        f"chunk name {name}": (
            in_header("python {#%s}" % name),
            [f"{MALFORMED} {name} is not a chunk name (use a-z, 0-9 and single hyphens, as in multi-head-attention)"],
        )
        for name in ("Name", "a_b", "a--b", "-a", "a-", "ä", "#a", "a.b", "a:b")
    },
    "a chunk name that is a file name": (
        in_header("python {#a.py}"),
        [f"{MALFORMED} the chunk name a.py is also a file name (write file=a.py, or another name)"],
    ),
    **{
        f"not python: {info}": (in_header(info), [f"{MALFORMED} only `python` fences are tangled {WRITE}"])
        for info in (
            "py {#c}",
            "python3 {file=b.py}",
            "Python {#c}",
            "{.python #c}",
            "{#c .python}",
            "{.python file=b.py}",
            "pycon {#c}",
            "text file=b.py",
            "bash #c",
            "console {title='x' file=b.txt}",
        )
    },
    "a malformed header raises no other faults": (
        "```python {file=a.py}\n# <<c>>\n```\n```python {#c x}\n# <<d>>\n(\n```\n```python {#d}\nx = 1\n```\n",
        [f"/a.md:4: malformed header: `x` {KNOWN}"],
    ),
    # ----- paths
    **{
        f"unusable path {path}": (with_path(path), [f"/a.md:1: the file {shown} has an unusable path {PATH}"])
        for path, shown in [
            ("a.txt", "a.txt"),
            ("a", "a"),
            ("a.PY", "a.PY"),
            ("a\\b.py", "a\\b.py"),
            ("C:/a.py", "C:/a.py"),
            ("c:a.py", "c:a.py"),
            ("", "."),
            (".py", ".py"),
            ("~/a.py", "~/a.py"),
            ("a\0.py", "a\0.py"),
            ("*.py", "*.py"),
        ]
    },
    **{
        f"outside: {path}": (with_path(path), [f"/a.md:1: the file {shown} {OUTSIDE}"])
        for path, shown in [
            ("/a.py", "/a.py"),
            ("//a.py", "//a.py"),
            ("../a.py", "../a.py"),
            ("p/../../a.py", "../a.py"),
        ]
    },
    **{
        f"hidden: {path}": (with_path(path), [f"/a.md:1: the file {path} {HIDDEN}"])
        for path in (".a/b.py", "a/.b/c.py", "p/.py", "build/a.py", "p/node_modules/a.py")
    },
    "a folder": (
        {"docs/a.md": with_path("p.py"), "p.py/x": ""},
        ["/a.md:1: the file p.py is a folder (rename one of them)"],
    ),
    "inside a file on the disk": (
        {"docs/a.md": with_path("p/q/a.py"), "p": ""},
        ["/a.md:1: the file p/q/a.py would be inside p, which is a file (rename one of them)"],
    ),
    "inside a file of the book": (
        ONE_FILE + with_path("a.py/b.py"),
        ["/a.md:4: the file a.py/b.py would be inside a.py, which is a file (rename one of them)"],
    ),
    "two files that differ in case": (
        ONE_FILE + with_path("p/B.py") + with_path("p/b.py") + with_path("A.py"),
        [
            "/a.md:7: the file p/b.py is the same as p/B.py where case does not count (rename one, or spell them alike)",
            "/a.md:10: the file A.py is the same as a.py where case does not count (rename one, or spell them alike)",
        ],
    ),
    # ----- names and references
    "undefined": (
        "```python {file=a.py}\nx = 1\n  # <<c>>\n```",
        ["/a.md:3: <<c>> is not defined (define it, or remove the reference)"],
    ),
    "undefined twice": (
        "```python {file=a.py}\n# <<c>>\n# <<c>>\n```",
        [f"/a.md:{n}: <<c>> is not defined (define it, or remove the reference)" for n in (2, 3)],
    ),
    "misspelt": (
        {
            "docs/1.md": "```python {#softmax}\nx = 1\n```",
            "docs/2.md": "```python {file=a.py}\n# <<sofmax>>\n```",
        },
        [
            "/1.md:1: <<softmax>> is never used (did you mean it by <<sofmax>>?)",
            "/2.md:2: <<sofmax>> is not defined (did you mean <<softmax>>?)",
        ],
    ),
    "misspelt, other name": (
        "```python {file=a.py}\n# <<the_loop>>\n# <<the-loop>>\n```\n```python {#the-loop}\nx = 1\n```",
        ["/a.md:2: <<the_loop>> is not defined (did you mean <<the-loop>>?)"],
    ),
    "a file is not a chunk": (
        ONE_FILE + "```python {file=b.py}\n# <<a.py>>\n# <<>>\n```",
        [
            "/a.md:5: <<a.py>> is not defined (define it, or remove the reference)",
            "/a.md:6: <<>> is not defined (define it, or remove the reference)",
        ],
    ),
    "never used": (
        ONE_FILE + "```python {#c}\n# <<d>>\n```\n```python {#d}\nx = 1\n```\n```python {#c}\nx = 1\n```",
        ["/a.md:4: <<c>> is never used (refer to it, or remove it)"],
    ),
    "used only by an illustration": (
        ONE_FILE + "```python\n# <<c>>\n```\n```python {#c}\nx = 1\n```",
        ["/a.md:7: <<c>> is never used (refer to it, or remove it)"],
    ),
    "only in a comment": (
        "```python {file=a.py}\n# <<c>>\n```\n<!--\n```python {#c}\nx = 1\n```\n-->",
        ["/a.md:2: <<c>> is not defined (define it, or remove the reference)"],
    ),
    **{
        f"not on its own: {line}": (
            f"```python {{file=a.py}}\nx = 1\n{line}\n```\n```python {{#c}}\nx = 1\n```\n```python {{file=a.py}}\n# <<c>>\n```",
            [f"/a.md:3: {SHARES}"],
        )
        for line in (
            "x = 1  # <<c>>",
            "# <<c>> and more",
            "# see <<c>>",
            "## <<c>>",
            "x = '# << c >>'",
            "# <<c>> # <<c>>",
            "#: <<c>>",
        )
    },
    "a name that another chapter has": (
        {
            "docs/1.md": "```python {file=a.py}\n# <<c>>\n```\n\n```python {#c}\nx = 1\n```",
            "docs/2.md": "```python {#c}\ny = 2\n```\n```python {#c}\nz = 3\n```\n```python {#c .continued}\nz = 4\n```",
        },
        [f"/2.md:{n}: <<c>> is already a chunk of docs/1.md:5 (choose another name, {CONTINUE}" for n in (1, 4)],
    ),
    "continued, but nothing that is there": (
        {
            "docs/1.md": "```python {file=a.py}\n# <<c>>\n```\n```python {#c .continued}\nx = 1\n```",
            "docs/2.md": "```python {file=a.py}\n# <<d>>\n```\n```python {#d}\ny = 2\n```\n```python {#d .continued}\ny = 3\n```",
        },
        [
            "/1.md:4: no earlier chapter begins <<c>> (remove .continued, or correct the name)",
            "/2.md:7: no earlier chapter begins <<d>> (remove .continued, or correct the name)",
        ],
    ),
    "a cycle": (
        "```python {file=a.py}\n# <<a>>\n```\n```python {#a}\n# <<b>>\n```\n```python {#b}\n# <<c>>\n# <<a>>\n```\n```python {#c}\nx = 1\n```",
        ["/a.md:9: <<a>> contains itself: a -> b -> a (remove one of these references)"],
    ),
    "a cycle of one": (
        "```python {file=a.py}\n# <<a>>\n```\n```python {#a}\nx = 1\n```\n```python {#a}\n# <<a>>\n# <<a>>\n```",
        ["/a.md:8: <<a>> contains itself: a -> a (remove one of these references)"],
    ),
    "a cycle apart, and told in reading order": (
        ONE_FILE + "```python {#z}\n# <<y>>\n```\n```python {#x}\n# <<z>>\n```\n```python {#y}\n# <<x>>\n```",
        ["/a.md:8: <<z>> contains itself: z -> y -> x -> z (remove one of these references)"],
    ),
    "two cycles": (
        "```python {file=a.py}\n# <<a>>\n```\n```python {#a}\n# <<b>>\n# <<c>>\n```\n```python {#b}\n# <<a>>\n```\n```python {#c}\n# <<a>>\n```",
        [
            "/a.md:9: <<a>> contains itself: a -> b -> a (remove one of these references)",
            "/a.md:12: <<a>> contains itself: a -> c -> a (remove one of these references)",
        ],
    ),
    "empty": (
        "```python {file=a.py}\n```\n```python {file=b.py}\n# <<c>>\n```\n> ```python {#c}\n> \n>\n> ```",
        [f"/a.md:{n}: the fence is empty (write its code, or remove it)" for n in (1, 6)],
    ),
    # ----- Python
    "invalid Python": (
        "```python {file=a.py}\nx = 1\nx x\n```",
        ["/a.md:3: a.py is not valid Python: invalid syntax (correct the code here)"],
    ),
    "invalid Python in a chunk, told once": (
        {
            "docs/1.md": "```python {file=a.py}\nif 1:\n    # <<c>>\n```\n```python {file=b.py}\n# <<c>>\n```",
            "docs/2.md": "> ```python {#c}\n> x = 1\n> x x\n> ```",
        },
        ["/2.md:3: a.py is not valid Python: invalid syntax (correct the code here)"],
    ),
    "invalid only after the parser": (
        "```python {file=a.py}\nx = 1\nreturn x\n```",
        ["/a.md:3: a.py is not valid Python: 'return' outside function (correct the code here)"],
    ),
    "wrong indentation": (
        "```python {file=a.py}\nx = 1\n  # <<c>>\n```\n\n```python {#c}\ny = 2\n```",
        ["/a.md:7: a.py is not valid Python: unexpected indent (correct the code here)"],
    ),
    "tabs and spaces": (
        "```python {file=a.py}\nif 1:\n        x = 1\n\ty = 2\n```",
        [
            "/a.md:4: a.py is not valid Python: inconsistent use of tabs and spaces in indentation (correct the code here)"
        ],
    ),
    "the file ends too early": (
        "x\n```python {file=a.py}\nif 1:\n    # <<c>>\n```\n```python {#c}\n# later\n```",
        [
            "/a.md:7: a.py is not valid Python: expected an indented block after 'if' statement on docs/a.md:3 (correct the code here)"
        ],
    ),
    "a message that names another line": (
        "x\n```python {file=a.py}\nx = [\n1)\n```",
        [
            "/a.md:4: a.py is not valid Python: closing parenthesis ')' does not match opening parenthesis '[' on docs/a.md:3 (correct the code here)"
        ],
    ),
    "an unknown encoding": (
        "x\n```python {file=a.py}\n# coding: klingon\n```",
        ["/a.md:3: a.py is not valid Python: unknown encoding: klingon (correct the code here)"],
    ),
    "a null byte": (
        "```python {file=a.py}\nx = 1\nx = '\0'\n```",
        ["/a.md:3: there is a null byte in the code (remove it)"],
    ),
    "a file with a fault is not compiled": (
        "```python {file=a.py}\n# <<c>>\n```\n```python {#c}\n# <<d>>\n(\n```\n```python {file=b.py}\n(\n```",
        ["/a.md:5: <<d>> is not defined (define it, or remove the reference)"],
    ),
    # ----- all of a phase at once, in reading order
    "all faults of the chapters": (
        {
            "docs/10.md": "```python {file=/x.py}\nx\n```",
            "docs/9.md": "```python {#b}\n# <<nope>>\n```\n\n```py {#q}\n```",
            "docs/2.md": "```python {file=b.py}\n)\n```\n```",
            "docs/1.md": b"\xff",
        },
        [
            "/1.md:1: this is not UTF-8 (save the chapter as UTF-8)",
            "/2.md:4: the fence is not closed (end it with ```)",
            f"/9.md:5: malformed header: only `python` fences are tangled {WRITE}",
            f"/10.md:1: the file /x.py {OUTSIDE}",
        ],
    ),
    "all faults of names": (
        {
            "docs/9.md": "```python {#b}\n# <<nope>>\nx = 1 # <<nope>>\n```\n\n```python {file=c.py}\n \n```",
            "docs/2.md": "```python {file=a.py}\n# <<z>>\n```\n```python {file=b.py}\n)\n```",
        },
        [
            "/2.md:2: <<z>> is not defined (define it, or remove the reference)",
            "/9.md:1: <<b>> is never used (refer to it, or remove it)",
            "/9.md:2: <<nope>> is not defined (define it, or remove the reference)",
            f"/9.md:3: {SHARES}",
            "/9.md:6: the fence is empty (write its code, or remove it)",
        ],
    ),
    "all faults of Python": (
        {"docs/2.md": with_path("b.py") + "```python {file=b.py}\n)\n```", "docs/1.md": "```python {file=a.py}\n(\n```"},
        [
            "/1.md:2: a.py is not valid Python: '(' was never closed (correct the code here)",
            "/2.md:5: b.py is not valid Python: unmatched ')' (correct the code here)",
        ],
    ),
}


@pytest.mark.parametrize("mode", [[], ["--force"], ["--check"]], ids=str)
@pytest.mark.parametrize("book, faults", BAD.values(), ids=BAD)
def test_bad_book(tmp_path, run, book, faults, mode):
    write_book(tmp_path, book)
    before = everything_in(tmp_path)
    status, out, err = run(*mode)
    assert err.splitlines() == ["docs" + fault for fault in faults]
    assert status == 1
    assert out == ""
    assert everything_in(tmp_path) == before


def test_the_corpus_is_large_enough():
    assert len(GOOD) + len(BAD) >= 45


def test_too_deep_for_python(tmp_path, run):
    write_book(tmp_path, "```python {file=a.py}\nx = " + "-" * 200_000 + "1\n```")
    status, _, err = run()
    assert status == 1
    assert re.fullmatch(r"docs/a\.md:2: a\.py is not valid Python: .+ \(correct the code here\)\n", err)


def test_unreadable_chapter(tmp_path, run):
    write_book(tmp_path, ONE_FILE)
    (tmp_path / "docs/b.md").symlink_to(tmp_path / "gone")
    assert run() == (1, "", "docs/b.md: No such file or directory\n")


def test_links_do_not_lead_outside(tmp_path, run):
    root, other = tmp_path / "root", tmp_path / "other"
    other.mkdir()
    write_book(root, with_path("p/a.py") + with_path("q/b.py") + with_path("r/a.py") + with_path("loop.py"))
    (root / "p").mkdir()
    (root / "q").symlink_to(other)
    (root / "r").symlink_to("p")
    (root / "loop.py").symlink_to("loop.py")
    status, out, err = run("--root", str(root))
    assert err.splitlines() == [
        f"docs/a.md:4: the file q/b.py {OUTSIDE}",
        "docs/a.md:7: the file r/a.py is the same as p/a.py where case does not count (rename one, or spell them alike)",
    ]
    assert status == 1
    assert list(other.iterdir()) == []


# --------------------------------------------------------------------------------- on the disk


def test_only_what_changed_is_written(tmp_path, run):
    write_book(tmp_path, TWO_FILES)
    assert run() == (0, "wrote a.py\nwrote pkg/b.py\ntangled 2 files from 2 chapters\n", "")
    for path in ("a.py", "pkg/b.py"):
        os.utime(tmp_path / path, (1, 1))
    assert run() == (0, "nothing to do\n", "")
    write_book(tmp_path, {"docs/2.md": TWO_FILES["docs/2.md"].replace("2", "3")})
    assert run() == (0, "wrote pkg/b.py\ntangled 2 files from 2 chapters\n", "")
    assert (tmp_path / "a.py").stat().st_mtime == 1
    assert (tmp_path / "pkg/b.py").read_text().endswith("]\ny = 3\n")


def test_one_file_of_one_chapter(tmp_path, run):
    write_book(tmp_path, ONE_FILE)
    assert run() == (0, "wrote a.py\ntangled 1 file from 1 chapter\n", "")
    assert run("--check") == (0, "1 file as tangled\n", "")


def test_same_bytes_everywhere(tmp_path):
    results = []
    for name in ("one", "two"):
        write_book(tmp_path / name, GOOD["numbers in reading order"][0])
        environment = {**os.environ, "PYTHONHASHSEED": str(len(results)), "LC_ALL": "C", "PYTHONUTF8": "0"}
        subprocess.run(
            [sys.executable, SCRIPT, "--root", tmp_path / name], env=environment, check=True, capture_output=True
        )
        results.append(everything_in(tmp_path / name))
    assert results[0] == results[1]


def test_line_ends_changed_by_git_are_no_edit(tmp_path, run):
    write_book(tmp_path, ONE_FILE)
    run()
    target = tmp_path / "a.py"
    tangled = target.read_bytes()
    target.write_bytes(tangled.replace(b"\n", b"\r\n"))
    assert run("--check")[0] == 1
    assert run()[:2] == (0, "wrote a.py\ntangled 1 file from 1 chapter\n")
    assert target.read_bytes() == tangled


def test_another_first_chapter_changes_the_header(tmp_path, run):
    write_book(tmp_path, ONE_FILE)
    run()
    (tmp_path / "docs/a.md").rename(tmp_path / "docs/b.md")
    assert run()[0] == 0
    assert (tmp_path / "a.py").read_text() == header("a.py", "docs/b.md", "x = 1\n") + "x = 1\n"


@pytest.mark.parametrize("edit", ["\n", "x = 2\n", "é\n".encode("latin-1")])
def test_a_file_edited_by_hand_is_left_alone(tmp_path, run, edit):
    write_book(tmp_path, TWO_FILES)
    run()
    with (tmp_path / "pkg/b.py").open("ab") as file:
        file.write(edit if isinstance(edit, bytes) else edit.encode())
    write_book(tmp_path, {"docs/1.md": ONE_FILE.replace("1", "7")})
    before = everything_in(tmp_path)
    status, out, err = run()
    assert (status, out) == (1, "")
    assert err.splitlines()[:2] == ["--- pkg/b.py (on disk)", "+++ pkg/b.py (from the chapters)"]
    assert [line for line in err.splitlines()[2:] if line[0] == "-"] == [
        f"-{edit.rstrip() if isinstance(edit, str) else '�'}"
    ]
    assert err.splitlines()[-2:] == [
        "pkg/b.py: edited by hand, so left alone (move the edit into the chapter, or overwrite it with --force)",
        "nothing was written",
    ]
    assert everything_in(tmp_path) == before
    assert run("--force") == (0, "wrote a.py\nwrote pkg/b.py\ntangled 2 files from 2 chapters\n", "")
    assert run("--check")[0] == 0


@pytest.mark.parametrize("content", ["x = 0\n", "", "\ufeff" + header("a.py", "docs/a.md", "x = 0\n") + "x = 0\n"])
def test_a_file_of_someone_else_is_left_alone(tmp_path, run, content):
    write_book(tmp_path, {"docs/a.md": ONE_FILE, "a.py": content})
    status, out, err = run()
    assert (status, out) == (1, "")
    assert "+x = 1" in err.splitlines()
    assert err.splitlines()[-2:] == [
        "a.py: not made by tangle, so left alone (name another file in the chapter, or overwrite it with --force)",
        "nothing was written",
    ]
    assert (tmp_path / "a.py").read_text() == content
    assert run("--force")[0] == 0
    assert (tmp_path / "a.py").read_text().endswith("]\nx = 1\n")


def test_an_edit_that_is_what_the_chapters_say_is_fine(tmp_path, run):
    write_book(tmp_path, {"docs/a.md": ONE_FILE, "a.py": header("a.py", "docs/a.md", "x = 1\n") + "x = 1\n"})
    assert run() == (0, "nothing to do\n", "")


def test_leftover_files(tmp_path, run):
    write_book(tmp_path, TWO_FILES)
    run()
    mine = {
        "edited.py": header("edited.py", "docs/0.md", "") + "edited = 1\n",
        "play/b.py": (tmp_path / "pkg/b.py").read_bytes(),  # a copy is whoever's made it
        "clone/pkg/b.py": header("clone/pkg/b.py", "docs/2.md", ""),
        "clone/.git": "gitdir: elsewhere",
        "notes.txt": header("notes.txt", "docs/0.md", ""),
        "mine.py": "\n" + header("mine.py", "docs/0.md", ""),
        "env/pyvenv.cfg": "",
        **{
            f"{folder}/old.py": header(f"{folder}/old.py", "docs/0.md", "")
            for folder in ("node_modules", ".venv", "env/lib", "site", "p/build")
        },
    }
    write_book(tmp_path, {"docs/2.md": "gone", "docs/1.md": ONE_FILE.replace("1", "7"), **mine})
    (tmp_path / "link.py").symlink_to("nowhere")
    line = "pkg/b.py: no chapter makes this file any more (remove it with --force)"
    # The other files are written all the same.
    status, out, err = run()
    assert (status, out, err.splitlines()[-1]) == (1, "wrote a.py\ntangled 1 file from 2 chapters\n", line)
    assert (run()[0], run()[2].splitlines()[-1]) == (1, line)
    assert run("--check")[2].splitlines() == [
        "--- pkg/b.py (on disk)",
        "+++ pkg/b.py (from the chapters)",
        "@@ -1,3 +1 @@",
        "-" + header("pkg/b.py", "docs/2.md", "y = 2\n").strip(),
        "-y = 2",
        " ",
        line,
    ]
    before = everything_in(tmp_path)
    assert run("--force") == (0, "removed pkg/b.py\ntangled 1 file from 2 chapters\n", "")
    assert before.keys() - everything_in(tmp_path).keys() == {"pkg/b.py"}
    assert run() == (0, "nothing to do\n", "")


def test_check_writes_nothing_and_shows_everything(tmp_path, run):
    write_book(tmp_path, {**TWO_FILES, "docs/3.md": "```python {file=c.py}\nz = 3\n```"})
    before = everything_in(tmp_path)
    status, out, err = run("--check")
    assert (status, out) == (1, "")
    assert [line for line in err.splitlines() if line.startswith("+") and line[1] != "#"] == [
        "+++ a.py (from the chapters)",
        "+x = 1",
        "+++ c.py (from the chapters)",
        "+z = 3",
        "+++ pkg/b.py (from the chapters)",
        "+y = 2",
    ]
    assert "a.py: not as the chapters have it (run scripts/tangle.py)" in err.splitlines()
    assert everything_in(tmp_path) == before
    run()
    assert run("--check") == (0, "3 files as tangled\n", "")
    (tmp_path / "a.py").write_text("# mine\n")
    (tmp_path / "c.py").unlink()
    write_book(tmp_path, {"docs/2.md": TWO_FILES["docs/2.md"].replace("2", "5")})
    before = everything_in(tmp_path)
    status, out, err = run("--check")
    assert (status, out) == (1, "")
    assert [line for line in err.splitlines() if re.match(r"[\w/]+\.py: ", line)] == [
        "a.py: not made by tangle, so left alone (name another file in the chapter, or overwrite it with --force)",
        "c.py: not as the chapters have it (run scripts/tangle.py)",
        "pkg/b.py: not as the chapters have it (run scripts/tangle.py)",
    ]
    assert {"-# mine", "+x = 1", "+z = 3", "-y = 2", "+y = 5"} <= set(err.splitlines())
    assert everything_in(tmp_path) == before


@pytest.mark.parametrize("function", ["replace", "second replace", "write_bytes"])
def test_all_or_nothing(tmp_path, run, monkeypatch, function):
    write_book(tmp_path, TWO_FILES)
    run()
    write_book(tmp_path, {path: text.replace("= ", "= 1") for path, text in TWO_FILES.items()})
    write_book(tmp_path, {"docs/0.md": "```python {file=0.py}\nnew = 1\n```"})
    before = everything_in(tmp_path)
    real_replace, real_write = os.replace, Path.write_bytes

    def full(*_):
        raise OSError(28, "No space left on device")

    if function == "replace":
        monkeypatch.setattr(os, "replace", full)
    elif function == "second replace":  # an immutable file: 0.py is new and a.py is there when pkg/b.py is refused
        monkeypatch.setattr(os, "replace", lambda a, b: full() if "b.py" in str(b) else real_replace(a, b))
    else:
        monkeypatch.setattr(Path, "write_bytes", lambda p, data: full() if "b.py" in p.name else real_write(p, data))
    path = "0.py" if function == "replace" else "pkg/b.py"
    assert run() == (1, "", f"{path}: cannot be written: No space left on device\n")
    assert everything_in(tmp_path) == before


def test_written_with_usual_permissions(tmp_path, run):
    write_book(tmp_path, TWO_FILES)
    run()
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "a.py").stat().st_mode == (tmp_path / "plain").stat().st_mode
    (tmp_path / "a.py").chmod(0o755)
    write_book(tmp_path, {"docs/1.md": ONE_FILE.replace("1", "7")})
    run()
    assert (tmp_path / "a.py").stat().st_mode & 0o777 == 0o755


def test_targets_that_cannot_be_read(tmp_path, run, monkeypatch):
    write_book(tmp_path, {"docs/a.md": ONE_FILE, "a.py": ""})
    real = Path.read_bytes

    def refuse(path):
        if path.name == "a.py":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert run() == (1, "", "a.py: Permission denied\n")


# ------------------------------------------------------------------------------------ as data

WHERE_BOOK = {
    "docs/1.md": "# One\n\n```python {file=pkg/a.py}\nimport math\n\ndef f():\n    # <<body>>\n```\n",
    "docs/2.md": "# Two\n\n!!! note\n    ```python {#body}\n    x = 1\n    return x\n    ```\n",
}


def test_the_book_as_data(tmp_path):
    write_book(tmp_path, WHERE_BOOK)
    book = tangle.read_book(tmp_path)
    assert book.chapters == ["docs/1.md", "docs/2.md"]
    assert book.faults == {}
    root, body = book.pieces
    assert root == tangle.Piece("pkg/a.py", True, "docs/1.md", 3, ["import math", "", "def f():", "    # <<body>>"])
    assert body == tangle.Piece("body", False, "docs/2.md", 4, ["x = 1", "return x"])
    assert root.references == {7: "body"}
    assert book.parts == {"pkg/a.py": [root], "body": [body]}
    lines = book.files["pkg/a.py"]
    assert lines[0] == (header("pkg/a.py", "docs/1.md", book.content("pkg/a.py").decode().split("\n", 1)[1])[:-1], "docs/1.md", 4, None)
    assert lines[1] == ("import math", "docs/1.md", 4, "pkg/a.py")
    assert lines[5] == ("    return x", "docs/2.md", 6, "body")


# --------------------------------------------------------------------------------- variants


def test_a_variant_is_made_in_memory(tmp_path, run):
    write_book(tmp_path, WHERE_BOOK)
    run()
    before = everything_in(tmp_path)
    book = tangle.read_book(tmp_path)
    variant = tangle.tangle(book, replacing={"body": "y = 2\nreturn y\n"})
    assert variant.faults == {}
    assert [line.text for line in variant.files["pkg/a.py"][1:]] == ["import math", "", "def f():", "    y = 2", "    return y"]
    assert variant.files["pkg/a.py"][5] == ("    return y", "<<body>>", 2, "body")
    assert variant.content("pkg/a.py") != book.content("pkg/a.py") == (tmp_path / "pkg/a.py").read_bytes()
    whole = tangle.tangle(book, replacing={"pkg/a.py": "import os\n# <<body>>"})
    assert whole.faults == {("docs/2.md", 6): "pkg/a.py is not valid Python: 'return' outside function (correct the code here)"}
    assert everything_in(tmp_path) == before and book.pieces[1].lines == ["x = 1", "return x"]


def test_a_variant_replaces_all_pieces_of_a_chunk(tmp_path):
    write_book(tmp_path, GOOD["a chunk appends"][0])
    variant = tangle.tangle(tangle.read_book(tmp_path), replacing={"c": "z = 3"})
    assert [line.text for line in variant.files["a.py"][1:]] == ["z = 3"]


def test_a_variant_replaces_a_chunk_of_two_chapters(tmp_path):
    write_book(tmp_path, GOOD["a chunk appends across chapters, and says so"][0])
    variant = tangle.tangle(tangle.read_book(tmp_path), replacing={"c": "z = 5"})
    assert (variant.faults, [line.text for line in variant.files["a.py"][1:]]) == ({}, ["z = 5"])


def test_a_variant_may_leave_chunks_over(tmp_path):
    write_book(tmp_path, "```python {file=a.py}\n# <<c>>\n```\n```python {#c}\n# <<d>>\n```\n```python {#d}\nx = 1\n```")
    assert tangle.tangle(tangle.read_book(tmp_path), replacing={"c": "y = 1"}).faults == {}


@pytest.mark.parametrize(
    "replacing, faults",
    [
        ({"body": "return ("}, ["<<body>>:1: pkg/a.py is not valid Python: '(' was never closed (correct the code here)"]),
        ({"body": "x = 1\n# <<boody>>"}, ["<<body>>:2: <<boody>> is not defined (did you mean <<body>>?)"]),
        ({"body": "# <<body>>"}, ["<<body>>:1: <<body>> contains itself: body -> body (remove one of these references)"]),
        ({"body": "\n\n"}, ["<<body>>: the fence is empty (write its code, or remove it)"]),
        ({"body": "x = 1  # <<body>>"}, [f"<<body>>:1: {SHARES}"]),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_variant_is_checked_like_the_book(tmp_path, replacing, faults):
    write_book(tmp_path, WHERE_BOOK)
    assert tangle.tangle(tangle.read_book(tmp_path), replacing).complaints() == faults


def test_a_variant_of_nothing(tmp_path):
    write_book(tmp_path, WHERE_BOOK)
    with pytest.raises(tangle.UserError, match=r"there is no chunk boddy to replace \(did you mean <<body>>\?\)"):
        tangle.tangle(tangle.read_book(tmp_path), replacing={"boddy": "x"})


# ------------------------------------------------------------------------- found by attack


def test_chunks_that_use_each_other_twice_are_bounded(tmp_path, run):
    chunks = "".join(f"```python {{#c{i}}}\n# <<c{i + 1}>>\n# <<c{i + 1}>>\n```\n" for i in range(60))
    write_book(tmp_path, f"{chunks}```python {{#c60}}\nx = 1\n```\n```python {{file=a.py}}\n# <<c0>>\n```\n")
    status, _, err = run()
    assert (status, err.count("\n")) == (1, 1)
    assert err.endswith(": the file a.py would have more than 2,000,000 characters (use chunks less often)\n")


def test_ten_thousand_chunks_that_hold_one_another(tmp_path):
    chunks = "".join(f"```python {{#c{i}}}\nx = {i}\n# <<c{i + 1}>>\n```\n" for i in range(10_000))
    write_book(tmp_path, f"```python {{file=a.py}}\n# <<c0>>\n```\n{chunks}```python {{#c10000}}\nx = 1\n```\n")
    before = os.times()
    result = program(SCRIPT, "--root", tmp_path)
    after = os.times()
    assert (result.returncode, result.stderr) == (0, "")
    assert sum(after[2:4]) - sum(before[2:4]) < 5
    assert len((tmp_path / "a.py").read_text().splitlines()) == 10_002


def test_thousands_of_faults_take_seconds(tmp_path):
    write_book(
        tmp_path,
        "```python {file=a.py}\n" + "".join(f"# <<undefined-{i}>>\n" for i in range(5000)) + "```\n"
        + "".join(f"```python {{#unused-{i}}}\nx = 1\n```\n" for i in range(500)),
    )  # fmt: skip
    before = os.times()
    result = program(SCRIPT, "--root", tmp_path)
    after = os.times()
    assert (result.returncode, len(result.stderr.splitlines())) == (1, 5500)
    assert sum(after[2:4]) - sum(before[2:4]) < 5


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_a_pipe_is_no_chapter(tmp_path, run):
    write_book(tmp_path, ONE_FILE)
    os.mkfifo(tmp_path / "docs/f.md")
    assert run() == (1, "", "docs/f.md: this is no file that can be read (remove it)\n")


def test_a_path_too_long_for_the_disk_is_told_with_its_place(tmp_path, run):
    write_book(tmp_path, with_path(f"p/{'x' * 300}.py"))
    status, _, err = run()
    assert (status, err) == (1, f"docs/a.md:1: the file p/{'x' * 300}.py has an unusable path {PATH}\n")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_letters_that_a_terminal_does_not_have(tmp_path, encoding):
    write_book(tmp_path, {"docs/Ж.md": "```python {file=p/é.py}\nx = 1\n```\n"})
    result = program(SCRIPT, "--root", tmp_path, env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}, encoding=encoding)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0] == ("wrote p/\\xe9.py" if encoding == "ascii" else "wrote p/é.py")
    (tmp_path / "docs/Ж.md").write_text("```python {file=p/é.py}\n(\n```\n")
    result = program(SCRIPT, "--root", tmp_path, env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}, encoding=encoding)
    assert (result.returncode, result.stderr.count("\n")) == (1, 1) and "Traceback" not in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="closes descriptors as a shell does")
def test_without_standard_output(tmp_path):
    write_book(tmp_path, ONE_FILE)
    result = subprocess.run(
        ["sh", "-c", '"$0" "$1" --root "$2" >&-', sys.executable, SCRIPT, tmp_path], capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert (tmp_path / "a.py").exists()


# ---------------------------------------------------------------------------- the command line


def program(*arguments, **options) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60, **options)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nonsense"],
        ["extra"],
        ["--root"],
        ["--check", "--force"],
    ],
    ids=" ".join,
)
def test_bad_command_line(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        tangle.main(arguments)
    assert stop.value.code == 2
    assert "usage: " in capsys.readouterr().err


def test_as_a_program(tmp_path):
    script = tmp_path / "project/scripts/tangle.py"
    script.parent.mkdir(parents=True)
    shutil.copy(SCRIPT, script)
    write_book(tmp_path / "project", ONE_FILE)
    # The project is where the script is, not where one stands.
    result = program(script, cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "wrote a.py\ntangled 1 file from 1 chapter\n", "")
    assert program(script, "--check", cwd="/").returncode == 0
    result = program(script, "--root", tmp_path / "nowhere", cwd="/")
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    result = program(script, "--help")
    assert result.returncode == 0
    assert all(option in result.stdout for option in ("--root", "--check", "--force"))


def test_no_traceback_and_no_warning(tmp_path):
    warns = ONE_FILE.replace("1", "'\\d' is 1")
    write_book(tmp_path, {"docs/a.md": warns + "```python {#ö}\nx\n```\n", "docs/b.md": b"\xff"})
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    result = program("-W", "error", SCRIPT, "--root", tmp_path, env=environment)
    assert result.returncode == 1
    assert result.stdout == ""
    assert [line.split(": ")[0] for line in result.stderr.splitlines()] == ["docs/a.md:4", "docs/b.md:1"]


def test_a_closed_pipe_is_quiet(tmp_path):
    write_book(tmp_path, ONE_FILE)
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        [sys.executable, SCRIPT, "--root", tmp_path], stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)
    assert (result.returncode, result.stderr) == (1, b"")


@pytest.mark.skipif(sys.platform == "darwin", reason="this disk refuses the name itself")
@pytest.mark.parametrize("name", [b"a\nb.md", b"a\xff.md"])
def test_a_chapter_name_that_no_header_could_hold(tmp_path, name):
    (tmp_path / "docs").mkdir()
    Path(tmp_path, "docs", os.fsdecode(name)).write_text(ONE_FILE)
    result = program(SCRIPT, "--root", tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.endswith(".md: the chapter's name has characters that cannot be shown (rename it)\n")


def test_fast_enough_for_sixty_chapters(tmp_path):
    code = "".join(f"x{j} = {j}\n" for j in range(12))
    for chapter in range(60):
        text = f"```python {{file=pkg/m{chapter % 12}.py}}\n"
        text += "".join(f"# <<c{chapter}-{i}>>\n" for i in range(6)) + "```\n"
        text += "".join(f"Some words.\n\n```python {{#c{chapter}-{i}}}\n{code}```\n\n" for i in range(6))
        write_book(tmp_path, {f"docs/{chapter // 10}-part/{chapter}-x.md": text})
    before = os.times()
    result = program(SCRIPT, "--root", tmp_path)
    after = os.times()
    assert (result.returncode, result.stderr) == (0, "")
    # Processor time: the time on the wall says more about what else runs on the machine.
    assert sum(after[2:4]) - sum(before[2:4]) < 0.5
    assert len(list((tmp_path / "pkg").iterdir())) == 12
