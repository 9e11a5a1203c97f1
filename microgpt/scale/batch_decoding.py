# Tangled from docs/7-growing-up/10-faster-writing.md by scripts/tangle.py: edit the chapters, not this file. [sha256:619cb6d1fb7e7855]
"""Writing on arrays: many tokens in a pass, of one text or of many texts at once."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from ..params import Config, Params
from .numpy_engine import activate, layer_of, rmsnorm, softmax


class ArrayReader:
    """The model on arrays in the middle of a text, or of several: `read` takes a row of tokens, or a row for each."""

    def __init__(self, params: Params, config: Config):
        self.w = {name: np.array([[p.data for p in row] for row in matrix]) for name, matrix in params.items()}
        self.config, self.length = config, 0
        self.keys: list = [None] * config.n_layer
        self.values: list = [None] * config.n_layer

    def read(self, tokens: Sequence) -> np.ndarray:
        """Read n tokens of each text; return what is expected after each of them. (..., n) -> (..., n, V)."""
        ids = np.asarray(tokens)
        x = self.w["wte"][ids] + self.w["wpe"][self.length : self.length + ids.shape[-1]]
        x, _ = rmsnorm(x)
        for i in range(self.config.n_layer):
            x = x + self.attend(rmsnorm(x)[0], i)
            *_, fc1, fc2 = layer_of(self.w, i)
            hidden, _ = activate(rmsnorm(x)[0] @ fc1.T, self.config.activation)
            x = x + hidden @ fc2.T
        self.length += ids.shape[-1]
        return softmax(x @ self.w["lm_head"].T / self.config.temperature)

    def attend(self, normed: np.ndarray, i: int) -> np.ndarray:
        """Add n keys and values to the cache of layer i; return what attention finds there. (..., n, d) -> same."""
        wq, wk, wv, wo, *_ = layer_of(self.w, i)
        parts = (*normed.shape[:-1], self.config.n_head, -1)
        q, k, v = ((normed @ matrix.T).reshape(parts).swapaxes(-3, -2) for matrix in (wq, wk, wv))  # (..., h, n, d / h)
        if self.length:
            k, v = np.concatenate((self.keys[i], k), axis=-2), np.concatenate((self.values[i], v), axis=-2)
        self.keys[i], self.values[i] = k, v
        scores = q @ k.swapaxes(-2, -1) / q.shape[-1] ** 0.5
        if scores.shape[-2] > 1:
            scores += np.triu(np.full(scores.shape[-2:], -np.inf), 1 + self.length)  # nobody sees what comes later
        return (softmax(scores) @ v).swapaxes(-3, -2).reshape(normed.shape) @ wo.T

    def forget(self, length: int) -> None:
        """Cut the cache back to the first `length` tokens."""
        self.length = min(self.length, length)
        for cache in (self.keys, self.values):
            cache[:] = [x if x is None else x[..., :length, :] for x in cache]

    def keep(self, rows: np.ndarray) -> None:
        """Go on with these texts only."""
        for cache in (self.keys, self.values):
            cache[:] = [x[rows] for x in cache]


def draw_all(probs: np.ndarray, rngs: Sequence[random.Random]) -> np.ndarray:
    """Draw a token for each text, each with its own darts, as `choices` does. (b, V) -> (b,)."""
    cuts = np.cumsum(probs, axis=-1)
    darts = np.array([rng.random() for rng in rngs]) * cuts[:, -1]
    return np.minimum((cuts <= darts[:, None]).sum(axis=-1), probs.shape[-1] - 1)


def write_many(reader: ArrayReader, bos: int, rngs: Sequence[random.Random]) -> list[list[int]]:
    """Return the tokens of a text for each random generator. All are written at once, and leave when they are done."""
    texts: list[list[int]] = [[] for _ in rngs]
    writing, last = np.arange(len(rngs)), np.full(len(rngs), bos)
    while len(writing) and reader.length < reader.config.block_size:
        last = draw_all(reader.read(last[:, None])[:, -1], [rngs[i] for i in writing])
        for i, token_id in zip(writing.tolist(), last.tolist()):
            texts[i].append(token_id)
        going = last != bos
        writing, last = writing[going], last[going]
        reader.keep(going)
    return texts
