"""Byte-pair encoding: as the chapter says, as other people's libraries do it, and for any text."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microgpt import Config, DataError, document_loss, flatten, init_params
from microgpt.scale.bpe import CHUNK, BPETokenizer, learn_merges, merge, split
from scripts import DATA
from scripts.figures.merges import load_merges, trace
from scripts.runs import prose
from scripts.text.code import code_lines
from tests import ROOT

MERGES = load_merges()  # recorded: what learn_merges gives for the prose is tested with the figures
PROSE = prose.load_prose()
LARGE = BPETokenizer(MERGES)
# Any text, and texts in which merges are likely.
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from([" the", " count", "ing", "'s", "  ", "\n", "1000", "é", "🙂", "_", " "])).map("".join))
FEW = settings(max_examples=150)  # also in CI: each is a text


def literally(text: str, count: int) -> list[tuple[bytes, bytes]]:
    """The rule word for word: count all pairs of all chunks again for each merge."""
    chunks = [[bytes([byte]) for byte in chunk] for chunk in split(text)]
    merges = []
    while len(merges) < count:
        pairs = Counter(pair for tokens in chunks for pair in zip(tokens, tokens[1:]))
        if not pairs:
            break
        most = max(pairs.values())
        merges.append(min(pair for pair in pairs if pairs[pair] == most))
        chunks = [merge(tokens, merges[-1]) for tokens in chunks]
    return merges


def test_it_is_short():
    assert len(code_lines((ROOT / "microgpt/scale/bpe.py").read_text(encoding="utf-8"))) <= 60


@FEW
@given(st.text(alphabet="ab é1'\n", max_size=60))
def test_merges_are_the_most_frequent_pairs_and_of_equals_the_first(text):
    assert list(learn_merges(text)) == literally(text, 10**6)


def test_merges_of_prose_are_those_of_the_rule():
    text = "\n".join(PROSE[0][:60])
    assert list(islice(learn_merges(text), 60)) == literally(text, 60)


def test_nothing_to_merge():
    assert list(learn_merges("")) == list(learn_merges("a")) == []


@FEW
@given(st.text(alphabet="abc de1", max_size=80))
def test_encoding_cuts_the_text_as_learning_did(text):
    """Learning ends with each chunk in one token, or where it was stopped: there encode must stop, too."""
    merges = list(islice(learn_merges(text), 5))
    chunks = {chunk: [bytes([byte]) for byte in chunk] for chunk in split(text)}
    for pair in merges:
        chunks = {chunk: merge(tokens, pair) for chunk, tokens in chunks.items()}
    tokenizer = BPETokenizer(merges)
    assert {chunk: tokenizer.cut(chunk) for chunk in chunks} == chunks


@FEW
@given(TEXTS)
def test_any_text_comes_back(text):
    assert "".join(CHUNK.findall(text)) == text
    for tokenizer in (LARGE, BPETokenizer([])):
        ids = tokenizer.encode(text)
        assert tokenizer.decode(ids) == text
        assert tokenizer.decode([tokenizer.bos, *ids, tokenizer.bos]) == text
        assert all(0 <= i < tokenizer.bos for i in ids)
    assert BPETokenizer([]).encode(text) == list(text.encode())


def test_half_a_pair_of_surrogates_is_no_text():
    with pytest.raises(UnicodeEncodeError):
        LARGE.encode("\ud83d")


def test_bytes_that_are_no_character_are_shown_as_such():
    assert LARGE.decode(list("🙂".encode())[:3]) == "\ufffd"
    with pytest.raises(IndexError):
        LARGE.decode([LARGE.vocab_size])


def test_no_token_crosses_a_chunk():
    text = " don't  stop_it at 1234.5,\n\n now"
    assert split(text) == [b" don", b"'t", b" ", b" stop", b"_", b"it", b" at", b" 1234", b".", b"5", b",", b"\n\n", b" now"]


# ---------------------------------------------------------------------------- other people's programs


def stand_ins() -> dict[int, str]:
    """GPT-2's printable character for each byte."""
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    unseen = iter(range(256, 512))
    return {byte: chr(byte if byte in seen else next(unseen)) for byte in range(256)}


def shown(token: bytes) -> str:
    return "".join(stand_ins()[byte] for byte in token)


@pytest.fixture(scope="module", params=["tokenizers", "tiktoken"])
def library(request):
    """encode(text) of a library, given our merges and GPT-2's way to cut a text into chunks."""
    module = pytest.importorskip(request.param, reason=f"{request.param} is not installed")
    if request.param == "tokenizers":
        vocab = {shown(token): i for i, token in enumerate(LARGE.tokens)}
        theirs = module.Tokenizer(module.models.BPE(vocab=vocab, merges=[(shown(a), shown(b)) for a, b in MERGES]))
        theirs.pre_tokenizer = module.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
        return lambda text: theirs.encode(text).ids
    pattern = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
    theirs = module.Encoding("ours", pat_str=pattern, mergeable_ranks={token: i for i, token in enumerate(LARGE.tokens)}, special_tokens={})
    return lambda text: theirs.encode(text, disallowed_special=())


def test_a_library_cuts_the_book_in_the_same_way(library):
    for text in PROSE[1]:
        assert LARGE.encode(text) == library(text)


# Where the ways to cut into chunks differ: Python's \w has ² and ½ among the letters, its \s some control characters.
SAME = TEXTS.filter(lambda text: not any(char in "\x1c\x1d\x1e\x1f\x85" or (char.isnumeric() and not char.isdecimal()) for char in text))


