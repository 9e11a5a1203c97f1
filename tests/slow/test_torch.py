"""The engine on PyTorch: its parts are ours, what it says it has not, compiling, small numbers, safetensors, the recording."""

import json
import math
import pickle
import random
import shutil
from itertools import islice

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (python3 scripts/run_tests.py --engines)")
pytest.importorskip("safetensors", reason="safetensors is not installed (python3 scripts/run_tests.py --engines)")

from torch.nn import functional as F  # noqa: E402

from microgpt import (  # noqa: E402
    Adam, CheckpointError, Config, Tokenizer, Value, attention_head, document_loss, flatten, init_params, load_docs, rmsnorm,
)  # fmt: skip
from microgpt.__main__ import main  # noqa: E402
from microgpt.scale import torch_engine  # noqa: E402
from microgpt.scale.engines import EngineError  # noqa: E402
from microgpt.scale.tensors import export_model, import_model  # noqa: E402
from microgpt.scale.torch_engine import GPT, IGNORED, TorchEngine, mean_loss, pad  # noqa: E402
from scripts.runs import pytorch as recorder  # noqa: E402
from tests import ROOT  # noqa: E402

DATA = ROOT / "docs/assets/data"
NAMES = load_docs()
TOKENIZER = Tokenizer(NAMES)
COMPILER = shutil.which("g++") or shutil.which("clang++")
NO_GPU = not torch.cuda.is_available()


def begin(dtype="float64", device="cpu", seed=42, **settings):
    config, rng = Config(seed=seed, **settings), random.Random(seed)
    rng.shuffle(docs := list(NAMES))
    params = init_params(config, TOKENIZER.vocab_size, rng)
    return TorchEngine(params, config, Adam(flatten(params)), dtype, device), docs


def losses_of(engine, docs, steps, batch=1):
    return [loss for _, loss in islice(engine.train(docs, TOKENIZER, batch), steps)]


# --------------------------------------------------------------------------------- its parts


def test_rmsnorm_and_attention_are_ours():
    rng = random.Random(1)
    rows = [[[rng.gauss(0, 1) for _ in range(8)] for _ in range(5)] for _ in range(3)]
    q, k, v = torch.tensor(rows, dtype=torch.float64)
    normed = [[x.data for x in rmsnorm([Value(x) for x in row])] for row in rows[0]]
    torch.testing.assert_close(torch_engine.rmsnorm(q), torch.tensor(normed, dtype=torch.float64), rtol=0, atol=1e-14)
    keys, values = ([[Value(x) for x in row] for row in table] for table in rows[1:])
    plain = [[x.data for x in attention_head([Value(x) for x in rows[0][t]], keys[: t + 1], values[: t + 1])] for t in range(5)]
    mixed = F.scaled_dot_product_attention(q[None, None], k[None, None], v[None, None], is_causal=True)[0, 0]
    torch.testing.assert_close(mixed, torch.tensor(plain, dtype=torch.float64), rtol=0, atol=1e-14)


def test_the_parameters_come_in_our_order_and_shapes():
    engine, _ = begin(n_layer=2, n_embd=8)
    named = {name.removesuffix(".weight").replace("layers.", "layer"): p for name, p in engine.model.named_parameters()}
    assert {name: tuple(p.shape) for name, p in named.items()} == {
        name: (len(matrix), len(matrix[0])) for name, matrix in engine.params.items()
    }
    assert list(named) == list(engine.params)
    assert named["layer1.mlp_fc2"].tolist() == [[p.data for p in row] for row in engine.params["layer1.mlp_fc2"]]


def test_padding_changes_nothing():
    engine, docs = begin(n_layer=2)
    documents = [engine.tokens(docs, i, TOKENIZER) for i in range(9)]
    assert len({len(tokens) for tokens in documents}) > 3
    inputs, targets = pad(documents)
    assert (targets == IGNORED).sum() == sum(targets.shape[1] + 1 - len(tokens) for tokens in documents)
    together = mean_loss(engine.model(inputs), targets)
    alone = [mean_loss(engine.model(inputs), targets).item() for inputs, targets in map(pad, [[tokens] for tokens in documents])]
    assert abs(together.item() - sum(alone) / len(alone)) < 1e-14
    changed = inputs.clone()
    changed[targets == IGNORED] = 5  # whatever stands there
    assert mean_loss(engine.model(changed), targets).item() == together.item()


