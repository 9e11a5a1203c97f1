"""What pages show with one seed, done again with eight: does what the page concludes from it hold?

    eight-seeds.json: for each, what the eight seeds give
        own_vectors     2-autograd/09: held-out loss of the network of two letters ("shared"), and of one in which every
                        pair of letters has a vector of its own, begun with those of its letters ("own")
        rounded         8-the-tool/02: what one decimal costs on a hundred names, after 200 steps, and after 1000
        digits          8-the-tool/03: how far the last of ten losses is moved by Adam's memory in so many digits, or by
                        none at all ("none")
        forgotten       8-the-tool/03: does the training break off after v was forgotten? and its last loss, if not
        met             questions: of 200 names written after 1000 steps, how many it has read, and how many are among as
                        many names that it hasn't
        equal           3-architecture/01: rung 2 that began with equal parameters: its last hundred losses in the mean, those
                        of counting its thousand names, and the tokens whose number is below 0 ("." is BOS)
        blind           3-architecture/01: the same for the GPT: how much its scores differ between letters after a hundred
                        names, and the letters below 0 at the second place after three hundred
        never_on        3-architecture/09: how many of the 64 neurons no position of 200 unseen names turns on
        louder          4-training/03: the typical gradient in wte over that in layer0.attn_wq; how many times quieter wte is
                        without the first norm; how many times louder attn_wq is with keys ten times as large
        organs          5-inference/04: loss on 300 names that were kept out, after 200 steps of the whole, without attention,
                        without the MLP, without both
        rates           4-training/04: last fifty of a hundred losses of rung 4 by rate; null if it broke off
        trust           6-experiments/04: held-out loss of the rival that trusts at 20 and at 40, by names read
        vowels          0-the-big-picture/01: the share of vowels in sixty texts, before and after ten names
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable
from functools import cache
from statistics import fmean, median
from typing import Any
from unittest.mock import patch

from microgpt import (
    Adam, Config, DivergenceError, Params, Tokenizer, Value, add, document_loss, empty_cache, flatten, gpt, init_params, load_docs,
    mlp, rmsnorm, sample, train,
)
from microgpt.ladder import fallback, train2, train4

from .default import GPT
from .measures import in_order, last_100, network_of_two, start
from .paired import SEEDS, documents

SHORT, TEN = 20, 10  # steps of the run of 8-the-tool/03, and after how many it is resumed


def beginning(seed: int, steps: int) -> tuple[list[str], Tokenizer, Params, Config, random.Random]:
    docs, rng, config = load_docs(), random.Random(seed), Config(steps=steps)
    rng.shuffle(docs)
    tokenizer = Tokenizer(docs)
    return docs, tokenizer, init_params(config, tokenizer.vocab_size, rng), config, rng


@cache
def trained(seed: int, steps: int) -> tuple[list[str], Tokenizer, Params, Config, random.Random]:
    """The same after training."""
    docs, tokenizer, params, config, rng = beginning(seed, steps)
    for _ in train(docs, tokenizer, params, config):
        pass
    return docs, tokenizer, params, config, rng


def loss_of(doc: str, tokenizer: Tokenizer, params: Params, config: Config) -> Value:
    return document_loss([tokenizer.bos, *tokenizer.encode(doc), tokenizer.bos], params, config)


def own_vectors(seed: int, own: bool) -> float:
    """Rung 2 with two letters; `wte` has a row for each letter, or one for each pair, twice as wide."""
    (names, kept_out), rng, config, tokenizer = documents("names"), random.Random(seed), train2.Config(), Tokenizer(load_docs())
    docs = in_order(names, kept_out, rng)
    params = train2.init_params(config, tokenizer.vocab_size, rng)
    for row in params["mlp_fc1"]:
        row.extend(train2.Value(rng.gauss(0, config.init_std)) for _ in range(config.n_embd))
    size = tokenizer.vocab_size
    if own:
        letters = params["wte"]
        params["wte"] = [[train2.Value(p.data) for p in letters[a] + letters[b]] for a in range(size) for b in range(size)]

    def loss_of(tokens: list[int]) -> Any:
        if not own:
            return network_of_two(tokens, params, config)
        losses, before = [], tokens[0]
        for now, target in zip(tokens, tokens[1:]):
            hidden = [h.relu() for h in train2.linear(params["wte"][before * size + now], params["mlp_fc1"])]
            losses.append(-train2.softmax(train2.linear(hidden, params["mlp_fc2"]))[target].log())
            before = now
        return (1 / len(losses)) * sum(losses)

    def tokens_of(doc: str) -> list[int]:
        return [tokenizer.bos, *tokenizer.encode(doc), tokenizer.bos]

    for step in range(1000):
        loss_of(tokens_of(docs[step])).backward()
        train2.descend(train2.flatten(params), config.learning_rate * (1 - step / 1000))
    return round(fmean(loss_of(tokens_of(doc)).data for doc in kept_out), 4)


def rounded(seed: int, steps: int) -> float:
    docs, tokenizer, params, config, _ = trained(seed, steps)

    def exam(params: Params) -> float:
        return fmean(loss_of(doc, tokenizer, params, config).data for doc in docs[-100:])

    rough = {name: [[Value(round(p.data, 1)) for p in row] for row in matrix] for name, matrix in params.items()}
    return round(exam(rough) - exam(params), 4)


def resumed(seed: int, change: Callable[[Adam], None]) -> list[float] | None:
    """The losses of the last ten of twenty steps, after a change of Adam's memory; None if the training breaks off."""
    docs, tokenizer, params, config, _ = beginning(seed, SHORT)
    adam = Adam(flatten(params), config.beta1, config.beta2, config.eps)
    training = train(docs, tokenizer, params, config, adam)
    for _ in range(TEN):
        next(training)
    change(adam)
    try:
        return [loss for _, loss in training]
    except DivergenceError:
        return None


