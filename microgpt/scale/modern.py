# Tangled from docs/7-growing-up/08-the-modern-block.md by scripts/tangle.py: edit the chapters, not this file. [sha256:4cb19f80078c4293]
"""The block of today's large models: nine switches, each off by default, and with all of them off the book's GPT."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..params import Config
from ..train import learning_rate
from .torch_engine import mean_loss, pad, rmsnorm


@dataclass(frozen=True)
class ModernConfig(Config):
    """The knobs of `Config`, and the switches of this chapter. Raises ValueError for a setting that can't be."""

    rope: bool = False  # positions turn queries and keys, and there is no wpe
    kv_heads: int = 0  # heads that have keys and values; 0 is all
    swiglu: bool = False  # in the MLP, in the place of ReLU
    tied: bool = False  # lm_head is wte
    gain: bool = False  # each RMSNorm has a learned factor for every number
    weight_decay: float = 0.0  # pulls the matrices toward 0, by this share of a step
    warmup: int = 0  # steps in which the rate rises from near 0
    clip: float = 0.0  # the greatest length of a gradient; 0 is any
    dropout: float = 0.0  # the share of numbers that are set to 0 while training
    experts: int = 0  # MLPs to choose from for each token; 0 is one MLP and no choice
    chosen: int = 1  # of the experts, for each token

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kv_heads < 0 or self.kv_heads and self.n_head % self.kv_heads:
            raise ValueError(f"kv_heads {self.kv_heads} don't divide {self.n_head} heads evenly")
        if self.rope and self.n_embd // self.n_head % 2:
            raise ValueError(f"rope turns pairs of numbers, and a head has {self.n_embd // self.n_head}")
        if self.experts < 0 or self.experts and not 1 <= self.chosen <= self.experts:
            raise ValueError(f"of {self.experts} experts {self.chosen} can't be chosen")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout {self.dropout} is not in the range from 0 to below 1")
        if min(self.weight_decay, self.warmup, self.clip) < 0:
            raise ValueError("weight_decay, warmup and clip are not less than 0")


def turn(x: Tensor, base: float = 10000.0) -> Tensor:
    """Turn each pair of numbers by its position times an angle of its own. (..., t, d) -> same. Su et al. 2021."""
    t, d = x.shape[-2:]
    speeds = base ** (-torch.arange(0, d, 2, dtype=x.dtype, device=x.device) / d)
    angles = torch.arange(t, dtype=x.dtype, device=x.device)[:, None] * speeds
    a, b = x[..., 0::2], x[..., 1::2]
    turned = a * angles.cos() - b * angles.sin(), a * angles.sin() + b * angles.cos()
    return torch.stack(turned, -1).flatten(-2)


class Norm(nn.Module):
    """RMSNorm, with a learned factor for each number or without. (..., n) -> (..., n)."""

    def __init__(self, n: int, gain: bool):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(n)) if gain else None

    def forward(self, x: Tensor) -> Tensor:
        return rmsnorm(x) if self.gain is None else rmsnorm(x) * self.gain


