"""What each switch of the modern block does to the loss, seed by seed, and where it does something else.

    modern.json: for each run of RUNS
        all, mean       the held-out loss of each seed, and their mean
        last_100        the mean loss of the last 100 steps, over the seeds
        params          how many parameters the model has; `cache`, how many numbers a token leaves in the cache
        difference      of the held-out loss to the run that it's compared with: as in smaller.json; `to_rival`, to another
        begins          the losses of the first steps of seed 42
      if it reads a stream (names one after the other, BOS between them, cut into pieces of `block_size`):
        sees            the loss by how many tokens the model sees, from 1: the same tokens are to be guessed each time.
                        With RoPE to 64 of them, else to `block_size`; the held-out loss is the mean up to `block_size`
        than_16         what seeing 6, 32 or 64 costs over seeing the last 16 alone, if it can: as in smaller.json
      if it has experts:
        busy            for each seed, the shares of the held-out tokens that go to each expert first, largest first
        letters         of seed 42: for each expert, the tokens that go to it first more often than to any other

The seeds of a run are trained side by side, by torch.vmap; with experts one after the other. A finished run is kept in
build/modern/ until the program changes, so that a recording that was stopped goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from copy import deepcopy
from functools import cache
from statistics import fmean
from typing import Any, NamedTuple
from unittest.mock import patch

from microgpt import Tokenizer, learning_rate

from .. import ROOT
from ..tangle import write_files
from .fingerprint import fingerprint
from .paired import SEEDS, documents
from .smaller import told

Json = dict[str, Any]
BEGINS = 10  # steps
WINDOW = 16  # tokens that the short models are trained on
LONGEST = 64  # tokens of the stream that a model is shown at most
OTHERS = (6, 32, 64)


class Run(NamedTuple):
    """A training: what it is compared with, what its ModernConfig has otherwise, and what it reads."""

    against: str = ""
    options: dict[str, Any] = {}
    data: str = "names"  # or "stream", or "towns"
    rival: str = ""  # a second run that it is compared with
    rerolled: bool = False  # other first weights
    placed: bool = True  # False: with rope, and the angles are all 0, so that nothing tells where a token is


TEAM = {"rope": True, "kv_heads": 2, "swiglu": True, "gain": True, "weight_decay": 0.1, "warmup": 100, "clip": 1.0}
SWIFT, FAST = {"learning_rate": 0.1}, {"learning_rate": 0.3}
LONG = {"steps": 4000}
RUNS: dict[str, Run] = {
    "book": Run(),
    "rerolled": Run("book", rerolled=True),
    "rope": Run("book", {"rope": True}),
    "kv_2": Run("book", {"kv_heads": 2}),
    "kv_1": Run("book", {"kv_heads": 1}),
    "swiglu": Run("book", {"swiglu": True}),
    "tied": Run("book", {"tied": True}),
    "gain": Run("book", {"gain": True}),
    "decay": Run("book", {"weight_decay": 0.1}),
    "warmup": Run("book", {"warmup": 100}),
    "clip": Run("book", {"clip": 1.0}),
    "dropout": Run("book", {"dropout": 0.1}),
    "team": Run("book", TEAM),
    # The same at other rates.
    "book_slow": Run("book", {"learning_rate": 0.005}),
    "team_slow": Run("book_slow", TEAM | {"learning_rate": 0.005}, rival="book"),
    "book_quick": Run("book", {"learning_rate": 0.02}),
    "team_quick": Run("book_quick", TEAM | {"learning_rate": 0.02}, rival="book"),
    # Rates that nobody should take.
    "swift": Run("book", SWIFT),
    "swift_warmup": Run("swift", SWIFT | {"warmup": 100}),
    "swift_clip": Run("swift", SWIFT | {"clip": 1.0}),
    "swift_both": Run("swift", SWIFT | {"warmup": 100, "clip": 1.0}),
    "fast": Run("book", FAST),
    "fast_warmup": Run("fast", FAST | {"warmup": 100}),
    "fast_clip": Run("fast", FAST | {"clip": 1.0}),
    "fast_both": Run("fast", FAST | {"warmup": 100, "clip": 1.0}),
    # Positions, at the trained length and beyond it.
    "stream": Run("", {}, "stream"),
    "stream_rope": Run("stream", {"rope": True}, "stream"),
    "stream_rope_4000": Run("stream_rope", {"rope": True} | LONG, "stream"),
    "stream_none": Run("stream", {"rope": True}, "stream", "stream_rope", placed=False),
    "stream_64": Run("", {"block_size": 64}, "stream"),
    "stream_rope_64": Run("stream_64", {"rope": True, "block_size": 64}, "stream"),
    "stream_none_64": Run("stream_64", {"rope": True, "block_size": 64}, "stream", "stream_rope_64", placed=False),
    # More parameters for the same work, and for more.
    "experts": Run("book", {"experts": 4}),
    "experts_all": Run("book", {"experts": 4, "chosen": 4}, rival="experts"),
    # 200 towns, each read five times or twenty.
    "towns": Run("", LONG, "towns"),
    "towns_1000": Run("towns", {}, "towns"),
    "towns_dropout": Run("towns", LONG | {"dropout": 0.1}, "towns", "towns_1000"),
    "towns_decay_10": Run("towns", LONG | {"weight_decay": 1.0}, "towns", "towns_1000"),
    "towns_dropout_3": Run("towns", LONG | {"dropout": 0.3}, "towns", "towns_1000"),
    # Four times as long.
    "stream_64_4000": Run("stream_64", {"block_size": 64} | LONG, "stream"),
    "stream_rope_64_4000": Run("stream_64_4000", {"rope": True, "block_size": 64} | LONG, "stream"),
    "book_4000": Run("", LONG),
    "team_4000": Run("book_4000", LONG | TEAM),
}


def texts(name: str) -> tuple[list[str], list[str]]:
    """The documents of a run, and those that are kept out of its training."""
    return documents("towns" if RUNS[name].data == "towns" else "names")


@cache
def speller(name: str) -> Tokenizer:
    return Tokenizer(texts(name)[0])


def tokens_of(docs: list[str], tokenizer: Tokenizer) -> list[list[int]]:
    return [[tokenizer.bos, *tokenizer.encode(doc), tokenizer.bos] for doc in docs]


def pieces(docs: list[str], tokenizer: Tokenizer, size: int) -> list[list[int]]:
    """The documents one after the other, cut; a piece ends with the token that the next begins with."""
    stream = [token for doc in docs for token in (tokenizer.bos, *tokenizer.encode(doc))]
    return [stream[i : i + size + 1] for i in range(0, len(stream) - size, size)]


def beginning(name: str, seed: int) -> tuple[list[list[int]], Any, Any]:
    """What a training starts with: its documents as tokens, the model, and its configuration."""
    import microgpt.scale.modern as modern  # here, since scripts do without PyTorch

    run = RUNS[name]
    docs, kept_out = texts(name)
    tokenizer, rng, left_out = speller(name), random.Random(seed), set(kept_out)
    docs = list(docs)
    rng.shuffle(docs)
    docs = [doc for doc in docs if doc not in left_out]
    config = modern.ModernConfig(**run.options)
    read = pieces(docs, tokenizer, config.block_size) if run.data == "stream" else tokens_of(docs, tokenizer)
    if run.rerolled:
        rng = random.Random(1000 + seed)
    return read, modern.start(config, tokenizer.vocab_size, rng), config


def train_together(started: list[tuple[list[list[int]], Any, Any]]) -> Iterator[list[float]]:
    """Train models of one configuration as `modern.train` does each; yield their losses after each step."""
    import torch
    from microgpt.scale.torch_engine import mean_loss, pad
    from torch.func import functional_call, stack_module_state, vmap
    from torch.nn.attention import SDPBackend, sdpa_kernel

    config, models = started[0][2], [model.train() for _, model, _ in started]
    weights, _ = stack_module_state(models)
    groups = [
        {"params": [p for p in weights.values() if p.dim() > 2], "weight_decay": config.weight_decay},
        {"params": [p for p in weights.values() if p.dim() == 2], "weight_decay": 0.0},
    ]
    adam = torch.optim.AdamW(groups, betas=(config.beta1, config.beta2), eps=config.eps, fused=True)
    form = deepcopy(models[0])  # functional_call leaves something in a tied one
    losses_of = vmap(
        lambda weights, inputs, targets: mean_loss(functional_call(form, weights, (inputs,)), targets), randomness="different"
    )
    for step in range(config.steps):
        inputs, targets = pad([docs[step % len(docs)][: config.block_size + 1] for docs, _, _ in started])
        with sdpa_kernel(SDPBackend.MATH):  # vmap knows no other
            losses = losses_of(weights, inputs[:, None], targets[:, None])
        adam.zero_grad()
        losses.sum().backward()
        if config.clip:
            lengths = sum(p.grad.flatten(1).square().sum(1) for p in weights.values()).sqrt()
            factors = (config.clip / (lengths + 1e-6)).clamp(max=1.0)
            for p in weights.values():
                p.grad *= factors.view(-1, *[1] * (p.dim() - 1))
        for group in adam.param_groups:
            group["lr"] = learning_rate(step, config) * min(1.0, (step + 1) / max(1, config.warmup))
        adam.step()
        yield losses.tolist()
    with torch.no_grad():
        for i, model in enumerate(models):
            for name, p in model.named_parameters():
                p.copy_(weights[name][i])


def train_all(started: list[tuple[list[list[int]], Any, Any]]) -> Iterator[list[float]]:
    """As `train_together`; with experts, of whom each model has others at work, one model after the other."""
    from microgpt.scale.modern import train

    if started[0][2].experts:
        yield from map(list, zip(*[[loss for _, loss in train(*each)] for each in started]))
    else:
        yield from train_together(started)


def by_tokens_seen(model: Any, stream: list[int], most: int) -> list[float]:
    """The mean loss if the model sees 1, 2, … `most` tokens. Those to be guessed are the same each time."""
    import torch

    starts = torch.tensor(stream).unfold(0, most + 1, 1)
    parts = []
    for some in starts.split(500):
        shares = torch.log_softmax(model(some[:, :-1]), -1)
        parts.append(-shares.gather(-1, some[:, 1:, None])[..., 0])
    losses, guessed = torch.cat(parts), range(LONGEST, len(stream) - LONGEST)
    return [losses[guessed.start - seen : guessed.stop - seen, seen - 1].mean().item() for seen in range(1, most + 1)]


def examine(name: str, model: Any, config: Any) -> Json:
    """The losses of a trained model."""
    import torch
    from microgpt.scale.torch_engine import IGNORED, mean_loss, pad

    kept_out, tokenizer = texts(name)[1], speller(name)
    model.eval()
    with torch.no_grad():
        if RUNS[name].data == "stream":
            stream = [token for doc in kept_out for token in (tokenizer.bos, *tokenizer.encode(doc))]
            seen = by_tokens_seen(model, stream, LONGEST if config.rope else config.block_size)
            return {"held_out": fmean(seen[: config.block_size]), "sees": seen}
        inputs, targets = pad([tokens[: config.block_size + 1] for tokens in tokens_of(kept_out, tokenizer)])
        found: Json = {}
        if config.experts:
            model.layers[0][3].router.register_forward_hook(lambda module, given, scores: found.update(first=scores.argmax(-1)))
        found["held_out"] = mean_loss(model(inputs), targets).item()
        if config.experts:
            real = targets != IGNORED
            pairs = Counter(zip(inputs[real].tolist(), found.pop("first")[real].tolist()))
            found["busy"] = [sum(n for (_, i), n in pairs.items() if i == expert) / pairs.total() for expert in range(config.experts)]
            mostly = [max(range(config.experts), key=lambda i: pairs[token, i]) for token in range(tokenizer.vocab_size)]
            spelled = [*map(tokenizer.decode, ([i] for i in range(tokenizer.vocab_size - 1))), "BOS"]
            found["letters"] = [[spelled[token] for token, i in enumerate(mostly) if i == expert] for expert in range(config.experts)]
        return found


def train_and_examine(name: str) -> Json:
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)  # of dropout
    with nullcontext() if RUNS[name].placed else patch("microgpt.scale.modern.turn", lambda x: x):
        started = [beginning(name, seed) for seed in SEEDS]
        losses = list(train_all(started))
        seeds = [examine(name, model, config) for _, model, config in started]
    config, model = started[0][2], started[0][1]
    return {
        "params": sum(p.numel() for p in model.parameters()),
        "cache": 2 * (config.kv_heads or config.n_head) * (config.n_embd // config.n_head) * config.n_layer,
        "last_100": round(fmean(map(fmean, losses[-100:])), 4), "begins": [round(each[0], 4) for each in losses[:BEGINS]],
        "seeds": seeds,
    }


def trained(name: str) -> Json:
    """What became of a run; from the disk if it's there."""
    made_by = hashlib.sha256(json.dumps([RUNS[name][1:], fingerprint("scripts.runs.modern")]).encode()).hexdigest()[:16]
    kept = ROOT / "build" / "modern" / f"{name}-{made_by}.json"
    if not kept.is_file():
        write_files(kept.parent, {kept.name: json.dumps(train_and_examine(name)).encode()})
    return json.loads(kept.read_text(encoding="utf-8"))


