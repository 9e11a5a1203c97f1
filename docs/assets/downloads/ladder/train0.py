# Tangled from docs/1-data/04-counting-pairs.md by scripts/tangle.py: edit the chapters, not this file. [sha256:118f8b554901d8a4]
"""Rung 0 of microgpt's ladder: count which token follows which, and write names with the counts.

Put a file input.txt beside it, one document a line, and run: python3 train0.py [STEPS [SEED]]
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator
from pathlib import Path

BLOCK_SIZE = 16  # tokens of a document that are predicted or written, at most


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


def probabilities(row: list[int]) -> list[float]:
    """Turn the counts of what came after a token into probabilities, as if each had come once more than it did."""
    total = sum(row) + len(row)
    return [(count + 1) / total for count in row]


def document_loss(tokens: list[int], counts: list[list[int]]) -> float:
    """Return the mean of −log p(next token) over a document that begins and ends with BOS."""
    n = min(BLOCK_SIZE, len(tokens) - 1)
    losses = [-math.log(probabilities(counts[tokens[i]])[tokens[i + 1]]) for i in range(n)]
    return sum(losses) / n


def train(docs: list[str], tokenizer: Tokenizer, counts: list[list[int]], steps: int) -> Iterator[tuple[int, float]]:
    """Count a document a step; yield the step, from 1, and the loss of its document before it was counted."""
    for step in range(steps):
        tokens = [tokenizer.bos, *tokenizer.encode(docs[step % len(docs)]), tokenizer.bos]
        loss = document_loss(tokens, counts)
        for i in range(min(BLOCK_SIZE, len(tokens) - 1)):
            counts[tokens[i]][tokens[i + 1]] += 1
        yield step + 1, loss


def generate(
    counts: list[list[int]], tokenizer: Tokenizer, rng: random.Random
) -> Iterator[tuple[int, list[float]]]:
    """Yield each token, with the probabilities it was drawn from; BOS, if drawn, is the last."""
    token_id = tokenizer.bos
    for _ in range(BLOCK_SIZE):
        probs = probabilities(counts[token_id])
        [token_id] = rng.choices(range(len(probs)), weights=probs)
        yield token_id, probs
        if token_id == tokenizer.bos:
            return


def run(docs: list[str], steps: int = 1000, seed: int = 42, quiet: bool = False) -> None:
    """Shuffle, train, and write 20 documents."""
    show = (lambda line: None) if quiet else print
    rng = random.Random(seed)
    rng.shuffle(docs)
    tokenizer = Tokenizer(docs)
    counts = [[0] * tokenizer.vocab_size for _ in range(tokenizer.vocab_size)]
    show(f"num docs: {len(docs)}\nvocab size: {tokenizer.vocab_size}")
    for step, loss in train(docs, tokenizer, counts, steps):
        show(f"step {step:4d} / {steps:4d} | loss {loss:.4f}")
    show("\n--- inference (new, hallucinated names) ---")
    for i in range(20):
        print(f"sample {i + 1:2d}: {tokenizer.decode([t for t, _ in generate(counts, tokenizer, rng)])}")


if __name__ == "__main__":
    text = Path("input.txt").read_text("utf-8-sig", "replace") if Path("input.txt").is_file() else ""
    docs = parse_docs(text)
    if not docs or "\0" in text or "\ufffd" in text:
        raise SystemExit("put a UTF-8 text file of the name input.txt, one document a line, in this folder")
    if len(sys.argv) > 3 or not all(argument.isdecimal() for argument in sys.argv[1:]):
        raise SystemExit(f"give whole numbers: python3 {Path(sys.argv[0]).name} [STEPS [SEED]]")
    run(docs, *map(int, sys.argv[1:]))
