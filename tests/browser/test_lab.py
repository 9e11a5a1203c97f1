"""The lab in a browser. Python is begun as seldom as can be, for it takes seconds: most tests share a page."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests import ROOT

from .conftest import REPOSITORY, Visit, open_context, wake, watched

SOFTMAX = "3-architecture/04-softmax/"
CHAPTERS = (SOFTMAX, "2-autograd/02-the-chain-rule/", "1-data/03-the-bos-token/")
RUN = json.loads((ROOT / "docs/assets/data/run.json").read_text(encoding="utf-8"))
# Boxes that scroll can be reached by the keyboard, from the next frame on.
SCROLLED = """() => [...document.querySelectorAll(".md-content .md-typeset__scrollwrap")]
  .every(box => (box.scrollWidth > box.clientWidth) === box.hasAttribute("tabindex"))"""
LONG = 90_000  # milliseconds that something may take on a machine with other work


@pytest.fixture(scope="module")
def shared(chromium, site) -> Iterator[Visit]:
    """A page that keeps its Python from test to test, with the pages' own policy in force."""
    context = open_context(chromium, bypass_csp=False, accept_downloads=True)
    new = watched(context.new_page(), site)
    new.listen("request", new.note)
    new.page.set_default_timeout(LONG)
    yield new
    context.close()


@pytest.fixture
def lab(shared, request) -> Iterator[Visit]:
    """The shared page, without changes; afterwards it may not have complained. What a failed test left goes with its page."""
    failed = request.session.testsfailed
    yield shared
    if request.session.testsfailed > failed:
        shared.page.goto("about:blank")
        shared.page.goto(shared.site)
        shared.complaints.clear()
    complaints = [*shared.foreign, *shared.complaints]
    shared.complaints.clear()  # the next test has nothing to do with them
    assert not complaints
    shared.page.evaluate("localStorage.clear(); dispatchEvent(new StorageEvent('storage', { key: 'microgpt-changes' }))")


def go(v: Visit, path: str) -> None:
    """To a page, by instant navigation, which keeps Python, if there is a page already."""
    if not v.page.url.startswith(v.site):
        v.page.goto(v.site + path)
    elif v.page.url != v.site + path:
        v.page.evaluate("path => { const a = document.createElement('a'); a.href = path; document.querySelector('.md-content').append(a); a.click() }", v.site + path)
        v.page.wait_for_url(v.site + path)
    chapter = f"docs/{path.rstrip('/')}.md"
    v.page.locator(f"[data-chapter='{chapter}'][data-tools]").wait_for(state="attached")


def write(v: Visit, text: str) -> None:
    """Put a text in the place of all that is in the editor."""
    v.page.locator(".cm-content").click()
    v.page.keyboard.press("Control+a")
    v.page.keyboard.insert_text(text)


def read(v: Visit) -> str:
    return "\n".join(line.rstrip("\n") for line in v.page.locator(".cm-line").all_inner_texts())


def open_softmax(v: Visit) -> str:
    go(v, SOFTMAX)
    v.page.locator("#chunk-softmax .lab-open").click()
    v.page.locator("#chunk-softmax .cm-content").wait_for()
    return read(v)


def attempt(v: Visit, then: str) -> None:
    v.page.get_by_role("button", name="Try", exact=True).click()
    v.page.locator(".lab-change > .lab-now").filter(has_text=then).wait_for()


# -------------------------------------------------------------------------------------- what it costs


def test_nothing_is_fetched_before_it_is_wanted(visit, built):
    v = visit()
    v.go(SOFTMAX)
    assert v.page.locator(".lab-tools").count() > 8
    assert v.asked_for("lab") == ["assets/js/lab.js"]
    assert not v.asked_for("pyodide") and not v.asked_for("codemirror")
    assert len(gzip.compress((built / "assets/js/lab.js").read_bytes(), 6)) <= 3_000


