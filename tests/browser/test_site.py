"""The site as it is published: where each page stands, its dates, links, picture and descriptions; the link checker."""

import ast
import json
import logging
import posixpath
import re
import struct
from collections import Counter
from html import unescape
from pathlib import Path

import markdown
import pytest
import yaml

import microgpt
from scripts import book, tangle
from scripts.site import check_links, last_change, social_card
from scripts.text import reading
from scripts.text.chapter import Chapter
from tests import ROOT
from tests.browser.conftest import ADDRESS, REPOSITORY, git
from tests.fast.test_project import Loader, pages

CONFIG = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)
PAGES = list(pages(CONFIG["nav"]))
GENERATED = {
    "appendix/listing.md": "scripts/text/pages.py",
}
REFERENCE = {*GENERATED, "appendix/index-of-chunks.md", "appendix/index-of-identifiers.md"}  # to look things up in
SHORT = reading.short_path()
PARTS = {title: list(entries) for entry in CONFIG["nav"] for title, entries in entry.items() if isinstance(entries, list)}


def html(site, page):
    return (site / page.removesuffix("index.md").removesuffix(".md") / "index.html").read_text(encoding="utf-8")


def text(pattern, page):
    found = re.findall(pattern, page, re.S)
    assert len(found) <= 1, f"{pattern} stands there more than once"
    return " ".join(re.sub(r"<[^>]*>", "", unescape(found[0])).split()) if found else ""


# ------------------------------------------------------------------------------ on every page


def test_each_page_says_where_it_stands_and_how_long_it_takes(published):
    for title, entries in PARTS.items():
        for number, page in enumerate(entries, 1):
            expected = f"Part {title[0]} · {number} of {len(entries)}" if title != "Appendix" else "Appendix"
            if page not in REFERENCE and page != "appendix/api.md":
                expected += f" · {reading.whole(reading.count_chapter(ROOT / 'docs' / page).minutes)} min"
            if f"docs/{page}" in SHORT:
                expected += " · short path"
            assert text(r'<p class="page-place">(.*?)</p>', html(published, page)) == expected
    assert 'class="page-place"' not in html(published, "index.md") + (published / "404.html").read_text()


def test_the_minutes_are_about_those_of_the_words_on_the_page(published):
    """Code at a quarter of the speed; counted once more, on what a reader sees of a chapter with nothing folded but answers."""
    page = html(published, "3-architecture/04-softmax.md").split("<article")[1].split("</article>")[0]
    page = re.sub(r"<details.*?</details>|<(div|p) class=.(still|live|page-|chunk-).*?</\1>", "", page, flags=re.S)
    code = len(re.sub("<[^>]*>", "", " ".join(re.findall("<pre>.*?</pre>", page, re.S))).split())
    words = len(re.sub("<[^>]*>", "", re.sub("<pre.*?</pre>", "", page, flags=re.S)).split())
    expected = reading.count_chapter(ROOT / "docs/3-architecture/04-softmax.md").minutes
    assert abs(words / 200 + code / 50 - expected) < 1.5


def test_the_short_path_leads_from_chapter_to_chapter(published):
    """In what is built, so that it is there without JavaScript, too."""
    home = html(published, "index.md").partition('id="the-short-path"')[2].partition("<h2")[0]
    listed = [link for link in re.findall(r'<li><a href="([^"]*)"', home)]
    assert [f"docs/{link.removesuffix('/')}.md" for link in listed] == SHORT
    for page in PAGES:
        foot = re.findall(r'<p class="page-short-path">(.*?)</p>', html(published, page), re.S)
        if f"docs/{page}" not in SHORT:
            assert not foot
            continue
        [foot] = foot
        position = SHORT.index(f"docs/{page}")
        [link] = re.findall(r'href="([^"]*)"', foot)
        address = posixpath.normpath(posixpath.join(page.removesuffix(".md"), link.partition("#")[0]))
        if position + 1 < len(SHORT):
            following = Chapter(ROOT / SHORT[position + 1])
            assert f"docs/{address}.md" == SHORT[position + 1]
            assert " ".join(re.sub("<[^>]*>", "", unescape(foot)).split()) == f"On the short path, next: {plain_text(following.title)}"
        else:
            assert (address, link.partition("#")[2]) == (".", "the-parts") and 'id="the-parts"' in html(published, "index.md")
        assert re.search(r'class="page-place">.*?<a href="[./]*#the-short-path">short path</a>', html(published, page), re.S)


