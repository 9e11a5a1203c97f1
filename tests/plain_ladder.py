"""The rungs of the ladder in their plainest form, written apart from the book, as plain_gpt.py is."""

import math
from collections import Counter
from random import Random

from tests.plain_gpt import PlainGPT, product


class PlainCounts:
    """Rung 0: letter pairs."""

    def __init__(self, docs, seed, steps):
        self.random, self.docs, self.steps = Random(seed), list(docs), steps
        self.random.shuffle(self.docs)
        self.alphabet = [*sorted({char for doc in docs for char in doc}), "."]
        self.pairs = Counter()

    def chance(self, before, after):
        seen = sum(self.pairs[before, char] for char in self.alphabet)
        return (self.pairs[before, after] + 1) / (seen + len(self.alphabet))

    def train(self):
        for step in range(self.steps):
            text = f".{self.docs[step % len(self.docs)]}."
            pairs = list(zip(text, text[1:]))[:16]
            yield sum(-math.log(self.chance(*pair)) for pair in pairs) / len(pairs)
            self.pairs.update(pairs)

    def sample(self):
        text = "."
        while len(text) <= 16:
            [char] = self.random.choices(self.alphabet, weights=[self.chance(text[-1], char) for char in self.alphabet])
            if char == ".":
                break
            text += char
        return text[1:]


class Descent(PlainGPT):
    """Rung 4: the GPT, but each number goes against its gradient, with a rate that falls to 0."""

    rate = 0.1

    def __init__(self, docs, seed, steps, **more):
        super().__init__(docs, seed=seed, steps=steps, **more)

    def train(self):
        for step in range(self.steps):
            loss = self.loss(self.docs[step % len(self.docs)])
            loss.backward()
            for p in self.flat:
                p.data -= self.rate * (1 - step / self.steps) * p.grad
                p.grad = 0
            yield loss.data


class OneHead(Descent):
    """Rung 3: one head; the numbers for the logits are drawn last."""

    def __init__(self, docs, seed, steps):
        super().__init__(docs, seed, steps, n_head=1)

    def draw(self, n_embd, std, last):
        self.matrix("wte", self.bos + 1, n_embd, std)
        self.matrix("wpe", self.block_size, n_embd, std)
        for name in ("wq", "wk", "wv", "wo"):
            self.matrix(f"layer0.attn_{name}", n_embd, n_embd, std)
        self.matrix("layer0.mlp_fc1", 4 * n_embd, n_embd, std)
        self.matrix("layer0.mlp_fc2", n_embd, 4 * n_embd, std)
        self.matrix("lm_head", self.bos + 1, n_embd, std)


class TwoTables(Descent):
    """Rungs 1 and 2: a network that sees the last token only."""

    rate = 1.0

    def draw(self, n_embd, std, last):
        self.matrix("wte", self.bos + 1, n_embd, std)
        self.matrix("fc1", 4 * n_embd, n_embd, std)
        self.matrix("fc2", self.bos + 1, 4 * n_embd, std)

    def logits(self, token, position, keys, values):
        hidden = [h.relu() for h in product(self.weights["wte"][token], self.weights["fc1"])]
        return product(hidden, self.weights["fc2"])


PLAIN = (PlainCounts, TwoTables, TwoTables, OneHead, Descent)  # by the number of the rung
