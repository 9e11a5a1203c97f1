"""Training: the loss of every step of the default run, and the names that the model makes on the way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from microgpt import document_loss

from ..runs.default import default_run, tokens_of
from ._still import Html, element, load, number, table

WINDOW = 50  # losses in the running mean, as in training.js
LOW, HIGH = 1, 6  # of the axis of losses
SHOWN, IN_STILL = 12, 4  # names of each recorded step
KEPT_OUT = 1000  # names that the run doesn't read: those that the experiments are compared on (scripts/runs/paired.py)


def record() -> dict[str, Any]:
    """What each step read and its loss; at the recorded steps, the loss on unread names and what the model writes."""
    run = default_run()
    unread = [tokens_of(doc, run.tokenizer) for doc in run.docs[-KEPT_OUT:]]
    return {
        "vocab_size": run.tokenizer.vocab_size,
        "losses": [round(loss, 4) for loss in run.losses],
        "docs": run.docs[: run.config.steps],
        "held_out": {
            str(step): round(fmean(document_loss(tokens, params, run.config).data for tokens in unread), 4)
            for step, params in run.params_at.items()
        },
        "samples": {str(step): samples[:SHOWN] for step, samples in run.samples_at.items()},
    }


RECORDINGS = {"training.json": record}


def running_mean(losses: Sequence[float], step: int) -> float:
    """The mean of the last losses up to a step, counted from 1; at first there are fewer."""
    return fmean(losses[max(0, step - WINDOW):step])


def still(brief: str = "") -> str:
    """The curve, and a table of the recorded steps. A brief one leaves the held-out loss away."""
    recorded = load("figures/training.json")
    losses, held_out = recorded["losses"], {int(step): loss for step, loss in recorded["held_out"].items()}
    rows = []
    for step, loss in held_out.items():
        mean = number(running_mean(losses, step)) if step else "–"
        names = ", ".join(name for name in recorded["samples"][str(step)][:IN_STILL])
        rows.append([str(step), mean, *([] if brief else [number(loss)]), names])
    head = ["step", f"mean of the last {WINDOW} losses", *([] if brief else ["held-out loss"]), "names the model makes"]
    blind = math.log(recorded["vocab_size"])
    return picture(losses, {} if brief else held_out, blind) + table(head, rows)


def picture(losses: Sequence[float], held_out: dict[int, float], blind: float) -> Html:
    """The same curve as in training.js, of a fixed size."""
    width, height, left, bottom = 560, 260, 30, 24
    steps = len(losses)

    def x(step: float) -> str:
        return f"{left + step / steps * (width - left - 20):.0f}"

    def y(loss: float) -> str:
        return f"{(HIGH - loss) / (HIGH - LOW) * (height - bottom - 8) + 8:.0f}"

    def path(points: Sequence[tuple[int, float]], **marks: str) -> Html:
        return element("path", d="M" + "L".join(f"{x(step)} {y(loss)}" for step, loss in points), **marks)

    means = [(step, running_mean(losses, step)) for step in range(5, steps + 1, 5)]
    dots = "".join(f"M{x(step)} {y(loss)}h0" for step, loss in enumerate(losses, 1))
    marks = [element("circle", cx=x(step), cy=y(loss), r=4, class_="fill-c") for step, loss in held_out.items()]
    below = [element("text", str(step), x=x(step), y=height - 6, text_anchor="middle") for step in range(0, steps + 1, 200)]
    beside = [element("text", str(loss), x=left - 6, y=int(y(loss)) + 4, text_anchor="end") for loss in range(LOW, HIGH + 1)]
    return element(
        "svg",
        element("g", *below, *beside, class_="axis"),
        element("path", d=dots, class_="training-dots"),
        path([(0, blind), (steps, blind)], class_="curve d dashed"),
        element("text", f"guessing blindly: {number(blind)}", x=x(steps), y=int(y(blind)) - 6, class_="d", text_anchor="end"),
        path(means, class_="curve b"),
        *([path(list(held_out.items()), class_="curve c"), *marks] if held_out else []),
        viewBox=f"0 0 {width} {height}", role="img", class_="training-still",
        aria_label=f"The losses of {steps} steps and their running mean, which falls from "
        f"{number(running_mean(losses, WINDOW))} to {number(running_mean(losses, steps))}",
    )
