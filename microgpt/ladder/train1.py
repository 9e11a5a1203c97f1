# Tangled from docs/2-autograd/04-the-gradient-by-hand.md by scripts/tangle.py: edit the chapters, not this file. [sha256:b0764f89dfcc6193]
"""Rung 1 of microgpt's ladder: a network that sees the last letter, its gradient derived by hand.

Put a file input.txt beside it, one document a line, and run: python3 train1.py [STEPS [SEED]]
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator
from operator import mul
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


class Config:
    """The knobs of the program, not of the model."""

    n_embd: int = 16  # numbers in a token's vector; four times as many in the middle
    block_size: int = 16  # tokens of a document that are predicted or written, at most
    init_std: float = 0.08  # standard deviation of the first, random weights
    steps: int = 1000  # one document a step
    learning_rate: float = 1.0  # at first; it falls to 0
    temperature: float = 0.5  # below 1: bolder about what is likely


def shapes(config: Config, vocab_size: int) -> dict[str, tuple[int, int]]:
    """Return (rows, columns) of every matrix of the model, in the order in which they are drawn."""
    n = config.n_embd
    return {"wte": (vocab_size, n), "mlp_fc1": (4 * n, n), "mlp_fc2": (vocab_size, 4 * n)}


def init_params(config: Config, vocab_size: int, rng: random.Random) -> Params:
    """Return the model's matrices, filled with random numbers row by row."""
    return {
        name: [[rng.gauss(0, config.init_std) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in shapes(config, vocab_size).items()
    }


def flatten(params: Params) -> list[Value]:
    """Return all parameters in one list, matrix by matrix, row by row."""
    return [p for matrix in params.values() for row in matrix for p in row]


def dot(a: Vector, b: Vector) -> float:
    """Multiply pair by pair, and add up. (n,), (n,) -> a number."""
    return sum(map(mul, a, b))


def linear(x: Vector, w: Matrix) -> Vector:
    """Return the dot product of `x` and each row of `w`. `x`: (n,), `w`: (m, n) -> (m,)."""
    return [dot(row, x) for row in w]


def softmax(logits: Vector) -> Vector:
    """Turn any numbers into probabilities: positive, adding up to 1. (n,) -> (n,)."""
    largest = max(logits)
    exps = [math.exp(logit - largest) for logit in logits]
    total = sum(exps)
    return [e / total for e in exps]


def forward(token_id: int, params: Params) -> tuple[Vector, Vector]:
    """Return the 64 numbers in the middle, and the probabilities of the next token."""
    hidden = [max(h, 0.0) for h in linear(params["wte"][token_id], params["mlp_fc1"])]
    return hidden, softmax(linear(hidden, params["mlp_fc2"]))


def document_loss(tokens: list[int], params: Params, config: Config) -> float:
    """Return the mean of −log p(next token) over a document that begins and ends with BOS."""
    n = min(config.block_size, len(tokens) - 1)
    losses = [-math.log(forward(tokens[i], params)[1][tokens[i + 1]]) for i in range(n)]
    return sum(losses) / n


def numeric_gradient(tokens: list[int], params: Params, config: Config, h: float = 1e-5) -> Params:
    """Return the gradient of the loss for every parameter, measured by nudging each, up and down."""
    grads = {}
    for name, matrix in params.items():
        grads[name] = [[0.0] * len(row) for row in matrix]
        for i, row in enumerate(matrix):
            for j, p in enumerate(row):
                row[j] = p + h
                up = document_loss(tokens, params, config)
                row[j] = p - h
                down = document_loss(tokens, params, config)
                row[j] = p
                grads[name][i][j] = (up - down) / (2 * h)
    return grads


def add_to(row: Vector, factor: float, other: Vector) -> None:
    """Add `factor` times `other` to `row`, number by number, in place."""
    for i, x in enumerate(other):
        row[i] += factor * x


def gradient(tokens: list[int], params: Params, config: Config) -> tuple[float, Params]:
    """Return the loss of a document, and its gradient for every parameter, by formulas."""
    grads = {name: [[0.0] * len(row) for row in matrix] for name, matrix in params.items()}
    n = min(config.block_size, len(tokens) - 1)
    loss = 0.0
    for token_id, target in zip(tokens[:n], tokens[1:]):
        hidden, probs = forward(token_id, params)
        loss -= math.log(probs[target]) / n
        d_logits = [(p - (i == target)) / n for i, p in enumerate(probs)]
        d_hidden = [dot(d_logits, column) for column in zip(*params["mlp_fc2"])]
        for d, row in zip(d_logits, grads["mlp_fc2"]):
            add_to(row, d, hidden)
        for j, h in enumerate(hidden):
            if h > 0:
                add_to(grads["mlp_fc1"][j], d_hidden[j], params["wte"][token_id])
                add_to(grads["wte"][token_id], d_hidden[j], params["mlp_fc1"][j])
    return loss, grads


def train(docs: list[str], tokenizer: Tokenizer, params: Params, config: Config) -> Iterator[tuple[int, float]]:
    """Train `params` in place, a document a step; yield the step, from 1, and its loss, after each."""
    for step in range(config.steps):
        tokens = [tokenizer.bos, *tokenizer.encode(docs[step % len(docs)]), tokenizer.bos]
        loss, grads = gradient(tokens, params, config)
        rate = config.learning_rate * (1 - step / config.steps)
        for name, matrix in params.items():
            for row, slopes in zip(matrix, grads[name]):
                add_to(row, -rate, slopes)
        yield step + 1, loss


def generate(
    params: Params, config: Config, tokenizer: Tokenizer, rng: random.Random
) -> Iterator[tuple[int, Vector]]:
    """Yield each token, with the probabilities it was drawn from; BOS, if drawn, is the last."""
    token_id = tokenizer.bos
    for _ in range(config.block_size):
        hidden, _ = forward(token_id, params)
        probs = softmax([logit / config.temperature for logit in linear(hidden, params["mlp_fc2"])])
        [token_id] = rng.choices(range(len(probs)), weights=probs)
        yield token_id, probs
        if token_id == tokenizer.bos:
            return


def run(docs: list[str], steps: int = 1000, seed: int = 42, quiet: bool = False) -> None:
    """Shuffle, compare the gradient of the first document with the measured one, train, and write 20 documents."""
    show = (lambda line: None) if quiet else print
    rng, config, tokenizer = random.Random(seed), Config(), Tokenizer(docs)
    config.steps = steps
    rng.shuffle(docs)
    params = init_params(config, tokenizer.vocab_size, rng)
    show(f"num docs: {len(docs)}\nvocab size: {tokenizer.vocab_size}\nnum params: {len(flatten(params))}")
    if not quiet:
        tokens = [tokenizer.bos, *tokenizer.encode(docs[0]), tokenizer.bos]
        loss, grads = gradient(tokens, params, config)
        pairs = zip(flatten(grads), flatten(numeric_gradient(tokens, params, config)))
        largest = max(abs(a - b) for a, b in pairs)
        show(f"gradient check | loss_n {document_loss(tokens, params, config):.6f} | loss_a {loss:.6f} | max diff {largest:.8f}")
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
