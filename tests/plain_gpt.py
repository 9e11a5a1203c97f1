"""The algorithm in its plainest form: one node per multiplication, a recursive walk, nothing saved.

It is written apart from the book on purpose and shares no code with it, so that tests can hold the package to
it, bit for bit, for settings that the two recorded reference runs don't cover.
"""

import math
import random
import sys

class Scalar:
    __slots__ = ("data", "parents", "slopes", "grad")

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.parents, self.slopes, self.grad = data, parents, slopes, 0

    def __add__(self, other):
        other = wrap(other)
        return Scalar(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        other = wrap(other)
        return Scalar(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, k):
        return Scalar(self.data**k, (self,), (k * self.data ** (k - 1),))

    def log(self):
        return Scalar(math.log(self.data), (self,), (1 / self.data,))

    def exp(self):
        return Scalar(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self):
        return Scalar(max(0, self.data), (self,), (float(self.data > 0),))

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-other)

    def __truediv__(self, other):
        return self * other**-1

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for parent in node.parents:
                    visit(parent)
                order.append(node)

        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(100_000)  # the walk is as deep as the graph
        try:
            visit(self)
        finally:
            sys.setrecursionlimit(limit)
        self.grad = 1
        for node in reversed(order):
            for parent, slope in zip(node.parents, node.slopes):
                parent.grad += slope * node.grad
        return len(order)


def wrap(x):
    return x if isinstance(x, Scalar) else Scalar(x)


def product(x, weights):
    return [sum(w * xi for w, xi in zip(row, x)) for row in weights]


def normalize(x):
    scale = (sum(xi * xi for xi in x) / len(x) + 1e-5) ** -0.5
    return [xi * scale for xi in x]


def probabilities(logits):
    top = max(logit.data for logit in logits)
    exps = [(logit - top).exp() for logit in logits]
    total = sum(exps)
    return [e / total for e in exps]


class PlainGPT:
    """One run of the algorithm; ``edition`` is "4192" or "4064", every other setting as the editions name it."""

    def __init__(self, docs, edition="4192", seed=42, n_embd=16, n_head=4, n_layer=1, block_size=None, steps=None,
                 learning_rate=0.01, temperature=0.5, activation=None, decay=None):
        first = edition == "4064"
        self.edition, self.n_head, self.n_layer = edition, n_head, n_layer
        self.block_size = block_size or (8 if first else 16)
        self.steps = (500 if first else 1000) if steps is None else steps
        self.learning_rate, self.temperature = learning_rate, temperature
        self.beta1, self.beta2 = (0.9, 0.95) if first else (0.85, 0.99)
        self.activation = activation or ("relu2" if first else "relu")
        self.decay = decay or ("cosine" if first else "linear")
        self.random = random.Random(seed)
        self.docs = list(docs)
        self.random.shuffle(self.docs)
        self.chars = sorted(set("".join(self.docs)))
        self.bos = len(self.chars)
        self.head_size = n_embd // n_head

        self.weights = {}
        self.draw(n_embd, *((0.02, 0) if first else (0.08, 0.08)))
        self.flat = [p for matrix in self.weights.values() for row in matrix for p in row]

    def draw(self, n_embd, std, last):
        self.matrix("wte", self.bos + 1, n_embd, std)
        self.matrix("wpe", self.block_size, n_embd, std)
        self.matrix("lm_head", self.bos + 1, n_embd, std)
        for i in range(self.n_layer):
            for name in ("attn_wq", "attn_wk", "attn_wv"):
                self.matrix(f"layer{i}.{name}", n_embd, n_embd, std)
            self.matrix(f"layer{i}.attn_wo", n_embd, n_embd, last)
            self.matrix(f"layer{i}.mlp_fc1", 4 * n_embd, n_embd, std)
            self.matrix(f"layer{i}.mlp_fc2", n_embd, 4 * n_embd, last)

    def matrix(self, name, rows, columns, std):
        self.weights[name] = [[Scalar(self.random.gauss(0, std)) for _ in range(columns)] for _ in range(rows)]

    def logits(self, token, position, keys, values):
        w = self.weights
        x = normalize([t + p for t, p in zip(w["wte"][token], w["wpe"][position])])
        for i in range(self.n_layer):
            shortcut, x = x, normalize(x)
            query = product(x, w[f"layer{i}.attn_wq"])
            keys[i].append(product(x, w[f"layer{i}.attn_wk"]))
            values[i].append(product(x, w[f"layer{i}.attn_wv"]))
            mixed = []
            for start in range(0, self.n_head * self.head_size, self.head_size):
                part = range(start, start + self.head_size)
                scores = [sum(query[j] * key[j] for j in part) / self.head_size**0.5 for key in keys[i]]
                shares = probabilities(scores)
                mixed += [sum(share * value[j] for share, value in zip(shares, values[i])) for j in part]
            x = [a + b for a, b in zip(product(mixed, w[f"layer{i}.attn_wo"]), shortcut)]
            shortcut, x = x, normalize(x)
            x = [h.relu() for h in product(x, w[f"layer{i}.mlp_fc1"])]
            if self.activation == "relu2":
                x = [h**2 for h in x]
            x = [a + b for a, b in zip(product(x, w[f"layer{i}.mlp_fc2"]), shortcut)]
        return product(x, w["lm_head"])

    def empty_cache(self):
        return [[] for _ in range(self.n_layer)], [[] for _ in range(self.n_layer)]

    def loss(self, doc):
        tokens = [self.bos] + [self.chars.index(c) for c in doc] + [self.bos]
        n = min(self.block_size, len(tokens) - 1)
        cache = self.empty_cache()
        losses = []
        for position in range(n):
            probs = probabilities(self.logits(tokens[position], position, *cache))
            losses.append(-probs[tokens[position + 1]].log())
        return (1 / n) * sum(losses)

    def train(self):
        """Yield the loss of each step, a float."""
        m, v = [0.0] * len(self.flat), [0.0] * len(self.flat)
        for step in range(self.steps):
            loss = self.loss(self.docs[step % len(self.docs)])
            self.nodes = loss.backward()
            if self.decay == "cosine":
                rate = self.learning_rate * 0.5 * (1 + math.cos(math.pi * step / self.steps))
            else:
                rate = self.learning_rate * (1 - step / self.steps)
            for i, p in enumerate(self.flat):
                m[i] = self.beta1 * m[i] + (1 - self.beta1) * p.grad
                v[i] = self.beta2 * v[i] + (1 - self.beta2) * p.grad**2
                m_hat = m[i] / (1 - self.beta1 ** (step + 1))
                v_hat = v[i] / (1 - self.beta2 ** (step + 1))
                p.data -= rate * m_hat / (v_hat**0.5 + 1e-8)
                p.grad = 0
            yield loss.data

    def sample(self):
        cache, token, text = self.empty_cache(), self.bos, ""
        for position in range(self.block_size):
            logits = self.logits(token, position, *cache)
            probs = probabilities([logit / self.temperature for logit in logits])
            [token] = self.random.choices(range(self.bos + 1), weights=[p.data for p in probs])
            if token == self.bos:
                break
            text += self.chars[token]
        return text
