"""The recorder of what chapters tell in passing: its exams are those of the experiments, and nobody has read them."""

from __future__ import annotations

import random

import pytest

from microgpt import Config
from scripts.runs import measures, paired
from scripts.runs.trial import trial


@pytest.mark.parametrize("data", ["names", "doubled", "towns"])
def test_what_is_read_is_not_in_the_exam(data):
    docs, exam = paired.documents(data)
    for seed in measures.EIGHT:
        read = measures.in_order(docs, exam, random.Random(seed))
        assert not set(read) & set(exam) and len(read) >= len(docs) - len(exam)


def test_the_exam_is_that_of_the_experiments():
    """So losses can be compared with theirs, seed by seed."""
    words, exam = paired.documents("doubled")
    told = trial("gpt", {"block_size": 8}, words, exam, 1, 3, drawn=0)
    assert measures.held_out(words, exam, Config(block_size=8, steps=3), 1) == round(told["held_out"], 4)