def shorten(digits: int) -> Callable[[Adam], None]:
    def change(adam: Adam) -> None:
        adam.m, adam.v = ([float(f"{x:.{digits}g}") for x in numbers] for numbers in (adam.m, adam.v))

    return change


def forget(adam: Adam) -> None:
    adam.m, adam.v = [0.0] * len(adam.m), [0.0] * len(adam.v)


def forget_v(adam: Adam) -> None:
    adam.v = [0.0] * len(adam.v)


def moved(seed: int, change: Callable[[Adam], None]) -> float:
    before, after = resumed(seed, lambda adam: None), resumed(seed, change)
    assert before and after
    return round(abs(after[-1] - before[-1]), 4)


def met(seed: int) -> tuple[int, int]:
    docs, tokenizer, params, config, rng = trained(seed, 1000)
    names = [sample(params, config, tokenizer, rng) for _ in range(200)]
    read, unread = set(docs[:1000]), set(docs[1000:2000])
    return sum(name in read for name in names), sum(name in unread for name in names)


def equal(seed: int) -> list[Any]:
    docs, tokenizer, params, config = start(train2, seed)
    for p in train2.flatten(params):
        p.data = 0.08
    losses = [loss for _, loss in train2.train(docs, tokenizer, params, config)]
    read = docs[: config.steps]
    counts = Counter("".join(read) + "." * len(read))
    costs = {token: -math.log(count / counts.total()) for token, count in counts.items()}
    counted = fmean(fmean(costs[token] for token in doc + ".") for doc in read[-100:])
    below = [tokenizer.decode([i]) or "." for i, row in enumerate(params["wte"]) if row[0].data < 0]
    return [round(last_100(losses), 3), round(counted, 3), "".join(below)]


def blind(seed: int) -> list[Any]:
    def equal_gpt(steps: int) -> tuple[Params, Config, Tokenizer]:
        docs, tokenizer, params, config, _ = beginning(seed, steps)
        for p in flatten(params):
            p.data = 0.08
        for _ in train(docs, tokenizer, params, config):
            pass
        return params, config, tokenizer

    params, config, tokenizer = equal_gpt(100)
    letters = range(tokenizer.vocab_size)
    scores = [[score.data for score in gpt(token, 0, *empty_cache(config), params, config)] for token in letters]
    differ = max(max(column) - min(column) for column in zip(*scores))
    params, _, _ = equal_gpt(300)
    below = [c for i, c in enumerate(tokenizer.chars) if rmsnorm(add(params["wte"][i], params["wpe"][1]))[0].data < 0]
    return [round(differ, 2), "".join(below)]


def never_on(seed: int) -> int:
    docs, tokenizer, params, config, _ = trained(seed, 1000)
    on = set()

    def watched(x: Any, fc1: Any, *rest: Any) -> Any:
        on.update(i for i, row in enumerate(fc1) if sum(a.data * b.data for a, b in zip(row, x)) > 0)
        return mlp(x, fc1, *rest)

    with patch.object(GPT, "mlp", watched):
        for doc in docs[-200:]:
            loss_of(doc, tokenizer, params, config)
    return len(params["layer0.mlp_fc1"]) - len(on)


