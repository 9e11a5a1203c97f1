"""What chapters tell in passing of runs that are too long for an example: each measured here, as it is told there.

    measures.json:
        bits            rungs 1 and 2 on the same names (2-09): how many of 1000 losses are equal to the last bit, how many
                        parameters after the first step and after the last, and the largest differences
        vowels          of 40 (five vowels, eight seeds), how many have a vowel or y for their nearest neighbor (2-04)
        not_divided     rung 1 without the division by n, at a seventh of the rate: mean of the last 100 losses (2-04)
        gradient_in_runs    how many runs forward a call of rung 1's `gradient` takes as long as (2-04)
        two_letters     held-out loss of a table and of a network that see two letters, for four seeds (2-09)
        rate_one        rung 3 at rate 1.0: names until it breaks off, for five seeds (3-10)
        without_norm    rung 3 without RMSNorm at rate 0.1: mean of the last 100 losses (3-10)
        neither         held-out loss of the GPT without attention and without positions, for four seeds (6-03)
        norm_again      doubled words with other words kept out: what RMSNorm's absence costs, for twelve seeds (6-03)
"""

from __future__ import annotations

import inspect
import math
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import islice
from statistics import fmean
from types import ModuleType
from typing import Any
from unittest.mock import patch

from microgpt import Adam, Config, Tokenizer, document_loss, init_params, load_docs, rmsnorm, train
from microgpt.ladder import train1, train2, train3

from .paired import documents

SEEDS = (42, 1, 2, 3)


def start(rung: ModuleType, seed: int = 42, names: list[str] | None = None, **settings: float) -> tuple:
    """Return what a rung's train() wants: documents, tokenizer, parameters, settings; the last as its Config has them."""
    docs, rng, config = list(names or load_docs()), random.Random(seed), rung.Config()
    for name, value in settings.items():
        setattr(config, name, value)
    rng.shuffle(docs)
    tokenizer = Tokenizer(load_docs())
    return docs, tokenizer, rung.init_params(config, tokenizer.vocab_size, rng), config


def last_100(losses: list[float]) -> float:
    return fmean(losses[-100:])


def bits() -> dict[str, Any]:
    runs = [(rung, *start(rung)) for rung in (train1, train2)]
    trainings = [rung.train(docs, tokenizer, params, config) for rung, docs, tokenizer, params, config in runs]
    losses, equal = [], {}
    for step, pair in enumerate(zip(*trainings), 1):
        losses.append([loss for _, loss in pair])
        if step in (1, 1000):
            by_hand, by_machine = train1.flatten(runs[0][3]), [p.data for p in train2.flatten(runs[1][3])]
            equal[step] = sum(a == b for a, b in zip(by_hand, by_machine))
            farthest = max(abs(a - b) for a, b in zip(by_hand, by_machine))
    return {
        "equal_losses": sum(a == b for a, b in losses), "losses": max(abs(a - b) for a, b in losses),
        "equal_first": equal[1], "equal_last": equal[1000], "params": farthest,
    }


def vowels() -> int:
    letters, found = "abcdefghijklmnopqrstuvwxyz", 0
    for seed in (42, *range(1, 8)):
        docs, tokenizer, params, config = start(train1, seed)
        for _ in train1.train(docs, tokenizer, params, config):
            pass
        rows = dict(zip(letters, params["wte"]))

        def alike(a: str, b: str) -> float:
            x, y = rows[a], rows[b]
            return train1.dot(x, y) / math.sqrt(train1.dot(x, x) * train1.dot(y, y))

        found += sum(max(letters.replace(v, ""), key=lambda other: alike(v, other)) in "aeiouy" for v in "aeiou")
    return found


def not_divided() -> float:
    changed = dict(vars(train1))
    exec(inspect.getsource(train1.gradient).replace("(i == target)) / n", "(i == target))"), changed)
    with patch.object(train1, "gradient", changed["gradient"]):
        return last_100([loss for _, loss in train1.train(*start(train1, learning_rate=1 / 7))])


def gradient_in_runs(repeats: int = 30) -> float:
    docs, tokenizer, params, config = start(train1)
    tokens = [tokenizer.bos, *tokenizer.encode(docs[0]), tokenizer.bos]

    def quickest(function: Any) -> float:
        times = []
        for _ in range(repeats):
            began = time.process_time()
            function(tokens, params, config)
            times.append(time.process_time() - began)
        return min(times)

    return quickest(train1.gradient) / quickest(train1.document_loss)


def network_of_two(tokens: list[int], params: dict, config: Any) -> Any:
    """Rung 2's loss with two letters of context, as in the chapter."""
    losses, before = [], tokens[0]
    for now, target in zip(tokens, tokens[1:]):
        hidden = [h.relu() for h in train2.linear(params["wte"][before] + params["wte"][now], params["mlp_fc1"])]
        losses.append(-train2.softmax(train2.linear(hidden, params["mlp_fc2"]))[target].log())
        before = now
    return (1 / len(losses)) * sum(losses)


