"""The figure tokenizer: the ids are those of the program, and what has no id is named as the program names it."""

from __future__ import annotations

from microgpt import Tokenizer, load_docs

PAGE, ANCHOR = "1-data/03-the-bos-token/", "figure-tokenizer"
TOKENIZER = Tokenizer(load_docs())


def shown(live) -> list[str]:
    return live.locator(".tokens").first.locator("li span").all_inner_texts()


def status(live) -> str:
    return live.locator("[role=status]").inner_text()


def check(live, name: str) -> None:
    """What is shown for the name is what `encode` says."""
    bos = TOKENIZER.bos
    ids = [str(TOKENIZER.ids.get(char, "no id")) for char in name]
    assert shown(live) == [str(bos), *ids, str(bos)]
    try:
        expected = f"tokens = {[bos, *TOKENIZER.encode(name), bos]}"
    except KeyError as error:
        place = name.index(error.args[0]) + 1
        expected = f"KeyError: {error}. Character {place} of {len(name)} is not in the alphabet, so encode stops there."
    assert status(live) == expected
    assert ("error" in live.locator("[role=status]").get_attribute("class").split()) == ("KeyError" in expected)


NAMES = [
    "emma", "", "christine", "abcdefghijklmnopqrstuvwx", "Emma", "emmA", "zoé", "zoe\u0301", "r2d2", "o'neill", "a b",
    "jo-jo", "🙂", "ann🙂e", "a\\b", "a\u00a0b", "a\u200db", "王", '"', "\U000e0041",
]


def test_the_ids_are_the_programs(figure):
    _, live = figure(PAGE, ANCHOR)
    for name in NAMES:
        live.get_by_label("a name").fill(name)
        check(live, name)
        used = live.locator(".alphabet .used b").all_inner_texts()
        assert used == [*sorted(set(name) & set(TOKENIZER.chars)), "BOS"]


def test_the_alphabet_is_the_programs(figure):
    _, live = figure(PAGE, ANCHOR)
    assert live.locator(".alphabet b").all_inner_texts() == [*TOKENIZER.chars, "BOS"]
    assert live.locator(".alphabet span").all_inner_texts() == [str(i) for i in range(TOKENIZER.vocab_size)]
    check(live, "emma")


def test_typing_letter_by_letter(figure):
    v, live = figure(PAGE, ANCHOR)
    live.get_by_label("a name").click()
    v.page.keyboard.press("Control+A")
    v.page.keyboard.press("Delete")
    check(live, "")
    for i, char in enumerate("Zoe", 1):
        v.page.keyboard.type(char)
        check(live, "Zoe"[:i])
    v.page.keyboard.press("Home")
    v.page.keyboard.press("Delete")
    check(live, "oe")


def test_examples_by_touch_on_a_phone(figure):
    v, live = figure(PAGE, ANCHOR, viewport={"width": 360, "height": 800}, has_touch=True)
    for example in live.locator(".examples button").all():
        example.tap()
        name = example.inner_text().replace("nothing", "")
        assert live.get_by_label("a name").input_value() == name
        check(live, name)
    assert v.page.evaluate("document.documentElement.scrollWidth") == 360
