"""e to the power of x and the logarithm: one is the other in a mirror."""

from __future__ import annotations

from microgpt import Value

from ._still import number, table

PLACES = (-2, -1, 0, 1, 2)


def still() -> str:
    rows = []
    for x in PLACES:
        y = Value(float(x)).exp()
        rows.append([number(x, 0), number(y.data, 3), number(Value(y.data).log().data, 3)])
    return table(["x", "e to the power of x", "and the log of that"], rows)
