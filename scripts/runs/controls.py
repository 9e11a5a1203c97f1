"""Controls that single sentences rest on, each on the exam of the experiments (see paired.py), seed by seed.

    controls.json:
        letter_before   held-out loss, for each of eight seeds, of the model of 3-architecture/05 as it is ("without") and
                        with a third table for the letter before last, whose row is added to the other two ("with")
        slow_descent    held-out loss of rung 4 at a tenth of its rate, for each of four seeds
        next_letter     what the model of the default run says after a first "m" and a first "q": letter -> probability
        met             how many names with a "q" it has read
        read_thrice     held-out loss of the GPT that reads its first n names three times over, by n, for each of four seeds
        one_head        the default model of a seed after so many steps, its four heads taken for one: by steps
            worse       held-out loss less that of the model as it is, for each of four seeds
            same        of twenty texts of the first seed, drawn with the same random numbers, how many are the same
        exclusive_or    mean of the last hundred losses on exclusive or (6-experiments/03), for each of eight seeds, of
                        the model as it is ("with") and of one whose MLP gives zeros ("without")
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from statistics import fmean
from typing import Any
from unittest.mock import patch

from microgpt import (
    Adam, Config, Params, Tokenizer, Value, add, document_loss, flatten, generate, init_params, linear, load_docs, sample, softmax,
    train,
)
from microgpt.ladder import train2, train4
from microgpt.scale.engines import make_engine

from .default import GPT, default_run
from .measures import in_order, last_100
from .paired import FEW, SEEDS, documents
from .trial import trial

WIDTH, BLOCK, STEPS = 16, 16, 1000  # as the chapter has them
ENGINE = "microgpt.scale.numpy_engine"  # for the fingerprint
TABLES = {"without": ("wte", "wpe"), "with": ("wte", "wpe", "letter_before")}


def sum_of_lookups(tables: tuple[str, ...], seed: int) -> float:
    """Train the model without layers; return its held-out loss."""
    (names, kept_out), rng = documents("names"), random.Random(seed)
    tokenizer, docs = Tokenizer(load_docs()), in_order(names, kept_out, rng)
    size, bos = tokenizer.vocab_size, tokenizer.bos
    rows = {"wte": size, "wpe": BLOCK, "letter_before": size, "lm_head": size}
    params = {name: [[Value(rng.gauss(0, 0.08)) for _ in range(WIDTH)] for _ in range(rows[name])] for name in (*tables, "lm_head")}

    def loss_of(doc: str) -> Value:
        ids = [bos, *tokenizer.encode(doc), bos]
        n, losses = min(BLOCK, len(ids) - 1), []
        for i in range(n):
            row = {"wte": ids[i], "wpe": i, "letter_before": ids[i - 1] if i else bos}
            x, *others = (params[name][row[name]] for name in tables)
            for other in others:
                x = add(x, other)
            losses.append(-softmax(linear(x, params["lm_head"]))[ids[i + 1]].log())
        return (1 / n) * sum(losses)

    for step in range(STEPS):
        loss_of(docs[step]).backward()
        train2.descend(flatten(params), 1 - step / STEPS)
    return round(fmean(loss_of(doc).data for doc in kept_out), 4)


def trained(seed: int, steps: int, count: int = 10**9) -> tuple[Params, Config, Tokenizer]:
    """The model that a seed makes of the first `count` names; with NumPy, which computes the same."""
    tokenizer, config, rng = Tokenizer(load_docs()), Config(steps=steps), random.Random(seed)
    docs = in_order(*documents("names"), rng)[:count]
    params = init_params(config, tokenizer.vocab_size, rng)
    engine = make_engine("numpy", params, config, Adam(flatten(params), config.beta1, config.beta2, config.eps))
    for _ in engine.train(docs, tokenizer):
        pass
    engine.store()
    return params, config, tokenizer


def held_out(params: Params, config: Config, tokenizer: Tokenizer) -> float:
    bos, exam = tokenizer.bos, documents("names")[1]
    return fmean(document_loss([bos, *tokenizer.encode(doc), bos], params, config).data for doc in exam)


def one_head(steps: int) -> dict[str, Any]:
    worse, same = [], 0
    for seed in SEEDS[:FEW]:
        params, config, tokenizer = trained(seed, steps)
        one = replace(config, n_head=1)
        worse.append(round(held_out(params, one, tokenizer) - held_out(params, config, tokenizer), 4))
        if seed == SEEDS[0]:
            four, single = ([sample(params, how, tokenizer, rng) for _ in range(20)] for how, rng in ((config, random.Random(1)), (one, random.Random(1))))
            same = sum(a == b for a, b in zip(four, single))
    return {"worse": worse, "same": same}


def slow_descent(seed: int) -> float:
    names, kept_out = documents("names")
    rate = train4.Config.learning_rate / 10
    return round(trial("train4", {"learning_rate": rate}, names, kept_out, seed, STEPS, drawn=0)["held_out"], 4)


def next_letter(start: str) -> dict[str, float]:
    run = default_run()
    config = replace(run.config, temperature=1.0)
    _, probs = next(generate(run.params, config, run.tokenizer, random.Random(0), start))
    return {letter: round(p, 4) for letter, p in zip([*run.tokenizer.chars, ""], probs)}


def exclusive_or(seed: int, mlp: Callable[..., list[Value]]) -> float:
    signs = [a + b + "=" + ("a" if a == b else "b") for a in "ab" for b in "ab"]
    tokenizer, config, rng = Tokenizer(signs), Config(block_size=8), random.Random(seed)
    docs = rng.sample(signs, len(signs))
    params = init_params(config, tokenizer.vocab_size, rng)
    with patch.object(GPT, "mlp", mlp):
        return round(last_100([loss for _, loss in train(docs, tokenizer, params, config)]), 4)


def record_controls() -> dict[str, Any]:
    return {
        "letter_before": {name: [sum_of_lookups(tables, seed) for seed in SEEDS] for name, tables in TABLES.items()},
        "next_letter": {start: next_letter(start) for start in ("m", "q")},
        "met": sum("q" in doc for doc in default_run().docs[:STEPS]),
        "read_thrice": {
            str(count): [round(held_out(*trained(seed, 3 * count, count)), 4) for seed in SEEDS[:FEW]] for count in (1000, 2000, 4000, 8000)
        },
        "one_head": {str(steps): one_head(steps) for steps in (200, 1000, 4000)},
        "slow_descent": [slow_descent(seed) for seed in SEEDS[:FEW]],
        "exclusive_or": {
            name: [exclusive_or(seed, mlp) for seed in SEEDS]
            for name, mlp in {"with": GPT.mlp, "without": lambda x, *_: [Value(0.0)] * len(x)}.items()
        },
    }
