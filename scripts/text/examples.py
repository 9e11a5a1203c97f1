"""The examples of a chapter: run as its reader would run them, compared with what is printed there, and renewed.

    pycon      doctests; the blocks of a chapter share their variables. `...` stands for any text.
    console    commands after `$ `, run by bash in a copy of the project, and what they print. A command ends in \\ to
               go on in the next line, after `> `. A line `...` stands for any lines.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from .. import ROOT
from .chapter import Chapter, Fence

ANY_LINES = "..."
PARTS = ("docs", "microgpt", "scripts", "tests", "README.md", "CONTRIBUTING.md", "pyproject.toml", "mkdocs.yml")  # what examples may use


class Wrong(NamedTuple):
    """An example that doesn't give what is printed beside it."""

    line: int  # of the chapter: of the example, or of its command
    message: str
    span: tuple[int, int] = (0, 0)  # the lines of the chapter with what is printed, as indices
    right: list[str] | None = None  # what should be printed there; None if a person has to decide


def pycon(chapter: Chapter) -> Iterator[Wrong]:
    """Run the `pycon` blocks of a chapter; yield what is wrong."""
    runner = Runner()
    namespace: dict[str, object] = {"__name__": "__main__"}
    for fence in chapter.fences("pycon"):
        test = doctest.DocTestParser().get_doctest(fence.text, namespace, chapter.path.name, str(chapter.path), fence.line - 1)
        if not test.examples:
            yield Wrong(fence.line, "a pycon block without >>>")
        test.globs = namespace  # the parser made a copy, and a function would keep seeing that one
        runner.prefix = fence.block.prefix
        runner.run(test, out=lambda _: None, clear_globs=False)
        yield from runner.found
        runner.found = []


class Runner(doctest.DocTestRunner):
    """Collects what is wrong instead of printing it."""

    def __init__(self) -> None:
        super().__init__(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE, verbose=False)
        self.found: list[Wrong] = []
        self.prefix = ""  # of the block that is run

    def report_failure(self, out: object, test: doctest.DocTest, example: doctest.Example, got: str) -> None:
        right = self.kept_short(example, got)
        self.add(test, example, self._checker.output_difference(example, got, self.optionflags), right)

    def report_unexpected_exception(self, out: object, test: doctest.DocTest, example: doctest.Example, exc_info: tuple) -> None:
        self.add(test, example, f"raised {exc_info[0].__name__}: {exc_info[1]}", None)

    def add(self, test: doctest.DocTest, example: doctest.Example, message: str, right: list[str] | None) -> None:
        first = (test.lineno or 0) + example.lineno + example.source.count("\n")
        span = first, first + example.want.count("\n")
        lines = [f"{self.prefix}{' ' * example.indent}{line}".rstrip() for line in right] if right is not None else None
        self.found.append(Wrong((test.lineno or 0) + example.lineno + 1, f">>> {example.source.strip()}\n{message}", span, lines))

    def kept_short(self, example: doctest.Example, got: str) -> list[str] | None:
        """What should be printed: in full, or as short as it was if that is clear."""
        lines = [line or "<BLANKLINE>" for line in got.removesuffix("\n").split("\n")]
        if got.startswith("Traceback (most recent call last):"):
            return [lines[0], "    ...", lines[-1]]
        return shortened(example.want.removesuffix("\n").split("\n"), lines)


def shortened(old: list[str], new: list[str]) -> list[str] | None:
    """`new` with lines left out where `old` has a line `...`; None if it isn't clear where.

    A line of `old` is found again in `new` by all but its numbers; those at both ends by their place.
    """
    if ANY_LINES not in [line.strip() for line in old]:
        return None if any(ANY_LINES in line for line in old) else new
    parts: list[list[str]] = [[]]
    for line in old:
        parts.append([]) if line.strip() == ANY_LINES else parts[-1].append(line)
    dots = next(line for line in old if line.strip() == ANY_LINES)
    at, kept = 0, []
    for i, part in enumerate(parts):
        if i == 0:
            place = 0
        elif i == len(parts) - 1:
            place = len(new) - len(part)
        else:
            masked = [[without_numbers(line) for line in new[k : k + len(part)]] for k in range(at, len(new))]
            wanted = [without_numbers(line) for line in part]
            if wanted not in masked:
                return None
            place = at + masked.index(wanted)
        if place < at or place + len(part) > len(new):
            return None
        kept += [*([dots] if i else []), *new[place : place + len(part)]]
        at = place + len(part)
    return kept


