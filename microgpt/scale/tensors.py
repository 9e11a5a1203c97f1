# Tangled from docs/7-growing-up/03-the-same-in-pytorch.md by scripts/tangle.py: edit the chapters, not this file. [sha256:33684bfcfb2a933b]
"""Models as safetensors, for other programs to read: names, shapes and bare numbers, and nothing that could be executed."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes

from ..checkpoint import FORMAT, Checkpoint, CheckpointError, parse_checkpoint
from ..data import Tokenizer
from ..files import write_file
from ..params import Config, Params

def export_model(
    path: str | Path, config: Config, tokenizer: Tokenizer, params: Params, dtype: str = "float64"
) -> None:
    """Write a model to `path`: all of it, or nothing. In float32 its numbers are rounded to 7 digits."""
    tensors = {
        name: torch.tensor([[p.data for p in row] for row in matrix], dtype=getattr(torch, dtype))
        for name, matrix in params.items()
    }
    about = {"format": FORMAT, "config": json.dumps(asdict(config)), "alphabet": "".join(tokenizer.chars)}
    try:
        write_file(path, to_bytes(tensors, about))
    except OSError as error:
        raise CheckpointError(f"{path}: can't be written: {error}") from None


def import_model(path: str | Path) -> Checkpoint:
    """Read a model that `export_model` wrote. Raises CheckpointError for any other file."""
    try:
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
            weights = {name: file.get_tensor(name).double().tolist() for name in file.keys()}
        settings = json.loads(about.get("config", "null"))
        content = {"format": about.get("format"), "config": settings, "alphabet": about.get("alphabet")}
        return parse_checkpoint({**content, "weights": weights, "losses": []})
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror or error}") from None
    except (SafetensorError, ValueError, OverflowError, RecursionError) as error:
        raise CheckpointError(f"{path}: not a saved model: {error}") from None
