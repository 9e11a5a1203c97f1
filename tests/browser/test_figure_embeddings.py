"""The figure embeddings: its vectors and cosines are those of the program at that moment of its training."""

from __future__ import annotations

import math

import pytest

from microgpt import add, dot, rmsnorm
from scripts.figures.embeddings import CONSONANTS, VOWELS
from scripts.runs.default import default_run

pytestmark = pytest.mark.usefixtures("default_run_made")
PAGE, ANCHOR = "3-architecture/02-embeddings/", "figure-embeddings"
LETTERS = [*"abcdefghijklmnopqrstuvwxyz", "BOS"]


def numbers(live, selector: str) -> list[float]:
    return [float(text.replace("−", "-")) for text in live.locator(selector).all_text_contents()]


def cosine(a, b) -> float:
    return dot(a, b).data / math.sqrt(dot(a, a).data * dot(b, b).data)


def check(live, step: int, token: int, position: int) -> None:
    """All that is shown, against the parameters of the real run."""
    params = default_run().params_at[step]
    wte, wpe = params["wte"][token], params["wpe"][position]
    total = add(wte, wpe)
    expected = [x.data for vector in (wte, wpe, total, rmsnorm(total)) for x in vector]
    assert numbers(live, ".strips .strip i") == pytest.approx(expected, abs=0.00502)
    assert f"wte[{token}] {LETTERS[token]}, read" in live.inner_text()
    assert f"wpe[{position}] position {position}, read" in live.inner_text()

    rows = params["wte"]
    others = sorted(((cosine(rows[token], rows[i]), i) for i in range(27) if i != token), reverse=True)
    assert live.locator(".strip.named b").all_text_contents() == [LETTERS[i] for _, i in others]
    assert numbers(live, ".strip.named i") == pytest.approx([x for x, _ in others], abs=0.00502)
    for place, (some, rest) in enumerate([(VOWELS, VOWELS), (VOWELS, CONSONANTS), (CONSONANTS, CONSONANTS)]):
        cosines = [cosine(rows[i], rows[j]) for i in some for j in rest if i != j]
        assert numbers(live, ".means td")[place] == pytest.approx(sum(cosines) / len(cosines), abs=0.00502)
    titles = live.locator(".map rect title").all_text_contents()
    assert len(titles) == 27 * 26
    first = others[0]
    assert any(title.startswith(f"{LETTERS[token]} and {LETTERS[first[1]]}: {first[0]:.2f}") for title in titles)


def test_vectors_and_cosines_of_the_run(figure):
    v, live = figure(PAGE, ANCHOR)
    check(live, 1000, 4, 1)
    assert "wte[4] e, read 616 times" in live.inner_text()
    read = default_run().docs[:1000]
    assert sum(doc.count("e") for doc in read) == 616

    live.get_by_label("token", exact=True).select_option("y")
    check(live, 1000, 24, 1)
    live.get_by_label("position", exact=True).focus()
    for _ in range(3):
        v.page.keyboard.press("ArrowRight")
    check(live, 1000, 24, 4)
    steps = live.get_by_label("after training steps")
    steps.focus()
    v.page.keyboard.press("Home")
    v.page.wait_for_function("document.querySelector('#figure-embeddings .live').innerText.includes('After 0 steps')")
    assert "read 0 times" in live.inner_text()
    check(live, 0, 24, 4)
    v.page.keyboard.press("ArrowRight")
    v.page.wait_for_function("document.querySelector('#figure-embeddings .live').innerText.includes('After 10 steps')")
    check(live, 10, 24, 4)


def test_what_the_caption_says():
    """Vowels resemble one another, most pairs of consonants do too, and y sides with the vowels."""
    rows = default_run().params["wte"]
    vowels = [LETTERS.index(letter) for letter in "aeiou"]
    consonants = [i for i in range(26) if i not in vowels]
    y = LETTERS.index("y")
    assert all(cosine(rows[i], rows[j]) > 0 for i in vowels for j in vowels)
    pairs = [cosine(rows[i], rows[j]) > 0 for i in consonants for j in consonants if i < j]
    assert sum(pairs) > 0.75 * len(pairs)
    others = [i for i in consonants if i != y]
    assert all(cosine(rows[y], rows[i]) > 0 for i in vowels)
    assert sum(cosine(rows[y], rows[i]) for i in vowels) / 5 > 0.2 + sum(cosine(rows[y], rows[i]) for i in others) / 20


def test_only_what_can_occur_is_shown(figure):
    """Position 0 holds BOS, and no other does."""
    v, live = figure(PAGE, ANCHOR, viewport={"width": 360, "height": 800}, has_touch=True)
    status = live.locator(".figure-status")
    position, token = live.get_by_label("position", exact=True), live.get_by_label("token", exact=True)
    position.focus()
    v.page.keyboard.press("Home")
    assert "At position 0 stands BOS, always." in status.inner_text()
    check(live, 1000, 26, 0)
    token.select_option("q")
    assert "A letter is never at position 0." in status.inner_text()
    check(live, 1000, 16, 1)
    token.select_option("BOS")
    assert position.input_value() == "0"
    position.focus()
    v.page.keyboard.press("ArrowRight")
    assert token.input_value() == "4" and "BOS is only read at position 0" in status.inner_text()

    live.locator(".map rect[data-row='9']").first.tap()
    check(live, 1000, 9, 1)
    live.get_by_text("positions", exact=True).tap()
    rows = default_run().params["wpe"]
    nearest = max((i for i in range(16) if i != 1), key=lambda i: cosine(rows[1], rows[i]))
    assert f"position 1 is most like position {nearest} ({cosine(rows[1], rows[nearest]):.2f})" in status.inner_text()
    assert live.locator(".map rect title").count() == 16 * 15
    live.locator(".map rect[data-row='12']").first.tap()
    assert position.input_value() == "12"
    assert not live.locator(".strips i").first.is_visible()
    live.get_by_label("numbers", exact=True).tap()
    assert live.locator(".strips i").first.is_visible()


def test_a_step_that_cannot_be_loaded(figure):
    v, live = figure(PAGE, ANCHOR)
    v.page.route("**/embeddings-500.json", lambda route: route.fulfill(status=404, body=""))
    live.get_by_label("after training steps").focus()
    v.page.keyboard.press("ArrowLeft")
    live.get_by_text("The vectors of step 500 can't be loaded").wait_for()
    check(live, 1000, 4, 1)
    v.complaints.clear()