def without_numbers(line: str) -> str:
    return re.sub(r"[-−]?\d[\d.,e]*", "#", " ".join(line.split()))


# ------------------------------------------------------------------------------------- console


class Command(NamedTuple):
    """A command of a console block and what is printed under it; lines as indices in the block."""

    text: str
    start: int
    first: int  # the first line of what is printed
    end: int
    expected: list[str]


def commands(fence: Fence) -> Iterator[Command]:
    """The commands of a console block."""
    lines = fence.block.content
    starts = [i for i, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)]):
        text, first = lines[start][2:], start + 1
        while text.endswith("\\") and first < end:
            text = text[:-1] + lines[first].removeprefix("> ")
            first += 1
        yield Command(text, start, first, end, lines[first:end])


def console(chapter: Chapter, folder: Path, fence: Fence, run: Callable[[str, Path], str] | None = None) -> Iterator[Wrong]:
    """Run the commands of a console block in `folder`; yield what is wrong. `run` runs one, if not run_command()."""
    for command in commands(fence):
        printed = (run or run_command)(command.text, folder)
        lines = [line.rstrip() for line in printed.removesuffix("\n").split("\n")] if printed else []
        expected = [line.rstrip() for line in command.expected]
        while expected and not expected[-1]:
            expected.pop()
        pattern = "".join(r"(?:.*\n)*?" if line.strip() == ANY_LINES else re.escape(line) + r"\n" for line in expected)
        if not re.fullmatch(pattern, "".join(f"{line}\n" for line in lines)):
            right = shortened(expected, lines)
            first = fence.line - 1 + command.first
            yield Wrong(
                fence.line + command.start,
                f"$ {command.text}\nExpected:\n{indented(expected)}\nGot:\n{indented(lines)}",
                (first, first + len(expected)),
                [f"{fence.block.prefix}{line}".rstrip() for line in right] if right is not None else None,
            )


def indented(lines: list[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)


def run_command(command: str, folder: Path) -> str:
    """Run a command as a reader would, in `folder`; return all that it prints."""
    result = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment(folder), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600,
    )  # fmt: skip
    return result.stdout


def environment(folder: Path) -> dict[str, str]:
    """The environment of a command: python3 is the Python that runs this."""
    bin_folder = folder / ".bin"
    shim = bin_folder / "python3"
    if not shim.exists():
        bin_folder.mkdir(exist_ok=True)
        temporary = bin_folder / f"python3.{os.getpid()}"
        temporary.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
        temporary.chmod(0o755)
        os.replace(temporary, shim)
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PATH": path}


@contextmanager
def workplace() -> Iterator[Path]:
    """A copy of the project, in which an example may write what it likes."""
    with tempfile.TemporaryDirectory() as name:
        copy_project(Path(name))
        yield Path(name)


def copy_project(folder: Path) -> None:
    """Copy what examples may use to `folder`."""
    ignore = shutil.ignore_patterns("__pycache__", "vendor", "node_modules")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=ignore)
        else:
            shutil.copy(ROOT / part, folder / part)


# ------------------------------------------------------------------------------- whole chapters


def check(chapter: Chapter, folder: Path) -> list[Wrong]:
    """Run all examples of a chapter in a copy of the project; return what is wrong, in the chapter's order."""
    here = os.getcwd()
    os.chdir(folder)
    try:
        found = list(pycon(chapter))
    finally:
        os.chdir(here)
    for fence in chapter.fences("console"):
        found += console(chapter, folder, fence)
    return sorted(found)


def fixed(chapter: Chapter, found: list[Wrong]) -> str:
    """The chapter's text with what should be printed in the place of what is."""
    lines = re.split(r"(?<=\n)", chapter.text)
    for wrong in sorted(found, reverse=True):
        if wrong.right is not None:
            start, end = wrong.span
            lines[start:end] = [f"{line}\n" for line in wrong.right]
    return "".join(lines)
