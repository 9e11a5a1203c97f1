"""The book learns to write itself: a model of a million parameters on the prose of all chapters.

    larger.json:
        pages, letters      of the text to learn from; `exam`: the same of the pages kept out, and which they are
        epoch               steps in which as many tokens are read as there are
        settings            of all runs, if they don't say otherwise
        rates               loss a letter of the exam after two epochs, by learning rate, on a seed that does nothing else
        runs                name -> seed -> one training: `num_params`, and at some steps
            steps, exam, learned    loss a letter of the exam, and of a part of what it learns from that is as long
            seconds                 of training until then, processor time on one core
            samples                 step -> what it writes after a prompt, and how much of it, in a longer one, is `copied`
            first                   the losses a token of the first steps, to check the code by
        tables              loss a letter of counting with fallback, by how many bytes back; `trust`, and what it's chosen by;
                            and the best if every tenth paragraph is kept out, and not whole pages
        copied              the share of the exam that stands in what it learns from, by the measure of the samples

    python3 -m scripts.runs.larger      writes the text anew from the chapters as they are

The text is a frozen copy, docs/assets/data/book.txt: a paragraph a line, an empty line between pages. If it followed the
chapters, every mended comma would change every number here. PyTorch, on one core; runs that are done are kept in
build/larger/ until the program or the text changes.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections import defaultdict
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from microgpt import Config, count_params
from microgpt.scale.bpe import BPETokenizer, learn_merges

from .. import DATA, ROOT
from ..tangle import write_files
from ..text.code import code_lines
from .fingerprint import PROGRAM, scale_modules

if TYPE_CHECKING:
    from microgpt.scale.torch_engine import GPT

Json = dict[str, Any]
FILE = "docs/assets/data/book.txt"  # so that a fingerprint sees it
MODULE = "microgpt.scale.text"  # and this; it needs PyTorch, so it's imported later
MERGES, BATCH, EPOCH = 1024, 16, 85  # a step has 2048 tokens, the text some 173,000
BASE = Config(n_embd=128, n_head=4, n_layer=4, block_size=128, init_std=0.02, learning_rate=0.003, steps=12 * EPOCH, temperature=0.8)
RUNS: dict[str, Json] = {"long": {}, "short": {"steps": 4 * EPOCH}}
SEEDS = (42, 1)
RATES, TUNING = (0.001, 0.003, 0.01), 101
AGES = (10, 30, EPOCH, 2 * EPOCH, 3 * EPOCH, 4 * EPOCH, 6 * EPOCH, 8 * EPOCH, 10 * EPOCH, 12 * EPOCH)
PROMPT = "The model"
SHOWN, LONGER = 100, 500  # tokens of a sample, and of one that is searched for copies
LENGTHS, TRUSTS = range(8), (5, 20, 50)
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


def kept(name: str, config: Config, ages: tuple[int, ...], with_samples: bool = False) -> Json:
    """The same, from build/larger/ if it was done before."""
    files = [ROOT / "microgpt" / f"{name}.py" for name in PROGRAM] + scale_modules(["text"])
    code = [code_lines(file.read_text(encoding="utf-8")) for file in files]
    made_by = repr([code, (ROOT / FILE).read_text(encoding="utf-8"), config, ages, with_samples, BATCH, MERGES])
    path = ROOT / "build" / "larger" / f"{name}-{config.seed}-{hashlib.sha256(made_by.encode()).hexdigest()[:16]}.json"
    if not path.is_file():
        print(f"{name}, seed {config.seed}", flush=True)
        found = train(config, ages, with_samples)
        write_files(path.parent, {path.name: json.dumps(found).encode()})
    return json.loads(path.read_text(encoding="utf-8"))


# ------------------------------------------------------------------------------------------- counting


def table_losses(learned: list[str], exam: list[str], lengths: range, trust: int) -> list[float]:
    """The loss a letter of counting what follows up to n bytes, falling back on fewer, for each n."""
    counts: list[dict[bytes, dict[int, int]]] = [defaultdict(lambda: defaultdict(int)) for _ in lengths]
    end = 256  # of a page
    for page in learned:
        text = page.encode()
        for i, byte in enumerate([*text, end]):
            for n in lengths:
                if n <= i:
                    counts[n][text[i - n : i]][byte] += 1
    totals = [{context: sum(row.values()) for context, row in table.items()} for table in counts]
    sums = [0.0] * len(lengths)
    for page in exam:
        text = page.encode()
        for i, byte in enumerate([*text, end]):
            p = 1 / 257
            for n in lengths:
                context = text[i - n : i]
                if n <= i and context in totals[n]:
                    p = (counts[n][context].get(byte, 0) + trust * p) / (totals[n][context] + trust)
                sums[n] -= math.log(p)
    return [round(total / count_letters(exam), 4) for total in sums]


def tables() -> Json:
    """How far one can get by counting; the trust is chosen on every tenth page to learn from."""
    learned, exam = load_pages()
    rest, tuning = [page for i, page in enumerate(learned) if i % 10], learned[::10]
    tried = {str(trust): min(table_losses(rest, tuning, LENGTHS, trust)) for trust in TRUSTS}
    trust = min(tried, key=lambda trust: tried[trust])
    losses = table_losses(learned, exam, LENGTHS, int(trust))
    by_paragraph = min(table_losses(*split_paragraphs(learned + exam), LENGTHS, int(trust)))
    return {"trust": int(trust), "tried": tried, "losses": losses, "best": min(losses), "back": losses.index(min(losses)), "by_paragraph": by_paragraph}


def split_paragraphs(pages: list[str]) -> tuple[list[str], list[str]]:
    """The same text with every tenth paragraph in the exam: the two piles, each as one page."""
    paragraphs = [f"{line}\n" for page in pages for line in page.splitlines()]
    return ["".join(line for i, line in enumerate(paragraphs) if i % 10 != 9)], ["".join(paragraphs[9::10])]


def record_larger() -> Json:
    from microgpt.scale.text import copied

    learned, exam = load_pages()
    runs: Json = {}
    for seed in SEEDS:
        for name, changed in RUNS.items():
            config = Config(**{**vars(BASE), **changed, "seed": seed})
            size = {"num_params": count_params(config, tokenizer().vocab_size)}
            runs.setdefault(name, {})[str(seed)] = size | kept(name, config, AGES, name == "long" and seed == SEEDS[0])
    rates = {
        str(rate): kept(f"rate-{rate}", Config(**{**vars(BASE), "learning_rate": rate, "steps": 2 * EPOCH, "seed": TUNING}), (2 * EPOCH,))["exam"][0]
        for rate in RATES
    }
    return {
        "pages": len(learned), "letters": count_letters(learned), "tokens": len(texts()["all"][0]) - 1,
        "exam": {"pages": [page.partition("\n")[0] for page in exam], "letters": count_letters(exam), "tokens": len(texts()["exam"][0]) - 1},
        "epoch": EPOCH, "settings": vars(BASE) | {"batch": BATCH, "merges": MERGES, "prompt": PROMPT},
        "rates": rates, "runs": runs, "tables": tables(), "copied": round(copied("\n".join(exam), "\n".join(learned)), 3),
    }


if __name__ == "__main__":
    from microgpt.scale.text import read_pages

    write_files(DATA, {Path(FILE).name: "\n".join(read_pages(str(ROOT / "docs"))).encode()})
