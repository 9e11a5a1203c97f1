"""Reward against distance: models that were rewarded, on leashes of several lengths, and what they write."""

from __future__ import annotations

import math
from typing import Any

from ._still import load, number, table

SEED = 0  # of the four, the one that is shown
IN_STILL = ("base", "leash 0.3", "no leash, 20 steps", "no leash, 200 steps")


def record() -> dict[str, Any]:
    """The models of one seed, from the best that can be: name, share that ends in a, nats, different texts, texts."""
    found = load("post_training.json")
    share = found["base"]["share"][SEED]

    def model(name: str, kind: str, seen: dict[str, Any]) -> dict[str, Any]:
        return {"name": name, "kind": kind, **{key: seen[key] for key in ("reward", "nats", "different", "texts")}}

    picked = found["best_of"]
    models = [model("base", "base", picked["1"])]
    models += [model(f"first of {n}", "picked", picked[n]) for n in ("2", "4", "8", "16")]
    for leash in ("1.0", "0.3", "0.1", "0.05"):
        models.append(model(f"leash {leash.removesuffix('.0')}", "rewarded", found["rewards"][leash][SEED]["200"]))
    models += [model(f"no leash, {step} steps", "free", found["rewards"]["0.0"][SEED][step]) for step in ("10", "20", "50", "100", "200")]
    for leash in ("1.0", "0.3", "0.1"):
        models.append(model(f"pairs, leash {leash.removesuffix('.0')}", "pairs", found["preferences"][leash][SEED]["600"]))
    return {"share": share, "best": [[x / 100, round(_nats(x / 100, share), 4)] for x in range(math.ceil(100 * share), 101)], "models": models}


def _nats(share: float, base: float) -> float:
    """The least distance at which a reward is earned with this share."""
    return sum(new * math.log(new / old) for new, old in ((share, base), (1 - share, 1 - base)) if new > 0)


RECORDINGS = {"leash.json": record}


def still() -> str:
    models = {model["name"]: model for model in load("figures/leash.json")["models"]}
    rows = []
    for name in IN_STILL:
        model = models[name]
        rows.append([name, f"{100 * model['reward']:.0f}%", number(model["nats"], 1), ", ".join(text or "(empty)" for text in model["texts"][:5])])
    return table(["model", "end in a", "nats from the base", "it writes"], rows)
