# Tangled from docs/3-architecture/10-one-head.md by scripts/tangle.py: edit the chapters, not this file. [sha256:ad81a22a6d69f990]
"""Rung 3 of microgpt's ladder: positions, one attention head, RMSNorm, residual connections; gradient descent.

Put a file input.txt beside it, one document a line, and run: python3 train3.py [STEPS [SEED]]
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator
from pathlib import Path

Vector, Matrix, Params = list, list, dict  # of numbers; of rows; of matrices by name


def parse_docs(text: str) -> list[str]:
    """Return the documents in `text`: one a line, without the space around them and without blank lines."""
    return [line.strip() for line in text.split("\n") if line.strip()]


class Tokenizer:
    """Turns characters into token ids and back.

    The ids are the places of the characters in sorted order, from 0; `bos`, the id after them, stands for the
    beginning and the end of a document. `vocab_size` counts all of them.
    """

    def __init__(self, docs: list[str]):
        self.chars = sorted(set("".join(docs)))
        self.ids = {char: i for i, char in enumerate(self.chars)}
        self.bos, self.vocab_size = len(self.chars), len(self.chars) + 1

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text`. Raises KeyError for an unknown character."""
        return [self.ids[char] for char in text]

    def decode(self, ids: list[int]) -> str:
        """Return the text of `ids`; BOS has none. Raises IndexError for an id above the vocabulary."""
        return "".join(self.chars[i] for i in ids if i != self.bos)


class Value:
    """A number, the values it was computed from, and, after `backward()`, its gradient."""

    __slots__ = ("data", "grad", "_children", "_local_grads")

    def __init__(self, data: float, children: tuple = (), local_grads: tuple[float, ...] | None = ()):
        self.data, self.grad = data, 0.0
        self._children, self._local_grads = children, local_grads

    def __add__(self, other: Value | float) -> Value:
        if not isinstance(other, Value):
            return Value(self.data + other, (self,), (1.0,))
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Value | float) -> Value:
        if not isinstance(other, Value):
            return Value(self.data * other, (self,), (other,))
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, exponent: float) -> Value:
        """Power. A fractional exponent needs a base that isn't negative, an exponent below 1 a base that isn't 0."""
        return Value(self.data**exponent, (self,), (exponent * self.data ** (exponent - 1),))

    def log(self) -> Value:
        """Natural logarithm. Raises ValueError unless the number is positive."""
        return Value(math.log(self.data), (self,), (1 / self.data,))

    def exp(self) -> Value:
        """e to the power of the number. Raises OverflowError above about 709."""
        return Value(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self) -> Value:
        """The number if it is positive, otherwise 0."""
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),))

    __radd__, __rmul__ = __add__, __mul__
    def __neg__(self) -> Value: return self * -1
    def __sub__(self, other: Value | float) -> Value: return self + (-other)
    def __truediv__(self, other: Value | float) -> Value: return self * other**-1

    def _inputs(self) -> Vector:
        if self._local_grads is None:
            a, b = self._children
            return [value for pair in zip(a, b) for value in pair] if any([x._children for x in a]) else b
        return self._children

    def backward(self) -> None:
        """Set `grad` of every value behind this one to the derivative of this one by it.

        A value that was computed starts from 0 at each call; a leaf, which was not, adds to the `grad` it has.
        """
        order, seen, path = [], {self}, [(self, iter(self._inputs()))]
        while path:
            node, inputs = path[-1]
            for child in inputs:
                if child._children and child not in seen:
                    seen.add(child)
                    path.append((child, iter(child._inputs())))
                    break
            else:
                node.grad = 0.0
                order.append(node)
                path.pop()

        self.grad = 1.0
        for node in reversed(order):
            grad = node.grad
            if node._local_grads is None:
                for x, y in zip(*node._children):
                    x.grad += y.data * grad
                    y.grad += x.data * grad
                continue
            for child, local_grad in zip(node._children, node._local_grads):
                child.grad += local_grad * grad


def dot(a: Vector, b: Vector) -> Value:
    """Return a[0]·b[0] + a[1]·b[1] + ... as one node, of two lists or tuples. ValueError if the lengths differ."""
    total = 0.0
    for x, y in zip(a, b, strict=True):
        total += x.data * y.data
    return Value(total, (a, b), None)


class Config:
    """The knobs of the program, not of the model."""

    n_embd: int = 16  # numbers in a token's vector
    block_size: int = 16  # tokens the model can look back on
    init_std: float = 0.08  # standard deviation of the first, random weights
    steps: int = 1000  # one document a step
    learning_rate: float = 0.1  # at first; it falls to 0
    temperature: float = 0.5  # below 1: bolder about what is likely


def shapes(config: Config, vocab_size: int) -> dict[str, tuple[int, int]]:
    """Return (rows, columns) of every matrix of the model, in the order in which they are drawn."""
    n = config.n_embd
    table = {"wte": (vocab_size, n), "wpe": (config.block_size, n)}
    table |= {name: (n, n) for name in ("attn_wq", "attn_wk", "attn_wv", "attn_wo")}
    return table | {"mlp_fc1": (4 * n, n), "mlp_fc2": (n, 4 * n), "lm_head": (vocab_size, n)}


