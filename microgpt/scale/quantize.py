# Tangled from docs/7-growing-up/09-smaller-numbers.md by scripts/tangle.py: edit the chapters, not this file. [sha256:058a6b15dcd59e74]
"""Smaller numbers: bfloat16, and weights of 1 to 8 bits. Unlike its neighbors it needs nothing but Python."""

from __future__ import annotations

import argparse
import base64
import json
import struct
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from ..checkpoint import FORMAT, Checkpoint, CheckpointError, load, parse_checkpoint, save
from ..data import Tokenizer
from ..files import write_file
from ..params import Config, Params, shapes
from ..value import Value

SMALL_FORMAT = "microgpt-small-1"


def to_bits(x: float) -> int:
    """Return the 16 bits of the bfloat16 nearest to x; of two equally near, the even one."""
    [bits] = struct.unpack(">I", struct.pack(">f", x))
    # Adding almost half a step makes cutting off a rounding; the last bit that stays decides where it's exactly half.
    return bits + 0x7FFF + (bits >> 16 & 1) >> 16


def from_bits(bits: int) -> float:
    """Return the number that 16 bits stand for."""
    return struct.unpack(">f", struct.pack(">I", bits << 16))[0]


def bfloat16(x: float) -> float:
    """Return the bfloat16 nearest to x. Raises OverflowError where float32 ends, at 3.4e38."""
    return from_bits(to_bits(x))


def levels(bits: int) -> list[int]:
    """Return the whole numbers that a weight may become: as many below 0 as above. ValueError if not 1 to 8 bits."""
    if not 1 <= bits <= 8:
        raise ValueError(f"{bits} bits: give from 1 to 8")
    top = 2 ** (bits - 1) - 1
    return list(range(-top, top + 1)) if bits > 1 else [-1, 1]


def quantize_block(weights: Sequence[float], bits: int) -> tuple[list[int], float]:
    """Return a whole number for each weight, and the scale that they are multiplied by. `bits` are 1 to 8."""
    if bits == 1:
        scale = bfloat16(sum(map(abs, weights)) / len(weights))
        return [-1 if w < 0 else 1 for w in weights], scale
    top = levels(bits)[-1]
    scale = bfloat16(max(map(abs, weights)) / top) or 1.0  # a block of zeros
    return [max(-top, min(top, round(w / scale))) for w in weights], scale


class Quantized(NamedTuple):
    """A matrix in few bits."""

    bits: int
    block: int  # how many numbers of a row share a scale
    columns: int
    blocks: list[tuple[list[int], float]]  # row after row: whole numbers, and their scale


def quantize(matrix: Sequence[Sequence[float]], bits: int, block: int = 0) -> Quantized:
    """Round a matrix, with a scale for each `block` numbers of a row; 0 is a whole row."""
    columns = len(matrix[0])
    block = min(block or columns, columns)
    parts = [row[i : i + block] for row in matrix for i in range(0, columns, block)]
    return Quantized(bits, block, columns, [quantize_block(part, bits) for part in parts])


def dequantize(q: Quantized) -> list[list[float]]:
    """Return the matrix that `q` stands for."""
    flat = [number * scale for numbers, scale in q.blocks for number in numbers]
    return [flat[i : i + q.columns] for i in range(0, len(flat), q.columns)]


def quantize_params(params: Params, bits: int, block: int = 0) -> dict[str, Quantized]:
    """Round all matrices of a model. Raises ValueError if `bits` are not from 1 to 8."""
    return {name: quantize([[p.data for p in row] for row in matrix], bits, block) for name, matrix in params.items()}


def dequantize_params(small: dict[str, Quantized]) -> Params:
    """Return a model that `gpt` and `sample` can use, with the rounded weights."""
    return {name: [[Value(x) for x in row] for row in dequantize(q)] for name, q in small.items()}


