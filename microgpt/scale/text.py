# Tangled from docs/7-growing-up/07-a-larger-text.md by scripts/tangle.py: edit the chapters, not this file. [sha256:f338473adedcb7a8]
"""Learning from a folder of Markdown: its prose, split by whole pages, read in windows by the PyTorch model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F

from ..params import Config
from ..train import learning_rate
from .bpe import BPETokenizer
from .torch_engine import GPT

UNREAD = re.compile(
    r"\A---\n.*?\n---\n"  # front matter
    r"|^(?P<indent>[ >]*)(?P<fence>`{3,}).*?^(?P=indent)(?P=fence) *$"
    r"|<!--.*?-->|^\$\$.*?\$\$$",
    re.DOTALL | re.MULTILINE,
)
BETWEEN = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )")  # two paragraphs, or two items of a list
NO_PROSE = re.compile(r"\||<[/\w]|[!?]{3}|\[\^|\*\[")  # tables, tags, boxes, footnotes
MARKUP = (
    (re.compile(r"!?\[([^\]]*)\]\([^()]*(?:\([^()]*\)[^()]*)*\)"), r"\1"),  # a link is its text
    (re.compile(r"<[/\w][^<>]*>|\{[#.:][^{}]*\}|^(?:#+|>|[-*]|\d+\.)\s+|[*`]"), ""),
    (re.compile(r"\s+"), " "),
)


def prose(page: str) -> str:
    """Return the headings and paragraphs of a Markdown page without their markup, one on each line."""
    paragraphs = (part.strip() for part in BETWEEN.split(UNREAD.sub("", page)))
    lines = []
    for paragraph in paragraphs:
        if not NO_PROSE.match(paragraph):
            for pattern, instead in MARKUP:
                paragraph = pattern.sub(instead, paragraph)
            lines.append(paragraph.strip())
    return "".join(f"{line}\n" for line in lines if line)


def read_pages(folder: str) -> list[str]:
    """Return the prose of the Markdown pages below a folder, in the order of their paths, 2 before 10."""
    root = Path(folder)
    paths = sorted(root.rglob("*.md"), key=lambda path: re.sub(r"\d+", lambda n: n[0].zfill(9), str(path)))
    return [text for path in paths if (text := prose(path.read_text(encoding="utf-8")))]


def split_pages(pages: list[str]) -> tuple[list[str], list[str]]:
    """Return the pages to learn from, and every tenth, from the fifth on, for the exam."""
    return [page for i, page in enumerate(pages) if i % 10 != 4], pages[4::10]


def stream(pages: list[str], tokenizer: BPETokenizer) -> list[int]:
    """Return all pages as one row of token ids, BOS before, between and after them."""
    ids = [tokenizer.bos]
    for page in pages:
        ids += [*tokenizer.encode(page), tokenizer.bos]
    return ids


def make_model(config: Config, vocab_size: int) -> GPT:
    """Return a model with random parameters, drawn with the seed of its `config`."""
    model, rng = GPT(config, vocab_size), torch.Generator().manual_seed(config.seed)
    with torch.no_grad():
        for p in model.parameters():
            p.normal_(0, config.init_std, generator=rng)
    return model


def train_on_text(model: GPT, ids: list[int], config: Config, batch: int) -> Iterator[tuple[int, float]]:
    """Train on windows from anywhere in a text, `batch` of them a step; yield the step, from 1, and its loss a token."""
    adam = torch.optim.Adam(model.parameters(), betas=(config.beta1, config.beta2), eps=config.eps, fused=True)
    text, rng = torch.tensor(ids), torch.Generator().manual_seed(config.seed)
    places = torch.arange(config.block_size + 1)
    for step in range(config.steps):
        starts = torch.randint(len(text) - config.block_size, (batch, 1), generator=rng)
        windows = text[starts + places]
        loss = F.cross_entropy(model(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten())
        adam.zero_grad()
        loss.backward()
        adam.param_groups[0]["lr"] = learning_rate(step, config)
        adam.step()
        yield step + 1, loss.item()


@torch.no_grad()
def text_loss(model: GPT, ids: list[int], config: Config) -> float:
    """Return the sum of −log p over a text, in nats; each token sees half a block before it, if there is as much."""
    half, total = config.block_size // 2, 0.0
    for start in range(0, len(ids) - 1, half):
        first = max(0, start - half)  # what is read, and where what is counted begins
        window = torch.tensor(ids[first : start + half + 1])
        logits = model(window[None, :-1])[0, start - first :]
        total += F.cross_entropy(logits, window[start - first + 1 :], reduction="sum").item()
    return total


@torch.no_grad()
def write_text(model: GPT, tokenizer: BPETokenizer, config: Config, prompt: str, count: int) -> str:
    """Return `count` tokens that go on after a prompt. BOS, if it is drawn, begins a new page."""
    rng, ids = torch.Generator().manual_seed(config.seed), [tokenizer.bos, *tokenizer.encode(prompt)]
    for _ in range(count):
        logits = model(torch.tensor([ids[-config.block_size :]]))[0, -1]
        probs = torch.softmax(logits / config.temperature, 0)
        ids.append(int(torch.multinomial(probs, 1, generator=rng)))
    return tokenizer.decode(ids[1 + len(tokenizer.encode(prompt)) :])


def copied(text: str, source: str, length: int = 40) -> float:
    """Return the share of the letters of a text that are in a stretch of `length` letters which stands in `source`."""
    known = {source[i : i + length] for i in range(len(source) - length + 1)}
    inside = [False] * len(text)
    for i in range(len(text) - length + 1):
        if text[i : i + length] in known:
            inside[i : i + length] = [True] * length
    return sum(inside) / max(1, len(text))