def two_letters() -> dict[str, list[float]]:
    names, kept_out = documents("names")
    found: dict[str, list[float]] = {"table": [], "network": []}
    for seed in SEEDS:
        docs, rng, config = list(names), random.Random(seed), train2.Config()
        rng.shuffle(docs)
        tokenizer = Tokenizer(load_docs())
        params = train2.init_params(config, tokenizer.vocab_size, rng)
        for row in params["mlp_fc1"]:
            row.extend(train2.Value(rng.gauss(0, config.init_std)) for _ in range(config.n_embd))
        exam = [[tokenizer.bos, *tokenizer.encode(name), tokenizer.bos] for name in kept_out]
        with patch.object(train2, "document_loss", network_of_two):
            for _ in train2.train(docs, tokenizer, params, config):
                pass
        found["network"].append(round(fmean(network_of_two(tokens, params, config).data for tokens in exam), 4))
        found["table"].append(round(min(table_of_two(docs[:1000], exam, tokenizer, added) for added in (1, 0.5, 0.2, 0.1)), 4))
    return found


def table_of_two(docs: list[str], exam: list[list[int]], tokenizer: Tokenizer, added: float) -> float:
    counts: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0] * tokenizer.vocab_size)
    for doc in docs:
        tokens = [tokenizer.bos, tokenizer.bos, *tokenizer.encode(doc), tokenizer.bos]
        for a, b, c in zip(tokens, tokens[1:], tokens[2:]):
            counts[a, b][c] += 1

    def loss(tokens: list[int]) -> float:
        padded = [tokens[0], *tokens]
        rows = [(counts[a, b], c) for a, b, c in zip(padded, padded[1:], padded[2:])]
        return fmean(-math.log((row[c] + added) / (sum(row) + added * len(row))) for row, c in rows)

    return fmean(map(loss, exam))


def rate_one() -> list[int]:
    """How many names rung 3 reads at rate 1.0 before it breaks off."""
    found = []
    for seed in (*SEEDS, 4):
        read = 0
        try:
            for read, _ in train3.train(*start(train3, seed, learning_rate=1.0)):
                pass
        except (ArithmeticError, ValueError):
            found.append(read)
    return found


def without_norm() -> float:
    with patch.object(train3, "rmsnorm", list):
        return last_100([loss for _, loss in islice(train3.train(*start(train3)), 1000)])


def held_out(docs: list[str], exam: list[str], config: Config, seed: int, kept: Callable[[str], bool] = lambda name: True) -> float:
    """Train the GPT, with only the matrices that are kept, the others being 0 for good; return its loss on `exam`."""
    docs, rng = list(docs), random.Random(seed)
    rng.shuffle(docs)
    tokenizer = Tokenizer(docs)
    params = init_params(config, tokenizer.vocab_size, rng)
    for name, matrix in params.items():
        for p in (p for row in matrix for p in row if not kept(name)):
            p.data = 0.0
    learned = [p for name, matrix in params.items() if kept(name) for row in matrix for p in row]
    for _ in train(docs, tokenizer, params, config, Adam(learned, config.beta1, config.beta2, config.eps)):
        pass
    tokens = [[tokenizer.bos, *tokenizer.encode(doc), tokenizer.bos] for doc in exam]
    return round(fmean(document_loss(ids, params, config).data for ids in tokens), 4)


def neither() -> list[float]:
    names, kept_out = documents("names")
    return [held_out(names, kept_out, Config(), seed, lambda name: name != "wpe" and not name.endswith("attn_wo")) for seed in SEEDS]


def norm_again() -> list[float]:
    words = [a + b + c for a in "abcdefgh" for b in "abcdefgh" for c in "abcdefgh"]
    random.Random(1).shuffle(words)
    docs, exam = [word * 2 for word in words[:400]], [word * 2 for word in words[400:]]
    found = []
    for seed in (42, *range(1, 12)):
        norms = []
        for norm in (rmsnorm, list):
            with patch.object(sys.modules["microgpt.gpt"], "rmsnorm", norm):
                norms.append(held_out(docs, exam, Config(block_size=8), seed))
        found.append(round(norms[1] - norms[0], 4))
    return found


def record_measures() -> dict[str, Any]:
    return {
        "bits": bits(), "vowels": vowels(), "not_divided": round(not_divided(), 4),
        "gradient_in_runs": round(gradient_in_runs(), 1), "two_letters": two_letters(), "rate_one": rate_one(),
        "without_norm": round(without_norm(), 4), "neither": neither(), "norm_again": norm_again(),
    }
