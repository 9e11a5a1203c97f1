"""When what is done in a step of two processes that train one model, with all-reduces on the way back or at the end."""

from __future__ import annotations

from typing import Any

from ._still import load, number, table

LANES = ("computes", "sends")


def record() -> dict[str, Any]:
    """Steps: for each process what it did, from when until when, in milliseconds; and how long steps take otherwise.

    They are the quickest of some rounds, of which it says how long the quickest step was in each, in "rounds". In both
    steps it adds up the way back and the waiting, in the mean of the processes.
    """
    from ..runs.machines import alone
    from ..runs.timeline import BATCH, CONFIG

    found = alone("record_steps()", module="timeline")
    steps = {mode: min(rounds, key=length) for mode, rounds in found.items()}
    return {
        "width": CONFIG.n_embd, "layers": CONFIG.n_layer, "documents": BATCH, **steps,
        "rounds": {mode: [length(step) for step in rounds] for mode, rounds in found.items()},
        "step": {mode: length(step) for mode, step in steps.items()},
        "back": {mode: spent(step, "back") for mode, step in steps.items()},
        "wait": {mode: spent(step, "wait") for mode, step in steps.items()},
        "speed": alone("record_speed()", module="timeline"),
    }


def length(step: list[list[Any]]) -> float:
    """When the last process is done."""
    return max(end for events in step for _, _, end in events)


def spent(step: list[list[Any]], what: str) -> float:
    """How long the processes are at it, in their mean."""
    return round(sum(end - start for events in step for name, start, end in events if name.startswith(what)) / len(step), 2)


RECORDINGS = {"two-processes.json": record}


def still() -> str:
    recorded = load("figures/two-processes.json")
    rows = []
    for what, start, end in recorded["overlapped"][0]:
        name = f"sends {what}" if what.startswith("bucket") else "waits" if what == "wait" else what
        rows.append([name, number(start, 1), number(end, 1)])
    return table(["process 0", "from, ms", "to, ms"], rows, "A step of two processes, all-reduces on the way back")
