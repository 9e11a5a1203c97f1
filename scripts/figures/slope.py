"""The slope of x³: measured with two kinds of nudges, and exact; and how far off they are as h shrinks."""

from __future__ import annotations

from microgpt import Value

from ._still import number, table

X = 2.0  # where slope.js begins
POWERS = range(0, 17, 2)


def cube(x):
    return x * x * x


def still() -> str:
    """A table of the errors at 2, as the chapter's example computes them."""
    x = Value(X)
    cube(x).backward()
    rows = []
    for k in POWERS:
        h = 10.0**-k
        one = (cube(X + h) - cube(X)) / h
        both = (cube(X + h) - cube(X - h)) / (2 * h)
        rows.append(["1" if k == 0 else f"1e−{k}", short(abs(one - x.grad)), short(abs(both - x.grad))])
    return table(["h", "one nudge is off by", "up and down is off by"], rows, f"The slope of x³ at {X:g}; exact: {x.grad:g}")


def short(x: float) -> str:
    """As `short` of slope.js."""
    if x == 0:
        return "0"
    return f"{x:.1e}".replace("e-0", "e-").replace("-", "−") if x < 0.001 else number(x, 3)
