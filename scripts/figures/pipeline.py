"""The pipeline: one token on its way through `gpt`, with the vector at every stage."""

from __future__ import annotations

from typing import NamedTuple

from ._passes import NAMES, RECORDINGS, letters
from ._still import Html, element, load, strip

__all__ = ["RECORDINGS", "still"]  # attention shows the same files

NAME, POSITION, TIME = NAMES[0], 2, "after"  # as in pipeline.js


class Stage(NamedTuple):
    part: str  # of gpt: embed, attend, think, predict
    code: str
    text: str
    chapter: str
    title: str
    vectors: dict[str, str]  # label -> stage in the recording


STAGES = [
    Stage("embed", 'params["wte"][token_id]', "The token picks its row of wte.", "02-embeddings", "Embeddings", {"": "wte"}),
    Stage("embed", 'params["wpe"][pos_id]', "The position picks its row of wpe.", "02-embeddings", "Embeddings", {"": "wpe"}),
    Stage("embed", "add(…)", "Both are added, number by number: which token, and where.",
          "02-embeddings", "Embeddings", {"": "sum"}),
    Stage("embed", "x = rmsnorm(…)", "Brought to a standard size: the mean of the squares is 1.",
          "05-rmsnorm", "RMSNorm", {"": "embedded"}),
    Stage("attend", "normed = rmsnorm(x)", "A normalized copy. In the first layer x is of that size already, so next to nothing changes.",
          "05-rmsnorm", "RMSNorm", {"": "normed"}),
    Stage("attend", "q, k, v = linear(normed, …)",
          "Three matrices make a query, a key and a value of it. Key and value join those of the earlier positions in the cache.",
          "03-linear-layers", "Linear layers", {"q": "q", "k": "k", "v": "v"}),
    Stage("attend", "weights = softmax(scores)",
          "Each of the four heads compares its quarter of q with the keys in the cache, and shares out its attention.",
          "06-attention", "Attention", {"head 1": "weights", "head 2": "weights", "head 3": "weights", "head 4": "weights"}),
    Stage("attend", "attended = multi_head_attention(…)",
          "The values of those positions, mixed by these weights: four numbers from each head.",
          "07-multi-head-attention", "Multi-head attention", {"": "attended"}),
    Stage("attend", 'linear(attended, params["layer0.attn_wo"])', "A matrix mixes what the heads found.",
          "07-multi-head-attention", "Multi-head attention", {"": "wo"}),
    Stage("attend", "x = add(linear(…), x)", "The find is added to x, which came here by the shortcut.",
          "08-residual-connections", "Residual connections", {"": "found"}),
    Stage("think", "rmsnorm(x)", "A normalized copy again, for the MLP.", "05-rmsnorm", "RMSNorm", {"": "again"}),
    Stage("think", 'linear(x, fc1)', "Widened to 64 numbers: 64 questions asked at once.",
          "09-the-mlp", "The MLP", {"": "fc1"}),
    Stage("think", "hidden = [h.relu() …]", "What is below 0 becomes 0.", "09-the-mlp", "The MLP", {"": "hidden"}),
    Stage("think", 'linear(hidden, fc2)', "Narrowed to 16 numbers again.", "09-the-mlp", "The MLP", {"": "fc2"}),
    Stage("think", "x = add(mlp(…), x)", "Added to x by the second shortcut.",
          "08-residual-connections", "Residual connections", {"": "thought"}),
    Stage("predict", 'linear(x, params["lm_head"])', "The logits: how well each token would follow.",
          "10-the-whole-gpt", "The whole gpt function", {"": "logits"}),
    Stage("predict", "softmax(logits)", "Their shares. Not a part of gpt: training and writing take this step themselves.",
          "04-softmax", "Softmax", {"": "probs"}),
]


def still() -> str:
    """All stages, with the vectors of one token of the first name after training; pipeline.js fills in others."""
    recorded = load(f"figures/passes-{NAME}.json")
    tokens = letters(recorded["tokens"])
    vocabulary = letters(list(range(27)))
    names = {"weights": tokens[: POSITION + 1], "logits": vocabulary, "probs": vocabulary}
    rows: list[Html] = []
    for before, stage in zip([None, *STAGES], STAGES):
        strips = []
        for i, (label, key) in enumerate(stage.vectors.items()):
            values = recorded[key][TIME][POSITION]
            shown = strip(values[i] if key == "weights" else values, label or stage.code, 1 if key == "weights" else None, 3, names.get(key))
            strips.append(element("div", element("span", label, class_="strip-name") if label else "", shown,
                                  class_="stage-strip wide" if len(values) == 64 else "stage-strip", data_key=key, data_label=label or None))
        link = element("a", stage.title, href=f"../{stage.chapter}/")
        rows.append(element(
            "li",
            element("code", stage.code),
            element("div", *strips, class_="stage-strips"),
            element("p", stage.text, " → ", link, class_="stage-text"),
            data_first=stage.part if before is None or before.part != stage.part else None,
        ))
    note = f"The trained model reads position {POSITION} of {NAME}, {tokens[POSITION]}, after {', '.join(tokens[:POSITION])}."
    stages = element("ol", *rows, class_="pipeline")
    return element("div", element("p", note), stages)
