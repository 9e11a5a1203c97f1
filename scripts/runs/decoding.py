"""Writing faster: what a cache, a batch, a draft and a cut distribution do, for the chapter Faster writing.

    decoding.json:
        idle        of 64 texts that wait for the longest: the part of the tokens that somebody wants
        drafts      temperature -> draft -> for each seed: accepted, of the letters that were judged; tokens a pass, at 4 a draft
        held_out    draft -> for each seed: its mean loss on names that were kept out, in nats
        ahead       n -> tokens a pass for each seed, if pairs guess n letters at temperature 1
        chi         for each seed: chi-square of the first two tokens of `texts` drafted texts, less its degrees of freedom,
                    in standard deviations; and the same where the refused are drawn again from p
        cuts        name of a cut -> for each seed, of the kept-out names: letters cut, in percent, and names lost; of 1000
                    written names: how many stand among all names, and how many different ones there are

Models are trained by the engine on arrays, which has the losses of the program.
"""

from __future__ import annotations

import importlib
import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice
from statistics import fmean
from typing import Any, NamedTuple
from unittest.mock import patch

from microgpt import Adam, Config, Params, Tokenizer, flatten, init_params, load_docs
from microgpt.ladder import fallback, train0
from microgpt.scale.batch_decoding import ArrayReader, write_many
from microgpt.scale.decoding import draw, speculate, top_k, top_p, write
from microgpt.scale.numpy_engine import NumpyEngine

DECODING = importlib.import_module("microgpt.scale.decoding")
SEEDS = (42, 1, 2, 3, 4, 5, 6, 7)
FEW = SEEDS[:4]
KEPT_OUT, WRITTEN, DRAFTED = 1000, 1000, 300
AHEAD = (1, 2, 4, 6, 8)
TEXTS = 20_000  # for chi-square
TEMPERATURES = (1.0, 0.5)
CUTS: dict[str, Callable[[Sequence[float]], list[float]]] = {
    **{f"top-k {k}": lambda probs, k=k: top_k(probs, k) for k in (3, 4, 5, 8, 18)},
    **{f"top-p {p}": lambda probs, p=p: top_p(probs, p) for p in (0.5, 0.6, 0.7, 0.9, 0.98)},
}
COLD = (0.4, 0.5, 0.6, 0.7, 1.0)  # temperatures, which cut nothing


class Model(NamedTuple):
    """A trained model, and who guesses for it; all have read the same thousand names."""

    config: Config
    params: Params
    tokenizer: Tokenizer
    kept_out: list[list[int]]
    pairs: list[list[int]]
    tables: list


@cache
def model(seed: int) -> Model:
    """The default model of a seed. It hasn't read the last names of the default run's order."""
    docs, config = load_docs(), Config()
    tokenizer, rng, order = Tokenizer(docs), random.Random(seed), list(docs)
    random.Random(SEEDS[0]).shuffle(order)
    left_out = set(order[-KEPT_OUT:])
    rng.shuffle(docs)
    docs = [doc for doc in docs if doc not in left_out]
    params = init_params(config, tokenizer.vocab_size, rng)
    engine = NumpyEngine(params, config, Adam(flatten(params), config.beta1, config.beta2, config.eps))
    for _ in engine.train(docs, tokenizer):
        pass
    engine.store()
    pairs, tables = [[0] * tokenizer.vocab_size for _ in range(tokenizer.vocab_size)], fallback.empty_tables()
    for _ in zip(train0.train(docs, tokenizer, pairs, config.steps), fallback.train(docs, tokenizer, tables, config.steps)):
        pass
    kept_out = [[tokenizer.bos, *tokenizer.encode(name), tokenizer.bos] for name in order[-KEPT_OUT:]]
    return Model(config, params, tokenizer, kept_out, pairs, tables)


def sharpened(probs: Sequence[float], temperature: float) -> list[float]:
    """A distribution at a temperature: its logarithms are logits."""
    powers = [p ** (1 / temperature) for p in probs]
    return [p / sum(powers) for p in powers]


