"""The prediction game: contexts, targets, probabilities and losses are those of the program."""

from __future__ import annotations

import pytest

from microgpt import document_loss, empty_cache, gpt, softmax
from scripts.figures.prediction_game import NAMES
from scripts.runs.default import default_run, tokens_of

pytestmark = pytest.mark.usefixtures("default_run_made")
PAGE, ANCHOR = "1-data/03-the-bos-token/", "figure-prediction-game"


def expected(name: str, step: int) -> list[list[str]]:
    """The rows of the table: position, context, target, p, loss; at the end the loss of the document."""
    run = default_run()
    tokens, params = tokens_of(name, run.tokenizer), run.params_at[step]
    words = ["BOS", *name, "BOS"]
    keys, values = empty_cache(run.config)
    rows = []
    for i, target in enumerate(tokens[1:]):
        p = softmax(gpt(tokens[i], i, keys, values, params, run.config))[target]
        rows.append([str(i), " ".join(words[: i + 1]), words[i + 1], f"{p.data:.3f}", f"{-p.log().data:.2f}"])
    return [*rows, ["mean", f"{document_loss(tokens, params, run.config).data:.2f}"]]


def table(live) -> list[list[str]]:
    rows = live.locator(".pairs tr").all()[1:]
    return [[cell.strip() for cell in row.locator("th, td").all_inner_texts()] for row in rows]


def parts(live) -> str:
    """c for context, t for the target, u for what is not seen yet."""
    return "".join(text[0] for text in live.locator(".game span").all_inner_texts())


def test_five_pairs_for_emma(figure):
    v, live = figure(PAGE, ANCHOR)
    rows = expected("emma", 1000)
    assert len(rows) == 6
    for k in range(5):
        assert live.locator(".player output").inner_text() == f"{k + 1} of 5"
        assert parts(live) == "c" * (k + 1) + "t" + "u" * (4 - k)
        tiles = live.locator(".game b").all_inner_texts()
        assert tiles == [*["BOS", *"emma", "BOS"][: k + 2], *"?" * (4 - k)]
        assert table(live)[: k + 1] == rows[: k + 1]
        assert all(row[1:] == ["·"] * 4 for row in table(live)[k + 1 : 5]), "what comes later is not told"
        assert table(live)[5] == (rows[5] if k == 4 else ["mean", "·"])
        said = live.locator("[role=status]").inner_text()
        assert f"Position {k}. After {rows[k][1]} the model" in said
        assert f"The target is “{rows[k][2]}”" in said and f"loss {rows[k][4]}." in said
        percent = f"{100 * float(rows[k][3]):.1f}%"
        assert live.locator("svg text.b:not(.target)").text_content() == f"target {rows[k][2]}: {percent}"
        assert live.locator("svg text.target").text_content() == rows[k][2]
        v.page.keyboard.press("ArrowRight") if k else live.get_by_title("One step forward").click()
    assert "The mean of the 5 losses is " + rows[5][1] in live.locator("[role=status]").inner_text()


@pytest.mark.parametrize("name", NAMES)
def test_every_name_before_and_after_training(figure, name):
    v, live = figure(PAGE, ANCHOR)
    live.get_by_label("name").select_option(name)
    live.get_by_title("Last step").click()
    assert table(live) == expected(name, 1000)
    live.get_by_label("before training").focus()
    v.page.keyboard.press("Space")
    assert live.locator(".player output").inner_text().startswith(f"{len(name) + 1} of"), "the place stays"
    assert table(live) == expected(name, 0)


def test_the_bars_are_as_high_as_the_probabilities(figure):
    _, live = figure(PAGE, ANCHOR)
    run = default_run()
    keys, values = empty_cache(run.config)
    probs = softmax(gpt(run.tokenizer.bos, 0, keys, values, run.params_at[1000], run.config))
    bars = live.locator("svg rect")
    bars.first.wait_for(state="attached")  # it is drawn when its width is known
    heights = bars.evaluate_all("bars => bars.map(bar => Number(bar.getAttribute('height')))")
    assert len(heights) == run.tokenizer.vocab_size
    largest = max(range(len(probs)), key=lambda i: probs[i].data)
    for p, height in zip(probs, heights):
        assert height / heights[largest] == pytest.approx(p.data / probs[largest].data, abs=0.01)


def test_by_touch_on_a_phone(figure):
    v, live = figure(PAGE, ANCHOR, viewport={"width": 360, "height": 800}, has_touch=True)
    live.get_by_title("Last step").tap()
    live.get_by_text("before training").tap()
    assert table(live) == expected("emma", 0)
    live.get_by_label("name").select_option("christine")
    assert parts(live) == "ct" + "u" * 9, "another name begins anew"
    assert live.get_by_label("before training").is_checked()
    live.get_by_title("One step forward").tap()
    assert parts(live) == "cct" + "u" * 8, "the keys and buttons of the first name are gone"
    assert v.page.evaluate("document.documentElement.scrollWidth") == 360
