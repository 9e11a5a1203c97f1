# Tangled from docs/7-growing-up/01-tables-instead-of-numbers.md by scripts/tangle.py: edit the chapters, not this file. [sha256:db11bffffe97b952]
"""The model on arrays: a whole document at once, and its gradients by hand."""

from __future__ import annotations

import numpy as np

from ..params import Config, Params, shapes
from ..train import Adam, learning_rate
from .engines import Engine

Arrays = dict[str, np.ndarray]  # a matrix for each name in `shapes`

def views(vector: np.ndarray, config: Config, vocab_size: int) -> Arrays:
    """Cut a vector of all parameters into the model's matrices, which share its memory."""
    sizes = shapes(config, vocab_size)
    ends = np.cumsum([rows * columns for rows, columns in sizes.values()])
    return {name: part.reshape(sizes[name]) for name, part in zip(sizes, np.split(vector, ends[:-1]))}


LAYER = ("attn_wq", "attn_wk", "attn_wv", "attn_wo", "mlp_fc1", "mlp_fc2")


def layer_of(arrays: Arrays, i: int) -> list[np.ndarray]:
    """Return the six matrices of a layer."""
    return [arrays[f"layer{i}.{name}"] for name in LAYER]


def rmsnorm(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scale each row so that the mean of its squares is 1; also return the scales. (t, n) -> (t, n), (t, 1)."""
    scale = (np.mean(x * x, axis=-1, keepdims=True) + 1e-5) ** -0.5
    return x * scale, scale


def rmsnorm_back(dy: np.ndarray, y: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return the gradient of rmsnorm's input from that of its output `y`. (t, n) -> (t, n)."""
    return scale * (dy - y * np.mean(dy * y, axis=-1, keepdims=True))


def softmax(x: np.ndarray) -> np.ndarray:
    """Turn each row into probabilities. (..., n) -> (..., n)."""
    exps = np.exp(x - x.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


def softmax_back(dp: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Return the gradient of softmax's input from that of its output `p`. (..., n) -> (..., n)."""
    return p * (dp - np.sum(dp * p, axis=-1, keepdims=True))


def heads(x: np.ndarray, n_head: int) -> np.ndarray:
    """Cut each row into parts, one for each head. (t, n) -> (n_head, t, n / n_head)."""
    return x.reshape(len(x), n_head, -1).swapaxes(0, 1)


def join(x: np.ndarray) -> np.ndarray:
    """The inverse of `heads`. (n_head, t, d) -> (t, n_head * d)."""
    return x.swapaxes(0, 1).reshape(x.shape[1], -1)


def attention(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Let each position attend to itself and those before it; also return the weights. (h, t, d) -> same, (h, t, t)."""
    future = np.triu(np.full((q.shape[1], q.shape[1]), -np.inf, q.dtype), 1)
    weights = softmax(q @ k.swapaxes(1, 2) / q.shape[2] ** 0.5 + future)
    return weights @ v, weights


def attention_back(
    dout: np.ndarray, q: np.ndarray, k: np.ndarray, v: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of q, k and v from that of attention's output."""
    dscores = softmax_back(dout @ v.swapaxes(1, 2), weights) / q.shape[2] ** 0.5
    return dscores @ k, dscores.swapaxes(1, 2) @ q, weights.swapaxes(1, 2) @ dout


def activate(h: np.ndarray, activation: str) -> tuple[np.ndarray, np.ndarray]:
    """Cut off below 0, and square for relu2; also return the slope at each number."""
    positive = np.maximum(h, 0)
    return (positive**2, 2 * positive) if activation == "relu2" else (positive, (h > 0).astype(h.dtype))


def forward(inputs: list[int], w: Arrays, config: Config) -> tuple[np.ndarray, list]:
    """Read a whole document: return the logits at every position, (t, vocab_size), and what `backward` needs."""
    x, scale = rmsnorm(w["wte"][inputs] + w["wpe"][: len(inputs)])
    kept: list = [(x, scale)]
    for i in range(config.n_layer):
        wq, wk, wv, wo, fc1, fc2 = layer_of(w, i)
        normed, scale = rmsnorm(x)
        q, k, v = (heads(normed @ matrix.T, config.n_head) for matrix in (wq, wk, wv))
        out, weights = attention(q, k, v)
        attended = join(out)
        x = x + attended @ wo.T
        kept.append((normed, scale, q, k, v, weights, attended))
        normed, scale = rmsnorm(x)
        hidden, slope = activate(normed @ fc1.T, config.activation)
        x = x + hidden @ fc2.T
        kept.append((normed, scale, hidden, slope))
    kept.append(x)
    return x @ w["lm_head"].T, kept


def backward(dlogits: np.ndarray, kept: list, inputs: list[int], w: Arrays, g: Arrays, config: Config) -> None:
    """Add the gradients of all parameters to `g`, from that of the logits and what `forward` kept."""
    g["lm_head"] += dlogits.T @ kept.pop()
    dx = dlogits @ w["lm_head"]
    for i in reversed(range(config.n_layer)):
        wq, wk, wv, wo, fc1, fc2 = layer_of(w, i)
        gq, gk, gv, go, g1, g2 = layer_of(g, i)
        normed, scale, hidden, slope = kept.pop()
        g2 += dx.T @ hidden
        dhidden = dx @ fc2 * slope
        g1 += dhidden.T @ normed
        dx = dx + rmsnorm_back(dhidden @ fc1, normed, scale)
        normed, scale, q, k, v, weights, attended = kept.pop()
        go += dx.T @ attended
        dq, dk, dv = map(join, attention_back(heads(dx @ wo, config.n_head), q, k, v, weights))
        gq += dq.T @ normed
        gk += dk.T @ normed
        gv += dv.T @ normed
        dx = dx + rmsnorm_back(dq @ wq + dk @ wk + dv @ wv, normed, scale)
    dx = rmsnorm_back(dx, *kept.pop())
    np.add.at(g["wte"], inputs, dx)
    g["wpe"][: len(inputs)] += dx


def document(tokens: list[int], w: Arrays, g: Arrays, config: Config) -> float:
    """Return the mean cross-entropy of a document, in nats, and add its gradients to `g`."""
    inputs, targets = tokens[:-1], tokens[1:]
    logits, kept = forward(inputs, w, config)
    probs, came = softmax(logits), (range(len(inputs)), targets)
    loss = -np.mean(np.log(probs[came]))
    probs[came] -= 1
    backward(probs / len(inputs), kept, inputs, w, g, config)
    return float(loss)


class NumpyEngine(Engine):
    """All parameters in one vector, all gradients in another."""

    DTYPES = ("float64", "float32")

    def __init__(self, params: Params, config: Config, adam: Adam, dtype: str = "float64", device: str = "cpu"):
        super().__init__(params, config, adam, dtype, device)
        self.weights, self.m, self.v = (np.array(x, dtype) for x in ([p.data for p in adam.params], adam.m, adam.v))
        self.grads = np.zeros_like(self.weights)
        self.w, self.g = (views(x, config, len(params["wte"])) for x in (self.weights, self.grads))

    def step(self, documents: list[list[int]]) -> float:
        self.grads[:] = 0
        with np.errstate(all="ignore"):
            loss = sum(document(tokens, self.w, self.g, self.config) for tokens in documents) / len(documents)
            self.grads /= len(documents)
            beta1, beta2, t = self.adam.beta1, self.adam.beta2, self.t + 1
            self.m += (1 - beta1) * (self.grads - self.m)
            self.v += (1 - beta2) * (self.grads**2 - self.v)
            m, v = self.m / (1 - beta1**t), self.v / (1 - beta2**t)
            self.weights -= learning_rate(self.t, self.config) * m / (np.sqrt(v) + self.adam.eps)
        return loss

    def store(self) -> None:
        for p, x in zip(self.adam.params, self.weights.tolist()):
            p.data = x
        self.adam.t, self.adam.m, self.adam.v = self.t, self.m.tolist(), self.v.tolist()


ENGINE = NumpyEngine
