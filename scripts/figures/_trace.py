"""Running the real functions line by line, and writing down what changes.

A step is one statement of a watched function that is about to run. What Python's tracing reports depends on its
version: before 3.12 a comprehension is a function of its own, since then it is part of the line; a statement of
several lines is reported at several of them. So all events of one statement that follow one another are one step.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

Json = dict[str, Any]


@dataclass
class Watched:
    """A function and what to look at in it: expressions of its variables, by the label that the reader sees."""

    function: Callable[..., Any]
    watch: dict[str, str]
    when: str = "True"  # a condition; other steps are passed over
    helpers: dict[str, Any] = field(default_factory=dict)  # names that the expressions may use
    result: bool = True  # whether to say what it returns

    def __post_init__(self) -> None:
        self.code: CodeType = inspect.unwrap(self.function).__code__
        lines, self.first = inspect.getsourcelines(self.code)
        self.source = [line.rstrip("\n") for line in lines]
        tree = ast.parse(textwrap.dedent("".join(lines)))
        self.statement: dict[int, int] = {}  # line -> first line of its statement, both counted from 0
        for node in ast.walk(tree):  # outer statements first, so inner ones have the last word
            if isinstance(node, ast.stmt):
                header = node.body[0].lineno - 1 if isinstance(getattr(node, "body", None), list) else node.end_lineno
                for line in range(node.lineno, max(header, node.lineno) + 1):
                    self.statement[line - 1] = node.lineno - 1
        text = tree.body[0].body[0]  # the docstring, if there is one
        documented = isinstance(text, ast.Expr) and isinstance(getattr(text.value, "value", None), str)
        self.docstring = range(text.lineno - 1, text.end_lineno) if documented else range(0)


def trace(run: Callable[[], Any], functions: list[Watched]) -> Json:
    """Call `run` and return the lines of `functions` that it executes.

    `functions`: name, file and the lines of each. `steps`: lists [function, line, made], the line counted from 0 in the
    function, or null when it returns; `made` is null or [function, line, {label: value}], what has changed since the
    step before, and the line that did it; for arguments the first. A step with a fourth entry is the first one of a call.
    """
    recorder = Recorder(functions)
    before = sys.gettrace()
    sys.settrace(recorder.on_call)
    try:
        run()
    finally:
        sys.settrace(before)
    return {
        "functions": [
            {"name": watched.function.__qualname__, "file": f"microgpt/{Path(watched.code.co_filename).name}"}
            for watched in functions
        ],
        "steps": recorder.steps,
    }


class Recorder:
    def __init__(self, functions: list[Watched]) -> None:
        self.watched = {watched.code: (number, watched) for number, watched in enumerate(functions)}
        self.steps: list[list[Any]] = []
        self.frames: dict[FrameType, tuple[int | None, Json]] = {}  # the statement that runs, and the values before it

    def on_call(self, frame: FrameType, event: str, arg: Any) -> Any:
        if frame.f_code not in self.watched:
            return None
        self.frames.setdefault(frame, (None, {}))  # a generator is called again whenever it goes on
        return self.on_event

    def on_event(self, frame: FrameType, event: str, arg: Any) -> Any:
        _, watched = self.watched[frame.f_code]
        if event == "line":
            line = watched.statement[frame.f_lineno - watched.first]
            if line != self.frames[frame][0] and self.evaluate(watched.when, frame, watched):
                values = self.add(frame, line, {})
                self.frames[frame] = line, values
        elif event == "return" and self.evaluate(watched.when, frame, watched):
            word = "yields" if watched.code.co_flags & inspect.CO_GENERATOR else "returns"
            values = self.add(frame, None, {word: shown(arg)} if watched.result and arg is not None else {})
            self.frames[frame] = self.frames[frame][0], values
        return self.on_event

    def add(self, frame: FrameType, line: int | None, result: Json) -> Json:
        """Add a step; return the values of what is watched."""
        number, watched = self.watched[frame.f_code]
        running, before = self.frames[frame]
        values = {label: self.evaluate(text, frame, watched) for label, text in watched.watch.items()}
        values = {label: shown(value) for label, value in values.items() if value is not None}
        made = {label: value for label, value in values.items() if before.get(label) != value} | result
        step: list[Any] = [number, line, [number, running or 0, made] if made else None]
        if running is None:
            step.append("call")
        self.steps.append(step)
        return values

    def evaluate(self, expression: str, frame: FrameType, watched: Watched) -> Any:
        """The value of an expression among the function's variables; None if one of them is not there yet."""
        try:
            return eval(expression, {**frame.f_globals, **watched.helpers}, dict(frame.f_locals))
        except (AttributeError, IndexError, KeyError, NameError, TypeError, ZeroDivisionError):
            return None


def shown(value: Any) -> Any:
    """Return what JSON can hold of a value: numbers to 5 digits, of a Value its number, of others their text."""
    if hasattr(value, "data") and hasattr(value, "grad"):
        return shown(value.data)
    if isinstance(value, float):
        return float(f"{value:.5g}") + 0.0  # no -0.0
    if value is None or isinstance(value, (int, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [shown(part) for part in value]
    return str(value)
