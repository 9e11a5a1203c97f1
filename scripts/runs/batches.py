"""What a batch of documents does: to the noise of a gradient, to the loss, to the time.

    batches.json:
        noise       by the number of steps that the default run has taken, 0, 100 and 1000, and by documents in a batch:
            angle       between a batch's gradient and that of all names, in degrees; means over seeds and batches
            error       length of the difference of the two, relative to the length of that of all; its root mean square
            scale       how many documents have noise as long as the gradient: the trace of the covariance of the
                        documents' gradients, divided by the squared length of their mean; for each seed
            in_order    error of batches of 64 that are neighbors in the sorted list of names
        seconds     a step of a batch, in processor time on a core, as a multiple of a step with one document
        steps       how many steps a batch has with the same documents, and in the same time
        same        "documents", "time", "steps": what is equal -> by documents in a batch:
            rate        of those tried, the one that was best for another seed
            tried       the held-out loss of each rate then
            held_out    for each seed, the loss on 1000 kept-out names
            mean
            difference  from one document a step, seed by seed
            word        for it, as in paired.py
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from statistics import fmean
from typing import Any

from microgpt import Config, DivergenceError, Tokenizer, flatten, load_docs

from .compiled import engine_of, held_out, seconds_a_step, trained
from .paired import SEEDS, documents, word

Json = dict[str, Any]
SIZES = tuple(2**i for i in range(11))
STAGES = (0, 100, 1000)
FEW = SEEDS[:4]
DRAWN = 40  # batches of each size
DOCUMENTS, STEPS = 8192, 500  # of the paired runs
BATCHES = (1, 4, 16, 64, 256)
RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
TUNING = (101,)  # the seed that rates are chosen by, and nothing else


# ------------------------------------------------------------------------------- noise of gradients


def states(seed: int) -> Iterator[tuple[int, Any]]:
    """All parameters in a vector, after each of STAGES steps of the default run with this seed."""
    import numpy as np

    engine, params, docs, tokenizer = engine_of("jax", "float64", Config(), seed)
    steps, done = engine.train(docs, tokenizer), 0
    for stage in STAGES:
        for _ in islice(steps, stage - done):
            pass
        done = stage
        engine.store()
        yield stage, np.array([p.data for p in flatten(params)])


def gradients(vector: Any, docs: list[str]) -> Any:
    """The gradient of each document for itself: a row for each, as float32."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    from microgpt.scale.jax_engine import lay_out, matrices, row_loss

    tokenizer = Tokenizer(load_docs())

    def of_row(vector: Any, row: Json) -> Any:
        return row_loss(matrices(vector, Config(), tokenizer.vocab_size), row, Config())

    each = jax.jit(jax.vmap(jax.grad(of_row), in_axes=(None, 0)))
    names = [[np.array([tokenizer.bos, *tokenizer.encode(doc), tokenizer.bos][:17], np.int32)] for doc in docs]
    found = np.zeros((len(docs), len(vector)), np.float32)
    for start in range(0, len(docs), 512):
        part = names[start : start + 512]
        rows = lay_out(part + names[: 512 - len(part)], (512, 1, 16), "float64")
        found[start : start + len(part)] = each(jnp.array(vector), {key: x[:, 0] for key, x in rows.items()})[: len(part)]
    return found


def drawn(each: Any, size: int, rng: Any) -> Any:
    """The gradients of DRAWN batches of `size` documents, chosen without looking: a row for each."""
    import numpy as np

    return np.stack([each[rng.choice(len(each), size, replace=False)].mean(axis=0, dtype=np.float64) for _ in range(DRAWN)])


def noise() -> Json:
    import numpy as np

    docs = sorted(load_docs())
    found: Json = {str(stage): {"angle": {}, "error": {}, "scale": [], "in_order": []} for stage in STAGES}
    sums: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for seed in FEW:
        for stage, vector in states(seed):
            print(f"\r  noise: seed {seed}, step {stage}   ", end="", flush=True)
            each, rng = gradients(vector, docs), np.random.default_rng(seed)
            mean = each.mean(axis=0, dtype=np.float64)
            length = np.linalg.norm(mean)
            variance = (np.einsum("ij,ij->", each, each, dtype=np.float64) - len(each) * length**2) / (len(each) - 1)
            found[str(stage)]["scale"].append(round(float(variance / length**2), 2))
            for size in SIZES:
                some = drawn(each, size, rng)
                cosines = some @ mean / np.linalg.norm(some, axis=1) / length
                errors = np.linalg.norm(some - mean, axis=1) / length
                angles = np.degrees(np.arccos(cosines))
                sums.setdefault((stage, size), []).append((float(angles.mean()), float((errors**2).mean())))
            starts = rng.integers(0, len(each) - 64, DRAWN)
            neighbors = np.stack([each[start : start + 64].mean(axis=0, dtype=np.float64) for start in starts])
            found[str(stage)]["in_order"].append(float((np.linalg.norm(neighbors - mean, axis=1) ** 2).mean() / length**2))
    for (stage, size), values in sums.items():
        found[str(stage)]["angle"][str(size)] = round(fmean(angle for angle, _ in values), 1)
        found[str(stage)]["error"][str(size)] = round(math.sqrt(fmean(error for _, error in values)), 3)
    for stage in found.values():
        stage["in_order"] = round(math.sqrt(fmean(stage["in_order"])), 3)
        stage["mean_scale"] = round(fmean(stage["scale"]), 1)
    return found