def plain_text(markdown):
    return re.sub("[`*]", "", markdown)


def test_each_page_leads_to_its_source(published):
    for page in PAGES:
        found = re.findall(rf'<a href="({REPOSITORY}/[^"]*)" rel="edit">\s*(.*?)\s*</a>', html(published, page))
        if page in GENERATED:
            assert found == [(f"{REPOSITORY}/edit/main/{GENERATED[page]}", f"Written by {GENERATED[page]}")]
            assert (ROOT / GENERATED[page]).is_file()
        else:
            assert found == [(f"{REPOSITORY}/edit/main/docs/{page}", "Edit this page")]
        assert f'<a href="{REPOSITORY}" title="Go to repository" class="md-source">' in html(published, page)
        # The name under which Material looks for a link, to ask GitHub about the repository.
        assert 'data-md-component="source"' not in html(published, page)


def test_each_page_has_the_date_of_its_last_change(published):
    for page in PAGES:
        date = re.findall(r'Last changed <time datetime="([\d-]+)">(.*?)</time>', html(published, page))
        two = page == "3-architecture/04-softmax.md"
        assert date == [("2026-02-03", "February 3, 2026") if two else ("2026-01-05", "January 5, 2026")], page


def test_each_page_describes_itself(published):
    descriptions = Counter()
    for page in PAGES:
        head = html(published, page).partition("</head>")[0]
        [description] = re.findall(r'<meta name="description" content="([^"]*)">', head)
        descriptions[description] += 1
        assert 40 < len(unescape(description)) <= 161 and not re.search(r"[<>\n]|\\[()]", description), page
        properties = dict(re.findall(r'<meta (?:property|name)="((?:og|twitter):[\w:]+)" content="([^"]*)">', head))
        title = text(r"<title>(.*?)</title>", head)
        assert title in (f"{unescape(properties['og:title'])} - microgpt", properties["og:title"])
        assert properties["og:description"] == description
        [canonical] = re.findall(r'<link rel="canonical" href="([^"]*)">', head)
        assert properties["og:url"] == canonical == ADDRESS + page.removesuffix("index.md").replace(".md", "/")
        assert properties["og:image"] == f"{ADDRESS}{social_card.IMAGE}"
        assert properties["twitter:card"] == "summary_large_image"
        assert head.index("Content-Security-Policy") < head.index("<link") and head.index("<meta charset") < 1024
    assert max(descriptions.values()) == 1, descriptions.most_common(1)


def test_what_a_page_links_to_is_there(published, plain, capsys):
    assert check_links.main([str(published)]) == 0, capsys.readouterr().err
    assert check_links.main([str(plain)]) == 0, capsys.readouterr().err
    assert (published / "assets/downloads/names.txt").read_bytes() == (ROOT / "microgpt/names.txt").read_bytes()
    program = "assets/downloads/microgpt.py"
    assert (published / program).read_bytes() == (ROOT / "docs" / program).read_bytes()


def test_a_fresh_clone_has_neither_dates_nor_addresses(plain):
    for page in PAGES:
        content = html(plain, page)
        assert not re.search(r'<time|rel="edit"|og:image|rel="canonical"|md-source"', content), page
        assert 'class="page-place"' in content or page in ("index.md", "lab.md")


def test_the_site_builds_without_a_warning(plain):
    """The fixture is strict; what it built is a site."""
    assert '<pre class="mermaid">' in html(plain, "3-architecture/04-softmax.md")
    assert 'id="microgpt.gpt.gpt"' in html(plain, "appendix/api.md")


def test_no_tangled_block_became_inline_code():
    """SuperFences turns a fence whose header it can't read into inline code, and --strict doesn't notice."""
    extensions, options = [], {}
    for entry in CONFIG["markdown_extensions"]:
        [(key, value)] = entry.items() if isinstance(entry, dict) else [(entry, {})]
        extensions.append(key)
        options[key] = {} if key == "pymdownx.superfences" else value
    for chapter in tangle.read_book(ROOT).chapters:
        html = markdown.markdown((ROOT / chapter).read_text(encoding="utf-8"), extensions=extensions, extension_configs=options)
        assert not re.search(r"<code>(python|pycon|console|mermaid)\b[^<]*\n", html), chapter
        assert "```" not in re.sub(r"<pre.*?</pre>|<code>.*?</code>", "", html, flags=re.S), chapter


