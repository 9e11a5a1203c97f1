"""What a neuron fires for: each of the 64 of the trained model, by the letter that is read and by its place."""

from __future__ import annotations

from typing import Any

from ..runs.default import default_run, tokens_of
from ..runs.passes import read
from ._passes import default_reader
from ._still import load, number, table

NAMES = 300  # read to see when neurons fire
PLACES = 10
UNIT = 100
IN_STILL = (0, 7, 22, 41)


def record() -> dict[str, Any]:
    """For each neuron: how often it's on, and its mean value, in hundredths, after each letter and at each place."""
    run = default_run()
    params = run.params_at[run.config.steps]
    size = run.tokenizer.vocab_size
    sums = [[[0.0] * 64 for _ in range(count)] for count in (size, PLACES)]
    counts = [[0] * size, [0] * PLACES]
    on, total = [0] * 64, 0
    for doc in run.docs[run.config.steps : run.config.steps + NAMES]:
        for pos_id, (token_id, stages) in enumerate(zip(tokens_of(doc, run.tokenizer), read(doc, params, default_reader()))):
            hidden = [h.data for h in stages["hidden"]]
            total += 1
            on = [a + (h > 0) for a, h in zip(on, hidden)]
            for part, index in ((0, token_id), (1, min(pos_id, PLACES - 1))):
                counts[part][index] += 1
                sums[part][index] = [a + h for a, h in zip(sums[part][index], hidden)]
    means = [
        [[round(UNIT * row[n] / count) if count else None for row, count in zip(sums[part], counts[part])] for n in range(64)]
        for part in (0, 1)
    ]
    return {
        "tokens": [*run.tokenizer.chars, "BOS"], "unit": UNIT, "on": [round(a / total, 3) for a in on],
        "by_token": means[0], "by_place": means[1],
    }


RECORDINGS = {"neuron.json": record}


def still() -> str:
    recorded = load("figures/neuron.json")
    rows = []
    for n in IN_STILL:
        means = {token: mean for token, mean in zip(recorded["tokens"], recorded["by_token"][n]) if mean is not None}
        best = sorted(means, key=lambda token: -means[token])[:5]
        rows.append([str(n), number(100 * recorded["on"][n], 0) + "%", ", ".join(f"{token} {number(means[token] / UNIT)}" for token in best)])
    return table(["neuron", "on", "strongest after"], rows, f"Of {NAMES} names that weren't read in training")
