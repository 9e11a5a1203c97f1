# Tangled from docs/8-the-tool/01-data-from-elsewhere.md by scripts/tangle.py: edit the chapters, not this file. [sha256:593f303f8e5d0b72]
"""Files read within limits, and written whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

MAX_BYTES = 64 * 1024 * 1024


class DataError(ValueError):
    """The documents could not be had; the message says which source and what is wrong."""


def read_file(path: str) -> bytes:
    """Return a file's bytes. Raises DataError if it can't be read or is larger than 64 MiB."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}; give a text file with one document a line") from None
    except ValueError as error:  # a name no file can have
        raise DataError(f"{path!r}: {error}") from None
    if len(data) > MAX_BYTES:
        raise DataError(f"{path}: larger than the limit of {MAX_BYTES >> 20} MiB")
    return data


def check_target(path: str | Path) -> Path:
    """Return the place where `path` would be written. Raises OSError if no file can be written there."""
    target = Path(os.path.realpath(path))
    if os.path.exists(target) and not target.is_file():
        raise OSError("there is something that is not a file")
    if not target.parent.is_dir():
        raise OSError(f"there is no folder {target.parent}")
    if not os.access(target.parent, os.W_OK):
        raise OSError(f"the folder {target.parent} is not writable")
    if os.path.exists(target) and not os.access(target, os.W_OK):
        raise OSError("the file is not writable")
    if len(os.fsencode(target.name)) > 255:
        raise OSError("the name is too long")
    return target


def write_file(path: str | Path, data: bytes) -> None:
    """Write `data` to `path`: all of it, or, if anything goes wrong, nothing. Raises OSError."""
    target = check_target(path)
    temporary = target.with_name(f".microgpt-{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(target.stat().st_mode)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
