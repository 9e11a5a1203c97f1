"""Chunks in the browser: their links, their lines, and what a copy button copies."""

from __future__ import annotations

import pytest

GPT = "3-architecture/12-the-whole-gpt/"
# Not `:target`: after instant navigation the browser sometimes doesn't know of one.
TARGET = "document.getElementById(location.hash.slice(1))"


def at_target(visit) -> str:
    """The anchor of the address; its element is in view, below the header."""
    visit.page.wait_for_function(f"!!{TARGET}")
    visit.page.wait_for_function(  # it may take a moment: fonts and diagrams above move it
        f"(() => {{ const top = {TARGET}.getBoundingClientRect().top;"
        " return document.querySelector('.md-header').getBoundingClientRect().bottom <= top && top < 800 })()"
    )
    return visit.page.url.partition("#")[2]


def test_a_reference_leads_to_its_chunk_and_back(visit):
    v = visit()
    v.go(GPT)
    v.page.evaluate("window.same = true")
    v.page.locator("#chunk-gpt .chunk-ref", has_text="attend-to-the-past").click()
    v.page.wait_for_url(f"{v.site}3-architecture/11-multi-head-attention/#chunk-attend-to-the-past")
    v.page.wait_for_function(f"!!{TARGET}")  # where it scrolls to, with instant navigation, is Material's affair
    v.page.locator("#chunk-attend-to-the-past .chunk-user", has_text="gpt").first.click()
    v.page.wait_for_url(f"{v.site}{GPT}#chunk-gpt")
    v.page.wait_for_function(f"!!{TARGET}")
    assert v.page.evaluate("window.same"), "the page was loaded anew"
    for path, anchor in (("3-architecture/11-multi-head-attention/", "chunk-attend-to-the-past"), (GPT, "chunk-gpt")):
        v.page.goto("about:blank")
        v.go(f"{path}#{anchor}")
        assert at_target(v) == anchor


def test_a_line_has_an_address(visit):
    v = visit()
    v.go(GPT + "#microgpt-gpt-py-9")
    at_target(v)
    assert v.page.evaluate(f"{TARGET}.textContent").startswith("Cache = ")
    assert v.page.evaluate(f"{TARGET}.closest('code').scrollLeft") == 0
    line = v.page.locator("#microgpt-gpt-py-7")
    box = line.bounding_box()
    v.page.mouse.click(box["x"] + 5, box["y"] + box["height"] / 2)
    assert at_target(v) == "microgpt-gpt-py-7"
    v.page.goto(v.site + "5-inference/03-one-file/#docs-assets-downloads-microgpt-py-1")
    at_target(v)


@pytest.mark.parametrize("width", [360, 1280])
def test_a_copy_button_copies_the_code_alone(visit, width):
    v = visit(viewport={"width": width, "height": 800}, permissions=["clipboard-read", "clipboard-write"])
    v.go(GPT)
    for anchor in ("chunk-gpt", "file-microgpt-gpt-py"):
        chunk = v.page.locator(f"#{anchor}")
        chunk.locator("button[data-md-type=copy]").click()
        v.page.wait_for_timeout(100)
        text = chunk.locator("code").evaluate("code => code.textContent")
        assert v.page.evaluate("navigator.clipboard.readText()") == text.rstrip()
        assert v.page.evaluate(
            "code => { const r = document.createRange(); r.selectNodeContents(code); const s = getSelection();"
            " s.removeAllRanges(); s.addRange(r); return s.toString() }", chunk.locator("code").element_handle()
        ).rstrip() == text.rstrip()


@pytest.mark.parametrize("path", [GPT, "appendix/index-of-chunks/", "appendix/index-of-identifiers/"])
def test_nothing_but_code_and_tables_scrolls_sideways(visit, path):
    v = visit(viewport={"width": 360, "height": 800})
    v.go(path)
    assert v.page.evaluate("document.documentElement.scrollWidth") == 360


def test_without_javascript_chunks_are_the_same(visit):
    v = visit(java_script_enabled=False)
    v.go(GPT)
    lines = v.page.locator("#chunk-gpt .chunk-line")
    tops = [lines.nth(i).bounding_box()["y"] for i in range(lines.count())]
    assert tops == sorted(set(tops))
    v.page.locator("#chunk-gpt .chunk-ref").first.click()
    assert v.page.url == f"{v.site}3-architecture/02-embeddings/#chunk-embed-the-token-and-its-position"


@pytest.mark.parametrize("path", ["1-data/02-characters-as-numbers/", "2-autograd/05-the-value-class/", "3-architecture/11-multi-head-attention/"])
def test_a_head_takes_one_line_of_a_phone(visit, path):
    v = visit(viewport={"width": 360, "height": 800})
    v.go(path)
    heads = v.page.evaluate(
        r"""[...document.querySelectorAll(".chunk-head")].map(head => {
          const { lineHeight, paddingTop, paddingBottom } = getComputedStyle(head)
          const height = head.clientHeight - parseFloat(paddingTop) - parseFloat(paddingBottom)
          return [head.innerText.replace(/\s*Change it$/, ""), Math.round(height / parseFloat(lineHeight))]
        })"""
    )
    assert [text for text, lines in heads if lines != 1] == []
    assert any(text.endswith("–5") and "also in" not in text and "/" not in text for text, _ in heads), "the rungs stay"
    v.page.set_viewport_size({"width": 1280, "height": 800})
    assert v.page.locator(".chunk-head", has_text="rungs").first.inner_text().count("also in rungs") == 1
