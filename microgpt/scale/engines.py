# Tangled from docs/7-growing-up/01-tables-instead-of-numbers.md by scripts/tangle.py: edit the chapters, not this file. [sha256:997ee35b617d9895]
"""What all engines share: the same parameters in, the same losses out."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator

from ..data import Tokenizer
from ..params import Config, Params
from ..train import Adam, DivergenceError, document_loss, learning_rate, train

ENGINES = ("plain", "numpy", "jax", "torch")
DTYPES = ("float64", "float32", "bfloat16")
DEVICES = ("cpu", "cuda")

class EngineError(Exception):
    """An engine that can't be had here; the message says what to do."""


class Engine:
    """Trains a model, from the parameters and the optimizer that it is given. Subclasses say how a step is done."""

    DTYPES: tuple[str, ...] = ("float64",)
    DEVICES: tuple[str, ...] = ("cpu",)

    def __init__(self, params: Params, config: Config, adam: Adam, dtype: str = "float64", device: str = "cpu"):
        """Raises ValueError if it can't compute in this `dtype` or on this `device`."""
        for what, value, known in (("dtype", dtype, self.DTYPES), ("device", device, self.DEVICES)):
            if value not in known:
                raise ValueError(f"{what} {value}: this engine has {', '.join(known)} only")
        self.params, self.config, self.adam, self.t = params, config, adam, adam.t

    def step(self, documents: list[list[int]]) -> float:
        """Learn from documents, given as tokens, by the mean of their gradients; return the mean loss, in nats."""
        raise NotImplementedError

    def store(self) -> None:
        """Write what was learned into `params`, and Adam's memory into `adam`, as of the last step yielded."""
        raise NotImplementedError

    def train(self, docs: list[str], tokenizer: Tokenizer, batch: int = 1) -> Iterator[tuple[int, float]]:
        """As `microgpt.train`, with `batch` documents a step. What was learned is in `params` after `store`."""
        if not docs:
            raise ValueError("there are no documents to train on")
        for step in range(self.t, self.config.steps):
            try:
                loss = self.step([self.tokens(docs, step * batch + i, tokenizer) for i in range(batch)])
                if not math.isfinite(loss):
                    raise ArithmeticError(f"the loss is {loss}")
            except ArithmeticError as error:
                raise diverged(step) from error
            self.t = step + 1
            yield step + 1, loss

    def tokens(self, docs: list[str], i: int, tokenizer: Tokenizer) -> list[int]:
        """Return the tokens of the i-th document of the run, BOS at both ends, cut off after the block."""
        return [tokenizer.bos, *tokenizer.encode(docs[i % len(docs)]), tokenizer.bos][: self.config.block_size + 1]


def diverged(step: int) -> DivergenceError:
    """The error for numbers that left their range in this step, counted from 0."""
    return DivergenceError(f"step {step + 1}: the numbers left their range; try a smaller learning rate")


class PlainEngine(Engine):
    """The book's own: `Value`s, and for one document a step its own `train`."""

    def train(self, docs: list[str], tokenizer: Tokenizer, batch: int = 1) -> Iterator[tuple[int, float]]:
        if batch == 1:
            return train(docs, tokenizer, self.params, self.config, self.adam)
        return super().train(docs, tokenizer, batch)

    def step(self, documents: list[list[int]]) -> float:
        total = 0.0
        try:
            for tokens in documents:
                loss = document_loss(tokens, self.params, self.config)
                (loss * (1 / len(documents))).backward()  # gradients add up until Adam's step
                total += loss.data
        except ValueError as error:  # log(0)
            raise ArithmeticError(str(error)) from error
        self.adam.step(learning_rate(self.t, self.config))
        return total / len(documents)

    def store(self) -> None:
        """Nothing to do: it changes `params` and `adam` themselves."""


def make_engine(
    name: str, params: Params, config: Config, adam: Adam, dtype: str = "float64", device: str = "cpu"
) -> Engine:
    """Return the engine called `name`. Raises EngineError if its package is missing, ValueError if it can't do this."""
    if name not in ENGINES:
        raise ValueError(f"there is no such engine, only {', '.join(ENGINES)}")
    if name == "plain":
        return PlainEngine(params, config, adam, dtype, device)
    try:
        module = importlib.import_module(f".{name}_engine", __package__)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("microgpt"):
            raise
        raise EngineError(f"the engine {name} needs {error.name}: pip install {error.name}") from None
    return module.ENGINE(params, config, adam, dtype, device)
