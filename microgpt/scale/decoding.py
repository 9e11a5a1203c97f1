# Tangled from docs/7-growing-up/10-faster-writing.md by scripts/tangle.py: edit the chapters, not this file. [sha256:5cac6692a3897efd]
"""Writing in fewer passes: a cache that can be cut back, drafts that are checked; and writing from fewer tokens."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from ..gpt import empty_cache, gpt
from ..infer import distribution
from ..params import Config, Params

Probs = Sequence[float]  # a share for each token, together 1
Draft = Callable[[list[int]], Probs]  # from the tokens so far to what it expects next


class PlainReader:
    """The book's own model in the middle of a text, at the temperature of its `config`."""

    def __init__(self, params: Params, config: Config):
        self.params, self.config, self.length = params, config, 0  # of the text, in tokens
        self.keys, self.values = empty_cache(config)

    def read(self, tokens: list[int]) -> list[list[float]]:
        """Read tokens after those in the cache; return what is expected after each of them. (n,) -> (n, V)."""
        probs = []
        for token_id in tokens:
            logits = gpt(token_id, self.length, self.keys, self.values, self.params, self.config)
            probs.append(distribution(logits, self.config.temperature))
            self.length += 1
        return probs

    def forget(self, length: int) -> None:
        """Cut the cache back to the first `length` tokens."""
        for layer in (*self.keys, *self.values):
            del layer[length:]
        self.length = min(self.length, length)


def draw(probs: Probs, rng: random.Random) -> int:
    """Draw a token."""
    [token_id] = rng.choices(range(len(probs)), weights=probs)
    return token_id


def write(
    reader: PlainReader, bos: int, rng: random.Random, cached: bool = True, cut: Callable[[Probs], Probs] = list
) -> Iterator[int]:
    """Yield each token of a new text; the last is BOS, unless the block is full before."""
    tokens = [bos]
    while len(tokens) <= reader.config.block_size:
        if not cached:
            reader.forget(0)
        probs = cut(reader.read(tokens[reader.length :])[-1])
        tokens.append(draw(probs, rng))
        yield tokens[-1]
        if tokens[-1] == bos:
            return


def accept(guess: int, q: Probs, p: Probs, rng: random.Random) -> int:
    """Return `guess`, drawn from `q`, or another token in its place, so that what comes out is drawn from `p`."""
    kept = min(p[guess], q[guess])
    [accepted] = rng.choices((True, False), weights=(kept, q[guess] - kept))
    return guess if accepted else draw([max(0, a - b) for a, b in zip(p, q)], rng)


def guess_ahead(draft: Draft, tokens: list[int], n: int, rng: random.Random) -> tuple[list[int], list[Probs]]:
    """Let the draft go on for `n` tokens or until BOS; return them, and what each was drawn from."""
    guesses: list[int] = []
    odds: list[Probs] = []
    while len(guesses) < n and tokens[0] not in guesses:
        odds.append(draft([*tokens, *guesses]))
        guesses.append(draw(odds[-1], rng))
    return guesses, odds


def speculate(reader: PlainReader, draft: Draft, n: int, bos: int, rng: random.Random) -> Iterator[int]:
    """Yield tokens as `write` does, from the same distribution. Leviathan et al. 2022, Chen et al. 2023."""
    tokens, block_size = [bos], reader.config.block_size
    while len(tokens) <= block_size:
        guesses, odds = guess_ahead(draft, tokens, min(n, block_size - len(tokens)), rng)
        probs = reader.read([*tokens[reader.length :], *guesses])  # the one pass
        for guess, q, p in zip(guesses, odds, probs):
            tokens.append(accept(guess, q, p, rng))
            yield tokens[-1]
            if tokens[-1] != guess or guess == bos:
                break
        else:
            tokens.append(draw(probs[-1], rng))
            yield tokens[-1]
        if tokens[-1] == bos:
            return
        reader.forget(len(tokens) - 1)  # all but the last, which nobody has read


class Dice:
    """Stands for a random generator. Its dice fall as they are told, and then always the first way that is possible."""

    def __init__(self, told: list[int]):
        self.told, self.fell, self.probability, self.others = told, [], 1, []

    def choices(self, population: Sequence, weights: Sequence) -> list:
        possible = [i for i, weight in enumerate(weights) if weight]
        if len(self.fell) < len(self.told):
            i = self.told[len(self.fell)]
        else:
            i = possible[0]
            self.others += [[*self.fell, other] for other in possible[1:]]
        self.fell.append(i)
        self.probability *= weights[i] / sum(weights)
        return [population[i]]


def every_way(run: Callable) -> Iterator[tuple]:
    """Yield (probability, result) for every way that the dice of `run(rng)` can fall; exact for fractions."""
    todo: list[list[int]] = [[]]
    while todo:
        dice = Dice(todo.pop())
        result = run(dice)
        todo += dice.others
        yield dice.probability, result


def top_k(probs: Probs, k: int) -> list[float]:
    """Leave the `k` likeliest tokens, of equals the first. (n,) -> (n,). Fan et al. 2018. Raises ValueError below 1."""
    if k < 1:
        raise ValueError(f"top-k with k {k} leaves nothing to draw from; k is at least 1")
    best = set(sorted(range(len(probs)), key=probs.__getitem__, reverse=True)[:k])
    total = sum(probs[i] for i in best)
    return [p / total if i in best else 0.0 for i, p in enumerate(probs)]


def top_p(probs: Probs, share: float) -> list[float]:
    """Leave the fewest tokens that have this share together, likeliest first. (n,) -> (n,). Holtzman et al. 2019."""
    k, total = 0, 0.0
    for p in sorted(probs, reverse=True):
        k, total = k + 1, total + p
        if total >= share:
            break
    return top_k(probs, k)
