"""The chapter on arrays: what it tells of mistakes in a gradient, and of how near the losses are, is so."""

import json
import random

import pytest

from microgpt import (
    Adam, Config, Tokenizer, Value, attention_head, empty_cache, flatten, gpt, init_params, rmsnorm, softmax,
)  # fmt: skip
from scripts.runs import arrays as recorder
from tests import ROOT

np = pytest.importorskip("numpy", reason="numpy is not installed (python3 scripts/run_tests.py --engines)")
arrays = pytest.importorskip("microgpt.scale.numpy_engine")
RECORDED = json.loads((ROOT / "docs/assets/data/arrays.json").read_text(encoding="utf-8"))
DOCS = ["emma", "olivia", "ava", "isabella", "mia"]
TOKENIZER = Tokenizer(DOCS)


def values(table):
    return [[Value(x) for x in row] for row in table.tolist()]


def gradients(table):
    return np.array([[x.grad for x in row] for row in table])


def tables(config):
    """Parameters, and the same numbers as arrays."""
    params = init_params(config, TOKENIZER.vocab_size, random.Random(1))
    numbers = np.array([p.data for p in flatten(params)])
    return params, numbers, arrays.views(numbers, config, TOKENIZER.vocab_size)


@pytest.mark.parametrize("config", [Config(), Config(n_layer=2, n_embd=8, n_head=2, activation="relu2"), Config(n_layer=0)])
def test_all_positions_at_once_are_the_programs_one_by_one(config):
    params, _, w = tables(config)
    inputs = [TOKENIZER.bos, *TOKENIZER.encode("isabella")]
    keys, values = empty_cache(config)
    one_by_one = [[x.data for x in gpt(token, i, keys, values, params, config)] for i, token in enumerate(inputs)]
    assert abs(arrays.forward(inputs, w, config)[0] - one_by_one).max() < 1e-14


def test_no_position_sees_its_future():
    _, _, w = tables(config := Config(n_layer=3))
    inputs = [TOKENIZER.bos, *TOKENIZER.encode("isabella")]
    logits = arrays.forward(inputs, w, config)[0]
    for changed in range(len(inputs)):
        other = [*inputs[:changed], (inputs[changed] + 1) % TOKENIZER.vocab_size, *inputs[changed + 1 :]]
        same = (arrays.forward(other, w, config)[0] == logits).all(axis=1)
        assert same.tolist() == [i < changed for i in range(len(inputs))]


def test_each_piece_has_the_gradient_that_values_find():
    rng = np.random.default_rng(1)
    x, dy = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))

    def by_values(function):
        rows = values(x)
        sum(d * y for drow, row in zip(dy.tolist(), rows) for d, y in zip(drow, function(row))).backward()
        return gradients(rows)

    assert abs(arrays.rmsnorm_back(dy, *arrays.rmsnorm(x)) - by_values(rmsnorm)).max() < 1e-14
    assert abs(arrays.softmax_back(dy, arrays.softmax(x)) - by_values(softmax)).max() < 1e-14


def test_attention_has_the_gradient_that_values_find():
    rng = np.random.default_rng(2)
    q, k, v, dout = (rng.normal(size=(2, 5, 3)) for _ in range(4))
    found = arrays.attention_back(dout, q, k, v, arrays.attention(q, k, v)[1])
    for head in range(2):
        queries, keys, notes = (values(table[head]) for table in (q, k, v))
        outputs = [attention_head(queries[t], keys[: t + 1], notes[: t + 1]) for t in range(5)]
        sum(d * y for drow, row in zip(dout[head].tolist(), outputs) for d, y in zip(drow, row)).backward()
        for mine, theirs in zip(found, (queries, keys, notes)):
            assert abs(mine[head] - gradients(theirs)).max() < 1e-14


def test_the_matrices_are_views_of_the_vector():
    _, numbers, w = tables(Config(n_layer=2))
    assert all(np.shares_memory(numbers, matrix) for matrix in w.values())
    assert sum(matrix.size for matrix in w.values()) == numbers.size


# ----------------------------------------------------------------------------- what is recorded


@pytest.mark.parametrize("mistake", recorder.MISTAKES)
def test_a_mistake_is_caught_by_the_check(mistake):
    for name in ("mia", "emma"):
        found = recorder.off(recorder.program(mistake), name)
        assert recorder.rounded(found) == RECORDED["mistakes"][mistake][name]
        assert recorder.off(recorder.program(), name) < 1e-14
    assert found > 1e-4  # on emma every one


def test_a_mistake_done_again_costs_what_is_recorded():
    assert recorder.cost("letters", seeds=(42,)) == RECORDED["mistakes"]["letters"]["differences"][:1]
    assert recorder.cost("keys", 400, seeds=(42,)) == RECORDED["mistakes"]["keys-400"]["differences"][:1]


def test_what_the_page_says_of_the_mistakes():
    found = RECORDED["mistakes"]
    assert max(found, key=lambda name: "-" not in name and found[name]["mean"]) == "residual"
    assert found["letters"]["low"] > 0 and found["letters"]["mia"] == 0 < found["letters"]["emma"]
    assert abs(found["keys"]["mean"]) < 0.002 and found["keys"]["low"] < 0 < found["keys"]["high"]
    assert found["keys-400"]["low"] > 0.1 and 0 < found["keys-1000"]["mean"] < 0.03


def test_the_first_losses_are_as_near_as_is_recorded(default_run_made):
    run = recorder.default_run()
    docs, tokenizer, params, _ = recorder.start(run.config, recorder.load_docs(), run.config.seed)
    training = recorder.program().NumpyEngine(params, run.config, Adam(flatten(params))).train(docs, tokenizer)
    assert max(abs(next(training)[1] - loss) for loss in run.losses[:200]) < 1e-13
    assert RECORDED["agreement"]["losses"] < 1e-12
    assert RECORDED["agreement"]["names"] == len(run.samples) == 20