class Attention(nn.Module):
    """Queries of n_head heads; keys and values of kv_heads. (b, t, n) -> (b, t, n)."""

    def __init__(self, config: ModernConfig):
        super().__init__()
        n, self.size, self.rope = config.n_embd, config.n_embd // config.n_head, config.rope
        self.kv_heads = config.kv_heads or config.n_head
        self.shared_by, kv = config.n_head // self.kv_heads, self.kv_heads * self.size
        self.wq, self.wk = nn.Linear(n, n, bias=False), nn.Linear(n, kv, bias=False)
        self.wv, self.wo = nn.Linear(n, kv, bias=False), nn.Linear(n, n, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (linear(x).unflatten(-1, (-1, self.size)).transpose(1, 2) for linear in (self.wq, self.wk, self.wv))
        if self.rope:
            q, k = turn(q), turn(k)
        k, v = (part.repeat_interleave(self.shared_by, dim=1) for part in (k, v))
        return self.wo(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(-2))


class MLP(nn.Module):
    """Widen, cut off or weigh, narrow again. (b, t, n) -> (b, t, n). SwiGLU: Shazeer 2020."""

    def __init__(self, config: ModernConfig):
        super().__init__()
        n, self.activation = config.n_embd, config.activation
        wide = 8 * n // 3 if config.swiglu else 4 * n  # three matrices, or two: as many numbers in all
        self.fc1, self.fc2 = nn.Linear(n, wide, bias=False), nn.Linear(wide, n, bias=False)
        self.gate = nn.Linear(n, wide, bias=False) if config.swiglu else None

    def forward(self, x: Tensor) -> Tensor:
        if self.gate is not None:
            return self.fc2(F.silu(self.gate(x)) * self.fc1(x))
        hidden = F.relu(self.fc1(x))
        return self.fc2(hidden**2 if self.activation == "relu2" else hidden)


class Experts(nn.Module):
    """MLPs, of which a router chooses some for each token. (b, t, n) -> (b, t, n). Shazeer et al. 2017."""

    def __init__(self, config: ModernConfig):
        super().__init__()
        self.router = nn.Linear(config.n_embd, config.experts, bias=False)
        self.experts = nn.ModuleList(MLP(config) for _ in range(config.experts))
        self.chosen = config.chosen

    def forward(self, x: Tensor) -> Tensor:
        shares, places = self.router(x).softmax(-1).topk(self.chosen)
        found = torch.zeros_like(x)
        for i, expert in enumerate(self.experts):
            *where, which = torch.nonzero(places == i, as_tuple=True)  # the tokens that chose it
            here = tuple(where)
            found = found.index_put(here, shares[(*here, which)][:, None] * expert(x[here]), accumulate=True)
        return found


class ModernGPT(nn.Module):
    """The whole model."""

    def __init__(self, config: ModernConfig, vocab_size: int):
        super().__init__()
        n = config.n_embd
        self.wte = nn.Embedding(vocab_size, n)
        self.wpe = None if config.rope else nn.Embedding(config.block_size, n)
        self.lm_head = self.wte if config.tied else nn.Linear(n, vocab_size, bias=False)
        self.first = Norm(n, config.gain)
        self.layers = nn.ModuleList(
            nn.ModuleList([Norm(n, config.gain), Attention(config), Norm(n, config.gain), Experts(config) if config.experts else MLP(config)])
            for _ in range(config.n_layer)
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits of the token after each. (b, t) -> (b, t, vocab_size)."""
        x = self.wte(tokens)
        if self.wpe is not None:
            x = x + self.wpe(torch.arange(tokens.shape[1], device=tokens.device))
        x = self.dropout(self.first(x))
        for norm1, attention, norm2, mlp in self.layers:
            x = x + self.dropout(attention(norm1(x)))
            x = x + self.dropout(mlp(norm2(x)))
        return x @ self.lm_head.weight.T


def start(config: ModernConfig, vocab_size: int, rng: random.Random) -> ModernGPT:
    """Return a model in float64 with random weights; with all switches off, those of `init_params`."""
    model = ModernGPT(config, vocab_size).double()
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() > 1:  # gains stay at 1
                std = 0.0 if config.zero_init and name.endswith(("wo.weight", "fc2.weight")) else config.init_std
                p.copy_(torch.tensor([rng.gauss(0, std) for _ in range(p.numel())], dtype=p.dtype).view_as(p))
    return model


def train(documents: list[list[int]], model: ModernGPT, config: ModernConfig) -> Iterator[tuple[int, float]]:
    """Train `model` in place, a document a step; yield the step, from 1, and its loss, after each.

    A document is its tokens, BOS at both ends. Its first `block_size` predictions count.
    """
    matrices = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": matrices, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}]
    adam = torch.optim.AdamW(groups, betas=(config.beta1, config.beta2), eps=config.eps, fused=True)
    model.train()
    for step in range(config.steps):
        inputs, targets = pad([documents[step % len(documents)][: config.block_size + 1]])
        loss = mean_loss(model(inputs), targets)
        adam.zero_grad()
        loss.backward()
        if config.clip:
            nn.utils.clip_grad_norm_(model.parameters(), config.clip)
        for group in adam.param_groups:
            group["lr"] = learning_rate(step, config) * min(1.0, (step + 1) / max(1, config.warmup))
        adam.step()
        yield step + 1, loss.item()
