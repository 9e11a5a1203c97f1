"""Finding one's way: search, keys, palette, the menu of a phone, pages that come without loading."""

from __future__ import annotations

import re

import pytest

SOFTMAX = "3-architecture/04-softmax/"
ATTENTION = "3-architecture/07-attention/"
LONG = "2-autograd/06-the-forward-pass-builds-a-graph/"
INDEX = "search/search_index.json"
PHONE = {"width": 360, "height": 740}
CLOSES = 300  # milliseconds: 125 after a page has come, Material closes the search, also one that was opened since


def arrive(v, path: str) -> None:
    """Wait until the page at `path` has come and is shown."""
    v.page.wait_for_url(re.compile(re.escape(v.site + path) + r"(\?.*)?(#.*)?$"))
    v.page.wait_for_function("document.querySelector('link[rel=canonical]')?.href === location.origin + location.pathname")


def look_for(v, words: str, page: str, among: int = 1) -> None:
    """Search for words, and wait until the page is among the first answers."""
    v.page.locator(".md-search__input").fill(words)
    v.page.keyboard.press("End")  # Material looks when a key is released
    v.page.wait_for_function(
        "([url, among]) => [...document.querySelectorAll('.md-search-result__item')].slice(0, among)"
        ".some(item => item.querySelector('a').href.startsWith(url))",
        arg=[v.site + page, among],
    )


# ------------------------------------------------------------------------------------- search


def test_the_search_finds_names_and_words(visit):
    v = visit()
    v.go("")
    v.page.keyboard.press("/")
    for words, page in {
        "rmsnorm": "3-architecture/06-rmsnorm/",
        "Value.backward": "2-autograd/07-the-backward-pass/",
        "softmax": SOFTMAX,
        "temperature": "5-inference/02-temperature-and-sampling/",
        "multi_head_attention": "3-architecture/11-multi-head-attention/",
        "perplexity": "appendix/glossary/",
    }.items():
        look_for(v, words, page)
    for words in ("attn_wq", "n_embd", "layer0.attn_wq", "wq"):
        v.page.locator(".md-search button[type=reset]").dispatch_event("click")
        look_for(v, words, "3-architecture/01-parameters-are-knowledge/", among=3)


def test_from_the_search_to_the_place(visit):
    v = visit()
    v.go("")
    v.page.keyboard.press("s")
    look_for(v, "rmsnorm", "3-architecture/06-rmsnorm/")
    v.page.keyboard.press("Enter")
    arrive(v, "3-architecture/06-rmsnorm/")
    assert v.page.locator("article h1[id]").inner_text().startswith("RMSNorm")
    v.page.locator(".md-content mark").first.wait_for()  # what was looked for is marked
    closed = "() => !document.getElementById('__search').checked && !document.activeElement.matches('.md-search__input')"
    v.page.wait_for_function(closed)
    v.page.wait_for_timeout(CLOSES)
    v.page.keyboard.press("f")
    v.page.wait_for_function("document.getElementById('__search').checked")
    v.page.keyboard.press("Escape")
    v.page.wait_for_function(closed)
    v.page.keyboard.press("/")
    v.page.wait_for_function("document.getElementById('__search').checked")
    look_for(v, "cross-entropy", "4-training/02-cross-entropy/")
    for _ in range(50):  # the results may just be put there anew, and the focus goes with the old ones
        v.page.keyboard.press("ArrowDown")
        if target := v.page.evaluate("document.activeElement.href"):
            break
        v.page.wait_for_timeout(100)
    assert target, "the focus is on a result"
    v.page.keyboard.press("Enter")
    v.page.wait_for_url(target)
    v.page.locator(".md-content mark").first.wait_for()


def test_the_search_is_open_while_its_field_has_the_focus(visit):
    v = visit()
    v.go("")
    v.page.wait_for_timeout(CLOSES)
    v.page.keyboard.press("/")
    v.page.wait_for_function("document.getElementById('__search').checked")
    # In one moment, as on a page that is busy: Material hears no more of it than that the focus is where it was.
    v.page.evaluate("""() => {
      const press = key => dispatchEvent(new KeyboardEvent("keydown", { key }))
      press("Escape")
      press("/")
    }""")
    v.page.wait_for_timeout(CLOSES)
    assert v.page.evaluate("document.activeElement.matches('.md-search__input')")
    assert v.page.evaluate("document.getElementById('__search').checked")