def test_the_page_for_wrong_addresses(published):
    page = (published / "404.html").read_text(encoding="utf-8")
    article = page.split("<article")[1].split("</article>")[0]
    assert re.findall(r"<h1>(.*)</h1>", article) == ["Page not found"]
    links = re.findall(r'<a href="([^"]*)">([^<]*)</a>', article)
    assert [title for _, title in links] == ["Home", "The lab", *PARTS]
    assert all(link.startswith("/book/") for link, _ in links)
    assert text("<title>(.*?)</title>", page) == "Page not found - microgpt"


# ---------------------------------------------------------------------------------- the reference


def test_the_reference_leads_to_the_chapters(published):
    page = html(published, "appendix/api.md")
    sections = dict(re.findall(r'<h[34] id="microgpt\.(?:gpt\.gpt|train\.train|([\w.]+))"(.*?)(?=<h[234] id|</article>)', page, re.S))
    for short in ("gpt", "train"):
        [sections[short]] = re.findall(rf'<h3 id="microgpt\.{short}\.{short}"(.*?)(?=<h[234] id)', page, re.S)
    for name in [*microgpt.__all__, "Value.backward", "Tokenizer.encode", "Adam.step"]:
        [(link, place)] = re.findall(r'<p>Defined in <a href="([^"]+)">[^<]+</a>, <code>([^<]+)</code>', sections[name])
        path, _, anchor = link.partition("#")
        chapter = (published / "appendix/api" / path / "index.html").read_text(encoding="utf-8")
        assert f'id="{anchor}"' in chapter, name
        file, line = place.split(":")
        assert anchor == re.sub(r"[/.]", "-", file) + f"-{line}"
        node = definition(ast.parse((ROOT / file).read_text(encoding="utf-8")), name.split("."))
        assert int(line) in range(min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]), node.lineno + 1)


def definition(scope, names):
    for node in scope.body:
        targets = [target.id for target in getattr(node, "targets", []) if isinstance(target, ast.Name)]
        if names[0] in (getattr(node, "name", ""), *targets):
            return definition(node, names[1:]) if names[1:] else node
    raise AssertionError(names)


# ------------------------------------------------------------------------------------- the search


def test_generated_pages_are_not_searched(published):
    index = json.loads((published / "search/search_index.json").read_text(encoding="utf-8"))
    found = {entry["location"].partition("#")[0] for entry in index["docs"]}
    assert found == {page.removesuffix("index.md").replace(".md", "/") for page in PAGES if page not in REFERENCE}


@pytest.mark.parametrize(
    "name, parts",
    [
        ("layer0.attn_wq", ["layer0", "attn", "wq"]),
        ("Value.backward()", ["Value", "backward", ""]),
        ("n_embd", ["n_embd"]),
        ("__init__", ["", "init", ""]),
        ("math.exp(x_i)", ["math", "exp", "x_i", ""]),
        ("multi-head", ["multi", "head"]),
        ("RMSNorm", ["RMSNorm"]),
    ],
)
def test_names_are_cut_for_the_search(name, parts):
    [separator] = [plugin["search"]["separator"] for plugin in CONFIG["plugins"] if "search" in plugin]
    assert re.split(separator, name) == parts


# ------------------------------------------------------------------------------- the settings


def test_mkdocs_warns_of_everything_that_it_can():
    from mkdocs.config import load_config

    settings = load_config(str(ROOT / "mkdocs.yml"))["validation"]
    for kind in ("nav", "links"):
        assert len(settings[kind]) >= 3
        for key, level in settings[kind].items():
            assert level == logging.WARNING, f"validation: {kind}: {key}"


