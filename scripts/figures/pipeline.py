"""The pipeline: one token on its way through `gpt`, with the vector at every stage."""

from __future__ import annotations

from typing import NamedTuple

from .. import ROOT
from ..text.chapter import Chapter, chapters_of
from ._passes import NAMES, RECORDINGS, choices, letters, vocabulary
from ._still import Html, element, load, strip

__all__ = ["RECORDINGS", "still"]  # attention shows the same files

NAME, POSITION, TIME = NAMES[0], 2, "after"  # as in pipeline.js


class Stage(NamedTuple):
    part: str  # of gpt: embed, attend, think, predict
    code: str
    vectors: str  # their names in the recording
    chapter: str
    text: str


STAGES = [
    Stage("embed", 'params["wte"][token_id]', "wte", "02-embeddings", "The token picks its row of wte."),
    Stage("embed", 'params["wpe"][pos_id]', "wpe", "02-embeddings", "The position picks its row of wpe."),
    Stage("embed", "add(…)", "sum", "02-embeddings",
          "Both are added, number by number: which token, and where."),
    Stage("embed", "x = rmsnorm(…)", "embedded", "06-rmsnorm",
          "Brought to a standard size: the mean of the squares is 1."),
    Stage("attend", "normed = rmsnorm(x)", "normed", "06-rmsnorm",
          "A normalized copy. In the first layer x is of that size already, so next to nothing changes."),
    Stage("attend", "q, k, v = linear(normed, …)", "q k v", "03-linear-layers",
          "Three matrices make a query, a key and a value of it. "
          "Key and value join those of the earlier positions in the cache."),
    Stage("attend", "weights = softmax(scores)", "weights", "07-attention",
          "Each of the four heads compares its quarter of q with the keys in the cache, and shares out its attention."),
    Stage("attend", "attended = multi_head_attention(…)", "attended", "11-multi-head-attention",
          "The values of those positions, mixed by these weights: four numbers from each head."),
    Stage("attend", 'linear(attended, params["layer0.attn_wo"])', "wo", "11-multi-head-attention",
          "A matrix mixes what the heads found."),
    Stage("attend", "x = add(linear(…), x)", "found", "08-residual-connections",
          "The find is added to x, which came here by the shortcut."),
    Stage("think", "rmsnorm(x)", "again", "06-rmsnorm", "A normalized copy again, for the MLP."),
    Stage("think", "linear(x, fc1)", "fc1", "09-the-mlp", "Widened to 64 numbers: 64 questions asked at once."),
    Stage("think", "hidden = [h.relu() …]", "hidden", "09-the-mlp", "What is below 0 becomes 0."),
    Stage("think", "linear(hidden, fc2)", "fc2", "09-the-mlp", "Narrowed to 16 numbers again."),
    Stage("think", "x = add(mlp(…), x)", "thought", "08-residual-connections", "Added to x by the second shortcut."),
    Stage("predict", 'linear(x, params["lm_head"])', "logits", "12-the-whole-gpt",
          "The logits: how well each token would follow."),
    Stage("predict", "softmax(logits)", "probs", "04-softmax",
          "Their shares. Not a part of gpt: training and writing take this step themselves."),
]


def still() -> str:
    """All stages, with the vectors of one token of the first name after training; pipeline.js fills in others."""
    recorded = load(f"figures/passes-{NAME}.json")
    tokens = letters(recorded["tokens"])
    titles = {path.stem: Chapter(path).title for path in chapters_of(ROOT)}
    names = {"weights": tokens[: POSITION + 1], "logits": vocabulary(), "probs": vocabulary()}

    def place(values: list[float], key: str, label: str, largest: float | None = None) -> Html:
        """A vector; pipeline.js puts others in its place."""
        name = element("span", label, class_="strip-name") if label else ""
        kind = "stage-strip wide" if len(values) == 64 else "stage-strip"
        shown = strip(values, label or key, largest, 3, names.get(key))
        return element("div", name, shown, class_=kind, data_key=key, data_label=label or None)

    def vectors(stage: Stage) -> list[Html]:
        keys = stage.vectors.split()
        if keys == ["weights"]:
            heads = enumerate(recorded["weights"][TIME][POSITION], 1)
            return [place(weights, "weights", f"head {head}", 1) for head, weights in heads]
        return [place(recorded[key][TIME][POSITION], key, key if keys[1:] else "") for key in keys]

    rows: list[Html] = []
    for before, stage in zip([None, *STAGES], STAGES):
        rows.append(element(
            "li",
            element("code", stage.code),
            element("div", *vectors(stage), class_="stage-strips"),
            element("p", stage.text, " → ", element("a", titles[stage.chapter], href=f"../{stage.chapter}/"), class_="stage-text"),
            data_first=stage.part if before is None or before.part != stage.part else None,
        ))
    note = f"The trained model reads {NAME} and has come to position {POSITION}, {tokens[POSITION]}."
    return element("div", element("p", note), element("ol", *rows, class_="pipeline"), **choices())