def test_the_index_comes_when_the_search_is_wanted(visit):
    v = visit()
    v.go_and_rest(SOFTMAX)
    assert not v.asked_for(INDEX)
    v.page.keyboard.press("n")
    arrive(v, "3-architecture/05-a-model-without-layers/")
    assert not v.asked_for(INDEX)
    v.page.locator(".md-search__input").click()
    look_for(v, "adam", "4-training/05-adam/")
    assert v.asked_for(INDEX) == [INDEX]


def test_a_page_that_is_not_there(visit):
    v = visit()
    v.go("404.html")
    for link in v.page.locator("article li a").all():
        assert link.evaluate("a => a.href").startswith(v.site)
    assert v.page.locator("article li a").count() > 7
    v.page.get_by_label("Search the book").fill("softmax")
    v.page.keyboard.press("Enter")
    v.page.wait_for_url(v.site + "?q=softmax")
    v.page.locator(".md-search-result__item a").first.wait_for()
    assert v.page.locator(".md-search__input").input_value() == "softmax"
    assert v.page.locator(".md-search-result__item a").first.get_attribute("href").startswith(v.site + SOFTMAX)


# ------------------------------------------------------------------------- from page to page


def test_keys_for_the_next_page_and_the_one_before(visit):
    v = visit()
    v.go(SOFTMAX)
    v.page.evaluate("window.same = true")
    for key, path in (("n", "05-a-model-without-layers"), (".", "06-rmsnorm"), ("p", "05-a-model-without-layers"), (",", "04-softmax")):
        v.page.keyboard.press(key)
        arrive(v, f"3-architecture/{path}/")
    assert v.page.evaluate("window.same"), "the page was loaded anew"


def test_pages_come_without_loading_and_go_into_the_history(visit):
    one, two = "appendix/api/", "appendix/sources/"  # where nothing comes later and moves the text
    v = visit()
    v.go(one)
    v.page.evaluate("window.same = true")
    assert v.page.title() == "API reference - microgpt"
    v.page.evaluate("scrollTo(0, 900)")
    v.page.wait_for_function("history.state?.y === 900")  # it is kept a moment later
    v.page.locator(".md-footer__link--next").evaluate("link => link.click()")
    arrive(v, two)
    v.page.wait_for_function("scrollY === 0")
    assert v.page.title() == "Sources and further reading - microgpt"
    description = v.page.locator("meta[name=description]")
    assert description.count() == 1 and "What this book builds on" in description.get_attribute("content")
    v.page.evaluate("scrollTo(0, 700)")
    v.page.wait_for_function("history.state?.y === 700")
    v.page.go_back()
    arrive(v, one)
    v.page.wait_for_function("scrollY === 900")
    assert v.page.title() == "API reference - microgpt"
    v.page.go_forward()
    arrive(v, two)
    v.page.wait_for_function("scrollY === 700")
    assert v.page.evaluate("window.same"), "the page was loaded anew"


def test_who_scrolls_while_the_page_comes_arrives_at_its_anchor(visit):
    v = visit()
    v.go("appendix/index-of-chunks/")
    held = []
    v.page.route(f"**/{SOFTMAX}", lambda route: held.append(route))
    v.page.evaluate("document.querySelector('a[href$=\"#chunk-softmax\"]').click()")
    v.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    v.page.wait_for_timeout(300)  # as long as Material waits before it keeps the place, and some more
    held[0].fallback()
    arrive(v, SOFTMAX)
    v.page.wait_for_function(
        "(box => box.bottom > 0 && box.top < innerHeight)(document.getElementById('chunk-softmax').getBoundingClientRect())"
    )


