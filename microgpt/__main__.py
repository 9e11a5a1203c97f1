# Tangled from docs/8-the-tool/04-the-command-line.md by scripts/tangle.py: edit the chapters, not this file. [sha256:62fda06f79ac0e5e]
"""The command line: python -m microgpt."""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import NoReturn

from . import __version__
from .checkpoint import Checkpoint, CheckpointError, hash_of, load, restore, save, training_state
from .data import NAMES, Tokenizer, load_docs
from .files import DataError, check_target
from .infer import prompt_tokens, sample
from .params import CHOICES, PRESETS, Config, Params, count_params, flatten, init_params
from .progress import Progress, finish_the_step, print_summary, printable
from .scale.engines import DEVICES, DTYPES, ENGINES, EngineError, make_engine
from .train import Adam, DivergenceError

EDITION = "4192"  # the preset without --preset
EVERY = 100  # steps between two checkpoints without --every
MAX_PARAMS = 10_000_000  # of them, plain Python's objects take about 2 GB with gradients and Adam's memory
HEADINGS = {"4192": "inference (new, hallucinated names)", "4064": "inference"}  # as the two editions print them
TRAINING_SETTINGS = {  # the fields of Config that have an option, with a placeholder and a description
    "steps": ("N", "documents to train on"),
    "n_embd": ("N", "numbers in a token's vector"),
    "n_head": ("N", "attention heads"),
    "n_layer": ("N", "transformer blocks"),
    "block_size": ("N", "tokens it can look back on"),
    "activation": (None, "in the MLP"),
    "decay": (None, "of the rate"),
    "learning_rate": ("X", "the first size of a step"),
}
TRAINING_OPTIONS = ("data", "preset", *TRAINING_SETTINGS, "save", "checkpoint", "every", "engine", "batch", "dtype", "device")
EXAMPLES = """examples:
  python -m microgpt                                train on the built-in names, then write 20 names
  python -m microgpt --steps 100 --seed 7           a shorter run with other random numbers
  python -m microgpt --preset 4064                  the first edition of microgpt
  python -m microgpt --data makemore                the 32,033 names of the original
  python -m microgpt --data poems.txt --block-size 32
  python -m microgpt --save names.json              keep the trained model
  python -m microgpt --load names.json --prompt mar --temperature 0.8
  python -m microgpt --checkpoint run.json          can be killed ...
  python -m microgpt --resume run.json              ... and goes on
"""


class Parser(argparse.ArgumentParser):
    """Reports a mistake in one line, without repeating all options."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {printable(message)} (--help lists the options)\n")


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
    group.add_argument("--preset", choices=PRESETS, help=f"the edition of microgpt, by its parameters (default: {EDITION})")
    for name, (metavar, text) in TRAINING_SETTINGS.items():
        add_setting(group, name, metavar, text)
    group.add_argument("--save", metavar="FILE", help="write the trained model to a JSON file")
    group.add_argument("--checkpoint", metavar="FILE", help="write it every N steps too, with all that training needs")
    group.add_argument("--every", type=int, metavar="N", help=f"how often (default: {EVERY})")
    group.add_argument("--resume", metavar="FILE", help="go on with the training that wrote this checkpoint")
    group = parser.add_argument_group("engines")
    group.add_argument("--engine", choices=ENGINES, help="what computes the training; all but plain need a package (default: plain)")
    group.add_argument("--batch", type=int, metavar="N", help="documents a step, by the mean of their gradients (default: 1)")
    group.add_argument("--dtype", choices=DTYPES, help="the numbers of an engine (default: float64)")
    group.add_argument("--device", choices=DEVICES, help="where torch computes (default: cpu)")
    group = parser.add_argument_group("sampling")
    group.add_argument("--load", metavar="FILE", help="sample from a saved model, train nothing")
    add_setting(group, "temperature", "X", "0 is greedy, higher is bolder")
    add_setting(group, "samples", "N", "how many texts to write")
    group.add_argument("--prompt", default="", metavar="TEXT", help="what every text begins with")
    add_setting(group, "seed", "N", "start of the random numbers")
    return parser


def add_setting(group: argparse._ArgumentGroup, name: str, metavar: str | None, text: str) -> None:
    """Add the option for a field of Config; its help names the values in the presets."""
    values = {preset: getattr(config, name) for preset, config in PRESETS.items()}
    one = len(set(values.values())) == 1
    defaults = f"default: {values[EDITION]}" if one else ", ".join(f"{preset}: {x}" for preset, x in values.items())
    option, choices = f"--{name.replace('_', '-')}", CHOICES.get(name)
    kind = type(values[EDITION])
    group.add_argument(option, type=kind, choices=choices, metavar=metavar, help=f"{text} ({defaults})")


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


def refuse(parser: Parser, options: argparse.Namespace, names: Sequence[str], why: str) -> None:
    """End the program with status 2 if one of these options was given."""
    for name in names:
        if getattr(options, name) is not None:
            parser.error(f"--{name.replace('_', '-')} {why}")


def check_targets(parser: Parser, options: argparse.Namespace) -> None:
    """End the program with status 2 if a file to be written can't be, or would replace one that is needed."""
    data = options.data or NAMES
    needed = {os.path.realpath(data): "the file with the data"} if os.path.exists(data) else {}
    for name in ("checkpoint", "save"):
        if (path := getattr(options, name)) is not None:
            try:
                if (target := str(check_target(path))) in needed:
                    raise OSError(f"that is {needed[target]} (choose another name)")
            except (OSError, ValueError) as error:
                parser.error(f"--{name} {path}: {error}")
        begun = options.checkpoint, getattr(options, "resume", None)
        needed |= {os.path.realpath(file): "the checkpoint" for file in begun if file}
    if options.every is not None and options.every < 1:
        parser.error(f"--every {options.every} is less than 1")
    if options.every is not None and options.checkpoint is None:
        parser.error("--every says how often to write --checkpoint, which is missing")
    if options.batch is not None and not 1 <= options.batch <= 10**6:
        parser.error(f"--batch {options.batch} is not in the range from 1 to 1,000,000")


