"""The graph of L = a · b + a: what each node holds after the forward and the backward pass."""

from __future__ import annotations

from microgpt import Value

from ._still import number, table

A, B = 2.0, 3.0  # as in graph.js


def still() -> str:
    """A table of the nodes, as Value makes them."""
    a, b = Value(A), Value(B)
    p = a * b
    L = p + a
    L.backward()
    names = {a: "a", b: "b", p: "p = a · b", L: "L = p + a"}
    rows = []
    for node, name in names.items():
        pairs = zip(node._children, node._local_grads)
        local = ", ".join(f"{text(grad)} for {names[child][0]}" for child, grad in pairs)
        rows.append([name, text(node.data), local or "–", text(node.grad)])
    return table(["node", "data", "local gradients", "grad"], rows)


def text(x: float) -> str:
    """As `text` of graph.js."""
    return number(x + 0.0).rstrip("0").rstrip(".")
