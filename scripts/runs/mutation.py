"""Do the tests notice if the program is wrong? Change it in one place at a time, in the chapters, and see.

    python3 scripts/book.py mutate                    all modules; survivors are listed, and the score is recorded
    python3 scripts/book.py mutate value gpt          some modules; nothing is recorded
    python3 scripts/book.py mutate --sample 20        so many mutants of each module
    python3 scripts/book.py mutate --minutes 60       no longer than that; what was tried is then a random sample
    python3 scripts/book.py mutate --list             only say what would be tried

A mutant is a variant of the book (tangle.py): one line of one chunk is different. A comparison is turned or moved by
one, a constant is another, a statement is left out, two arguments are swapped, `and` is `or`. The variant goes into a
copy of the project. There the fast tests that run the changed line are run (they are run once before, to know which
those are), the quickest first, until one fails. For what survives them, there are the examples of its chapter and what
attacks its module. What no test can notice, because it changes nothing that can be seen, stands in
equivalent-mutants.json with the reason. POSIX only: each mutant has a fork of one process (tests/noticing.py).
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from .. import DATA, ROOT
from ..tangle import Book, UserError, hash_of, read_book, tangle, write_files
from ..text.examples import copy_project

REGISTER = Path(__file__).with_name("equivalent-mutants.json")
FAST = [  # of tests/fast/: those that run the program, or start it
    "test_value.py", "test_gpt.py", "test_training.py", "test_ladder.py", "test_checkpoint.py", "test_data.py", "test_progress.py",
    "test_cli.py", "test_signals.py",
]  # fmt: skip
SLOW = {  # of tests/slow/: what attacks a module, for the mutants that the fast tests don't notice
    "data": ["test_attack_data.py"],
    "files": ["test_attack_data.py"],
    "download": ["test_attack_servers.py"],
    "checkpoint": ["test_attack_models.py"],
    "progress": ["test_terminal.py"],
    "__main__": ["test_attack_options.py", "test_terminal.py"],
}
EXAMPLES = "test_chapters.py::test_pycon_blocks"  # of the page that a mutant stands on: likewise
FOUND = ROOT / "build" / "mutants.jsonl"  # what was noticed, line by line: a run that is ended loses nothing
UNKNOWN = 60.0  # seconds that a test may take of which nobody knows
COMPARE = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", " is not ": " is ", " is ": " is not ",
           " not in ": " in ", " in ": " not in "}  # fmt: skip


class Mutant(NamedTuple):
    """One line of a generated file, changed."""

    file: str
    line: int  # counted from 1
    old: str
    new: str

    @property
    def key(self) -> str:
        """What it is, wherever it stands: for the register."""
        return f"{Path(self.file).name}: {self.old.strip()} -> {self.new.strip()}"


def mutants(file: str, source: str) -> Iterator[Mutant]:
    """All mutants of a file."""
    lines = source.split("\n")
    seen = set()
    for number, start, end, text in sorted(edits(source)):
        old = lines[number - 1]
        new = old[:start] + text + old[end:]
        if new != old and (number, new) not in seen:
            seen.add((number, new))
            yield Mutant(file, number, old, new)


def edits(source: str) -> Iterator[tuple[int, int, int, str]]:
    """Line, first and last column, and the text that should stand there instead."""
    lines = source.split("\n")
    tree = ast.parse(source)
    quiet = {id(part) for node in ast.walk(tree) for part in not_run(node)}
    for node in ast.walk(tree):
        if id(node) in quiet or not hasattr(node, "lineno") or node.lineno != node.end_lineno:
            continue
        line = lines[node.lineno - 1]
        where = node.lineno, node.col_offset, node.end_col_offset
        text = line[node.col_offset : node.end_col_offset]
        if not text.isascii() or not line.isascii():
            continue  # ast counts bytes
        if isinstance(node, ast.Compare):
            left, right = node.left.end_col_offset, node.comparators[0].col_offset
            sign = line[left:right]
            for old, new in COMPARE.items():
                if sign.strip() == old.strip():
                    yield node.lineno, left, right, sign.replace(old.strip(), new.strip())
                    break
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float, bool) and "f\"" not in text:
            value = node.value
            yield *where, repr(not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else value * 2 or 1.0)
        elif isinstance(node, ast.BoolOp):
            a, b = node.values[0].end_col_offset, node.values[1].col_offset
            word, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            yield node.lineno, a, b, line[a:b].replace(word, other)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield *where, text.removeprefix("not ")
        elif isinstance(node, ast.Call) and len(node.args) >= 2 and not any(isinstance(a, ast.Starred) for a in node.args):
            (a, b), (c, d) = ((x.col_offset, x.end_col_offset) for x in node.args[:2])
            yield node.lineno, a, d, line[c:d] + line[b:c] + line[a:b]
        elif isinstance(node, (ast.Expr, ast.AugAssign, ast.Raise, ast.Delete)) or isinstance(node, ast.Assign) and (
            isinstance(node.targets[0], ast.Attribute | ast.Subscript)
        ):
            yield *where, "pass"


def not_run(node: ast.AST) -> Iterator[ast.AST]:
    """What in a node is only read by people: docstrings and types, and the parts of f-strings."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield from ast.walk(node)
    for name in ("annotation", "returns"):
        if part := getattr(node, name, None):
            yield from ast.walk(part)
    if isinstance(node, ast.JoinedStr):
        yield from ast.walk(node)


