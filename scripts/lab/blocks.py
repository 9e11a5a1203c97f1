"""The examples of a chapter, run as its reader would run them one after another, and compared with what is printed.

`pycon` blocks share their names, as scripts/text/examples.py has it; an illustration, a plain `python` block, finds
what those above it made. A command of a `console` block runs here, too, if it is one of `python3`.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import linecache
import os
import re
import runpy
import shlex
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..text import examples
from ..text.chapter import Chapter, Fence
from .program import Program

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE  # as the tests of the chapters compare
BLOCK = "<block>"  # what Python calls the text of a block
NAMED = {BLOCK: "this block"}
COMMAND = re.compile(
    r"(?P<settings>(?:[A-Z_]+=\S* +)*)python3 +(?P<rest>.+?)(?P<filters>(?: *\| *(?:head|tail|grep) [^|;&<>]+)*)"
    r"(?P<status>; *echo \"status \$\?\")?"
)


class Statement(NamedTuple):
    """What Python runs at once, and what is printed below it."""

    source: str
    want: str | None  # None: the book doesn't say
    error: str | None  # the error that is printed below it


class Result(NamedTuple):
    """What came of a statement or a command."""

    source: str
    got: str
    want: str | None
    same: bool | None  # None: there is nothing to compare with
    trace: list[dict[str, object]]  # of the error that ended it


def runnable(chapter: Chapter) -> list[Fence]:
    """The blocks that a reader can run, in order."""
    return [
        fence for fence in chapter.fences("pycon", "python", "console")
        if (fence.language != "python" or "{" not in fence.block.info)
        and (fence.language != "console" or all(understood(c.text) for c in examples.commands(fence)))
    ]  # fmt: skip


def understood(command: str) -> bool:
    """Can this command be run here?"""
    match = COMMAND.fullmatch(command)
    if not match:
        return False
    try:
        words = shlex.split(match["rest"])
    except ValueError:
        return False
    quoted = match["rest"].lstrip().startswith("-c")
    return words[0] in ("-m", "-c") and len(words) > 1 and (quoted or not re.search(r"[|;&<>$`]", match["rest"]))


class Examples:
    """The blocks of one chapter, and the names that they have made so far."""

    def __init__(self, program: Program, path: str) -> None:
        self.program = program
        self.path = path
        self.blocks = runnable(Chapter(program.root / path))
        self._book = program.book
        self._done: list[tuple[int, str]] = []  # the blocks that ran, with their text
        self._names: dict[str, object] = {"__name__": "__main__"}

    def find(self, text: str, nth: int = 0) -> int:
        """The position of the nth block with this text. Raises LookupError."""
        fitting = [i for i, fence in enumerate(self.blocks) if stripped(fence.text) == stripped(text)]
        if nth >= len(fitting):
            raise LookupError(f"{self.path} has no such block")
        return fitting[nth]

    def code(self, index: int) -> str:
        """The code of a block, without prompts and what is printed."""
        fence = self.blocks[index]
        if fence.language == "pycon":
            return "".join(statement.source for statement in self._printed(index))
        return "".join(f"{c.text}\n" for c in examples.commands(fence)) if fence.language == "console" else fence.text

    def run(self, index: int, texts: dict[int, str], tell: Callable[[dict], None] = lambda _: None) -> tuple[int, list[Result]]:
        """Run a block, and before it those above that have not run yet; return how many these were, and the results.

        `texts` are the blocks that the reader changed, by position. `tell` hears of each result at once, and before
        that of what is being printed. Raises nothing of what the block raises.
        """
        if self.blocks[index].language == "console":
            return 0, list(self._commands(index, texts.get(index), tell))
        needed = [i for i in range(index) if self.blocks[i].language == "pycon"]
        wanted = [(i, texts.get(i, self.code(i))) for i in needed]
        if self._book is not self.program.book or self._done != wanted[: len(self._done)]:
            self._names, self._done, self._book = {"__name__": "__main__"}, [], self.program.book
        before = wanted[len(self._done) :]
        for number, (i, text) in enumerate(before, 1):
            tell({"before": [number, len(before)]})
            for _ in self._python(i, text, lambda _: None):
                pass
            self._done.append((i, text))
        text = texts.get(index, self.code(index))
        results = list(self._python(index, text, tell))
        self._done.append((index, text))
        return len(before), results

    def run_all(self, tell: Callable[[dict], None] = lambda _: None) -> Iterator[tuple[int, list[Result]]]:
        """Run all blocks with something to compare with, as they are printed."""
        checked = [i for i, fence in enumerate(self.blocks) if fence.language != "python"]
        for number, i in enumerate(checked):
            tell({"block": [number + 1, len(checked)]})
            yield i, self.run(i, {})[1]

    # ------------------------------------------------------------------------------------ inside

    def _printed(self, index: int) -> list[Statement]:
        parsed = doctest.DocTestParser().get_examples(self.blocks[index].text)
        return [Statement(example.source, example.want, example.exc_msg) for example in parsed]

    def _python(self, index: int, text: str, tell: Callable[[dict], None]) -> Iterator[Result]:
        """Run a text, statement by statement, as at the prompt."""
        printed = self._printed(index) if self.blocks[index].language == "pycon" else []
        try:
            tree = ast.parse(text, BLOCK)
        except (SyntaxError, ValueError) as error:
            yield finished(tell, Result(text, "", None, None, self.program.told(error, NAMED)))
            return
        lines = text.split("\n")
        remember(text)
        for node in tree.body:
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
            source = "\n".join(lines[first - 1 : node.end_lineno]) + "\n"
            known = next((s for s in printed if s.source.strip() == source.strip()), None)
            if known:  # the next one with this text is another
                del printed[: printed.index(known) + 1]
            tell({"source": source})
            out = Output(tell)
            try:
                with redirected(out):
                    exec(compile(ast.Interactive([node]), BLOCK, "single", dont_inherit=True), self._names)
                error = None
            except (Exception, SystemExit, KeyboardInterrupt) as raised:
                error = raised
            yield finished(tell, self._compared(source, out.getvalue(), known, error))
            if error is not None and known is None:
                return  # nobody expected it: what follows would only fail for the same reason

    def _compared(self, source: str, got: str, known: Statement | None, error: BaseException | None) -> Result:
        check = doctest.OutputChecker().check_output
        if error is None:
            want = known.want if known else None
            return Result(source, got, want, check(known.want, got, OPTIONS) if known else None, [])
        words = in_words(error)
        expected = known is not None and known.error is not None and check(known.error, words, OPTIONS)
        return Result(source, got, known.want if known else None, expected if known else None, self.program.told(error, NAMED))

    def _commands(self, index: int, text: str | None, tell: Callable[[dict], None]) -> Iterator[Result]:
        printed = {c.text: c.expected for c in examples.commands(self.blocks[index])}
        for command in printed if text is None else filter(None, map(str.strip, text.split("\n"))):
            tell({"source": f"{command}\n"})
            out = Output(tell)
            trace = self._run_command(command, out)
            got, want = out.getvalue(), printed.get(command)
            same = None if want is None else examples.fits(want, got)
            yield finished(tell, Result(f"{command}\n", got, None if want is None else "\n".join(want) + "\n", same, trace))

    def _run_command(self, command: str, out: Output) -> list[dict[str, object]]:
        match = COMMAND.fullmatch(command)
        if not match or not understood(command):
            out.write("only python3 -m … and python3 -c … can be run here\n")
            return []
        for setting in match["settings"].split():
            name, _, value = setting.partition("=")
            os.environ[name] = value
        os.environ.setdefault("COLUMNS", "80")
        words = shlex.split(match["rest"])
        filters = [shlex.split(part) for part in match["filters"].split("|")[1:]]
        inner = Output(lambda _: None) if filters else out
        trace, status, argv = [], 0, sys.argv
        try:
            with redirected(inner):
                if words[0] == "-m":
                    sys.argv = words[1:]
                    runpy.run_module(words[1], run_name="__main__", alter_sys=True)
                else:
                    sys.argv = ["-c", *words[2:]]
                    remember(words[1])
                    exec(compile(words[1], BLOCK, "exec", dont_inherit=True), {"__name__": "__main__"})
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        except (Exception, KeyboardInterrupt) as error:
            status, trace = 1, self.program.told(error, {BLOCK: "the command"})
        finally:
            sys.argv = argv
            for setting in match["settings"].split():
                del os.environ[setting.partition("=")[0]]
        if filters:
            lines = inner.getvalue().splitlines(keepends=True)
            for name, *arguments in filters:
                lines = filtered(name, arguments, lines)
            out.write("".join(lines))
        if match["status"]:
            out.write(f"status {status}\n")
        return trace


def filtered(name: str, arguments: list[str], lines: list[str]) -> list[str]:
    """What head, tail or grep leaves."""
    if name == "grep":
        return [line for line in lines if re.search(arguments[-1], line)]
    count = int(re.sub(r"\D", "", arguments[-1]))
    return lines[:count] if name == "head" else lines[max(0, len(lines) - count) :]


def finished(tell: Callable[[dict], None], result: Result) -> Result:
    tell({"result": result._asdict()})
    return result


def stripped(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().split("\n")]


def in_words(error: BaseException) -> str:
    """An error as doctest compares it."""
    return traceback.format_exception_only(type(error), error)[-1]


def remember(text: str, name: str = BLOCK) -> None:
    """Have tracebacks find the lines of a text that Python calls `name`."""
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)


class Output(io.StringIO):
    """What is printed, told as it comes, but not more than a page can show."""

    LIMIT = 200_000  # characters

    def __init__(self, tell: Callable[[dict], None]) -> None:
        super().__init__()
        self.tell, self.size = tell, 0

    def write(self, text: str) -> int:
        if self.size <= self.LIMIT:
            self.size += len(text)
            cut = text if self.size <= self.LIMIT else "\n… and more, which is not shown\n"
            super().write(cut)
            self.tell({"printed": cut})
        return len(text)


@contextlib.contextmanager
def redirected(out: Output) -> Iterator[None]:
    hook, sys.displayhook = sys.displayhook, sys.__displayhook__
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            yield
    finally:
        sys.displayhook = hook