def louder(seed: int) -> list[float]:
    def typical(name: str, norm: Callable[..., Any] = rmsnorm, keys: float = 1) -> float:
        rng, config = random.Random(seed), Config()
        tokenizer = Tokenizer(load_docs())
        params = init_params(config, tokenizer.vocab_size, rng)
        for p in (p for row in params["layer0.attn_wk"] for p in row):
            p.data *= keys
        with patch.object(GPT, "rmsnorm", norm):
            loss_of("emma", tokenizer, params, config).backward()
        return median(abs(p.grad) for row in params[name] for p in row if p.grad)

    calls = iter(range(10**6))
    wte, wq = typical("wte"), typical("layer0.attn_wq")
    without = typical("wte", lambda x: list(x) if next(calls) % 3 == 0 else rmsnorm(x))
    return [round(wte / wq), round(wte / without, 1), round(typical("layer0.attn_wq", keys=10) / wq, 1)]


ORGANS = {
    "whole": (), "no_attention": ("multi_head_attention",), "no_mlp": ("mlp",), "neither": ("multi_head_attention", "mlp"),
}  # fmt: skip


def organs(seed: int) -> dict[str, float]:
    names, kept_out = documents("names")
    tokenizer, config, losses = Tokenizer(load_docs()), Config(steps=200), {}
    for which, missing in ORGANS.items():
        rng = random.Random(seed)
        docs = in_order(names, kept_out, rng)
        params = init_params(config, tokenizer.vocab_size, rng)
        with patch.multiple(GPT, dot=GPT.dot, **dict.fromkeys(missing, lambda x, *_: [Value(0.0)] * config.n_embd)):
            for _ in train(docs, tokenizer, params, config):
                pass
            losses[which] = round(fmean(loss_of(doc, tokenizer, params, config).data for doc in kept_out[:300]), 4)
    return losses


def rate(seed: int, size: float) -> float | None:
    docs, tokenizer, params, config = start(train4, seed, steps=100, learning_rate=size)
    try:
        losses = [loss for _, loss in train4.train(docs, tokenizer, params, config)]
    except ValueError:
        return None
    return round(fmean(losses[50:]), 2)


def trust(seed: int, names_read: int) -> dict[str, float]:
    names, kept_out = documents("names")
    docs, tokenizer, found = in_order(names, kept_out, random.Random(seed)), Tokenizer(load_docs()), {}
    for value in (20, 40):
        tables = fallback.empty_tables()
        with patch.object(fallback, "TRUST", value):
            for _ in fallback.train(docs, tokenizer, tables, names_read):
                pass
            tokens = [[tokenizer.bos, *tokenizer.encode(doc), tokenizer.bos] for doc in kept_out]
            found[str(value)] = round(fmean(fallback.document_loss(ids, tables, tokenizer.vocab_size) for ids in tokens), 4)
    return found


def vowels(seed: int, steps: int) -> float:
    docs, tokenizer, params, config, rng = beginning(seed, 1000)
    training = train(docs, tokenizer, params, config)
    for _ in range(steps):
        next(training)
    text = "".join(sample(params, config, tokenizer, rng) for _ in range(60))
    return round(sum(letter in "aeiou" for letter in text) / len(text), 3)


def record_eight_seeds() -> dict[str, Any]:
    def each(function: Callable[..., Any], *arguments: Any) -> list[Any]:
        return [function(seed, *arguments) for seed in SEEDS]

    return {
        "own_vectors": {"shared": each(own_vectors, False), "own": each(own_vectors, True)},
        "rounded": {str(steps): each(rounded, steps) for steps in (200, 1000)},
        "digits": {**{str(digits): each(moved, shorten(digits)) for digits in (3, 2, 1)}, "none": each(moved, forget)},
        "forgotten": [losses and round(losses[-1], 2) for losses in each(resumed, forget_v)],
        "met": each(met),
        "equal": each(equal),
        "blind": each(blind),
        "never_on": each(never_on),
        "louder": each(louder),
        "organs": each(organs),
        "rates": {str(size): each(rate, size) for size in (0.1, 0.3, 1)},
        "trust": {str(count): each(trust, count) for count in (1000, 8000)},
        "vowels": {str(steps): each(vowels, steps) for steps in (0, 10)},
    }
