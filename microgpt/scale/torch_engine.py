# Tangled from docs/7-growing-up/03-the-same-in-pytorch.md by scripts/tangle.py: edit the chapters, not this file. [sha256:34a6cf300ca60d61]
"""The model as a practitioner would write it, in PyTorch: autograd, modules and the optimizer are the library's."""

from __future__ import annotations

from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from torch.nn.utils.rnn import pad_sequence

from ..params import Config, Params
from ..train import Adam, learning_rate
from .engines import Engine, EngineError

IGNORED = -100  # a target that isn't one: cross_entropy's own number for it
THREADS = torch.get_num_threads()
SMALL = 100_000  # parameters; below, a second thread costs more than it helps


def rmsnorm(x: Tensor) -> Tensor:
    """Scale each vector so that the mean of its squares is 1. (..., n) -> (..., n)."""
    return F.rms_norm(x, x.shape[-1:], eps=1e-5)


class Block(nn.Module):
    """A layer: attention, then the MLP, each added to the residual stream. (b, t, n) -> (b, t, n)."""

    def __init__(self, config: Config):
        super().__init__()
        n = config.n_embd
        self.n_head, self.activation = config.n_head, config.activation
        self.attn_wq, self.attn_wk = nn.Linear(n, n, bias=False), nn.Linear(n, n, bias=False)
        self.attn_wv, self.attn_wo = nn.Linear(n, n, bias=False), nn.Linear(n, n, bias=False)
        self.mlp_fc1, self.mlp_fc2 = nn.Linear(n, 4 * n, bias=False), nn.Linear(4 * n, n, bias=False)

    def heads(self, x: Tensor) -> Tensor:
        """Cut each vector into parts, one for each head. (b, t, n) -> (b, n_head, t, n / n_head)."""
        return x.unflatten(-1, (self.n_head, -1)).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        normed = rmsnorm(x)
        q, k, v = (self.heads(linear(normed)) for linear in (self.attn_wq, self.attn_wk, self.attn_wv))
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attn_wo(attended.transpose(1, 2).flatten(-2))
        hidden = F.relu(self.mlp_fc1(rmsnorm(x)))
        return x + self.mlp_fc2(hidden**2 if self.activation == "relu2" else hidden)


class GPT(nn.Module):
    """The whole model; its parameters come in the order of `microgpt.params.shapes`."""

    def __init__(self, config: Config, vocab_size: int):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocab_size, config.n_embd), nn.Embedding(config.block_size, config.n_embd)
        self.lm_head = nn.Linear(config.n_embd, vocab_size, bias=False)
        self.layers = nn.ModuleList(Block(config) for _ in range(config.n_layer))

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits of the token after each. (b, t) -> (b, t, vocab_size)."""
        positions = torch.arange(tokens.shape[1], device=tokens.device)
        x = rmsnorm(self.wte(tokens) + self.wpe(positions))
        for layer in self.layers:
            x = layer(x)
        return self.lm_head(x)


def pad(documents: list[list[int]], device: str = "cpu") -> tuple[Tensor, Tensor]:
    """Return what is read and what should come next, for documents of several lengths. Two of (b, t)."""
    inputs = pad_sequence([torch.tensor(tokens[:-1]) for tokens in documents], batch_first=True)
    targets = pad_sequence([torch.tensor(tokens[1:]) for tokens in documents], batch_first=True, padding_value=IGNORED)
    return inputs.to(device), targets.to(device)


def mean_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean over the documents of the mean cross-entropy of each, in nats. (b, t, vocab), (b, t) -> ()."""
    losses = F.cross_entropy(logits.transpose(1, 2), targets, ignore_index=IGNORED, reduction="none")
    return (losses.sum(1) / (targets != IGNORED).sum(1)).mean()


def load_vector(model: nn.Module, numbers: list[float]) -> None:
    """Write numbers into the parameters of a model, in their order."""
    first = next(model.parameters())
    with torch.no_grad():
        vector_to_parameters(torch.tensor(numbers, dtype=first.dtype, device=first.device), model.parameters())


def make_adam(model: nn.Module, adam: Adam) -> torch.optim.Adam:
    """Return PyTorch's Adam with the settings and the memory of ours."""
    optimizer = torch.optim.Adam(model.parameters(), betas=(adam.beta1, adam.beta2), eps=adam.eps, fused=True)
    start = 0
    for p in model.parameters():
        part = slice(start, start + p.numel())
        m, v = (torch.tensor(x[part], dtype=p.dtype, device=p.device).view_as(p) for x in (adam.m, adam.v))
        optimizer.state[p] = {"step": torch.tensor(float(adam.t), device=p.device), "exp_avg": m, "exp_avg_sq": v}
        start += p.numel()
    return optimizer


def memory_of(optimizer: torch.optim.Adam, name: str) -> list[float]:
    """Return Adam's "exp_avg" (our m) or "exp_avg_sq" (our v) of all parameters."""
    states = [optimizer.state[p] for group in optimizer.param_groups for p in group["params"]]
    return parameters_to_vector([state[name] for state in states]).tolist()


class TorchEngine(Engine):
    """A module and an optimizer of PyTorch. In bfloat16 it multiplies in that, and keeps its weights in float32."""

    DTYPES = ("float64", "float32", "bfloat16")
    DEVICES = ("cpu", "cuda")

    def __init__(self, params: Params, config: Config, adam: Adam, dtype: str = "float64", device: str = "cpu"):
        super().__init__(params, config, adam, dtype, device)
        if device == "cuda" and not torch.cuda.is_available():
            raise EngineError("device cuda: PyTorch finds no GPU here; leave it out to compute on the CPU")
        torch.set_num_threads(1 if len(adam.params) < SMALL else THREADS)
        self.device, half = device, dtype == "bfloat16"
        self.precision = torch.autocast(device, torch.bfloat16) if half else nullcontext()
        self.model = GPT(config, len(params["wte"])).to(device, torch.float32 if half else getattr(torch, dtype))
        load_vector(self.model, [p.data for p in adam.params])
        self.optimizer = make_adam(self.model, adam)

    def step(self, documents: list[list[int]]) -> float:
        inputs, targets = pad(documents, self.device)
        with self.precision:
            loss = mean_loss(self.model(inputs), targets)
        self.learn(loss)
        return loss.item()

    def learn(self, loss: Tensor) -> None:
        """Find the gradients of a loss, and take a step of Adam."""
        self.optimizer.zero_grad()
        loss.backward()
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.t, self.config)
        self.optimizer.step()

    def store(self) -> None:
        for p, x in zip(self.adam.params, parameters_to_vector(self.model.parameters()).tolist()):
            p.data = x
        self.adam.t, self.adam.m = self.t, memory_of(self.optimizer, "exp_avg")
        self.adam.v = memory_of(self.optimizer, "exp_avg_sq")


ENGINE = TorchEngine
