"""What larger tokens are good for: the loss per letter of small models that read the book's prose in tokens of four sizes.

    subwords.json:
        learned, kept_out   letters of the paragraphs to learn from and of the others; the end of each counts as a letter
        settings            of all runs, if they don't say otherwise
        runs                name -> one model, trained from four seeds:
            merges, vocab_size, num_params, block_size, batch, steps
            letters_per_token       in the paragraphs to learn from
            letters                 read in training
            multiplications         a letter, in matrices and attention, read forward
            losses                  nats a letter on the paragraphs that were kept out, for each seed
            first                   the losses a token of the first steps of the first seed, to check the code by
        rates               loss a letter of the smallest and the largest tokens at other learning rates, one seed
        unused              merged tokens, of 1024, that the text they were learned from doesn't have; a character for each byte

The budget is letters read: each model may read the same stretch of the book as often. Three runs are controls: bytes with
a window as long, in letters, as the largest tokens have; bytes with as many parameters as they need; and the largest
tokens with as many multiplications as bytes take. PyTorch, on one core.
"""

from __future__ import annotations

from collections import Counter
from statistics import fmean
from typing import Any

from microgpt import Config, count_params
from microgpt.scale.bpe import BPETokenizer

from . import windows
from .prose import learned_merges, load_prose

SEEDS = (42, 1, 2, 3)
LETTERS = 500_000
BATCH = 16
BASE = Config(n_embd=32, n_head=4, n_layer=2, block_size=64, learning_rate=0.01)
MERGES = (0, 64, 256, 1024)
RATES = (0.005, 0.02)
FIRST = 4  # steps whose losses are kept


def stream(docs: list[str], tokenizer: BPETokenizer) -> list[int]:
    """The documents one after the other, with BOS before, between and after them."""
    ids = [tokenizer.bos]
    for doc in docs:
        ids += [*tokenizer.encode(doc), tokenizer.bos]
    return ids


def count_letters(docs: list[str]) -> int:
    return sum(len(doc) + 1 for doc in docs)


def multiplications(config: Config, vocab_size: int) -> float:
    """Of reading a token, in the matrices and, on the average place of a window, in attention."""
    return config.n_layer * (12 * config.n_embd**2 + config.n_embd * (config.block_size + 1)) + config.n_embd * vocab_size


def trial(tokenizer: BPETokenizer, config: Config, batch: int, seed: int) -> tuple[float, list[float]]:
    """Train; return the loss a letter on what was kept out, and the first losses a token."""
    docs, kept_out = load_prose()
    model, adam = windows.init(config, tokenizer.vocab_size, seed)
    losses = [loss for _, loss in windows.train(stream(docs, tokenizer), model, adam, config, batch, seed)]
    held_out = windows.token_losses(stream(kept_out, tokenizer), model, config).sum().item() / count_letters(kept_out)
    return round(held_out, 4), [round(loss, 3) for loss in losses[:FIRST]]


def plan(merges: list[tuple[bytes, bytes]]) -> dict[str, tuple[BPETokenizer, Config, int, float]]:
    """Of each run the tokenizer, the settings, the batch, and the letters a token."""
    docs, _ = load_prose()
    found = {}

    def add(name: str, count: int, batch: int = BATCH, letters: float = LETTERS, **changed: int) -> None:
        tokenizer = BPETokenizer(merges[:count])
        each = count_letters(docs) / (len(stream(docs, tokenizer)) - 1)
        block = changed.get("block_size", BASE.block_size)
        config = Config(**{**vars(BASE), "steps": round(letters / (batch * block * each)), **changed})
        found[name] = tokenizer, config, batch, each

    for count in MERGES:
        add(str(count), count)
    (_, bytes_config, _, _), (large, large_config, _, each) = found["0"], found["1024"]
    window = 2 * round(BASE.block_size * each / 2)
    add("0-window", 0, round(BATCH * BASE.block_size / window), block_size=window)
    target = count_params(BASE, large.vocab_size)
    width = min(range(4, 200, 4), key=lambda n: abs(count_params(Config(**{**vars(BASE), "n_embd": n}), 257) - target))
    add("0-width", 0, n_embd=width)
    cheaper = multiplications(bytes_config, 257) / (multiplications(large_config, large.vocab_size) / each)
    add("1024-arithmetic", 1024, letters=LETTERS * cheaper)
    return found


def unused(tokenizer: BPETokenizer, docs: list[str]) -> list[str]:
    """The merged tokens that the text doesn't have, in the order of the merges."""
    used = Counter(stream(docs, tokenizer))
    return [token.decode("latin-1") for i, token in enumerate(tokenizer.tokens) if i > 255 and not used[i]]


def record_subwords() -> dict[str, Any]:
    import torch

    torch.set_num_threads(1)
    docs, kept_out = load_prose()
    merges, runs = learned_merges(), {}
    planned = plan(merges)
    for name, (tokenizer, config, batch, each) in planned.items():
        trials = [trial(tokenizer, config, batch, seed) for seed in SEEDS]
        print(f"{name}: {fmean(loss for loss, _ in trials):.3f}", flush=True)
        runs[name] = {
            "merges": len(tokenizer.ranks), "vocab_size": tokenizer.vocab_size, "num_params": count_params(config, tokenizer.vocab_size),
            "n_embd": config.n_embd, "block_size": config.block_size, "batch": batch, "steps": config.steps,
            "letters_per_token": round(each, 3), "letters": round(config.steps * batch * config.block_size * each),
            "multiplications": round(multiplications(config, tokenizer.vocab_size) / each),
            "losses": [loss for loss, _ in trials], "first": trials[0][1],
        }
    rates = {
        name: {str(rate): trial(planned[name][0], Config(**{**vars(planned[name][1]), "learning_rate": rate}), BATCH, SEEDS[0])[0] for rate in RATES}
        for name in ("0", "1024")
    }
    return {
        "learned": count_letters(docs), "kept_out": count_letters(kept_out), "settings": vars(BASE) | {"seed": list(SEEDS)},
        "runs": runs, "rates": rates, "unused": unused(planned["1024"][0], docs),
    }
