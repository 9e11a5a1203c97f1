# Tangled from docs/5-inference/03-saving-and-loading.md by scripts/tangle.py: edit the chapters, not this file. [sha256:a9d85257071376f5]
"""A trained model in a file: JSON, which everything can read and which can execute nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import NamedTuple

from .data import Tokenizer
from .files import write_file
from .params import Config, Params, shapes
from .value import Value

FORMAT = "microgpt-1"


class CheckpointError(ValueError):
    """A file that holds no model, or can't be written; the message says which and why."""


class Checkpoint(NamedTuple):
    """What `load` finds in a file."""

    config: Config
    tokenizer: Tokenizer
    params: Params
    losses: list[float]


def save(path: str | Path, config: Config, tokenizer: Tokenizer, params: Params, losses: Sequence[float]) -> None:
    """Write a model to `path`: all of it, or, if anything goes wrong, nothing. Raises CheckpointError."""
    content = {
        "format": FORMAT,
        "config": asdict(config),
        "alphabet": "".join(tokenizer.chars),
        "weights": {name: [[p.data for p in row] for row in matrix] for name, matrix in params.items()},
        "losses": list(losses),
    }
    try:
        write_file(path, json.dumps(content, allow_nan=False).encode())
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: can't be written: {error}") from None


def load(path: str | Path) -> Checkpoint:
    """Read a model that `save` wrote. Raises CheckpointError for any other file."""
    try:
        return parse_checkpoint(json.loads(Path(path).read_bytes()))
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror or error}") from None
    except json.JSONDecodeError as error:
        raise CheckpointError(f"{path}: not a saved model: no JSON at character {error.pos}") from None
    except (ValueError, OverflowError, RecursionError) as error:
        raise CheckpointError(f"{path}: not a saved model: {error}") from None


def parse_checkpoint(content: object) -> Checkpoint:
    """Return the model in parsed JSON. Raises ValueError that says what is missing or wrong."""
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"it doesn't say that its format is {FORMAT}")
    for key, kind in (("config", dict), ("alphabet", str), ("weights", dict), ("losses", list)):
        if not isinstance(content.get(key), kind):
            raise ValueError(f"{key} is missing or no {kind.__name__}")
    differ = content["config"].keys() ^ {field.name for field in fields(Config)}
    if differ:
        raise ValueError(f"config has too many or too few settings: {sorted(differ)}")
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
    return Checkpoint(config, tokenizer, params, parse_numbers("losses", content["losses"]))


def parse_numbers(name: str, numbers: object, length: int | None = None) -> list[float]:
    """Return a list of finite floats. Raises ValueError if `numbers` isn't one or hasn't the length asked for."""
    if not isinstance(numbers, list) or length not in (None, len(numbers)):
        raise ValueError(f"{name} has a row that is not {length} numbers")
    if not all(type(x) in (int, float) and math.isfinite(x) for x in numbers):
        raise ValueError(f"{name} has something in it that is not a finite number")
    return [float(x) for x in numbers]
