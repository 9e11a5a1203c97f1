"""The figures of the book. Each is a module of this package, `prediction_game` for `prediction-game`, and has

    still(**options) -> str     HTML: what is seen without JavaScript, in print, and until the figure is near
    RECORDINGS                  file -> function that returns its content; only if the figure shows recorded numbers
    IN_ID                       the options that belong to its anchor, if it stands on pages in several forms

scripts/runs/recording.py writes the recordings to docs/assets/data/figures/, scripts/site/figures.py puts figures on
pages, and docs/assets/js/figures/prediction-game.js brings one to life.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple


class Figure(NamedTuple):
    still: Callable[..., str]
    recordings: dict[str, Callable[[], dict[str, Any]]]
    in_id: tuple[str, ...]


@cache
def all_figures() -> dict[str, Figure]:
    """Return all figures by name. They are imported when they are asked for: the lab has few of the modules they need."""
    figures = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            content = import_module(f"{__name__}.{module.name}")
            recordings, in_id = getattr(content, "RECORDINGS", {}), getattr(content, "IN_ID", ())
            figures[module.name.replace("_", "-")] = Figure(content.still, recordings, in_id)
    return figures
