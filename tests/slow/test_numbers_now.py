"""The numbers of the book against the program as it is now, whatever is recorded."""

from __future__ import annotations

import json

import pytest

from scripts.runs import recording
from scripts.text import numbers
from scripts.text.chapter import chapters_of
from tests import ROOT


@pytest.mark.usefixtures("default_run_made")
def test_the_numbers_of_the_book_are_those_of_a_run_made_now(monkeypatch):
    """After a change to the program, this names every sentence that became false, before anything is recorded anew."""
    now = json.loads(json.dumps(recording.record_run()), object_hook=numbers.Recorded)
    monkeypatch.setitem(numbers.LOADED, "run", lambda: now)
    problems = numbers.check(chapters_of(ROOT))
    assert not problems, "\n" + "\n".join(map(str, problems))
