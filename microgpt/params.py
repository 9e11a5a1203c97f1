# Tangled from docs/3-architecture/01-parameters-are-knowledge.md by scripts/tangle.py: edit the chapters, not this file. [sha256:cf7ecb44d82fabb4]
"""The knobs of the model and the numbers it learns."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass, fields

from .value import Value

Params = dict[str, list[list[Value]]]  # a matrix is a list of rows
CHOICES = {"activation": ("relu", "relu2"), "decay": ("linear", "cosine")}  # settings that are one of some words


@dataclass(frozen=True)
class Config:
    """Every knob of the program. Raises ValueError for a setting that can't be."""

    n_embd: int = 16  # numbers in a token's vector
    n_head: int = 4  # attention heads; they share the n_embd numbers evenly
    n_layer: int = 1  # transformer blocks
    block_size: int = 16  # tokens the model can look back on
    activation: str = "relu"  # in the MLP: "relu", or "relu2" for its square
    init_std: float = 0.08  # standard deviation of the first, random weights
    zero_init: bool = False  # attn_wo and mlp_fc2 start at 0 instead
    steps: int = 1000  # one document a step
    learning_rate: float = 0.01
    decay: str = "linear"  # of the learning rate, to 0: "linear" or "cosine"
    beta1: float = 0.85  # Adam's memory of the gradient
    beta2: float = 0.99  # and of its square
    eps: float = 1e-8  # keeps Adam from dividing by 0
    temperature: float = 0.5  # 0 always takes the likeliest token, 1 draws as the model says
    samples: int = 20  # texts to write after training
    seed: int = 42  # where the random numbers start

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            kind = type(field.default)
            if type(value) is not kind and not (kind is float and type(value) is int):
                raise ValueError(f"{field.name} {value!r} is not of type {kind.__name__}")
            if kind is float and not abs(value) <= sys.float_info.max:
                raise ValueError(f"{field.name} {value} is not a finite number")
        least = {"n_embd": 1, "n_head": 1, "n_layer": 0, "block_size": 1, "steps": 0, "samples": 0}
        for name, bound in least.items():
            if not bound <= getattr(self, name) <= 10**9:
                raise ValueError(f"{name} is not in the range from {bound} to 1,000,000,000")
        if self.n_embd % self.n_head:
            raise ValueError(f"n_embd {self.n_embd} is not divisible by n_head {self.n_head}")
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} {getattr(self, name)!r} is not one of {', '.join(choices)}")
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} {getattr(self, name)} is not in the range from 0 to below 1")
        for name in ("learning_rate", "eps"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} {getattr(self, name)} is not greater than 0")
        if self.init_std < 0:
            raise ValueError(f"init_std {self.init_std} is less than 0")
        if self.temperature and self.temperature < 1e-6:
            raise ValueError(f"temperature {self.temperature} is neither 0 (greedy) nor at least 1e-6")


PRESETS = {
    "4192": Config(),
    "4064": Config(
        block_size=8, activation="relu2", init_std=0.02, zero_init=True,
        steps=500, beta1=0.9, beta2=0.95, decay="cosine",
    ),
}


def shapes(config: Config, vocab_size: int) -> dict[str, tuple[int, int]]:
    """Return (rows, columns) of every matrix of the model, in the order in which they are drawn."""
    n = config.n_embd
    table = {"wte": (vocab_size, n), "wpe": (config.block_size, n), "lm_head": (vocab_size, n)}
    for i in range(config.n_layer):
        table |= {f"layer{i}.attn_{name}": (n, n) for name in ("wq", "wk", "wv", "wo")}
        table |= {f"layer{i}.mlp_fc1": (4 * n, n), f"layer{i}.mlp_fc2": (n, 4 * n)}
    return table


def count_params(config: Config, vocab_size: int) -> int:
    """Return how many parameters the model has."""
    n = config.n_embd
    return (2 * vocab_size + config.block_size) * n + config.n_layer * 12 * n * n


def init_params(config: Config, vocab_size: int, rng: random.Random) -> Params:
    """Return the model's matrices, filled with random numbers row by row."""
    params = {}
    for name, (rows, columns) in shapes(config, vocab_size).items():
        std = 0.0 if config.zero_init and name.endswith(("attn_wo", "mlp_fc2")) else config.init_std
        params[name] = [[Value(rng.gauss(0, std)) for _ in range(columns)] for _ in range(rows)]
    return params


def flatten(params: Params) -> list[Value]:
    """Return all parameters in one list, matrix by matrix, row by row."""
    return [p for matrix in params.values() for row in matrix for p in row]
