"""The names whose way through the model is recorded, for two figures: attention and pipeline (scripts/runs/passes.py)."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache, partial

from microgpt import Config, Tokenizer, init_params, train

from ..runs.default import copied, default_run
from ..runs.passes import Json, Reader, passed
from ._still import load

NAMES = ("emma", "ava", "noah", "felix", "olivia", "matthew", "isabella", "kwyjibo")  # the last is no name at all
DOUBLED = ("bggbgg", "hachac", "eaaeaa", "abcabc", "fffbbb")  # the last breaks the rule


@cache
def doubled_run() -> Reader:
    """A model with one head that has read 400 doubled words, as in the chapter *One head*."""
    words = [a + b + c for a in "abcdefgh" for b in "abcdefgh" for c in "abcdefgh"]
    random.Random(1).shuffle(words)
    tokenizer, config, rng = Tokenizer(words), Config(block_size=8, n_head=1, steps=400), random.Random(42)
    params = init_params(config, tokenizer.vocab_size, rng)
    params_at = {0: copied(params)}
    for _ in train([word * 2 for word in words], tokenizer, params, config):
        pass
    return Reader(config, tokenizer, params_at | {config.steps: params})


def default_reader() -> Reader:
    run = default_run()
    return Reader(run.config, run.tokenizer, run.params_at)


def record(name: str, find: Callable[[], Reader] = default_reader) -> Json:
    """One name: its tokens, and for `before` and `after` the vectors, stage by stage and position by position."""
    return passed(name, find())


RECORDINGS = {f"passes-{name}.json": partial(record, name) for name in NAMES}
RECORDINGS |= {f"passes-{word}.json": partial(record, word, doubled_run) for word in DOUBLED}


def vocabulary(doubled: bool = False) -> list[str]:
    """What the reader sees for every token id."""
    return [*("abcdefgh" if doubled else load("figures/tokenizer.json")["chars"]), "BOS"]


def letters(tokens: list[int], doubled: bool = False) -> list[str]:
    """What the reader sees for token ids."""
    known = vocabulary(doubled)
    return [known[token] for token in tokens]


def choices(doubled: bool = False) -> dict[str, str]:
    """The attributes of a still that tell its script of the names and the tokens."""
    return {"data_names": " ".join(DOUBLED if doubled else NAMES), "data_vocabulary": " ".join(vocabulary(doubled))}
