"""The code stepper: functions of the program, line by line, with what each line made."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import partial
from textwrap import dedent
from typing import Any, NamedTuple

from microgpt import Adam, Tokenizer, Value, document_loss, empty_cache, generate, gpt, softmax, train
from microgpt.params import flatten

from ..runs.default import copied, default_run
from ._still import Html, element, load, number, strip
from ._trace import Watched, trace

IN_ID = ("data-trace",)
NAME = "emma"  # what the model reads
INDENT = re.compile(r'^(<span class="w">\s+</span>|\s+)')  # as Pygments has it


class Code(NamedTuple):
    """What is watched, and what is called."""

    functions: list[Watched]
    run: Callable[[], object]


# ----------------------------------------------------------------------------------- the traces


def softmax_code() -> Code:
    logits = [Value(2.1), Value(0.3), Value(-0.5)]
    watch = {"logits": "logits", "largest": "largest", "exps": "exps", "total": "total"}
    return Code([Watched(softmax, watch)], lambda: softmax(logits))


def value_code() -> Code:
    """L = a·b + a with a = 2 and b = 3, and then backward()."""
    a, b = Value(2.0), Value(3.0)

    def name(value: Value) -> str:
        return "a" if value is a else "b" if value is b else "a·b" if value._children == (a, b) else "L"

    def product(order: list[Value]) -> float | None:
        return next((node.grad for node in order if name(node) == "a·b"), None)

    def run() -> None:
        (a * b + a).backward()

    helpers = {"a": a, "b": b, "name": name, "product": product}
    inputs = {"self.data": "self.data", "other.data": "other.data"}
    return Code([
        Watched(Value.__mul__, inputs),
        Watched(Value.__add__, inputs),
        Watched(Value.backward, {
            "path": "[name(node) for node, _ in path]",
            "order": "[name(node) for node in order]",
            "node": "name(node)",
            "grad": "grad",
            "child": "name(child)",
            "local_grad": "local_grad",
            "L.grad": "self.grad or None",
            "a·b.grad": "product(order) or None",
            "a.grad": "a.grad or None",
            "b.grad": "b.grad or None",
        }, helpers=helpers),
    ], run)


def gpt_code() -> Code:
    """The trained model reads BOS and the first two letters; the third is followed."""
    run = default_run()
    keys, values = empty_cache(run.config)
    tokens = [run.tokenizer.bos, *run.tokenizer.encode(NAME)]
    for position in (0, 1):
        gpt(tokens[position], position, keys, values, run.params, run.config)
    watch = {
        "token_id": "token_id", "pos_id": "pos_id", "x": "x", "i": "i", "normed": "normed", "q": "q", "k": "k", "v": "v",
        "positions in the cache": "len(keys[0])", "attended": "attended",
    }
    call = partial(gpt, tokens[2], 2, keys, values, run.params, run.config)
    return Code([Watched(gpt, watch)], call)


def training_code() -> Code:
    """The first step of the default run. Adam is followed for one parameter: the first of the first letter's row."""
    run = default_run()
    params = copied(run.params_at[0])
    name = run.docs[0]
    followed = run.tokenizer.encode(name)[0] * run.config.n_embd
    helpers = {"letter": letter, "tokenizer": run.tokenizer, "p": flatten(params)[followed]}
    steps = train(run.docs, run.tokenizer, params, run.config)
    return Code([
        Watched(train, {
            "step": "step", "tokens": "tokens", "the name": "tokenizer.decode(tokens[1:-1])", "loss.data": "loss.data",
            "p.grad": "p.grad or None", "p.data": "p.data",
        }, helpers=helpers),
        Watched(document_loss, {
            "tokens": "tokens", "n": "n", "pos_id": "pos_id", "reads": "letter(tokens[pos_id], tokenizer)",
            "should predict": "letter(tokens[pos_id + 1], tokenizer)", "probs": "probs", "losses": "losses",
        }, helpers=helpers),
        Watched(
            Adam.step,
            {
                "rate": "rate", "self.t": "self.t", "correct1": "correct1", "correct2": "correct2", "i": "i",
                "self.m[i]": "self.m[i]", "self.v[i]": "self.v[i]", "p.grad": "p.grad", "p.data": "p.data",
            },
            when=f"locals().get('i', {followed}) == {followed}",
        ),
    ], lambda: next(steps))


