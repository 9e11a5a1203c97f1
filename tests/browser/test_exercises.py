"""Exercises answer, in a browser: one page, and one Python for all tests that run code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from scripts.text.exercises import of_book
from tests import ROOT

from .conftest import Visit, open_context, watched
from .test_access import AXE

SOFTMAX = "3-architecture/04-softmax/"
CHECKS = [exercise.check for exercise in of_book([ROOT / "docs/3-architecture/04-softmax.md"])]
LONG = 90_000  # milliseconds that something may take on a machine with other work


@pytest.fixture(scope="module")
def shared(chromium, site) -> Iterator[Visit]:
    context = open_context(chromium, bypass_csp=False)
    new = watched(context.new_page(), site)
    new.listen("request", new.note)
    new.page.set_default_timeout(LONG)
    new.go_and_rest(SOFTMAX)
    yield new
    context.close()


@pytest.fixture
def page(shared, request):
    """The page; afterwards it may not have complained. What a failed test left goes with it."""
    failed = request.session.testsfailed
    yield shared.page
    if request.session.testsfailed > failed:
        shared.page.reload(wait_until="networkidle")
        shared.complaints.clear()
    complaints = [*shared.foreign, *shared.complaints]
    shared.complaints.clear()  # the next test has nothing to do with them
    assert not complaints


def exercise(page, nth: int):
    return page.locator(".lab-exercise").nth(nth)


def said(form) -> str:
    return form.locator(".lab-said").inner_text()


def test_without_javascript_nothing_is_seen(visit):
    v = visit(java_script_enabled=False)
    v.page.goto(v.site + SOFTMAX)
    v.page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
    assert v.page.locator("[data-check]").count() == len(CHECKS)
    assert not v.page.locator("[data-check]:visible").count()
    assert not v.page.locator(".lab-exercise").count()
    seen = v.page.locator(".md-content").inner_text()
    assert CHECKS[2].start.split("\n")[1].strip() not in seen


def test_a_guess_is_answered_without_python(shared, page):
    form, field = exercise(page, 0), exercise(page, 0).get_by_label("Your answer")
    assert page.locator(".lab-exercise").count() == len(CHECKS)
    # What is pressed stands before what it might give away.
    assert form.evaluate("form => form.nextElementSibling.matches('details') && !form.nextElementSibling.open")
    hint = CHECKS[0].questions[0].hints[0][1]
    for given, answer in (
        ("", "Write down a guess first. A wild one will do."),
        ("9", f"Not quite: {hint}"),
        ("many", "No, it’s something else."),
        ("1.5", "No, it’s something else."),
    ):
        field.fill(given)
        field.press("Enter")
        form.locator(".lab-said").filter(has_text=answer).wait_for()
        assert not form.locator(".lab-solved").is_visible()
    assert field.get_attribute("aria-invalid") == "true"
    assert not page.locator(".lab-score").count()
    field.fill("2.2")
    field.press("Enter")
    form.locator(".lab-said").filter(has_text="Right.").wait_for()
    assert form.locator(".lab-solved").is_visible() and field.get_attribute("aria-invalid") is None
    assert page.locator(".page-place").inner_text().endswith(f"· 1 of {len(CHECKS)} exercises solved")
    assert not shared.asked_for("pyodide") and not shared.asked_for("codemirror")


def test_two_fields_are_judged_one_by_one(page):
    form = exercise(page, 1)
    form.get_by_label("smallest x").fill("seven")
    form.get_by_label("negative x").fill("no")
    form.get_by_role("button", name="Check").click()
    form.locator(".lab-said").filter(has_text=re.compile("^smallest x: that takes a number.$")).wait_for()
    assert form.get_by_label("smallest x").evaluate("field => field === document.activeElement")
    form.get_by_label("smallest x").fill("709")
    form.get_by_label("negative x").fill("Yes!")
    form.get_by_role("button", name="Check").click()
    form.locator(".lab-said").filter(has_text="negative x").wait_for()
    first, second = said(form).split("\n")
    assert first.startswith("smallest x, not quite: ") and second.startswith("negative x, not quite: ")
    assert not form.locator(".lab-solved").is_visible()


def test_as_it_may_be_written(page):
    """The same as Answer.matches of scripts/text/exercises.py says, and more ways to write it."""
    cases = [
        ([[4192], 0, False], ["4192", "4,192", " 4192.0 "], ["4193", "4 192 1", "x", ""]),
        ([[-0.4], 1e-9, False], ["−0.4", "-2/5", "- 0.4".replace(" ", "")], ["0.4", "2/5"]),
        ([[0.55], 0.08, False], ["55%", "0.5", "55 %"], ["5", "65%"]),
        ([[55], 8, False], ["55%", "≈50", "about 60"], ["0.55"]),
        ([[2, 0, 1], 0, False], ["2, 0, 1", "[2, 0, 1]", "2 0 1", "(2,0,1)", "2, 0 and 1"], ["0, 1, 2", "2, 0", "2, 0, 1, 1"]),
        ([[0, 13, 26], 0, True], ["26, 13, 0", "{0, 13, 26}"], ["0, 0, 26", "0, 13"]),
        ([["the same"], 0, False], ["The same.", '"the same"'], ["same", "the other"]),
        ([["a", "n", "bos"], 0, True], ["BOS, n, a"], ["a, n"]),
        ([[1e-10], 0, False], ["1e-10"], ["1e-11", "0"]),
    ]
    found = page.evaluate(
        """async ([folder, cases]) => {
          const { matches } = await import(folder + "assets/js/lab/exercises.js")
          return cases.map(([answer, right, wrong]) => [right.map(t => matches(answer, t)), wrong.map(t => matches(answer, t))])
        }""",
        [page.url.removesuffix(SOFTMAX), cases],
    )
    for (answer, right, wrong), (yes, no) in zip(cases, found):
        assert all(yes), (answer, [text for text, fits in zip(right, yes) if not fits])
        assert not any(no), (answer, [text for text, fits in zip(wrong, no) if fits])


def write(page, form, text: str) -> None:
    form.locator(".cm-content").focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def test_code_by_the_keyboard_alone(page):
    form = exercise(page, 2)
    form.get_by_role("button", name="Try it").focus()
    page.keyboard.press("Enter")
    form.locator(".cm-focused").wait_for()
    assert form.locator(".cm-content").get_attribute("aria-label").startswith("Your code")
    page.keyboard.press("Control+Enter")
    form.locator(".lab-said").filter(has_text="Not yet: share 0 by logit 1").wait_for()
    assert not form.locator(".lab-solved").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Check", "after Escape, Tab leads on"

    # What it prints is shown, and an error stands at its line.
    write(page, form, "print('so far')\ndef slope(p, i, j):\n    return q[i]")
    page.keyboard.press("Control+Enter")
    form.locator(".lab-said").filter(has_text="It breaks off.").wait_for()
    assert form.locator(".lab-got").inner_text().strip() == "so far"
    trace = form.locator(".lab-trace").inner_text()
    assert re.search(r"the check, line \d+", trace) and "your code, line 3, in slope" in trace and "NameError" in trace
    assert form.locator(".cm-fault").inner_text().strip() == "return q[i]"

    write(page, form, CHECKS[2].answer)
    page.keyboard.press("Control+Enter")
    form.locator(".lab-said").filter(has_text="Right.").wait_for()
    assert form.locator(".lab-solved").is_visible()
    assert page.locator(".page-place").inner_text().endswith(f"· 2 of {len(CHECKS)} exercises solved")

    form.get_by_role("button", name="Reset").click()
    assert form.locator(".cm-content").inner_text().strip() == CHECKS[2].start
    assert form.locator(".lab-solved").is_visible(), "what was solved stays solved"


def test_on_a_phone_and_for_everyone(page, axe):
    page.set_viewport_size({"width": 360, "height": 800})
    exercise(page, 1).scroll_into_view_if_needed()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for nth in range(3):
        box = exercise(page, nth).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    page.evaluate(axe)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert not page.evaluate(AXE)
    page.emulate_media(color_scheme="null")


def test_what_was_solved_is_there_after_a_reload(shared, page):
    kept = json.loads(page.evaluate("localStorage.getItem('microgpt-solved')"))
    assert list(kept) == ["docs/3-architecture/04-softmax.md"]
    assert set(*kept.values()) == {CHECKS[0].id, CHECKS[2].id}
    shared.go_and_rest(SOFTMAX)
    assert page.locator(".page-place").inner_text().endswith(f"· 2 of {len(CHECKS)} exercises solved")
    assert [exercise(page, nth).locator(".lab-solved").is_visible() for nth in range(3)] == [True, False, True]
    assert exercise(page, 0).get_by_label("Your answer").input_value() == "2.2"
    form = exercise(page, 2)
    form.get_by_role("button", name="Try it").click()
    assert form.locator(".cm-content").inner_text().strip() == CHECKS[2].answer
    # Nothing that somebody else might have stored there breaks the page.
    page.evaluate("localStorage.setItem('microgpt-solved', '[[')")
    shared.go_and_rest(SOFTMAX)
    assert page.locator(".lab-exercise").count() == 3 and not page.locator(".lab-score").count()
