"""Python source without what doesn't run: comments, docstrings, blank lines."""

from __future__ import annotations

import ast
import io
import tokenize

from ..tangle import split_lines


def code_lines(source: str) -> dict[int, str]:
    """The lines that hold code, by their numbers, counted from 1; without comments. The same for every Python."""
    lines = dict(enumerate(split_lines(source), 1))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            lines[token.start[0]] = lines[token.start[0]][: token.start[1]]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            first, last = node.lineno, node.end_lineno or node.lineno
            around = lines[first].encode()[: node.col_offset] + lines[last].encode()[node.end_col_offset :]
            if not around.strip():  # a docstring that shares its line with code stays
                lines |= dict.fromkeys(range(first, last + 1), "")
    return {number: line.rstrip() for number, line in lines.items() if line.strip()}
