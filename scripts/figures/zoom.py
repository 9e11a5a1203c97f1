"""Zooming into a parabola: near a point, a curve is a line."""

from __future__ import annotations

from microgpt import Value

from ._still import number, table

X = 1.0  # where zoom.js begins
WIDTHS = (4, 1, 0.1, 0.01)


def gap(x: float, width: float) -> float:
    """How far, in a window of this width, the curve x² leaves its tangent, as a share of the width."""
    at = Value(x)
    (at * at).backward()
    edge = x + width / 2
    return (edge * edge - (x * x + at.grad * (edge - x))) / width


def still() -> str:
    rows = [[f"{width:g}", number(100 * gap(X, width), 2) + "%"] for width in WIDTHS]
    return table(["width of the window", "the curve leaves its tangent by"], rows, f"The curve x² at {X:g}, where its slope is 2; shares of the window's width")
