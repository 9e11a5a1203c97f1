"""The rival that counts with fallback: its probabilities by hand, its loss before it counts, what it writes."""

import math
import random

from microgpt import Tokenizer, load_docs
from microgpt.ladder import fallback


def test_a_row_leans_on_the_next_shorter_one_by_hand():
    """Tokens 0 and 1; after no context 0 came three times and 1 once, after 1 came 0 once."""
    tables = fallback.empty_tables()
    tables[0][()] = {0: 3, 1: 1}
    tables[1][(1,)] = {0: 1}
    first = [(3 + 20 * 0.5) / 24, (1 + 20 * 0.5) / 24]
    assert fallback.probabilities((0, 0, 0), tables, 2) == first
    found = fallback.probabilities((0, 0, 1), tables, 2)
    assert all(math.isclose(a, b) for a, b in zip(found, [(1 + 20 * first[0]) / 21, 20 * first[1] / 21]))
    assert math.isclose(sum(found), 1)


def test_it_is_asked_before_it_counts_and_then_knows_more():
    tokenizer, tables = Tokenizer(load_docs()), fallback.empty_tables()
    losses = [loss for _, loss in fallback.train(["emma"], tokenizer, tables, 40)]
    assert math.isclose(losses[0], math.log(27)) and all(b < a for a, b in zip(losses, losses[1:]))
    assert tables[3][26, 26, 26] == {4: 40} and tables[0][()] == {4: 40, 12: 80, 0: 40, 26: 40}
    texts = [tokenizer.decode([t for t, _ in fallback.generate(tables, tokenizer, random.Random(seed))]) for seed in range(20)]
    assert texts.count("emma") > 2 and all(len(text) <= 16 for text in texts)
