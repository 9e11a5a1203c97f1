# Tangled from docs/3-architecture/12-the-whole-gpt.md by scripts/tangle.py: edit the chapters, not this file. [sha256:f783b67f8a5a5fb2]
"""The model: from a token and its past to a score for every possible next token."""

from __future__ import annotations

from .params import Config, Params
from .value import Matrix, Value, Vector, dot

Cache = list[list[list[Value]]]  # for each layer, a vector for each position so far


def add(a: Vector, b: Vector) -> list[Value]:
    """Add two vectors number by number. (n,), (n,) -> (n,). Raises ValueError if the lengths differ."""
    return [x + y for x, y in zip(a, b, strict=True)]


def linear(x: Vector, w: Matrix) -> list[Value]:
    """Return w·x. `x`: (n,), `w`: (m, n) -> (m,). Raises ValueError if the lengths differ."""
    return [dot(row, x) for row in w]


def softmax(logits: Vector) -> list[Value]:
    """Turn any numbers into probabilities: positive, adding up to 1. (n,) -> (n,)."""
    largest = max(logit.data for logit in logits)
    exps = [(logit - largest).exp() for logit in logits]
    total = sum(exps)
    return [e / total for e in exps]


def rmsnorm(x: Vector) -> list[Value]:
    """Scale a vector so that the mean of its squares is 1. (n,) -> (n,). Zhang & Sennrich 2019, without gain."""
    scale = (dot(x, x) / len(x) + 1e-5) ** -0.5
    return [xi * scale for xi in x]


def attention_head(q: Vector, keys: Matrix, values: Matrix) -> list[Value]:
    """Return a mix of `values`, each weighted by how well its key fits the query.

    `q`: (d,), `keys` and `values`: (t, d) -> (d,). Vaswani et al. 2017, equation 1, for one query.
    """
    scores = [dot(q, k) / len(q) ** 0.5 for k in keys]
    weights = softmax(scores)
    return [dot(weights, column) for column in zip(*values)]


def multi_head_attention(q: Vector, keys: Matrix, values: Matrix, n_head: int) -> list[Value]:
    """Cut `q`, `keys`, `values` into `n_head` parts, attend in each, and join the results. (n,), (t, n) -> (n,)."""
    size = len(q) // n_head
    parts = [slice(start, start + size) for start in range(0, len(q), size)]
    heads = [attention_head(q[p], [k[p] for k in keys], [v[p] for v in values]) for p in parts]
    return [x for head in heads for x in head]


def mlp(x: Vector, fc1: Matrix, fc2: Matrix, activation: str = "relu") -> list[Value]:
    """Widen, cut off below 0, narrow again. `x`: (n,), `fc1`: (4n, n), `fc2`: (n, 4n) -> (n,)."""
    hidden = [h.relu() ** 2 if activation == "relu2" else h.relu() for h in linear(x, fc1)]
    return linear(hidden, fc2)


def empty_cache(config: Config) -> tuple[Cache, Cache]:
    """Return the keys and the values of a document before its first token."""
    return [[] for _ in range(config.n_layer)], [[] for _ in range(config.n_layer)]


def gpt(token_id: int, pos_id: int, keys: Cache, values: Cache, params: Params, config: Config) -> list[Value]:
    """Read one token and return the logits of the next: one number for each token of the vocabulary.

    `keys` and `values` hold what the layers remember of the positions before `pos_id`; this one's are added.
    Raises IndexError for a token above the vocabulary or a position after the block.
    """
    x = rmsnorm(add(params["wte"][token_id], params["wpe"][pos_id]))
    for i in range(config.n_layer):
        normed = rmsnorm(x)
        q, k, v = (linear(normed, params[f"layer{i}.attn_{name}"]) for name in ("wq", "wk", "wv"))
        keys[i].append(k)
        values[i].append(v)
        attended = multi_head_attention(q, keys[i], values[i], config.n_head)
        x = add(linear(attended, params[f"layer{i}.attn_wo"]), x)
        x = add(mlp(rmsnorm(x), params[f"layer{i}.mlp_fc1"], params[f"layer{i}.mlp_fc2"], config.activation), x)
    return linear(x, params["lm_head"])