def test_without_javascript_nothing_is_promised(visit):
    v = visit(java_script_enabled=False)
    v.page.goto(v.site + SOFTMAX)
    assert not v.page.locator(".lab-button").count()
    v.page.goto(f"{v.site}lab/")
    assert v.page.get_by_text("The workbench needs JavaScript.").is_visible()


# ------------------------------------------------------------------------------------------- examples


def test_the_first_run_says_what_it_fetches(lab):
    go(lab, SOFTMAX)
    said = lab.page.evaluate_handle("(() => { const all = new Set(); new MutationObserver(() => document.querySelectorAll('.lab-line > span').forEach(e => all.add(e.textContent))).observe(document.body, { subtree: true, childList: true, characterData: true }); return all })()")
    lab.page.get_by_role("button", name="Run", exact=True).first.click()
    lab.page.locator(".lab-output .lab-now").filter(has_text="as the book prints").wait_for()
    texts = lab.page.evaluate("said => [...said]", said)
    assert any(re.fullmatch(r"Fetching Python: \d+\.\d of \d+\.\d MB", text) for text in texts), texts
    assert "Python is starting …" in texts
    assert lab.page.locator(".lab-line").is_hidden()


@pytest.mark.parametrize("path", CHAPTERS)
def test_all_examples_of_a_chapter_run(lab, path):
    go(lab, path)
    lab.page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
    blocks = lab.page.locator(".highlight:has(> .lab-tools)")
    assert blocks.count() > 4
    for i in range(blocks.count()):
        block = blocks.nth(i)
        block.get_by_role("button", name="Run", exact=True).click()
        said = block.locator(".lab-now")
        said.filter(has_text=re.compile(r"^(As the book prints it|All \d+ as the book prints them|The book prints nothing)")).wait_for()
        assert not block.locator(".lab-differs").count()


def test_an_example_is_changed_by_the_keyboard_alone(lab):
    go(lab, SOFTMAX)
    block = lab.page.locator(".highlight:has(> .lab-tools)").first
    block.get_by_role("button", name="Edit").focus()
    lab.page.keyboard.press("Enter")
    block.locator(".cm-content").wait_for()
    assert not block.locator("pre").first.is_visible()
    lab.page.keyboard.press("Control+End")
    lab.page.keyboard.type("\n6 * 7")
    lab.page.keyboard.press("Control+Enter")
    block.locator(".lab-got").filter(has_text="42").wait_for()
    lab.page.keyboard.press("Tab")
    block.locator(".cm-focused").wait_for()  # Tab indents
    lab.page.keyboard.press("Escape")
    lab.page.keyboard.press("Tab")
    block.locator(".cm-focused").wait_for(state="detached")  # after Escape it leads on
    block.get_by_role("button", name="Reset").focus()
    lab.page.keyboard.press("Enter")
    assert block.locator("pre").first.is_visible() and not block.locator(".cm-content").count()


def test_an_error_leads_to_its_line(lab):
    go(lab, SOFTMAX)
    block = lab.page.locator(".highlight:has(> .lab-tools)").first
    block.get_by_role("button", name="Edit").click()
    write(lab, "from microgpt import softmax\nsoftmax(['a'])")
    block.get_by_role("button", name="Run", exact=True).click()
    link = block.locator(".lab-trace a").first
    link.wait_for()
    assert re.match(r"docs/3-architecture/04-softmax\.md:\d+, in softmax", link.inner_text())
    assert link.get_attribute("href") == f"{lab.site}{SOFTMAX}#chunk-softmax"
    block.get_by_role("button", name="Reset").click()


def test_an_endless_loop_is_stopped_and_the_next_run_works(lab):
    go(lab, SOFTMAX)
    block = lab.page.locator(".highlight:has(> .lab-tools)").first
    block.get_by_role("button", name="Edit").click()
    write(lab, "while True:\n    pass")
    block.get_by_role("button", name="Run", exact=True).click()
    block.locator(".lab-now").filter(has_text="Running …").wait_for()
    block.get_by_role("button", name="Stop").click()
    block.locator(".lab-now").filter(has_text="Stopped.").wait_for()
    write(lab, "x = [0] * 10**9")
    block.get_by_role("button", name="Run", exact=True).click()
    block.locator(".lab-error").filter(has_text="MemoryError").wait_for()
    write(lab, "print('well')")
    block.get_by_role("button", name="Run", exact=True).click()
    block.locator(".lab-got").filter(has_text="well").wait_for()
    block.get_by_role("button", name="Reset").click()


