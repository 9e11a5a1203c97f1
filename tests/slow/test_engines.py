"""Every engine trains the same model to the same numbers, is stopped and resumed, and says what it can't do."""

import random
import subprocess
import sys
from functools import cache
from itertools import islice

import pytest

from microgpt import (
    Adam, Config, DivergenceError, Tokenizer, document_loss, flatten, init_params, learning_rate, load, sample, save, train,
)  # fmt: skip
from microgpt.__main__ import main
from microgpt.scale.engines import DEVICES, DTYPES, ENGINES, Engine, EngineError, make_engine

ARRAYS = ["numpy", "jax", "torch"]  # engines of arrays, whose package is named so
DOCS = ["emma", "olivia", "ava", "isabella", "sophia", "mia", "a", "wilhelminatheodorahildegard"]
TOKENIZER = Tokenizer(DOCS)
SETTINGS = {
    "the default": {},
    "the other edition": dict(block_size=8, activation="relu2", beta1=0.9, beta2=0.95, decay="cosine"),
    "two layers, begun at 0": dict(n_layer=2, n_head=2, n_embd=8, zero_init=True),
    "no layer": dict(n_layer=0),
    "a head as wide as the vector": dict(n_head=1, n_embd=4),
    "a block of one": dict(block_size=1),
}


def needs(name):
    if name != "plain":
        pytest.importorskip(name, reason=f"{name} is not installed (python3 scripts/run_tests.py --engines)")


def begin(name, config, dtype="float64", seed=42):
    """Parameters, optimizer and engine of a new run; skips where the engine's package is missing."""
    needs(name)
    params = init_params(config, TOKENIZER.vocab_size, random.Random(seed))
    adam = Adam(flatten(params), config.beta1, config.beta2, config.eps)
    return params, adam, make_engine(name, params, config, adam, dtype)


def numbers(params):
    return [p.data for p in flatten(params)]


def furthest(a, b):
    assert len(a) == len(b)
    return max(abs(x - y) for x, y in zip(a, b))


@cache
def plainly(config, batch):
    """What the book's own functions say, without any engine: losses, parameters, Adam's memory."""
    params = init_params(config, TOKENIZER.vocab_size, random.Random(42))
    adam, losses = Adam(flatten(params), config.beta1, config.beta2, config.eps), []
    for step in range(config.steps):
        docs = [DOCS[(step * batch + i) % len(DOCS)] for i in range(batch)]
        all_losses = [document_loss([TOKENIZER.bos, *TOKENIZER.encode(doc), TOKENIZER.bos], params, config) for doc in docs]
        mean = sum(all_losses) * (1 / batch)
        mean.backward()
        adam.step(learning_rate(step, config))
        losses.append(mean.data)
    return losses, params, adam


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("name", ["plain", *ARRAYS])
def test_the_same_losses_and_parameters(name, settings, batch):
    config = Config(steps=6, **settings)
    params, adam, engine = begin(name, config)
    losses = [loss for _, loss in engine.train(DOCS, TOKENIZER, batch)]
    engine.store()
    expected, plain_params, plain_adam = plainly(config, batch)
    assert furthest(losses, expected) < 1e-12
    assert furthest(numbers(params), numbers(plain_params)) < 1e-9  # Adam divides by the size of gradients that nearly are 0
    assert adam.t == plain_adam.t == 6
    assert furthest(adam.m, plain_adam.m) < 1e-12 and furthest(adam.v, plain_adam.v) < 1e-12


@pytest.mark.parametrize("name", ARRAYS)
def test_a_step_of_descent_shows_each_gradient(name):
    """m after one step is (1 - beta1) times the gradient: compared one by one with what Value finds."""
    config = Config(steps=5, n_layer=2, beta1=0.0)
    _, adam, engine = begin(name, config)
    next(engine.train(["isabella"], TOKENIZER))
    engine.store()
    params = init_params(config, TOKENIZER.vocab_size, random.Random(42))
    document_loss([TOKENIZER.bos, *TOKENIZER.encode("isabella"), TOKENIZER.bos], params, config).backward()
    assert furthest(adam.m, [p.grad for p in flatten(params)]) < 1e-15
    assert sum(m != 0 for m in adam.m) > 3000


def test_plain_with_one_document_a_step_is_the_books_own_training():
    config = Config(steps=6)
    params, adam, engine = begin("plain", config)
    losses = list(engine.train(DOCS, TOKENIZER))
    same = init_params(config, TOKENIZER.vocab_size, random.Random(42))
    assert losses == list(train(DOCS, TOKENIZER, same, config)) and numbers(params) == numbers(same)


@pytest.mark.parametrize("name", ARRAYS)
def test_it_writes_the_same(name):
    config = Config(steps=15, temperature=1.0)
    params, _, engine = begin(name, config)
    list(engine.train(DOCS, TOKENIZER))
    engine.store()
    _, plain_params, _ = plainly(config, 1)
    texts = [[sample(p, config, TOKENIZER, random.Random(seed)) for seed in range(20)] for p in (params, plain_params)]
    assert texts[0] == texts[1] and len(set(texts[0])) > 9


@pytest.mark.parametrize("after", [1, 4])
@pytest.mark.parametrize("name", ["plain", *ARRAYS])
def test_stopped_at_any_step_and_gone_on_it_ends_with_the_same_bits(name, after):
    config = Config(steps=6)
    params, adam, engine = begin(name, config)
    whole = list(engine.train(DOCS, TOKENIZER, 2))
    engine.store()
    half, half_adam, engine = begin(name, config)
    first = list(islice(engine.train(DOCS, TOKENIZER, 2), after))
    engine.store()
    assert half_adam.t == after
    engine = make_engine(name, half, config, half_adam)
    assert first + list(engine.train(DOCS, TOKENIZER, 2)) == whole
    engine.store()
    assert numbers(half) == numbers(params) and half_adam.m == adam.m and half_adam.v == adam.v