def init_params(config: Config, vocab_size: int, rng: random.Random) -> Params:
    """Return the model's matrices, filled with random numbers row by row."""
    return {
        name: [[Value(rng.gauss(0, config.init_std)) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in shapes(config, vocab_size).items()
    }


def flatten(params: Params) -> list[Value]:
    """Return all parameters in one list, matrix by matrix, row by row."""
    return [p for matrix in params.values() for row in matrix for p in row]


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


def mlp(x: Vector, fc1: Matrix, fc2: Matrix, activation: str = "relu") -> list[Value]:
    """Widen, cut off below 0, narrow again. `x`: (n,), `fc1`: (4n, n), `fc2`: (n, 4n) -> (n,)."""
    hidden = [h.relu() ** 2 if activation == "relu2" else h.relu() for h in linear(x, fc1)]
    return linear(hidden, fc2)


def empty_cache(config: Config) -> tuple[Matrix, Matrix]:
    """Return the keys and the values of a document before its first token."""
    return [], []


def gpt(token_id: int, pos_id: int, keys: Matrix, values: Matrix, params: Params, config: Config) -> list[Value]:
    """Read one token and return the logits of the next; `keys` and `values` hold the past, and this one's are added."""
    x = rmsnorm(add(params["wte"][token_id], params["wpe"][pos_id]))
    normed = rmsnorm(x)
    keys.append(linear(normed, params["attn_wk"]))
    values.append(linear(normed, params["attn_wv"]))
    attended = attention_head(linear(normed, params["attn_wq"]), keys, values)
    x = add(linear(attended, params["attn_wo"]), x)
    x = add(mlp(rmsnorm(x), params["mlp_fc1"], params["mlp_fc2"]), x)
    return linear(x, params["lm_head"])


def document_loss(tokens: list[int], params: Params, config: Config) -> Value:
    """Return the mean cross-entropy, in nats, of predicting each token from those before it.

    `tokens` begin and end with BOS; at most `block_size` of them are predicted.
    """
    n = min(config.block_size, len(tokens) - 1)
    keys, values = empty_cache(config)
    losses = []
    for pos_id in range(n):
        probs = softmax(gpt(tokens[pos_id], pos_id, keys, values, params, config))
        losses.append(-probs[tokens[pos_id + 1]].log())
    return (1 / n) * sum(losses)


def descend(params: list[Value], rate: float) -> None:
    """Move every parameter against its gradient, by `rate` times its size, and set the gradients to 0."""
    for p in params:
        p.data -= rate * p.grad
        p.grad = 0.0


def train(docs: list[str], tokenizer: Tokenizer, params: Params, config: Config) -> Iterator[tuple[int, float]]:
    """Train `params` in place, a document a step; yield the step, from 1, and its loss, after each."""
    for step in range(config.steps):
        tokens = [tokenizer.bos, *tokenizer.encode(docs[step % len(docs)]), tokenizer.bos]
        loss = document_loss(tokens, params, config)
        loss.backward()
        descend(flatten(params), config.learning_rate * (1 - step / config.steps))
        yield step + 1, loss.data


def generate(params: Params, config: Config, tokenizer: Tokenizer, rng: random.Random):
    """Yield each token, with the probabilities it was drawn from; BOS, if drawn, is the last."""
    keys, values = empty_cache(config)
    tokens = [tokenizer.bos]
    for pos_id in range(config.block_size):
        logits = gpt(tokens[pos_id], pos_id, keys, values, params, config)
        probs = [p.data for p in softmax([logit / config.temperature for logit in logits])]
        [token_id] = rng.choices(range(len(probs)), weights=probs)
        yield token_id, probs
        if token_id == tokenizer.bos:
            return
        tokens.append(token_id)


def run(docs: list[str], steps: int = 1000, seed: int = 42, quiet: bool = False) -> None:
    """Shuffle, train, and write 20 documents."""
    show = (lambda line: None) if quiet else print
    rng, config, tokenizer = random.Random(seed), Config(), Tokenizer(docs)
    config.steps = steps
    rng.shuffle(docs)
    params = init_params(config, tokenizer.vocab_size, rng)
    show(f"num docs: {len(docs)}\nvocab size: {tokenizer.vocab_size}\nnum params: {len(flatten(params))}")
    for step, loss in train(docs, tokenizer, params, config):
        show(f"step {step:4d} / {steps:4d} | loss {loss:.4f}")
    show("\n--- inference (new, hallucinated names) ---")
    for i in range(20):
        print(f"sample {i + 1:2d}: {tokenizer.decode([t for t, _ in generate(params, config, tokenizer, rng)])}")


if __name__ == "__main__":
    text = Path("input.txt").read_text("utf-8-sig", "replace") if Path("input.txt").is_file() else ""
    docs = parse_docs(text)
    if not docs or "\0" in text or "\ufffd" in text:
        raise SystemExit("put a UTF-8 text file of the name input.txt, one document a line, in this folder")
    if len(sys.argv) > 3 or not all(argument.isdecimal() for argument in sys.argv[1:]):
        raise SystemExit(f"give whole numbers: python3 {Path(sys.argv[0]).name} [STEPS [SEED]]")
    run(docs, *map(int, sys.argv[1:]))
