"""The figure merges: the browser cuts texts as microgpt/scale/bpe.py does, step by step."""

from __future__ import annotations

from microgpt.scale.bpe import BPETokenizer, split
from scripts.figures.merges import TEXT, load_merges, trace, visible

PAGE, ANCHOR = "7-growing-up/06-tokens-larger-than-letters/", "figure-merges"
TOKENIZER = BPETokenizer(load_merges())
TEXTS = [
    TEXT, " strawberry", "strawberry", "", "a", "the the  the", "don't they're 'twas", "1000 + 1001", "naïve", "🙂🙂", "snake_case, 3.5!",
    "½ and ²", "日本 ja\u0301", "\u00a0x\u3000y", " \x1c\u2028z", "aaaaaa", "       ",
]


def shown(live) -> list[list[list[str]]]:
    """For each chunk the texts and the ids of its tokens."""
    return live.locator(".cut").evaluate("cut => [...cut.children].map(ol => [...ol.children].map(li => [...li.children].map(part => part.textContent)))")


def expected(cut: list[list[bytes]]) -> list[list[list[str]]]:
    return [[[visible(token), str(TOKENIZER.ids[token])] for token in tokens] for tokens in cut]


def said(steps: list, k: int) -> str:
    number, cut = steps[k]
    count = sum(map(len, cut))
    tokens = f"{count} token{'s' * (count != 1)}."
    if number is None:
        text = f"The bytes: {tokens}"
    else:
        a, b = list(TOKENIZER.ranks)[number - 1]
        text = f"Merge {number} joins {visible(a)} and {visible(b)}: {tokens}"
    return text + " No other merge fits." * (k == len(steps) - 1)


def test_each_step_of_each_text_is_the_programs(figure):
    v, live = figure(PAGE, ANCHOR, viewport={"width": 360, "height": 800})
    box, slider, status = live.get_by_label("a text"), live.get_by_label("step", exact=True), live.locator(".figure-status")
    for text in TEXTS:
        box.fill(text)
        steps = trace(split(text), TOKENIZER)
        assert slider.get_attribute("max") == str(len(steps) - 1), text
        for k, (_, cut) in enumerate(steps):
            slider.fill(str(k))
            assert shown(live) == expected(cut), (text, k)
            assert status.text_content() == said(steps, k)
        assert [int(i) for tokens in shown(live) for _, i in tokens] == TOKENIZER.encode(text)
    assert v.page.evaluate("document.documentElement.scrollWidth") == 360


def test_keys_buttons_and_typing(figure):
    v, live = figure(PAGE, ANCHOR)
    status, steps = live.locator(".figure-status"), trace(split(" the"), TOKENIZER)
    live.get_by_role("button", name="␣the", exact=True).click()
    assert live.get_by_label("a text").input_value() == " the" and status.text_content() == said(steps, 0)
    for key, k in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", len(steps) - 1), ("Home", 0)):
        v.page.keyboard.press(key)
        assert status.text_content() == said(steps, k), key
    live.get_by_label("a text").fill(" then")
    live.get_by_label("a text").press("Home")  # moves in the text, not through the steps
    live.get_by_role("button", name="Last step").click()
    assert status.text_content() == said(trace(split(" then"), TOKENIZER), len(trace(split(" then"), TOKENIZER)) - 1)
    live.get_by_role("button", name="One step back").click()
    v.page.keyboard.press("ArrowRight")  # the listener of the text before is gone: one step, not two
    assert status.text_content() == said(trace(split(" then"), TOKENIZER), len(trace(split(" then"), TOKENIZER)) - 1)