def record_modern() -> Json:
    """Return the content of modern.json."""
    done = {}
    for i, name in enumerate(RUNS, 1):
        done[name] = trained(name)
        print(f"\r  {i} of {len(RUNS)} trainings", end="", flush=True)
    print()
    return {name: report(name, done) for name in RUNS}


def report(name: str, done: dict[str, Json]) -> Json:
    run, found = RUNS[name], dict(done[name])
    seeds = found.pop("seeds")
    losses = [each["held_out"] for each in seeds]
    found |= {"mean": round(fmean(losses), 4), "all": [round(x, 4) for x in losses]}
    for difference, other in (("difference", run.against), ("to_rival", run.rival)):
        if other:
            found[difference] = told([x - each["held_out"] for x, each in zip(losses, done[other]["seeds"])])
    if "sees" in seeds[0]:
        found["sees"] = [round(fmean(column), 4) for column in zip(*(each["sees"] for each in seeds))]
        found["than_16"] = {
            str(i): told([each["sees"][i - 1] - each["sees"][WINDOW - 1] for each in seeds]) for i in OTHERS if i <= len(found["sees"])
        }
    if "busy" in seeds[0]:
        found["busy"] = [sorted((round(share, 3) for share in each["busy"]), reverse=True) for each in seeds]
        found["letters"] = seeds[0]["letters"]
    return found
