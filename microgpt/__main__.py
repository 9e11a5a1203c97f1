# Tangled from docs/5-inference/04-the-command-line.md by scripts/tangle.py: edit the chapters, not this file. [sha256:2c5029be6c6b1619]
"""The command line: python -m microgpt."""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import NoReturn

from . import __version__
from .checkpoint import CheckpointError, load, save
from .data import DataError, Tokenizer, load_docs
from .files import check_target
from .infer import prompt_tokens, sample
from .params import PRESETS, Config, Params, count_params, init_params
from .progress import Progress, finish_the_step, print_summary
from .train import DivergenceError, train

MAX_PARAMS = 10_000_000  # about 2 GB of Value objects
HEADINGS = {"4192": "inference (new, hallucinated names)", "4064": "inference"}  # as the two editions print them
EXAMPLES = """examples:
  python -m microgpt                                train on the built-in names, then write 20 names
  python -m microgpt --steps 100 --seed 7           a shorter run with other random numbers
  python -m microgpt --preset 4064                  the first edition of microgpt
  python -m microgpt --data makemore                the 32,033 names of the original
  python -m microgpt --data poems.txt --block-size 32
  python -m microgpt --save names.json              keep the trained model
  python -m microgpt --load names.json --prompt mar --temperature 0.8
"""


class Parser(argparse.ArgumentParser):
    """Reports a mistake in one line, without repeating all options."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message} (--help lists the options)\n")


def build_parser() -> Parser:
    """Return the parser of the command line; an option that was not given is None."""
    parser = Parser(
        prog="python -m microgpt",
        description="Train a small GPT in plain Python, then let it write.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"microgpt {__version__}")
    parser.add_argument("--quiet", action="store_true", help="print the samples only")
    group = parser.add_argument_group("training")
    group.add_argument("--data", metavar="SOURCE", help="a text file, a URL, or 'makemore' (default: built-in names)")
    group.add_argument("--preset", choices=PRESETS, help="the edition of microgpt, by its parameters (default: 4192)")
    group.add_argument("--steps", type=int, metavar="N", help="documents to train on (4192: 1000, 4064: 500)")
    group.add_argument("--n-embd", type=int, metavar="N", help="numbers in a token's vector (default: 16)")
    group.add_argument("--n-head", type=int, metavar="N", help="attention heads (default: 4)")
    group.add_argument("--n-layer", type=int, metavar="N", help="transformer blocks (default: 1)")
    group.add_argument("--block-size", type=int, metavar="N", help="tokens it can look back on (4192: 16, 4064: 8)")
    group.add_argument("--activation", choices=("relu", "relu2"), help="in the MLP (4192: relu, 4064: relu2)")
    group.add_argument("--decay", choices=("linear", "cosine"), help="of the rate (4192: linear, 4064: cosine)")
    group.add_argument("--learning-rate", type=float, metavar="X", help="the first size of a step (default: 0.01)")
    group.add_argument("--save", metavar="FILE", help="write the trained model to a JSON file")
    group = parser.add_argument_group("sampling")
    group.add_argument("--load", metavar="FILE", help="sample from a saved model, train nothing")
    group.add_argument("--temperature", type=float, metavar="X", help="0 is greedy, higher is bolder (default: 0.5)")
    group.add_argument("--samples", type=int, metavar="N", help="how many texts to write (default: 20)")
    group.add_argument("--prompt", default="", metavar="TEXT", help="what every text begins with")
    group.add_argument("--seed", type=int, metavar="N", help="start of the random numbers (default: 42)")
    return parser


def read_config(parser: Parser, options: argparse.Namespace, base: Config) -> Config:
    """Return `base` with the settings that were given. A setting that can't be ends the program with status 2."""
    names = {field.name for field in fields(Config)}
    given = {name: value for name, value in vars(options).items() if name in names and value is not None}
    try:
        return replace(base, **given)
    except ValueError as error:
        parser.error(str(error))


def check_prompt(parser: Parser, prompt: str, tokenizer: Tokenizer, config: Config) -> None:
    """End the program with status 2 if the model can't read the prompt."""
    try:
        prompt_tokens(prompt, tokenizer, config)
    except ValueError as error:
        parser.error(f"--prompt: {error}")


