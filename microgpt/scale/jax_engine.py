# Tangled from docs/7-growing-up/02-let-a-compiler-do-it.md by scripts/tangle.py: edit the chapters, not this file. [sha256:3c3a7d9a8de2e556]
"""The model as a function of a row of tokens, and what JAX makes of it: gradients, batches, a compiled loop."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ..data import Tokenizer
from ..params import Config, Params, shapes
from ..train import Adam, learning_rate
from .batches import pack, rows_needed
from .engines import Engine, diverged

jax.config.update("jax_enable_x64", True)  # or float64 quietly becomes float32
CHUNK = 100  # steps in one call of the compiled program, at most

Arrays = dict[str, Any]
State = tuple[jax.Array, jax.Array, jax.Array]  # all parameters, and Adam's m and v, each in one vector


def matrices(vector: jax.Array, config: Config, vocab_size: int) -> dict[str, jax.Array]:
    """Cut the vector of all parameters into the model's matrices."""
    sizes = shapes(config, vocab_size)
    ends = np.cumsum([rows * columns for rows, columns in sizes.values()])
    return {name: part.reshape(sizes[name]) for name, part in zip(sizes, jnp.split(vector, ends[:-1]))}


def rmsnorm(x: jax.Array) -> jax.Array:
    """Scale each row so that the mean of its squares is 1. (t, n) -> (t, n)."""
    return x * (jnp.mean(x * x, axis=-1, keepdims=True) + 1e-5) ** -0.5


def attention(x: jax.Array, wq: jax.Array, wk: jax.Array, wv: jax.Array, allowed: jax.Array, n_head: int) -> jax.Array:
    """Let each position attend, in each head, to those that are allowed. (t, n), (t, t) -> (t, n)."""
    q, k, v = ((x @ w.T).reshape(len(x), n_head, -1).swapaxes(0, 1) for w in (wq, wk, wv))
    scores = q @ k.swapaxes(1, 2) / q.shape[-1] ** 0.5
    mixed = jax.nn.softmax(jnp.where(allowed, scores, -jnp.inf)) @ v
    return mixed.swapaxes(0, 1).reshape(x.shape)


def row_loss(w: dict[str, jax.Array], row: Arrays, config: Config) -> jax.Array:
    """Return the cross-entropy of a row of tokens, each prediction multiplied by its share, in nats."""
    t = len(row["tokens"])
    allowed = jnp.tril(jnp.ones((t, t), bool))  # nobody may look ahead
    document = jnp.cumsum(row["places"] == 0)  # each begins at place 0
    allowed &= document[:, None] == document
    x = rmsnorm(w["wte"][row["tokens"]] + w["wpe"][row["places"]])
    for i in range(config.n_layer):
        wq, wk, wv, wo, fc1, fc2 = (w[f"layer{i}.{name}"] for name in LAYER)
        x = x + attention(rmsnorm(x), wq, wk, wv, allowed, config.n_head) @ wo.T
        hidden = jax.nn.relu(rmsnorm(x) @ fc1.T)
        x = x + (hidden**2 if config.activation == "relu2" else hidden) @ fc2.T
    logits = (x @ w["lm_head"].T).astype(row["shares"].dtype)
    log_probs = jax.nn.log_softmax(logits)[jnp.arange(t), row["targets"]]
    return -jnp.sum(log_probs * row["shares"])


LAYER = ("attn_wq", "attn_wk", "attn_wv", "attn_wo", "mlp_fc1", "mlp_fc2")


def batch_loss(vector: jax.Array, rows: Arrays, config: Config, vocab_size: int, dtype: str) -> jax.Array:
    """Return the loss of a batch: of all its rows, computed in `dtype`."""
    w = matrices(vector.astype(dtype), config, vocab_size)
    return jnp.sum(jax.vmap(partial(row_loss, w, config=config))(rows))


@partial(jax.jit, static_argnames=("config", "vocab_size", "dtype"))
def run_steps(
    state: State, chunk: Arrays, first: int, last: int, betas: tuple, config: Config, vocab_size: int, dtype: str
) -> tuple[State, jax.Array]:
    """Do the steps of a chunk from `first` to before `last`; return the state after them, and the losses."""
    beta1, beta2, eps = betas

    def step(state: State, x: Arrays) -> tuple[State, jax.Array]:
        vector, m, v = state
        loss, gradient = jax.value_and_grad(batch_loss)(vector, x["rows"], config, vocab_size, dtype)
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * gradient**2
        vector = vector - x["rate"] * (m / x["correct1"]) / (jnp.sqrt(v / x["correct2"]) + eps)
        return (vector, m, v), loss

    def skip(state: State, x: Arrays) -> tuple[State, jax.Array]:
        return state, jnp.zeros((), state[0].dtype)

    def step_or_skip(state: State, x: Arrays) -> tuple[State, jax.Array]:
        return lax.cond((first <= x["step"]) & (x["step"] < last), step, skip, state, x)

    return lax.scan(step_or_skip, state, chunk)


