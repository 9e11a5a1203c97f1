"""Smaller numbers: bfloat16 is PyTorch's, rounding does what the chapter says, files come back, recordings hold."""

from __future__ import annotations

import json
import math
import random
import struct
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microgpt import Config, Tokenizer, Value, document_loss, dot, flatten, init_params, sample, save
from microgpt.checkpoint import CheckpointError, load
from microgpt.scale import quantize as module
from microgpt.scale.quantize import (
    Quantized, bfloat16, dequantize, dequantize_params, from_bits, integer_linear, levels, load_small, main, pack,
    quantize, quantize_block, quantize_params, save_small, to_bits, unpack,
)
from scripts.figures.bits_against_loss import LETTER
from scripts.runs.default import default_run, tokens_of
from scripts.runs.paired import documents
from tests import ROOT

DATA = ROOT / "docs/assets/data"
TOKENIZER = Tokenizer(list("abcdefghijklmnopqrstuvwxyz"))
WEIGHTS = st.lists(st.floats(-1e3, 1e3).filter(lambda x: x == 0 or abs(x) > 1e-6), min_size=1, max_size=40)
FEW = settings(max_examples=100)


def recorded(name: str) -> dict:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


@pytest.fixture
def params():
    return init_params(Config(), 27, random.Random(5))


# ------------------------------------------------------------------------------------ bfloat16


def test_bfloat16_is_pytorchs():
    torch = pytest.importorskip("torch")
    rng = random.Random(0)
    floats = [struct.unpack(">f", rng.randbytes(4))[0] for _ in range(5_000)]
    floats = [x for x in floats if not math.isnan(x)] + [0.0, -0.0, math.inf, 1.00390625, 1.01171875]  # ties, last
    assert [bfloat16(x) for x in floats] == torch.tensor(floats).bfloat16().tolist()
    assert math.isnan(bfloat16(math.nan))


@FEW
@given(st.integers(0, 0xFFFF))
def test_all_bits_come_back(bits):
    x = from_bits(bits)
    assert math.isnan(x) or (to_bits(x), bfloat16(x)) == (bits, x)


# ------------------------------------------------------------------------------------ rounding


@FEW
@given(WEIGHTS, st.integers(2, 8))
def test_a_weight_goes_to_the_nearest_mark(weights, bits):
    numbers, scale = quantize_block(weights, bits)
    marks = levels(bits)
    assert len(marks) == 2**bits - 1 and set(numbers) <= set(marks) and scale == bfloat16(scale) > 0
    for weight, number in zip(weights, numbers):
        assert abs(number * scale - weight) <= min(abs(mark * scale - weight) for mark in marks) * (1 + 1e-9)
    # The largest weight sets the scale, so nobody is farther off than half a mark, but for the rounding of the scale.
    assert max(abs(n * scale - w) for n, w in zip(numbers, weights)) <= scale * 0.5 + max(map(abs, weights)) / 200


@FEW
@given(WEIGHTS)
def test_one_bit_is_the_sign(weights):
    numbers, scale = quantize_block(weights, 1)
    assert numbers == [-1 if w < 0 else 1 for w in weights]
    assert scale == bfloat16(fmean(map(abs, weights))) or math.isclose(scale, fmean(map(abs, weights)), rel_tol=1e-2)


@pytest.mark.parametrize("bits", [0, 9, -1])
def test_other_widths_are_refused(bits):
    with pytest.raises(ValueError, match=f"{bits} bits: give from 1 to 8"):
        quantize_block([0.5], bits)


@pytest.mark.parametrize("block", [0, 1, 5, 16, 99])
def test_rows_are_cut_into_blocks(block, params):
    matrix = [[p.data for p in row] for row in params["layer0.mlp_fc2"]]
    q = quantize(matrix, 4, block)
    assert q.columns == 64 and q.block == min(block or 64, 64)
    assert [len(numbers) for numbers, _ in q.blocks] == [min(q.block, 64 - i) for _ in range(16) for i in range(0, 64, q.block)]
    back = dequantize(q)
    assert [len(row) for row in back] == [64] * 16
    numbers, scale = quantize_block(matrix[3][: q.block], 4)
    assert back[3][: q.block] == [number * scale for number in numbers]


# ------------------------------------------------------------------------------------ integers


@FEW
@given(WEIGHTS, st.randoms())
def test_integer_products_are_exact(weights, rng):
    x = [rng.uniform(-2, 2) for _ in weights]
    w = quantize([weights], 8)
    [y] = integer_linear(x, w)
    (numbers, scale), (row, row_scale) = quantize_block(x, 8), w.blocks[0]
    assert y == sum(a * b for a, b in zip(row, numbers)) * (row_scale * scale)
    exact = dot([Value(a * row_scale) for a in row], [Value(b * scale) for b in numbers]).data
    assert math.isclose(y, exact, rel_tol=1e-9, abs_tol=1e-9 * row_scale * scale)


