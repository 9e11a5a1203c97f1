"""A copy of the project to run examples in, and commands that are run once however many want to know what they print."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from scripts.text import examples

# The longest tests, and they come first: of one that is long and last the other processes see only the end. The run that
# many tests share is made by the first of all, while the next ones do what doesn't need it.
LONGEST = (
    "test_numbers_now", "blocks[6-experiments/03", "what_the_figures_show", "blocks[6-experiments/02", "blocks[4-training/05",
    "blocks[6-experiments/01", "blocks[4-training/04", "blocks[3-architecture/10", "blocks[3-architecture/01",
    "what_the_command_line_prints", "runs_whole[4192", "one_file_prints_what", "one_file_is_the_package", "one_printed[4",
    "one_printed[3", "blocks[4-training/06", "blocks[3-architecture/05", "blocks[4-training/03", "blocks[4-training/02",
    "blocks[3-architecture/13", "runs_whole[4064", "killed_and_resumed", "blocks[docs/4-training/06", "blocks[docs/6-experiments/01",
    "blocks[docs/8-the-tool/01", "blocks[docs/6-experiments/02", "blocks[docs/5-inference/02", "blocks[docs/0-the-big-picture/02",
    "blocks[docs/7-growing-up", "blocks[7-growing-up", "blocks[docs/5-inference/04",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """xdist begins by giving each process a stretch of the list: so at the beginning of each stand some of the longest."""
    longest = [item for part in LONGEST for item in items if part in item.nodeid and "tests/slow" in item.nodeid]
    rest = [item for item in items if item not in set(longest)]
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    cuts = [len(rest) * i // processes for i in range(processes + 1)]
    items[:] = [item for i in range(processes) for item in [*longest[i::processes], *rest[cuts[i] : cuts[i + 1]]]]


@pytest.fixture(scope="session")
def workplace(tmp_path_factory) -> Path:
    """A copy of the project, so that an example may write what it likes."""
    folder = tmp_path_factory.mktemp("project")
    examples.copy_project(folder)
    return folder


@pytest.fixture(scope="session")
def output_of(once, workplace) -> Callable[[str], str]:
    """output_of(command) is what a command prints, which writes nothing and prints the same each time."""

    def output_of(command: str) -> str:
        key = hashlib.sha256(command.encode()).hexdigest()[:16]
        return once(f"command-{key}", partial(examples.run_command, command, workplace))

    return output_of
