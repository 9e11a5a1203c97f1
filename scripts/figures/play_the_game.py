"""Play the game: names that neither program has read, and what each of their letters costs rung 0 and the GPT."""

from __future__ import annotations

import math
from typing import Any

from microgpt import document_loss, empty_cache, gpt, softmax
from microgpt.ladder import train0

from ..runs.default import default_run, tokens_of
from ._still import load, number, table

COUNT = 8  # the first names after those that were trained on, whichever they are
PLAYERS = {"pairs": "pairs, counted", "gpt": "our GPT"}


def record() -> dict[str, Any]:
    """For each name and player: the loss of each token, their mean, and what was thought the likeliest, with its share."""
    run = default_run()
    counts = [[0] * run.tokenizer.vocab_size for _ in range(run.tokenizer.vocab_size)]
    for _ in train0.train(run.docs, run.tokenizer, counts, run.config.steps):
        pass

    def played(rows: list[list[float]], tokens: list[int], mean: float) -> dict[str, Any]:
        losses = [-math.log(row[target]) for row, target in zip(rows, tokens[1:])]
        favorites = [max(range(len(row)), key=row.__getitem__) for row in rows]
        return {
            "losses": [round(loss, 3) for loss in losses],
            "mean": round(mean, 3),
            "favorites": [[token, round(row[token], 3)] for row, token in zip(rows, favorites)],
        }

    names = {}
    for name in run.docs[run.config.steps : run.config.steps + COUNT]:
        tokens = tokens_of(name, run.tokenizer)
        keys, values = empty_cache(run.config)
        by_gpt = [softmax(gpt(token, i, keys, values, run.params, run.config)) for i, token in enumerate(tokens[:-1])]
        by_pairs = [train0.probabilities(counts[token]) for token in tokens[:-1]]
        names[name] = {
            "pairs": played(by_pairs, tokens, train0.document_loss(tokens, counts)),
            "gpt": played([[p.data for p in row] for row in by_gpt], tokens, document_loss(tokens, run.params, run.config).data),
        }
    return {"chars": run.tokenizer.chars, "read": run.config.steps, "names": names}


RECORDINGS = {"play-the-game.json": record}


def still() -> str:
    """What each letter of the last name cost the two."""
    recorded = load("figures/play-the-game.json")
    name = [*recorded["names"]][-1]
    players = [recorded["names"][name][player] for player in PLAYERS]
    rows = [[token, *(number(p["losses"][i]) for p in players)] for i, token in enumerate([*name, "the end"])]
    rows.append(["mean", *(number(p["mean"]) for p in players)])
    return table(["what came", *PLAYERS.values()], rows, f"Losses, letter by letter, for {name}, which neither has read")
