"""The book learns to write itself: a model of a million parameters on the prose of all chapters.

    larger.json:
        pages, letters      of the text to learn from; `exam`: the same of the pages kept out, and which they are
        epoch               steps in which as many tokens are read as there are
        settings            of all runs; nobody tuned them
        num_params          of the model
        runs                seed -> what was found in one training at some steps
            steps, exam, learned    loss a letter of the exam, and of a part of what it learns from that is as long
            seconds                 of training until then, processor time on one core
            samples                 step -> what it writes after a prompt, and how much of it, in a longer one, is `copied`
            first                   the losses a token of the first steps, to check the code by
        tables              loss a letter of counting with fallback, by how many bytes `back`; `trust`; what both are chosen by;
                            the loss with these, and the same if every tenth paragraph is kept out, and not whole pages;
                            `neighbors`: of the same exam, but each paragraph's neighbors are there to learn from, and fewer pages
        copied              the share of the exam that stands in what it learns from, by the measure of the samples

    python3 -m scripts.runs.larger      writes the text anew from the chapters as they are

The text is a frozen copy, docs/assets/data/book.txt: a paragraph a line, an empty line between pages. If it followed the
chapters, every mended comma would change every number here. PyTorch, on one core; runs that are done are kept in
build/larger/ until the program or the text changes.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import math
import time
from collections import Counter
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from microgpt import Config, count_params
from microgpt.scale.bpe import BPETokenizer, learn_merges

from .. import DATA, ROOT
from ..tangle import write_files
from ..text.code import code_lines
from .fingerprint import PROGRAM, scale_modules

Json = dict[str, Any]
FILE = "docs/assets/data/book.txt"  # so that a fingerprint sees it
MODULE = "microgpt.scale.text"  # and this; it needs PyTorch, so it's imported later
MERGES, BATCH, EPOCH = 1024, 16, 85  # a step has 2048 tokens, the text some 173,000
BASE = Config(n_embd=128, n_head=4, n_layer=4, block_size=128, init_std=0.02, learning_rate=0.003, steps=12 * EPOCH, temperature=0.8)
SEEDS = (42, 1)
AGES = (10, 30, EPOCH, 2 * EPOCH, 3 * EPOCH, 4 * EPOCH, 6 * EPOCH, 8 * EPOCH, 10 * EPOCH, 12 * EPOCH)
PROMPT = "The model"
SHOWN, LONGER = 100, 500  # tokens of a sample, and of one that is searched for copies
LENGTHS, TRUSTS = range(13), (20, 50, 100)
FIRST = 3


@cache
def load_pages() -> tuple[list[str], list[str]]:
    """The frozen pages, to learn from and for the exam; as microgpt.scale.text.split_pages."""
    pages = [f"{page}\n" for page in (ROOT / FILE).read_text(encoding="utf-8").removesuffix("\n").split("\n\n")]
    return [page for i, page in enumerate(pages) if i % 10 != 4], pages[4::10]


@cache
def tokenizer() -> BPETokenizer:
    return BPETokenizer(list(islice(learn_merges("".join(load_pages()[0])), MERGES)))


def count_letters(pages: list[str]) -> int:
    """The end of a page counts as one."""
    return sum(len(page) + 1 for page in pages)


@cache
def texts() -> dict[str, tuple[list[int], int]]:
    """The text to learn from, the exam, and as much of the first, from its middle, as token ids; and their letters."""
    from microgpt.scale.text import stream

    learned, exam = load_pages()
    some = learned[len(learned) // 2 :][: len(exam)]
    return {name: (stream(pages, tokenizer()), count_letters(pages)) for name, pages in (("all", learned), ("exam", exam), ("learned", some))}


def train(config: Config, ages: tuple[int, ...], with_samples: bool) -> Json:
    """One training, and what is found at some steps of it."""
    import torch

    from microgpt.scale.text import copied, make_model, text_loss, train_on_text, write_text

    torch.set_num_threads(1)
    model, found = make_model(config, tokenizer().vocab_size), {"steps": [], "exam": [], "learned": [], "seconds": [], "first": [], "samples": {}}
    source, seconds, began = "\n".join(load_pages()[0]), 0.0, time.process_time()
    for step, loss in train_on_text(model, texts()["all"][0], config, BATCH):
        if step <= FIRST:
            found["first"].append(round(loss, 3))
        if step in ages:
            seconds += time.process_time() - began
            found["steps"].append(step)
            found["seconds"].append(round(seconds))
            for name in ("exam", "learned"):
                ids, letters = texts()[name]
                found[name].append(round(text_loss(model, ids, config) / letters, 4))
            if with_samples:
                text = write_text(model, tokenizer(), config, PROMPT, LONGER)
                shown = write_text(model, tokenizer(), config, PROMPT, SHOWN)
                found["samples"][str(step)] = {"text": shown, "copied": round(copied(text, source), 3), "longer": text}
            print(f"  step {step}: {found['exam'][-1]:.3f} {found['learned'][-1]:.3f}", flush=True)
            began = time.process_time()
    return found


def kept(name: str, made_by: Any, make: Callable[[], Json]) -> Json:
    """What `make` finds, from build/larger/ if it was found before by the same program from the same text."""
    text = (ROOT / FILE).read_text(encoding="utf-8")
    path = ROOT / "build" / "larger" / f"{name}-{hashlib.sha256(repr([made_by, text]).encode()).hexdigest()[:16]}.json"
    if not path.is_file():
        print(name, flush=True)
        found = make()
        write_files(path.parent, {path.name: json.dumps(found).encode()})
    return json.loads(path.read_text(encoding="utf-8"))


def kept_training(name: str, config: Config, ages: tuple[int, ...], with_samples: bool = False) -> Json:
    files = [ROOT / "microgpt" / f"{name}.py" for name in PROGRAM] + scale_modules(["text"])
    code = [code_lines(file.read_text(encoding="utf-8")) for file in files]
    return kept(f"{name}-{config.seed}", [code, config, ages, with_samples, BATCH, MERGES], lambda: train(config, ages, with_samples))


def kept_tables() -> Json:
    code = [code_lines(inspect.getsource(function)) for function in (tables, table_losses, losses_by, count_stretches, as_letters, split_paragraphs, with_neighbors, load_pages, count_letters)]
    return kept("tables", [code, LENGTHS, TRUSTS], tables)


# ------------------------------------------------------------------------------------------- counting


def as_letters(page: str) -> str:
    """The bytes of a page, a character for each, and one more for its end."""
    return page.encode().decode("latin-1") + chr(256)


@lru_cache(maxsize=1)
def count_stretches(pages: tuple[str, ...], longest: int) -> Counter[str]:
    """How often each stretch of up to so many bytes stands in some pages; "" stands before each byte."""
    stands: Counter[str] = Counter()
    for page in pages:
        text = as_letters(page)
        stands[""] += len(text)
        for n in range(1, longest + 1):
            stands.update(text[i : i + n] for i in range(len(text) - n + 1))
    return stands


def table_losses(learned: list[str], exam: list[str], lengths: range, trust: int) -> list[float]:
    """The loss a letter of counting what follows up to n bytes, falling back on fewer, for each n."""
    return losses_by(count_stretches(tuple(learned), lengths[-1] + 1), exam, lengths, trust)


def losses_by(stands: Counter[str], exam: list[str], lengths: range, trust: int) -> list[float]:
    sums = [0.0] * len(lengths)
    for page in exam:
        text = as_letters(page)
        for i in range(len(text)):
            p = 1 / 257
            for n in lengths:
                if n <= i and (seen := stands.get(text[i - n : i])):
                    p = (stands.get(text[i - n : i + 1], 0) + trust * p) / (seen + trust)
                sums[n] -= math.log(p)
    return [round(total / count_letters(exam), 4) for total in sums]


def tables() -> Json:
    """How far one can get by counting; what it trusts and how far it looks back are chosen on every tenth page to learn from."""
    learned, exam = load_pages()
    rest, tuning = [page for i, page in enumerate(learned) if i % 10], learned[::10]
    tried = {trust: table_losses(rest, tuning, LENGTHS, trust) for trust in TRUSTS}
    trust = min(TRUSTS, key=lambda trust: min(tried[trust]))
    back = tried[trust].index(min(tried[trust]))
    losses, by_paragraph = (table_losses(*parts, LENGTHS, trust) for parts in ((learned, exam), split_paragraphs(learned + exam)))
    return {
        "trust": trust, "tried": {str(trust): min(tried[trust]) for trust in TRUSTS}, "losses": losses, "back": back, "best": losses[back],
        "by_paragraph": by_paragraph[back], "neighbors": with_neighbors(rest, exam, back, trust),
    }  # fmt: skip


def with_neighbors(learned: list[str], exam: list[str], back: int, trust: int) -> float:
    """The loss of the exam, a tenth of its paragraphs at a time, when the other nine are there to learn from."""
    most = count_stretches(tuple(learned), back + 1)
    paragraphs, total = [f"{line}\n" for page in exam for line in page.splitlines()], 0.0
    for k in range(10):
        asked, known = ("".join(line for i, line in enumerate(paragraphs) if (i % 10 == k) == is_asked) for is_asked in (True, False))
        stands = most.copy()
        stands.update(count_stretches.__wrapped__((known,), back + 1))
        total += losses_by(stands, [asked], range(back + 1), trust)[back] * count_letters([asked])
    return round(total / (count_letters(["".join(paragraphs)]) + 9), 4)


def split_paragraphs(pages: list[str]) -> tuple[list[str], list[str]]:
    """The same text with every tenth paragraph in the exam: the two piles, each as one page."""
    paragraphs = [f"{line}\n" for page in pages for line in page.splitlines()]
    return ["".join(line for i, line in enumerate(paragraphs) if i % 10 != 9)], ["".join(paragraphs[9::10])]


def record_larger() -> Json:
    from microgpt.scale.text import copied

    learned, exam = load_pages()
    configs = {str(seed): Config(**{**vars(BASE), "seed": seed}) for seed in SEEDS}
    return {
        "pages": len(learned), "letters": count_letters(learned), "tokens": len(texts()["all"][0]) - 1,
        "exam": {"pages": [page.partition("\n")[0] for page in exam], "letters": count_letters(exam), "tokens": len(texts()["exam"][0]) - 1},
        "epoch": EPOCH, "settings": vars(BASE) | {"batch": BATCH, "merges": MERGES, "prompt": PROMPT},
        "num_params": count_params(BASE, tokenizer().vocab_size),
        "runs": {seed: kept_training("long", config, AGES, config.seed == SEEDS[0]) for seed, config in configs.items()},
        "tables": kept_tables(), "copied": round(copied("\n".join(exam), "\n".join(learned)), 3),
    }


if __name__ == "__main__":
    from microgpt.scale.text import read_pages

    write_files(DATA, {Path(FILE).name: "\n".join(read_pages(str(ROOT / "docs"))).encode()})
