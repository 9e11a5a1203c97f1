"""The engines' PyTorch model on windows of a long text: what the recorders of larger texts train.

An engine reads documents, from their BOS on. A text that is longer than the block is read in windows, cut from it
wherever they fall; each token of a window but the first is a prediction. PyTorch is imported only when it is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from microgpt import Config, learning_rate

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Adam

    from microgpt.scale.torch_engine import GPT


def init(config: Config, vocab_size: int, seed: int) -> tuple[GPT, Adam]:
    """A model with random parameters, in float32, and its optimizer."""
    import torch

    from microgpt.scale.torch_engine import GPT

    model, generator = GPT(config, vocab_size), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.parameters():
            p.normal_(0, config.init_std, generator=generator)
    return model, torch.optim.Adam(model.parameters(), config.learning_rate, (config.beta1, config.beta2), config.eps, fused=True)


def descend(loss: Tensor, adam: Adam, rate: float) -> None:
    """One step of the optimizer."""
    adam.zero_grad()
    loss.backward()
    adam.param_groups[0]["lr"] = rate
    adam.step()


def train(ids: list[int], model: GPT, adam: Adam, config: Config, batch: int, seed: int) -> Iterator[tuple[int, float]]:
    """Train on random windows of a text, `batch` of them a step; yield the step, from 1, and its loss a token."""
    import torch
    from torch.nn.functional import cross_entropy

    generator, text = torch.Generator().manual_seed(seed), torch.tensor(ids)
    for step in range(config.steps):
        starts = torch.randint(len(text) - config.block_size, (batch, 1), generator=generator)
        windows = text[starts + torch.arange(config.block_size + 1)]
        loss = cross_entropy(model(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten())
        descend(loss, adam, learning_rate(step, config))
        yield step + 1, loss.item()


def token_losses(ids: list[int], model: GPT, config: Config, batch: int = 32) -> Tensor:
    """−log p of each token after the first. Each sees at least half a window of what stands before it, if there is as much."""
    import torch
    from torch.nn.functional import cross_entropy

    size, half = config.block_size, config.block_size // 2
    padded = torch.tensor(ids + [0] * size)
    starts = range(0, max(1, len(ids) - 1 - half), half)
    parts = []
    with torch.no_grad():
        for first in range(0, len(starts), batch):
            some = starts[first : first + batch]
            windows = torch.stack([padded[s : s + size + 1] for s in some])
            found = cross_entropy(model(windows[:, :-1]).transpose(1, 2), windows[:, 1:], reduction="none")
            parts += [row if s == 0 else row[size - half :] for s, row in zip(some, found)]
    return torch.cat(parts)[: len(ids) - 1]
