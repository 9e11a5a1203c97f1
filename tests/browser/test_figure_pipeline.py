"""The figure pipeline: every vector of every stage is what gpt() computes on the way to its logits."""

from __future__ import annotations

import pytest

from microgpt import Config, Value, add, dot, empty_cache, gpt, linear, mlp, multi_head_attention, rmsnorm, softmax
from scripts.figures._stages import stages
from scripts.runs.passes import STEPS
from scripts.runs.default import default_run
from scripts.text.chapter import Chapter, chapters_of
from tests import ROOT

TITLES = {path.stem: Chapter(path).title for path in chapters_of(ROOT)}
pytestmark = pytest.mark.usefixtures("default_run_made")
STAGES = stages(Config())
PAGE, ANCHOR = "3-architecture/12-the-whole-gpt/", "figure-pipeline"
LETTERS = [*"abcdefghijklmnopqrstuvwxyz", "BOS"]


def numbers(live, stage: int) -> list[float]:
    texts = live.locator(".pipeline > li").nth(stage).locator("i").all_text_contents()
    return [float(text.replace("−", "-")) for text in texts]


def expected(name: str, position: int, time: str) -> list[list[float]]:
    """The numbers of all stages, by the functions of the program; the last logits are compared with gpt()'s own."""
    run = default_run()
    params, config = run.params_at[STEPS[time]], run.config
    tokens = [run.tokenizer.bos, *run.tokenizer.encode(name)]
    keys, values = empty_cache(config)
    for pos_id in range(position + 1):
        logits = gpt(tokens[pos_id], pos_id, keys, values, params, config)
    wte, wpe = params["wte"][tokens[position]], params["wpe"][position]
    total = add(wte, wpe)
    x = rmsnorm(total)
    normed = rmsnorm(x)
    q, k, v = (linear(normed, params[f"layer0.attn_{name}"]) for name in ("wq", "wk", "wv"))
    weights = weights_of(q, keys[0], config)
    attended = multi_head_attention(q, keys[0], values[0], config.n_head)
    wo = linear(attended, params["layer0.attn_wo"])
    found = add(wo, x)
    again = rmsnorm(found)
    wide = linear(again, params["layer0.mlp_fc1"])
    fc2 = mlp(again, params["layer0.mlp_fc1"], params["layer0.mlp_fc2"])
    thought = add(fc2, found)
    assert [x.data for x in linear(thought, params["lm_head"])] == [x.data for x in logits]
    hidden = [h.relu() for h in wide]
    vectors = [wte, wpe, total, x, normed, q + k + v, weights, attended, wo, found, again, wide, hidden, fc2, thought,
               logits, softmax(logits)]
    return [[x.data for x in vector] for vector in vectors]


def weights_of(q: list[Value], keys: list[list[Value]], config: Config) -> list[Value]:
    size = config.n_embd // config.n_head
    parts = [slice(start, start + size) for start in range(0, config.n_embd, size)]
    return [weight for p in parts for weight in softmax([dot(q[p], key[p]) / size ** 0.5 for key in keys])]


def check(live, name: str, position: int, time: str) -> None:
    stages = expected(name, position, time)
    assert len(stages) == len(STAGES)
    for i, vector in enumerate(stages):
        assert numbers(live, i) == pytest.approx(vector, abs=0.00051), STAGES[i].code
    assert live.locator(".pipeline > li").last.locator("b").all_text_contents() == LETTERS
    probs = sorted(zip(stages[-1], LETTERS), reverse=True)[:3]
    tokens = [*name, "BOS"]
    text = live.locator(".pipeline-result").text_content()
    assert "Most likely next: " + ", ".join(f"{letter} {p:.3f}" for p, letter in probs) in text
    assert f"{stages[-1][LETTERS.index(tokens[position])]:.3f}." in text


def test_every_stage_by_mouse(figure, built):
    v, live = figure(PAGE, ANCHOR)
    check(live, "emma", 2, "after")
    forward = live.get_by_title("One step forward")
    for k, stage in enumerate(STAGES):
        marked = live.locator("[aria-current=step]")
        assert marked.count() == 1 and marked.locator("code").inner_text() == stage.code
        assert live.locator(".pipeline .later").count() == len(STAGES) - 1 - k
        status = live.locator(".figure-status")
        assert status.inner_text() == f"{stage.code}: {stage.text} → {TITLES[stage.chapter]}"
        link = status.locator("a").evaluate("a => a.href").removeprefix(v.site)
        assert (built / link / "index.html").is_file()
        assert live.locator(".pipeline-result").is_visible() == (k == len(STAGES) - 1)
        if k < len(STAGES) - 1:
            forward.click()
    live.locator(".pipeline > li").nth(5).click()
    assert live.locator(".player output").inner_text() == f"6 of {len(STAGES)}"
    live.get_by_label("before").check()
    check(live, "emma", 2, "before")
    live.get_by_label("numbers", exact=True).check()
    assert live.locator(".pipeline i").first.is_visible()


def test_other_names_and_positions_by_keyboard(figure):
    v, live = figure(PAGE, ANCHOR)
    live.get_by_label("2 m").focus()
    v.page.keyboard.press("ArrowRight")
    v.page.keyboard.press("ArrowRight")
    assert live.locator(".player output").inner_text() == f"1 of {len(STAGES)}", "these arrows are the radio buttons'"
    check(live, "emma", 4, "after")
    assert "token_id = 0 is a, pos_id = 4. In the cache: BOS, e, m, m." in live.inner_text()
    live.get_by_label("name").select_option("ava")
    live.get_by_label("3 a").wait_for()
    check(live, "ava", 3, "after")
    assert "ava ends here" in live.locator(".pipeline-result").text_content()
    live.get_by_title("One step forward").focus()
    v.page.keyboard.press("End")
    assert live.locator(".player output").inner_text() == f"{len(STAGES)} of {len(STAGES)}"
    live.get_by_label("name").select_option("kwyjibo")
    live.get_by_label("7 o").check()
    check(live, "kwyjibo", 7, "after")


def test_touch_on_a_phone(figure):
    v, live = figure(PAGE, ANCHOR, viewport={"width": 360, "height": 800}, has_touch=True)
    live.get_by_label("0 BOS").tap()
    check(live, "emma", 0, "after")
    assert "The cache is empty." in live.inner_text()
    live.get_by_title("Last step").tap()
    inside = """() => {
      const live = document.querySelector("#figure-pipeline .live"), box = live.querySelector(".pipeline").getBoundingClientRect()
      const stage = live.querySelector("[aria-current=step]").getBoundingClientRect()
      return box.height < 500 && stage.top >= box.top && stage.bottom <= box.bottom + 1
    }"""
    v.page.wait_for_function(inside)
    live.get_by_title("First step").tap()
    v.page.wait_for_function(inside)


def test_a_name_that_cannot_be_loaded(figure):
    v, live = figure(PAGE, ANCHOR)
    v.page.route("**/passes-noah.json", lambda route: route.fulfill(status=404, body=""))
    live.get_by_label("name").select_option("noah")
    live.get_by_text("The recording of noah can't be loaded").wait_for()
    check(live, "emma", 2, "after")
    v.complaints.clear()