def integer_linear(x: Sequence[float], w: Quantized) -> list[float]:
    """Return w·x from products and sums of whole numbers, x in 8 bits. (n,), (m, n) -> (m,).

    Raises ValueError unless `w` has one scale a row, and as many columns as x has numbers.
    """
    if w.block < w.columns:
        raise ValueError("whole numbers of different scales can't be added up: quantize with block=0")
    numbers, scale = quantize_block(x, 8)
    return [sum(a * b for a, b in zip(row, numbers, strict=True)) * (row_scale * scale) for row, row_scale in w.blocks]


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


def save_small(path: str | Path, config: Config, tokenizer: Tokenizer, small: dict[str, Quantized]) -> None:
    """Write a rounded model to `path`, whole or not at all. Raises CheckpointError if that can't be done."""
    weights = {}
    for name, (bits, block, _, blocks) in small.items():
        place = {level: i for i, level in enumerate(levels(bits))}
        numbers = [place[number] for numbers, _ in blocks for number in numbers]
        scales = [to_bits(scale) for _, scale in blocks]
        weights[name] = {"bits": bits, "block": block, "numbers": pack(numbers, bits), "scales": pack(scales, 16)}
    content = {"format": SMALL_FORMAT, "config": asdict(config), "alphabet": "".join(tokenizer.chars), "weights": weights}
    try:
        write_file(path, json.dumps(content).encode())
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: can't be written: {error}") from None


def parse_quantized(content: dict, rows: int, columns: int) -> Quantized:
    """Return a matrix from parsed JSON. Raises ValueError, TypeError, KeyError or IndexError if it isn't one."""
    bits, block = content["bits"], content["block"]
    if not 1 <= block <= columns:
        raise ValueError(f"a row of {columns} has no blocks of {block}")
    scales = [from_bits(scale) for scale in unpack(content["scales"], 16, rows * -(-columns // block))]
    flat = [levels(bits)[place] for place in unpack(content["numbers"], bits, rows * columns)]
    parts = [flat[i : i + columns][j : j + block] for i in range(0, len(flat), columns) for j in range(0, columns, block)]
    return Quantized(bits, block, columns, list(zip(parts, scales, strict=True)))


def load_small(path: str | Path) -> Checkpoint:
    """Read what `save_small` wrote, as a model with the rounded weights. Raises CheckpointError for any other file."""
    try:
        content = json.loads(Path(path).read_bytes())
        if not isinstance(content, dict) or content.get("format") != SMALL_FORMAT:
            raise ValueError(f"it doesn't say that its format is {SMALL_FORMAT}")
        config, matrices = Config(**content["config"]), content["weights"]
        if len(matrices) != 3 + 6 * config.n_layer:
            raise ValueError(f"{len(matrices)} matrices do not make a model of {config.n_layer} layers")
        sizes = shapes(config, len(content["alphabet"]) + 1)
        floats = {name: dequantize(parse_quantized(matrices[name], *size)) for name, size in sizes.items()}
        return parse_checkpoint({**content, "format": FORMAT, "weights": floats, "losses": []})
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror or error}") from None
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError) as error:
        raise CheckpointError(f"{path}: not a rounded model: {type(error).__name__}: {error}") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a saved model in fewer bits, or such a one in floats again. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m microgpt.scale.quantize", description=main.__doc__)
    parser.add_argument("source", metavar="FROM", help="what --save wrote; with --floats, what this wrote")
    parser.add_argument("target", metavar="TO")
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--bits", type=int, choices=range(1, 9), metavar="N", help="of a weight, from 1 to 8")
    how.add_argument("--floats", action="store_true", help="so that --load reads it")
    parser.add_argument("--block", type=int, default=0, metavar="N", help="weights that share a scale (default: a row)")
    options = parser.parse_args(arguments)
    if options.block < 0:
        parser.error(f"--block {options.block} is less than 0")
    try:
        if options.floats:
            config, tokenizer, params, *_ = load_small(options.source)
            save(options.target, config, tokenizer, params, [])
        else:
            config, tokenizer, params, *_ = load(options.source)
            save_small(options.target, config, tokenizer, quantize_params(params, options.bits, options.block))
    except CheckpointError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
