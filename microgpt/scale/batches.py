# Tangled from docs/7-growing-up/04-many-documents-at-once.md by scripts/tangle.py: edit the chapters, not this file. [sha256:d06b4308ab97fc96]
"""Documents of different lengths side by side: which of them share a row."""

from __future__ import annotations


def pack(lengths: list[int], width: int) -> list[tuple[int, int]]:
    """Return for each document its row and where it begins there; each goes where it fits best, long ones first."""
    rows, ends = 0, [[] for _ in range(width + 1)]  # room left -> the rows with so much of it
    found = [(0, 0)] * len(lengths)
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        n = lengths[i]
        room = next((room for room in range(n, width + 1) if ends[room]), 0)
        if room:
            row = ends[room].pop()
        else:
            row, room, rows = rows, width, rows + 1
        found[i] = row, width - room
        ends[room - n].append(row)
    return found


def rows_needed(lengths: list[int], width: int) -> int:
    """Return how many rows `pack` fills."""
    return 1 + max((row for row, _ in pack(lengths, width)), default=0)
