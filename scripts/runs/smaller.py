"""What becomes of trained models when their weights are rounded, or hold less than they should, seed by seed.

    smaller.json: for each change an object with `differences` of the held-out loss to the same model in floats, one for
    each of eight seeds; `mean`, `low`, `high`, and `word` as in paired.json; and `error`, the mean over seeds of the
    root of the squared errors of all weights over the squared weights, where a change has one.
        floats          held-out losses of the models themselves, by model: their `mean`, and each
        rounded.b8 …    a scale a row, 8 to 1 bits; noise.b8 … as much normal noise in each row instead
        block4.b4 …     a scale for 4 weights; matrix.b4 … one for a whole matrix
        fitted.b2 …     the scale of each row that makes the squared error least, not the one that reaches the largest
        halves.b2       levels at halves, so 4 with 2 bits and not 3
        long_rows.b1    1 bit, each row as long as it was
        alone.wte.b2 …  one matrix rounded, all others in floats; tables and layers, the same with three and with six
        deleted         attention and MLP set to 0 instead
        longer, shorter rounded, the same after 4000 names and after 250; longer_less_default, their difference
        wide, narrow    rounded, 32 wide and 16 wide, 4000 names at the rate of 0.003; wide_less_narrow
        doubled.b8 …    rounded, a model of doubled words
        turned          4 neurons, their row divided and their column multiplied by 30, in floats and rounded
        heard.b2 …      trained with rounded weights, while the steps add up in floats
        integers        all products of matrices in 8-bit integers; the first 200 names that were kept out
    first_100           the model of seed 42 on the first hundred names that were kept out, by bits: its loss

A model is trained by the NumPy engine and examined by PyTorch, both in float64; it's kept in build/smaller/ until the
program changes.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from statistics import fmean
from typing import Any
from unittest.mock import patch

from microgpt import Adam, Config, Params, Tokenizer, Value, document_loss, flatten, init_params, load_docs, shapes
from microgpt.scale.quantize import dequantize, integer_linear, quantize

from .. import ROOT
from ..tangle import write_files
from ..text.code import code_lines
from .default import GPT
from .fingerprint import fingerprint
from .paired import SEEDS, documents, word

Matrix = list[list[float]]
Model = dict[str, Matrix]
Json = dict[str, Any]
BITS = range(8, 0, -1)
TABLES = ("wte", "wpe", "lm_head")
SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {  # model -> documents, and what its Config has otherwise
    "default": ("names", {}),
    "shorter": ("names", {"steps": 250}),
    "longer": ("names", {"steps": 4000}),
    "narrow": ("names", {"steps": 4000, "learning_rate": 0.003}),
    "wide": ("names", {"steps": 4000, "learning_rate": 0.003, "n_embd": 32}),
    "doubled": ("doubled", {"block_size": 8}),
}


# ------------------------------------------------------------------------------------- models


def beginning(model: str, seed: int) -> tuple[list[str], Tokenizer, Params, Config]:
    """What a training starts with: as in trial.py, so that the models are those of paired.json."""
    data, options = SETTINGS[model]
    docs, kept_out = documents(data)
    rng, tokenizer, config, left_out = random.Random(seed), Tokenizer(docs), replace(Config(), **options), set(kept_out)
    docs = list(docs)
    rng.shuffle(docs)
    docs = [doc for doc in docs if doc not in left_out]
    return docs, tokenizer, init_params(config, tokenizer.vocab_size, rng), config


def engine_of(params: Params, config: Config) -> Any:
    from microgpt.scale.numpy_engine import NumpyEngine  # here, since scripts do without NumPy

    return NumpyEngine(params, config, Adam(flatten(params), config.beta1, config.beta2, config.eps))


@cache
def trained(model: str, seed: int) -> Model:
    engine_file = ROOT / "microgpt" / "scale" / "numpy_engine.py"
    made_by = repr([SETTINGS[model], fingerprint("scripts.runs.trial"), code_lines(engine_file.read_text(encoding="utf-8"))])
    kept = ROOT / "build" / "smaller" / f"{model}-{seed}-{hashlib.sha256(made_by.encode()).hexdigest()[:16]}.json"
    if kept.is_file():
        return json.loads(kept.read_text(encoding="utf-8"))
    docs, tokenizer, params, config = beginning(model, seed)
    engine = engine_of(params, config)
    for _ in engine.train(docs, tokenizer):
        pass
    found = {name: matrix.tolist() for name, matrix in engine.w.items()}
    write_files(kept.parent, {kept.name: json.dumps(found).encode()})
    return found


def loss(weights: Model, model: str = "default") -> float:
    """The mean loss of the documents that were kept out, in nats: PyTorch reads all of them at once, in float64."""
    import torch
    from microgpt.scale.torch_engine import GPT as Module, load_vector, mean_loss

    data, options = SETTINGS[model]
    module = Module(replace(Config(), **options), len(weights["wte"])).double()
    load_vector(module, [x for matrix in weights.values() for row in matrix for x in row])
    inputs, targets = exam(data, replace(Config(), **options).block_size)
    with torch.no_grad():
        return mean_loss(module(inputs), targets).item()


@cache
def exam(data: str, block_size: int) -> Any:
    from microgpt.scale.torch_engine import pad

    tokenizer = speller(data)
    return pad([[tokenizer.bos, *tokenizer.encode(doc), tokenizer.bos][: block_size + 1] for doc in documents(data)[1]])


@cache
def speller(data: str) -> Tokenizer:
    return Tokenizer(documents(data)[0])


@cache
def float_loss(model: str, seed: int) -> float:
    return loss(trained(model, seed), model)


# ------------------------------------------------------------------------------------ changes

Change = Callable[[Matrix], Matrix]


def rounded(bits: int, block: int = 0) -> Change:
    return lambda matrix: dequantize(quantize(matrix, bits, block))


def one_scale(bits: int) -> Change:
    """A scale for a whole matrix: it is rounded as if it were one row."""

    def change(matrix: Matrix) -> Matrix:
        [flat] = dequantize(quantize([[x for row in matrix for x in row]], bits))
        return [flat[i : i + len(matrix[0])] for i in range(0, len(flat), len(matrix[0]))]

    return change


def noisy(bits: int, rng: random.Random) -> Change:
    """Normal noise in the place of the rounding errors, as large as they are in each row."""

    def change(matrix: Matrix) -> Matrix:
        found = []
        for row, other in zip(matrix, rounded(bits)(matrix)):
            size = fmean((a - b) ** 2 for a, b in zip(row, other)) ** 0.5
            found.append([x + rng.gauss(0, size) for x in row])
        return found

    return change


def fitted(bits: int) -> Change:
    """The scale of each row that makes its squared error least, of some sixty."""
    top = 2 ** (bits - 1) - 1

    def rounded_with(row: list[float], scale: float) -> list[float]:
        return [scale * max(-top, min(top, round(x / scale))) for x in row]

    def best(row: list[float]) -> list[float]:
        largest = max(map(abs, row)) / top
        tried = [rounded_with(row, largest * i / 80) for i in range(80, 15, -1)]
        return min(tried, key=lambda other: sum((a - b) ** 2 for a, b in zip(row, other)))

    return lambda matrix: [best(row) for row in matrix]


def halves(bits: int) -> Change:
    """Levels at halves: 2**bits of them, none at 0, and the outermost at the largest weight."""
    top = 2 ** (bits - 1) - 0.5

    def change(matrix: Matrix) -> Matrix:
        found = []
        for row in matrix:
            scale = max(map(abs, row)) / top
            found.append([scale * max(-top, min(top, round(x / scale - 0.5) + 0.5)) for x in row])
        return found

    return change


def long_rows(bits: int) -> Change:
    """Rounded, and each row multiplied so that it is as long as it was."""

    def change(matrix: Matrix) -> Matrix:
        found = []
        for row, other in zip(matrix, rounded(bits)(matrix)):
            factor = (sum(x * x for x in row) / sum(x * x for x in other)) ** 0.5
            found.append([factor * x for x in other])
        return found

    return change


def turned(weights: Model, seed: int, factor: float = 30.0) -> Model:
    """The same function with other weights: relu(c·x) is c·relu(x), so a neuron's row may give what its column takes."""
    other = {name: [list(row) for row in matrix] for name, matrix in weights.items()}
    fc1, fc2 = other["layer0.mlp_fc1"], other["layer0.mlp_fc2"]
    for neuron in random.Random(seed).sample(range(len(fc1)), 4):
        fc1[neuron] = [x / factor for x in fc1[neuron]]
        for row in fc2:
            row[neuron] *= factor
    return other


