# Tangled from docs/8-the-tool/05-what-a-run-shows.md by scripts/tangle.py: edit the chapters, not this file. [sha256:02f61541890c7977]
"""What a person sees of a run: how far it is, and in the end how good."""

from __future__ import annotations

import math
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class Progress:
    """Reports the steps on standard output: a line each, or on a terminal one line that changes in place."""

    def __init__(self, steps: int, done: int = 0):
        self.steps, self.done = steps, done
        self.live = sys.stdout.isatty()
        self.started = self.shown = time.monotonic()

    def show(self, step: int, losses: Sequence[float]) -> None:
        if not self.live:
            print(f"step {step:4d} / {self.steps:4d} | loss {losses[-1]:.4f}")
            return
        now = time.monotonic()
        if now - self.shown < 0.1 and 1 < step < self.steps:
            return
        self.shown = now
        recent = losses[-100:]
        speed = (step - self.done) / max(now - self.started, 1e-9)
        line = (
            f"step {step:4d} / {self.steps:4d} [{'#' * (10 * step // self.steps):-<10}]"
            f" loss {losses[-1]:.4f} mean {sum(recent) / len(recent):.4f}"
            f" | {speed:.0f} steps/s, {(self.steps - step) / speed:.0f} s left"
        )
        width = min(shutil.get_terminal_size().columns - 1, 200)
        print("\r" + line[:width].ljust(width), end="", flush=True)

    def close(self) -> None:
        if self.live:
            print()


@contextmanager
def finish_the_step() -> Iterator[list[bool]]:
    """Within it the first Ctrl-C only fills the list that it yields, so that no step ends half done."""
    asked: list[bool] = []

    def ask(*_: object) -> None:
        asked.append(True)
        signal.signal(signal.SIGINT, previous)  # a second Ctrl-C doesn't wait

    previous = signal.getsignal(signal.SIGINT)
    if previous is signal.SIG_IGN or threading.current_thread() is not threading.main_thread():
        yield asked
        return
    signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, previous)


def print_summary(losses: Sequence[float], samples: Sequence[str], docs: Sequence[str], batch: int = 1) -> None:
    """Say how good the model is, and how much of what it wrote it may just have seen."""
    print()
    if losses:
        recent = losses[-100:]
        mean = sum(recent) / len(recent)
        print(f"mean loss of the last {len(recent)} steps: {mean:.4f} (perplexity {math.exp(mean):.2f})")
    if samples:
        known, read = set(docs), docs[: len(losses) * batch]
        print(f"samples in the dataset: {sum(text in known for text in samples)} of {len(samples)}")
        print(f"samples among the {len(read)} documents trained on: {sum(text in read for text in samples)}")


def printable(text: str) -> str:
    """Return the text with its control characters and line ends written as Python writes them."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
