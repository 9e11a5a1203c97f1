"""The book learns to write itself: one model of a million parameters, trained on the book's prose for many passes.

    larger-text.json:
        num_params, config, batch, tokens, letters     of the model, and of the paragraphs to learn from
        ages        step -> of the model as it is then:
            passes          how often it has read the text, on average
            learned         nats a letter on every ninth of the paragraphs that it learns from
            kept_out        on those that it doesn't
            text            what it writes from BOS, always with the same random numbers, at temperature 0.8
            copied          the longest stretch of letters of it that stands in the text it learned from
        best        the age with the lowest loss on what was kept out
        rivals      name -> nats a letter on what was kept out: tables of bytes with fallback, by how many bytes they look back
        first       the losses a token of the first steps, to check the code by

PyTorch, on one core.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from microgpt import Config, count_params
from microgpt.scale.bpe import BPETokenizer

from . import windows
from .prose import learned_merges, load_prose
from .subwords import count_letters, stream

if TYPE_CHECKING:
    from microgpt.scale.torch_engine import GPT

SEED = 42
CONFIG = Config(n_embd=128, n_head=4, n_layer=4, block_size=128, steps=2400, learning_rate=0.003)
BATCH = 8
AGES = (0, 30, 100, 300, 600, 1200, 1800, 2400)
TEMPERATURE = 0.8
LOOK_BACK = (1, 2, 3, 4, 5, 6)
TRUSTS = (2, 5, 20)
FIRST = 3
VOCAB = 257  # bytes and BOS, for the rivals


def write(model: GPT, tokenizer: BPETokenizer, length: int, seed: int) -> str:
    """A text of so many tokens from BOS on, or one that ends before; BOS ends a paragraph, and the next one begins."""
    import torch

    generator, ids = torch.Generator().manual_seed(seed), [tokenizer.bos]
    with torch.no_grad():
        for _ in range(length):
            logits = model(torch.tensor([ids[-CONFIG.block_size :]]))[0, -1] / TEMPERATURE
            ids.append(int(torch.multinomial(logits.softmax(0), 1, generator=generator)))
    parts: list[list[int]] = [[]]
    for i in ids[1:]:
        parts.append([]) if i == tokenizer.bos else parts[-1].append(i)
    return "\n".join(tokenizer.decode(part) for part in parts)


def longest_copy(text: str, source: str) -> str:
    """The longest stretch of `text` that stands in `source`."""
    best = ""
    for start in range(len(text)):
        while start + len(best) < len(text) and text[start : start + len(best) + 1] in source:
            best = text[start : start + len(best) + 1]
    return best


def rival_losses(docs: list[str], kept_out: list[str]) -> dict[str, float]:
    """For each length of looking back the loss a letter of counted bytes with fallback, at the best of TRUSTS.

    The probabilities are those of `fallback.probabilities`, computed for the one byte that comes.
    """
    rows: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    sums: Counter[tuple[int, ...]] = Counter()
    for context, token in places(docs):
        for length in range(max(LOOK_BACK) + 1):
            rows[context[len(context) - length :]][token] += 1
            sums[context[len(context) - length :]] += 1
    totals = {(trust, longest): 0.0 for trust in TRUSTS for longest in LOOK_BACK}
    for context, token in places(kept_out):
        for trust in TRUSTS:
            p = 1 / VOCAB
            for length in range(max(LOOK_BACK) + 1):
                row = context[len(context) - length :]
                if row in sums:
                    p = (rows[row][token] + trust * p) / (sums[row] + trust)
                if length in LOOK_BACK:
                    totals[trust, length] -= math.log(p)
    letters = count_letters(kept_out)
    return {str(longest): round(min(totals[trust, longest] for trust in TRUSTS) / letters, 4) for longest in LOOK_BACK}


def places(texts: list[str]) -> Iterator[tuple[tuple[int, ...], int]]:
    """Each byte of each text, and BOS at its end, behind the bytes before it; BOS stands in for what isn't there."""
    longest, bos = max(LOOK_BACK), VOCAB - 1
    for text in texts:
        ids = [bos] * longest + list(text.encode()) + [bos]
        for i in range(longest, len(ids)):
            yield tuple(ids[i - longest : i]), ids[i]


def record_larger_text() -> dict[str, Any]:
    import torch

    torch.set_num_threads(1)
    docs, kept_out = load_prose()
    tokenizer, source = BPETokenizer(learned_merges()), "\n".join(docs)
    ids, some = stream(docs, tokenizer), docs[::9]
    model, adam = windows.init(CONFIG, tokenizer.vocab_size, SEED)
    ages, best, first = {}, 0, []

    def per_letter(texts: list[str]) -> float:
        return round(windows.token_losses(stream(texts, tokenizer), model, CONFIG).sum().item() / count_letters(texts), 4)

    def look(step: int) -> None:
        nonlocal best
        text = write(model, tokenizer, 60, SEED)
        ages[str(step)] = {
            "passes": round(step * BATCH * CONFIG.block_size / (len(ids) - 1), 2), "learned": per_letter(some),
            "kept_out": per_letter(kept_out), "text": text, "copied": longest_copy(text, source),
        }
        print(step, ages[str(step)], flush=True)
        if ages[str(step)]["kept_out"] <= ages[str(best)]["kept_out"]:
            best = step

    look(0)
    for step, loss in windows.train(ids, model, adam, CONFIG, BATCH, SEED):
        if step <= FIRST:
            first.append(round(loss, 3))
        if step in AGES:
            look(step)
    return {
        "num_params": count_params(CONFIG, tokenizer.vocab_size), "config": vars(CONFIG), "batch": BATCH, "tokens": len(ids) - 1,
        "letters": count_letters(docs), "ages": ages, "best": best, "rivals": rival_losses(docs, kept_out), "first": first,
    }
