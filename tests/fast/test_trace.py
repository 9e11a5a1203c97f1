"""The tracer: one step a statement, whatever the version of Python, and what each statement made."""

from __future__ import annotations

import sys

from microgpt import Value, softmax
from scripts.figures._trace import Watched, shown, trace


def sums(numbers):
    total = 0
    squares = [
        number * number
        for number in numbers
        if number
    ]
    for square in squares:
        total += square
    return total


def letters(text):
    for letter in text:
        yield letter


def lines_of(recorded):
    return [line for _, line, *_ in recorded["steps"]]


def test_a_statement_of_several_lines_and_a_comprehension_are_one_step():
    recorded = trace(lambda: sums([1, 2, 0]), [Watched(sums, {"total": "total", "squares": "squares"})])
    assert lines_of(recorded) == [1, 2, 7, 8, 7, 8, 7, 9, None]
    made = [made for _, _, made, *_ in recorded["steps"]]
    assert made == [
        None, [0, 1, {"total": 0}], [0, 2, {"squares": [1, 4]}], None, [0, 8, {"total": 1}], None, [0, 8, {"total": 5}],
        None, [0, 9, {"returns": 5}],
    ]
    assert [step[3:] for step in recorded["steps"]] == [["call"]] + [[]] * 8
    assert [(f["name"], f["file"]) for f in recorded["functions"]] == [("sums", "microgpt/test_trace.py")]


def test_a_generator_goes_on_where_it_was():
    recorded = trace(lambda: list(letters("ab")), [Watched(letters, {"letter": "letter"})])
    assert lines_of(recorded) == [1, 2, None, 1, 2, None, 1, None]
    assert recorded["steps"][2][2] == [0, 2, {"yields": "a"}]
    assert sum(step[3:] == ["call"] for step in recorded["steps"]) == 1


def test_steps_can_be_passed_over_and_helpers_used():
    watched = Watched(sums, {"half": "half(total)"}, when="locals().get('square', 4) == 4", helpers={"half": lambda x: x / 2})
    recorded = trace(lambda: sums([1, 2, 3]), [watched])
    assert lines_of(recorded) == [1, 2, 7, 8, 7]
    assert recorded["steps"][-1][2] == [0, 8, {"half": 2.5}]


def test_what_is_not_there_yet_is_not_shown_and_tracing_ends():
    before = sys.gettrace()
    recorded = trace(lambda: softmax([Value(1.0)]), [Watched(softmax, {"total": "total", "unknown": "nothing.at_all"})])
    assert sys.gettrace() is before
    assert [made[2] for _, _, made, *_ in recorded["steps"] if made] == [{"total": 1.0}, {"returns": [1.0]}]


def test_what_json_can_hold():
    assert shown([Value(1.23456789), (2, -0.0), "text", None, True]) == [1.2346, [2, 0.0], "text", None, True]
    assert shown(1.23456789e-9) == 1.2346e-9
    assert shown({"a"}) == "{'a'}"
