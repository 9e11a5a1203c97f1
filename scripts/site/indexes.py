#!/usr/bin/env python3
"""Write the two indexes of the appendix: of the chunks, and of the names in the program.

    python3 scripts/indexes.py [--root DIR]            write the pages that changed
    python3 scripts/indexes.py [--root DIR] --check    write nothing; fail if a page is not as the chapters have it

    docs/appendix/index-of-chunks.md         each chunk, where it is written and where it is used; then each generated
                                             file line by line, and the chunk and chapter of each line
    docs/appendix/index-of-identifiers.md    each class, function, method, field, variable and parameter of the
                                             generated files, with file, line and chapter

They are plain Markdown with links to the chapters' files. The anchors in the links are on the site only.
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from .. import ROOT, tangle
from ..tangle import Piece, UserError
from ..text.places import Places, Run, short

CHUNKS = "docs/appendix/index-of-chunks.md"
IDENTIFIERS = "docs/appendix/index-of-identifiers.md"
FRONT_MATTER = """\
---
generated_by: scripts/indexes.py
hide: [reading-time]
search: {exclude: true}
---
"""
WRITTEN_BY = "<!-- Written by scripts/indexes.py from the chapters. Don't edit it here: edit the chapters. -->"

CHUNKS_INTRODUCTION = f"""\
{FRONT_MATTER}
# Index of chunks

{WRITTEN_BY}

The program is written in chunks, and each stands in the chapter that explains it. Here are all of them: first by name,
then in the order in which they make each file.
"""

FILES_INTRODUCTION = """\
## From a line to its chapter

An error message names a file and a line: `File "…/microgpt/train.py", line 31`. Find the file here, and in it the
line. In a copy of the project, `python3 scripts/tangle.py --where microgpt/train.py:31` answers too.
"""

IDENTIFIERS_INTRODUCTION = f"""\
{FRONT_MATTER}
# Index of identifiers

{WRITTEN_BY}

