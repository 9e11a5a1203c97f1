"""What the model does with a name: every vector of `gpt` at every position, before and after training.

Nothing is computed a second time here. The functions that `gpt` calls are observed while it reads the name, and what
they are given and what they return is written down. Two figures show it: attention and pipeline.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from typing import Any, NamedTuple
from unittest.mock import patch

from microgpt import Config, Params, Tokenizer, Value, empty_cache, init_params, softmax, train

from ..runs.default import GPT, copied, default_run
from ._still import load

NAMES = ("emma", "ava", "noah", "felix", "olivia", "matthew", "isabella", "kwyjibo")  # the last is no name at all
DOUBLED = ("bggbgg", "hachac", "eaaeaa", "abcabc", "fffbbb")  # the last breaks the rule
STEPS = {"before": 0, "after": 1000}  # or after the last
OBSERVED = ("add", "dot", "linear", "rmsnorm", "softmax")
DIGITS = {"q": 5, "k": 5, "weights": 6, "probs": 6}  # of others 3: as many as are shown; these are shown with fewer
Json = dict[str, Any]


class Call(NamedTuple):
    """A call of a function of microgpt/gpt.py that has returned."""

    function: str
    args: tuple[Any, ...]
    result: Any


@contextmanager
def observed() -> Iterator[list[Call]]:
    """Within it, the calls of the model's functions are added to a list, in the order in which they return."""
    calls: list[Call] = []

    def observe(name: str) -> Callable[..., Any]:
        function = getattr(GPT, name)

        def observing(*args: Any) -> Any:
            result = function(*args)
            calls.append(Call(name, args, result))
            return result

        return observing

    with ExitStack() as stack:
        for name in OBSERVED:
            stack.enter_context(patch.object(GPT, name, observe(name)))
        yield calls


def stages(calls: list[Call], params: Params, n_head: int) -> Json:
    """Return the vectors of one call of `gpt` by name, of Values; the model has one layer."""
    matrices = {id(matrix): name.removeprefix("layer0.") for name, matrix in params.items()}
    linear = {matrices[id(call.args[1])]: call for call in calls if call.function == "linear"}
    adds, norms, softmaxes, dots = (
        [call for call in calls if call.function == name] for name in ("add", "rmsnorm", "softmax", "dot")
    )
    q = linear["attn_wq"].result
    size = len(q) // n_head
    queries = [q[start : start + size] for start in range(0, len(q), size)]
    return {
        "wte": adds[0].args[0],
        "wpe": adds[0].args[1],
        "sum": adds[0].result,
        "embedded": norms[0].result,
        "normed": norms[1].result,
        "q": q,
        "k": linear["attn_wk"].result,
        "v": linear["attn_wv"].result,
        "products": [[call.result for call in dots if call.args[0] == query] for query in queries],
        "scores": [call.args[0] for call in softmaxes],
        "weights": [call.result for call in softmaxes],
        "attended": linear["attn_wo"].args[0],
        "wo": linear["attn_wo"].result,
        "found": adds[1].result,
        "again": norms[2].result,
        "fc1": linear["mlp_fc1"].result,
        "hidden": linear["mlp_fc2"].args[0],
        "fc2": linear["mlp_fc2"].result,
        "thought": adds[2].result,
        "logits": linear["lm_head"].result,
    }


def read(name: str, params: Params, run: Reader) -> Iterator[Json]:
    """Let `gpt` read BOS and a name; for each token yield the stages, and the probabilities of the next one."""
    keys, values = empty_cache(run.config)
    for pos_id, token_id in enumerate([run.tokenizer.bos, *run.tokenizer.encode(name)]):
        with observed() as calls:
            logits = GPT.gpt(token_id, pos_id, keys, values, params, run.config)
        yield stages(calls, params, run.config.n_head) | {"probs": softmax(logits)}


def rounded(value: Any, digits: int) -> Any:
    if isinstance(value, list):
        return [rounded(part, digits) for part in value]
    return round(value.data if isinstance(value, Value) else value, digits) + 0.0  # no -0.0


@cache
def doubled_run() -> Reader:
    """A model with one head that has read 400 doubled words, as in the chapter *One head*."""
    words = [a + b + c for a in "abcdefgh" for b in "abcdefgh" for c in "abcdefgh"]
    random.Random(1).shuffle(words)
    tokenizer, config, rng = Tokenizer(words), Config(block_size=8, n_head=1, steps=400), random.Random(42)
    params = init_params(config, tokenizer.vocab_size, rng)
    params_at = {0: copied(params)}
    for _ in train([word * 2 for word in words], tokenizer, params, config):
        pass
    return Reader(config, tokenizer, params_at | {config.steps: params})


class Reader(NamedTuple):
    """What reads: a model before its first step and after its last."""

    config: Config
    tokenizer: Tokenizer
    params_at: dict[int, Params]


def default_reader() -> Reader:
    run = default_run()
    return Reader(run.config, run.tokenizer, run.params_at)


def record(name: str, find: Callable[[], Reader] = default_reader) -> Json:
    """One name: its tokens, and for `before` and `after` the vectors, stage by stage and position by position."""
    run = find()
    content: Json = {"tokens": [run.tokenizer.bos, *run.tokenizer.encode(name)]}
    for time, step in STEPS.items():
        positions = list(read(name, run.params_at[min(step, run.config.steps)], run))
        for stage in positions[0]:
            digits = DIGITS.get(stage, 3)
            content.setdefault(stage, {})[time] = [rounded(vectors[stage], digits) for vectors in positions]
    return content


RECORDINGS = {f"passes-{name}.json": partial(record, name) for name in NAMES}
RECORDINGS |= {f"passes-{word}.json": partial(record, word, doubled_run) for word in DOUBLED}


def vocabulary(doubled: bool = False) -> list[str]:
    """What the reader sees for every token id."""
    return [*("abcdefgh" if doubled else load("figures/tokenizer.json")["chars"]), "BOS"]


def letters(tokens: list[int], doubled: bool = False) -> list[str]:
    """What the reader sees for token ids."""
    known = vocabulary(doubled)
    return [known[token] for token in tokens]


def choices(doubled: bool = False) -> dict[str, str]:
    """The attributes of a still that tell its script of the names and the tokens."""
    return {"data_names": " ".join(DOUBLED if doubled else NAMES), "data_vocabulary": " ".join(vocabulary(doubled))}
