"""The engine that runs many steps in a call: whatever is seen of it is as if it took one after the other."""

import json
import random
from itertools import islice

import pytest

from microgpt import Adam, Config, DivergenceError, Tokenizer, document_loss, flatten, init_params, load, load_docs, save
from microgpt.__main__ import main
from microgpt.scale.batches import rows_needed
from microgpt.scale.engines import make_engine

jax = pytest.importorskip("jax", reason="jax is not installed (python3 scripts/run_tests.py --engines)")
DOCS = load_docs()
TOKENIZER = Tokenizer(DOCS)


def begin(config, dtype="float64"):
    params = init_params(config, TOKENIZER.vocab_size, random.Random(42))
    adam = Adam(flatten(params), config.beta1, config.beta2, config.eps)
    return params, adam, make_engine("jax", params, config, adam, dtype)


def state(params, adam):
    return [p.data for p in flatten(params)], list(adam.m), list(adam.v), adam.t


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_at_each_step_what_is_stored_is_the_state_after_the_step_that_was_seen(dtype):
    """Chunks end after 1, 3, 7, … steps, or where they take long: stored at each step, or at one alone, it's the same."""
    config = Config(steps=45)
    params, adam, engine = begin(config, dtype)
    seen = {}
    for step, _ in engine.train(DOCS, TOKENIZER):
        engine.store()
        seen[step] = state(params, adam)
        assert adam.t == step and len(engine.known) <= 2
    for step in (2, 23, 45):
        params, adam, engine = begin(config, dtype)
        training = engine.train(DOCS, TOKENIZER)
        losses = list(islice(training, step))
        engine.store()
        assert state(params, adam) == seen[step]
        engine.store()
        assert state(params, adam) == seen[step]
        again = make_engine("jax", params, config, adam, dtype)  # ... and goes on from there, whatever its chunks are
        rest = list(again.train(DOCS, TOKENIZER))
        again.store()
        assert state(params, adam) == seen[45] and [step for step, _ in losses + rest] == list(range(1, 46))


def test_in_a_chunk_the_step_that_diverged_is_found():
    """Numbers are spoiled before step 30: that step is named, and what is kept is finite."""
    config = Config(steps=60)
    docs = [*DOCS[:29], "a", *DOCS[29:]]
    params, adam, engine = begin(config)
    engine.chunk_of_steps, whole = spoiled(engine.chunk_of_steps, 29), list(begin(config)[2].train(docs, TOKENIZER))
    losses = []
    with pytest.raises(DivergenceError, match="^step 30: "):
        for pair in engine.train(docs, TOKENIZER):
            losses.append(pair)
    engine.store()
    assert losses == whole[:29] and adam.t == 29 and all(abs(x) < 1e9 for x in state(params, adam)[0])


def spoiled(function, step):
    def changed(batches, start, shape):
        chunk = function(batches, start, shape)
        chunk["rows"]["shares"][chunk["step"] == step] = float("nan")
        return chunk

    return changed


def test_resumed_from_the_middle_of_a_chunk_a_run_prints_what_the_whole_one_prints(capsys, tmp_path, monkeypatch):
    whole, half, done = (tmp_path / f"{which}.json" for which in ("whole", "half", "done"))
    options = ["--engine", "jax", "--steps", "60", "--samples", "1"]
    assert main([*options, "--save", str(whole)]) == 0
    monkeypatch.setattr("microgpt.__main__.save", lambda path, *state: state[-1].t == 52 and save(path, *state))
    assert main([*options, "--checkpoint", str(half), "--every", "52"]) == 0
    monkeypatch.undo()
    assert load(half).training.t == 52
    capsys.readouterr()
    assert main(["--resume", str(half), "--save", str(done)]) == 0
    assert [p.data for p in flatten(load(done).params)] == [p.data for p in flatten(load(whole).params)]
    assert load(done).losses == load(whole).losses and len(load(done).losses) == 60


# ------------------------------------------------------------------------------------- packing


def test_documents_that_share_a_row_don_t_see_each_other():
    """The gradients of a batch in few rows are those of the same documents one by one, and so are the losses."""
    config = Config(steps=1, beta1=0.0)
    docs = ["mia", "isabella", "bo", "emma", "al", "christopher"]
    assert rows_needed([len(doc) + 1 for doc in docs], 16) == 3
    params, adam, engine = begin(config)
    [(_, loss)] = engine.train(docs, TOKENIZER, len(docs))
    engine.store()
    plain = init_params(config, TOKENIZER.vocab_size, random.Random(42))
    losses = [document_loss([TOKENIZER.bos, *TOKENIZER.encode(doc), TOKENIZER.bos], plain, config) for doc in docs]
    mean = sum(losses) * (1 / len(docs))
    mean.backward()
    assert abs(loss - mean.data) < 1e-14
    assert max(abs(a - p.grad) for a, p in zip(adam.m, flatten(plain))) < 1e-15


def test_a_paired_run_is_what_was_recorded():
    """A batch of 64, the same documents: one seed again, with the same code."""
    from scripts.runs import batches
    from scripts.runs.recording import DATA

    recorded = json.loads((DATA / "batches.json").read_text(encoding="utf-8"))
    found = recorded["same"]["documents"]["64"]
    again = batches.loss_of(64, found["rate"], recorded["steps"]["documents"]["64"], 42)
    assert abs(again - found["held_out"][0]) < 1e-3
