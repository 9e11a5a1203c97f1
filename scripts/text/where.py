"""From a line of a generated file to its chapter; what the book consists of; tangling as one writes."""

from __future__ import annotations

import os
import posixpath
import re
import time
from contextlib import suppress
from pathlib import Path

from .. import tangle
from ..tangle import UserError, guarded, sound_book
from .places import where

SPEC = re.compile(r'\s*(?:File "(.+?)", line ([0-9]{1,9})\b.*|(.+?):([0-9]{1,9})(?::[0-9]+)?:?)\s*')


def show_where(root: Path, spec: str) -> int:
    """Print the place in the book that a generated line comes from."""
    match = SPEC.fullmatch(spec)
    if not match:
        raise UserError(f"where needs FILE:LINE, as in microgpt/gpt.py:40, not {spec!r}")
    book = sound_book(root)
    file, number = match[1] or match[3], int(match[2] or match[4])
    as_given = posixpath.normpath(file)
    from_here = Path(os.path.relpath(os.path.realpath(file), root)).as_posix()  # or an absolute path
    line = where(book, from_here if as_given not in book.files and from_here in book.files else as_given, number)
    print(f"{line.chapter}:{line.number}")
    return 0


def show_list(root: Path) -> int:
    """Print every file and chunk with its pieces and its users; also in a book with faults."""
    book = tangle.read_book(root)
    for label, pieces in sorted(book.parts.items(), key=lambda part: not part[1][0].is_file):
        print(label if pieces[0].is_file else f"<<{label}>>")
        for piece in pieces:
            print(f"    {piece.chapter}:{piece.header_line}")
        users = [user for user in book.pieces if label in user.references.values()]
        for user in dict.fromkeys(user.label if user.is_file else f"<<{user.label}>>" for user in users):
            print(f"    used in {user}")
    sound_book(root)
    return 0


def watch(root: Path) -> int:
    """Tangle, and again whenever a chapter changes, until Ctrl-C."""
    print("watching the chapters (Ctrl-C stops)", flush=True)
    seen = None
    try:
        while True:
            now: dict[str, object] = {}
            with suppress(OSError):  # what is there to see may be gone already
                now = dict.fromkeys(tangle.find_chapters(root))
            for chapter in now:
                with suppress(OSError):
                    status = (root / chapter).stat()
                    now[chapter] = status.st_mtime_ns, status.st_size
            if now != seen:
                seen = now
                guarded(tangle.run, root)
            time.sleep(0.5)
    except KeyboardInterrupt:
        return 130
