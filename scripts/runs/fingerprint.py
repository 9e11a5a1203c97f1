"""What a recording depends on, as a short hash: so that a stale one is known without running anything.

It changes with the code of the program's modules, with the built-in names, with the code that records and with the
data, rungs of the ladder, modules of microgpt/scale/ and variants that this names; not with comments and docstrings.
`--check` repeats the run itself.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from .. import ROOT
from ..tangle import find_chapters, read_book
from ..text.code import code_lines
from ..text.variants import read_variants

PROGRAM = ("data", "value", "params", "gpt", "train", "infer")  # of the package; the rest computes nothing
# How stills look; this; and tangle, since what it makes is hashed itself: the program, the rungs, the chunks of variants.
NOT_RECORDED = ("scripts.figures._still", "scripts.figures._stages", "scripts.runs.fingerprint", "scripts.tangle")
RUNG = re.compile(r"\btrain[0-9]\b|microgpt\.ladder")
SCALE = re.compile(r"microgpt\.scale\.(\w+)")
VARIANTS = "scripts/text/variants.py"
DATA_FILE = re.compile(r"docs/assets/data/[\w-]+\.txt")


def fingerprint(recorder: str) -> str:
    """The fingerprint of what the module `recorder`, as in "scripts.runs.paired", records."""
    files = [ROOT / "microgpt" / f"{name}.py" for name in PROGRAM] + sorted(sources(recorder))
    digest = hashlib.sha256((ROOT / "microgpt" / "names.txt").read_bytes())
    for file in files:
        code = _code(text_of(file))
        digest.update(f"{file.relative_to(ROOT).as_posix()}\n{code}\n".encode())
        for name in sorted(set(DATA_FILE.findall(code))):
            digest.update((ROOT / name).read_bytes())
        if RUNG.search(code):
            for rung in sorted((ROOT / "microgpt" / "ladder").glob("train*.py")):
                digest.update(_code(text_of(rung)).encode())
        for module in scale_modules(SCALE.findall(code)):
            digest.update(_code(text_of(module)).encode())
        if file == ROOT / VARIANTS:
            digest.update(variants_now().encode())
    return digest.hexdigest()[:16]


def variants_now() -> str:
    """The variants of the program that the chapters describe, as they are now."""
    chapters = [ROOT / chapter for chapter in find_chapters(ROOT)]
    return _variants(ROOT, tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in chapters))


@cache  # many recordings ask for it
def _variants(root: Path, chapters: tuple[tuple[Path, int, int], ...]) -> str:
    found = sorted(read_variants(read_book(root)).items())
    return "".join(f"{variant}: {sorted(chunks.items())}\n" for variant, chunks in found)


def scale_modules(names: list[str]) -> list[Path]:
    """The files of some modules of microgpt/scale/, and of those that they import from there."""
    found: set[Path] = set()
    todo = list(names)
    while todo:
        file = ROOT / "microgpt" / "scale" / f"{todo.pop()}.py"
        if file.is_file() and file not in found:
            found.add(file)
            todo += [module for level, module in _imports(text_of(file)) if level == 1]
    return sorted(found)


def text_of(file: Path) -> str:
    return _text(file, file.stat().st_mtime_ns)


@cache
def _text(file: Path, changed: int) -> str:
    return file.read_text(encoding="utf-8")


@cache
def _code(text: str) -> str:
    return "\n".join(code_lines(text).values())


def sources(module: str) -> set[Path]:
    """The files of a module of scripts/ and of all others there that it imports, directly or not."""
    found: dict[str, Path] = {}
    todo = [module]
    while todo:
        name = todo.pop()
        file = file_of(name)
        if file is None or name in found or name in NOT_RECORDED:
            continue
        found[name] = file
        package = name.split(".") if file.name == "__init__.py" else name.split(".")[:-1]
        for level, imported in _imports(text_of(file)):
            todo.append(".".join([*package[: len(package) - level + 1], imported]))
    return set(found.values())


@cache
def _imports(text: str) -> list[tuple[int, str]]:
    """What a file imports relatively, modules or names in them: how many dots, and what stands after them."""
    found = [node for node in statements(ast.parse(text)) if isinstance(node, ast.ImportFrom) and node.level]
    modules = [(node.level, node.module) for node in found if node.module]
    names = [(node.level, f"{node.module}.{alias.name}" if node.module else alias.name) for node in found for alias in node.names]
    return modules + names


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """The statements of a file, also those inside others. ast.walk() looks at every expression too: ten times the nodes."""
    for block in ("body", "orelse", "finalbody", "handlers", "cases"):
        for node in getattr(tree, block, ()):
            yield node
            yield from statements(node)


def file_of(module: str) -> Path | None:
    """Where a module of the project is, or None if that is no module."""
    path = ROOT.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)