# ------------------------------------------------------------------------------------ paired runs


def loss_of(batch: int, rate: float, steps: int, seed: int) -> float:
    """The held-out loss after so many steps on names that are no part of the exam; infinite if it diverges."""
    try:
        _, params, tokenizer = trained("float64", seed, replace(Config(), steps=steps, learning_rate=rate), batch)
    except DivergenceError:
        return math.inf
    return held_out(params, tokenizer, documents("names")[1])


def seconds() -> dict[str, float]:
    """Processor time of a step, relative to one with one document, the quickest of some chunks."""
    running, quickest = {}, {}
    for batch in BATCHES:
        engine, _, docs, tokenizer = engine_of("jax", "float64", replace(Config(), steps=10**6))
        running[batch], quickest[batch] = (engine, engine.train(docs, tokenizer, batch)), math.inf
        next(running[batch][1])
    for _ in range(6):
        for batch, (engine, steps) in running.items():
            quickest[batch] = min(quickest[batch], seconds_a_step(engine, steps, 400 if batch < 64 else 100))
    return {str(batch): float(f"{quickest[batch] / quickest[1]:.2g}") for batch in BATCHES}


def same(steps: dict[str, int], seeds: tuple[int, ...], what: str) -> Json:
    found: Json = {}
    for batch in BATCHES:
        print(f"\r  the same {what}: {batch}   ", end="", flush=True)
        number = steps[str(batch)]
        tried = {rate: fmean(loss_of(batch, rate, number, seed) for seed in TUNING) for rate in RATES}
        rate = min(tried, key=lambda rate: tried[rate])
        losses = [round(loss_of(batch, rate, number, seed), 4) for seed in seeds]
        found[str(batch)] = {
            "rate": rate, "tried": {str(rate): round(loss, 4) if loss < 99 else None for rate, loss in tried.items()},
            "held_out": losses, "mean": round(fmean(losses), 4),
        }
        differences = [a - b for a, b in zip(losses, found["1"]["held_out"])]
        if batch > 1:
            found[str(batch)] |= {"difference": round(fmean(differences), 4), "word": word(differences)}
    return found


def leak(with_mask: Json) -> Json:
    """Train with documents that see those before them in their row; the exam is held with the mask, as ever."""
    import inspect

    import jax

    from microgpt.scale import jax_engine

    mask = "allowed &= document[:, None] == document"
    source, changed = inspect.getsource(jax_engine.row_loss), dict(vars(jax_engine))
    assert mask in source
    exec(source.replace(mask, ""), changed)
    kept = jax_engine.row_loss
    losses = []
    for seed in SEEDS:
        jax_engine.row_loss = changed["row_loss"]
        jax.clear_caches()
        config = replace(Config(), steps=DOCUMENTS // 64, learning_rate=with_mask["rate"])
        _, params, tokenizer = trained("float64", seed, config, 64)
        jax_engine.row_loss = kept
        jax.clear_caches()
        losses.append(round(held_out(params, tokenizer, documents("names")[1]), 4))
    differences = [round(a - b, 4) for a, b in zip(losses, with_mask["held_out"])]
    found = {"held_out": losses, "difference": round(fmean(differences), 4), "word": word(differences)}
    return found | {"low": min(differences), "high": max(differences)}


def record_batches() -> Json:
    time_of = seconds()
    steps = {
        "documents": {str(batch): DOCUMENTS // batch for batch in BATCHES},
        "time": {str(batch): round(DOCUMENTS / time_of[str(batch)]) for batch in BATCHES},
        "steps": {str(batch): STEPS for batch in BATCHES},
    }
    found = {what: same(number, SEEDS if what != "steps" else FEW, what) for what, number in steps.items()}
    content = {"noise": noise(), "seconds": time_of, "steps": steps, "same": found, "leak": leak(found["documents"]["64"])}
    print()
    return content