def test_integer_linear_refuses_what_cannot_be_added_up():
    with pytest.raises(ValueError, match="quantize with block=0"):
        integer_linear([1.0, 2.0], quantize([[1.0, 2.0]], 8, block=1))
    with pytest.raises(ValueError):
        integer_linear([1.0], quantize([[1.0, 2.0]], 8))


# --------------------------------------------------------------------------------------- files


@FEW
@given(st.integers(1, 16), st.data())
def test_what_is_packed_is_unpacked(bits, data):
    numbers = data.draw(st.lists(st.integers(0, 2**bits - 1), min_size=1, max_size=50))
    assert unpack(pack(numbers, bits), bits, len(numbers)) == numbers


@pytest.mark.parametrize("bits", range(1, 9))
@pytest.mark.parametrize("block", [0, 5])
def test_a_rounded_model_comes_back_from_its_file(bits, block, params, tmp_path):
    small = quantize_params(params, bits, block)
    save_small(tmp_path / "small.json", Config(), TOKENIZER, small)
    config, tokenizer, back, losses, training = load_small(tmp_path / "small.json")
    assert (config, tokenizer.chars, losses, training) == (Config(), TOKENIZER.chars, [], None)
    expected = dequantize_params(small)
    assert [p.data for p in flatten(back)] == [p.data for p in flatten(expected)]
    assert sample(back, config, tokenizer, random.Random(1)) == sample(expected, config, TOKENIZER, random.Random(1))


