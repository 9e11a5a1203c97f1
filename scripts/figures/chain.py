"""A moving chain: a nudge of the input travels along three functions and is stretched by each."""

from __future__ import annotations

from microgpt import Value

from ._still import number, table

X, NUDGE = 1.0, 0.1  # where chain.js begins
LINKS = (("u = 3x", lambda x: x * 3), ("v = u + 1", lambda u: u + 1), ("y = v²", lambda v: v * v))


def stages(x: float) -> list[float]:
    found = [x]
    for _, function in LINKS:
        found.append(function(Value(found[-1])).data)
    return found


def slopes(x: float) -> list[float]:
    """The slope of each link, where the chain stands."""
    found = []
    for at, (_, function) in zip(stages(x), LINKS):
        value = Value(at)
        function(value).backward()
        found.append(value.grad)
    return found


def still() -> str:
    before, after, steep = stages(X), stages(X + NUDGE), slopes(X)
    rows = [["x", number(before[0], 3), number(after[0] - before[0], 4), "–"]]
    for i, (name, _) in enumerate(LINKS):
        rows.append([name, number(before[i + 1], 3), number(after[i + 1] - before[i + 1], 4), number(steep[i], 3)])
    return table(["", "value", f"moves, when x moves by {NUDGE:g}", "slope of the link"], rows)
