"""The book's GPT on batches of windows of a long text, in PyTorch: what the recorders of Part 7's texts train.

The same model as in microgpt/gpt.py: same matrices, same RMSNorm without gain, ReLU, Adam with a rate that falls to 0 in
a straight line. A window is cut from the text wherever it falls; each of its tokens is a prediction. PyTorch is imported
only when something is trained.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from microgpt import Config, shapes

if TYPE_CHECKING:
    import torch

Params = dict[str, "torch.Tensor"]


def init(config: Config, vocab_size: int, seed: int) -> Params:
    """The matrices, drawn from a normal distribution with the configured width."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    return {
        name: (config.init_std * torch.randn(rows, columns, generator=generator)).requires_grad_()
        for name, (rows, columns) in shapes(config, vocab_size).items()
    }


def logits(tokens: torch.Tensor, params: Params, config: Config) -> torch.Tensor:
    """Of token ids (batch, time), time at most block_size, the logits (batch, time, vocab_size)."""
    import torch
    from torch.nn.functional import linear, relu, scaled_dot_product_attention

    batch, time = tokens.shape

    def norm(x: torch.Tensor) -> torch.Tensor:
        return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-5)

    def heads(x: torch.Tensor) -> torch.Tensor:
        return x.view(batch, time, config.n_head, -1).transpose(1, 2)

    x = norm(params["wte"][tokens] + params["wpe"][:time])
    for i in range(config.n_layer):
        y = norm(x)
        q, k, v = (heads(linear(y, params[f"layer{i}.attn_{part}"])) for part in ("wq", "wk", "wv"))
        mixed = scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(batch, time, -1)
        x = x + linear(mixed, params[f"layer{i}.attn_wo"])
        x = x + linear(relu(linear(norm(x), params[f"layer{i}.mlp_fc1"])), params[f"layer{i}.mlp_fc2"])
    return linear(x, params["lm_head"])


def train(ids: list[int], params: Params, config: Config, batch: int, seed: int) -> Iterator[tuple[int, float]]:
    """Train on random windows of a text, `config.steps` times `batch` of them; yield the step, from 1, and its loss."""
    import torch
    from torch.nn.functional import cross_entropy

    generator, text = torch.Generator().manual_seed(seed), torch.tensor(ids)
    adam = torch.optim.Adam(params.values(), config.learning_rate, (config.beta1, config.beta2), config.eps)
    for step in range(config.steps):
        starts = torch.randint(len(text) - config.block_size, (batch, 1), generator=generator)
        windows = text[starts + torch.arange(config.block_size + 1)]
        loss = cross_entropy(logits(windows[:, :-1], params, config).flatten(0, 1), windows[:, 1:].flatten())
        adam.zero_grad()
        loss.backward()
        for group in adam.param_groups:
            group["lr"] = config.learning_rate * (1 - step / config.steps)
        adam.step()
        yield step + 1, loss.item()


def token_losses(ids: list[int], params: Params, config: Config, batch: int = 32) -> torch.Tensor:
    """−log p of each token after the first. Each sees at least half a window of what stands before it, if there is as much."""
    import torch
    from torch.nn.functional import cross_entropy

    size, half = config.block_size, config.block_size // 2
    padded = torch.tensor(ids + [0] * size)
    starts = range(0, max(1, len(ids) - 1 - half), half)
    parts = []
    with torch.no_grad():
        for first in range(0, len(starts), batch):
            windows = torch.stack([padded[s : s + size + 1] for s in starts[first : first + batch]])
            found = cross_entropy(logits(windows[:, :-1], params, config).transpose(1, 2), windows[:, 1:], reduction="none")
            parts += [row if s == 0 else row[size - half :] for s, row in zip(starts[first : first + batch], found)]
    return torch.cat(parts)[: len(ids) - 1]