def test_matrices_may_have_other_bits(params, tmp_path):
    small = quantize_params(params, 2) | {"wte": quantize([[p.data for p in row] for row in params["wte"]], 8, 4)}
    save_small(tmp_path / "small.json", Config(), TOKENIZER, small)
    assert [p.data for p in flatten(load_small(tmp_path / "small.json").params)] == [p.data for p in flatten(dequantize_params(small))]


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda c: c | {"format": "microgpt-1"}, "its format is"), (lambda c: [], "its format is"),
        (lambda c: c | {"weights": {}}, "0 matrices"), (lambda c: c | {"config": {"n_embd": 17}}, "not divisible"),
        (lambda c: c | {"alphabet": "ab"}, "bytes are not"),
        (lambda c: c | {"weights": {**c["weights"], "wte": {**c["weights"]["wte"], "bits": 3}}}, "bytes are not"),
        (lambda c: c | {"weights": {**c["weights"], "wte": {**c["weights"]["wte"], "bits": 9}}}, "not a rounded model"),
        (lambda c: c | {"weights": {**c["weights"], "wte": {**c["weights"]["wte"], "bits": "4"}}}, "not a rounded model"),
        (lambda c: c | {"weights": {**c["weights"], "wte": {**c["weights"]["wte"], "block": 0}}}, "no blocks of 0"),
        (lambda c: c | {"weights": {**c["weights"], "wte": {**c["weights"]["wte"], "numbers": "!"}}}, "not a rounded model"),
        (lambda c: c | {"weights": {**c["weights"], "wte": {**c["weights"]["wte"], "scales": pack([0x7F80] * 27, 16)}}}, "finite"),
        (lambda c: c | {"weights": {**c["weights"], "wte": {**c["weights"]["wte"], "numbers": pack([15] * 432, 4)}}}, "not a rounded model"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_named(change, message, params, tmp_path):
    path = tmp_path / "small.json"
    save_small(path, Config(), TOKENIZER, quantize_params(params, 4))
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(CheckpointError, match=message) as error:
        load_small(path)
    assert str(error.value).startswith(f"{path}: not a rounded model: ")


def test_the_command_goes_there_and_back(params, tmp_path, capsys):
    model, small, back = (str(tmp_path / name) for name in ("model.json", "small.json", "back.json"))
    save(model, Config(), TOKENIZER, params, [])
    assert main([model, small, "--bits", "8"]) == main([small, back, "--floats"]) == 0
    far = max(abs(a.data - b.data) for a, b in zip(flatten(params), flatten(load(back).params)))
    assert 0 < far < 0.002
    assert main([small, back, "--bits", "4"]) == 1 and "small.json: not a saved model" in capsys.readouterr().err
    assert main([str(tmp_path / "none.json"), back, "--floats"]) == 1
    assert capsys.readouterr().err.startswith("error: ")
    assert main([model, str(tmp_path / "no/where.json"), "--bits", "4"]) == 1
    for wrong in (["--bits", "9"], ["--bits", "4", "--floats"], [], ["--bits", "4", "--block", "-1"]):
        with pytest.raises(SystemExit) as left:
            main([model, small, *wrong])
        assert left.value.code == 2


def test_nothing_but_python_is_needed():
    text = (ROOT / "microgpt/scale/quantize.py").read_text(encoding="utf-8")
    assert "numpy" not in text and "torch" not in text and Quantized._fields == ("bits", "block", "columns", "blocks")
    assert module.SMALL_FORMAT == "microgpt-small-1"


# ---------------------------------------------------------------------------------- recordings


@pytest.mark.parametrize("bits", [0, 8, 3, 1])
def test_the_recorded_losses_are_those_of_the_default_run(bits, default_run_made):
    """The model of seed 42 is the default run's: on a hundred names, by the plain program. The rest takes NumPy and time."""
    run = default_run()
    params = run.params_at[run.config.steps]
    model = dequantize_params(quantize_params(params, bits)) if bits else params
    losses = [document_loss(tokens_of(doc, run.tokenizer), model, run.config).data for doc in documents("names")[1][:100]]
    assert abs(round(fmean(losses), 4) - recorded("smaller.json")["first_100"][f"b{bits}"]) <= 1.5e-4


def test_the_figure_shows_that_model(default_run_made):
    run = default_run()
    params, figure = run.params_at[run.config.steps], recorded("figures/bits-against-loss.json")
    row = [p.data for p in params["wte"][run.tokenizer.ids[LETTER]]]
    assert figure["row"] == [round(x, 5) for x in row]
    for width in figure["widths"][:8]:
        assert (width["numbers"], width["scale"]) == quantize_block(row, width["bits"])
    small, rng = dequantize_params(quantize_params(params, 3)), random.Random(42)
    assert [sample(small, run.config, run.tokenizer, rng) for _ in range(3)] == figure["widths"][2]["names"][:3]


def test_the_models_are_those_of_the_experiments():
    """What NumPy trained and PyTorch examined has the losses of what the plain program trained and examined."""
    floats, paired = recorded("smaller.json")["floats"], recorded("paired.json")
    others = {"default": "default", "longer": "default-4000", "wide": "width-32-rate-0.003-4000", "doubled": "doubled"}
    for model, name in others.items():
        assert floats[model]["all"] == paired[name]["held_out"]


def test_a_model_of_the_recorder_trained_again():
    """A slice of what takes minutes: 250 names, rounded to 3 bits, by NumPy."""
    pytest.importorskip("numpy")
    pytest.importorskip("torch")
    from scripts.runs import smaller

    weights = smaller.trained("shorter", 42)
    assert round(smaller.loss(weights, "shorter"), 4) == recorded("smaller.json")["floats"]["shorter"]["all"][0]
    rounded = {name: smaller.rounded(3)(matrix) for name, matrix in weights.items()}
    difference = smaller.loss(rounded, "shorter") - smaller.loss(weights, "shorter")
    assert abs(difference - recorded("smaller.json")["shorter"]["b3"]["differences"][0]) <= 2e-4


def test_turned_neurons_compute_the_same():
    pytest.importorskip("numpy")
    pytest.importorskip("torch")
    from scripts.runs import smaller

    weights = smaller.trained("shorter", 42)
    turned = smaller.turned(weights, 42)
    assert abs(smaller.loss(turned) - smaller.loss(weights)) < 1e-12
    assert sum(a != b for name in weights for a, b in zip(sum(weights[name], []), sum(turned[name], []))) == 2 * 4 * 16


def test_arrays_are_rounded_as_numbers_are():
    numpy = pytest.importorskip("numpy")
    from scripts.runs import bfloat

    rng = random.Random(3)
    numbers = [rng.uniform(-1, 1) * 10 ** rng.randint(-9, 3) for _ in range(2000)]
    assert bfloat.nearest(numpy.array(numbers)).tolist() == [bfloat16(x) for x in numbers]
    below, above = from_bits(to_bits(0.1) - 1), bfloat16(0.1)
    many = bfloat.by_chance(numpy.full(20_000, 0.1), numpy.random.default_rng(0))
    assert set(many.tolist()) == {below, above} and abs(many.mean() - 0.1) < (above - below) / 50


def test_a_training_in_bfloat16_again():
    """One seed of the eight, at the rate where it shows."""
    pytest.importorskip("numpy")
    pytest.importorskip("torch")
    from scripts.runs import bfloat

    moved: list[float] = []
    difference = bfloat.stored(42, 0.001, moved) - bfloat.in_floats(42, 0.001)
    found = recorded("bfloat16.json")
    assert abs(difference - found["stored"]["slow"]["differences"][0]) <= 2e-4
    assert moved[0] > 0.5 > 0.1 > moved[-1] and len(moved) == 1000
