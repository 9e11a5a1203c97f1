# Tangled from docs/7-growing-up/11-how-large.md by scripts/tangle.py: edit the chapters, not this file. [sha256:c41ddbfe20b632e0]
"""How the loss depends on size and data: fit a law to the results of a sweep, and say how sure one can be."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

EXPONENTS = np.arange(0.02, 1.5, 0.01)  # that are tried
FLOPS = 6  # operations for each parameter and token, forward and backward


class Law(NamedTuple):
    """loss = floor + a / params**alpha + b / tokens**beta; `rms` is what it misses the points by. In nats."""

    floor: float
    a: float
    alpha: float
    b: float
    beta: float
    rms: float

    def __call__(self, params: float, tokens: float) -> float:
        return self.floor + self.a / params**self.alpha + self.b / tokens**self.beta


class Sweep:
    """Points to fit a law to: how many parameters, how many tokens read. Two rows of n numbers."""

    def __init__(self, params, tokens):
        params, tokens = np.asarray(params, float), np.asarray(tokens, float)
        self.pairs = np.stack(np.meshgrid(EXPONENTS, EXPONENTS, indexing="ij"), -1).reshape(-1, 2)
        smaller = params ** -self.pairs[:, :1], tokens ** -self.pairs[:, 1:]
        self.terms = np.stack([np.ones_like(smaller[0]), *smaller], -1)  # (pairs, n, 3)
        self.solve = np.linalg.pinv(self.terms)  # (pairs, 3, n)

    def fit(self, losses) -> Law:
        """Return the law that misses n losses by least: all pairs of exponents are tried, the rest is solved for."""
        found = self.solve @ losses  # (pairs, 3)
        missed = ((self.terms @ found[..., None])[..., 0] - losses) ** 2
        rms = np.where((found < -1e-9).any(-1), np.inf, missed.mean(-1) ** 0.5)
        best = rms.argmin()
        (floor, a, b), (alpha, beta) = found[best].tolist(), self.pairs[best].tolist()
        return Law(floor, a, round(alpha, 2), b, round(beta, 2), float(rms[best]))


def cheapest(law: Law, flops: float) -> tuple[float, float]:
    """Return the parameters and the tokens by which a law's loss is least, if their product may cost so many operations."""
    product, share = flops / FLOPS, law.beta / (law.alpha + law.beta)
    params = (law.alpha * law.a / (law.beta * law.b)) ** (1 / (law.alpha + law.beta)) * product**share
    return params, product / params


def straight_line(flops, losses, floor: float) -> tuple[float, float, float]:
    """Fit losses = floor + c / flops**exponent, for a floor that is given; return exponent, c and the root mean square missed."""
    flops, losses = np.asarray(flops, float), np.asarray(losses, float)
    slope, height = np.polyfit(np.log(flops), np.log(losses - floor), 1)
    missed = floor + np.exp(height) * flops**slope - losses
    return float(-slope), float(np.exp(height)), float(np.sqrt(np.mean(missed**2)))


def frontier(flops, losses) -> list[int]:
    """Return the points that no cheaper one is as good as, from the cheapest on."""
    best, found = float("inf"), []
    for i in np.argsort(flops, kind="stable").tolist():
        if losses[i] < best:
            best = losses[i]
            found.append(i)
    return found


def resample(losses, rng) -> np.ndarray:
    """Draw seeds, and parts of the exam, with replacement; return the mean of each cell. (cells, seeds, parts) -> (cells,)."""
    _, seeds, parts = losses.shape
    drawn = losses[:, rng.integers(seeds, size=seeds)][:, :, rng.integers(parts, size=parts)]
    return drawn.mean((1, 2))
