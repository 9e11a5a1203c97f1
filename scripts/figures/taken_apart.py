"""One prediction taken apart: what the embedding, attention and the MLP each add to the logits of the next letter."""

from __future__ import annotations

from typing import Any

from microgpt import add, linear, mlp, multi_head_attention, rmsnorm, softmax

from ..runs.default import default_run, tokens_of
from ._still import load, number, table

NAMES = ("emma", "olivia", "noah", "kwyjibo")
UNIT = 100  # logits are recorded in hundredths
PARTS = ("the letter and its place", "attention", "the MLP")
SHOWN = 4


def record() -> dict[str, Any]:
    """For each position of some names: for each part, what it adds to each of the 27 logits; the trained model."""
    run = default_run()
    params, config = run.params_at[run.config.steps], run.config
    names = {}
    for name in NAMES:
        keys, values, positions = [], [], []
        for pos_id, token_id in enumerate(tokens_of(name, run.tokenizer)[:-1]):
            start = rmsnorm(add(params["wte"][token_id], params["wpe"][pos_id]))
            normed = rmsnorm(start)
            q, k, v = (linear(normed, params[f"layer0.attn_{m}"]) for m in ("wq", "wk", "wv"))
            keys.append(k)
            values.append(v)
            found = linear(multi_head_attention(q, keys, values, config.n_head), params["layer0.attn_wo"])
            stream = add(found, start)
            thought = mlp(rmsnorm(stream), params["layer0.mlp_fc1"], params["layer0.mlp_fc2"], config.activation)
            parts = [linear(part, params["lm_head"]) for part in (start, found, thought)]
            shares = softmax(linear(add(thought, stream), params["lm_head"]))
            positions.append(
                {"parts": [[round(UNIT * x.data) for x in part] for part in parts], "shares": [round(p.data, 3) for p in shares]}
            )
        names[name] = positions
    return {"tokens": [*run.tokenizer.chars, "BOS"], "unit": UNIT, "names": names}


RECORDINGS = {"taken-apart.json": record}


def still() -> str:
    """The likeliest letters after *emm*."""
    recorded = load("figures/taken-apart.json")
    position = recorded["names"]["emma"][3]
    rows = []
    for i in sorted(range(27), key=lambda i: -position["shares"][i])[:SHOWN]:
        parts = [part[i] / UNIT for part in position["parts"]]
        rows.append([recorded["tokens"][i], *(number(x) for x in parts), number(sum(parts)), number(position["shares"][i], 3)])
    return table(["next", *PARTS, "logit", "share"], rows, "After emm, in the trained model")
