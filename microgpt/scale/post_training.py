# Tangled from docs/7-growing-up/12-after-training.md by scripts/tangle.py: edit the chapters, not this file. [sha256:c1ec23733b8eeaff]
"""After training: other documents, rewards, preferences, conversations. Each is the old loss with other weights."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..data import Tokenizer
from ..params import Config
from .torch_engine import GPT, IGNORED, pad

Reward = Callable[[str], float]

def new_model(config: Config, tokenizer: Tokenizer, seed: int) -> GPT:
    """Return a model of random weights, in float64."""
    torch.manual_seed(seed)
    model = GPT(config, tokenizer.vocab_size).double()
    for p in model.parameters():
        torch.nn.init.normal_(p, std=config.init_std)
    return model


def optimizer_for(model: GPT, rate: float) -> torch.optim.Adam:
    """Return Adam with the settings of the book."""
    return torch.optim.Adam(model.parameters(), lr=rate, betas=(Config.beta1, Config.beta2), eps=Config.eps)


def log_probs(model: GPT, texts: Sequence[str], tokenizer: Tokenizer, after: str = "") -> Tensor:
    """Return the logarithm of the probability that the model writes each of these texts, end included. -> (b,).

    With `after`, a character, only of what follows it.
    """
    block = model.wpe.num_embeddings
    documents = [[tokenizer.bos, *tokenizer.encode(text), tokenizer.bos][: block + 1] for text in texts]
    inputs, targets = pad(documents)
    if after:
        targets = targets.where((inputs == tokenizer.ids[after]).cumsum(1) > 0, IGNORED)
    losses = F.cross_entropy(model(inputs).transpose(1, 2), targets, ignore_index=IGNORED, reduction="none")
    return -losses.sum(1)


@torch.no_grad()
def write(model: GPT, tokenizer: Tokenizer, count: int, generator: torch.Generator) -> list[str]:
    """Return texts drawn from the model as it is, at temperature 1, all at the same time."""
    tokens = torch.full((count, 1), tokenizer.bos)
    for _ in range(model.wpe.num_embeddings):
        probs = F.softmax(model(tokens)[:, -1], dim=-1)
        tokens = torch.cat([tokens, torch.multinomial(probs, 1, generator=generator)], dim=1)
    return [tokenizer.decode(until_bos(row, tokenizer.bos)) for row in tokens[:, 1:].tolist()]


def until_bos(row: list[int], bos: int) -> list[int]:
    """Return the tokens before the first BOS."""
    return row[: row.index(bos)] if bos in row else row


def fine_tune(
    model: GPT, docs: Sequence[str], tokenizer: Tokenizer, steps: int, batch: int = 32, rate: float = 0.01, after: str = ""
) -> Iterator[float]:
    """Train on `batch` documents a step, with a rate that falls to 0; yield the loss per token, in nats.

    With `after`, a character, nothing is learned from the tokens up to it.
    """
    optimizer = optimizer_for(model, rate)
    for step in range(steps):
        chosen = [docs[(step * batch + i) % len(docs)] for i in range(batch)]
        optimizer.param_groups[0]["lr"] = rate * (1 - step / steps)
        count = sum(len(doc) - (doc.index(after) if after else -1) for doc in chosen)
        loss = -log_probs(model, chosen, tokenizer, after).sum() / count
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item()


@torch.no_grad()
def held_out(model: GPT, docs: Sequence[str], tokenizer: Tokenizer) -> float:
    """Return the mean over the documents of the loss per token of each, in nats."""
    lengths = torch.tensor([min(len(doc) + 1, model.wpe.num_embeddings) for doc in docs])
    return (-log_probs(model, docs, tokenizer) / lengths).mean().item()


def reinforce(
    model: GPT, reference: GPT, tokenizer: Tokenizer, reward: Reward, leash: float, steps: int,
    generator: torch.Generator, batch: int = 64, rate: float = 0.005,
) -> Iterator[float]:
    """Let the model write, and make likelier what is better than the mean; yield the mean reward of each step.

    `leash` is the price of a nat of distance from the `reference`. Williams 1992; with the leash, Ouyang et al. 2022.
    """
    optimizer = optimizer_for(model, rate)
    for _ in range(steps):
        texts = write(model, tokenizer, batch, generator)
        rewards = torch.tensor([reward(text) for text in texts])
        written = log_probs(model, texts, tokenizer)
        with torch.no_grad():
            gains = rewards - leash * (written - log_probs(reference, texts, tokenizer))
        loss = -((gains - gains.mean()) * written).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield rewards.mean().item()


def dpo(
    model: GPT, reference: GPT, tokenizer: Tokenizer, pairs: Sequence[tuple[str, str]], leash: float, steps: int,
    batch: int = 32, rate: float = 0.003,
) -> Iterator[float]:
    """Learn from pairs of a better and a worse text; yield each step's loss, in nats. Rafailov et al. 2023."""
    optimizer = optimizer_for(model, rate)
    for step in range(steps):
        chosen = [pairs[(step * batch + i) % len(pairs)] for i in range(batch)]
        texts = [better for better, _ in chosen] + [worse for _, worse in chosen]
        written = log_probs(model, texts, tokenizer)
        with torch.no_grad():
            before = log_probs(reference, texts, tokenizer)
        better, worse = (written - before).chunk(2)
        loss = -F.logsigmoid(leash * (better - worse)).mean()
        optimizer.param_groups[0]["lr"] = rate * (1 - step / steps)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item()


@torch.no_grad()
def distance(model: GPT, reference: GPT, texts: Sequence[str], tokenizer: Tokenizer) -> float:
    """Estimate the KL divergence from the reference, in nats a text, from texts that the model wrote."""
    return (log_probs(model, texts, tokenizer) - log_probs(reference, texts, tokenizer)).mean().item()


def best_share(share: float, leash: float) -> float:
    """Return how often the best model on this leash earns a reward of 1, where the reference does with `share`."""
    return 1 / (1 + (1 - share) / share * math.exp(-1 / leash))


def distance_of_share(share: float, base: float) -> float:
    """Return the KL divergence, in nats, of a model that only earns the reward more often than `base`."""
    parts = ((share, base), (1 - share, 1 - base))
    return sum(new * math.log(new / old) for new, old in parts if new > 0)


ASKS, ANSWERS = "?", "!"


def dialog(question: str, answer: str) -> str:
    """Return a conversation as a document."""
    return f"{ASKS}{question}{ANSWERS}{answer}"


@torch.no_grad()
def answer(model: GPT, tokenizer: Tokenizer, questions: Sequence[str]) -> list[str]:
    """Return the likeliest answers to questions of the same length."""
    tokens = torch.tensor([[tokenizer.bos, *tokenizer.encode(dialog(question, ""))] for question in questions])
    start = tokens.shape[1]
    while tokens.shape[1] <= model.wpe.num_embeddings:
        tokens = torch.cat([tokens, model(tokens)[:, -1].argmax(-1, keepdim=True)], dim=1)
    return [tokenizer.decode(until_bos(row, tokenizer.bos)) for row in tokens[:, start:].tolist()]
