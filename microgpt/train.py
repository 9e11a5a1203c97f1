# Tangled from docs/4-training/01-what-training-is.md by scripts/tangle.py: edit the chapters, not this file. [sha256:fc6588ca63603439]
"""Training: measure the error, find out what each parameter did for it, and change all of them a little."""

from __future__ import annotations

import math
from collections.abc import Iterator

from .data import Tokenizer
from .gpt import empty_cache, gpt, softmax
from .params import Config, Params, flatten
from .value import Value


class DivergenceError(ArithmeticError):
    """Training left the range of numbers; the message says at which step and what to do."""


def document_loss(tokens: list[int], params: Params, config: Config) -> Value:
    """Return the mean cross-entropy, in nats, of predicting each token from those before it.

    `tokens` begin and end with BOS; at most `block_size` of them are predicted.
    """
    n = min(config.block_size, len(tokens) - 1)
    keys, values = empty_cache(config)
    losses = []
    for pos_id in range(n):
        probs = softmax(gpt(tokens[pos_id], pos_id, keys, values, params, config))
        losses.append(-probs[tokens[pos_id + 1]].log())
    return (1 / n) * sum(losses)


def learning_rate(step: int, config: Config) -> float:
    """Return the size of the steps at `step`, counted from 0: it decays to 0 over the run."""
    if config.decay == "cosine":
        return config.learning_rate * 0.5 * (1 + math.cos(math.pi * step / config.steps))
    return config.learning_rate * (1 - step / config.steps)


class Adam:
    """The optimizer: a step for each parameter, from the running means of its gradient. Kingma & Ba 2015."""

    def __init__(self, params: list[Value], beta1=Config.beta1, beta2=Config.beta2, eps=Config.eps):
        self.params, self.t = params, 0
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.m, self.v = [0.0] * len(params), [0.0] * len(params)

    def step(self, rate: float) -> None:
        """Move every parameter against its gradient, by about `rate`, and set the gradients to 0."""
        self.t += 1
        beta1, beta2, eps = self.beta1, self.beta2, self.eps
        correct1, correct2 = 1 - beta1**self.t, 1 - beta2**self.t
        for i, p in enumerate(self.params):
            m = self.m[i] = beta1 * self.m[i] + (1 - beta1) * p.grad
            v = self.v[i] = beta2 * self.v[i] + (1 - beta2) * p.grad**2
            p.data -= rate * (m / correct1) / ((v / correct2) ** 0.5 + eps)
            p.grad = 0.0


def train(
    docs: list[str], tokenizer: Tokenizer, params: Params, config: Config, adam: Adam | None = None
) -> Iterator[tuple[int, float]]:
    """Train `params` in place, a document a step; yield the step, from 1, and its loss, after each.

    The documents are taken in their order, again from the first when they run out. `adam` may have taken steps
    already: then training goes on after them. Raises ValueError if there are no documents, KeyError if one has a
    character the tokenizer lacks, DivergenceError if the numbers overflow.
    """
    if not docs:
        raise ValueError("there are no documents to train on")
    adam = adam or Adam(flatten(params), config.beta1, config.beta2, config.eps)
    for step in range(adam.t, config.steps):
        tokens = [tokenizer.bos, *tokenizer.encode(docs[step % len(docs)]), tokenizer.bos]
        try:
            loss = document_loss(tokens, params, config)
            loss.backward()
            adam.step(learning_rate(step, config))
            if not math.isfinite(loss.data):
                raise ArithmeticError(f"the loss is {loss.data}")
        except (ArithmeticError, ValueError) as error:
            raise DivergenceError(f"step {step + 1}: the numbers left their range; try a smaller learning rate") from error
        yield step + 1, loss.data
