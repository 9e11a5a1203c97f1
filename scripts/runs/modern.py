"""What each switch of the modern block does to the loss, seed by seed, and where it does something else.

    modern.json: for each run of RUNS
        all, mean       the held-out loss of each seed, and their mean
        last_100        the mean loss of the last 100 steps, over the seeds
        params          how many parameters the model has; `cache`, how many numbers a token leaves in the cache
        difference      of the held-out loss to the run that it's compared with: as in smaller.json
        begins          the losses of the first steps of seed 42
      if it reads a stream (names one after the other, BOS between them, cut into pieces of `block_size`):
        on              the loss at places 1-16, 17-32 and 33-64 of pieces of 64 tokens that it reads as a whole
        window          at 17-32 and 33-64, if for each token it reads the last 16 alone
        on_less_window  the difference at these places: as in smaller.json

The seeds of a run are trained side by side, by torch.vmap. A finished run is kept in build/modern/
until the program changes.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from functools import cache
from multiprocessing import get_context
from statistics import fmean
from typing import Any, NamedTuple

from microgpt import Tokenizer, learning_rate

from .. import ROOT
from ..tangle import write_files
from .fingerprint import fingerprint
from .paired import SEEDS, documents
from .smaller import told

Json = dict[str, Any]
BEGINS = 10  # steps
PIECE = 64  # tokens of the stream that are examined together
WINDOW = 16
PARTS = {"near": (0, 16), "far": (16, 32), "farther": (32, 64)}


class Run(NamedTuple):
    """A training: what it is compared with, what its ModernConfig has otherwise, and what it reads."""

    against: str = ""
    options: dict[str, Any] = {}
    data: str = "names"  # or "stream"


TEAM = {"rope": True, "kv_heads": 2, "swiglu": True, "gain": True, "weight_decay": 0.1, "warmup": 100, "clip": 1.0}
FAST = {"learning_rate": 0.3}
RUNS: dict[str, Run] = {
    "book": Run(),
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
    "fast": Run("book", FAST),
    "fast_warmup": Run("fast", FAST | {"warmup": 100}),
    "fast_clip": Run("fast", FAST | {"clip": 1.0}),
    "fast_both": Run("fast", FAST | {"warmup": 100, "clip": 1.0}),
    "stream": Run("", {}, "stream"),
    "stream_rope": Run("stream", {"rope": True}, "stream"),
    "stream_rope_64": Run("stream_rope", {"rope": True, "block_size": 64}, "stream"),
}


@cache
def speller() -> Tokenizer:
    return Tokenizer(documents("names")[0])


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
    docs, kept_out = documents("names")
    tokenizer, rng, left_out = speller(), random.Random(seed), set(kept_out)
    docs = list(docs)
    rng.shuffle(docs)
    docs = [doc for doc in docs if doc not in left_out]
    config = modern.ModernConfig(**run.options)
    read = pieces(docs, tokenizer, config.block_size) if run.data == "stream" else tokens_of(docs, tokenizer)
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


def examine(name: str, model: Any, config: Any) -> Json:
    """The losses of a trained model."""
    import torch
    from microgpt.scale.torch_engine import mean_loss, pad

    kept_out, tokenizer = documents("names")[1], speller()
    model.eval()
    with torch.no_grad():
        if RUNS[name].data != "stream":
            inputs, targets = pad([tokens[: config.block_size + 1] for tokens in tokens_of(kept_out, tokenizer)])
            return {"held_out": mean_loss(model(inputs), targets).item()}
        tokens = torch.tensor(pieces(kept_out, tokenizer, PIECE))
        inputs, targets = tokens[:, :-1], tokens[:, 1:]

        def losses(inputs: Any, targets: Any) -> Any:
            shares = torch.log_softmax(model(inputs), -1)
            return -shares.gather(-1, targets[..., None])[..., 0]

        windows = inputs.unfold(1, WINDOW, 1)  # piece, last place less 15, WINDOW
        last = losses(windows.flatten(0, 1), targets.unfold(1, WINDOW, 1).flatten(0, 1))[:, -1]
        by_window = last.view(len(tokens), -1).mean(0)
        found: Json = {"window": {part: by_window[i - WINDOW + 1 : j - WINDOW + 1].mean().item() for part, (i, j) in PARTS.items() if i}}
        if config.rope:
            by_place = losses(inputs, targets).mean(0)
            found["on"] = {part: by_place[i:j].mean().item() for part, (i, j) in PARTS.items()}
        inputs, targets = pad(pieces(kept_out, tokenizer, WINDOW))
        return found | {"held_out": mean_loss(model(inputs), targets).item()}


def train_and_examine(name: str) -> Json:
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)  # of dropout
    started = [beginning(name, seed) for seed in SEEDS]
    losses = list(train_together(started))
    config, model = started[0][2], started[0][1]
    return {
        "params": sum(p.numel() for p in model.parameters()),
        "cache": 2 * (config.kv_heads or config.n_head) * (config.n_embd // config.n_head) * config.n_layer,
        "last_100": round(fmean(map(fmean, losses[-100:])), 4), "begins": [round(each[0], 4) for each in losses[:BEGINS]],
        "seeds": [examine(name, model, config) for _, model, _ in started],
    }


def trained(name: str) -> Json:
    """What became of a run; from the disk if it's there."""
    made_by = hashlib.sha256(json.dumps([RUNS[name][1:], fingerprint("scripts.runs.modern")]).encode()).hexdigest()[:16]
    kept = ROOT / "build" / "modern" / f"{name}-{made_by}.json"
    if not kept.is_file():
        write_files(kept.parent, {kept.name: json.dumps(train_and_examine(name)).encode()})
    return json.loads(kept.read_text(encoding="utf-8"))


def record_modern() -> Json:
    """Return the content of modern.json. Two runs at a time."""
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        done = dict(zip(RUNS, pool.map(trained, RUNS)))
    return {name: report(name, done) for name in RUNS}


def report(name: str, done: dict[str, Json]) -> Json:
    run, found = RUNS[name], dict(done[name])
    seeds = found.pop("seeds")
    losses = [each["held_out"] for each in seeds]
    found |= {"mean": round(fmean(losses), 4), "all": [round(x, 4) for x in losses]}
    if run.against:
        found["difference"] = told([x - other["held_out"] for x, other in zip(losses, done[run.against]["seeds"])])
    for how in ("on", "window"):
        if how in seeds[0]:
            found[how] = {part: round(fmean(each[how][part] for each in seeds), 4) for part in seeds[0][how]}
    if "on" in found:
        found["on_less_window"] = {p: told([s["on"][p] - s["window"][p] for s in seeds]) for p in found["window"]}
    return found