@pytest.mark.parametrize("name", ARRAYS)
def test_float32_is_near(name):
    config = Config(steps=12)
    losses = [[loss for _, loss in begin(name, config, dtype)[2].train(DOCS, TOKENIZER)] for dtype in ("float64", "float32")]
    assert 1e-9 < furthest(*losses) < 1e-4


@pytest.mark.parametrize("name", ["plain", *ARRAYS])
def test_numbers_that_leave_their_range_end_the_training(name):
    _, _, engine = begin(name, Config(steps=40, learning_rate=1e200))
    with pytest.raises(DivergenceError, match=r"step \d+: the numbers left their range; try a smaller learning rate"):
        list(engine.train(DOCS, TOKENIZER, 2))


@pytest.mark.parametrize("name", ["plain", *ARRAYS])
def test_nothing_to_train_on(name):
    with pytest.raises(ValueError, match="no documents"):
        next(begin(name, Config())[2].train([], TOKENIZER, 2))


def test_what_an_engine_has_not(monkeypatch):
    with pytest.raises(ValueError, match="dtype float32: this engine has float64 only"):
        begin("plain", Config(), "float32")
    with pytest.raises(ValueError, match="there is no such engine, only plain, numpy, jax, torch"):
        make_engine("os", {}, Config(), Adam([]))
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.delitem(sys.modules, "microgpt.scale.numpy_engine", raising=False)
    with pytest.raises(EngineError, match="^the engine numpy needs numpy: pip install numpy$"):
        make_engine("numpy", {}, Config(), Adam([]))


def test_the_package_itself_needs_no_engine():
    program = "import sys, microgpt; print([name for name in sys.modules if 'scale' in name or name in ('numpy', 'jax', 'torch')])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"


# ------------------------------------------------------------------------- the command line


def command(capsys, *arguments):
    status = 0
    try:
        status = main(["--steps", "7", "--samples", "3", *arguments] if "--resume" not in arguments else list(arguments))
    except SystemExit as end:
        status = end.code
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def test_the_summary_counts_every_document_of_a_batch(capsys):
    assert "among the 14 documents trained on" in command(capsys, "--batch", "2")[1]
    assert "among the 7 documents trained on" in command(capsys)[1]


@pytest.mark.parametrize("name", ARRAYS)
def test_a_run_prints_the_same(capsys, name):
    needs(name)
    for more in ([], ["--batch", "2", "--preset", "4064"]):
        assert command(capsys, "--engine", name, *more) == command(capsys, *more)


@pytest.mark.parametrize("name", ["plain", *ARRAYS])
def test_a_checkpoint_remembers_what_computed_it(capsys, tmp_path, monkeypatch, name):
    needs(name)
    whole, half, done = (tmp_path / f"{which}.json" for which in ("whole", "half", "done"))
    how = ["--engine", name, "--batch", "2", *(["--dtype", "float32"] if name != "plain" else [])]
    assert command(capsys, *how, "--save", str(whole))[0] == 0
    monkeypatch.setattr("microgpt.__main__.save", lambda path, *state: state[-1].t == 4 and save(path, *state))
    assert command(capsys, *how, "--checkpoint", str(half), "--every", "4")[0] == 0
    monkeypatch.undo()
    kept = load(half).training
    assert (kept.t, kept.batch, kept.engine, kept.dtype) == (4, 2, name, "float64" if name == "plain" else "float32")
    assert command(capsys, "--resume", str(half), "--save", str(done))[0] == 0
    assert numbers(load(done).params) == numbers(load(whole).params) and load(done).losses == load(whole).losses


@pytest.mark.parametrize("name", ARRAYS)
def test_a_run_begun_by_one_engine_is_finished_by_another(capsys, tmp_path, monkeypatch, name):
    needs(name)
    whole, half, done = (tmp_path / f"{which}.json" for which in ("whole", "half", "done"))
    assert command(capsys, "--save", str(whole))[0] == 0
    monkeypatch.setattr("microgpt.__main__.save", lambda path, *state: state[-1].t == 4 and save(path, *state))
    assert command(capsys, "--engine", name, "--checkpoint", str(half), "--every", "4")[0] == 0
    monkeypatch.undo()
    assert command(capsys, "--resume", str(half), "--engine", "plain", "--save", str(done))[0] == 0
    assert furthest(numbers(load(done).params), numbers(load(whole).params)) < 1e-9


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--batch", "0"], "error: --batch 0 is not in the range from 1 to 1,000,000"),
        (["--batch", "-3"], "error: --batch -3 is not in the range from 1 to 1,000,000"),
        (["--dtype", "float32"], "error: --engine plain: dtype float32: this engine has float64 only"),
        (["--device", "cuda"], "error: --engine plain: device cuda: this engine has cpu only"),
        (["--engine", "abacus"], "error: argument --engine: invalid choice: 'abacus'"),
    ],
)
def test_wrong_usage(capsys, arguments, said):
    status, _, err = command(capsys, *arguments)
    assert status == 2 and err.startswith(said) and err.count("\n") == 1


def test_a_missing_package_is_one_line(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.delitem(sys.modules, "microgpt.scale.numpy_engine", raising=False)
    assert command(capsys, "--engine", "numpy")[0::2] == (1, "error: the engine numpy needs numpy: pip install numpy\n")


def test_the_lists_hold_what_the_engines_have():
    assert ENGINES[0] == "plain" and set(Engine.DTYPES) <= set(DTYPES) and set(Engine.DEVICES) <= set(DEVICES)
