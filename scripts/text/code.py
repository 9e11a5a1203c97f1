"""Python source without what doesn't run: comments, docstrings, blank lines."""

from __future__ import annotations

import ast
import io
import tokenize


def code_lines(source: str) -> dict[int, str]:
    """The lines that hold code, by their numbers, counted from 1; without comments. The same for every Python."""
    lines = dict(enumerate(source.splitlines(), 1))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            lines[token.start[0]] = lines[token.start[0]][: token.start[1]]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                lines[number] = ""
    return {number: line.rstrip() for number, line in lines.items() if line.strip()}
