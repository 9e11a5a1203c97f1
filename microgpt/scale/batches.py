# Tangled from docs/7-growing-up/04-many-documents-at-once.md by scripts/tangle.py: edit the chapters, not this file. [sha256:2f477067fd28f068]
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
def pack(numbers: Sequence[int], bits: int) -> str:
    """Write numbers from 0 to 2**bits - 1 side by side, eight bits to a byte, and the bytes as text."""
    digits = "".join(f"{number:0{bits}b}" for number in numbers)
    size = -(-len(digits) // 8)  # whole bytes
    return base64.b64encode(int(digits.ljust(8 * size, "0"), 2).to_bytes(size, "big")).decode()


def unpack(text: str, bits: int, count: int) -> list[int]:
    """Return `count` numbers that `pack` wrote. Raises ValueError if the text has another length."""
    data = base64.b64decode(text, validate=True)
    if len(data) != -(-count * bits // 8):
        raise ValueError(f"{len(data)} bytes are not {count} numbers of {bits} bits")
    digits = f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}"
    return [int(digits[i : i + bits], 2) for i in range(0, count * bits, bits)]


def rows_needed(lengths: list[int], width: int) -> int:
    """Return how many rows `pack` fills."""
    return 1 + max((row for row, _ in pack(lengths, width)), default=0)