def variant(book: Book, mutant: Mutant) -> Book:
    """The book with a mutant in the chunk that the line comes from."""
    place = book.files[mutant.file][mutant.line - 1]
    indent = len(place.text) - len(place.text.lstrip())
    lines = []
    for piece in book.parts[str(place.label)]:
        for number, text in piece.numbered():
            if (piece.chapter, number) == (place.chapter, place.number):
                own = len(text) - len(text.lstrip())
                text = mutant.new[indent - own :]
            lines.append(text)
    return tangle(book, replacing={str(place.label): "\n".join(lines)})


class Tests:
    """A copy of the project, and a process that runs tests in it (tests/noticing.py)."""

    def __init__(self, python: str) -> None:
        self.folder = Path(tempfile.mkdtemp())
        copy_project(self.folder)
        environment = {**os.environ, "PYTHONPATH": str(self.folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        self.process = subprocess.Popen(
            [python, "-m", "tests.noticing"], cwd=self.folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Tests:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()
        shutil.rmtree(self.folder)

    def ask(self, **request: object) -> dict[str, Any]:
        """Ask the process to map or to run tests."""
        assert self.process.stdin and self.process.stdout
        print(json.dumps(request), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def map(self) -> dict[str, dict[str, Any]]:
        """The fast tests, and of each which lines it runs. Raises UserError if one fails now."""
        found = self.ask(map=[f"fast/{file}" for file in FAST])
        if found["failed"]:
            raise UserError(f"tests fail without any mutant: {', '.join(found['failed'])}")
        return found["tests"]

    def notice(self, book: Book, changed: Book, tests: dict[str, float]) -> str:
        """The first of the tests, with the seconds they take, that fails when the book is changed so; or ""."""
        paths = [path for path in changed.files if changed.content(path) != book.content(path)]
        write_files(self.folder, {path: changed.content(path) for path in paths})
        try:
            return self.ask(tests=tests)["noticed"] if tests else ""
        finally:
            write_files(self.folder, {path: book.content(path) for path in paths})


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


class Found:
    """Which test noticed which mutant. It still does as long as neither the program nor the test has changed."""

    def __init__(self, book: Book) -> None:
        self.program = hash_of("", b"".join(book.content(f"microgpt/{module}.py") for module in modules_of(book)))
        self.noticed: dict[tuple, str] = {}
        with suppress(FileNotFoundError), open(FOUND, encoding="utf-8") as file:
            for line in file:
                *mutant, test, made_of = json.loads(line)
                if made_of == self.made_of(test):
                    self.noticed[tuple(mutant)] = test

    def made_of(self, test: str) -> str:
        """A hash of the program, of the test and of what else in its file is no test."""
        file, _, name = test.partition("::")
        if not (ROOT / file).is_file():
            return self.program  # it never ended, or couldn't be imported
        code = [
            ast.dump(node)
            for node in parsed(ROOT / file).body
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_") or node.name == name.split("[")[0]
        ]
        return hash_of(self.program, "".join(code).encode())

    def add(self, mutant: Mutant, test: str) -> None:
        self.noticed[tuple(mutant)] = test
        FOUND.parent.mkdir(exist_ok=True)
        with open(FOUND, "a", encoding="utf-8") as file:
            print(json.dumps([*mutant, test, self.made_of(test)]), file=file)


def candidates(mutant: Mutant, tests: dict[str, dict[str, Any]]) -> dict[str, float]:
    """The fast tests that may notice, in the order in which to ask them, and the seconds they take.

    They are those that run the line, the quickest first, and those that start processes, of which nobody knows what
    they run. A line that is only run when its module is imported, or that belongs to a statement of several lines,
    may be noticed by all, those that run something of its module first.
    """

    def first(test: str) -> tuple[bool, float]:
        return mutant.file not in tests[test]["lines"], tests[test]["seconds"]

    running = {test for test, what in tests.items() if mutant.line in what["lines"].get(mutant.file, ())}
    found = sorted((test for test in tests if not running or test in running or tests[test]["processes"]), key=first)
    return {test: tests[test]["seconds"] for test in found}


def late(mutant: Mutant, book: Book) -> list[str]:
    """The slow tests that may notice: the examples of the mutant's chapter, and what attacks its module."""
    place = book.files[mutant.file][mutant.line - 1]
    page = [f"{EXAMPLES}[{place.chapter.removeprefix('docs/')}]"] if has_examples(book, place.chapter) else []
    return [f"tests/slow/{test}" for test in [*page, *SLOW.get(Path(mutant.file).stem, [])]]


def has_examples(book: Book, chapter: str) -> bool:
    return "```pycon" in (book.root / chapter).read_text(encoding="utf-8")


def modules_of(book: Book) -> list[str]:
    """The modules of the package, but for the one that only names what the others have."""
    return [path.stem for path in map(Path, book.files) if path.parent == Path("microgpt") and path.stem != "__init__"]


def summary(program: str, score: dict[str, dict[str, int]], possible: int) -> dict[str, Any]:
    """What is recorded: of `possible` mutants those that were tried, and what share of all is likely to be noticed."""
    every = {key: sum(counts[key] for counts in score.values()) for key in ("mutants", "noticed", "equivalent")}
    every["survived"] = every["mutants"] - every["noticed"] - every["equivalent"]
    low, high = likely(every["noticed"], every["noticed"] + every["survived"])
    return {"program": program, "possible": possible, **every, "low": round(low, 4), "high": round(high, 4), "modules": score}


def likely(hits: int, tries: int) -> tuple[float, float]:
    """Between what two shares the true one lies, with 95 % confidence, if `tries` are a random sample (E. B. Wilson, 1927)."""
    if not tries:
        return 0.0, 1.0
    z, share = 1.96, hits / tries
    middle = share + z * z / (2 * tries)
    spread = z * (share * (1 - share) / tries + z * z / (4 * tries * tries)) ** 0.5
    return (middle - spread) / (1 + z * z / tries), (middle + spread) / (1 + z * z / tries)


def run(options: argparse.Namespace, python: str) -> int:
    """Try the mutants; the exit status is 1 if one survives that the register doesn't know."""
    book = read_book(ROOT)
    register: dict[str, str] = json.loads(REGISTER.read_text(encoding="utf-8"))
    modules = options.modules or modules_of(book)
    chosen: dict[str, list[Mutant]] = {}
    known: set[str] = set()
    for module in modules:
        file = f"microgpt/{module}.py"
        every = list(mutants(file, book.content(file).decode()))
        known.update(mutant.key for mutant in every)
        chosen[module] = every if options.sample is None else random.Random(module).sample(every, min(options.sample, len(every)))
    if options.list:
        print(*(f"{m.file}:{m.line}: {m.key}" for some in chosen.values() for m in some), sep="\n")
        return 0
    stale = [key for key in register if key.split(".py")[0] in modules and key not in known]
    for key in stale:
        print(f"{REGISTER.name}: no mutant is called {key!r} any more (take it out)", file=sys.stderr)
    score = {module: {"mutants": 0, "noticed": 0, "equivalent": 0} for module in modules}
    survivors: dict[Mutant, Book] = {}
    found = Found(book)
    # In random order, always the same: a run that had to end early has tried a random sample.
    order = random.Random(42).sample(every := [mutant for some in chosen.values() for mutant in some], len(every))
    with Tests(python) as tests:
        known_tests, started = tests.map(), time.monotonic()
        for done, mutant in enumerate(order, 1):
            if time.monotonic() - started > options.minutes * 60:
                break
            changed, counts = variant(book, mutant), score[Path(mutant.file).stem]
            if changed.faults:
                continue  # no Python at all
            counts["mutants"] += 1
            if mutant.key in register:
                counts["equivalent"] += 1
            elif tuple(mutant) in found.noticed:
                counts["noticed"] += 1
            elif test := tests.notice(book, changed, candidates(mutant, known_tests)):
                counts["noticed"] += 1
                found.add(mutant, test)
            else:
                survivors[mutant] = changed
                print(f"the fast tests don't notice {mutant.file}:{mutant.line}: {mutant.key}", flush=True)
            left = (time.monotonic() - started) / done * (len(order) - done)
            print(f"{done} of {len(order)}, {left / 60:.0f} min left\r", end="", flush=True)
        needed = {test for mutant in survivors for test in late(mutant, book)}
        passing = {test for test in sorted(needed) if not tests.notice(book, book, {test: UNKNOWN})}
        for test in needed - passing:
            raise UserError(f"a test fails without any mutant: {test}")
        for mutant, changed in list(survivors.items()):
            if test := tests.notice(book, changed, dict.fromkeys(late(mutant, book), UNKNOWN)):
                found.add(mutant, test)
                score[Path(mutant.file).stem]["noticed"] += 1
                del survivors[mutant]
    for mutant in sorted(survivors):
        place = book.files[mutant.file][mutant.line - 1]
        print(f"survives: {place.chapter}:{place.number}: {mutant.key}")
    for module, counts in score.items():
        print(f"{module}: {counts['noticed']} of {counts['mutants']} noticed, {counts['equivalent']} can't be")
    if not options.modules and options.sample is None:
        write_files(DATA, {"mutation.json": (json.dumps(summary(found.program, score, len(order)), indent=1) + "\n").encode()})
    return 1 if survivors or stale else 0


def main(argv: list[str], python: str) -> int:
    """The command line."""
    modules = modules_of(read_book(ROOT))
    parser = argparse.ArgumentParser(prog="book.py mutate", description=__doc__.split("\n")[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(modules)}")
    parser.add_argument("--sample", type=int, metavar="N", help="so many mutants of each module, always the same")
    parser.add_argument("--minutes", type=float, default=float("inf"), metavar="N", help="try no more after so long")
    parser.add_argument("--list", action="store_true", help="run nothing; only say what would be tried")
    options = parser.parse_args(argv)
    if unknown := [module for module in options.modules if module not in modules]:
        parser.error(f"{unknown[0]} is not one of {', '.join(modules)}")
    return run(options, python)

