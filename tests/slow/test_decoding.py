"""Writing on arrays: the same names, the same shares; and what was recorded about it comes out again."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

from microgpt import Config, Tokenizer, init_params, load_docs, sample
from tests import ROOT

np = pytest.importorskip("numpy", reason="NumPy is not installed")

from microgpt.scale.batch_decoding import ArrayReader, write_many  # noqa: E402
from microgpt.scale.decoding import PlainReader, speculate, top_k, top_p  # noqa: E402
from scripts.runs import decoding as recorder  # noqa: E402
from scripts.runs import decoding_times as clock  # noqa: E402

RECORDED = json.loads((ROOT / "docs/assets/data/decoding.json").read_text(encoding="utf-8"))
CONFIGS = [Config(temperature=1.0), Config(n_layer=2, n_head=2, activation="relu2", init_std=0.3), Config(n_layer=0)]


@pytest.mark.parametrize("config", CONFIGS, ids=["default", "two layers", "none"])
def test_readers_agree(config):
    params = init_params(config, 27, random.Random(1))
    tokens = [random.Random(2).randrange(27) for _ in range(16)]
    plain = np.array(PlainReader(params, config).read(tokens))
    for cuts in ((16,), (1,) * 16, (1, 5, 4, 6)):
        reader, found, at = ArrayReader(params, config), [], 0
        for n in cuts:
            found.append(reader.read(tokens[at : at + n]))
            at += n
        assert np.abs(np.concatenate(found) - plain).max() < 1e-12
    reader.forget(3)
    assert np.abs(reader.read(tokens[3:7]) - plain[3:7]).max() < 1e-12
    many = ArrayReader(params, config).read([tokens, tokens[::-1]])
    assert many.shape == (2, 16, 27) and np.abs(many[0] - plain).max() < 1e-12


@pytest.fixture(scope="module")
def trained() -> recorder.Model:
    return recorder.model(42)


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_names_are_the_same_however_many_are_written(trained, temperature):
    config = replace(trained.config, temperature=temperature)
    decode, bos = trained.tokenizer.decode, trained.tokenizer.bos
    expected = [sample(trained.params, config, trained.tokenizer, random.Random(seed)) for seed in range(60)]
    for rows in (60, 7):
        found = []
        for first in range(0, 60, rows):
            rngs = [random.Random(seed) for seed in range(first, min(60, first + rows))]
            found += [decode(text) for text in write_many(ArrayReader(trained.params, config), bos, rngs)]
        assert found == expected
    assert write_many(ArrayReader(trained.params, config), bos, []) == []


def test_drafted_on_arrays_as_on_the_plain_program(trained):
    config, draft, bos = replace(trained.config, temperature=1.0), recorder.Known(trained, 1.0).draft("pairs"), trained.tokenizer.bos
    for seed in range(10):
        readers = [reader(trained.params, config) for reader in (PlainReader, ArrayReader)]
        plain, arrays = ([*speculate(reader, draft, 4, bos, random.Random(seed))] for reader in readers)
        assert plain == arrays


# ------------------------------------------------------------------------------ what was recorded


def test_multiplications_are_as_many_as_the_formula_says():
    config = Config(n_embd=8, n_layer=2, block_size=12)
    params = init_params(config, 27, random.Random(1))
    for cached in (True, False):
        with clock.counted_products() as count:
            clock.read_all(PlainReader(params, config), [1] * 12, cached)
        assert count[0] == clock.products(12, cached, config)
    found = json.loads((ROOT / "docs/assets/data/decoding-times.json").read_text(encoding="utf-8"))["cache"]
    assert found["with"] == [clock.products(n, True) for n in found["lengths"]]
    assert found["without"] == [clock.products(n, False) for n in found["lengths"]]


def test_drafts_come_out_again(trained):
    known = recorder.Known(trained, 1.0)
    for name in ("blind", "pairs", "fallback"):
        found = recorder.drafted(known, name, 4, recorder.DRAFTED)
        for what, value in found.items():
            assert RECORDED["drafts"]["1"][name][what][0] == round(value, 4)
    assert RECORDED["held_out"]["itself"][0] == round(recorder.held_out(known, "itself"), 4)


def test_the_better_model_is_the_worse_draft():
    for drafts in RECORDED["drafts"].values():
        assert all(a > b for a, b in zip(drafts["pairs"]["accepted"], drafts["fallback"]["accepted"], strict=True))
    assert all(a > b for a, b in zip(RECORDED["held_out"]["pairs"], RECORDED["held_out"]["fallback"], strict=True))


def test_cuts_come_out_again(trained):
    known = recorder.Known(trained, 1.0)
    for name, cut in (("top-k 18", lambda p: top_k(p, 18)), ("top-p 0.9", lambda p: top_p(p, 0.9))):
        gone = [[not cut(known.after(tuple(t[: i + 1])))[t[i + 1]] for i in range(min(16, len(t) - 1))] for t in trained.kept_out]
        assert RECORDED["cuts"][name]["names"][0] == sum(map(any, gone))
        assert RECORDED["cuts"][name]["letters"][0] == round(100 * sum(map(sum, gone)) / sum(map(len, gone)), 2)


def test_the_engine_trains_the_default_model(trained):
    docs, config = load_docs(), Config()
    random.Random(42).shuffle(docs)
    paired = json.loads((ROOT / "docs/assets/data/paired.json").read_text(encoding="utf-8"))
    assert RECORDED["held_out"]["itself"] == pytest.approx(paired["default"]["held_out"], abs=2e-4)
    assert [trained.tokenizer.decode(t) for t in trained.kept_out[-2:]] == docs[-2:]
    assert trained.config == config and trained.tokenizer.chars == Tokenizer(docs).chars


def test_chi_square_tells_the_wrong_rule():
    right, wrong = RECORDED["chi"]["right"], RECORDED["chi"]["wrong"]
    assert max(map(abs, right)) < 4 and min(wrong) > 10
    again = recorder.record_chi(count=2000, seeds=(1,))
    assert abs(again["right"][0]) < 4
