"""The examples on the pages: where they stand, and how to run them.

`python3 tests/examples.py docs/1-data/01-the-dataset.md ...` runs those of some chapters, for whoever writes one.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from .. import ROOT

FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,})(?P<info>[^`\n]*)\n(?P<body>.*?)^[ \t]*(?P=mark)[ \t]*$", re.M | re.S)


class Example(NamedTuple):
    """A fenced block: its language, its text without the fence's indentation, and the line of its first line."""

    language: str
    text: str
    line: int


def find_examples(chapter: Path) -> list[Example]:
    """Return all fenced blocks of a chapter, in their order."""
    text = chapter.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        lines = [line.removeprefix(match["indent"]) for line in match["body"].splitlines(keepends=True)]
        language = match["info"].split()[0] if match["info"].split() else ""
        found.append(Example(language, "".join(lines), text.count("\n", 0, match.start("body")) + 1))
    return found


def run_pycon(chapter: Path) -> list[str]:
    """Run the `pycon` blocks of a chapter, which share one namespace; return what is wrong."""
    problems: list[str] = []
    namespace: dict[str, object] = {"__name__": "__main__"}
    parser = doctest.DocTestParser()
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE, verbose=False)
    for example in find_examples(chapter):
        if example.language != "pycon":
            continue
        test = parser.get_doctest(example.text, namespace, chapter.name, str(chapter), example.line - 1)
        if not test.examples:
            problems.append(f"{chapter}:{example.line}: a pycon block without >>>")
        test.globs = namespace  # the parser made a copy, and a function would keep seeing that one
        runner.run(test, out=problems.append, clear_globs=False)
    return problems


def run_console(example: Example, folder: Path) -> str:
    """Run the commands of a `console` block in `folder`; return what is wrong, or nothing.

    A command begins with `$ `; what follows, up to the next one, is what it must print. A line `...` stands for any
    number of lines.
    """
    for block in re.split(r"^\$ ", example.text, flags=re.M)[1:]:
        command, _, expected = block.partition("\n")
        while command.endswith("\\"):
            more, _, expected = expected.partition("\n")
            command = command[:-1] + more.removeprefix("> ")
        result = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=console_environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300,
        )
        pattern = "".join(
            r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line.rstrip()) + r"[ \t]*\n"
            for line in expected.rstrip("\n").splitlines()
        )
        printed = result.stdout if result.stdout.endswith("\n") or not result.stdout else result.stdout + "\n"
        if not re.fullmatch(pattern, printed):
            return f"$ {command}\nexpected:\n{expected}\nprinted:\n{printed}"
    return ""


def console_environment() -> dict[str, str]:
    """The environment of a `console` block: python3 is the Python that runs the tests."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONDONTWRITEBYTECODE="1")
    shims = ROOT / ".venv" / "shims"
    shims.mkdir(parents=True, exist_ok=True)
    shim = shims / "python3"
    text = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n'
    if not shim.exists() or shim.read_text() != text:
        shim.write_text(text)
        shim.chmod(0o755)
    environment["PATH"] = f"{shims}{os.pathsep}{environment['PATH']}"
    return environment


def main() -> int:
    import tempfile

    failed = 0
    for name in sys.argv[1:]:
        chapter = Path(name)
        problems = run_pycon(chapter)
        with tempfile.TemporaryDirectory() as folder:
            for part in ("docs", "microgpt", "scripts"):
                os.symlink(ROOT / part, Path(folder) / part)
            for example in find_examples(chapter):
                if example.language == "console":
                    problem = run_console(example, Path(folder))
                    problems += [f"{chapter}:{example.line}\n{problem}"] if problem else []
        print("\n".join(problems) or f"{chapter}: all examples are right")
        failed += bool(problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
