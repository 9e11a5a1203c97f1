"""Several processes train one model: to the numbers of one process, and to the same bits if one of them is killed."""

import json
import os
import random
import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="torch is not installed (python3 scripts/run_tests.py --engines)")

from microgpt import Adam, Config, Tokenizer, flatten, init_params, load, load_docs  # noqa: E402
from microgpt.__main__ import main  # noqa: E402
from microgpt.scale import distributed  # noqa: E402
from microgpt.scale.torch_engine import TorchEngine  # noqa: E402
from tests import ROOT  # noqa: E402

RUN = ["--batch", "7", "--steps", "24", "--every", "5", "--n-layer", "2"]
# One process that imports PyTorch, from which the others are forked, by the agent that torchrun is made of.
PROGRAM = """
import sys
from scripts.runs.machines import RUN, deadly, launch, work

folder, run = sys.argv[1], sys.argv[2:]
for processes in (1, 2, 3):
    launch(work, [*run, "--checkpoint", f"{folder}/{processes}.json"], processes=processes)
for victim, after, milliseconds in ((0, 11, 1.5), (1, 17, 0.0)):
    launch(deadly, [*run, "--checkpoint", f"{folder}/killed-{victim}.json"], victim, after, milliseconds, f"{folder}/marker-{victim}", restarts=1)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What one, two and three processes learned, and two one of which was killed."""
    folder = tmp_path_factory.mktemp("processes")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PROGRAM, str(folder), *RUN]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500)
    assert result.returncode == 0, result.stderr
    return folder


def furthest(a, b):
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


def numbers(params):
    return [p.data for p in flatten(params)]


def test_one_process_is_the_engine(folder):
    config, rng, docs = Config(steps=24, n_layer=2), random.Random(42), load_docs()
    tokenizer = Tokenizer(docs)
    rng.shuffle(docs)
    params = init_params(config, tokenizer.vocab_size, rng)
    engine = TorchEngine(params, config, Adam(flatten(params), config.beta1, config.beta2, config.eps))
    losses = [loss for _, loss in engine.train(docs, tokenizer, 7)]
    engine.store()
    one = load(folder / "1.json")
    assert furthest(one.losses, losses) < 1e-14 and furthest(numbers(one.params), numbers(params)) < 1e-13


@pytest.mark.parametrize("processes", [2, 3])  # neither of which divides the seven documents of a step
def test_several_processes_learn_the_same_as_one(folder, processes):
    one, several = (load(folder / f"{n}.json") for n in (1, processes))
    assert len(several.losses) == 24 and furthest(one.losses, several.losses) < 1e-12
    assert furthest(numbers(one.params), numbers(several.params)) < 1e-12
    assert furthest(one.training.m, several.training.m) < 1e-12 and furthest(one.training.v, several.training.v) < 1e-12


@pytest.mark.parametrize("victim", [0, 1])
def test_with_a_process_killed_it_ends_with_the_same_bits(folder, victim):
    assert (folder / f"marker-{victim}-again").exists(), "all began again"
    assert (folder / f"killed-{victim}.json").read_bytes() == (folder / "2.json").read_bytes()


def test_one_process_alone_goes_on_with_what_two_began(folder, tmp_path, capsys):
    kept = json.loads((folder / "2.json").read_text())
    kept["config"]["steps"] = 26
    path = tmp_path / "run.json"
    path.write_text(json.dumps(kept))
    assert main(["--resume", str(path), "--save", str(tmp_path / "done.json"), "--samples", "1"]) == 0
    assert "step   26 /   26" in capsys.readouterr().out and len(load(tmp_path / "done.json").losses) == 26


def test_what_was_recorded_ended_well():
    recorded = json.loads((ROOT / "docs/assets/data/machines.json").read_text(encoding="utf-8"))
    assert len(recorded["killed"]) == 20 and all(again and same for *_, again, same in recorded["killed"])
    assert {victim for victim, *_ in recorded["killed"]} == {0, 1} and len({after for _, after, *_ in recorded["killed"]}) > 12
    assert max(recorded["equal"].values()) < 1e-12


# ------------------------------------------------------------------------------- what it refuses


def refused(capsys, *arguments):
    try:
        status = distributed.main(list(arguments))
    except SystemExit as end:
        status = end.code
    return status, capsys.readouterr().err


def test_it_wants_to_be_started_by_torchrun(capsys, monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    status, said = refused(capsys)
    assert status == 2 and said.startswith("error: start it with torchrun: python -m torch.distributed.run --nproc-per-node 2")


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--batch", "1"], "error: --batch 1: 2 processes need at least as many documents a step"),
        (["--batch", "0"], "error: --batch 0 is not in the range from 1 to 1,000,000"),
        (["--every", "5"], "error: --every says how often to write --checkpoint, which is missing"),
        (["--checkpoint", "/nowhere/run.json"], "error: --checkpoint /nowhere/run.json: there is no folder /nowhere"),
        (["--n-embd", "10"], "error: n_embd 10 is not divisible by n_head 4"),
        (["--resume", "x"], "error: unrecognized arguments: --resume x"),
    ],
)
def test_wrong_usage_is_a_line(capsys, monkeypatch, arguments, said):
    monkeypatch.setenv("WORLD_SIZE", "2")
    status, error = refused(capsys, *arguments)
    assert status == 2 and error.startswith(said) and error.count("\n") == 1


@pytest.fixture
def alone(monkeypatch):
    """The only process of its group."""
    from torch.distributed import destroy_process_group, is_initialized

    for name, value in {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0", "MASTER_ADDR": "localhost", "MASTER_PORT": "0"}.items():
        monkeypatch.setenv(name, value)
    yield
    if is_initialized():
        destroy_process_group()


def test_the_checkpoint_of_another_run_is_left_alone(capsys, folder, alone):
    path = folder / "2.json"
    before = path.read_bytes()
    status, said = refused(capsys, "--checkpoint", str(path), "--steps", "25", "--batch", "7", "--n-layer", "2")
    assert (status, said) == (1, f"error: {path}: of a run with other settings or data (name another file)\n")
    assert path.read_bytes() == before


def test_a_model_without_its_training_is_no_checkpoint(capsys, folder, tmp_path, alone):
    content = json.loads((folder / "2.json").read_text())
    del content["training"]
    path = tmp_path / "model.json"
    path.write_text(json.dumps(content))
    status, said = refused(capsys, "--checkpoint", str(path), *RUN)
    assert (status, said) == (1, f"error: {path}: a model without its training (name another file)\n")


def test_processes_that_read_different_checkpoints_stop(monkeypatch):
    """Were one to begin anew while the others go on, they'd average gradients of different models."""
    config = Config()
    params = init_params(config, 27, random.Random(1))
    adam = Adam(flatten(params))
    monkeypatch.setattr(distributed.dist, "all_reduce", lambda steps, operation: steps.add_(steps.new_tensor([5, 0])))
    with pytest.raises(distributed.EngineError, match="the processes read different checkpoints"):
        distributed.SharedEngine(params, config, adam)


def test_a_lost_process_is_a_line(monkeypatch, alone):
    monkeypatch.setattr(distributed.dist, "init_process_group", lambda _: None)
    monkeypatch.setattr(distributed.dist, "get_rank", lambda: 0)
    with pytest.raises(distributed.EngineError, match="^another process is gone; with --max-restarts, torchrun begins again$"):
        with distributed.process_group("cpu"):
            raise RuntimeError("[gloo/transport/tcp/pair.cc:537] Read error: Connection reset by peer")
    with pytest.raises(RuntimeError, match="something else"):
        with distributed.process_group("cpu"):
            raise RuntimeError("something else")