def only(names: tuple[str, ...], change: Change, other: Change = lambda matrix: matrix) -> Callable[[Model], Model]:
    return lambda weights: {name: (change if name in names else other)(matrix) for name, matrix in weights.items()}


def everywhere(change: Change) -> Callable[[Model], Model]:
    return lambda weights: {name: change(matrix) for name, matrix in weights.items()}


# ------------------------------------------------------------------------------------ results


def told(differences: list[float], errors: list[float] | None = None) -> Json:
    found: Json = {
        "mean": round(fmean(differences), 4), "low": round(min(differences), 4), "high": round(max(differences), 4),
        "word": word(differences), "differences": [round(d, 4) for d in differences],
    }
    return found | ({"error": round(fmean(errors), 4)} if errors else {})


def error(weights: Model, other: Model) -> float:
    squares = [((a - b) ** 2, a * a) for name in weights for r, s in zip(weights[name], other[name]) for a, b in zip(r, s)]
    return (sum(e for e, _ in squares) / sum(w for _, w in squares)) ** 0.5


def measured(change: Callable[[Model], Model], model: str = "default", start: Callable[[Model, int], Model] | None = None) -> Json:
    """What a change of the weights does to the held-out loss of a model; of what `start` makes of it first."""
    differences, errors = [], []
    for seed in SEEDS:
        weights = trained(model, seed)
        weights = start(weights, seed) if start else weights
        other = change(weights)
        differences.append(loss(other, model) - float_loss(model, seed))
        errors.append(error(weights, other))
    return told(differences, errors)