def run_training(
    docs: list[str], tokenizer: Tokenizer, params: Params, config: Config, quiet: bool
) -> tuple[list[float], bool]:
    """Train and report. Return the losses, and whether Ctrl-C ended the training early."""
    losses: list[float] = []
    progress = Progress(config.steps)
    with finish_the_step() as asked_to_stop:
        for step, loss in train(docs, tokenizer, params, config):
            losses.append(loss)
            if not quiet:
                progress.show(step, losses)
            if asked_to_stop:
                break
    if not quiet:
        progress.close()
    if asked_to_stop:
        print(f"stopped at step {len(losses)} of {config.steps}", file=sys.stderr)
    return losses, bool(asked_to_stop)


def run_sampling(
    params: Params, config: Config, tokenizer: Tokenizer, rng: random.Random, prompt: str, heading: str | None
) -> list[str]:
    """Print the samples as they come, and return them."""
    if heading and config.samples:
        print(f"\n--- {heading} ---")
    samples = []
    for i in range(config.samples):
        try:
            samples.append(sample(params, config, tokenizer, rng, prompt))
        except (ArithmeticError, ValueError) as error:
            raise DivergenceError(f"sample {i + 1}: the model's numbers left their range: {error}") from None
        print(f"sample {i + 1:2d}: {samples[-1]}", flush=True)
    return samples


TRAINING_OPTIONS = ("data", "preset", "steps", "n_embd", "n_head", "n_layer", "block_size", "activation", "decay",
                    "learning_rate", "save")


def run_loaded(parser: Parser, options: argparse.Namespace) -> int:
    """Sample from a saved model."""
    for name in TRAINING_OPTIONS:
        if getattr(options, name) is not None:
            parser.error(f"--{name.replace('_', '-')} is for training, and --load trains nothing")
    config, tokenizer, params, _ = load(options.load)
    config = read_config(parser, options, config)
    check_prompt(parser, options.prompt, tokenizer, config)
    if not options.quiet:
        print(f"vocab size: {tokenizer.vocab_size}\nnum params: {count_params(config, tokenizer.vocab_size)}")
    rng = random.Random(config.seed)
    run_sampling(params, config, tokenizer, rng, options.prompt, None if options.quiet else "inference")
    return 0


def run(parser: Parser, options: argparse.Namespace) -> int:
    """Do what the options say and return the exit status."""
    if options.load is not None:
        return run_loaded(parser, options)
    edition = options.preset or "4192"
    config = read_config(parser, options, PRESETS[edition])
    if options.save is not None:
        try:
            check_target(options.save)  # before the training, not after it
        except (OSError, ValueError) as error:
            parser.error(f"--save {options.save}: {error}")
    docs = load_docs(options.data)
    tokenizer = Tokenizer(docs)
    check_prompt(parser, options.prompt, tokenizer, config)
    size = count_params(config, tokenizer.vocab_size)
    if size > MAX_PARAMS:
        parser.error(f"{size:,} parameters are more than plain Python can hold; the limit is {MAX_PARAMS:,}")
    if not options.quiet:
        print(f"num docs: {len(docs)}\nvocab size: {tokenizer.vocab_size}\nnum params: {size}", flush=True)
    rng = random.Random(config.seed)
    rng.shuffle(docs)
    params = init_params(config, tokenizer.vocab_size, rng)
    losses, interrupted = run_training(docs, tokenizer, params, config, options.quiet)
    if options.save is not None:
        save(options.save, config, tokenizer, params, losses)
    heading = None if options.quiet else HEADINGS[edition]
    samples = run_sampling(params, config, tokenizer, rng, options.prompt, heading)
    if not options.quiet:
        print_summary(losses, samples, docs)
    return 130 if interrupted else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, 1 an error, 2 wrong usage, 130 Ctrl-C, 141 a closed pipe."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name the terminal can't show is no reason to stop
    parser = build_parser()
    try:
        status = run(parser, parser.parse_args(argv))
        sys.stdout.flush()
        return status
    except (DataError, CheckpointError, DivergenceError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains once more when it ends
        if isinstance(error, BrokenPipeError):
            return 141
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
