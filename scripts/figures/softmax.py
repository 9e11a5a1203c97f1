"""Softmax: five logits, their exponentials, their shares."""

from __future__ import annotations

from microgpt import Value, softmax

from ._still import number, table

LOGITS = [2.1, 0.3, -0.5, 1.0, -2.0]  # as in softmax.js


def still() -> str:
    """A table of what the program makes of the logits that the figure begins with."""
    largest = max(LOGITS)
    shares = [share.data for share in softmax([Value(logit) for logit in LOGITS])]
    exps = [Value(logit - largest).exp().data for logit in LOGITS]
    rows = [[number(x, 1), number(x - largest, 1), number(e, 3), number(p, 3)] for x, e, p in zip(LOGITS, exps, shares)]
    rows.append(["sum", "", number(sum(exps), 3), number(sum(shares), 3)])
    return table(["logit", "exponent", "exponential", "share"], rows)