def by_bits(change: Callable[[int], Change], bits: Any = BITS, model: str = "default") -> Json:
    return {f"b{b}": measured(everywhere(change(b)), model) for b in bits}


def less(one: Json, other: Json) -> Json:
    """By how much a change costs one model more than another, seed by seed."""
    return {b: told([x - y for x, y in zip(one[b]["differences"], other[b]["differences"])]) for b in one}


def heard(bits: int) -> Json:
    """Training with rounded weights: every gradient is that of the rounded model, and the float copy takes the step."""
    differences = []
    for seed in SEEDS:
        docs, tokenizer, params, config = beginning("default", seed)
        engine = engine_of(params, config)
        full = engine.weights.copy()
        w = rounded_copy(engine.w, bits)
        engine.weights[:] = w
        for _ in engine.train(docs, tokenizer):
            full += engine.weights - w
            engine.weights[:] = full
            w = rounded_copy(engine.w, bits)
            engine.weights[:] = w
        differences.append(loss({name: matrix.tolist() for name, matrix in engine.w.items()}) - float_loss("default", seed))
    return told(differences)


def rounded_copy(w: dict[str, Any], bits: int) -> Any:
    """The weights of an engine as one vector, rounded as quantize() rounds, but for the scales, which stay floats."""
    import numpy

    top, parts = 2 ** (bits - 1) - 1, []
    for matrix in w.values():
        sizes = abs(matrix)
        scale = sizes.mean(1, keepdims=True) if bits == 1 else sizes.max(1, keepdims=True) / top
        numbers = numpy.where(matrix < 0, -1, 1) if bits == 1 else numpy.rint(matrix / scale)
        parts.append((numbers * scale).ravel())
    return numpy.concatenate(parts)


