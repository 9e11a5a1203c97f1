"""Counting the e's of a word: small models that are shown its letters, its tokens, or its tokens spelled out.

    spelling.json:
        words, kept_out     how many words to learn from at most, and how many for the exam
        always_one          share of the exam that "one" gets right, the most frequent count, for each seed
        tokens              of a word of the exam, on average, in each form
        forms               form -> number of words learned from -> for each seed:
            right               share of the exam
            learned             share of the words learned from, after training
            all_met             share of the exam's words all of whose tokens some word to learn from has
            right_met           share of those that are right
            right_unmet         share of the others that are right; null if there are none

A question is " letter:" and the answer one token, "2". In the form `letters` the tokenizer has no merges; in `tokens` the
1024 of the prose; in `spelled` it has them too, but the word comes as " l e t t e r:", which leaves nothing to merge. The
model, the words and the number of steps are the same. PyTorch, on one core.
"""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any

from microgpt import Config, learning_rate
from microgpt.scale.bpe import BPETokenizer

from . import windows
from .prose import learned_merges, load_prose

if TYPE_CHECKING:
    from torch import Tensor

    from microgpt.scale.torch_engine import GPT

SEEDS = (42, 1, 2, 3)
LETTER = "e"
LEARNED = (100, 1000)
EXAM = 500
BATCH = 32
SETTINGS = Config(n_embd=32, n_head=4, n_layer=2, block_size=48, learning_rate=0.005, steps=500)
FORMS = ("letters", "tokens", "spelled")
ZERO = ord("0")  # the id of a digit is its byte, in every tokenizer


def load_words() -> list[str]:
    """The words of the prose that have at least four letters, in lower case, each once."""
    docs, kept_out = load_prose()
    return sorted(set(re.findall(r"\b[a-z]{4,}\b", " ".join([*docs, *kept_out]).lower())))


def question(word: str, form: str, tokenizer: BPETokenizer) -> list[int]:
    return tokenizer.encode(" " + (" ".join(word) if form == "spelled" else word) + ":")


def answers(questions: list[list[int]], model: GPT) -> Tensor:
    """The logits after the last token of each question: (questions, vocab_size)."""
    import torch

    longest = max(map(len, questions))
    padded = torch.tensor([ids + [0] * (longest - len(ids)) for ids in questions])  # what comes later isn't looked at
    return model(padded)[torch.arange(len(questions)), torch.tensor([len(ids) - 1 for ids in questions])]


def trial(form: str, learned: list[str], exam: list[str], tokenizer: BPETokenizer, seed: int) -> dict[str, float | None]:
    """Learn to count, and take the exam."""
    import torch
    from torch.nn.functional import cross_entropy

    model, adam = windows.init(SETTINGS, tokenizer.vocab_size, seed)
    rng = random.Random(seed)
    asked = {word: question(word, form, tokenizer) for word in [*learned, *exam]}
    for step in range(SETTINGS.steps):
        words = rng.choices(learned, k=BATCH)
        loss = cross_entropy(answers([asked[word] for word in words], model), torch.tensor([ZERO + word.count(LETTER) for word in words]))
        windows.descend(loss, adam, learning_rate(step, SETTINGS))

    def right(words: list[str]) -> float | None:
        if not words:
            return None
        with torch.no_grad():
            said = answers([asked[word] for word in words], model).argmax(-1).tolist()
        return round(sum(a == ZERO + word.count(LETTER) for a, word in zip(said, words)) / len(words), 3)

    met = {i for word in learned for i in asked[word]}
    all_met = [word for word in exam if met.issuperset(asked[word])]
    return {
        "right": right(exam), "learned": right(learned), "all_met": round(len(all_met) / len(exam), 3),
        "right_met": right(all_met), "right_unmet": right([word for word in exam if word not in set(all_met)]),
    }


def record_spelling() -> dict[str, Any]:
    import torch

    torch.set_num_threads(1)
    merges, words = learned_merges(), load_words()
    tokenizers = {form: BPETokenizer([] if form == "letters" else merges) for form in FORMS}
    forms: dict[str, Any] = {form: {str(n): [] for n in LEARNED} for form in FORMS}
    always_one, tokens = [], {}
    for seed in SEEDS:
        shuffled = list(words)
        random.Random(seed).shuffle(shuffled)
        exam, rest = shuffled[:EXAM], shuffled[EXAM:]
        always_one.append(round(sum(word.count(LETTER) == 1 for word in exam) / EXAM, 3))
        for form in FORMS:
            tokens[form] = round(sum(len(question(word, form, tokenizers[form])) - 1 for word in exam) / EXAM, 2)
            for n in LEARNED:
                found = trial(form, rest[:n], exam, tokenizers[form], seed)
                print(seed, form, n, found, flush=True)
                forms[form][str(n)].append(found)
    by_part = {form: {n: {key: [each[key] for each in trials] for key in trials[0]} for n, trials in of.items()} for form, of in forms.items()}
    return {"words": len(words), "kept_out": EXAM, "always_one": always_one, "tokens": tokens, "forms": by_part}
