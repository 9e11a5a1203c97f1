"""A larger text: what is prose, whole pages in the exam, windows, the loss of a long text, copies, and the recording."""

from __future__ import annotations

import json
import math
import random
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microgpt import Config, document_loss, flatten, init_params
from microgpt.scale.bpe import BPETokenizer
from scripts import DATA
from scripts.runs import larger
from scripts.runs.prose import paragraphs
from scripts.text.chapter import chapters_of
from tests import ROOT

pytest.importorskip("torch")
import torch

from microgpt.scale.text import copied, make_model, prose, read_pages, split_pages, stream, text_loss, train_on_text, write_text
from microgpt.scale.torch_engine import load_vector

BYTES = BPETokenizer([])
SMALL = Config(n_embd=8, n_head=2, n_layer=1, block_size=8, steps=3, init_std=0.3, temperature=1.0)


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


# -------------------------------------------------------------------------------------- the text


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("---\nneeds: torch\n---\n\n# A title\n", "A title\n"),
        ("One\nline.\n\nAnother *one*, **bold**.\n", "One line.\nAnother one, bold.\n"),
        ("Before.\n\n```python\nx = 1\n\n# no title\n```\n\nAfter.\n", "Before.\nAfter.\n"),
        ("1. One.\n2. Two.\n- Three.\n", "One.\nTwo.\nThree.\n"),
        ("??? note\n\n    ```python\n    x\n    ```\n\nIt's [a link](to/x.md#y).\n", "It's a link.\n"),
        ("2.33<!--= run.losses[0] --> and\n<!-- a\n\ncomment -->more.\n", "2.33 and more.\n"),
        ("| a | b |\n|---|---|\n\n$$\nx^2\n$$\n\n<figure markdown=\"1\">\n\nIts caption.\n\n</figure>\n", "Its caption.\n"),
        ("````markdown\n```python\nx\n```\n````\n\nEnd.\n", "End.\n"),
        ("", ""),
    ],
)
def test_what_is_prose(page, found):
    assert prose(page) == found


def test_it_reads_the_book_as_the_careful_reader_does():
    """Ten lines of expressions against the project's own reader of Markdown: they differ in few paragraphs of a whole book."""
    ours, theirs = set(), set()
    for path in chapters_of(ROOT):
        ours |= set(prose(path.read_text(encoding="utf-8")).splitlines())
        theirs |= set(paragraphs(path))
    assert len(ours) > 2000 and len(ours ^ theirs) < len(ours) / 50


