"""Files of models and of trainings that go on: the same bits, and one line for everything else."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from microgpt import (
    PRESETS, Adam, CheckpointError, Config, Tokenizer, Value, checkpoint, flatten, init_params, load, sample, save, train,
)
from microgpt.__main__ import main
from microgpt.checkpoint import hash_of, restore, training_state

DOCS = ["anna", "bob", "abba", "nan", "o"]
SMALL = {"n_embd": 4, "n_head": 2, "block_size": 5, "steps": 9, "samples": 3}


def begin(config):
    docs, rng = list(DOCS), random.Random(config.seed)
    tokenizer = Tokenizer(docs)
    rng.shuffle(docs)
    params = init_params(config, tokenizer.vocab_size, rng)
    adam = Adam(flatten(params), config.beta1, config.beta2, config.eps)
    return docs, tokenizer, params, adam, rng


def bits(params):
    return [p.data.hex() for p in flatten(params)]


def end(config, docs, tokenizer, params, adam, rng, losses):
    losses = losses + [loss for _, loss in train(docs, tokenizer, params, config, adam)]
    return losses, bits(params), [sample(params, config, tokenizer, rng) for _ in range(config.samples)]


@pytest.fixture
def saved(tmp_path):
    """A checkpoint after four steps."""
    config = Config(**SMALL)
    docs, tokenizer, params, adam, rng = begin(config)
    losses = []
    for step, loss in train(docs, tokenizer, params, config, adam):
        losses.append(loss)
        if step == 4:
            break
    path = tmp_path / "run.json"
    save(path, config, tokenizer, params, losses, training_state(adam, rng, hash_of(DOCS), "4192"))
    return path


# --------------------------------------------------------------------------------- the same bits


@pytest.mark.parametrize("preset", PRESETS)
def test_a_run_resumed_after_any_step_is_the_run_that_was_not_disturbed(tmp_path, preset):
    config = Config(**{**vars(PRESETS[preset]), **SMALL})
    expected = end(config, *begin(config), [])
    for stop in range(config.steps + 1):
        docs, tokenizer, params, adam, rng = begin(config)
        steps = train(docs, tokenizer, params, config, adam)
        losses = [next(steps)[1] for _ in range(stop)]
        save(tmp_path / "run.json", config, tokenizer, params, losses, training_state(adam, rng, hash_of(DOCS), preset))
        found = load(tmp_path / "run.json")
        assert found.training.t == stop and found.training.preset == preset
        adam, rng = Adam(flatten(found.params), config.beta1, config.beta2, config.eps), random.Random()
        restore(adam, rng, found.training)
        assert end(found.config, docs, found.tokenizer, found.params, adam, rng, found.losses) == expected


def test_without_adams_memory_it_is_another_run(tmp_path):
    """Otherwise the test above would prove nothing."""
    config = Config(**SMALL)
    expected = end(config, *begin(config), [])
    docs, tokenizer, params, adam, rng = begin(config)
    steps = train(docs, tokenizer, params, config, adam)
    losses = [next(steps)[1] for _ in range(4)]
    for forget in ("m", "v"):
        state = training_state(adam, rng, hash_of(DOCS), "4192")._replace(**{forget: [0.0] * len(adam.m)})
        save(tmp_path / "run.json", config, tokenizer, params, losses, state)
        found = load(tmp_path / "run.json")
        other = Adam(flatten(found.params))
        restore(other, random.Random(), found.training)
        assert end(config, docs, tokenizer, found.params, other, random.Random(1), losses)[1] != expected[1]


def run(*arguments, capsys):
    status = main([str(argument) for argument in arguments])
    return (status, *capsys.readouterr())


@pytest.fixture
def words(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("\n".join(DOCS) + "\n")
    return path


KNOBS = ["--n-embd", 4, "--n-head", 2, "--block-size", 5, "--steps", 9, "--samples", 3]


@pytest.mark.parametrize("preset", PRESETS)
def test_the_command_line_goes_on_with_the_same_lines(words, tmp_path, capsys, monkeypatch, preset):
    first = run("--data", words, "--preset", preset, *KNOBS, "--save", tmp_path / "whole.json", capsys=capsys)
    run_file = tmp_path / "run.json"
    kept = []
    monkeypatch.setattr("microgpt.__main__.save", lambda *a: kept.append(save(*a) or Path(a[0]).read_bytes()))
    assert run("--data", words, "--preset", preset, *KNOBS, "--checkpoint", run_file, "--every", 2, capsys=capsys) == first
    monkeypatch.undo()
    assert [json.loads(content)["training"]["t"] for content in kept] == [2, 4, 6, 8, 9]
    for content in kept:
        run_file.write_bytes(content)
        status, out, err = run("--data", words, "--resume", run_file, "--save", tmp_path / "again.json", capsys=capsys)
        t = json.loads(content)["training"]["t"]
        lines = first[1].splitlines()
        assert (status, out.splitlines(), err) == (0, lines[:3] + lines[3 + t :], "")
        assert (tmp_path / "again.json").read_bytes() == (tmp_path / "whole.json").read_bytes()


def test_a_resumed_run_keeps_checkpoints_in_the_same_file(saved, tmp_path, capsys):
    words = tmp_path / "words.txt"
    words.write_text("\n".join(DOCS))
    assert run("--data", words, "--resume", saved, "--checkpoint", saved, "--every", 1, capsys=capsys)[0] == 0
    assert load(saved).training.t == 9
    assert run("--data", words, "--resume", saved, capsys=capsys)[0] == 0, "nothing is left to train, and it writes"


@pytest.mark.parametrize(
    "options, status, message",
    [
        (["--resume", "{run}"], 1, "{run}: begun with other data (give the same --data as then)"),
        (["--resume", "{run}", "--data", "{words}", "--steps", "10"], 2, "--steps belongs to the run that --resume continues"),
        (["--resume", "{run}", "--data", "{words}", "--seed", "1"], 2, "--seed belongs to the run that --resume continues"),
        (["--resume", "{run}", "--data", "{words}", "--preset", "4192"], 2, "--preset belongs to the run that --resume continues"),
        (["--resume", "{run}", "--load", "{run}"], 2, "--resume is for training, and --load trains nothing"),
        (["--checkpoint", "x", "--load", "{run}"], 2, "--checkpoint is for training, and --load trains nothing"),
        (["--resume", "{model}", "--data", "{words}"], 1, "{model}: a model without its training (sample from it with --load)"),
        (["--resume", "{words}"], 1, "{words}: not a saved model: no JSON at character 0"),
        (["--every", "0", "--checkpoint", "{run}"], 2, "--every 0 is less than 1"),
        (["--every", "5"], 2, "--every says how often to write --checkpoint, which is missing"),
        (["--checkpoint", "{words}", "--data", "{words}"], 2, "--checkpoint {words}: that is the file with the data"),
        (["--save", "{words}", "--data", "{words}"], 2, "--save {words}: that is the file with the data"),
        (["--save", "{link}", "--data", "{words}"], 2, "--save {link}: that is the file with the data"),
        (["--save", "{run}", "--data", "{words}", "--resume", "{run}"], 2, "--save {run}: that is the checkpoint"),
        (["--save", "new", "--checkpoint", "./new", "--data", "{words}"], 2, "--save new: that is the checkpoint"),
        (["--checkpoint", "{run}/x"], 2, "--checkpoint {run}/x: there is no folder {run}"),
    ],
)
def test_what_cannot_go_on_is_one_line(saved, tmp_path, words, capsys, options, status, message):
    found = load(saved)
    save(tmp_path / "model.json", found.config, found.tokenizer, found.params, [])
    (tmp_path / "link").symlink_to(words)
    names = {"run": saved, "model": tmp_path / "model.json", "words": words, "link": tmp_path / "link"}
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    try:
        got = main([option.format(**names) for option in options])
    except SystemExit as stop:
        got = stop.code
    err = capsys.readouterr().err
    assert (got, err.count("\n")) == (status, 1)
    assert err.startswith(f"error: {message.format(**names)}")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("option", ["--save", "--checkpoint"])
def test_the_built_in_names_are_not_replaced(words, capsys, monkeypatch, option):
    monkeypatch.setattr("microgpt.__main__.NAMES", words)  # not the real ones, in case they are
    before = words.read_bytes()
    with pytest.raises(SystemExit) as stop:
        main(["--steps", "0", option, str(words)])
    assert stop.value.code == 2 and words.read_bytes() == before
    assert f"{option} {words}: that is the file with the data" in capsys.readouterr().err


def test_a_checkpoint_can_be_sampled_from(saved, capsys):
    status, out, _ = run("--load", saved, "--samples", 2, capsys=capsys)
    assert status == 0 and out.count("sample ") == 2


# ------------------------------------------------------------------------------- files of others


def altered(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda t: t.pop("m"), "training has too many or too few entries"),
        (lambda t: t.update(w=1), "training has too many or too few entries"),
        (lambda t: t["m"].pop(), "m has a row that is not"),
        (lambda t: t["v"].append(0.0), "v has a row that is not"),
        (lambda t: t["m"].__setitem__(0, "x"), "m has something in it that is not a finite number"),
        (lambda t: t["v"].__setitem__(0, -1.0), "training doesn't fit the losses, the steps, or itself"),
        (lambda t: t.update(t=5), "training doesn't fit the losses, the steps, or itself"),
        (lambda t: t.update(t="4"), "training doesn't fit the losses, the steps, or itself"),
        (lambda t: t.update(data=None), "training doesn't know its data or its preset"),
        (lambda t: t.update(preset="8"), "training doesn't know its data or its preset"),
        (lambda t: t.update(preset=["4192"]), "training doesn't know its data or its preset"),
        *((lambda t, x=x: t.update(batch=x), "training doesn't know its batch or its engine") for x in (0, -1, 1.0, True, "1", None)),
        *((lambda t, x=x: t.update(engine=x), "training doesn't know its batch or its engine") for x in (1, None, ["plain"])),
        (lambda t: t.update(dtype=64), "training doesn't know its batch or its engine"),
        (lambda t: t.update(random=[]), "training has random numbers that can't be restored"),
        (lambda t: t.update(random=None), "training has random numbers that can't be restored"),
        (lambda t: t["random"].__setitem__(1, [1, 2]), "training has random numbers that can't be restored"),
        (lambda t: t["random"][1].__setitem__(3, "x"), "training has random numbers that can't be restored"),
        (lambda t: t["random"][1].__setitem__(3, -1), "training has random numbers that can't be restored"),
    ],
)
def test_a_damaged_training_is_refused(saved, change, message):
    altered(saved, lambda content: change(content["training"]))
    with pytest.raises(CheckpointError, match=f"{saved}: not a saved model: {message}"):
        load(saved)


def test_a_training_with_more_losses_than_steps_is_refused(saved):
    def change(content):
        content["losses"] *= 5
        content["training"]["t"] = 20

    with pytest.raises(CheckpointError, match="doesn't fit the losses, the steps"):
        load(altered(saved, change))


def test_a_file_older_than_a_knob_gets_its_default(saved):
    altered(saved, lambda content: content["config"].pop("activation"))
    assert load(saved).config.activation == Config().activation


def test_a_training_older_than_batches_and_engines_had_none(saved):
    altered(saved, lambda content: [content["training"].pop(name) for name in ("batch", "engine", "dtype")])
    training = load(saved).training
    assert (training.batch, training.engine, training.dtype) == (1, "plain", "float64")


def test_the_smallest_model(tmp_path):
    """Whose matrices have one row or one column."""
    config = Config(n_embd=1, n_head=1, block_size=1)
    _, tokenizer, params, *_ = begin(config)
    save(tmp_path / "x.json", config, tokenizer, params, [])
    assert bits(load(tmp_path / "x.json").params) == bits(params)


def test_a_setting_that_nobody_knows_is_refused(saved):
    altered(saved, lambda content: content["config"].update(rope=True))
    with pytest.raises(CheckpointError, match="config has settings that this program doesn't know: rope"):
        load(saved)


def test_a_file_of_a_newer_version_says_so(saved):
    altered(saved, lambda content: content.update(format="microgpt-2"))
    with pytest.raises(CheckpointError, match="its format is microgpt-2, of a newer microgpt; this one reads microgpt-1"):
        load(saved)


def test_what_never_ends_is_not_read():
    with pytest.raises(CheckpointError, match="/dev/zero: that is not a file"):
        load("/dev/zero")


def test_parameters_of_another_config_are_not_written(saved, tmp_path):
    found = load(saved)
    with pytest.raises(CheckpointError, match="these parameters belong to another config"):
        save(tmp_path / "x.json", Config(n_embd=8), found.tokenizer, found.params, [])
    assert not (tmp_path / "x.json").exists()


def test_a_disk_that_refuses_is_told(saved, tmp_path, monkeypatch):
    found = load(saved)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "write_file", full)
    with pytest.raises(CheckpointError, match=r"x.json: can't be written: .*No space left on device"):
        save(tmp_path / "x.json", found.config, found.tokenizer, found.params, [])


def test_a_model_that_ran_away_is_not_written(saved, tmp_path):
    found = load(saved)
    found.params["wte"][0][0] = Value(float("nan"))
    with pytest.raises(CheckpointError, match="can't be written: Out of range float values"):
        save(tmp_path / "x.json", found.config, found.tokenizer, found.params, [])
    assert not (tmp_path / "x.json").exists()


# ------------------------------------------------------------------------------- the help's table


def test_the_help_knows_the_defaults(capsys, monkeypatch):
    from microgpt import __main__ as cli

    def help_text():
        return " ".join(cli.build_parser().format_help().split())

    assert "numbers in a token's vector (default: 16)" in help_text()
    assert "documents to train on (4192: 1000, 4064: 500)" in help_text()
    assert "--every N how often (default: 100)" in help_text()
    monkeypatch.setitem(PRESETS, "4192", Config(n_embd=8, steps=500))
    assert "numbers in a token's vector (4192: 8, 4064: 16)" in help_text()
    assert "documents to train on (default: 500)" in help_text()


def test_every_setting_with_an_option_is_a_field_of_config():
    from microgpt import __main__ as cli

    fields = set(vars(Config()))
    assert set(cli.TRAINING_SETTINGS) <= fields
    options = {action.dest for action in cli.build_parser()._actions}
    assert options & fields == {*cli.TRAINING_SETTINGS, "temperature", "samples", "seed"}
    assert set(cli.TRAINING_OPTIONS) <= options