def test_offline_it_goes_on(lab):
    go(lab, SOFTMAX)
    block = lab.page.locator(".highlight:has(> .lab-tools)").nth(1)
    block.scroll_into_view_if_needed()  # with the figures near it, which are fetched when they come into view
    wake(lab)
    lab.page.context.set_offline(True)
    try:
        block.get_by_role("button", name="Run", exact=True).click()
        block.locator(".lab-now").filter(has_text="as the book prints").wait_for()
    finally:
        lab.page.context.set_offline(False)


# -------------------------------------------------------------------------------------------- changes


def test_what_tangle_has_against_a_change_stands_at_its_line(lab):
    code = open_softmax(lab)
    write(lab, code.replace("total = sum", "total = ) sum"))
    attempt(lab, "can't be made like this")
    assert re.match(r"line 5: .*unmatched '\)'", lab.page.locator(".lab-faults li").inner_text())
    assert lab.page.locator(".cm-fault").inner_text().strip().startswith("total = )")
    write(lab, code + "\n# <<softmacks>>")
    attempt(lab, "can't be made like this")
    assert "line 7: <<softmacks>> is not defined (did you mean <<softmax>>?)" in lab.page.locator(".lab-faults li").inner_text()
    lab.page.locator(".lab-change").get_by_role("button", name="Reset").click()
    assert lab.page.locator("#chunk-softmax pre").first.is_visible()


def test_a_change_breaks_examples_trains_and_goes_home(lab, tmp_path):
    code = open_softmax(lab)
    write(lab, code.replace("(logit - largest)", "logit"))
    attempt(lab, "2 blocks give something else now. With your change.")
    different = lab.page.locator(".lab-found .lab-differs")
    assert different.count() == 2
    assert "[0.731, 0.269]" in different.first.inner_text() and "OverflowError: math range error" in different.first.inner_text()
    lab.page.get_by_role("button", name="Train it").click()
    lab.page.locator(".lab-training .lab-name-list li").first.wait_for()
    lab.page.locator(".lab-training .lab-now").filter(has_text=re.compile(r"step [1-9]\d* of 1000")).wait_for()
    assert lab.page.locator(".lab-training path.curve").count() == 3
    # It goes on while the reader reads elsewhere.
    go(lab, "3-architecture/06-rmsnorm/")
    lab.page.locator(".lab-line").filter(has_text="Training goes on: step").wait_for()
    assert lab.page.get_by_role("link", name="back to it").get_attribute("href") == lab.site + SOFTMAX
    assert lab.page.get_by_role("link", name="You changed 1 chunk of the program.").is_visible()
    lab.page.locator(".lab-line").get_by_role("button", name="Stop").click()
    lab.page.locator(".lab-line").wait_for(state="hidden")
    # The patch is one that git and tangle take.
    lab.page.get_by_role("link", name="You changed 1 chunk").click()
    lab.page.locator(".lab-one ins").filter(has_text="logit.exp()").wait_for()
    proposed = lab.page.get_by_role("link", name="Propose it").get_attribute("href")
    assert proposed == f"{REPOSITORY}/edit/main/docs/3-architecture/04-softmax.md"
    with lab.page.expect_download() as download:
        lab.page.get_by_role("button", name="Download as a patch").click()
    patch = tmp_path / "microgpt.patch"
    download.value.save_as(patch)
    subprocess.run(["git", "apply", "--check", patch], cwd=ROOT, check=True)
    lab.page.locator(".lab-verdict").filter(has_text="In force.").wait_for()
    # After a visit it is still there.
    lab.page.goto(lab.site + SOFTMAX)
    assert "exps = [logit.exp() for" in lab.page.locator("#chunk-softmax .lab-text").inner_text()
    assert not lab.page.locator("#chunk-softmax pre").last.is_visible()
    lab.page.locator("#chunk-softmax .lab-open").click()
    lab.page.locator(".lab-change").get_by_role("button", name="Reset").click()
    assert not lab.page.locator(".lab-changed").count()


