"""Gradient descent and Adam on the same valley, a² + s · b²."""

from __future__ import annotations

from collections.abc import Iterator

from microgpt import Adam, Value

from ._still import number, table

START, STEPS = (4.0, 1.0), 60  # as in descent.js
STEEPNESS, RATES = 10, (0.09, 0.2)


def race(method: str, rate: float, steepness: int) -> Iterator[tuple[float, float, float]]:
    """Yield a, b and the loss, at the start and after each step; `method` is "plain" or "adam"."""
    a, b = Value(START[0]), Value(START[1])
    adam = Adam([a, b])
    for _ in range(STEPS + 1):
        loss = a**2 + steepness * b**2
        loss.backward()
        yield a.data, b.data, loss.data
        if method == "adam":
            adam.step(rate)
            continue
        for p in (a, b):
            p.data -= rate * p.grad
            p.grad = 0.0


def still() -> str:
    """A table of the race that the figure begins with."""
    plain, adam = (list(race(method, rate, STEEPNESS)) for method, rate in zip(("plain", "adam"), RATES))
    rows = [
        [str(step), *(text for a, b, loss in (plain[step], adam[step]) for text in (f"{short(a)}, {short(b)}", power(loss)))]
        for step in (0, 1, 2, 5, 10, 20, 40, 60)
    ]
    head = ["step", "plain descent: a, b", "loss", "Adam: a, b", "loss"]
    return table(head, rows, f"The valley a² + {STEEPNESS} · b², with the rates {RATES[0]} and {RATES[1]}")


def short(x: float) -> str:
    """As `short` of descent.js."""
    return exponential(x) if abs(x) >= 1000 else number(x, 3).replace("−0.000", "0.000")


def power(x: float) -> str:
    """As `shortLoss` of descent.js."""
    return exponential(x) if x >= 1000 or 0 < x < 0.001 else number(x, 3)


def exponential(x: float) -> str:
    mantissa, exponent = f"{x:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}".replace("-", "−")
