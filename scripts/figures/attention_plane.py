"""An attention head in the plane: a query, three keys, three values of two numbers each; scores, weights and the mix."""

from __future__ import annotations

from microgpt import Value, attention_head, dot, softmax

from ._still import number, table

QUERY = (2.0, 1.0)  # as in attention-plane.js
KEYS = ((2.0, 0.5), (-1.0, 1.5), (0.5, -2.0))
VALUES = ((1.0, 0.0), (0.0, 1.0), (-1.0, -1.0))


def vector(numbers: tuple[float, ...]) -> list[Value]:
    return [Value(x) for x in numbers]


def head(query: tuple[float, ...], keys=KEYS, values=VALUES) -> tuple[list[float], list[float], list[float]]:
    """Scores, weights and the mix, as the program has them."""
    q, ks = vector(query), [vector(key) for key in keys]
    scores = [dot(q, key) / len(q) ** 0.5 for key in ks]
    mixed = attention_head(q, ks, [vector(value) for value in values])
    return [s.data for s in scores], [w.data for w in softmax(scores)], [x.data for x in mixed]


def still() -> str:
    scores, weights, mixed = head(QUERY)
    rows = [
        [str(i), *(f"({', '.join(number(x, 1) for x in pair)})" for pair in (KEYS[i], VALUES[i])), number(scores[i]), number(weights[i], 3)]
        for i in range(3)
    ]
    caption = f"The query is ({', '.join(number(x, 1) for x in QUERY)}), the mix of the values ({', '.join(number(x) for x in mixed)})"
    return table(["position", "key", "value", "score", "weight"], rows, caption)
