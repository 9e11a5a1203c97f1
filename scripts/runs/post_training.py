"""What may follow on training (7-12): other documents, a reward, preferences, conversations. Needs PyTorch.

    post_training.json: for four seeds each, unless it says otherwise; losses in nats a token
        base            of the model that all begins with: held-out loss on names, share of names that end in a
        towns           fine-tuned on 200 towns, from new weights, and with as many names as towns in each batch:
                        steps -> held-out loss on 100 other towns, and on names
        rewards         leash -> after some steps: share that ends in a, nats from the base, different texts, texts
        best_of         n -> share, nats, and texts if the first of n that ends in a is taken, else the last: seed 42
        counted         as `rewards`, without a leash, with a point for each a
        preferences     leash -> the same for pairs that a judge prefers at random by their rewards (Bradley-Terry), and for a
                        judge who always prefers what ends in a; and how many nats the better and the worse have gained
        dialogs         names to be turned round, after some steps: share of right answers, for eight seeds, with a loss on
                        all and on the answer alone; for one layer of 16 and for two of 32
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import torch

from microgpt import Config, Tokenizer, load_docs
from microgpt.scale.post_training import (
    ANSWERS, GPT, answer, best_share, dialog, distance, distance_of_share, dpo, fine_tune, held_out, new_model, reinforce, write,
)

from .. import DATA

SEEDS = (42, 1, 2, 3)
EIGHT = (42, *range(1, 8))
LEASHES = (0.0, 0.05, 0.1, 0.3, 1.0)
EXAM = 1000
WRITTEN = 500
Json = dict[str, Any]


def ends_in_a(text: str) -> float:
    return float(text.endswith("a"))


def count_a(text: str) -> float:
    return float(text.count("a"))


def names() -> tuple[list[str], list[str], Tokenizer]:
    """Names to learn from, names for the exam, and their tokenizer."""
    docs = load_docs()
    random.Random(42).shuffle(docs)
    return docs[:-EXAM], docs[-EXAM:], Tokenizer(docs)


def base_model(seed: int, steps: int = 2000) -> GPT:
    learned, _, tokenizer = names()
    model = new_model(Config(), tokenizer, seed)
    for _ in fine_tune(model, learned, tokenizer, steps, rate=0.02):
        pass
    return model


def towns_of(file: str) -> list[str]:
    return (DATA / file).read_text(encoding="utf-8").split()


def after_steps(steps: tuple[int, ...], training: Iterator[Any], look: Callable[[], Json]) -> dict[str, Json]:
    """Run a training; what is seen at the beginning and after some of its steps."""
    found = {"0": look()} if steps[0] == 0 else {}
    for step, _ in enumerate(training, 1):
        if step in steps:
            found[str(step)] = look()
    return found


def towns(base: GPT, seed: int) -> Json:
    learned, exam, tokenizer = names()
    train, other = towns_of("towns.txt"), towns_of("more-towns.txt")
    both = [doc for pair in zip(train * 8, learned) for doc in pair]
    found = {}
    for name, start, docs, batch in (("tuned", base, train, 8), ("new", None, train, 8), ("mixed", base, both, 16)):
        model = copy.deepcopy(start) if start else new_model(Config(), tokenizer, seed)
        look = lambda: {"towns": round(held_out(model, other, tokenizer), 4), "names": round(held_out(model, exam, tokenizer), 4)}  # noqa: E731, B023
        found[name] = after_steps((0, 5, 10, 25, 50, 100, 200), fine_tune(model, docs, tokenizer, 200, batch), look)
        generator = torch.Generator().manual_seed(seed)
        found[name]["texts"] = write(model, tokenizer, 10, generator)
    return found


def seen(model: GPT, base: GPT, generator: torch.Generator, reward: Callable[[str], float] = ends_in_a) -> Json:
    """What a model writes now."""
    tokenizer = names()[2]
    texts = write(model, tokenizer, WRITTEN, generator)
    return {
        "reward": round(sum(map(reward, texts)) / WRITTEN, 4), "nats": round(distance(model, base, texts, tokenizer), 3),
        "different": len(set(texts)), "texts": texts[:10],
    }


def rewarded(base: GPT, seed: int, leash: float, steps: int = 200, reward: Callable[[str], float] = ends_in_a) -> Json:
    generator, model = torch.Generator().manual_seed(seed), copy.deepcopy(base)
    training = reinforce(model, base, names()[2], reward, leash, steps, generator)
    eyes = torch.Generator().manual_seed(seed + 1000)
    return after_steps((10, 20, 50, 100, 200), training, lambda: seen(model, base, eyes, reward))


def preferred(base: GPT, seed: int, leash: float, sure: bool, steps: int = 600) -> Json:
    """Pairs of what the base writes, judged at random by their rewards or, if `sure`, always by them."""
    tokenizer, judge, generator = names()[2], random.Random(seed), torch.Generator().manual_seed(seed)
    texts, pairs = write(base, tokenizer, 40_000, generator), []
    for a, b in zip(texts[::2], texts[1::2]):
        lead = ends_in_a(a) - ends_in_a(b)
        if not sure:
            pairs.append((a, b) if judge.random() < 1 / (1 + math.exp(-lead)) else (b, a))
        elif lead:
            pairs.append((a, b) if lead > 0 else (b, a))
    model, shown = copy.deepcopy(base), pairs[-WRITTEN:]
    eyes = torch.Generator().manual_seed(seed + 1000)

    def look() -> Json:
        gained = [round(distance(model, base, [pair[i] for pair in shown], tokenizer), 2) for i in (0, 1)]
        return {**seen(model, base, eyes), "better": gained[0], "worse": gained[1]}

    return after_steps((50, 200, steps), dpo(model, base, tokenizer, pairs, leash, steps), look)


def best_of(base: GPT, seed: int = 42) -> Json:
    """Taking the first of n texts that ends in a: what one gets without any training."""
    tokenizer, generator, found = names()[2], torch.Generator().manual_seed(seed), {}
    share = sum(map(ends_in_a, write(base, tokenizer, 20_000, generator))) / 20_000
    for n in (1, 2, 4, 8, 16):
        groups = [write(base, tokenizer, n, generator) for _ in range(WRITTEN)]
        taken = [next(filter(ends_in_a, group), group[-1]) for group in groups]
        expected = 1 - (1 - share) ** n
        found[str(n)] = {
            "reward": round(sum(map(ends_in_a, taken)) / WRITTEN, 4), "expected": round(expected, 4),
            "nats": round(distance_of_share(expected, share), 3), "different": len(set(taken)), "texts": taken[:10],
        }
    return found


def dialogs(seed: int, config: Config, after: str, steps: int) -> Json:
    """Names of three to six letters, to be turned round: the share of right answers among 500 that weren't learned."""
    short = [name for name in dict.fromkeys(names()[0]) if 3 <= len(name) <= 6]
    docs = [dialog(name, name[::-1]) for name in short[:-500]]
    tokenizer, model_seed = Tokenizer(docs), seed
    model = new_model(config, tokenizer, model_seed)

    def look() -> Json:
        right = 0
        for length in range(3, 7):
            asked = [name for name in short[-500:] if len(name) == length]
            right += sum(said == name[::-1] for said, name in zip(answer(model, tokenizer, asked), asked))
        return {"right": right / 500}

    return {step: at["right"] for step, at in after_steps((200, 500, steps), fine_tune(model, docs, tokenizer, steps, after=after), look).items()}