def test_the_mean_is_taken_of_each_document_first():
    logits, targets = torch.zeros(2, 3, 27), torch.tensor([[1, 2, 3], [1, IGNORED, IGNORED]])
    logits[1, 0, 1] = 100.0  # the short one is certain and right
    assert math.isclose(mean_loss(logits, targets).item(), math.log(27) / 2, rel_tol=1e-6)
    assert math.isclose(F.cross_entropy(logits.mT, targets).item(), math.log(27) * 3 / 4, rel_tol=1e-6)


def test_train_and_eval_change_nothing():
    engine, docs = begin()
    inputs, _ = pad([engine.tokens(docs, 0, TOKENIZER)])
    assert torch.equal(engine.model.train()(inputs), engine.model.eval()(inputs))


def test_small_models_get_one_thread_and_large_ones_all(monkeypatch):
    asked = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    monkeypatch.setattr(torch_engine, "THREADS", 7)
    begin()
    monkeypatch.setattr(torch_engine, "SMALL", 4192)
    begin()
    assert asked == [1, 7]


# ------------------------------------------------------------------------------- small numbers


def test_bfloat16_multiplies_in_16_bits_and_remembers_in_32():
    engine, docs = begin("bfloat16")
    seen = []
    engine.model.layers[0].mlp_fc1.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    losses = losses_of(engine, docs, 20)
    exact = losses_of(*begin(), 20)
    assert set(seen) == {torch.bfloat16} and {p.dtype for p in engine.model.parameters()} == {torch.float32}
    assert 1e-5 < max(abs(a - b) for a, b in zip(losses, exact)) < 0.05


# --------------------------------------------------------------------------- graphics cards


@pytest.mark.skipif(not NO_GPU, reason="there is a graphics card here")
def test_without_a_graphics_card_it_says_so_in_a_line(capsys):
    with pytest.raises(EngineError, match="^device cuda: PyTorch finds no GPU here; leave it out to compute on the CPU$"):
        begin(device="cuda")
    assert main(["--engine", "torch", "--device", "cuda", "--steps", "1", "--quiet"]) == 1
    assert capsys.readouterr().err == "error: device cuda: PyTorch finds no GPU here; leave it out to compute on the CPU\n"


@pytest.mark.skipif(NO_GPU, reason="no graphics card here")
@pytest.mark.parametrize("dtype, near", [("float64", 1e-9), ("float32", 1e-4), ("bfloat16", 0.05)])
def test_on_a_graphics_card_it_learns_the_same(dtype, near):
    losses = [losses_of(*begin(dtype, device), 20, 4) for device in ("cpu", "cuda")]
    assert max(abs(a - b) for a, b in zip(*losses)) < near


# ------------------------------------------------------------------------------------ compiling


@pytest.mark.skipif(not COMPILER, reason="torch.compile needs a C++ compiler, such as g++")
def test_compiled_by_a_compiler_a_norm_and_its_gradient_are_the_same(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    import torch._inductor.config as inductor

    monkeypatch.setattr(inductor, "compile_threads", 1)
    x = torch.randn(4, 16, dtype=torch.float64, requires_grad=True)
    norm = torch.compile(torch_engine.rmsnorm)
    results = []
    for function in (norm, torch_engine.rmsnorm):
        y = function(x)
        (grad,) = torch.autograd.grad((y * torch.arange(16)).sum(), x)
        results.append((y, grad))
    for a, b in zip(*results):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-13)


# ----------------------------------------------------------------------------------- safetensors


