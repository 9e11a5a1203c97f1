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
LAYER = ("attn_wq", "attn_wk", "attn_wv", "attn_wo", "mlp_fc1", "mlp_fc2")
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


def stages(calls: list[Call], params: Params, config: Config, layer: int = 0) -> Json:
    """Return the vectors of one call of `gpt` by name, of Values: those of one layer, and those before and after all layers.

    Raises LookupError if `gpt` took other steps than the book's: then nobody knows which is which.
    """
    matrices = {id(matrix): name for name, matrix in params.items()}
    linear = {matrices[id(call.args[1])]: call for call in calls if call.function == "linear"}
    adds, norms, softmaxes, dots = (
        [call for call in calls if call.function == name] for name in ("add", "rmsnorm", "softmax", "dot")
    )
    n_layer, n_head = config.n_layer, config.n_head
    if (len(adds), len(norms), len(softmaxes)) != (1 + 2 * n_layer, 1 + 2 * n_layer, n_layer * n_head):
        raise LookupError("the stages of gpt are not those of the book")
    embedded = {"wte": adds[0].args[0], "wpe": adds[0].args[1], "sum": adds[0].result, "embedded": norms[0].result}
    predicted = {"logits": linear["lm_head"].result}
    if not n_layer:
        return embedded | predicted
    q, k, v, wo, fc1, fc2 = (linear[f"layer{layer}.{name}"] for name in LAYER)
    size = len(q.result) // n_head
    queries = [q.result[start : start + size] for start in range(0, len(q.result), size)]
    shares = softmaxes[layer * n_head : (layer + 1) * n_head]
    return embedded | {
        "normed": norms[1 + 2 * layer].result,
        "q": q.result,
        "k": k.result,
        "v": v.result,
        "products": [[call.result for call in dots if call.args[0] == query] for query in queries],
        "scores": [call.args[0] for call in shares],
        "weights": [call.result for call in shares],
        "attended": wo.args[0],
        "wo": wo.result,
        "found": adds[1 + 2 * layer].result,
        "again": norms[2 + 2 * layer].result,
        "fc1": fc1.result,
        "hidden": fc2.args[0],
        "fc2": fc2.result,
        "thought": adds[2 + 2 * layer].result,
    } | predicted


def read(name: str, params: Params, run: Reader, layer: int = 0) -> Iterator[Json]:
    """Let `gpt` read BOS and a name; for each token yield the stages, and the probabilities of the next one."""
    keys, values = empty_cache(run.config)
    for pos_id, token_id in enumerate([run.tokenizer.bos, *run.tokenizer.encode(name)]):
        with observed() as calls:
            logits = GPT.gpt(token_id, pos_id, keys, values, params, run.config)
        yield stages(calls, params, run.config, layer) | {"probs": softmax(logits)}


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


def passed(text: str, reader: Reader, layer: int = 0) -> Json:
    """The tokens of a text, and for `before` and `after` the vectors, stage by stage and position by position.

    Of a model whose parameters before training nobody kept, those for `after`.
    """
    content: Json = {"tokens": tokens_of(text, reader)}
    for time, step in STEPS.items():
        params = reader.params_at.get(min(step, reader.config.steps))
        if params is None:
            continue
        positions = list(read(text, params, reader, layer))
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
