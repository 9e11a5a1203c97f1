"""What the chapter on what isn't efficiency concludes stands in its recording, and a part of that is made again."""

import json
import random

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (python3 scripts/run_tests.py --engines)")

from scripts.runs import beyond  # noqa: E402
from tests import ROOT  # noqa: E402

RECORDED = json.loads((ROOT / "docs/assets/data/beyond.json").read_text(encoding="utf-8"))


def test_the_order_of_the_diets_is_the_same_for_all_seeds():
    assert len(RECORDED["data"]) == 8
    assert all(seed["clean"] < seed["shorter"] < seed["half"] < seed["few"] for seed in RECORDED["data"])


def test_the_leak_shows_in_the_exam_above_all():
    gains = [[seed["clean"][which] - seed["leaked"][which] for seed in RECORDED["leak"]] for which in ("exam", "other")]
    assert len(gains[0]) == 8 and min(gains[0]) > 0.015
    assert min(gains[1]) > 0 and sum(gains[1]) < sum(gains[0]) / 6


def test_only_notes_beat_the_coin():
    parity = RECORDED["parity"]
    assert parity["thinking"] == [1.0] * 8
    for way in ("direct", "longer", "larger", "dots", "hindsight"):
        assert all(share <= 0.5 for share in parity[way])
        assert sum(parity[way]) / len(parity[way]) < 0.5


def test_who_gives_one_answer_to_all_gives_the_rarer_one():
    rarer = []
    for seed in beyond.EIGHT:
        strings = [format(i, f"0{beyond.BITS}b") for i in range(2**beyond.BITS)]
        random.Random(seed).shuffle(strings)
        odd = sum(bits.count("1") % 2 for bits in strings[: beyond.EXAM_BITS]) / beyond.EXAM_BITS
        rarer.append(min(odd, 1 - odd))
    for way in ("direct", "dots"):
        counts, shares = RECORDED["commonest"][way], RECORDED["parity"][way]
        assert beyond.EXAM_BITS in counts
        for share, count, least in zip(shares, counts, rarer, strict=True):
            assert count < beyond.EXAM_BITS or share == pytest.approx(least)


def test_the_notes_are_right():
    assert beyond.running_parity("0110100101") == "0100111001"
    assert beyond.WAYS["thinking"]("0110100101") == "0100111001=1" and beyond.WAYS["direct"]("0110100101") == "1"
    assert sorted(beyond.shuffled("emma", beyond.random.Random(1))) == sorted("emma")


def test_the_shortest_diet_of_the_first_seed_again():
    learned, exam, _, tokenizer = beyond.names(42)
    model = beyond.new_model(beyond.Config(), tokenizer, 42)
    for _ in beyond.fine_tune(model, learned[:500], tokenizer, 500, batch=1):
        pass
    assert beyond.held_out(model, exam, tokenizer) == pytest.approx(RECORDED["data"][0]["shorter"], abs=1e-4)