def integers(names: int = 200) -> Json:
    """The whole model with its matrices and their inputs in 8 bits, multiplied as whole numbers."""
    docs = documents("names")[1][:names]
    tokenizer, config = speller("names"), Config()
    tokens = [[tokenizer.bos, *tokenizer.encode(doc), tokenizer.bos] for doc in docs]
    differences = []
    for seed in SEEDS:
        params = {name: [[Value(x) for x in row] for row in matrix] for name, matrix in trained("default", seed).items()}
        small = {id(params[name]): quantize(matrix, 8) for name, matrix in trained("default", seed).items()}

        def linear(x: Any, w: Any, small: dict[int, Any] = small) -> list[Value]:
            return [Value(y) for y in integer_linear([value.data for value in x], small[id(w)])]

        floats = fmean(document_loss(ids, params, config).data for ids in tokens)
        with patch.object(GPT, "linear", linear):
            differences.append(fmean(document_loss(ids, params, config).data for ids in tokens) - floats)
    return told(differences)


def first_100() -> Iterator[tuple[str, float]]:
    """What the tests compute again, without NumPy."""
    weights, tokenizer = trained("default", SEEDS[0]), speller("names")
    for bits in (0, 8, 4, 3, 2, 1):
        model = {name: rounded(bits)(matrix) if bits else matrix for name, matrix in weights.items()}
        params = {name: [[Value(x) for x in row] for row in matrix] for name, matrix in model.items()}
        tokens = ([tokenizer.bos, *tokenizer.encode(doc), tokenizer.bos] for doc in documents("names")[1][:100])
        yield f"b{bits}", round(fmean(document_loss(ids, params, Config()).data for ids in tokens), 4)


def record_smaller() -> Json:
    """Return the content of smaller.json."""
    found: Json = {
        "floats": {
            model: {"mean": round(fmean(float_loss(model, seed) for seed in SEEDS), 4), "all": [round(float_loss(model, seed), 4) for seed in SEEDS]}
            for model in SETTINGS
        },
        "rounded": by_bits(rounded),
        "noise": by_bits(lambda bits: noisy(bits, random.Random(bits))),
        "block4": by_bits(partial(rounded, block=4), (4, 3, 2)),
        "matrix": by_bits(one_scale, (4, 3, 2)),
        "fitted": by_bits(fitted, (3, 2)),
        "halves": by_bits(halves, (3, 2)),
        "long_rows": by_bits(long_rows, (1,)),
    }
    names = shapes(Config(), len(speller("names").chars) + 1)
    found["alone"] = {
        name.removeprefix("layer0."): {f"b{b}": measured(only((name,), rounded(b))) for b in (3, 2, 1)} for name in names
    }
    found["tables"] = {f"b{b}": measured(only(TABLES, rounded(b), rounded(8))) for b in (2, 1)}
    found["layers"] = {f"b{b}": measured(only(TABLES, rounded(8), rounded(b))) for b in (3, 2, 1)}
    found["deleted"] = measured(only(("layer0.attn_wo", "layer0.mlp_fc2"), lambda matrix: [[0.0] * len(row) for row in matrix]))
    for model in ("shorter", "longer", "narrow", "wide", "doubled"):
        found[model] = by_bits(rounded, BITS if model == "doubled" else (5, 4, 3, 2), model)
    default = {b: found["rounded"][b] for b in found["longer"]}
    found |= {"longer_less_default": less(found["longer"], default), "wide_less_narrow": less(found["wide"], found["narrow"])}
    found["turned"] = {
        "floats": measured(lambda weights: weights, start=turned),
        "b8": measured(everywhere(rounded(8)), start=turned), "b4": measured(everywhere(rounded(4)), start=turned),
        "block4": measured(everywhere(rounded(4, 4)), start=turned),
    }
    found["heard"] = {f"b{b}": heard(b) for b in (3, 2, 1)}
    found["integers"] = integers()
    found["first_100"] = dict(first_100())
    return found
