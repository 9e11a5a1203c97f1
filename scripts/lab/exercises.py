"""Code that a reader wrote for an exercise: run, and then held against the asserts of its chapter."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..text.exercises import of_book
from .blocks import Output, redirected, remember
from .program import Program

YOURS, ASSERTS = "<your code>", "<check>"  # what Python calls the two texts
NAMED = {YOURS: "your code", ASSERTS: "the check"}


def asserts_of(path: Path, id: str) -> str:
    """The asserts of an exercise of a chapter. Raises LookupError."""
    found = next((each.check.check for each in of_book([path]) if each.check.id == id), "")
    if not found:
        raise LookupError(f"{path.name} has no such exercise")
    return found


def check(program: Program, code: str, asserts: str, tell: Callable[[dict], None] = lambda _: None) -> dict[str, Any]:
    """Run `code` in a namespace of its own, then each statement of `asserts`; raises nothing of what they raise.

    `printed` is what the code printed; `trace` belongs to the error that ended it or, if that was no failed assert, the
    check; `failed` are the messages of the asserts that don't hold, and `total` is how many there are.
    """
    out = Output(tell)
    names: dict[str, object] = {"__name__": "__main__"}
    result: dict[str, Any] = {"printed": "", "trace": [], "failed": [], "total": 0}
    remember(code, YOURS)
    remember(asserts, ASSERTS)
    try:
        with redirected(out):
            exec(compile(code, YOURS, "exec", dont_inherit=True), names)
            result["printed"] = out.getvalue()
            statements = ast.parse(asserts).body
            result["total"] = sum(isinstance(node, ast.Assert) for node in statements)
            for node in statements:
                try:
                    exec(compile(ast.Module([node], []), ASSERTS, "exec", dont_inherit=True), names)
                except AssertionError as error:
                    if error.__traceback__ is None or not in_asserts(error):
                        raise  # an assert of the reader's own
                    result["failed"].append(str(error))
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        result["trace"] = program.told(error, NAMED)
        result["printed"] = result["printed"] or out.getvalue()
    return result


def in_asserts(error: AssertionError) -> bool:
    """Was it raised by the check itself?"""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_filename == ASSERTS
