"""What the model does with a text: every vector of `gpt` at every position, and what figures show of it.

Nothing is computed a second time here. The functions that `gpt` calls are observed while it reads the text, and what
they are given and what they return is written down. Recordings are made with it (scripts/figures/), and in the reader's
browser the same for a text of the reader's (scripts/lab/room.py).
"""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from microgpt import Config, Params, Tokenizer, Value, document_loss, empty_cache, init_params, load, load_docs, softmax
from microgpt.infer import prompt_tokens

GPT = importlib.import_module("microgpt.gpt")  # the module; `microgpt.gpt` is its function
STEPS = {"before": 0, "after": 1000}  # or after the last
OBSERVED = ("add", "dot", "linear", "rmsnorm", "softmax")
DIGITS = {"q": 5, "k": 5, "weights": 6, "probs": 6}  # of others 3: as many as are shown; these are shown with fewer
Json = dict[str, Any]


class Reader(NamedTuple):
    """What reads: a model before its first step and after its last."""

    config: Config
    tokenizer: Tokenizer
    params_at: dict[int, Params]


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


def recorded_reader(model: Path) -> Reader:
    """The model of the default run, whose last parameters are recorded in a file, as `--save` writes it."""
    config, tokenizer, params, *_ = load(str(model))
    rng = random.Random(config.seed)
    rng.shuffle(load_docs())
    return Reader(config, tokenizer, {0: init_params(config, tokenizer.vocab_size, rng), config.steps: params})


def tokens_of(text: str, reader: Reader) -> list[int]:
    """BOS and the tokens of a text. Raises ValueError for one that is empty, too long or has unknown characters."""
    if not text:
        raise ValueError("there is no letter; type at least one")
    return prompt_tokens(text, reader.tokenizer, reader.config)


def passed(text: str, reader: Reader) -> Json:
    """The tokens of a text, and for `before` and `after` the vectors, stage by stage and position by position."""
    content: Json = {"tokens": tokens_of(text, reader)}
    for time, step in STEPS.items():
        positions = list(read(text, reader.params_at[min(step, reader.config.steps)], reader))
        for stage in positions[0]:
            digits = DIGITS.get(stage, 3)
            content.setdefault(stage, {})[time] = [rounded(vectors[stage], digits) for vectors in positions]
    return content


def played(text: str, reader: Reader) -> Json:
    """For each model: the probabilities at each position, the losses of the targets, and their mean."""
    tokens = [*tokens_of(text, reader), reader.tokenizer.bos]

    def by(params: Params) -> Json:
        keys, values = empty_cache(reader.config)
        probs = [softmax(GPT.gpt(tokens[i], i, keys, values, params, reader.config)) for i in range(len(tokens) - 1)]
        return {
            "probs": [[round(p.data, 3) for p in row] for row in probs],
            "losses": [round(-row[target].log().data, 2) for row, target in zip(probs, tokens[1:])],
            "mean": round(document_loss(tokens, params, reader.config).data, 2),
        }

    return {str(step): by(reader.params_at[step]) for step in STEPS.values()}


def last_logits(text: str, reader: Reader) -> list[float]:
    """The trained model's logits after a text, which may be empty."""
    keys, values = empty_cache(reader.config)
    for position, token in enumerate(tokens_of(text, reader) if text else [reader.tokenizer.bos]):
        last = GPT.gpt(token, position, keys, values, reader.params_at[reader.config.steps], reader.config)
    return [round(logit.data, 4) for logit in last]
