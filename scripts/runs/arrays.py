"""What the chapter on arrays tells of longer runs: how near NumPy's losses are, and what mistakes in a gradient cost.

    arrays.json:
        agreement   of 1000 steps of the default run, on arrays against the program's own: how many losses are `equal` to
                    the last bit, the largest difference of `losses` and of `params`, how many `names` of 20 are the same;
                    with float32 the largest difference of losses, `float32`, and how many are `printed` the same
        mistakes    for each: held-out loss less that of the right program, with the same seed and so the same names:
                    `differences`, their `mean`, `low`, `high`; and how far the gradient of `mia` and of `emma` is off, at
                    most. "keys-400" and "keys-1000" are "keys" on doubled words, for so many steps, instead of names.

A mistake is a line of the engine that is written otherwise.
"""

from __future__ import annotations

import inspect
import random
from statistics import fmean
from types import ModuleType
from typing import Any

from microgpt import Adam, Config, Params, Tokenizer, document_loss, flatten, init_params, load_docs, sample

from .default import default_run

SEEDS = (42, 1, 2, 3, 4, 5, 6, 7)
KEPT_OUT = 1000  # names
MISTAKES = {
    "letters": ('np.add.at(g["wte"], inputs, dx)', 'g["wte"][inputs] += dx'),
    "residual": ("dx = dx + rmsnorm_back(dq", "dx = rmsnorm_back(dq"),
    "norm": ("scale * (dy - y * np.mean(dy * y, axis=-1, keepdims=True))", "scale * dy"),
    "softmax": ("p * (dp - np.sum(dp * p, axis=-1, keepdims=True))", "p * dp * (1 - p)"),
    "keys": ("dscores.swapaxes(1, 2) @ q", "dscores @ q"),
}

Json = dict[str, Any]


def program(mistake: str = "") -> ModuleType:
    """The NumPy engine's module, with a mistake in it or without."""
    import microgpt.scale.numpy_engine as numpy_engine

    source = inspect.getsource(numpy_engine)
    if mistake:
        right, wrong = MISTAKES[mistake]
        assert source.count(right) == 1, f"{right} is not once in the engine"
        source = source.replace(right, wrong)
    module = ModuleType(numpy_engine.__name__)
    module.__package__ = numpy_engine.__package__
    exec(source, vars(module))
    return module


def start(config: Config, docs: list[str], seed: int) -> tuple[list[str], Tokenizer, Params, random.Random]:
    """The documents in the order of a seed, and the parameters it begins with."""
    docs, rng = list(docs), random.Random(seed)
    rng.shuffle(docs)
    tokenizer = Tokenizer(docs)
    return docs, tokenizer, init_params(config, tokenizer.vocab_size, rng), rng


def tokens_of(doc: str, tokenizer: Tokenizer) -> list[int]:
    return [tokenizer.bos, *tokenizer.encode(doc), tokenizer.bos]


def held_out(module: ModuleType, seed: int, words: int) -> float:
    """Train by a module, on names or on so many doubled words; return its mean loss on what it didn't read."""
    import numpy as np

    config = Config(block_size=8, steps=words) if words else Config()
    docs, tokenizer, params, _ = start(config, doubled_words() if words else load_docs(), seed)
    kept_out = docs[-112:] if words else docs[-KEPT_OUT:]
    engine = module.NumpyEngine(params, config, Adam(flatten(params)))
    for _ in engine.train(docs[: -len(kept_out)], tokenizer):
        pass
    losses = []
    for tokens in (tokens_of(doc, tokenizer) for doc in kept_out):
        probs = module.softmax(module.forward(tokens[:-1], engine.w, config)[0])
        losses.append(-np.mean(np.log(probs[range(len(tokens) - 1), tokens[1:]])))
    return fmean(losses)


def doubled_words() -> list[str]:
    return [2 * (a + b + c) for a in "abcdefgh" for b in "abcdefgh" for c in "abcdefgh"]


def off(module: ModuleType, name: str) -> float:
    """How far a gradient of one name is from what `Value` finds, at most."""
    import numpy as np

    config, tokenizer = Config(), Tokenizer(load_docs())
    params, tokens = init_params(config, tokenizer.vocab_size, random.Random(42)), tokens_of(name, tokenizer)
    document_loss(tokens, params, config).backward()
    numbers = np.array([p.data for p in flatten(params)])
    grads = np.zeros_like(numbers)
    module.document(tokens, *(module.views(x, config, tokenizer.vocab_size) for x in (numbers, grads)), config)
    return float(max(abs(grads - [p.grad for p in flatten(params)])))


def cost(mistake: str, words: int = 0, seeds: tuple[int, ...] = SEEDS) -> list[float]:
    """What a mistake does to the held-out loss, for each seed."""
    right, wrong = program(), program(mistake)
    return [round(held_out(wrong, seed, words) - held_out(right, seed, words), 4) for seed in seeds]


def mistakes() -> Json:
    found: Json = {}
    for name in (*MISTAKES, "keys-400", "keys-1000"):
        mistake, _, words = name.partition("-")
        differences = cost(mistake, int(words or 0))
        found[name] = {
            "differences": differences, "mean": round(fmean(differences), 4), "low": min(differences), "high": max(differences),
            **{each: rounded(off(program(mistake), each)) for each in ("mia", "emma")},
        }  # fmt: skip
    return found


def rounded(x: float) -> float:
    """Two digits are told; what is below 1e-12 is rounding, and 0."""
    return float(f"{x:.2g}") if x > 1e-12 else 0.0


def agreement() -> Json:
    """The default run on arrays, beside the recorded one."""
    run = default_run()
    found: Json = {}
    for dtype in ("float64", "float32"):
        docs, tokenizer, params, rng = start(run.config, load_docs(), run.config.seed)
        engine = program().NumpyEngine(params, run.config, Adam(flatten(params)), dtype)
        losses = [loss for _, loss in engine.train(docs, tokenizer)]
        furthest = max(abs(a - b) for a, b in zip(losses, run.losses, strict=True))
        if dtype == "float32":
            printed = sum(f"{a:.4f}" == f"{b:.4f}" for a, b in zip(losses, run.losses))
            return found | {"float32": float(f"{furthest:.2g}"), "printed": printed}
        engine.store()
        apart = max(abs(p.data - q.data) for p, q in zip(flatten(params), flatten(run.params)))
        names = sum(sample(params, run.config, tokenizer, rng) == text for text in run.samples)
        found = {
            "equal": sum(a == b for a, b in zip(losses, run.losses)), "losses": float(f"{furthest:.2g}"),
            "params": float(f"{apart:.2g}"), "names": names,
        }
    return found


def record_arrays() -> Json:
    """Return the content of arrays.json."""
    return {"agreement": agreement(), "mistakes": mistakes()}