def run_training(
    training: Iterator[tuple[int, float]], losses: list[float], steps: int, quiet: bool,
    keep: Callable[[list[float], bool], None],
) -> tuple[list[float], bool]:
    """Train after the steps whose losses are given, and report. Return all losses, and whether Ctrl-C came."""
    losses, progress = list(losses), Progress(steps, len(losses))
    with finish_the_step() as asked_to_stop:
        for step, loss in training:
            losses.append(loss)
            if not quiet:
                progress.show(step, losses)
            keep(losses, bool(asked_to_stop))
            if asked_to_stop:
                break
    if not quiet:
        progress.close()
    if asked_to_stop:
        print(f"stopped at step {len(losses)} of {steps}", file=sys.stderr)
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
        print(f"sample {i + 1:2d}: {printable(samples[-1])}", flush=True)
    return samples


def run_loaded(parser: Parser, options: argparse.Namespace) -> int:
    """Sample from a saved model."""
    refuse(parser, options, [*TRAINING_OPTIONS, "resume"], "is for training, and --load trains nothing")
    config, tokenizer, params, *_ = load(options.load)
    config = read_config(parser, options, config)
    check_prompt(parser, options.prompt, tokenizer, config)
    if not options.quiet:
        print(f"vocab size: {tokenizer.vocab_size}\nnum params: {count_params(config, tokenizer.vocab_size)}")
    rng = random.Random(config.seed)
    run_sampling(params, config, tokenizer, rng, options.prompt, None if options.quiet else "inference")
    return 0


def read_resumed(parser: Parser, options: argparse.Namespace) -> Checkpoint:
    """Return the run that is to go on. Options that would make it another run end the program with status 2."""
    refuse(parser, options, [*TRAINING_SETTINGS, "batch", "preset", "seed"], "belongs to the run that --resume continues")
    resumed = load(options.resume)
    if resumed.training is None:
        raise CheckpointError(f"{options.resume}: a model without its training (sample from it with --load)")
    return resumed


def run(parser: Parser, options: argparse.Namespace) -> int:
    """Do what the options say and return the exit status."""
    if options.load is not None:
        return run_loaded(parser, options)
    resumed = read_resumed(parser, options) if options.resume is not None else None
    edition = resumed.training.preset if resumed else options.preset or EDITION
    config = read_config(parser, options, resumed.config if resumed else PRESETS[edition])
    check_targets(parser, options)  # before the training, not after it
    docs = load_docs(options.data)
    tokenizer = Tokenizer(docs)
    check_prompt(parser, options.prompt, tokenizer, config)
    if resumed and resumed.training.data != hash_of(docs):
        raise CheckpointError(f"{options.resume}: begun with other data (give the same --data as then)")
    size = count_params(config, tokenizer.vocab_size)
    if size > MAX_PARAMS:
        parser.error(f"{size:,} parameters are more than plain Python can hold; the limit is {MAX_PARAMS:,}")
    if not options.quiet:
        print(f"num docs: {len(docs)}\nvocab size: {tokenizer.vocab_size}\nnum params: {size}", flush=True)
    data, rng = hash_of(docs), random.Random(config.seed)
    rng.shuffle(docs)
    params = resumed.params if resumed else init_params(config, tokenizer.vocab_size, rng)
    losses = resumed.losses if resumed else []
    adam = Adam(flatten(params), config.beta1, config.beta2, config.eps)
    if resumed:
        restore(adam, rng, resumed.training)
    batch = options.batch or (resumed.training.batch if resumed else 1)
    kind = options.engine or (resumed.training.engine if resumed else "plain")
    dtype = options.dtype or (resumed.training.dtype if resumed else "float64")
    try:
        engine = make_engine(kind, params, config, adam, dtype, options.device or "cpu")
    except ValueError as error:
        parser.error(f"--engine {kind}: {error}")
    every = options.every or EVERY


    def keep(losses: list[float], last: bool) -> None:
        """Write the checkpoint if it is time."""
        if options.checkpoint is not None and (last or len(losses) % every == 0 or len(losses) == config.steps):
            engine.store()
            state = training_state(adam, rng, data, edition, batch, kind, dtype)
            save(options.checkpoint, config, tokenizer, params, losses, state)
    training = engine.train(docs, tokenizer, batch)
    losses, interrupted = run_training(training, losses, config.steps, options.quiet, keep)
    engine.store()
    if options.save is not None:
        save(options.save, config, tokenizer, params, losses)
    heading = None if options.quiet else HEADINGS[edition]
    samples = run_sampling(params, config, tokenizer, rng, options.prompt, heading)
    if not options.quiet:
        print_summary(losses, samples, docs, batch)
    return 130 if interrupted else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, 1 an error, 2 wrong usage, 128 + n after signal n."""
    return carry_out(build_parser(), run, argv)


def carry_out(parser: Parser, run: Callable[[Parser, argparse.Namespace], int], argv: Sequence[str] | None) -> int:
    """Parse the arguments, run, and return the exit status. What is wrong outside of the program is told in a line."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        options = parser.parse_args(argv)
        if [] in vars(options).values():  # what argparse makes of --prompt=--
            parser.error("-- is not a value")
        status = run(parser, options)
        sys.stdout.flush()
        return status
    except (DataError, CheckpointError, DivergenceError, EngineError) as error:
        print(f"error: {printable(str(error))}", file=sys.stderr)
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
