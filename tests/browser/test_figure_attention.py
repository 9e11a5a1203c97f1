"""The figure attention: every number of every cell is the program's own."""

from __future__ import annotations

import pytest

from microgpt import Value, attention_head, empty_cache, gpt, softmax
from scripts.figures._passes import NAMES, STEPS, letters
from scripts.runs import default_run

PAGE, ANCHOR = "3-architecture/07-multi-head-attention/", "figure-attention"
GRID = ".attention-grid tbody tr"


def heads(name: str, time: str) -> list[list[dict]]:
    """For each position and head: q, keys and weights. From the cache that gpt() fills, not from the recording."""
    run = default_run()
    params = run.params_at[STEPS[time]]
    keys, values = empty_cache(run.config)
    queries = []
    for pos_id, token_id in enumerate([run.tokenizer.bos, *run.tokenizer.encode(name)]):
        # A query is not kept. With `wq` in the place of `wk`, what is kept as a key would be the query.
        asked, _ = empty_cache(run.config)
        gpt(token_id, pos_id, asked, _, dict(params, **{"layer0.attn_wk": params["layer0.attn_wq"]}), run.config)
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


def parse(texts: list[str]) -> list[float]:
    return [float(text.replace("−", "-")) for text in texts]


def check_grid(live, name: str, time: str, head: int, expected) -> None:
    names = ["BOS", *name]
    assert live.locator(f"{GRID} th").all_inner_texts() == [f"{i} {text}" for i, text in enumerate(names)]
    for i, line in enumerate(live.locator(GRID).all()):
        cells = line.locator("td").all_inner_texts()
        assert cells[i + 1:] == [""] * (len(names) - i - 1), "the future is empty"
        weights = expected[i][head - 1]["weights"]
        assert parse(cells[: i + 1]) == pytest.approx(weights, abs=0.00502)
        assert sum(weights) == pytest.approx(1)


def check_details(live, i: int, head: int, expected) -> None:
    """The table of one query, against its own arithmetic."""
    at = expected[i][head - 1]
    assert f"Query of position {i} " in live.inner_text() and f"in head {head}:" in live.inner_text()
    assert parse(live.locator("p .strip i").all_inner_texts()) == pytest.approx(at["q"], abs=0.00502)
    rows = live.locator(".attention-sum tbody tr").all()
    assert len(rows) == i + 1
    products = [sum(x * y for x, y in zip(at["q"], k, strict=True)) for k in at["k"]]
    shares = [p.data for p in softmax([Value(x / 2) for x in products])]
    for j, line in enumerate(rows):
        assert parse(line.locator("i").all_inner_texts()) == pytest.approx(at["k"][j], abs=0.00502)
        shown = parse(line.locator("td").all_inner_texts()[1:])
        assert shown == pytest.approx([products[j], products[j] / 2, shares[j]], abs=0.00056)
    assert live.locator(".attention-sum tfoot td").inner_text() == "1.000"


@pytest.mark.parametrize("name", NAMES)
def test_the_recording_is_what_the_program_computes(name):
    """Also of what no figure shows at first: all heads, before and after, and the last vectors against gpt()'s."""
    from scripts.figures._still import load

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


def test_the_grid_by_mouse(figure):
    v, live = figure(PAGE, ANCHOR)
    expected = heads("emma", "after")
    check_grid(live, "emma", "after", 1, expected)
    check_details(live, 4, 1, expected)
    live.get_by_label("3", exact=True).check()
    check_grid(live, "emma", "after", 3, expected)
    live.locator(f"{GRID} >> nth=2").locator("td").nth(1).hover()
    check_details(live, 2, 3, expected)
    weight = expected[2][2]["weights"][1]
    assert f"m at 2 looks at e at 1: q·k = " in live.locator(".figure-status").inner_text()
    assert f"weight {weight:.3f}." in live.locator(".figure-status").inner_text()
    live.locator(f"{GRID} >> nth=1").locator("td").nth(3).hover()
    assert live.locator(".figure-status").inner_text() == \
        "When position 1 (e) is read, position 3 is not in the cache yet: no score, no weight."
    live.get_by_label("before").check()
    check_grid(live, "emma", "before", 3, heads("emma", "before"))
    check_details(live, 1, 3, heads("emma", "before"))


def test_the_grid_by_keyboard_is_one_tab_stop(figure):
    v, live = figure(PAGE, ANCHOR)
    live.get_by_label("name").select_option("olivia")
    live.get_by_text("6 a", exact=True).first.wait_for()
    expected = heads("olivia", "after")
    check_grid(live, "olivia", "after", 1, expected)
    live.get_by_label("1", exact=True).focus()
    v.page.keyboard.press("ArrowRight")
    v.page.keyboard.press("ArrowRight")
    v.page.keyboard.press("ArrowRight")
    check_grid(live, "olivia", "after", 4, expected)
    v.page.keyboard.press("Tab")
    assert live.locator(".attention-grid :focus").inner_text() == f"{expected[6][3]['weights'][5]:.2f}"
    for key, i, j in [("ArrowUp", 5, 5), ("Home", 5, 0), ("ArrowLeft", 5, 0), ("ArrowUp", 4, 0), ("ArrowRight", 4, 1)]:
        v.page.keyboard.press(key)
        check_details(live, i, 4, expected)
        assert live.locator(".attention-sum .chosen th").inner_text() == f"{j} {'BOS' if j == 0 else 'olivia'[j - 1]}"
        assert live.locator("[aria-selected]").count() == 1
    v.page.keyboard.press("End")
    assert "not in the cache yet" in live.locator(".figure-status").inner_text()
    v.page.keyboard.press("Tab")
    assert not live.locator(".attention-grid :focus").count()


def test_touch_on_a_phone(figure):
    v, live = figure(PAGE, ANCHOR, viewport={"width": 360, "height": 800}, has_touch=True)
    live.get_by_label("name").select_option("isabella")
    live.get_by_text("8 a", exact=True).first.wait_for()
    expected = heads("isabella", "after")
    live.get_by_text("2", exact=True).first.tap()
    check_grid(live, "isabella", "after", 2, expected)
    live.locator(f"{GRID} >> nth=7").locator("td").nth(2).tap()
    check_details(live, 7, 2, expected)
    assert v.page.evaluate("document.documentElement.scrollWidth") == 360
    sizes = live.locator(".attention-grid tbody td").evaluate_all("all => all.map(cell => [cell.offsetWidth, cell.offsetHeight])")
    assert min(min(size) for size in sizes) >= 24
