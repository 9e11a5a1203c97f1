# Tangled from docs/8-the-tool/01-data-from-elsewhere.md by scripts/tangle.py: edit the chapters, not this file. [sha256:00ad2acad228d6f9]
"""Documents from the network, with limits on time and size, and with a hash where one is known."""

from __future__ import annotations

import hashlib
import http.client
import os
import threading
import urllib.request
from pathlib import Path
from typing import Any

from .files import MAX_BYTES, DataError, write_file

TIMEOUT = 10.0  # seconds without a sign of life
DEADLINE = 60.0  # seconds for the whole download
MAKEMORE_URL = "https://raw.githubusercontent.com/karpathy/makemore/master/names.txt"
MAKEMORE_SHA256 = "0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d"


class StayOnHttp(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http and https only."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if not newurl.startswith(("http://", "https://")):
            raise DataError(f"{req.full_url}: sends us on to {newurl}, which is no http(s) address")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(url: str) -> bytes:
    """Return what `url` holds. Raises DataError: no answer, a late or broken one, or more than 64 MiB."""
    found: list[bytes | DataError] = []
    thread = threading.Thread(target=lambda: found.append(attempt(url)), daemon=True)
    thread.start()
    thread.join(DEADLINE)
    if thread.is_alive():
        raise DataError(f"{url}: not complete after {DEADLINE:.0f} seconds; download it and give the file")
    if isinstance(found[0], DataError):
        raise found[0]
    return found[0]


def attempt(url: str) -> bytes | DataError:
    """Return what `url` holds, or what is wrong."""
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "microgpt"})
        with urllib.request.build_opener(StayOnHttp).open(request, timeout=TIMEOUT) as response:
            data, missing = response.read(MAX_BYTES + 1), response.length
    except DataError as error:
        return error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        return DataError(f"{url}: {reason}; is the address right and the network up?")
    if len(data) > MAX_BYTES:
        return DataError(f"{url}: larger than the limit of {MAX_BYTES >> 20} MiB")
    if missing:
        return DataError(f"{url}: broke off with {missing} bytes to go; try again")
    return data


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
