# Tangled from docs/7-growing-up/06-tokens-larger-than-letters.md by scripts/tangle.py: edit the chapters, not this file. [sha256:452972ad1c96f75e]
"""Byte-level byte-pair encoding: tokens that are pieces of words, learned from a text; it can write any text."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from ..files import DataError, read_file, write_file

Pair = tuple[bytes, bytes]

CHUNK = re.compile(r"'(?:[sdmt]|ll|ve|re)| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")


def split(text: str) -> list[bytes]:
    """Return the bytes of `text` in chunks that no token may cross. Raises UnicodeEncodeError for half a surrogate pair."""
    return [chunk.encode("utf-8") for chunk in CHUNK.findall(text)]


def merge(tokens: list[bytes], pair: Pair) -> list[bytes]:
    """Return `tokens` with `pair` joined to one token wherever it stands, from the left."""
    merged: list[bytes] = []
    for token in tokens:
        if merged and (merged[-1], token) == pair:
            merged[-1] += token
        else:
            merged.append(token)
    return merged


def learn_merges(text: str) -> Iterator[Pair]:
    """Yield the merges for a text, one after the other, until each chunk is one token.

    The next is the pair that stands there most often; of equals, the one whose bytes come first.
    Gage 1994; Sennrich, Haddow and Birch 2016.
    """
    often = Counter(split(text))
    words = {chunk: [bytes([byte]) for byte in chunk] for chunk in often}
    pairs, places = Counter(), defaultdict(set)  # how often a pair stands in the text, and in which chunks it may

    def count_chunk(chunk: bytes, sign: int) -> None:
        for pair in zip(words[chunk], words[chunk][1:]):
            pairs[pair] += sign * often[chunk]
            places[pair].add(chunk)

    for chunk in often:
        count_chunk(chunk, +1)
    while pairs[pair := min(pairs, key=lambda p: (-pairs[p], p), default=None)]:
        yield pair
        for chunk in places.pop(pair):
            count_chunk(chunk, -1)
            words[chunk] = merge(words[chunk], pair)
            count_chunk(chunk, +1)


class BPETokenizer:
    """Turns any text into token ids and back.

    Ids 0 to 255 are the bytes, those after them the merged tokens in the order of `merges`. `bos`, the id after them,
    stands for the beginning and the end of a document. `vocab_size` counts all of them.
    """

    def __init__(self, merges: list[Pair]):
        self.ranks = {pair: rank for rank, pair in enumerate(merges)}
        self.tokens = [bytes([byte]) for byte in range(256)] + [a + b for a, b in merges]
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        self.bos, self.vocab_size = len(self.tokens), len(self.tokens) + 1

    def cut(self, chunk: bytes) -> list[bytes]:
        """Return the tokens of a chunk: of the merges that apply, always the one that was learned first."""
        tokens = [bytes([byte]) for byte in chunk]
        while here := [p for p in zip(tokens, tokens[1:]) if p in self.ranks]:
            tokens = merge(tokens, min(here, key=self.ranks.__getitem__))
        return tokens

    def encode(self, text: str) -> list[int]:
        """Return the ids of any text. Raises UnicodeEncodeError for half a surrogate pair, which no text has."""
        chunks = split(text)
        ids = {c: [self.ids[token] for token in self.cut(c)] for c in set(chunks)}
        return [i for c in chunks for i in ids[c]]

    def decode(self, ids: list[int]) -> str:
        """Return the text of `ids`; BOS has none, and bytes that make no character are �. Raises IndexError above the vocabulary."""
        return b"".join(self.tokens[i] for i in ids if i != self.bos).decode("utf-8", errors="replace")

    def save(self, path: str) -> None:
        """Write the merges as JSON, a character for each byte. Raises OSError."""
        write_file(path, json.dumps([[part.decode("latin-1") for part in pair] for pair in self.ranks]).encode())

    @classmethod
    def load(cls, path: str) -> BPETokenizer:
        """Return the tokenizer whose merges were saved. Raises DataError for a file that can't be read, or has no merges."""
        data = read_file(path)
        try:
            return cls([(a.encode("latin-1"), b.encode("latin-1")) for a, b in json.loads(data)])
        except (AttributeError, RecursionError, TypeError, ValueError) as error:
            raise DataError(f"{path}: not a saved tokenizer ({error}); write one with BPETokenizer.save") from None
