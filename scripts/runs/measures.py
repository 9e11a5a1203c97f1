"""What chapters tell in passing of runs that are too long for an example: each measured here, as it is told there.

    measures.json:
        bits            rungs 1 and 2 on the same names (2-09): how many of 1000 losses are equal to the last bit, how many
                        parameters after the first step and after the last, and the largest differences
        vowels          of 40 (five vowels, eight seeds), how many have a vowel or y for their nearest neighbor (2-04)
        rung_1          rung 1 as it is, for four seeds: mean of the last 100 losses (2-04)
        no_gate         the same without the gate in its gradient, with its first 100 and its last 100 losses (2-04)
        not_divided     the same without the division by n, at a seventh of the rate: its last 100 losses (2-04)
        gradient_in_runs    how many runs forward a call of rung 1's `gradient` takes as long as (2-04)
        zeroed          of 150 parameters of the default run, each set to 0 alone: by how much the loss on 60 kept-out names
                        moves at most (3-01)
        fused_dot       how many times faster a step is with `dot` as one node than with a node for each + and · (3-03)
        two_letters     held-out loss of a table and of a network that see two letters, for four seeds (2-09)
        rate_one        rung 3 at rate 1.0: names until it breaks off, for five seeds (3-10)
        without_norm    rung 3 without RMSNorm at rate 0.1: mean of the last 100 losses (3-10)
        doubled_rung_3  doubled words, rung 3, plain descent at rate 0.3 and 2000 steps: held-out loss for four seeds (3-10)
        doubled_4000    the same with rung 4 and 4000 steps (4-05)
        doubled_adam    doubled words, the GPT without momentum (eight seeds), and with an ε that drowns √v (four): held-out
                        loss, to be compared with that of the experiment "doubled", seed by seed (4-05)
        own_place       the gradient of place 4 that reaches it by the shortcuts alone, where all of it is 4.58 (4-03)
        falling_rate    rung 4, 300 steps: held-out loss on 300 names with a rate that falls from 0.1 to 0, and with each of
                        four constant ones, for four seeds (4-04)
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

from microgpt import Adam, Config, Tokenizer, Value, document_loss, empty_cache, init_params, load_docs, rmsnorm, softmax, train
from microgpt.ladder import train1, train2, train3, train4

from .default import GPT, tokens_of, unfused_dot
from .paired import documents

SEEDS = (42, 1, 2, 3)
EIGHT = (42, *range(1, 8))


def in_order(docs: list[str], exam: list[str], rng: random.Random) -> list[str]:
    """Shuffle documents and take out those of the exam, as an experiment does: so both read the same ones."""
    docs, left_out = list(docs), set(exam)
    rng.shuffle(docs)
    return [doc for doc in docs if doc not in left_out]


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
    for seed in EIGHT:
        docs, tokenizer, params, config = start(train1, seed)
        for _ in train1.train(docs, tokenizer, params, config):
            pass
        rows = dict(zip(letters, params["wte"]))

        def alike(a: str, b: str) -> float:
            x, y = rows[a], rows[b]
            return train1.dot(x, y) / math.sqrt(train1.dot(x, x) * train1.dot(y, y))

        found += sum(max(letters.replace(v, ""), key=lambda other: alike(v, other)) in "aeiouy" for v in "aeiou")
    return found


def rung_1(change: tuple[str, str] = ("", ""), **settings: float) -> list[tuple[float, float]]:
    """Mean of the first 100 and of the last 100 losses of rung 1, its `gradient` changed; for each seed."""
    changed = dict(vars(train1))
    exec(inspect.getsource(train1.gradient).replace(*change), changed)
    found = []
    with patch.object(train1, "gradient", changed["gradient"]):
        for seed in SEEDS:
            losses = [loss for _, loss in train1.train(*start(train1, seed, **settings))]
            found.append((round(fmean(losses[:100]), 4), round(last_100(losses), 4)))
    return found


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
        rng, config = random.Random(seed), train2.Config()
        docs = in_order(names, kept_out, rng)
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
    tokenizer, rng = Tokenizer(docs), random.Random(seed)
    docs = in_order(docs, exam, rng)
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


def zeroed(tried: int = 150, names: int = 60) -> float:
    docs, rng, config = load_docs(), random.Random(42), Config()
    rng.shuffle(docs)
    tokenizer = Tokenizer(docs)
    params = init_params(config, tokenizer.vocab_size, rng)
    for _ in train(docs, tokenizer, params, config):
        pass
    exam = [tokens_of(doc, tokenizer) for doc in docs[-names:]]

    def loss() -> float:
        return fmean(document_loss(ids, params, config).data for ids in exam)

    whole, moved = loss(), []
    for p in random.Random(0).sample([p for matrix in params.values() for row in matrix for p in row], tried):
        kept, p.data = p.data, 0.0
        moved.append(abs(loss() - whole))
        p.data = kept
    return round(max(moved), 5)


def fused_dot(steps: int = 15) -> float:
    docs, config = load_docs()[:steps], Config()
    tokenizer = Tokenizer(load_docs())

    def seconds() -> float:
        params, began = init_params(config, tokenizer.vocab_size, random.Random(42)), time.process_time()
        for _ in islice(train(docs, tokenizer, params, config), steps):
            pass
        return time.process_time() - began

    fused = min(seconds() for _ in range(3))
    with unfused_dot():
        return min(seconds() for _ in range(3)) / fused


def doubled_by_descent(rung: ModuleType, steps: int) -> list[float]:
    """Held-out loss of a rung on doubled words, by plain descent at rate 0.3, for four seeds."""
    words, exam = documents("doubled")
    tokenizer, found = Tokenizer(words), []
    for seed in SEEDS:
        rng, config = random.Random(seed), rung.Config()
        config.steps, config.learning_rate, config.block_size = steps, 0.3, 8
        docs = in_order(words, exam, rng)
        params = rung.init_params(config, tokenizer.vocab_size, rng)
        for _ in rung.train(docs, tokenizer, params, config):
            pass
        found.append(round(fmean(rung.document_loss(tokens_of(doc, tokenizer), params, config).data for doc in exam), 4))
    return found


def doubled_adam() -> dict[str, list[float]]:
    words, exam = documents("doubled")
    no_division = Config(block_size=8, eps=1e6, learning_rate=0.3e6)
    return {
        "no_momentum": [held_out(words, exam, Config(block_size=8, beta1=0.0), seed) for seed in EIGHT],
        "no_division": [held_out(words, exam, no_division, seed) for seed in SEEDS],
    }


def own_place() -> float:
    """The length of the gradient of place 4 after *emma*, with attention and MLP as numbers without a graph."""

    def without_a_graph(function: Callable) -> Callable:
        return lambda *arguments: [Value(number.data) for number in function(*arguments)]

    config, tokenizer = Config(), Tokenizer(load_docs())
    params = init_params(config, tokenizer.vocab_size, random.Random(42))
    keys, values = empty_cache(config)
    names = ("multi_head_attention", "mlp")
    with patch.multiple(GPT, **{name: without_a_graph(getattr(GPT, name)) for name in names}):
        for pos_id, token_id in enumerate(tokens_of("emma", tokenizer)[:-1]):
            shares = softmax(GPT.gpt(token_id, pos_id, keys, values, params, config))
    (-shares[tokenizer.bos].log()).backward()
    return round(math.hypot(*(p.grad for p in params["wpe"][4])), 4)


def falling_rate(steps: int = 300) -> dict[str, list[float]]:
    names, kept_out = documents("names")
    tokenizer = Tokenizer(names)
    exam = [tokens_of(doc, tokenizer) for doc in kept_out[:300]]

    def learn(rate_at: Callable[[float], float], seed: int) -> float:
        rng, config = random.Random(seed), train4.Config()
        docs = in_order(names, kept_out, rng)
        params = train4.init_params(config, tokenizer.vocab_size, rng)
        for step in range(steps):
            train4.document_loss(tokens_of(docs[step], tokenizer), params, config).backward()
            train4.descend(train4.flatten(params), rate_at(step / steps))
        return round(fmean(train4.document_loss(ids, params, config).data for ids in exam), 4)

    rates: dict[str, Callable[[float], float]] = {"falling": lambda done: 0.1 * (1 - done)}
    rates |= {str(rate): lambda _, rate=rate: rate for rate in (0.03, 0.05, 0.1, 0.2)}
    return {name: [learn(rate_at, seed) for seed in SEEDS] for name, rate_at in rates.items()}


def record_measures() -> dict[str, Any]:
    return {
        "bits": bits(), "vowels": vowels(), "rung_1": [last for _, last in rung_1()],
        "no_gate": rung_1(("if h > 0:", "if True:")),
        "not_divided": [last for _, last in rung_1(("(i == target)) / n", "(i == target))"), learning_rate=1 / 7)],
        "gradient_in_runs": round(gradient_in_runs(), 1), "zeroed": zeroed(), "fused_dot": round(fused_dot(), 1),
        "two_letters": two_letters(), "rate_one": rate_one(),
        "without_norm": round(without_norm(), 4), "doubled_rung_3": doubled_by_descent(train3, 2000),
        "doubled_4000": doubled_by_descent(train4, 4000), "doubled_adam": doubled_adam(), "own_place": own_place(),
        "falling_rate": falling_rate(), "neither": neither(), "norm_again": norm_again(),
    }
