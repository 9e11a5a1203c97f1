# Tangled from docs/1-data/01-the-dataset.md by scripts/tangle.py: edit the chapters, not this file. [sha256:6dffbd9fc56daa51]
"""Documents and tokens: where the text comes from and how it becomes numbers."""

from __future__ import annotations

from pathlib import Path

from .files import DataError, read_file

NAMES = Path(__file__).with_name("names.txt")


def parse_docs(text: str) -> list[str]:
    """Return the documents in `text`: one a line, without the space around them and without blank lines."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def decode_docs(data: bytes, source: str) -> list[str]:
    """Return the documents in a file's bytes. Raises DataError unless they are UTF-8 text with a document in it."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{source}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    if "\0" in text:
        raise DataError(f"{source}: a binary file, not text with one document a line")
    docs = parse_docs(text.replace("\r", "\n"))
    if not docs:
        raise DataError(f"{source}: holds no documents; put one on each line")
    return docs


def load_docs(source: str | Path | None = None) -> list[str]:
    """Return the documents of `source`, in the order they stand there. Raises DataError.

    `source` is a path, an http(s) URL, "makemore" for the 32,033 names of the original microgpt, or None for the
    names that come with the package.
    """
    name = str(NAMES if source is None else source)
    if name == "makemore" or name.startswith(("http://", "https://")):
        from . import download  # only when needed: Python's network modules take longer to load than the names

        data = download.makemore() if name == "makemore" else download.fetch(name)
    else:
        data = read_file(name)
    return decode_docs(data, name)


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
