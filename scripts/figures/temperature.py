"""Temperature: the trained model's distribution of the next token, colder and hotter."""

from __future__ import annotations

from typing import Any

from microgpt import Value, distribution

from ..runs.passes import last_logits
from ._passes import default_reader
from ._still import Html, element, load, number, table

BEGINNINGS = ["", "a", "em", "jo", "mar", "th", "anna", "xqz"]
START = "em"  # as in temperature.js
TEMPERATURES = [0, 0.25, 0.5, 1, 2]  # of the still
IN_STILL = 6


def record() -> dict[str, Any]:
    """The logits of the trained model after some beginnings."""
    reader = default_reader()
    logits = {beginning: last_logits(beginning, reader) for beginning in BEGINNINGS}
    return {"tokens": [*reader.tokenizer.chars, "end"], "logits": logits}


RECORDINGS = {"temperature.json": record}


def still() -> Html:
    """The likeliest tokens after one beginning, at some temperatures."""
    recorded = load("figures/temperature.json")
    logits = recorded["logits"][START]
    order = sorted(range(len(logits)), key=lambda i: -logits[i])
    shares = [distribution([Value(logit) for logit in logits], temperature) for temperature in TEMPERATURES]
    rows = [[recorded["tokens"][i], *(number(probs[i], 3) for probs in shares)] for i in order[:IN_STILL]]
    rest = order[IN_STILL:]
    rows.append([f"{len(rest)} others", *(number(sum(probs[i] for i in rest), 3) for probs in shares)])
    head = [f"after “{START}”", *(f"T = {temperature}" for temperature in TEMPERATURES)]
    return element("div", table(head, rows))
