"""What several tests need: the original names, and the figures that the two editions printed on them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests import ROOT


@pytest.fixture(scope="session")
def original_names() -> Path:
    """The 32,033 names of the original. They may not be committed, so they are looked for beside the project."""
    path = Path(os.environ.get("MICROGPT_NAMES") or ROOT.parent / "shared" / "data" / "names.txt")
    if not path.is_file():
        pytest.skip("the original names are not here: set MICROGPT_NAMES to the path of makemore's names.txt")
    return path


@pytest.fixture(scope="session")
def reference() -> dict:
    """What the two editions printed: {"4192": {"losses": [...], "samples": [...], ...}, "4064": ...}."""
    return json.loads((ROOT / "docs/assets/data/reference.json").read_text(encoding="utf-8"))
