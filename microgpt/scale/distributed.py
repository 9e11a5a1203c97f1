# Tangled from docs/7-growing-up/05-many-machines.md by scripts/tangle.py: edit the chapters, not this file. [sha256:7947c35aceb8169f]
"""Training on several processes, on one machine or many. Start it with torchrun, which says how many there are."""

from __future__ import annotations

import argparse
import gc
import os
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from ..__main__ import EVERY, TRAINING_SETTINGS, Parser, add_setting, carry_out, check_targets, read_config
from ..checkpoint import CheckpointError, hash_of, load, restore, save, training_state
from ..data import Tokenizer, load_docs
from ..params import Config, Params, flatten, init_params
from ..progress import Progress
from ..train import Adam
from .engines import DEVICES, EngineError
from .torch_engine import TorchEngine, mean_loss, pad

START = "python -m torch.distributed.run --nproc-per-node 2 -m microgpt.scale.distributed"
EDITION = "4192"

class SharedEngine(TorchEngine):
    """One of several processes that train one model: each takes its share of a step's documents."""

    def __init__(self, params: Params, config: Config, adam: Adam, dtype: str = "float64", device: str = "cpu"):
        super().__init__(params, config, adam, dtype, device)
        steps = torch.tensor([adam.t, -adam.t], device=device)
        dist.all_reduce(steps, dist.ReduceOp.MAX)
        if steps.tolist() != [adam.t, -adam.t]:
            raise EngineError("the processes read different checkpoints; keep it in a folder that all of them share")
        self.model = DistributedDataParallel(self.model)
        self.rehearse()

    def step(self, documents: list[list[int]]) -> float:
        rank, size = dist.get_rank(), dist.get_world_size()
        mine = documents[rank::size]
        inputs, targets = pad(mine, self.device)
        with self.precision:
            loss = mean_loss(self.model(inputs), targets) * (len(mine) * size / len(documents))
        self.learn(loss)
        dist.all_reduce(loss.detach_())
        return loss.item() / size

    def rehearse(self) -> None:
        """Go through the model once for nothing, so that gradients are packed for the first step as for all others."""
        self.model(torch.zeros((1, 1), dtype=torch.long, device=self.device)).sum().backward()
        self.optimizer.zero_grad()


def world_size(parser: Parser) -> int:
    """Return how many processes torchrun has started."""
    if "WORLD_SIZE" not in os.environ:
        parser.error(f"start it with torchrun: {START}")
    return int(os.environ["WORLD_SIZE"])


@contextmanager
def process_group(device: str) -> Iterator[int]:
    """Within it this process can talk to the others; yields its number, from 0."""
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    try:
        dist.init_process_group("nccl" if device == "cuda" else "gloo")
        yield dist.get_rank()
    except RuntimeError as error:
        if isinstance(error, dist.DistError) or "gloo" in str(error).lower():
            raise EngineError("another process can't be reached; with --max-restarts, torchrun begins again") from None
        raise
    gc.collect()  # the model knows the group too; if it were the last to let go of it, the two could wait for each other
    dist.destroy_process_group()


def build_parser() -> Parser:
    """Return the parser of this program's command line: the settings of training, as `python -m microgpt` has them."""
    parser = Parser(prog=START, description="Train a GPT on several processes.", allow_abbrev=False)
    parser.add_argument("--data", metavar="SOURCE", help="a text file, a URL, or 'makemore' (default: built-in names)")
    parser.add_argument("--batch", type=int, default=8, metavar="N", help="documents a step, of all processes (default: 8)")
    parser.add_argument("--dtype", choices=TorchEngine.DTYPES, default="float64", help="default: float64")
    parser.add_argument("--device", choices=DEVICES, default="cpu", help="default: cpu")
    parser.add_argument("--checkpoint", metavar="FILE", help="where the training is kept; if it is there already, it goes on")
    parser.add_argument("--every", type=int, metavar="N", help=f"steps between two writings (default: {EVERY})")
    for name, (metavar, text) in TRAINING_SETTINGS.items():
        add_setting(parser, name, metavar, text)
    add_setting(parser, "seed", "N", "start of the random numbers")
    parser.set_defaults(save=None)
    return parser


class Story(NamedTuple):
    """What a run has besides its model: the alphabet, a hash of the documents, random numbers, the losses so far."""

    tokenizer: Tokenizer
    data: str
    rng: random.Random
    losses: list[float]


def begin(options: argparse.Namespace, config: Config, docs: list[str]) -> tuple[SharedEngine, Story]:
    """Return the engine of a run, new or as its checkpoint has kept it, and what belongs to the run."""
    tokenizer, data, rng = Tokenizer(docs), hash_of(docs), random.Random(config.seed)
    rng.shuffle(docs)
    kept = load(options.checkpoint) if options.checkpoint and Path(options.checkpoint).exists() else None
    params = kept.params if kept else init_params(config, tokenizer.vocab_size, rng)
    adam = Adam(flatten(params), config.beta1, config.beta2, config.eps)
    if kept:
        if kept.training is None:
            raise CheckpointError(f"{options.checkpoint}: a model without its training (name another file)")
        if (kept.config, kept.training.data, kept.training.batch, kept.training.dtype) != (config, data, options.batch, options.dtype):
            raise CheckpointError(f"{options.checkpoint}: of a run with other settings or data (name another file)")
        restore(adam, rng, kept.training)
    story = Story(tokenizer, data, rng, kept.losses if kept else [])
    return SharedEngine(params, config, adam, options.dtype, options.device), story


def keep(options: argparse.Namespace, engine: SharedEngine, story: Story) -> None:
    """Write the checkpoint, in the format of `python -m microgpt`, which can read it and go on with it."""
    engine.store()
    state = training_state(engine.adam, story.rng, story.data, EDITION, options.batch, "torch", options.dtype)
    save(options.checkpoint, engine.config, story.tokenizer, engine.params, story.losses, state)


def train_together(options: argparse.Namespace, config: Config, docs: list[str], rank: int) -> None:
    """Train to the end. Process 0 reports, and writes the checkpoint."""
    engine, story = begin(options, config, docs)
    progress = Progress(config.steps, engine.t)
    for step, loss in engine.train(docs, story.tokenizer, options.batch):
        story.losses.append(loss)
        if rank == 0:
            progress.show(step, story.losses)
            if options.checkpoint and (step % (options.every or EVERY) == 0 or step == config.steps):
                keep(options, engine, story)


def run(parser: Parser, options: argparse.Namespace) -> int:
    """Train as one of the processes, and return the exit status."""
    config, docs, size = read_config(parser, options, Config()), load_docs(options.data), world_size(parser)
    check_targets(parser, options)
    if options.batch < size:
        parser.error(f"--batch {options.batch}: {size} processes need at least as many documents a step")
    with process_group(options.device) as rank:
        train_together(options, config, docs, rank)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line in one of the processes and return its exit status."""
    return carry_out(build_parser(), run, argv)


if __name__ == "__main__":
    sys.exit(main())
