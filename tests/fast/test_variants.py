"""Variants of the book, and the experiments that train them."""

import math
import random
import statistics

import markdown
import pytest

from microgpt.ladder import train0
from scripts import tangle
from scripts.runs import paired, trial
from scripts.tangle import UserError
from scripts.text import variants
from tests import ROOT

CHAPTER = """\
# A

```python {#one}
a = 1
b = 2
```

```python {file=x/y.py}
# <<one>>
```

"""
MD = ["attr_list", "pymdownx.superfences"]


@pytest.fixture
def book(tmp_path):
    def make(more):
        (tmp_path / "docs").mkdir(exist_ok=True)
        (tmp_path / "docs/01-a.md").write_text(CHAPTER + more, encoding="utf-8")
        return tangle.sound_book(tmp_path)

    return make


def test_a_variant_replaces_chunks_and_the_book_stays(book):
    made = book("```python {variant=other replaces=one}\na = 3\n```\n")
    assert variants.read_variants(made) == {"other": {"one": "a = 3\n"}}
    assert made.content("x/y.py").decode().splitlines()[1:] == ["a = 1", "b = 2"]
    variant = variants.tangle_variant(made, {"one": "a = 3\n"})
    assert variant.content("x/y.py").decode().splitlines()[1:] == ["a = 3"]


@pytest.mark.parametrize(
    ("fence", "said"),
    [
        ("```python {variant=other}\na = 3\n```\n", "docs/01-a.md:12: not the header of a variant"),
        ("```python {variant=other replaces=onee}\na = 3\n```\n", "variant other: there is no chunk onee to replace (did you mean <<one>>?)"),
        ("```python {variant=other replaces=one}\na = 3\n```\n" * 2, "docs/01-a.md:15: a second text for one in other"),
        ("```python {variant=other replaces=one}\na = (\n```\n", "variant other: <<one>>:1: x/y.py is not valid Python"),
    ],
)
def test_what_is_wrong_with_a_variant_is_named(book, tmp_path, fence, said):
    book(fence)
    try:
        found = "\n".join(variants.faults(tmp_path))
    except UserError as error:
        found = str(error)
    assert said in found


def test_a_variant_links_to_its_chunk_from_another_chapter(book, tmp_path):
    (tmp_path / "docs").mkdir()
    page = tmp_path / "docs/02-b.md"
    page.write_text("# B\n\n```python {variant=other replaces=one}\na = 1\n```\n", encoding="utf-8")
    book("")
    md = markdown.Markdown(
        extensions=[*MD, "scripts.site.chunks"], extension_configs={"scripts.site.chunks": {"root": str(tmp_path)}}
    )
    assert 'href="01-a.md#chunk-one"' in md.convert(page.read_text(encoding="utf-8"))


def test_the_page_shows_what_differs(book, tmp_path):
    book("```python {variant=other replaces=one}\na = 1\nb = 3\n```\n")
    md = markdown.Markdown(
        extensions=[*MD, "scripts.site.chunks"], extension_configs={"scripts.site.chunks": {"root": str(tmp_path)}}
    )
    html = md.convert((tmp_path / "docs/01-a.md").read_text(encoding="utf-8"))
    shown = html.partition("variant other · in place of")[2]
    assert '<span class="chunk-line">  a = 1\n</span><del class="chunk-line">- b = 2\n</del><ins class="chunk-line">+ b = 3\n</ins>' in shown


# ---------------------------------------------------------------------------- the experiments


def test_every_experiment_has_what_it_names():
    known = variants.read_variants(tangle.sound_book(ROOT))
    used = {e.variant for e in paired.EXPERIMENTS.values() if e.variant}
    assert used == set(known)
    for name, experiment in paired.EXPERIMENTS.items():
        assert not experiment.against or experiment.against in paired.EXPERIMENTS, name


def test_no_trial_reads_what_was_kept_out():
    names, kept_out = paired.documents("names")
    assert len(set(kept_out)) == paired.KEPT_OUT and set(kept_out) < set(names)
    first, same = paired.documents("names-1000")
    assert same == kept_out and not set(first) & set(kept_out)
    words, kept_words = paired.documents("doubled")
    assert len(set(words)) == 8**3 and all(word[:3] == word[3:] for word in words) and len(kept_words) == 112


def test_a_trial_is_the_program():
    """The rung of the default seed reads what `python -m microgpt.ladder 0` reads: the kept-out names come after it."""
    names, kept_out = paired.documents("names")
    found = trial.trial("train0", {}, names, kept_out, 42, 50, drawn=3)
    docs, rng = list(names), random.Random(42)
    rng.shuffle(docs)
    tokenizer, counts = train0.Tokenizer(docs), [[0] * 27 for _ in range(27)]
    assert found["losses"] == [round(loss, 4) for _, loss in train0.train(docs, tokenizer, counts, 50)]
    scores = [train0.document_loss([26, *tokenizer.encode(doc), 26], counts) for doc in kept_out]
    assert math.isclose(found["held_out"], statistics.fmean(scores))


def test_a_trial_that_breaks_says_so():
    names, kept_out = paired.documents("names")
    assert "step" in trial.trial("gpt", {"learning_rate": 1e300}, names, kept_out[:5], 42, 20)["error"]


@pytest.mark.parametrize(
    ("differences", "said"),
    [
        ([0.05, 0.04, 0.06, 0.03], "clear"),
        ([-0.05, -0.04, -0.06, -0.03], "clear"),
        ([0.05, 0.04, 0.06, -0.01], "no difference seen"),
        ([0.01, 0.02, 0.01, 0.03], "no difference seen"),  # four tossed coins agree once in eight times
        ([0.01, 0.02, 0.01, 0.03] * 2, "small"),
        ([0.01, 0.02, 0.01, 0.03, 0.01, 0.02, 0.01, 0.0], "no difference seen"),
        ([0.2] * 7 + [-0.01], "no difference seen"),
    ],
)
def test_the_word_that_a_difference_earns(differences, said):
    assert paired.word(differences) == said
