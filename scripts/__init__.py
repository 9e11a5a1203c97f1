"""What keeps the book true: tangle and the other commands, and what they stand on."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent  # the project
DATA = ROOT / "docs" / "assets" / "data"  # what was recorded
