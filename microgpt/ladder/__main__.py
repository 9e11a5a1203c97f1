# Tangled from docs/8-the-tool/04-the-command-line.md by scripts/tangle.py: edit the chapters, not this file. [sha256:5e6fbaa37b5e4fb9]
"""Run a rung of the ladder: python -m microgpt.ladder 2."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from .. import __main__ as command_line
from ..data import load_docs

RUNGS = (
    "counts of letter pairs", "a network, its gradient by hand", "the same, its gradient by autograd",
    "positions and one attention head", "several heads, several layers", "Adam: the whole GPT",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status, as that of `python -m microgpt`."""
    parser = command_line.Parser(
        prog="python -m microgpt.ladder",
        description="Train one of six programs, each a little nearer to a GPT, and let it write 20 names.",
        epilog="\n".join(["rungs:", *(f"  {i}  {name}" for i, name in enumerate(RUNGS))]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("rung", type=int, choices=range(len(RUNGS)), help="which program")
    parser.add_argument("--data", metavar="SOURCE", help="a text file, a URL, or 'makemore' (default: built-in names)")
    parser.add_argument("--steps", type=int, default=1000, metavar="N", help="documents to train on (default: 1000)")
    parser.add_argument("--seed", type=int, default=42, metavar="N", help="start of the random numbers (default: 42)")
    parser.add_argument("--quiet", action="store_true", help="print the samples only")
    return command_line.carry_out(parser, run, argv)


def run(parser: command_line.Parser, options: argparse.Namespace) -> int:
    """Run the rung that the options name."""
    if not 0 <= options.steps <= 10**9:
        parser.error("steps is not in the range from 0 to 1,000,000,000")
    if options.rung == len(RUNGS) - 1:
        data = [] if options.data is None else [f"--data={options.data}"]
        quiet = ["--quiet"] if options.quiet else []
        return command_line.main([*data, f"--steps={options.steps}", f"--seed={options.seed}", *quiet])
    rung = import_module(f"{__package__}.train{options.rung}")
    rung.run(load_docs(options.data), options.steps, options.seed, options.quiet)
    return 0


if __name__ == "__main__":
    sys.exit(main())
