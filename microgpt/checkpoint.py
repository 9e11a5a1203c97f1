# Tangled from docs/8-the-tool/02-saving-and-loading.md by scripts/tangle.py: edit the chapters, not this file. [sha256:ce688037a66f0a8b]
"""A trained model in a file: JSON, which everything can read and which can execute nothing."""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import NamedTuple

from .data import Tokenizer
from .files import write_file
from .params import PRESETS, Config, Params, flatten, shapes
from .train import Adam
from .value import Value

FORMAT = "microgpt-1"


class CheckpointError(ValueError):
    """A file that holds no model, or can't be written; the message says which and why."""


class TrainingState(NamedTuple):
    """What only training needs: Adam's memory, the random numbers, and which documents they were."""

    t: int  # steps done
    m: list[float]
    v: list[float]
    random: Sequence  # as random.Random.getstate() gives it
    data: str  # hash_of() the documents
    preset: str
    batch: int = 1  # documents a step
    engine: str = "plain"  # what computed it, and in which numbers
    dtype: str = "float64"


def training_state(adam: Adam, rng: random.Random, data: str, preset: str, *how: int | str) -> TrainingState:
    """Return what has to be kept beside the model to go on with its training; `how` are batch, engine and dtype."""
    return TrainingState(adam.t, list(adam.m), list(adam.v), rng.getstate(), data, preset, *how)


def restore(adam: Adam, rng: random.Random, state: TrainingState) -> None:
    """Give an optimizer and a source of random numbers the memory that they had."""
    adam.t, adam.m, adam.v = state.t, list(state.m), list(state.v)
    version, numbers, gauss = state.random
    rng.setstate((version, tuple(numbers), gauss))


def hash_of(docs: Sequence[str]) -> str:
    """Return a hash of documents in their order."""
    return hashlib.sha256("\n".join(docs).encode()).hexdigest()


class Checkpoint(NamedTuple):
    """What `load` finds in a file."""

    config: Config
    tokenizer: Tokenizer
    params: Params
    losses: list[float]
    training: TrainingState | None = None


def save(
    path: str | Path, config: Config, tokenizer: Tokenizer, params: Params, losses: Sequence[float],
    training: TrainingState | None = None,
) -> None:
    """Write a model to `path`: all of it, or, if anything goes wrong, nothing. Raises CheckpointError."""
    found = {name: (len(matrix), len(matrix[0])) for name, matrix in params.items()}
    if found != shapes(config, tokenizer.vocab_size):
        raise CheckpointError(f"{path}: not written: these parameters belong to another config")
    content = {
        "format": FORMAT,
        "config": asdict(config),
        "alphabet": "".join(tokenizer.chars),
        "weights": {name: [[p.data for p in row] for row in matrix] for name, matrix in params.items()},
        "losses": list(losses),
        **({"training": training._asdict()} if training else {}),
    }
    try:
        write_file(path, json.dumps(content, allow_nan=False).encode())
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: can't be written: {error}") from None


def load(path: str | Path) -> Checkpoint:
    """Read a model that `save` wrote. Raises CheckpointError for any other file."""
    try:
        if Path(path).exists() and not Path(path).is_file():
            raise OSError(None, "that is not a file")
        return parse_checkpoint(json.loads(Path(path).read_bytes()))
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror or error}") from None
    except json.JSONDecodeError as error:
        raise CheckpointError(f"{path}: not a saved model: no JSON at character {error.pos}") from None
    except (ValueError, OverflowError, RecursionError) as error:
        raise CheckpointError(f"{path}: not a saved model: {error}") from None


def parse_checkpoint(content: object) -> Checkpoint:
    """Return the model in parsed JSON. Raises ValueError that says what is missing or wrong."""
    if not isinstance(content, dict) or not str(content.get("format")).startswith("microgpt-"):
        raise ValueError(f"it doesn't say that its format is {FORMAT}")
    if content["format"] != FORMAT:
        raise ValueError(f"its format is {content['format']}, of a newer microgpt; this one reads {FORMAT}")
    for key, kind in (("config", dict), ("alphabet", str), ("weights", dict), ("losses", list)):
        if not isinstance(content.get(key), kind):
            raise ValueError(f"{key} is missing or no {kind.__name__}")
    unknown = content["config"].keys() - {field.name for field in fields(Config)}
    if unknown:
        raise ValueError(f"config has settings that this program doesn't know: {', '.join(sorted(unknown))}")
    config = Config(**content["config"])
    tokenizer = Tokenizer(list(content["alphabet"]))
    if "".join(tokenizer.chars) != content["alphabet"]:
        raise ValueError("the alphabet is not sorted or has a character twice")
    weights = content["weights"]
    if len(weights) != 3 + 6 * config.n_layer:
        raise ValueError(f"{len(weights)} matrices do not make a model of {config.n_layer} layers")
    params = {}
    for name, (rows, columns) in shapes(config, tokenizer.vocab_size).items():
        matrix = weights.get(name)
        if not isinstance(matrix, list) or len(matrix) != rows:
            raise ValueError(f"{name} is missing or has not {rows} rows")
        params[name] = [[Value(x) for x in parse_numbers(name, row, columns)] for row in matrix]
    losses = parse_numbers("losses", content["losses"])
    training = parse_training(content["training"], config, params, losses) if "training" in content else None
    return Checkpoint(config, tokenizer, params, losses, training)


def parse_numbers(name: str, numbers: object, length: int | None = None) -> list[float]:
    """Return a list of finite floats. Raises ValueError if `numbers` isn't one or hasn't the length asked for."""
    if not isinstance(numbers, list) or length not in (None, len(numbers)):
        raise ValueError(f"{name} has a row that is not {length} numbers")
    if not all(type(x) in (int, float) and math.isfinite(x) for x in numbers):
        raise ValueError(f"{name} has something in it that is not a finite number")
    return [float(x) for x in numbers]


def parse_training(content: object, config: Config, params: Params, losses: list[float]) -> TrainingState:
    """Return what training needs from parsed JSON. Raises ValueError that says what is missing or wrong."""
    state = TrainingState._field_defaults | content if isinstance(content, dict) else {}
    if state.keys() != set(TrainingState._fields):
        raise ValueError("training has too many or too few entries")
    count = len(flatten(params))
    m, v = (parse_numbers(name, state[name], count) for name in ("m", "v"))
    if state["t"] != len(losses) or not len(losses) <= config.steps or any(x < 0 for x in v):
        raise ValueError("training doesn't fit the losses, the steps, or itself")
    if not isinstance(state["data"], str) or state["preset"] not in [*PRESETS]:
        raise ValueError("training doesn't know its data or its preset")
    if type(state["batch"]) is not int or state["batch"] < 1 or not all(type(state[name]) is str for name in ("engine", "dtype")):
        raise ValueError("training doesn't know its batch or its engine")
    training = TrainingState(**state | {"t": len(losses), "m": m, "v": v})
    try:
        restore(Adam([]), random.Random(), training)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("training has random numbers that can't be restored") from None
    return training