class Known:
    """A reader that computes each distribution once, whoever asks for it; with drafts of the same temperature."""

    def __init__(self, made: Model, temperature: float):
        self.config = replace(made.config, temperature=temperature)
        self.reader = ArrayReader(made.params, self.config)
        self.made, self.temperature, self.probs, self.guesses = made, temperature, {}, {}
        self.text: list[int] = []
        self.passes = 0

    @property
    def length(self) -> int:
        return len(self.text)

    def after(self, text: tuple[int, ...]) -> list[float]:
        if text not in self.probs:
            self.reader.forget(0)
            self.probs[text] = self.reader.read(text)[-1].tolist()
        return self.probs[text]

    def read(self, tokens: list[int]) -> list[list[float]]:
        self.passes += 1
        found = []
        for token_id in tokens:
            self.text.append(token_id)
            found.append(self.after(tuple(self.text)))
        return found

    def forget(self, length: int) -> None:
        del self.text[length:]

    def begin(self) -> Known:
        self.text = []
        return self

    def draft(self, name: str) -> Callable[[list[int]], list[float]]:
        """Who guesses: "pairs", "fallback", "blind", or "itself"."""
        size, bos = self.made.tokenizer.vocab_size, self.made.tokenizer.bos

        def guess(key: tuple[int, ...]) -> list[float]:
            if name == "pairs":
                return train0.probabilities(self.made.pairs[key[-1]])
            return fallback.probabilities(key, self.made.tables, size)

        def draft(tokens: list[int]) -> list[float]:
            if name == "blind":
                return [1 / size] * size
            if name == "itself":
                return self.after(tuple(tokens))
            key = tuple([bos, bos, *tokens][-fallback.LONGEST :]) if name == "fallback" else (tokens[-1],)
            if (name, key) not in self.guesses:
                self.guesses[name, key] = sharpened(guess(key), self.temperature)
            return self.guesses[name, key]

        return draft


DRAFTS = ("blind", "pairs", "fallback", "itself")


def record_idle() -> float:
    made = model(SEEDS[0])
    parts = []
    for first in range(0, 1024, 64):
        rngs = [random.Random(first + i) for i in range(64)]
        lengths = [len(text) for text in write_many(ArrayReader(made.params, made.config), made.tokenizer.bos, rngs)]
        parts.append(fmean(lengths) / max(lengths))
    return round(fmean(parts), 3)


# ---------------------------------------------------------------------------------- drafts


def drafted(known: Known, name: str, n: int, count: int) -> dict[str, float]:
    """Write some texts with a draft: what part of the judged letters was accepted, and tokens a pass."""
    judged, tokens, bos = Counter(), 0, known.made.tokenizer.bos
    accept, draft = DECODING.accept, known.draft(name)
    known.passes = 0

    def judge(guess: int, q: Any, p: Any, rng: Any) -> int:
        token_id = accept(guess, q, p, rng)
        judged[token_id == guess] += 1
        return token_id

    with patch.object(DECODING, "accept", judge):
        for seed in range(count):
            tokens += len(list(speculate(known.begin(), draft, n, bos, random.Random(seed))))
    return {"accepted": judged[True] / judged.total(), "tokens": tokens / known.passes}


def record_drafts() -> dict[str, Any]:
    found: dict[str, Any] = {"drafts": {}, "held_out": {name: [] for name in ("pairs", "fallback", "itself")}, "ahead": {str(n): [] for n in AHEAD}}
    for temperature in TEMPERATURES:
        table = {name: {"accepted": [], "tokens": []} for name in DRAFTS}
        for seed in SEEDS:
            known = Known(model(seed), temperature)
            for name in DRAFTS:
                for what, value in drafted(known, name, 4, DRAFTED).items():
                    table[name][what].append(round(value, 4))
            if temperature == 1:
                for n in AHEAD:
                    found["ahead"][str(n)].append(round(drafted(known, "pairs", n, DRAFTED)["tokens"], 4))
                for name in found["held_out"]:
                    found["held_out"][name].append(round(held_out(known, name), 4))
        found["drafts"][f"{temperature:g}"] = table
    return found