def test_a_program_that_fails_in_the_middle_of_training_says_where(lab):
    go(lab, "4-training/05-adam/")
    chunk = lab.page.locator(".chunk[data-label='adam-step']").first
    chunk.locator(".lab-open").click()
    chunk.locator(".cm-content").wait_for()
    write(lab, read(lab).replace("    self.t += 1", "    self.t += 1\n    if self.t == 3: raise RuntimeError('third')"))
    assert "third" in read(lab)
    chunk.get_by_role("button", name="Try", exact=True).click()
    chunk.get_by_role("button", name="Stop").click()  # its examples take long
    chunk.get_by_role("button", name="Train it").click()
    chunk.locator(".lab-training .lab-now").filter(has_text="ended at step 2 of 1000 by an error").wait_for()
    assert "RuntimeError: third" in chunk.locator(".lab-training .lab-trace").inner_text()
    chunk.locator(".lab-change").get_by_role("button", name="Reset").click()


def test_another_tab_hears_of_a_change(lab):
    other = lab.page.context.new_page()
    other.goto(lab.site + SOFTMAX)
    code = open_softmax(lab)
    write(lab, code.replace("largest = max", "largest = min"))
    lab.page.get_by_role("button", name="Try", exact=True).click()
    other.get_by_role("link", name="You changed 1 chunk").wait_for()
    lab.page.locator(".lab-change").get_by_role("button", name="Reset").click()
    other.locator(".lab-changed").wait_for(state="detached")
    other.close()


# -------------------------------------------------------------------------------------------- figures


@pytest.mark.parametrize("path, figure, then", [
    ("3-architecture/11-multi-head-attention/", "attention", ".attention-grid th:has-text('4 z')"),
    ("3-architecture/12-the-whole-gpt/", "pipeline", "legend:has-text('position') ~ label:has-text('4 z')"),
    ("1-data/03-the-bos-token/", "prediction-game", ".tokens b:has-text('?') >> nth=2"),
    ("5-inference/02-temperature-and-sampling/", "temperature", "p:has-text('The likeliest token')"),
])  # fmt: skip
def test_figures_take_the_readers_word(lab, path, figure, then):
    go(lab, path)
    live = lab.page.locator(f"figure-{figure}").first
    live.evaluate("element => element.scrollIntoView()")
    live.locator(".live").wait_for()
    live.locator("select").first.select_option("another…")
    live.get_by_label("your own").fill("É")
    live.get_by_role("button", name="Show").click()
    live.get_by_text("the character 'É' is not in the alphabet").wait_for()
    live.get_by_label("your own").fill("xyaz")
    live.get_by_role("button", name="Show").click()
    live.locator(then).first.wait_for()
    assert not live.get_by_text("can't be shown").count()


# --------------------------------------------------------------------------------------- the workbench