def record_post_training() -> Json:
    torch.set_num_threads(1)
    _, exam, tokenizer = names()
    bases = {seed: base_model(seed) for seed in SEEDS}
    shares = {seed: sum(map(ends_in_a, write(base, tokenizer, 20_000, torch.Generator().manual_seed(seed)))) / 20_000 for seed, base in bases.items()}
    share = sum(shares.values()) / len(shares)
    leashes = [leash for leash in LEASHES if leash]
    return {
        "base": {"names": [round(held_out(base, exam, tokenizer), 4) for base in bases.values()], "share": [round(x, 4) for x in shares.values()]},
        "best_possible": {
            str(leash): {"reward": round(best_share(share, leash), 4), "nats": round(distance_of_share(best_share(share, leash), share), 3)}
            for leash in leashes
        },
        "towns": [towns(bases[seed], seed) for seed in SEEDS],
        "rewards": {str(leash): [rewarded(bases[seed], seed, leash) for seed in SEEDS] for leash in LEASHES},
        "counted": [rewarded(bases[seed], seed, 0.0, reward=count_a) for seed in SEEDS],
        "best_of": best_of(bases[42]),
        "preferences": {str(leash): [preferred(bases[seed], seed, leash, False) for seed in SEEDS] for leash in (0.1, 0.3, 1.0)},
        "sure": {str(leash): [preferred(bases[seed], seed, leash, True) for seed in SEEDS] for leash in (0.1, 1.0)},
        "dialogs": {
            name: {which: [dialogs(seed, config, after, 1000) for seed in EIGHT] for which, after in (("all", ""), ("answers", ANSWERS))}
            for name, config in (("small", Config()), ("large", Config(n_layer=2, n_embd=32)))
        },
    }