All names that the program defines: classes with their fields and methods, functions, variables of a module, and the
parameters of functions. Each link leads to the line of the chapter that defines the name; beside it stands where that
line is in the program. [The API reference](api.md) says what the public ones do.
"""


# ----------------------------------------------------------------------------------- the chunks


def link(text: str, target: str) -> str:
    return f"[{text}]({target})"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def chunk_index(places: Places) -> str:
    """The text of the index of chunks."""
    parts = [CHUNKS_INTRODUCTION, "## By name\n"]
    chunks = [label for label in places.book.parts if places.book.users(label)]
    head = ["Chunk", "Written in", "Makes", "Used in"]
    parts.append(table(head, [chunk_row(places, label) for label in sorted(chunks)]))
    parts.append(FILES_INTRODUCTION)
    for file in places.files:
        parts.append(f"### `{short(file)}`\n")
        runs = [run for run in places.runs(file) if not is_blank(places, run)]
        parts.append(table(["Lines", "Chunk or file", "Chapter"], [run_row(places, run) for run in runs]))
    return "\n".join(parts)


def chunk_row(places: Places, label: str) -> list[str]:
    book = places.book
    pieces = book.parts[label]
    written = [link(places.title(piece.chapter), places.to_piece(piece, CHUNKS)) for piece in pieces]
    # The lines that take the place of a reference are the whole chunk, with all that it refers to.
    file = places.shown_in(pieces[0])[0]
    lines = next(
        span
        for user in book.users(label)
        for number, name in user.references.items()
        if name == label
        for span in places.spans[user.chapter, number]
        if span.file == file
    )
    users = {user.label: user for user in reversed(book.users(label))}
    used = [link(f"`{name_of(user)}`", places.to_piece(user, CHUNKS)) for user in reversed(users.values())]
    return [f"`{label}`", "; ".join(written), f"`{short(file)}` {lines}", ", ".join(used)]


def run_row(places: Places, run: Run) -> list[str]:
    target = places.to_line(run.span.file, run.span.first, CHUNKS)
    return [link(str(run.span), target), f"`{name_of(run.piece)}`", places.title(run.piece.chapter)]


def is_blank(places: Places, run: Run) -> bool:
    return not any(line.text for line in places.book.files[run.span.file][run.span.first - 1 : run.span.last])


def name_of(piece: Piece) -> str:
    return short(piece.label) if piece.is_file else piece.label


# ------------------------------------------------------------------------------ the identifiers


class Definition(NamedTuple):
    """Where a file defines a name, and as what."""

    name: str
    kind: str
    line: int


def definitions(tree: ast.Module) -> Iterator[Definition]:
    """All definitions of a file but those of local variables."""
    yield from definitions_in(tree, "")


def definitions_in(scope: ast.AST, owner: str) -> Iterator[Definition]:
    is_class = isinstance(scope, ast.ClassDef)
    for node in scope_of(scope):
        name = getattr(node, "name", "")
        if isinstance(node, ast.ClassDef):
            yield Definition(name, "class", node.lineno)
            yield from definitions_in(node, f"{owner}{name}.")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield Definition(name, f"method of `{owner[:-1]}`" if is_class else "function", node.lineno)
            for parameter in parameters(node.args):
                if parameter.arg not in ("self", "cls", "_"):
                    yield Definition(parameter.arg, f"parameter of `{owner}{name}`", parameter.lineno)
            yield from definitions_in(node, f"{owner}{name}.")
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(scope, (ast.Module, ast.ClassDef)):
            kind = f"field of `{owner[:-1]}`" if is_class else "variable"
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for part in ast.walk(target):
                    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                        yield Definition(part.id, kind, part.lineno)


def scope_of(scope: ast.AST) -> Iterator[ast.stmt]:
    """The statements of a scope, also those below `if`, `try`, `with` and loops."""
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.stmt):
            yield node
        if isinstance(node, (ast.stmt, ast.ExceptHandler)) and not isinstance(
            node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        ):
            yield from scope_of(node)


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    every = [*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs, arguments.kwarg]
    return [argument for argument in every if argument]


def identifier_index(places: Places) -> str:
    """The text of the index of identifiers."""
    # name -> (kind, chapter's line) -> its lines in the files
    found: dict[str, dict[tuple[str, str], list[tuple[str, int]]]] = {}
    for file in places.files:
        for name, kind, line in definitions(ast.parse(places.book.content(file))):
            origin = places.book.where(file, line).place
            found.setdefault(name, {}).setdefault((kind, origin), []).append((file, line))

    def letters(name: str) -> str:
        return name.strip("_").casefold() or name  # __add__ stands beside add

    parts = [IDENTIFIERS_INTRODUCTION]
    in_order = sorted(found, key=lambda name: (letters(name), name))
    for letter, names in groupby(in_order, key=lambda name: letters(name)[0].upper()):
        rows = [[f"`{name}`", "<br>".join(entries(places, found[name]))] for name in names]
        parts += [f"## {letter}\n", table(["Name", "Defined as"], rows)]
    return "\n".join(parts)


def entries(places: Places, defined: dict[tuple[str, str], list[tuple[str, int]]]) -> Iterator[str]:
    for (kind, _), lines in defined.items():
        title = places.title(places.book.where(*lines[0]).chapter)
        where = ", ".join(f"`{short(file)}:{line}`" for file, line in lines)
        yield f"{kind}: {link(title, places.to_line(*lines[0], IDENTIFIERS))}, {where}"


# ---------------------------------------------------------------------------------- the command


def make_pages(root: Path) -> dict[str, bytes]:
    """The two pages; UserError with the faults of the book if there are any, except in pages that are written anew."""
    book = tangle.read_book(root)
    if faults := [str(fault) for fault in book.faults if fault.chapter not in (CHUNKS, IDENTIFIERS)]:
        raise UserError("\n".join(faults))
    places = Places(book)
    return {CHUNKS: chunk_index(places).encode(), IDENTIFIERS: identifier_index(places).encode()}


def run(root: Path, check: bool) -> int:
    """Write what changed, or only compare; the exit status."""
    stale = {}
    for page, content in make_pages(root).items():
        target = root / page
        if not target.is_file() or target.read_bytes().replace(b"\r\n", b"\n") != content:
            stale[page] = content
    if check:
        for page in stale:
            tangle.complain(f"{page}: not as the chapters have it (run python3 scripts/indexes.py)")
        return 1 if stale else 0
    tangle.write_files(root, stale)
    for page in stale:
        print("wrote", page)
    if not stale:
        print("nothing to do")
    return 0


def main(argv: list[str] | None = None) -> int:
    """The command line: 0 if all is well, 1 if something is wrong, 2 if the command line is."""
    parser = argparse.ArgumentParser(description="Write the indexes of the chunks and of the program's names.")
    parser.add_argument("--root", metavar="DIR", default=ROOT, help="the project, with the chapters in DIR/docs")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a page is stale")
    options = parser.parse_args(argv)
    return tangle.guarded(run, Path(os.path.realpath(options.root)), options.check)


if __name__ == "__main__":
    sys.exit(main())
