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
            start, end = node.col_offset, node.end_col_offset or 0  # in bytes
            after = lines[last].encode()[end:].decode()
            lines[last] = " " * end + after
            for number in range(first + 1, last):
                lines[number] = ""
            lines[first] = lines[first].encode()[:start].decode() + (" " * (end - start) + after) * (first == last)
    return {number: line.rstrip() for number, line in lines.items() if line.strip()}
