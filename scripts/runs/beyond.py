"""What is not efficiency (7-13): data, time to think, an exam that leaked. Needs PyTorch.

    beyond.json: for eight seeds each, the book's settings, with the functions of 7-12
        data        after 1000 names of a diet, one a step: loss on 1000 clean names that were kept out. `clean`; `half`, in
                    which every second one has its letters shuffled; `few`, 100 names ten times; `shorter`, the first 500
        leak        after 4000 steps: loss on those 1000 names, and on 1000 others, if every fourth name that was read is from
                    the first 1000 (`leaked`), or none is (`clean`)
        parity      strings of ten bits, to be answered with whether the number of 1s is odd: share of right answers on 200
                    strings that weren't learned, after 1000 steps of 32. With the answer alone (`direct`), four times as
                    long (`longer`), with four layers of width 32 (`larger`); after the running parity (`thinking`), and after
                    as many dots (`dots`); and before the running parity (`hindsight`)
        commonest   of those 200 answers of `direct` and of `dots`, how many are the one that it gives most often
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import torch

from microgpt import Config, Tokenizer, load_docs
from microgpt.scale.post_training import ANSWERS, answer, dialog, fine_tune, held_out, new_model

EIGHT = (42, *range(1, 8))
EXAM = 1000
BITS, EXAM_BITS = 10, 200
Json = dict[str, Any]


def shuffled(text: str, rng: random.Random) -> str:
    return "".join(rng.sample(text, len(text)))


def names(seed: int) -> tuple[list[str], list[str], list[str], Tokenizer]:
    """Names to learn from in the order of a seed, two exams of 1000, and their tokenizer."""
    docs = load_docs()
    random.Random(42).shuffle(docs)
    learned = docs[2 * EXAM :]
    random.Random(seed).shuffle(learned)
    return learned, docs[:EXAM], docs[EXAM : 2 * EXAM], Tokenizer(docs)


def data(seed: int) -> dict[str, float]:
    learned, exam, _, tokenizer = names(seed)
    rng = random.Random(seed)
    diets = {
        "clean": learned[:1000],
        "half": [shuffled(name, rng) if i % 2 else name for i, name in enumerate(learned[:1000])],
        "few": learned[:100] * 10,
        "shorter": learned[:500],
    }
    found = {}
    for diet, docs in diets.items():
        model = new_model(Config(), tokenizer, seed)
        for _ in fine_tune(model, docs, tokenizer, len(docs), batch=1):
            pass
        found[diet] = round(held_out(model, exam, tokenizer), 4)
    return found


def leak(seed: int) -> Json:
    learned, exam, other, tokenizer = names(seed)
    found = {}
    for which, inserted in (("clean", learned[4000:5000]), ("leaked", exam)):
        docs = [inserted[i // 4] if i % 4 == 0 else learned[i] for i in range(4000)]
        model = new_model(Config(), tokenizer, seed)
        for _ in fine_tune(model, docs, tokenizer, 4000, batch=1):
            pass
        found[which] = {"exam": round(held_out(model, exam, tokenizer), 4), "other": round(held_out(model, other, tokenizer), 4)}
    return found


def running_parity(bits: str) -> str:
    """For each place, whether the number of 1s up to it is odd."""
    return "".join(str(bits[: i + 1].count("1") % 2) for i in range(len(bits)))


WAYS: dict[str, Callable[[str], str]] = {
    "direct": lambda bits: running_parity(bits)[-1],
    "thinking": lambda bits: f"{running_parity(bits)}={running_parity(bits)[-1]}",
    "dots": lambda bits: f"{'.' * len(bits)}={running_parity(bits)[-1]}",
    "hindsight": lambda bits: f"{running_parity(bits)[-1]}={running_parity(bits)}",
}


def parity(seed: int, way: str, steps: int = 1000, **size: int) -> tuple[float, int]:
    """Learn all strings but 200; the share of those 200 that is answered rightly, and how often the commonest answer is given."""
    strings = [format(i, f"0{BITS}b") for i in range(2**BITS)]
    random.Random(seed).shuffle(strings)
    exam, learned = strings[:EXAM_BITS], strings[EXAM_BITS:]
    docs = [dialog(bits, WAYS[way](bits)) for bits in learned]
    tokenizer = Tokenizer(["?!=.01"])
    model = new_model(Config(block_size=2 * BITS + 6, **size), tokenizer, seed)
    for _ in fine_tune(model, docs, tokenizer, steps, after=ANSWERS):
        pass
    said = answer(model, tokenizer, exam)
    given = [text.partition("=")[0] if way == "hindsight" else text.rpartition("=")[2] for text in said]
    right = sum(text == running_parity(bits)[-1] for text, bits in zip(given, exam))
    return round(right / EXAM_BITS, 3), max(map(given.count, given))


def record_beyond() -> Json:
    torch.set_num_threads(1)
    direct, dots = ([parity(seed, way) for seed in EIGHT] for way in ("direct", "dots"))
    return {
        "data": [data(seed) for seed in EIGHT],
        "leak": [leak(seed) for seed in EIGHT],
        "parity": {
            "direct": [share for share, _ in direct],
            "longer": [parity(seed, "direct", 4000)[0] for seed in EIGHT[:4]],
            "larger": [parity(seed, "direct", n_layer=4, n_embd=32)[0] for seed in EIGHT[:4]],
            "thinking": [parity(seed, "thinking")[0] for seed in EIGHT],
            "dots": [share for share, _ in dots],
            "hindsight": [parity(seed, "hindsight")[0] for seed in EIGHT[:4]],
        },
        "commonest": {"direct": [count for _, count in direct], "dots": [count for _, count in dots]},
    }
