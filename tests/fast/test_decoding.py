"""Writing in fewer passes: what comes out is drawn from the model's own distribution, to the last digit."""

from __future__ import annotations

import random
import subprocess
import sys
from fractions import Fraction

import pytest

from microgpt import Config, Tokenizer, init_params, sample
from microgpt.scale import decoding
from microgpt.scale.decoding import PlainReader, accept, draw, every_way, speculate, top_k, top_p, write
from tests import ROOT

TINY = Config(n_embd=4, n_head=2, block_size=3, init_std=0.5, temperature=0.8)
PARAMS = init_params(TINY, 3, random.Random(1))


def exact(probs) -> list[Fraction]:
    fractions = [Fraction(p) for p in probs]
    return [p / sum(fractions) for p in fractions]


class Exact(PlainReader):
    def read(self, tokens):
        return [exact(probs) for probs in super().read(tokens)]


def total(run) -> dict:
    found: dict = {}
    for probability, result in every_way(run):
        found[result] = found.get(result, 0) + probability
    return found


def again_from_p(guess, q, p, rng):
    """The mistake that the tests must notice."""
    kept = min(p[guess], q[guess])
    [accepted] = rng.choices((True, False), weights=(kept, q[guess] - kept))
    return guess if accepted else draw(p, rng)


def random_shares(rng: random.Random, size: int) -> list[Fraction]:
    while True:
        weights = [rng.choice((0, 0, 1, 2, 5, 9)) for _ in range(size)]
        if any(weights):
            return [Fraction(w, sum(weights)) for w in weights]


def test_every_way_goes_each_way_once():
    ways = list(every_way(lambda rng: (*rng.choices("ab", (1, 2)), *rng.choices("cde", (1, 0, 1)))))
    assert sorted(result for _, result in ways) == [("a", "c"), ("a", "e"), ("b", "c"), ("b", "e")]
    exactly = total(lambda rng: rng.choices("ab", (Fraction(1, 3), Fraction(2, 3)))[0])
    assert exactly == {"a": Fraction(1, 3), "b": Fraction(2, 3)}


def test_what_is_accepted_is_drawn_from_p():
    noticed = 0
    for seed in range(30):
        rng = random.Random(seed)
        p, q = random_shares(rng, 6), random_shares(rng, 6)
        expected = {i: share for i, share in enumerate(p) if share}
        assert total(lambda rng: accept(draw(q, rng), q, p, rng)) == expected
        noticed += total(lambda rng: again_from_p(draw(q, rng), q, p, rng)) != expected
    assert noticed > 25  # where q has nothing of p, or all, the mistake isn't one


DRAFTS = {
    "uneven": [[Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)], [Fraction(1, 5), Fraction(4, 5), 0], [0, Fraction(1, 4), Fraction(3, 4)]],
    "sure": [[Fraction(1), 0, 0], [Fraction(1), 0, 0], [0, Fraction(1), 0]],
    "ends at once": [[0, 0, Fraction(1)]] * 3,
}


def drafted(n: int, rows: list, reader: type = Exact) -> dict:
    return total(lambda rng: tuple(speculate(reader(PARAMS, TINY), lambda tokens: rows[tokens[-1]], n, 2, rng)))


@pytest.fixture(scope="module")
def alone() -> dict:
    found = total(lambda rng: tuple(write(Exact(PARAMS, TINY), 2, rng)))
    assert len(found) == 15 and sum(found.values()) == 1
    return found


@pytest.mark.parametrize("name, n", [("uneven", 0), ("uneven", 1), ("uneven", 2), ("uneven", 7), ("sure", 2), ("ends at once", 2)])
def test_drafted_texts_are_drawn_as_the_model_alone_draws_them(alone, name, n):
    assert drafted(n, DRAFTS[name]) == alone


def test_the_mistakes_are_noticed(alone, monkeypatch):
    class NeverForgets(Exact):
        def forget(self, length):
            pass

    with pytest.raises(IndexError):  # here it comes to the end of the block; in a longer one it writes something else
        drafted(2, DRAFTS["uneven"], NeverForgets)
    monkeypatch.setattr(decoding, "accept", again_from_p)
    assert drafted(2, DRAFTS["uneven"]) != alone


def test_a_perfect_draft_is_never_refused_and_saves_passes():
    passes = []

    class Counting(PlainReader):
        def read(self, tokens):
            passes.append(len(tokens))
            return super().read(tokens)

    config = Config(n_embd=4, n_head=1, temperature=1.0)
    params = init_params(config, 27, random.Random(3))

    def itself(tokens):
        return PlainReader(params, config).read(tokens)[-1]

    text = list(speculate(Counting(params, config), itself, 4, 26, random.Random(1)))
    assert len(text) == 16 and passes == [5, 5, 5, 1]


def test_a_reader_forgets_and_reads_again():
    reader = PlainReader(PARAMS, TINY)
    first = reader.read([2, 0, 1])
    reader.forget(1)
    assert reader.length == 1 and reader.read([0, 1]) == first[1:]
    reader.forget(9)
    assert reader.length == 3
    reader.forget(0)
    assert reader.read([2]) == first[:1]


def test_write_writes_what_the_program_samples():
    config = Config(n_embd=4, n_head=1, block_size=6, init_std=0.5)
    tokenizer = Tokenizer(["ab", "c"])
    params = init_params(config, tokenizer.vocab_size, random.Random(2))
    for seed in range(20):
        expected = sample(params, config, tokenizer, random.Random(seed))
        for cached in (True, False):
            tokens = write(PlainReader(params, config), tokenizer.bos, random.Random(seed), cached)
            assert tokenizer.decode(list(tokens)) == expected


def test_cuts():
    probs = [0.1, 0.4, 0.1, 0.4]
    assert top_k(probs, 1) == [0, 1, 0, 0] and top_k(probs, 2) == [0, 0.5, 0, 0.5]
    assert [p > 0 for p in top_k(probs, 3)] == [True, True, False, True], "the first of equals"
    assert top_k(probs, 4) == top_k(probs, 9) == pytest.approx(probs)
    assert top_p(probs, 0.4) == [0, 1, 0, 0] and top_p(probs, 0.41) == [0, 0.5, 0, 0.5]
    assert top_p(probs, 1.0) == pytest.approx(probs) and top_p(probs, 2.0) == pytest.approx(probs)
    for k in range(1, 5):
        assert sum(top_k(probs, k)) == pytest.approx(1)
    with pytest.raises(ValueError, match="k is at least 1"):
        top_k(probs, 0)


def test_it_needs_nothing_but_python():
    code = "import sys; import microgpt.scale.decoding; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
