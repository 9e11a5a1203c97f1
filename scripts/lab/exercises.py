"""Code that a reader wrote for an exercise: run, and then held against the asserts of its chapter."""

from __future__ import annotations

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
    """Run `code` in a namespace of its own, then `asserts`; raises nothing of what they raise.

    `printed` is what the code printed, `failed` the message of the first assert that doesn't hold, or None, and `trace`
    belongs to any other error.
    """
    out = Output(tell)
    names: dict[str, object] = {"__name__": "__main__"}
    failed, trace = None, []
    remember(code, YOURS)
    remember(asserts, ASSERTS)
    try:
        with redirected(out):
            exec(compile(code, YOURS, "exec", dont_inherit=True), names)
            exec(compile(asserts, ASSERTS, "exec", dont_inherit=True), names)
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        if isinstance(error, AssertionError) and raised_in(error) == ASSERTS:
            failed = str(error)
        else:
            trace = program.told(error, NAMED)
    return {"printed": out.getvalue(), "failed": failed, "trace": trace}


def raised_in(error: BaseException) -> str:
    """What Python calls the text whose statement raised an error."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename if trace else ""
