"""Speculative decoding, letter by letter: what letter pairs guess, what the model thinks of it, and what is kept."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any
from unittest.mock import patch

from microgpt.ladder import train0

from ..runs.default import default_run
from ._still import Html, element, load, number, table

DECODING = import_module("microgpt.scale.decoding")
SEEDS = (37, 10, 17, 26)
AHEAD = 4
UNIT = 10_000  # shares are recorded in ten-thousandths


class Heard(random.Random):
    """A random generator that says where its last dart fell."""

    dart = 0.0

    def random(self) -> float:
        self.dart = super().random()
        return self.dart


def record() -> dict[str, Any]:
    """A few names, at temperature 1: each letter that was judged, with the shares that the draft and the model gave."""
    run = default_run()
    counts = [[0] * run.tokenizer.vocab_size for _ in range(run.tokenizer.vocab_size)]
    for _ in train0.train(run.docs, run.tokenizer, counts, run.config.steps):
        pass
    rows = [train0.probabilities(row) for row in counts]
    names = [written(random_seed, run, rows) for random_seed in SEEDS]
    return {"tokens": [*run.tokenizer.chars, "BOS"], "unit": UNIT, "ahead": AHEAD, "draft": [in_units(row) for row in rows], "names": names}


def in_units(probs: Sequence[float]) -> list[int]:
    return [round(UNIT * p) for p in probs]


def written(seed: int, run: Any, rows: list[list[float]]) -> dict[str, Any]:
    """One name: its passes, each with its guesses and what became of them."""
    bos, passes = run.tokenizer.bos, []

    class Reader(DECODING.PlainReader):
        def read(self, tokens: list[int]) -> list[list[float]]:
            probs = super().read(tokens)
            passes.append({"guesses": [*self.ahead], "model": [in_units(p) for p in probs], "tokens": [], "darts": []})
            return probs

    guess_ahead, accept = DECODING.guess_ahead, DECODING.accept

    def guessing(*arguments: Any) -> Any:
        Reader.ahead, odds = guess_ahead(*arguments)
        return Reader.ahead, odds

    def judging(guess: int, q: Any, p: Any, rng: Any) -> int:
        """What `accept` does; a second look at the same dart tells where it fell."""
        heard = Heard()
        heard.setstate(rng.getstate())
        heard.choices((True, False), weights=(1, 1))
        passes[-1]["darts"].append(round(heard.dart, 4))
        return accept(guess, q, p, rng)

    reader = Reader(run.params, replace(run.config, temperature=1.0))
    with patch.object(DECODING, "guess_ahead", guessing), patch.object(DECODING, "accept", judging):
        for token in DECODING.speculate(reader, lambda tokens: rows[tokens[-1]], AHEAD, bos, random.Random(seed)):
            passes[-1]["tokens"].append(token)
    name = run.tokenizer.decode([token for each in passes for token in each["tokens"]])
    return {"name": name, "passes": passes}


RECORDINGS = {"speculation.json": record}


def still() -> Html:
    """The passes of the first name."""
    recorded = load("figures/speculation.json")
    first, tokens = recorded["names"][0], recorded["tokens"]
    rows, text = [], ""
    for i, each in enumerate(first["passes"], 1):
        kept = sum(a == b for a, b in zip(each["guesses"], each["tokens"]))
        *_, last = each["tokens"]
        ending = "all are kept" if kept == len(each["tokens"]) else f"{tokens[last]} {'in its place' if kept < len(each['guesses']) else 'one more'}"
        rows.append([str(i), text or "BOS", " ".join(tokens[t] for t in each["guesses"]), str(kept), ending])
        text += "".join(tokens[t] for t in each["tokens"] if tokens[t] != "BOS")
    written_tokens = sum(len(each["tokens"]) for each in first["passes"])
    caption = f"{first['name']}: {written_tokens} tokens in {len(rows)} passes, {number(written_tokens / len(rows), 1)} each"
    return element("div", table(["pass", "so far", "guessed", "kept", "then"], rows, caption))