@pytest.mark.parametrize("viewport", [PHONE, {"width": 1280, "height": 800}])
def test_without_javascript_one_gets_everywhere(visit, viewport):
    v = visit(viewport=viewport, java_script_enabled=False)
    v.go("4-training/02-cross-entropy/")
    assert v.page.locator(".page-place").inner_text().startswith("Part 4 · 2 of 6 · ")
    links = v.page.locator(".md-footer__link")
    titles = links.locator(".md-ellipsis").all()
    assert [title.inner_text() for title in titles] == ["What training is", "Backpropagation through the model"]
    for title in titles:
        assert title.is_visible()
        assert title.evaluate("title => title.scrollWidth <= title.clientWidth"), "the title is cut off"
    links.last.click()
    v.page.wait_for_url(v.site + "4-training/03-backpropagation-through-the-model/")
    if viewport == PHONE:
        v.page.locator(".md-header__button[for=__drawer]").click()
    v.page.locator(".md-nav--primary").get_by_role("link", name="Gradient descent").click()
    v.page.wait_for_url(v.site + "4-training/04-gradient-descent/")


def test_the_menu_of_a_phone(visit):
    v = visit(viewport=PHONE)
    v.go(SOFTMAX)
    drawer, menu = v.page.locator("#__drawer"), v.page.locator(".md-sidebar--primary")
    on_screen = "document.querySelector('.md-sidebar--primary').getBoundingClientRect().right > 100"
    assert not v.page.evaluate(on_screen)
    v.page.locator(".md-header__button[for=__drawer]").click()
    v.page.wait_for_function(on_screen)
    menu.get_by_role("link", name="Embeddings").click()
    arrive(v, "3-architecture/02-embeddings/")
    v.page.wait_for_function(f"!({on_screen})")
    v.page.locator(".md-header__button[for=__drawer]").focus()
    v.page.keyboard.press("Enter")
    v.page.wait_for_function(on_screen)
    v.page.keyboard.press("Escape")
    v.page.wait_for_function(f"!({on_screen})")
    assert not drawer.is_checked()
    assert v.page.evaluate("document.activeElement.getAttribute('for')") == "__drawer"


# ------------------------------------------------------------------------------------ palette


def scheme(v) -> str:
    return v.page.locator("body").get_attribute("data-md-color-scheme")


def test_the_palette_is_kept_and_automatic_follows_the_system(visit):
    v = visit(color_scheme="dark")
    v.go(SOFTMAX)
    toggle = v.page.locator("form[data-md-component=palette] label:not([hidden])")
    assert scheme(v) == "slate"
    v.page.emulate_media(color_scheme="light")
    v.page.wait_for_function("document.body.dataset.mdColorScheme === 'default'")
    toggle.click()  # automatic -> light
    v.page.emulate_media(color_scheme="dark")
    assert scheme(v) == "default"
    toggle.click()  # -> dark
    v.page.emulate_media(color_scheme="light")
    assert scheme(v) == "slate"
    v.page.keyboard.press("n")
    arrive(v, "3-architecture/05-a-model-without-layers/")
    assert scheme(v) == "slate"
    v.page.reload()
    assert scheme(v) == "slate"
    v.go(LONG)
    assert scheme(v) == "slate"
    toggle.click()  # -> automatic
    v.page.wait_for_function("document.body.dataset.mdColorScheme === 'default'")


# -------------------------------------------------------------------------------- the policy


def test_with_its_policy_the_site_works(visit):
    """No string may be evaluated here, so this waits for elements only; a breach would be a complaint."""
    v = visit(bypass_csp=False)
    v.go(ATTENTION)
    for selector, shown in (("pre.mermaid", "div.mermaid"), (".arithmatex", ".arithmatex .katex")):
        v.page.locator(selector).first.scroll_into_view_if_needed()
        v.page.locator(shown).first.wait_for()
    v.page.keyboard.press("/")
    v.page.keyboard.type("softmax")
    v.page.locator(".md-search-result__item a").first.wait_for()
    v.page.keyboard.press("Enter")
    v.page.locator("h1#softmax").wait_for()
    assert not v.complaints
    v.page.evaluate("fetch('https://example.org/').catch(() => document.body.append('refused'))")
    v.page.get_by_text("refused").wait_for()
    assert v.complaints and all("Content Security Policy" in complaint for complaint in v.complaints)
    assert not v.foreign
    v.complaints.clear()
