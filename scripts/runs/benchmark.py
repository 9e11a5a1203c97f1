"""Measure what `dot` as one node saves: graph nodes, CPU time a step, peak memory, as ratios in one run.

Three engines train the same model on the same documents, each in a process of its own, in turn, several times; of
each the fastest round counts:

  fused    the package as it is
  unfused  the package, with `dot` replaced by a sum of products: a node for each multiplication and addition
  plain    tests/plain_gpt.py, the algorithm in its plainest form: unfused, walked by recursion

With --engines, compare the engines of microgpt/scale/ instead: engines.py says what is measured.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from itertools import islice

from .. import ROOT
from ..tangle import guarded
from . import engines

ENGINES = ("fused", "unfused", "plain")


def prepare(engine: str, data: str | None):
    """Return the training of an engine, a generator of steps, and the class of its nodes."""
    import microgpt
    from microgpt import Config, Tokenizer, init_params, load_docs, train

    docs = load_docs(data)
    if engine == "plain":
        from tests.plain_gpt import PlainGPT, Scalar

        return PlainGPT(docs).train(), Scalar
    if engine == "unfused":
        module = sys.modules["microgpt.gpt"]  # as `microgpt.gpt` it is the function of that name
        module.dot = lambda a, b: sum(x * y for x, y in zip(a, b))
    rng = random.Random(42)
    rng.shuffle(docs)
    tokenizer = Tokenizer(docs)
    return train(docs, tokenizer, init_params(Config(), tokenizer.vocab_size, rng), Config()), microgpt.Value


def measure(engine: str, data: str | None, steps: int) -> dict[str, float]:
    """Run one engine in this process and return its figures. The nodes are counted in a second run."""
    training, _ = prepare(engine, data)
    started = time.process_time()
    for _ in islice(training, steps):
        pass
    seconds = time.process_time() - started
    memory = engines.peak_memory()

    training, node = prepare(engine, data)
    made = 0
    init = node.__init__

    def count(self, *arguments):
        nonlocal made
        made += 1
        init(self, *arguments)

    node.__init__ = count
    for _ in islice(training, steps):
        pass
    return {"nodes": made / steps, "milliseconds": 1000 * seconds / steps, "megabytes": memory}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="book.py benchmark", description=__doc__.split("\n")[0])
    parser.add_argument("--data", help="a path, URL or 'makemore' (default: the built-in names)")
    parser.add_argument("--steps", type=int, default=30, help="steps a round (default: 30)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each engine (default: 3)")
    parser.add_argument("--engines", nargs="*", metavar="NAME", help="compare these engines with the package; without names, all")
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.steps < 1 or options.rounds < 1:
        parser.error("--steps and --rounds are at least 1")
    if options.engines is not None:
        return guarded(lambda root: engines.compare(options.engines, options.rounds), ROOT)
    if options.engine:
        print(json.dumps(measure(options.engine, options.data, options.steps)))
        return 0

    command = [sys.executable, "-m", "scripts.runs.benchmark", "--steps", str(options.steps)]
    command += ["--data", options.data] if options.data else []
    best: dict[str, dict[str, float]] = {}
    for _ in range(options.rounds):
        for engine in ENGINES:
            result = subprocess.run([*command, "--engine", engine], stdout=subprocess.PIPE, text=True)
            if result.returncode:
                return result.returncode
            figures = json.loads(result.stdout)
            best[engine] = min(best.get(engine, figures), figures, key=lambda f: f["milliseconds"])

    print(f"Python {sys.version.split()[0]}, {options.steps} steps, the best of {options.rounds} rounds")
    print(f"{'engine':10}{'nodes/step':>12}{'CPU ms/step':>13}{'peak MB':>9}   {'× nodes':>8}{'× CPU':>8}{'× memory':>9}")
    base = best["fused"]
    for engine, figures in best.items():
        ratios = [figures[key] / base[key] if base[key] else 0 for key in ("nodes", "milliseconds", "megabytes")]
        print(
            f"{engine:10}{figures['nodes']:12,.0f}{figures['milliseconds']:13.1f}{figures['megabytes']:9.1f}"
            f"   {ratios[0]:8.1f}{ratios[1]:8.1f}{ratios[2]:9.1f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
