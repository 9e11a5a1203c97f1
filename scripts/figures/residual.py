"""Residual paths: how large the gradients of each layer are, with and without the shortcuts, in a model of four."""

from __future__ import annotations

import random
from typing import Any
from unittest.mock import patch

from microgpt import Config, Params, Tokenizer, Value, add, document_loss, flatten, init_params, load_docs, train

from ..runs.default import GPT, copied, tokens_of
from ._still import load, number, table

CONFIG = Config(n_layer=4, steps=60)
STEPS = (0, 1, 2, 3, 4, 5, 10, 20, 40, 60)
NAMES = 5  # of the end of the data, so that none of them was read
GROUPS = {
    "embeddings": ["wte", "wpe"],
    **{f"layer{i}": [f"layer{i}."] for i in range(CONFIG.n_layer)},
    "lm_head": ["lm_head"],
}


def replace(found: list[Value], x: list[Value]) -> list[Value]:
    """In place of `add`, as in the chapter's exercise: the shortcut is gone. The embeddings are still added."""
    return found if found[0]._children else add(found, x)


def record() -> dict[str, Any]:
    docs = load_docs()
    tokenizer, rng = Tokenizer(docs), random.Random(CONFIG.seed)
    rng.shuffle(docs)
    first = init_params(CONFIG, tokenizer.vocab_size, rng)
    measured = [tokens_of(doc, tokenizer) for doc in docs[-NAMES:]]
    models = {}
    for name, function in (("with", add), ("without", replace)):
        params = copied(first)
        with patch.object(GPT, "add", function):
            seen = [measure(params, measured)]
            for step, _ in train(docs, tokenizer, params, CONFIG):
                if step in STEPS:
                    seen.append(measure(copied(params), measured))
        losses, gradients = zip(*seen)
        models[name] = {"losses": losses, "gradients": gradients}
    return {"names": NAMES, "steps": list(STEPS), "groups": list(GROUPS), **models}


def measure(params: Params, documents: list[list[int]]) -> tuple[float, list[float]]:
    """Return the mean loss, and for each group the mean size of a gradient; both of one document on average."""
    losses, sizes = [], [0.0] * len(GROUPS)
    matrices = [[m for name, m in params.items() if name.startswith(tuple(starts))] for starts in GROUPS.values()]
    for tokens in documents:
        for p in flatten(params):
            p.grad = 0.0
        loss = document_loss(tokens, params, CONFIG)
        loss.backward()
        losses.append(loss.data)
        for i, group in enumerate(matrices):
            grads = [abs(p.grad) for matrix in group for row in matrix for p in row]
            sizes[i] += sum(grads) / len(grads) / len(documents)
    return round(sum(losses) / len(losses), 3), [float(f"{size:.2e}") for size in sizes]


RECORDINGS = {"residual.json": record}


def still() -> str:
    """A table of the sizes at the start and at the end."""
    recorded = load("figures/residual.json")
    ends = [(model, k) for k in (0, -1) for model in ("with", "without")]
    rows = [
        [group, *(power(recorded[model]["gradients"][k][i]) for model, k in ends)]
        for i, group in reversed(list(enumerate(recorded["groups"])))
    ]
    rows.append(["mean loss", *(number(recorded[model]["losses"][k]) for model, k in ends)])
    head = [f"{model}, step {recorded['steps'][k]}" for model, k in ends]
    return table(["gradients of", *head], rows)


def power(x: float) -> str:
    """2.3e−3, as residual.js writes it."""
    return f"{x:.1e}".replace("e-0", "e-").replace("-", "−")