def test_the_default_run_is_the_recorded_one_digit_for_digit(lab):
    go(lab, "lab/")
    lab.page.get_by_label("keep 100 documents out").uncheck()
    lab.page.get_by_role("button", name="Train", exact=True).click()
    lab.page.get_by_text("It writes (underlined: stands in the data):").wait_for()
    with lab.page.expect_download() as download:
        lab.page.get_by_role("button", name="Losses as CSV").click()
    rows = list(csv.reader(io.StringIO(download.value.path().read_text(encoding="utf-8"))))
    assert rows[0][-1] == "the default run"
    assert [round(float(row[-1]), 4) for row in rows[1:]] == RUN["losses"]
    assert lab.page.locator(".lab-name-list").last.locator("li").all_inner_texts() == [name or "(empty)" for name in RUN["samples"]]
    assert lab.page.locator(".lab-name-list").last.locator(".known").count() == RUN["in_dataset"]
    # What it has learned.
    lab.page.get_by_label("A beginning").fill("em")
    lab.page.locator(".lab-letters li").first.wait_for()
    lab.page.get_by_label("A beginning").fill("É")
    lab.page.get_by_text("the character 'É' is not in the alphabet").wait_for()
    # The same weights as those that are recorded of this run.
    lab.page.get_by_label("A text", exact=True).fill("emma")
    lab.page.get_by_label("A text", exact=True).press("Enter")
    lab.page.locator("figure-attention .attention-grid").wait_for()
    weights = json.loads((ROOT / "docs/assets/data/figures/passes-emma.json").read_text(encoding="utf-8"))["weights"]["after"]
    shown = lab.page.locator("figure-attention .attention-grid tbody tr").last.locator("td").all_inner_texts()
    assert [float(text) for text in shown] == [round(w, 2) for w in weights[4][0]]
    lab.page.locator("figure-pipeline .pipeline > li").last.click()
    lab.page.locator("figure-pipeline .pipeline-result").filter(has_text="emma ends here: BOS").wait_for()


def test_settings_data_and_models(lab, tmp_path):
    go(lab, "lab/")
    lab.page.get_by_label("Train on").select_option("paste")
    lab.page.get_by_label("Your text").fill("red\ngreen\nblue\n" * 4)
    lab.page.get_by_role("button", name="Take it").click()
    lab.page.get_by_text("12 documents. 8 characters").wait_for()
    lab.page.get_by_label("n_head").fill("3")
    lab.page.get_by_role("button", name="Train", exact=True).click()
    lab.page.get_by_text("n_embd 16 is not divisible by n_head 3").wait_for()
    lab.page.get_by_label("n_head").fill("2")
    lab.page.get_by_label("steps").fill("30")
    lab.page.get_by_label("steps").press("Tab")
    lab.page.get_by_text("This training will take about").wait_for()
    assert lab.page.get_by_role("link", name="Link to these settings").get_attribute("href") == "#n_head=2&steps=30"
    lab.page.get_by_role("button", name="Train", exact=True).click()
    lab.page.locator("table").get_by_role("rowheader", name="n_head 2, steps 30").wait_for()
    lab.page.get_by_label("A text", exact=True).fill("red")
    lab.page.get_by_label("A text", exact=True).press("Enter")
    lab.page.locator("figure-attention .attention-grid th:has-text('3 d')").first.wait_for()
    assert lab.page.locator("figure-attention .thumb").count() == 2, "a head each"
    lab.page.get_by_label("A text", exact=True).fill("rede")
    lab.page.get_by_label("A text", exact=True).press("Enter")
    lab.page.locator("figure-attention .attention-grid th:has-text('4 e')").first.wait_for()
    # The second layer of a model with two is no question to one that has one.
    lab.page.get_by_label("n_layer").fill("2")
    lab.page.get_by_role("button", name="Train", exact=True).click()
    lab.page.locator("table").get_by_role("rowheader", name="n_head 2, n_layer 2, steps 30").wait_for()
    lab.page.get_by_role("button", name="Look inside").click()
    lab.page.locator("#lab-layer").select_option("2 of 2")
    lab.page.locator("figure-pipeline li code").filter(has_text="layer1.attn_wo").wait_for()
    lab.page.get_by_label("n_layer").fill("1")
    lab.page.get_by_role("button", name="Train", exact=True).click()
    lab.page.locator("table").get_by_role("rowheader", name="n_head 2, steps 30").nth(1).wait_for()
    lab.page.get_by_role("button", name="Look inside").click()
    lab.page.locator("figure-pipeline li code").filter(has_text="layer0.attn_wo").wait_for()
    assert lab.page.locator("#lab-layer").is_hidden()
    lab.page.get_by_role("button", name="Show its weights").click()
    lab.page.get_by_text("wte: 9 rows of 16").wait_for()
    assert lab.page.locator(".lab-matrix .strip").count() == 9
    with lab.page.expect_download() as download:
        lab.page.get_by_role("button", name="Save the model").click()
    model = tmp_path / "model.json"
    download.value.save_as(model)
    command = [sys.executable, "-m", "microgpt", "--load", model, "--samples", "2", "--quiet"]
    assert len(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()) == 2
    lab.page.get_by_label("A file that --save wrote").set_input_files(model)
    lab.page.get_by_text("model.json: 3,").wait_for()
    bad = tmp_path / "bad.json"
    bad.write_text("{", encoding="utf-8")
    lab.page.get_by_label("A file that --save wrote").set_input_files(bad)
    lab.page.get_by_text("bad.json: not a saved model").wait_for()
    binary = tmp_path / "data.bin"
    binary.write_bytes(b"a\0b")
    lab.page.get_by_label("Train on").select_option("file")
    lab.page.get_by_label("A text file").set_input_files(binary)
    lab.page.get_by_text("data.bin: a binary file").wait_for()
    lab.page.get_by_label("Train on").select_option("names")
    lab.page.get_by_text("11,043 documents").wait_for()


