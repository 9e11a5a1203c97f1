"""The two indexes of the appendix, of the chunks and of the names in the program: made when the site is built.

    markdown_extensions:
      - scripts.site.indexes    # after scripts.site.chunks

In the place of a line of its own in the index's page comes

    <!-- index of chunks -->         each chunk, where it is written and where it is used
    <!-- index of lines -->          each generated file line by line, and the chunk and chapter of each line
    <!-- index of identifiers -->    each class, function, method, field, variable and parameter of the generated files

as Markdown, with links to the chapters' files, which MkDocs then checks as all others.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

from .. import ROOT
from ..tangle import Piece
from ..text.places import Places, Run, short, where
from .chunks import read_places

CHUNKS = "docs/appendix/index-of-chunks.md"
IDENTIFIERS = "docs/appendix/index-of-identifiers.md"


# ----------------------------------------------------------------------------------- the chunks


def link(text: str, target: str) -> str:
    return f"[{text}]({target})"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def chunk_index(places: Places) -> str:
    """A table of all chunks by name."""
    chunks = sorted(label for label, pieces in places.book.parts.items() if not pieces[0].is_file)
    return table(["Chunk", "Written in", "Makes", "Used in"], [chunk_row(places, label) for label in chunks])


def line_index(places: Places) -> str:
    """Of each generated file, a table of its lines, cut wherever another piece takes over."""
    parts = []
    for file in places.files:
        parts.append(f"### `{short(file)}`\n")
        runs = [run for run in places.runs(file) if not is_blank(places, run)]
        parts.append(table(["Lines", "Chunk or file", "Chapter"], [run_row(places, run) for run in runs]))
    return "\n".join(parts)


def chunk_row(places: Places, label: str) -> list[str]:
    pieces = places.book.parts[label]
    written = [link(places.title(piece.chapter), places.to_piece(piece, CHUNKS)) for piece in pieces]
    # The lines that take the place of a reference are the whole chunk, with all that it refers to.
    file = places.shown_in(pieces[0])[0]
    lines = next(
        span
        for user in places.users(label)
        for number, name in user.references.items()
        if name == label
        for span in places.spans[user.chapter, number]
        if span.file == file
    )
    users = {user.label: user for user in reversed(places.users(label))}
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
    """Tables of all names of the program, a letter each."""
    # name -> (kind, chapter, line there) -> its lines in the files
    found: dict[str, dict[tuple[str, str, int], list[tuple[str, int]]]] = {}
    for file in places.files:
        for name, kind, line in definitions(ast.parse(places.book.content(file))):
            origin = where(places.book, file, line)
            found.setdefault(name, {}).setdefault((kind, origin.chapter, origin.number), []).append((file, line))

    def letters(name: str) -> str:
        return name.strip("_").casefold() or name  # __add__ stands beside add

    parts = []
    in_order = sorted(found, key=lambda name: (letters(name), name))
    for letter, names in groupby(in_order, key=lambda name: letters(name)[0].upper()):
        rows = [[f"`{name}`", "<br>".join(entries(places, found[name]))] for name in names]
        parts += [f"## {letter}\n", table(["Name", "Defined as"], rows)]
    return "\n".join(parts)


def entries(places: Places, defined: dict[tuple[str, str, int], list[tuple[str, int]]]) -> Iterator[str]:
    for (kind, chapter, _), lines in defined.items():
        program = ", ".join(f"`{short(file)}:{line}`" for file, line in lines)
        yield f"{kind}: {link(places.title(chapter), places.to_line(*lines[0], IDENTIFIERS))}, {program}"


# -------------------------------------------------------------------------------- the extension

INDEXES: dict[str, Callable[[Places], str]] = {
    "<!-- index of chunks -->": chunk_index,
    "<!-- index of lines -->": line_index,
    "<!-- index of identifiers -->": identifier_index,
}


class IndexPreprocessor(Preprocessor):
    def __init__(self, md: Markdown, root: str) -> None:
        super().__init__(md)
        self.root = root

    def run(self, lines: list[str]) -> list[str]:
        marks = INDEXES.keys() & set(lines)
        places = read_places(self.root) if marks else None  # None, too, for a book with faults: its reader was told
        made = {mark: INDEXES[mark](places).split("\n") for mark in marks if places}
        return [new for line in lines for new in made.get(line, [line])]


class IndexExtension(Extension):
    def __init__(self, **kwargs: Any) -> None:
        self.config = {"root": [str(ROOT), "The project, with the chapters in its folder docs."]}
        super().__init__(**kwargs)

    def extendMarkdown(self, md: Markdown) -> None:
        md.preprocessors.register(IndexPreprocessor(md, self.getConfig("root")), "indexes", 35)  # before comments and fences are taken out


def makeExtension(**kwargs: Any) -> IndexExtension:
    return IndexExtension(**kwargs)
