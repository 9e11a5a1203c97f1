"""Temperature: the trained model's distribution of the next token, colder and hotter."""

from __future__ import annotations

from typing import Any

from microgpt import Value, distribution, empty_cache, gpt

from ..runs.default import default_run
from ._still import Html, element, load, number, table

BEGINNINGS = ["", "a", "em", "jo", "mar", "th", "anna", "xqz"]
START = "em"  # as in temperature.js
TEMPERATURES = [0, 0.25, 0.5, 1, 2]  # of the still
IN_STILL = 6


def record() -> dict[str, Any]:
    """The logits of the trained model after some beginnings."""
    run = default_run()
    logits = {}
    for beginning in BEGINNINGS:
        keys, values = empty_cache(run.config)
        for position, token in enumerate([run.tokenizer.bos, *run.tokenizer.encode(beginning)]):
            last = gpt(token, position, keys, values, run.params, run.config)
        logits[beginning] = [round(logit.data, 4) for logit in last]
    return {"tokens": [*run.tokenizer.chars, "end"], "logits": logits}


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
