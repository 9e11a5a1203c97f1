# Tangled from docs/1-data/04-data-from-elsewhere.md by scripts/tangle.py: edit the chapters, not this file. [sha256:c7bb8da980468e6e]
"""Files written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def check_target(path: str | Path) -> Path:
    """Return the place where `path` would be written. Raises OSError if no file can be written there."""
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise OSError("there is something that is not a file")
    if not target.parent.is_dir():
        raise OSError(f"there is no folder {target.parent}")
    if not os.access(target.parent, os.W_OK):
        raise OSError(f"the folder {target.parent} is not writable")
    return target


def write_file(path: str | Path, data: bytes) -> None:
    """Write `data` to `path`: all of it, or, if anything goes wrong, nothing. Raises OSError."""
    target = check_target(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