@FEW
@given(SAME)
def test_a_library_cuts_any_text_in_the_same_way(library, text):
    assert LARGE.encode(text) == library(text)


# ------------------------------------------------------------------------------------------- files


def test_saved_and_loaded(tmp_path):
    path = str(tmp_path / "merges.json")
    LARGE.save(path)
    assert list(BPETokenizer.load(path).ranks) == MERGES
    assert json.loads((tmp_path / "merges.json").read_text())[:2] == [[" ", "t"], [" ", "a"]]
    everything = BPETokenizer([(bytes([a]), bytes([255 - a])) for a in range(256)])
    everything.save(path)
    assert BPETokenizer.load(path).tokens == everything.tokens


@pytest.mark.parametrize("content", ["", "{", "7", "[1]", '[["a"]]', '[["a", 1]]', '[["a", "b", "c"]]', '[["\u0120", "t"]]', '{"a": 1}', "[" * 100_000])
def test_what_is_no_tokenizer_is_told_in_one_line(tmp_path, content):
    path = tmp_path / "merges.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"merges\.json: not a saved tokenizer \(.*\); write one with BPETokenizer\.save$"):
        BPETokenizer.load(str(path))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"^[^(]*nowhere\.json: "):
        BPETokenizer.load(str(tmp_path / "nowhere.json"))


# --------------------------------------------------------------------------------- what was recorded


def test_the_trace_of_the_figure_ends_in_the_tokens():
    for text in (" strawberry", " the the", "naïve 🙂", "", "1000 + 1001"):
        cut = trace(split(text), LARGE)[-1][1]
        assert [token for tokens in cut for token in tokens] == [LARGE.tokens[i] for i in LARGE.encode(text)]


@pytest.fixture(scope="module")
def windows():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from scripts.runs import windows

    torch.set_num_threads(1)  # as the recorders; and several would wait for each other while other tests run
    return windows


def test_the_model_of_the_recorders_is_the_books(windows):
    """The same parameters, the same losses; and of a longer text, each loss after at least half a window."""
    from microgpt.scale.torch_engine import load_vector

    config = Config(n_embd=8, n_head=2, n_layer=2, block_size=6)
    params = init_params(config, 5, random.Random(1))
    model, _ = windows.init(config, 5, 1)
    assert all(0.05 < p.std() < 0.11 for p in model.parameters()), "drawn as wide as ours"
    load_vector(model.double(), [p.data for p in flatten(params)])
    tokens = [4, 1, 0, 3, 3, 2, 4]
    found = windows.token_losses(tokens, model, config)
    assert found.mean().item() == pytest.approx(document_loss(tokens, params, config).data, abs=1e-12)
    longer = windows.token_losses(tokens * 3, model, config)
    assert len(longer) == 20 and longer[:6].tolist() == pytest.approx(found.tolist())
    assert longer[6:9].tolist() == pytest.approx(windows.token_losses((tokens * 3)[3:10], model, config)[3:].tolist())


def test_the_recorded_losses_begin_as_the_code_does(windows):
    """A few steps of two runs, against what was recorded; and what is told of sizes."""
    from scripts.runs import subwords

    recorded = json.loads((DATA / "subwords.json").read_text(encoding="utf-8"))
    for name, (tokenizer, config, batch, each) in subwords.plan(MERGES).items():
        run = recorded["runs"][name]
        assert (run["vocab_size"], run["steps"], run["letters_per_token"]) == (tokenizer.vocab_size, config.steps, round(each, 3))
        if name in ("0", "1024"):
            model, adam = windows.init(config, tokenizer.vocab_size, subwords.SEEDS[0])
            assert windows.token_losses([0, 1], model, config).item() == pytest.approx(math.log(tokenizer.vocab_size), abs=1.5)
            training = windows.train(subwords.stream(PROSE[0], tokenizer), model, adam, config, batch, subwords.SEEDS[0])
            assert [loss for _, loss in islice(training, subwords.FIRST)] == pytest.approx(run["first"], abs=0.02)
    assert recorded["unused"] == subwords.unused(LARGE, PROSE[0])


def test_counting_can_be_learned_from_letters(windows, monkeypatch):
    """The recorder's own code, on very few words: it learns them by heart."""
    from scripts.runs import spelling

    monkeypatch.setattr(spelling, "SETTINGS", Config(n_embd=16, n_layer=1, block_size=48, learning_rate=0.01, steps=60))
    words = spelling.load_words()[::300]
    for form in spelling.FORMS:
        found = spelling.trial(form, words, ["zebra", words[0]], LARGE, 1)
        assert found["learned"] > 0.7
    assert spelling.question("tree", "spelled", LARGE) == LARGE.encode(" t r e e:")


# -------------------------------------------------------------------------------------- the prose


def test_prose_of_a_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "---\nshort_path: true\n---\n# A *title*\n\nTwo **bold** words, `code_name` and\n[a link](a.md#b), 3.30<!--= 1 -->.\n\n"
        "```python\nx = 1\n```\n\n| a | table |\n|---|---|\n\n- one\n- two<small>ish</small>\n\n<aside markdown=\"1\">\n\nHidden # <<x>>.\n\n</aside>\n"
    )
    assert list(prose.paragraphs(page)) == [
        "A title", "Two bold words, code_name and a link, 3.30.", "one", "twoish", "Hidden # <<x>>.",
    ]


def test_the_frozen_prose():
    learned, kept_out = PROSE
    assert len(learned) > 2000 and len(kept_out) == len([*learned, *kept_out]) // 10
    assert len(set([*learned, *kept_out])) == len([*learned, *kept_out])
    assert not set(learned) & set(kept_out)