def sampling_code() -> Code:
    """The trained model writes a name: the first that run.json holds for step 1000."""
    run = default_run()
    rng = random.Random(run.config.seed)
    watch = {
        "tokens": "tokens", "the name so far": "tokenizer.decode(tokens[1:]) or '(nothing)'", "pos_id": "pos_id",
        "reads": "letter(tokens[pos_id], tokenizer)", "probs": "probs", "the largest": "largest(probs, tokenizer)",
        "token_id": "token_id", "drawn": "letter(token_id, tokenizer)",
    }
    helpers = {"letter": letter, "largest": largest}
    written = generate(run.params, run.config, run.tokenizer, rng)
    return Code([Watched(generate, watch, helpers=helpers, result=False)], lambda: list(written))


def letter(token_id: int, tokenizer: Tokenizer) -> str:
    return "BOS" if token_id == tokenizer.bos else tokenizer.decode([token_id])


def largest(probs: list[float], tokenizer: Tokenizer) -> str:
    best = sorted(range(len(probs)), key=lambda i: -probs[i])
    return ", ".join(f"{letter(i, tokenizer)} {probs[i]:.2f}" for i in best[:4])


TRACES: dict[str, Callable[[], Code]] = {
    "softmax": softmax_code,
    "value": value_code,
    "gpt": gpt_code,
    "training": training_code,
    "sampling": sampling_code,
}
FUNCTIONS = {  # the same without a run, for the stills
    "softmax": [softmax],
    "value": [Value.__mul__, Value.__add__, Value.backward],
    "gpt": [gpt],
    "training": [train, document_loss, Adam.step],
    "sampling": [generate],
}


def record(name: str) -> dict[str, Any]:
    """Return the trace, and what the cells of a vector over the vocabulary stand for."""
    code = TRACES[name]()
    return {"vocabulary": [*default_run().tokenizer.chars, "BOS"], **trace(code.run, code.functions)}


RECORDINGS = {f"trace-{name}.json": partial(record, name) for name in TRACES}


# ------------------------------------------------------------------------------------ the still


def still(trace: str) -> str:
    """The functions, and beside each line what it made when it ran for the last time."""
    from pygments import highlight  # here, because recording does without it
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    recorded = load(f"figures/trace-{trace}.json")
    made: list[dict[int, dict[str, Any]]] = [{} for _ in recorded["functions"]]
    for number_, _, change, *call in recorded["steps"]:
        if call:
            made[number_] = {}
        if change:
            made[change[0]].setdefault(change[1], {}).update(change[2])
    parts = []
    for function, info, values in zip(FUNCTIONS[trace], recorded["functions"], made):
        watched = Watched(function, {})
        source = dedent("\n".join(watched.source)).split("\n")
        colored = highlight("\n".join(source), PythonLexer(stripall=False), HtmlFormatter(nowrap=True)).split("\n")
        lines = []
        for i, (plain, line) in enumerate(zip(source, colored)):
            if i in watched.docstring:
                continue
            indent = len(plain) - len(plain.lstrip())  # left to the style sheet, which has less of it on a phone
            results = [shown(name, value, recorded["vocabulary"]) for name, value in values.get(i, {}).items()]
            lines.append(element(
                "li",
                element("span", str(watched.first + i), class_="line-number"),
                element("code", Html(INDENT.sub("", line) or " "), class_="highlight", style=f"--indent:{indent}"),
                element("span", *results, class_="made"),
                data_line=i,
            ))
        title = element("p", f"{info['file']} · {info['name']}", class_="trace-title")
        parts.append(element("div", title, element("ol", *lines), class_="trace-function"))
    return element("div", *parts, class_="trace", tabindex="0", role="group", aria_label=f"the code of {trace}")


def shown(name: str, value: Any, vocabulary: list[str]) -> Html:
    """As `show` of stepper.js."""
    if isinstance(value, list) and len(value) > 3 and all(isinstance(x, float) for x in value):
        names = vocabulary if len(value) == len(vocabulary) else None
        return element("span", f"{name} = ", strip(value, name, names=names), class_="made-value")
    return element("span", f"{name} = ", element("code", text(value)), class_="made-value")


def text(value: Any) -> str:
    if isinstance(value, float):
        small = 0 < abs(value) < 0.001
        return f"{value:.2e}".replace("e-0", "e-").replace("-", "−") if small else number(value, 4).rstrip("0").rstrip(".")
    if isinstance(value, list):
        return f"[{', '.join(map(text, value))}]"
    return str(value)