def test_a_reload_in_the_middle_of_a_training(lab):
    """The training is gone with its page; what was changed is there, and Python is begun again when it is wanted."""
    code = open_softmax(lab)
    write(lab, code.replace("largest = max", "largest = min"))
    attempt(lab, "something else")
    go(lab, "lab/")
    lab.page.get_by_role("button", name="Train", exact=True).click()
    lab.page.locator(".lab-now").filter(has_text="steps a second").wait_for()
    lab.page.reload()
    lab.page.get_by_role("link", name="You changed 1 chunk").wait_for()
    assert lab.page.locator(".lab-line").is_hidden() and not lab.page.locator(".lab-chart").count()
    lab.page.get_by_label("steps").fill("3")
    lab.page.get_by_role("button", name="Train", exact=True).click()
    lab.page.get_by_text("It writes (underlined: stands in the data):").wait_for()
    lab.page.locator(".lab-now").filter(has_text="With your change.").wait_for()


def test_a_link_brings_settings_and_nothing_else(visit):
    v = visit()
    v.page.goto(f"{v.site}lab/#steps=77&n_embd=<script>alert(1)</script>&nonsense=1")
    v.page.locator("#lab-steps").wait_for()
    assert v.page.locator("#lab-steps").input_value() == "77"
    assert v.page.locator("#lab-n_embd").input_value() == ""
    assert not v.asked_for("pyodide"), "a link starts nothing"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_and_no_obstacles(lab, axe, scheme):
    lab.page.set_viewport_size({"width": 360, "height": 740})
    lab.page.emulate_media(color_scheme=scheme)
    try:
        for path in (SOFTMAX, "lab/", "appendix/your-changes/"):
            go(lab, path)
            if path == SOFTMAX:
                lab.page.locator(".highlight:has(> .lab-tools)").first.get_by_role("button", name="Run", exact=True).click()
                lab.page.locator(".lab-output .lab-now").filter(has_text="as the book prints").wait_for()
                open_softmax(lab)
            assert lab.page.evaluate("document.documentElement.scrollWidth") == 360
            lab.page.wait_for_function(SCROLLED)
            if not lab.page.evaluate("'axe' in window"):
                lab.page.evaluate(axe)
            found = lab.page.evaluate("axe.run('.md-content').then(({ violations }) => violations.map(v => [v.id, v.nodes.map(n => n.html).slice(0, 3)]))")
            assert not found, f"{path}: {found}"
            if path == SOFTMAX:
                lab.page.locator(".lab-change").get_by_role("button", name="Reset").click()
    finally:
        lab.page.set_viewport_size({"width": 1280, "height": 800})
        lab.page.emulate_media(color_scheme="null")