@pytest.mark.parametrize("path", sorted((ROOT / ".github/workflows").glob("*.yml")), ids=lambda path: path.name)
def test_the_workflows_are_sound(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow.keys() >= {"name", True, "permissions", "jobs"}  # YAML takes `on` for true
    for job in workflow["jobs"].values():
        assert job["runs-on"] and job["steps"]
        names = [step.get("id") for step in job["steps"] if step.get("id")]
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)
            if "uses" in step:
                assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", step["uses"])
            for script in re.findall(r"scripts/\w+\.py", step.get("run", "")):
                assert (ROOT / script).is_file()
        assert set(re.findall(r"steps\.(\w+)\.", json.dumps(job))) <= set(names)


def test_the_site_is_published_after_the_tests_with_all_that_belongs_to_it():
    jobs = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))["jobs"]
    steps = jobs["publish"]["steps"]
    assert steps[0]["with"]["fetch-depth"] == 0
    [build] = [step for step in steps if "run" in step]
    assert build["run"] == "python3 scripts/book.py site --publish"
    assert build["env"].keys() == {"SITE_URL", "REPO_URL"}
    canary = yaml.safe_load((ROOT / ".github/workflows/canary.yml").read_text(encoding="utf-8"))
    assert all(job["continue-on-error"] is True for job in canary["jobs"].values())


def test_book_site_builds_all_that_is_published(monkeypatch):
    ran = []
    monkeypatch.setattr(book, "site_python", lambda: Path("python"))
    monkeypatch.setattr(book.subprocess, "call", lambda command, **_: ran.append(command[2:]) or 0)
    build = [["mkdocs", "build", "--strict"], ["scripts.site.check_links", "site"]]
    assert book.main(["site"]) == 0 and ran == build
    ran.clear()
    assert book.main(["site", "--publish"]) == 0
    assert ran == [["scripts.site.last_change"], ["scripts.site.social_card"], *build]


# ------------------------------------------------------------------------------------ the scripts


def test_the_picture(published):
    content = (published / social_card.IMAGE).read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) == (1200, 630)
    assert len(content) < 300_000


def test_the_picture_shows_the_run():
    def picture(losses, names):
        return social_card.draw({"losses": losses, "samples": names})

    falling = [3 - step / 100 for step in range(100)]
    one = picture(falling, ["emma"] * 5)
    assert one.size == (1200, 630)
    assert one.tobytes() == picture(falling, ["emma"] * 5).tobytes()
    assert one.tobytes() != picture(falling[::-1], ["emma"] * 5).tobytes()
    assert one.tobytes() != picture(falling, ["anna"] * 5).tobytes()
    assert social_card.running_mean([1.0] * 60 + [101.0]) == [1.0] * 60 + [3.0]
    assert social_card.colors()["book-paper"] in (ROOT / "docs/assets/css/colors.css").read_text(encoding="utf-8")


def test_without_history_there_are_no_dates(published, tmp_path, capsys):
    assert last_change.main(["--root", str(tmp_path)]) == 1
    assert "git" in capsys.readouterr().err
    git(tmp_path, "clone", "-q", "--depth", "1", published.parent.parent.as_uri(), "shallow")
    assert last_change.main(["--root", str(tmp_path / "shallow")]) == 1
    assert "has no history" in capsys.readouterr().err
    assert not (tmp_path / "shallow" / last_change.PAGE).exists()


PAGE = """<!doctype html><html><head><link rel="canonical" href="{canonical}"></head>
<body><h1 id="top">T</h1>{body}</body></html>"""
SITEMAP = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{}</loc></url><url><loc>{}</loc></url></urlset>'


@pytest.fixture
def small_site(tmp_path):
    def write(body="", canonical=ADDRESS + "a/", home=ADDRESS, sitemap=(ADDRESS, ADDRESS + "a/")):
        (tmp_path / "a").mkdir(exist_ok=True)
        (tmp_path / "index.html").write_text(PAGE.format(canonical=home, body='<a href="a/#top">A</a>'))
        (tmp_path / "a/index.html").write_text(PAGE.format(canonical=canonical, body=body))
        (tmp_path / "a/x y.png").write_text("")
        (tmp_path / "404.html").write_text('<a href="/book/a/">A</a>')
        (tmp_path / "sitemap.xml").write_text(SITEMAP.format(*sitemap))
        return check_links.main([str(tmp_path)])

    return write