def test_a_model_comes_back_as_it_was(tmp_path):
    engine, docs = begin(n_layer=2, n_embd=8, n_head=2)
    losses_of(engine, docs, 3)
    engine.store()
    path = tmp_path / "model.safetensors"
    export_model(path, engine.config, TOKENIZER, engine.params)
    config, tokenizer, params, losses, training = import_model(path)
    assert (config, tokenizer.chars, losses, training) == (engine.config, TOKENIZER.chars, [], None)
    assert [p.data for p in flatten(params)] == [p.data for p in flatten(engine.params)] and list(params) == list(engine.params)
    export_model(path, engine.config, TOKENIZER, engine.params, "float32")
    numbers = [p.data for p in flatten(import_model(path).params)]
    assert 0 < max(abs(a - p.data) for a, p in zip(numbers, flatten(engine.params))) < 1e-7


def test_other_programs_can_read_it(tmp_path):
    from safetensors import safe_open

    engine, _ = begin()
    path = tmp_path / "model.safetensors"
    export_model(path, engine.config, TOKENIZER, engine.params, "float32")
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    assert len(raw) == 8 + length + 4 * 4192
    with safe_open(path, "pt") as file:
        model = GPT(engine.config, TOKENIZER.vocab_size)
        names = {f"layers.{n[5:]}" if n.startswith("layer") else n: n for n in file.keys()}
        model.load_state_dict({f"{theirs}.weight": file.get_tensor(ours) for theirs, ours in names.items()})
    assert torch.equal(model.wte.weight, engine.model.wte.weight.float())


class Gift:
    def __reduce__(self):
        return print, ("it ran",)


def test_what_is_no_model_is_refused_and_nothing_is_executed(tmp_path, capsys):
    from safetensors.torch import save_file

    engine, _ = begin()
    good, path = tmp_path / "good.safetensors", tmp_path / "bad.safetensors"
    export_model(good, engine.config, TOKENIZER, engine.params)
    raw = good.read_bytes()
    for content in (pickle.dumps(Gift()), b"", b"{}", raw[:100], raw[:-8], raw + b"12345678", b"\xff" * 8 + raw[8:]):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="bad.safetensors: not a saved model"):
            import_model(path)
    with pytest.raises(CheckpointError, match="nowhere: No such file"):
        import_model(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match="not a saved model"):
        import_model(path if save_file({"wte": torch.ones(27, 16)}, path) is None else path)
    for broken, said in (
        ({"wte": torch.ones(27, 15)}, "wte has a row that is not 16 numbers"),
        ({"wte": torch.full((27, 16), math.nan)}, "not a finite number"),
    ):
        from safetensors import safe_open

        with safe_open(good, "pt") as file:
            tensors, about = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()
        save_file(tensors | broken, path, about)
        with pytest.raises(CheckpointError, match=said):
            import_model(path)
    assert capsys.readouterr().out == ""


def test_what_can_not_be_written_leaves_what_was_there(tmp_path, monkeypatch):
    engine, _ = begin()
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"what was there")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(CheckpointError, match="can't be written: disk full"):
        export_model(path, engine.config, TOKENIZER, engine.params)
    assert path.read_bytes() == b"what was there" and [*tmp_path.iterdir()] == [path]


# ------------------------------------------------------------------------------------ the recording


def test_the_whole_run_is_the_recorded_one():
    """1000 steps beside the plain program's, which run.json has to 4 decimals."""
    engine, docs = begin()
    losses = losses_of(engine, docs, 1000)
    run, recorded = (json.loads((DATA / name).read_text(encoding="utf-8")) for name in ("run.json", "pytorch.json"))
    assert max(abs(a - b) for a, b in zip(losses, run["losses"], strict=True)) < 0.500001e-4
    assert round(sum(losses[-100:]) / 100, 4) == recorded["last_100"]["float64"][0]
    assert recorded["same"]["loss"] < 1e-12 and recorded["same"]["names"] == 20


def test_the_operations_are_counted():
    recorded = json.loads((DATA / "pytorch.json").read_text(encoding="utf-8"))
    if torch.__version__.split("+")[0] != recorded["version"]:
        pytest.skip(f"counted with PyTorch {recorded['version']}")
    assert recorder.calls() == recorded["calls"]
