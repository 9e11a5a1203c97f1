"""The examples of a chapter: run as its reader would run them, compared with what is printed there, and renewed.

    pycon      doctests; the blocks of a chapter share their variables. `...` stands for any text.
    console    commands after `$ `, run by bash in a copy of the project, and what they print. A command ends in \\ to
               go on in the next line, after `> `. A line `...` stands for any lines.
"""

from __future__ import annotations

import doctest
import importlib.util
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import dropwhile
from pathlib import Path
from typing import NamedTuple

from .. import ROOT
from .chapter import READ_ME, Chapter, Fence, lines_with_ends

ANY_LINES = "..."
TRACEBACK = "Traceback (most recent call last):"
LONGEST = 600  # seconds that a command may take
PARTS = ("docs", "microgpt", "scripts", "tests", *READ_ME, "pyproject.toml", "mkdocs.yml")  # what examples may use


def missing(chapter: Chapter) -> list[str]:
    """The packages that its front matter says its examples need, as in `needs: numpy`, and that aren't there."""
    return [name for name in chapter.settings.get("needs", "").split() if importlib.util.find_spec(name) is None]


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
        test = doctest.DocTestParser().get_doctest(
            fence.text, namespace, f"{chapter.path.name}:{fence.line}", str(chapter.path), fence.line - 1
        )  # a name for each block: doctest looks a traceback's line up in the block that is called so
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
        old, new = (text.removesuffix("\n").split("\n") if text else [] for text in (example.want, got))
        if example.exc_msg is not None:
            if new[:1] != [TRACEBACK]:
                return None  # it raises no more, or prints before that
            right = [TRACEBACK, "    ...", *dropwhile(lambda line: line.startswith(" "), new[1:])]
        elif any(ANY_LINES in line and line.strip() != ANY_LINES for line in old):
            return None  # some part of a line may be anything
        else:
            right = shortened(old, [line if line.strip() else "<BLANKLINE>" for line in new])
        # What would be read as something else, nobody can write down.
        unreadable = right and any(not line.strip() or line.lstrip().startswith(">>>") or "\r" in line for line in right)
        return None if unreadable else right


def shortened(old: list[str], new: list[str]) -> list[str] | None:
    """`new` with lines left out where `old` has a line `...`; None if it isn't clear where.

    Lines at both ends are known by their place. Those between two `...` are where the words at the beginning of each
    are the same, and more of them than anywhere else.
    """
    parts: list[list[str]] = [[]]
    for line in old:
        parts.append([]) if line.strip() == ANY_LINES else parts[-1].append(line)
    if len(parts) == 1:
        return new
    dots = next(line for line in old if line.strip() == ANY_LINES)
    first, *between, last = parts
    at = len(first)
    end = len(new) - len(last)
    kept = [*new[:at], dots]
    for part in between:
        scores = {k: likeness(part, new[k : k + len(part)]) for k in range(at, end - len(part) + 1)}
        most = max(scores.values(), default=0)
        best = [k for k, score in scores.items() if score == most > 0]
        if len(best) != 1:
            return None
        kept += [*new[best[0] : best[0] + len(part)], dots]
        at = best[0] + len(part)
    return [*kept, *new[end:]] if at <= end else None


def likeness(old: list[str], new: list[str]) -> int:
    """How many words at the beginnings of the lines are the same; 0 if a line has none."""
    words = [(a.split(), b.split()) for a, b in zip(old, new)]
    same = [os.path.commonprefix(pair) for pair in words]
    return 0 if any(any(pair) and not common for pair, common in zip(words, same)) else sum(map(len, same))


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
    if not fence.text.startswith("$ "):
        yield Wrong(fence.line, "a console block that doesn't begin with $ and a command")
    for command in commands(fence):
        try:
            printed = (run or run_command)(command.text, folder)
        except subprocess.TimeoutExpired as error:
            yield Wrong(fence.line + command.start, f"$ {command.text}\ntook more than {error.timeout:g} seconds")
            continue
        lines, expected = without_blank_end(printed.split("\n")), without_blank_end(command.expected)
        if not fits(command.expected, printed):
            right = shortened(expected, lines)
            if right and any(line.startswith("$ ") for line in right):
                right = None  # would be read as a command
            first = fence.line - 1 + command.first
            yield Wrong(
                fence.line + command.start,
                f"$ {command.text}\nExpected:\n{indented(expected)}\nGot:\n{indented(lines)}",
                (first, first + len(expected)),
                [f"{fence.block.prefix}{line}".rstrip() for line in right] if right is not None else None,
            )


def fits(expected: list[str], printed: str) -> bool:
    """Is this what a command prints, by the lines that stand below it?"""
    wanted = without_blank_end(expected)
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == ANY_LINES else re.escape(line) + r"\n" for line in wanted)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in without_blank_end(printed.split("\n")))) is not None


def without_blank_end(lines: list[str]) -> list[str]:
    """Lines as a page shows them: without the space at their ends, and without blank ones at the end of all."""
    return "\n".join(line.rstrip() for line in lines).rstrip("\n").split("\n") if any(map(str.strip, lines)) else []


def indented(lines: list[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)


def run_command(command: str, folder: Path) -> str:
    """Run a command as a reader would, in `folder`; return all that it prints. Raises subprocess.TimeoutExpired."""
    process = subprocess.Popen(
        ["bash", "-c", command], cwd=folder, env=environment(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, encoding="utf-8", errors="backslashreplace", start_new_session=True,
    )  # fmt: skip
    try:
        return process.communicate(timeout=LONGEST)[0]
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)  # the shell and what it began
        process.communicate()
        raise


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
    lines = lines_with_ends(chapter.text)
    end = re.search(r"\r?\n|\r", chapter.text)
    for wrong in sorted(found, reverse=True):
        if wrong.right is not None:
            start, stop = wrong.span
            lines[start:stop] = [line + (end[0] if end else "\n") for line in wrong.right]
    return "".join(lines)