def test_a_sound_site_has_no_faults(small_site, capsys):
    assert small_site(
        '<a href="..">.</a><a href="../#top">.</a><a href="#top">.</a>'
        + '<a href="https://example.com/#x">.</a><a href="mailto:a@example.org">.</a><img src="x%20y.png">'
        + f'<a href="{ADDRESS}a/index.html#top">.</a><a name="old"></a><a href="#old">.</a><a href="/book/">.</a>'
    ) == 0
    assert capsys.readouterr() == ("3 pages, 11 links, 0 faults\n", "")


@pytest.mark.parametrize(
    "body, message",
    [
        ('<a href="../b/">b</a>', "../b/ leads nowhere: there is no b/index.html"),
        ('<a href="#no">b</a>', "#no leads nowhere: a/index.html has no id 'no'"),
        ('<a href="../#no">b</a>', "../#no leads nowhere: index.html has no id 'no'"),
        (f'<a href="{ADDRESS}c.txt">b</a>', f"{ADDRESS}c.txt leads nowhere: there is no c.txt"),
        ('<img src="no.png">', "no.png leads nowhere: there is no a/no.png"),
        ('<script src="https://example.com/x.js"></script>', "https://example.com/x.js would be fetched from another site"),
        ('<link rel="stylesheet" href="//example.com/x.css">', "//example.com/x.css would be fetched from another site"),
        ('<p id="top"></p>', "2 elements have the id 'top'"),
        ('<a href="">b</a>', "a link has no address"),
        ('<a href="javascript:void(0)">b</a>', "javascript:void(0): no reader can follow such a link"),
        ('<a href="file:///c">b</a>', "file:///c: no reader can follow such a link"),
    ],
)  # fmt: skip
def test_a_broken_page_is_named(small_site, capsys, body, message):
    assert small_site(body) == 1
    out, err = capsys.readouterr()
    assert err == f"a/index.html: {message}\n"
    assert out.endswith("1 faults\n")


@pytest.mark.parametrize(
    "change, message",
    [
        ({"canonical": ADDRESS}, f"a/index.html: its canonical address is '{ADDRESS}', not '{ADDRESS}a/'"),
        ({"canonical": ""}, f"a/index.html: its canonical address is '', not '{ADDRESS}a/'"),
        ({"sitemap": (ADDRESS, ADDRESS)}, f"sitemap.xml: {ADDRESS}a/ is missing"),
        ({"sitemap": (ADDRESS + "b/", ADDRESS + "a/")}, f"sitemap.xml: {ADDRESS} is missing\nsitemap.xml: {ADDRESS}b/ is no page"),
    ],
)
def test_wrong_addresses_are_named(small_site, capsys, change, message):
    assert small_site(**change) == 1
    assert capsys.readouterr().err == f"{message}\n"


MOVED = """<!doctype html><html><head><link rel="canonical" href="{0}"><meta http-equiv="refresh" content="0; url={0}"></head>
<body><a href="{0}">new</a></body></html>"""
NO_PAGE = "it sends readers to {0}, which is no page, or not its canonical address"


@pytest.mark.parametrize(
    "target, body, faults",
    [
        ("../a/", "", []),
        ("../b/", "", ["../b/ leads nowhere: there is no b/index.html", NO_PAGE]),
        ("../old/", "", ["../old/ leads to a page that has moved, to ../old/", NO_PAGE]),
        ("https://example.com/a/", "", [NO_PAGE]),
        ("../a/", '<a href="../old/">.</a>', ["../old/ leads to a page that has moved, to ../a/"]),
    ],
)
def test_a_page_that_has_moved(small_site, tmp_path, capsys, target, body, faults):
    (tmp_path / "old").mkdir()
    (tmp_path / "old/index.html").write_text(MOVED.format(target))
    assert small_site(body) == bool(faults)
    assert [line.partition(": ")[2] for line in capsys.readouterr().err.splitlines()] == [fault.format(target) for fault in faults]


def test_a_site_must_be_there(tmp_path, capsys):
    assert check_links.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err == "index.html: there is no such page\n"


def test_every_formula_became_one(built):
    """A comment behind the closing $$ makes it a formula in the line, with a dollar on either side."""
    for page in built.rglob("index.html"):
        text = re.sub(r"<(pre|code|script|style)\b.*?</\1>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.findall(r'\$<span class="arithmatex">.{0,60}|.{0,60}</span>\$', text), page