def held_out(known: Known, name: str) -> float:
    draft = known.draft(name)
    return fmean(fmean(-math.log(draft(t[: i + 1])[t[i + 1]]) for i in range(min(16, len(t) - 1))) for t in known.made.kept_out)


def again_from_p(guess: int, q: Sequence[float], p: Sequence[float], rng: random.Random) -> int:
    """The mistake: what is rejected is drawn again from p, as if nothing had happened."""
    kept = min(p[guess], q[guess])
    [accepted] = rng.choices((True, False), weights=(kept, q[guess] - kept))
    return guess if accepted else draw(p, rng)


def chi_square(known: Known, count: int, seed: int) -> float:
    """Chi-square of the first two tokens of drafted texts, less its degrees of freedom, in standard deviations of it."""
    bos, rng, seen, draft = known.made.tokenizer.bos, random.Random(seed), Counter(), known.draft("pairs")
    for _ in range(count):
        seen[tuple(islice(speculate(known.begin(), draft, 4, bos, rng), 2))] += 1
    expected = {(bos,): known.after((bos,))[bos]}
    for a, p in enumerate(known.after((bos,))):
        if a != bos:
            expected |= {(a, b): p * share for b, share in enumerate(known.after((bos, a)))}
    often = [cell for cell, p in expected.items() if p * count >= 5]
    rare = 1 - sum(expected[cell] for cell in often), count - sum(seen[cell] for cell in often)
    cells = [(expected[cell] * count, seen[cell]) for cell in often] + [(rare[0] * count, rare[1])]
    free = len(cells) - 1
    return (sum((n - e) ** 2 / e for e, n in cells) - free) / math.sqrt(2 * free)


def record_chi(count: int = TEXTS, seeds: Sequence[int] = FEW) -> dict[str, Any]:
    found: dict[str, Any] = {"texts": count, "right": [], "wrong": []}
    for seed in seeds:
        known = Known(model(seed), 1.0)
        found["right"].append(round(chi_square(known, count, seed), 2))
        with patch.object(DECODING, "accept", again_from_p):
            found["wrong"].append(round(chi_square(known, count, seed), 2))
    return found


# ------------------------------------------------------------------------------------ cuts


def remembered(cut: Callable[[Sequence[float]], list[float]]) -> Callable[[list[float]], list[float]]:
    """The same, for lists that stay where they are, each cut once."""
    known: dict[int, list[float]] = {}

    def remembering(probs: list[float]) -> list[float]:
        if id(probs) not in known:
            known[id(probs)] = cut(probs)
        return known[id(probs)]

    return remembering


def record_cuts(seeds: Sequence[int] = SEEDS, written: int = WRITTEN) -> dict[str, Any]:
    names = set(load_docs())
    settings = [*((name, 1.0, cut) for name, cut in CUTS.items()), *((f"T {t:g}", t, None) for t in COLD)]
    found = {name: {"letters": [], "names": [], "real": [], "different": []} for name, _, _ in settings}
    for seed in seeds:
        made = model(seed)
        whole = Known(made, 1.0)
        for name, temperature, cut in settings:
            known = whole if temperature == 1 else Known(made, temperature)
            bos, decode = made.tokenizer.bos, made.tokenizer.decode
            if cut:
                cut = remembered(cut)
                gone = [[not cut(whole.after(tuple(t[: i + 1])))[t[i + 1]] for i in range(min(16, len(t) - 1))] for t in made.kept_out]
                found[name]["letters"].append(round(100 * sum(map(sum, gone)) / sum(map(len, gone)), 2))
                found[name]["names"].append(sum(map(any, gone)))
            else:
                found[name]["letters"].append(0.0)
                found[name]["names"].append(0)
            rng = random.Random(seed)
            texts = [decode(list(write(known.begin(), bos, rng, cut=cut or list))) for _ in range(written)]
            found[name]["real"].append(sum(text in names for text in texts))
            found[name]["different"].append(len(set(texts)))
    return found


def record_decoding() -> dict[str, Any]:
    """Return the content of decoding.json."""
    return {"idle": record_idle(), **record_drafts(), "chi": record_chi(), "cuts": record_cuts()}
