"""Do the tests notice if the program is wrong? Change it in one place at a time, in the chapters, and see.

    python3 scripts/book.py mutate                    all modules; survivors are listed, and the score is recorded
    python3 scripts/book.py mutate value gpt          some modules; nothing is recorded
    python3 scripts/book.py mutate --sample 20        so many mutants of each module
    python3 scripts/book.py mutate --list             only say what would be tried

A mutant is a variant of the book (tangle.py): one line of one chunk is different. A comparison is turned or moved by
one, a constant is another, a statement is left out, two arguments are swapped, `and` is `or`. The variant goes into a
copy of the project, and the tests that should notice are run there, the quick ones first. What no test can notice,
because it changes nothing that can be seen, stands in equivalent-mutants.json with the reason.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .. import DATA, ROOT
from ..tangle import Book, UserError, read_book, tangle, write_files
from ..text.examples import copy_project

REGISTER = Path(__file__).with_name("equivalent-mutants.json")
TIMEOUT = 120  # seconds; a mutant that never ends is noticed
TESTS = {  # module -> the tests that should notice, quick ones first
    "value": ["fast/test_value.py", "fast/test_training.py", "slow/test_reference.py"],
    "gpt": ["fast/test_gpt.py", "fast/test_training.py", "slow/test_reference.py"],
    "params": ["fast/test_gpt.py", "fast/test_training.py", "fast/test_cli.py", "slow/test_reference.py"],
    "train": ["fast/test_training.py", "fast/test_checkpoint.py", "slow/test_reference.py"],
    "infer": ["fast/test_training.py", "fast/test_cli.py", "slow/test_reference.py"],
    "data": ["fast/test_data.py"],
    "files": ["fast/test_data.py", "fast/test_checkpoint.py"],
    "download": ["fast/test_data.py", "slow/test_attack_servers.py"],
    "checkpoint": ["fast/test_checkpoint.py", "fast/test_cli.py"],
    "progress": ["fast/test_progress.py", "fast/test_cli.py", "slow/test_terminal.py"],
    "__main__": ["fast/test_cli.py", "fast/test_checkpoint.py", "slow/test_attack_options.py", "slow/test_terminal.py"],
}
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


def notices(folder: Path, tests: list[str], python: str) -> bool:
    """Whether a test in the copy of the project fails."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    for test in tests:
        command = [python, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov", f"tests/{test}"]
        try:
            result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            return True
        if result.returncode:
            return True
    return False


def run(options: argparse.Namespace, python: str) -> int:
    """Try the mutants; the exit status is 1 if one survives that the register doesn't know."""
    book = read_book(ROOT)
    register: dict[str, str] = json.loads(REGISTER.read_text(encoding="utf-8"))
    modules = options.modules or list(TESTS)
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
    survivors: list[Mutant] = []
    score: dict[str, dict[str, int]] = {}
    total, done, started = sum(map(len, chosen.values())), 0, time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_project(folder)
        for module in modules:
            if notices(folder, TESTS[module], python):
                raise UserError(f"the tests of {module} fail without any mutant: {', '.join(TESTS[module])}")
        for module, some in chosen.items():
            counts = score[module] = {"mutants": 0, "killed": 0, "equivalent": 0}
            for mutant in some:
                done += 1
                changed = variant(book, mutant)
                if changed.faults:
                    continue  # no Python at all
                counts["mutants"] += 1
                if mutant.key in register:
                    counts["equivalent"] += 1
                    continue
                paths = [path for path in changed.files if changed.content(path) != book.content(path)]
                write_files(folder, {path: changed.content(path) for path in paths})
                if notices(folder, TESTS[module], python):
                    counts["killed"] += 1
                else:
                    survivors.append(mutant)
                    place = book.files[mutant.file][mutant.line - 1]
                    print(f"survives: {place.chapter}:{place.number}: {mutant.key}", flush=True)
                write_files(folder, {path: book.content(path) for path in paths})
                left = (time.monotonic() - started) / done * (total - done)
                print(f"{done} of {total}, {left / 60:.0f} min left\r", end="", flush=True)
            print(f"{module}: {counts['killed']} of {counts['mutants']} noticed, {counts['equivalent']} can't be", flush=True)
    if not options.modules and options.sample is None:
        text = json.dumps(score, indent=1) + "\n"
        write_files(DATA, {"mutation.json": text.encode()})
    return 1 if survivors or stale else 0


def main(argv: list[str], python: str) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="book.py mutate", description=__doc__.split("\n")[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(TESTS)}")
    parser.add_argument("--sample", type=int, metavar="N", help="so many mutants of each module, always the same")
    parser.add_argument("--list", action="store_true", help="run nothing; only say what would be tried")
    options = parser.parse_args(argv)
    if unknown := [module for module in options.modules if module not in TESTS]:
        parser.error(f"{unknown[0]} is not one of {', '.join(TESTS)}")
    return run(options, python)

