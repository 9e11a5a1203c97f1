"""The model of the default run after its last step, in the form that `--load` reads.

    model.json      its settings, its alphabet and its parameters, to 14 decimals: with it, the figures compute in the
                    reader's browser what was not recorded (scripts/runs/passes.py)
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from microgpt.checkpoint import FORMAT

from .default import default_run


def record_model() -> dict[str, Any]:
    run = default_run()
    weights = {name: [[round(p.data, 14) for p in row] for row in matrix] for name, matrix in run.params.items()}
    return {
        "format": FORMAT, "config": asdict(run.config), "alphabet": "".join(run.tokenizer.chars), "weights": weights,
        "losses": [round(loss, 4) for loss in run.losses],
    }  # fmt: skip
