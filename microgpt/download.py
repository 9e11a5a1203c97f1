# Tangled from docs/1-data/04-data-from-elsewhere.md by scripts/tangle.py: edit the chapters, not this file. [sha256:f77b3b5c0be95123]
"""Documents from the network, with limits on time and size, and with a hash where one is known."""

from __future__ import annotations

import hashlib
import http.client
import os
import time
import urllib.request
from pathlib import Path

from .data import MAX_BYTES, DataError
from .files import write_file

TIMEOUT = 10.0  # seconds without a sign of life
DEADLINE = 60.0  # seconds for the whole download
MAKEMORE_URL = "https://raw.githubusercontent.com/karpathy/makemore/master/names.txt"
MAKEMORE_SHA256 = "0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d"


def fetch(url: str) -> bytes:
    """Return what `url` holds. Raises DataError: no answer, a late or broken one, or more than 64 MiB."""
    give_up = time.monotonic() + DEADLINE
    data = bytearray()
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "microgpt"})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            while chunk := response.read1(65536):
                data += chunk
                if len(data) > MAX_BYTES:
                    raise DataError(f"{url}: larger than the limit of {MAX_BYTES >> 20} MiB")
                if time.monotonic() > give_up:
                    raise DataError(f"{url}: not complete after {DEADLINE:.0f} seconds; download it and give the file")
            if response.length:
                raise DataError(f"{url}: broke off with {response.length} bytes to go; try again")
    except DataError:
        raise
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{url}: {reason}; is the address right and the network up?") from None
    return bytes(data)


def makemore() -> bytes:
    """Return the original names file, downloaded once and then kept in the cache. Raises DataError."""
    folder = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    cached = Path(folder, "microgpt", "names.txt")
    try:
        data = cached.read_bytes()
    except OSError:
        data = b""
    if hashlib.sha256(data).hexdigest() == MAKEMORE_SHA256:
        return data
    data = fetch(MAKEMORE_URL)
    found = hashlib.sha256(data).hexdigest()
    if found != MAKEMORE_SHA256:
        raise DataError(f"{MAKEMORE_URL}: has sha256 {found}, not {MAKEMORE_SHA256}; the file is not the one expected")
    try:
        if cached.is_absolute():  # otherwise this user has no home
            cached.parent.mkdir(parents=True, exist_ok=True)
            write_file(cached, data)
    except OSError:
        pass  # no place for a cache: the names are there all the same
    return data
