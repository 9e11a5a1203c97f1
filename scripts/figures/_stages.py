"""The stages of `gpt`, what is said of each, and a list of them with the vectors of one position: for the pipeline of the
book, and for that of a model of the reader's in the lab (scripts/lab/room.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ._still import Html, element, strip

if TYPE_CHECKING:  # in the lab nothing is imported of the package before it is made
    from microgpt import Config

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")
PARTS = {2: "half", 4: "quarter"}


class Stage(NamedTuple):
    part: str  # of gpt: embed, attend, think, predict
    code: str
    vectors: str  # their names in the recording
    chapter: str
    text: str


def word(number: int) -> str:
    return NUMBERS[number] if number < len(NUMBERS) else str(number)


def stages(config: Config, layer: int = 0) -> list[Stage]:
    """What happens to a token in `gpt`, as far as this layer and what is before and after all of them."""
    heads, part = config.n_head, config.n_embd // config.n_head
    compare = (
        f"Each of the {word(heads)} heads compares its {PARTS.get(heads, 'part')} of q with" if heads > 1 else "The head compares q with"
    )
    hidden = "hidden = [h.relu() ** 2 …]" if config.activation == "relu2" else "hidden = [h.relu() …]"
    first = "In the first layer x is of that size already, so next to nothing changes."
    embed = [
        Stage("embed", 'params["wte"][token_id]', "wte", "02-embeddings", "The token picks its row of wte."),
        Stage("embed", 'params["wpe"][pos_id]', "wpe", "02-embeddings", "The position picks its row of wpe."),
        Stage("embed", "add(…)", "sum", "02-embeddings",
              "Both are added, number by number: which token, and where."),
        Stage("embed", "x = rmsnorm(…)", "embedded", "06-rmsnorm",
              "Brought to a standard size: the mean of the squares is 1."),
    ]  # fmt: skip
    block = [
        Stage("attend", "normed = rmsnorm(x)", "normed", "06-rmsnorm",
              f"A normalized copy. {first}" if layer == 0 else "A normalized copy of x, to which earlier layers have added."),
        Stage("attend", "q, k, v = linear(normed, …)", "q k v", "03-linear-layers",
              "Three matrices make a query, a key and a value of it. "
              "Key and value join those of the earlier positions in the cache."),
        Stage("attend", "weights = softmax(scores)", "weights", "07-attention",
              f"{compare} the keys in the cache, and shares out its attention."),
        Stage("attend", "attended = multi_head_attention(…)", "attended", "11-multi-head-attention",
              "The values of those positions, mixed by these weights"
              + (f": {word(part)} number{'s' * (part > 1)} from each head." if heads > 1 else ".")),
        Stage("attend", f'linear(attended, params["layer{layer}.attn_wo"])', "wo", "11-multi-head-attention",
              "A matrix mixes what the heads found." if heads > 1 else "A matrix turns what the head found."),
        Stage("attend", "x = add(linear(…), x)", "found", "08-residual-connections",
              "The find is added to x, which came here by the shortcut."),
        Stage("think", "rmsnorm(x)", "again", "06-rmsnorm", "A normalized copy again, for the MLP."),
        Stage("think", "linear(x, fc1)", "fc1", "09-the-mlp",
              f"Widened to {4 * config.n_embd} numbers: {4 * config.n_embd} questions asked at once."),
        Stage("think", hidden, "hidden", "09-the-mlp",
              "What is below 0 becomes 0." if config.activation == "relu" else "What is below 0 becomes 0, and the rest is squared."),
        Stage("think", "linear(hidden, fc2)", "fc2", "09-the-mlp", f"Narrowed to {config.n_embd} numbers again."),
        Stage("think", "x = add(mlp(…), x)", "thought", "08-residual-connections", "Added to x by the second shortcut."),
    ]  # fmt: skip
    predict = [
        Stage("predict", 'linear(x, params["lm_head"])', "logits", "12-the-whole-gpt",
              "The logits: how well each token would follow."),
        Stage("predict", "softmax(logits)", "probs", "04-softmax",
              "Their shares. Not a part of gpt: training and writing take this step themselves."),
    ]  # fmt: skip
    return [*embed, *(block if config.n_layer else []), *predict]


def stage_list(
    recorded: dict[str, Any], position: int, vocabulary: Sequence[str], config: Config, layer: int,
    link: Callable[[str], tuple[str, str]],
) -> Html:
    """All stages, with the vectors of one position after training. `link` gives a chapter's title and address."""
    tokens = [vocabulary[token] for token in recorded["tokens"]]
    names = {"weights": tokens[: position + 1], "logits": vocabulary, "probs": vocabulary}

    def place(values: list[float], key: str, label: str, largest: float | None = None) -> Html:
        """A vector; pipeline.js puts others in its place."""
        name = element("span", label, class_="strip-name") if label else ""
        kind = "stage-strip wide" if len(values) >= 64 else "stage-strip"
        shown = strip(values, label or key, largest, 3, names.get(key))
        return element("div", name, shown, class_=kind, data_key=key, data_label=label or None)

    def vectors(stage: Stage) -> list[Html]:
        keys = stage.vectors.split()
        if keys == ["weights"]:
            heads = enumerate(recorded["weights"]["after"][position], 1)
            return [place(weights, "weights", f"head {head}", 1) for head, weights in heads]
        return [place(recorded[key]["after"][position], key, key if keys[1:] else "") for key in keys]

    rows: list[Html] = []
    all_stages = stages(config, layer)
    for before, stage in zip([None, *all_stages], all_stages):
        title, address = link(stage.chapter)
        rows.append(element(
            "li",
            element("code", stage.code),
            element("div", *vectors(stage), class_="stage-strips"),
            element("p", stage.text, " → ", element("a", title, href=address), class_="stage-text"),
            data_first=stage.part if before is None or before.part != stage.part else None,
        ))
    return element("ol", *rows, class_="pipeline")
