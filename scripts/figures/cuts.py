"""What top-k and top-p leave of the model's shares, and which names they forbid."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import Any

from microgpt import Value, distribution

from ..runs.default import default_run, tokens_of
from ._still import Html, element, load, number, table

DECODING = import_module("microgpt.scale.decoding")
KEPT_OUT = 1000
CAST = ("ava", "emma", "charlotte", "isabella", "noah", "olivia", "william", "zoe", "kwyjibo", "matthew", "max", "felix")
START = "em"  # as in cuts.js
IN_STILL = (("top-k", 3), ("top-k", 8), ("top-k", 18), ("top-p", 50), ("top-p", 90))


def record() -> dict[str, Any]:
    """For each k, and each p in hundredths: how many of the kept-out names hold a token that is cut; what a few names need."""
    run = default_run()
    reader = DECODING.PlainReader(run.params, replace(run.config, temperature=1.0))

    def needs(name: str) -> tuple[int, float]:
        """The least k that leaves all of a name, and the share of the likelier tokens, which p must exceed."""
        tokens = tokens_of(name, run.tokenizer)[: run.config.block_size + 1]
        reader.forget(0)
        likelier = [[p for p in probs if p > probs[token]] for probs, token in zip(reader.read(tokens[:-1]), tokens[1:])]
        return max(map(len, likelier)) + 1, max(map(sum, likelier))

    needed = [needs(name) for name in run.docs[-KEPT_OUT:]]
    return {
        "lost_k": [sum(rank > k for rank, _ in needed) for k in range(1, run.tokenizer.vocab_size + 1)],
        "lost_p": [sum(share >= i / 100 for _, share in needed) for i in range(1, 101)],
        "names": {name: [rank, round(share, 4)] for name, (rank, share) in zip(CAST, map(needs, CAST))},
    }


RECORDINGS = {"cuts.json": record}


def still() -> Html:
    """What some cuts leave after one beginning, and the names they cost."""
    recorded, temperature = load("figures/cuts.json"), load("figures/temperature.json")
    probs = distribution([Value(x) for x in temperature["logits"][START]], 1)
    rows = []
    for kind, size in IN_STILL:
        left = DECODING.top_k(probs, size) if kind == "top-k" else DECODING.top_p(probs, size / 100)
        kept = sorted((i for i, p in enumerate(left) if p), key=lambda i: -probs[i])
        lost = recorded["lost_k" if kind == "top-k" else "lost_p"][size - 1]
        gone = [name for name, (rank, share) in recorded["names"].items() if (rank > size if kind == "top-k" else share >= size / 100)]
        shown = " ".join(temperature["tokens"][i] for i in kept)
        rows.append([f"k = {size}" if kind == "top-k" else f"p = {number(size / 100)}", shown, f"{lost} of {KEPT_OUT}", ", ".join(gone)])
    return element("div", table(["cut", f"left after “{START}”", "names forbidden", "among them"], rows))
