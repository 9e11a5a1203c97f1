"""RMSNorm in the plane: whatever a vector's length, it lands on a circle."""

from __future__ import annotations

from microgpt import Value, rmsnorm

from ._still import number, table

VECTORS = ((3, 4), (0.3, 0.4), (-2, 1), (0.01, 0.02), (0, 0))


def still() -> str:
    """Some vectors and where they land."""
    rows = []
    for vector in VECTORS:
        landed = rmsnorm([Value(float(x)) for x in vector])
        rows.append([f"({', '.join(f'{x:g}'.replace('-', '−') for x in vector)})", f"({', '.join(number(y.data, 3) for y in landed)})"])
    return table(["vector", "after RMSNorm"], rows)