def lay_out(batches: list[list[np.ndarray]], shape: tuple[int, int, int], dtype: str) -> Arrays:
    """Put the documents of some steps into arrays of `shape`: (steps, rows, tokens in a row)."""
    tokens, targets, places = (np.zeros(shape, np.int32) for _ in range(3))
    shares = np.zeros(shape, dtype)
    for step, documents in enumerate(batches):
        for document, (row, start) in zip(documents, pack([len(d) - 1 for d in documents], shape[2])):
            n = len(document) - 1
            here = step, row, slice(start, start + n)
            tokens[here], targets[here], places[here] = document[:-1], document[1:], np.arange(n)
            shares[here] = 1 / (n * len(documents))
    return {"tokens": tokens, "targets": targets, "places": places, "shares": shares}


class JaxEngine(Engine):
    """Many steps in a call of the compiled program; seen from outside, one after the other."""

    DTYPES = ("float64", "float32", "bfloat16")

    def __init__(self, params: Params, config: Config, adam: Adam, dtype: str = "float64", device: str = "cpu"):
        super().__init__(params, config, adam, dtype, device)
        self.dtype = dtype
        needed = ("n_embd", "n_head", "n_layer", "block_size", "activation")
        self.model = Config(**{name: getattr(config, name) for name in needed})  # what the compiled program depends on
        self.kept = "float64" if dtype == "float64" else "float32"  # what parameters, Adam's memory and losses are kept in
        vector = [p.data for p in adam.params]
        self.known = {self.t: tuple(jnp.array(x, self.kept) for x in (vector, adam.m, adam.v))}  # steps done -> state
        self.chunk: Arrays = {}

    def train(self, docs: list[str], tokenizer: Tokenizer, batch: int = 1) -> Iterator[tuple[int, float]]:
        """As `Engine.train`."""
        if not docs:
            raise ValueError("there are no documents to train on")
        documents = [np.array(self.tokens(docs, i, tokenizer), np.int32) for i in range(len(docs))]
        def batch_of(step: int) -> list[np.ndarray]:
            return [documents[i % len(documents)] for i in range(step * batch, (step + 1) * batch)]

        lengths = [len(document) - 1 for document in documents]
        width = min(self.config.block_size, 2 * max(lengths))
        all_batches = ([len(document) - 1 for document in batch_of(step)] for step in range(min(self.config.steps, len(docs))))
        rows = max((rows_needed(lengths, width) for lengths in all_batches), default=1)
        length = max(1, min(CHUNK, 2**20 // (rows * width)))
        count = 1
        while self.t < self.config.steps:
            began, state, start = time.monotonic(), self.state(), self.t
            end = min(start + count, self.config.steps)
            self.chunk = self.chunk_of_steps([batch_of(step) for step in range(start, end)], start, (length, rows, width))
            after, losses = self.run(state, start, end)
            self.known = {start: state, end: after}
            losses = losses[: end - start].tolist()  # waits for them
            count = min(2 * count, length) if time.monotonic() - began < 0.2 else max(1, count // 2)
            for loss in losses:
                if not math.isfinite(loss):
                    raise diverged(self.t)
                self.t += 1
                yield self.t, loss

    def state(self) -> State:
        """The state after the last step that was yielded. If that was in a chunk, its steps up to there are done again."""
        if self.t not in self.known:
            near = max(t for t in self.known if t < self.t)
            self.known[self.t], _ = self.run(self.known[near], near, self.t)
        self.known = {t: state for t, state in self.known.items() if t >= self.t}
        return self.known[self.t]

    def store(self) -> None:
        vector, m, v = (part.tolist() for part in self.state())
        for p, x in zip(self.adam.params, vector):
            p.data = x
        self.adam.t, self.adam.m, self.adam.v = self.t, m, v

    def chunk_of_steps(self, batches: list[list[np.ndarray]], start: int, shape: tuple[int, int, int]) -> Arrays:
        """What the steps from `start` need: an array for all, with an entry for each step, and zeros after the last."""
        steps = np.arange(start, start + shape[0])
        correct1, correct2 = (1 - beta ** (steps + 1.0) for beta in (self.adam.beta1, self.adam.beta2))
        rates = np.array([learning_rate(step, self.config) for step in steps.tolist()])
        with np.errstate(over="ignore"):
            rate, correct1, correct2 = (x.astype(self.kept) for x in (rates, correct1, correct2))
        return {"step": steps, "rate": rate, "correct1": correct1, "correct2": correct2, "rows": lay_out(batches, shape, self.kept)}

    def run(self, state: State, first: int, last: int) -> tuple[State, jax.Array]:
        """Let the compiled program do the steps from `first` to before `last`, which are in the chunk."""
        betas = tuple(np.asarray(x, self.kept) for x in (self.adam.beta1, self.adam.beta2, self.adam.eps))
        return run_steps(state, self.chunk, first, last, betas, self.model, len(self.params["wte"]), self.dtype)


ENGINE = JaxEngine
