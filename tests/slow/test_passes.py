"""What the figures know of a name: observed while gpt() read it, and recorded as it was."""

from __future__ import annotations

import pytest

from microgpt import Value, attention_head, empty_cache, gpt, linear, softmax
from scripts.figures._passes import NAMES, letters
from scripts.figures._still import load
from scripts.runs.default import GPT, default_run
from scripts.runs.passes import OBSERVED, STEPS, observed, read

pytestmark = pytest.mark.usefixtures("default_run_made")


def heads(name: str, time: str) -> list[list[dict]]:
    """For each position and head: q, keys and weights. From the cache that gpt() fills, not from the recording."""
    run = default_run()
    params = run.params_at[STEPS[time]]
    keys, values = empty_cache(run.config)
    queries = []
    for pos_id, token_id in enumerate([run.tokenizer.bos, *run.tokenizer.encode(name)]):
        # A query is not kept. With `wq` in the place of `wk`, what is kept as a key is the query.
        asked, unused = empty_cache(run.config)
        gpt(token_id, pos_id, asked, unused, dict(params, **{"layer0.attn_wk": params["layer0.attn_wq"]}), run.config)
        queries.append(asked[0][0])
        gpt(token_id, pos_id, keys, values, params, run.config)
    result = []
    for i, query in enumerate(queries):
        row = []
        for start in range(0, 16, 4):
            q, ks = query[start : start + 4], [key[start : start + 4] for key in keys[0][: i + 1]]
            units = [[Value(float(i == j)) for j in range(len(ks))] for i in range(len(ks))]
            row.append({
                "q": [x.data for x in q], "k": [[x.data for x in k] for k in ks],
                "weights": [x.data for x in attention_head(q, ks, units)],  # the mix of unit vectors is the weights
            })
        result.append(row)
    return result


def test_observing_changes_nothing():
    """The observed logits are those of an unobserved gpt(), to the last bit, and the functions are put back."""
    run = default_run()
    before = [getattr(GPT, name) for name in OBSERVED]
    for step in STEPS.values():
        keys, values = empty_cache(run.config)
        params = run.params_at[step]
        for pos_id, vectors in enumerate(read("emma", params, run)):
            logits = [x.data for x in gpt([26, 4, 12, 12, 0][pos_id], pos_id, keys, values, params, run.config)]
            assert [x.data for x in vectors["logits"]] == logits
            assert [x.data for x in linear(vectors["thought"], params["lm_head"])] == logits
            assert [x.data for x in vectors["k"]] == [x.data for x in keys[0][pos_id]]
            for scores, products in zip(vectors["scores"], vectors["products"], strict=True):
                assert [x.data for x in scores] == [x.data / 2 for x in products]
    assert [getattr(GPT, name) for name in OBSERVED] == before
    with pytest.raises(IndexError), observed():
        gpt(27, 0, *empty_cache(run.config), run.params, run.config)
    assert [getattr(GPT, name) for name in OBSERVED] == before


@pytest.mark.parametrize("name", NAMES)
def test_the_recording_is_what_the_program_computes(name):
    recorded, run = load(f"figures/passes-{name}.json"), default_run()
    assert letters(recorded["tokens"]) == ["BOS", *name]
    for time, step in STEPS.items():
        keys, values = empty_cache(run.config)
        expected = heads(name, time)
        for i, token in enumerate(recorded["tokens"]):
            logits = gpt(token, i, keys, values, run.params_at[step], run.config)
            assert recorded["logits"][time][i] == pytest.approx([x.data for x in logits], abs=0.00051)
            assert recorded["probs"][time][i] == pytest.approx([p.data for p in softmax(logits)], abs=0.00000051)
            assert recorded["k"][time][i] == pytest.approx([x.data for x in keys[0][i]], abs=0.0000051)
            for head in range(4):
                assert recorded["weights"][time][i][head] == pytest.approx(expected[i][head]["weights"], abs=0.00000051)
                assert len(recorded["products"][time][i][head]) == i + 1