def test_pages_come_in_the_order_of_their_numbers(tmp_path):
    for name in ("10-z.md", "2-b.md", "1-a/10.md", "1-a/9.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"This is {name}.\n", encoding="utf-8")
    (tmp_path / "3.md").write_text("```\nnothing to read\n```\n", encoding="utf-8")
    assert read_pages(str(tmp_path)) == [f"This is {name}.\n" for name in ("1-a/9.md", "1-a/10.md", "2-b.md", "10-z.md")]


def test_no_page_is_in_both_piles():
    learned, exam = split_pages(list(map(str, range(72))))
    assert exam == ["4", "14", "24", "34", "44", "54", "64"] and len(learned) == 65 and not set(learned) & set(exam)


def test_the_frozen_text_is_split_as_the_chapter_splits():
    learned, exam = larger.load_pages()
    pages = [f"{page}\n" for page in (ROOT / larger.FILE).read_text(encoding="utf-8").removesuffix("\n").split("\n\n")]
    assert (learned, exam) == split_pages(pages)
    assert not any("\n\n" in page for page in pages)


# ------------------------------------------------------------------------------------- the model


@settings(max_examples=15, deadline=None)
@given(st.text(alphabet="ab \n", max_size=30))
def test_a_loss_is_that_of_the_book_and_counts_each_token_once(text):
    """A text no longer than half a block is a document. In a longer one each token is predicted once, from its window."""
    params = init_params(SMALL, BYTES.vocab_size, random.Random(1))
    model = make_model(SMALL, BYTES.vocab_size).double()
    load_vector(model, [p.data for p in flatten(params)])
    ids = stream([text], BYTES)
    right, half = 0.0, SMALL.block_size // 2
    for i in range(1, len(ids)):
        start = (i - 1) // half * half  # of the stretch that it's counted in
        window = ids[max(0, start - half) : i + 1]
        with_last = document_loss(window, params, SMALL).data * (len(window) - 1)
        without = document_loss(window[:-1], params, SMALL).data * (len(window) - 2) if len(window) > 2 else 0
        right += with_last - without
    assert text_loss(model, ids, SMALL) == pytest.approx(right, abs=1e-9)


def test_training_learns_a_text_by_heart_and_the_same_again():
    ids = stream(["abcabcabcabcabcabc" * 3], BYTES)
    config = Config(**{**vars(SMALL), "steps": 150, "learning_rate": 0.02, "init_std": 0.1})
    runs = []
    for _ in range(2):
        model = make_model(config, BYTES.vocab_size)
        runs.append([loss for _, loss in train_on_text(model, ids, config, 4)])
    assert runs[0] == runs[1] and abs(runs[0][0] - math.log(257)) < 0.5 and runs[0][-1] < 0.1
    assert write_text(model, BYTES, config, "abcab", 6) == "cabcab"


def test_a_text_may_be_longer_than_the_block():
    model = make_model(SMALL, BYTES.vocab_size)
    assert len(write_text(model, BPETokenizer([]), SMALL, "x" * 30, 40).encode("utf-8", errors="replace")) >= 30


def test_copies_are_found():
    source = "the quick brown fox jumps over the lazy dog and runs away"
    assert copied(source[5:50], source) == 1 and copied("x" * 100, source) == copied("", source) == 0
    assert copied("#" * 55 + source[:45], source) == 0.45
    assert copied(source[:39] + "#", source) == 0 and copied("abcd", "zabcz", length=3) == 0.75


# -------------------------------------------------------------------------------------- recorded


RECORDED = json.loads((DATA / "larger.json").read_text(encoding="utf-8"))


def test_the_text_is_the_one_that_was_recorded():
    learned, exam = larger.load_pages()
    assert (RECORDED["pages"], RECORDED["letters"]) == (len(learned), larger.count_letters(learned))
    assert RECORDED["exam"]["letters"] == larger.count_letters(exam)
    assert RECORDED["exam"]["pages"] == [page.split("\n")[0] for page in exam]
    assert RECORDED["copied"] == round(copied("\n".join(exam), "\n".join(learned)), 3)


def test_counting_bytes_again():
    """The shortest tables, once more, against the rule word for word; and the recording is of the same function."""
    found = larger.table_losses(["abab", "b"], ["ab"], range(2), 1)
    once = {97: 2, 98: 3, 256: 2}
    p0 = {byte: (n + 1 / 257) / 8 for byte, n in once.items()}
    p1 = {(97, 98): (2 + p0[98]) / 3, (98, 256): (2 + p0[256]) / 4}
    assert found[0] == round(-sum(math.log(p0[byte]) for byte in (97, 98, 256)) / 3, 4)
    assert found[1] == round(-(math.log(p0[97]) + math.log(p1[97, 98]) + math.log(p1[98, 256])) / 3, 4)
    again = larger.table_losses(*larger.load_pages(), range(3), RECORDED["tables"]["trust"])
    assert again == pytest.approx(RECORDED["tables"]["losses"][:3], abs=2e-4)


def test_the_recorded_training_begins_as_the_code_does():
    tokenizer, (ids, _) = larger.tokenizer(), larger.texts()["all"]
    assert RECORDED["tokens"] == len(ids) - 1
    model = make_model(larger.BASE, tokenizer.vocab_size)
    assert sum(p.numel() for p in model.parameters()) == RECORDED["num_params"]
    losses = [loss for _, loss in islice(train_on_text(model, ids, larger.BASE, larger.BATCH), larger.FIRST)]
    assert losses == pytest.approx(RECORDED["runs"]["42"]["first"], abs=0.02)
