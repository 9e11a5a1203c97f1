"""Several processes train one model: to the numbers of one process, and to the same bits if one of them is killed."""

import gc
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

STEPS = 16
RUN = ["--batch", "7", "--steps", str(STEPS), "--every", "5", "--n-layer", "2"]
# One process that imports PyTorch, from which the others are forked, by the agent that torchrun is made of.
PROGRAM = """
import sys
from scripts.runs.machines import deadly, launch, work

folder, run = sys.argv[1], sys.argv[2:]
for processes in (1, 2, 3):
    launch(work, [*run, "--checkpoint", f"{folder}/{processes}.json"], processes=processes)
for processes, victim, after, milliseconds in ((2, 0, 7, 1.5), (3, 1, 11, 0.0)):
    arguments = [*run, "--checkpoint", f"{folder}/killed-{processes}.json"], victim, after, milliseconds, f"{folder}/marker-{processes}"
    launch(deadly, *arguments, processes=processes, restarts=1)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What one, two and three processes learned, and two and three one of which was killed."""
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
    config, rng, docs = Config(steps=STEPS, n_layer=2), random.Random(42), load_docs()
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
    assert len(several.losses) == STEPS and furthest(one.losses, several.losses) < 1e-12
    assert furthest(numbers(one.params), numbers(several.params)) < 1e-12
    assert furthest(one.training.m, several.training.m) < 1e-12 and furthest(one.training.v, several.training.v) < 1e-12


@pytest.mark.parametrize("processes", [2, 3])  # with three the order counts in which a sum is taken
def test_with_a_process_killed_it_ends_with_the_same_bits(folder, processes):
    assert (folder / f"marker-{processes}-again").exists(), "all began again"
    assert (folder / f"killed-{processes}.json").read_bytes() == (folder / f"{processes}.json").read_bytes()


def test_one_process_alone_goes_on_with_what_two_began(folder, tmp_path, capsys):
    kept = json.loads((folder / "2.json").read_text())
    kept["config"]["steps"] = STEPS + 2
    path = tmp_path / "run.json"
    path.write_text(json.dumps(kept))
    assert main(["--resume", str(path), "--save", str(tmp_path / "done.json"), "--samples", "1"]) == 0
    assert "step   18 /   18" in capsys.readouterr().out and len(load(tmp_path / "done.json").losses) == STEPS + 2


def test_what_was_recorded_ended_well():
    recorded = json.loads((ROOT / "docs/assets/data/machines.json").read_text(encoding="utf-8"))
    assert len(recorded["killed"]) == 20 and all(again and same for *_, again, same in recorded["killed"])
    assert {victim for victim, *_ in recorded["killed"]} == {0, 1} and len({after for _, after, *_ in recorded["killed"]}) > 12
    assert max(recorded["equal"].values()) < 1e-12
    guessed, rehearsed = (recorded["three"][name] for name in ("guessed", "rehearsed"))
    assert rehearsed == {"same": 5, "params": 0.0} and guessed["same"] < 5 and 0 < guessed["params"] < 1e-12


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
    status, said = refused(capsys, "--checkpoint", str(path), "--steps", "17", "--batch", "7", "--n-layer", "2")
    assert (status, said) == (1, f"error: {path}: of a run with other settings or data (name another file)\n")
    assert path.read_bytes() == before


def test_a_model_without_its_training_is_no_checkpoint(capsys, folder, tmp_path, alone):
    content = json.loads((folder / "2.json").read_text())
    del content["training"]
    path = tmp_path / "model.json"
    path.write_text(json.dumps(content))
    status, said = refused(capsys, "--checkpoint", str(path), *RUN)
    assert (status, said) == (1, f"error: {path}: a model without its training (name another file)\n")


def test_the_model_is_gone_before_the_group_is(monkeypatch, alone, capsys):
    """If it's the last that knows the group, it ends it while Python waits for it, and both may wait forever."""
    end, left = distributed.dist.destroy_process_group, []

    def watched():
        left.extend(type(x) for x in gc.get_objects() if isinstance(x, distributed.SharedEngine))
        left.extend(type(x) for x in gc.get_objects() if isinstance(x, distributed.DistributedDataParallel))
        end()

    monkeypatch.setattr(distributed.dist, "destroy_process_group", watched)
    assert distributed.main(["--steps", "2", "--batch", "2"]) == 0
    assert "step    2 /    2" in capsys.readouterr().out and not left


def test_processes_that_read_different_checkpoints_stop(monkeypatch):
    """Were one to begin anew while the others go on, they'd average gradients of different models."""
    config = Config()
    params = init_params(config, 27, random.Random(1))
    adam = Adam(flatten(params))
    monkeypatch.setattr(distributed.dist, "all_reduce", lambda steps, operation: steps.add_(steps.new_tensor([5, 0])))
    with pytest.raises(distributed.EngineError, match="the processes read different checkpoints"):
        distributed.SharedEngine(params, config, adam)


def unreachable(backend):
    raise RuntimeError("Gloo connectFullMesh failed: Connection refused")


def test_a_lost_process_is_a_line(monkeypatch, alone):
    monkeypatch.setattr(distributed.dist, "init_process_group", lambda _: None)
    monkeypatch.setattr(distributed.dist, "get_rank", lambda: 0)
    with pytest.raises(distributed.EngineError, match="^another process can't be reached; with --max-restarts, torchrun begins again$"):
        with distributed.process_group("cpu"):
            raise RuntimeError("[gloo/transport/tcp/pair.cc:537] Read error: Connection reset by peer")
    with pytest.raises(RuntimeError, match="something else"):
        with distributed.process_group("cpu"):
            raise RuntimeError("something else")
    monkeypatch.setattr(distributed.dist, "init_process_group", unreachable)
    with pytest.raises(distributed.EngineError, match="can't be reached"):
        with distributed.process_group("cpu"):
            pass
