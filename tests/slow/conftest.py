"""A copy of the project to run examples in, and commands that are run once however many want to know what they print."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from scripts.text import examples


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
