"""Chunks on the page: each says where it goes, numbers its lines as its file does, and its links lead somewhere."""

import os
import posixpath
import re
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import markdown
import pytest
from scripts import tangle
from scripts.text import variants
from scripts.text.pages import PROGRAM
from scripts.text.places import Places, Span, short
from mkdocs.config import load_config

from scripts.site import chunks as literate

from tests import ROOT
BOOK = tangle.read_book(ROOT)
PLACES = Places(BOOK)
CHAPTERS = list(dict.fromkeys(piece.chapter for piece in BOOK.pieces))
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


# --------------------------------------------------------------------------------- a small tree


class Node:
    """An element of a page."""

    def __init__(self, tag, attributes):
        self.tag, self.attributes, self.children = tag, dict(attributes), []

    def __getitem__(self, name):
        return self.attributes.get(name) or ""

    @property
    def classes(self):
        return self["class"].split()

    @property
    def text(self):
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self, tag=None, kind=None):
        """The elements below it, in their order; of a tag, of a class."""
        for child in self.children:
            if isinstance(child, Node):
                if tag in (None, child.tag) and (kind is None or kind in child.classes):
                    yield child
                yield from child.all(tag, kind)

    def one(self, tag=None, kind=None):
        [found] = self.all(tag, kind)
        return found

    def __repr__(self):
        return f"<{self.tag} {self.attributes}>{self.text[:60]}"


class Tree(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.root = Node("", {})
        self.open = [self.root]
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        node = Node(tag, attributes)
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag):
        while tag in [node.tag for node in self.open] and self.open.pop().tag != tag:
            pass

    def handle_data(self, data):
        self.open[-1].children.append(data)


def parse(html):
    return Tree(html).root


def ids(tree):
    return [node["id"] for node in tree.all() if node["id"]]


# -------------------------------------------------------------------------------- the real site


@pytest.fixture(scope="module")
def pages(published):
    """Every page of the site, by its path."""
    paths = published.rglob("*.html")
    return {path.relative_to(published).as_posix(): parse(path.read_text(encoding="utf-8")) for path in paths}


def page_of(chapter):
    path = chapter.removeprefix("docs/").removesuffix(".md")
    return "index.html" if path == "index" else f"{path.removesuffix('/index')}/index.html"


def target(page, href):
    """The page and the anchor that a link on a page leads to; any sub-path of the site gives the same."""
    parts = urlsplit(href)
    assert not parts.scheme and not parts.netloc and not parts.path.startswith("/"), href
    if not parts.path:
        return page, unquote(parts.fragment)
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path)))
    return f"{path}/index.html" if parts.path.endswith("/") else path, unquote(parts.fragment)


@pytest.fixture(scope="module")
def shown_by(pages):
    """The elements that show pieces, by page and anchor."""
    found = {}
    for path, page in pages.items():
        for node in page.all(kind="chunk"):
            found.setdefault((path, node["id"]), []).append(node)
    return found


def chunk(shown_by, piece):
    """The element that shows a piece."""
    [found] = shown_by[page_of(piece.chapter), PLACES.anchor(piece)]
    return found


def links(piece, element, kind):
    """Where the links of a kind lead."""
    return [target(page_of(piece.chapter), link["href"]) for link in element.all("a", kind)]


def place(piece):
    return page_of(piece.chapter), PLACES.anchor(piece)


PIECES = pytest.mark.parametrize("piece", BOOK.pieces, ids=PLACES.anchor)


def test_the_book_is_sound():
    assert not BOOK.faults
    assert len(BOOK.pieces) > 100
    named = Counter((piece.label, tuple(piece.lines)) for piece in BOOK.pieces)
    assert max(named.values()) == 1, "a piece is known by its name and its code"


def test_each_page_shows_its_pieces_and_no_other(pages):
    for path, page in pages.items():
        shown = [node["id"] for node in page.all(kind="chunk") if "chunk-variant" not in node.classes]
        assert sorted(shown) == sorted(PLACES.anchor(piece) for piece in BOOK.pieces if page_of(piece.chapter) == path)


GENERATED = {}  # chapter and line -> the files that the line goes into, and its numbers there
for path, lines in BOOK.files.items():
    for number, line in enumerate(lines, 1):
        if line.label:
            GENERATED.setdefault((line.chapter, line.number), []).append((path, number))


def generated_lines(piece):
    """For each file that a piece goes into, the numbers of the lines that come from it."""
    found = {}
    for line, _ in piece.numbered():
        for path, number in GENERATED.get((piece.chapter, line), ()):
            found.setdefault(path, []).append(number)
    return {path: sorted(numbers) for path, numbers in found.items()}


LINE_ANCHOR = re.compile(r"(microgpt|docs)-[\w-]*-py-\d+$")


@PIECES
def test_the_head_says_where_a_piece_goes(shown_by, piece):
    head = chunk(shown_by, piece).one("p", "chunk-head")
    files = [file for file in BOOK.files if file in generated_lines(piece)]
    shown = [link.text for link in head.all("a", "chunk-file")]
    first, *others = PLACES.shown_in(piece)
    assert {first, *others} >= {*files}
    assert shown == [short(first)], "and no other link: the other programs are told by their number"
    numbers = {file: 5 if file == PROGRAM else int(file[-4]) for file in [first, *others] if file == PROGRAM or "ladder/train" in file}
    rungs = sorted({numbers[file] for file in others} - {numbers.get(first)})
    assert rungs == [*range(rungs[0], rungs[-1] + 1)] if rungs else True, "here all in a row"
    words = f" · also in rungs {rungs[0]}–{rungs[-1]}" if len(rungs) > 1 else f" · also in rung {rungs[0]}" if rungs else ""
    assert head.text.endswith(words) and ("also" in head.text) == bool(rungs)
    program = PLACES.chapter(piece.chapter).program
    shows = [file for file in files if program in (file.split("/")[0], Path(file).name)]
    package = [file for file in files if file.startswith("microgpt/")]
    assert first in (shows or package or files or [first])
    assert links(piece, head, "chunk-file") == [place(BOOK.parts[first][0])]
    if piece.is_file:
        assert head.text == shown[0]
    else:
        assert head.one("a", "chunk-name").text == piece.label
        assert head.text.startswith(f"{shown[0]} · {piece.label}")
        assert links(piece, head, "chunk-name") == [place(piece)]


@PIECES
def test_the_code_is_the_chapters(shown_by, piece):
    code = chunk(shown_by, piece).one("code")
    assert code.text.removesuffix("\n").split("\n") == piece.lines
    assert [line.text for line in code.children] == [f"{line}\n" for line in piece.lines]
    assert code.children == list(code.all("span", "chunk-line")), "nothing but lines, so nothing else is copied"


@PIECES
def test_the_numbers_are_those_of_the_file(shown_by, piece):
    element = chunk(shown_by, piece)
    file = PLACES.shown_in(piece)[0]
    shown = []
    for (number, text), line in zip(piece.numbered(), element.all("span", "chunk-line")):
        gutter = line.one(kind="linenos")
        assert gutter.text == "", "a number is not text"
        if number in piece.references:
            assert not gutter["data-linenos"].strip() and not line["id"]
            continue
        shown.append(int(gutter["data-linenos"]))
        origin = BOOK.files[file][shown[-1] - 1]
        assert (origin.chapter, origin.number) == (piece.chapter, number)
        assert origin.text.endswith(text)
    assert shown == generated_lines(piece).get(file, [])[: len(shown)]
    assert len({len(gutter["data-linenos"]) for gutter in element.all(kind="linenos")}) == 1, "they are aligned"


@PIECES
def test_a_reference_leads_to_its_chunk_and_says_its_lines(shown_by, piece):
    element = chunk(shown_by, piece)
    names = list(piece.references.values())
    assert links(piece, element, "chunk-ref") == [place(BOOK.parts[name][0]) for name in names]
    file = PLACES.shown_in(piece)[0]
    for name, link in zip(names, element.all("a", "chunk-ref")):
        assert link.text == f"# <<{name}>>"
        assert link.one("span", "chunk-target").text == name
        first, _, last = link["data-lines"].partition("–")
        numbers = range(int(first), int(last or first) + 1)
        labels, todo = set(), [name]
        while todo:
            labels.add(label := todo.pop())
            todo += [other for part in BOOK.parts[label] for other in part.references.values()]
        assert {BOOK.files[file][number - 1].label for number in numbers} <= labels
        for outside in (numbers[0] - 1, numbers[-1] + 1):
            assert outside > len(BOOK.files[file]) or BOOK.files[file][outside - 1].label not in labels


@PIECES
def test_the_foot_says_where_a_chunk_is_used_and_continued(shown_by, piece):
    element = chunk(shown_by, piece)
    users = {user.label: user for user in reversed(BOOK.pieces) if piece.label in user.references.values()}
    assert sorted(links(piece, element, "chunk-user")) == sorted(map(place, users.values()))
    assert ("used in " in element.text) == bool(users) == (not piece.is_file)
    pieces = BOOK.parts[piece.label]
    at = pieces.index(piece)
    neighbors = [pieces[i] for i in (at - 1, at + 1) if 0 <= i < len(pieces)]
    assert links(piece, element, "chunk-other") == [place(other) for other in neighbors]


def test_every_generated_line_has_its_anchor(pages):
    where = {}
    for path, page in pages.items():
        for anchor in ids(page):
            where.setdefault(anchor, []).append(path)
    expected = {}  # one for each line of a chapter: by the number that it shows
    for piece in BOOK.pieces:
        file = PLACES.shown_in(piece)[0]
        numbers = generated_lines(piece).get(file, [])  # none if it only refers to others
        code = [number for number, _ in piece.numbered() if number not in piece.references]
        for number in numbers[: len(code)]:
            expected[re.sub(r"[/.]", "-", file) + f"-{number}"] = [page_of(piece.chapter)]
    for file, lines in BOOK.files.items():  # and one for each header
        expected[re.sub(r"[/.]", "-", file) + "-1"] = [page_of(lines[0].chapter)]
    assert {anchor: where[anchor] for anchor in where if LINE_ANCHOR.match(anchor)} == expected
    assert len(set(PLACES.all_anchors())) == len(list(PLACES.all_anchors()))


def test_a_line_of_code_is_in_the_element_with_its_anchor(pages):
    lines = [line for path in map(page_of, CHAPTERS) for line in pages[path].all("span", "chunk-line")]
    found = {line["id"]: line.text for line in lines}
    for number, line in enumerate(BOOK.files["microgpt/value.py"][1:], 2):
        assert line.text.endswith(found[f"microgpt-value-py-{number}"].removesuffix("\n"))


def test_no_page_has_an_anchor_twice(pages):
    for path, page in pages.items():
        twice = [anchor for anchor, number in Counter(ids(page)).items() if number > 1]
        assert not twice, f"{path}: {twice}"


def test_the_links_of_chunks_and_indexes_lead_somewhere(pages):
    anchors = {path: set(ids(page)) for path, page in pages.items()}
    count = 0
    for path, page in pages.items():
        index = path.startswith("appendix/index-of-")
        for part in page.all("article" if index else "div", None if index else "chunk"):
            for link in part.all("a"):
                if link["rel"] == "edit":
                    continue  # below the index, to the repository
                to, anchor = target(path, link["href"])
                assert to in pages, f"{path}: {link}"
                assert not anchor or anchor in anchors[to], f"{path}: {link}"
                count += 1
    assert count > 1500


def test_other_blocks_are_untouched():
    config = load_config(str(ROOT / "mkdocs.yml"))
    # A rung beside another is made of lines that look as a chunk's do.
    with_chunks = [name for name in config["markdown_extensions"] if name != "scripts.site.rungs"]
    extensions = [name for name in with_chunks if name != "scripts.site.chunks"]
    plain = markdown.Markdown(extensions=extensions, extension_configs=config["mdx_configs"])
    ours = markdown.Markdown(extensions=with_chunks, extension_configs=config["mdx_configs"])
    block = re.compile(r'<div [^>]*\bhighlight">.*?</pre></div>|<pre class="mermaid">.*?</pre>', re.S)
    kinds = Counter()
    for chapter in BOOK.chapters:
        text = (ROOT / chapter).read_text(encoding="utf-8")
        before, after = block.findall(plain.reset().convert(text)), block.findall(ours.reset().convert(text))
        assert len(before) == len(after), chapter
        tangled = [new for new in after if '"chunk-line"' in new]
        assert len(tangled) == sum(place.chapter == chapter for place in [*variants.replacements(BOOK), *BOOK.pieces])
        for old, new in zip(before, after):
            assert new == old or new in tangled, chapter
            kinds[new in tangled, "mermaid" in new[:30]] += 1
    assert kinds[True, False] == len(BOOK.pieces) + len([*variants.replacements(BOOK)])
    assert kinds[False, False] > 200 and kinds[False, True] > 20


# ------------------------------------------------------------------------------- a small book

ONE = """\
# One

The file:

```python {file=demo/one.py}
# <<begin>>
for i in range(3):
    # <<  body >>
# <<begin>>
```

- in a list:

    ```python {#body}
    print("a < b & c > d", 'x {.y}')

    text = '''two
      lines {: #z }'''
    ```

Text before a fence.

```python {#begin hl_lines="1"}
import math
import sys
```

??? note "Folded"

    ```python {#begin}
    import re
    ```
"""
TWO = """\
# Two & three

<details markdown="1"><summary>More</summary>

```python {#begin .continued}
# <<end>>
```

</details>

> ```python {#end}
> import os
> ```

```python {file=demo/one.py}
print()
```

```python
print("an illustration", "# <<begin>>")
```

```python {.wide}
print("with a class")
```

~~~~python {file="docs/./two.py"}
# <<end>>
~~~~
"""
EXTENSIONS = ["admonition", "attr_list", "md_in_html", "pymdownx.details", "pymdownx.highlight", "pymdownx.superfences"]


@pytest.fixture
def small(tmp_path):
    (tmp_path / "docs/part").mkdir(parents=True)
    (tmp_path / "docs/1-one.md").write_text(ONE)
    (tmp_path / "docs/part/2 two.md").write_text(TWO)
    return tmp_path


def render(root, chapter, extensions=EXTENSIONS):
    md = markdown.Markdown(extensions=[*extensions, literate.LiterateExtension(root=str(root))])
    return parse(md.convert((root / chapter).read_text()))


def chunks(tree):
    return {node["id"]: node for node in tree.all("div", "chunk")}


def test_pieces_in_lists_boxes_and_quotes(small):
    one, two = chunks(render(small, "docs/1-one.md")), chunks(render(small, "docs/part/2 two.md"))
    assert list(one) == ["file-demo-one-py", "chunk-body", "chunk-begin", "chunk-begin-2"]
    assert list(two) == ["chunk-begin-3", "chunk-end", "file-demo-one-py-2", "file-docs-two-py"]
    assert one["chunk-body"].one("code").text == (
        "print(\"a < b & c > d\", 'x {.y}')\n\ntext = '''two\n  lines {: #z }'''\n"
    )
    assert two["chunk-end"].one("code").text == "import os\n"
    assert one["file-demo-one-py"].one("code").text.split("\n")[2] == "    # <<  body >>"


def test_numbers_jump_over_references(small):
    one = chunks(render(small, "docs/1-one.md"))
    numbers = {name: [node["data-linenos"] for node in chunk.all(kind="linenos")] for name, chunk in one.items()}
    #     2 import math, 3 import sys, 4 import re, 5 import os, 6 for, 7-10 body, 11-14 again
    assert numbers["file-demo-one-py"] == ["   ", " 6 ", "   ", "   "]
    assert [link["data-lines"] for link in one["file-demo-one-py"].all("a", "chunk-ref")] == ["2–5", "7–10", "11–14"]
    assert numbers["chunk-begin"] == ["2 ", "3 "]
    assert numbers["chunk-begin-2"] == ["4 "]
    assert ids(one["chunk-begin"]) == ["demo-one-py-2", "demo-one-py-3"]
    two = chunks(render(small, "docs/part/2 two.md"))
    assert [node["data-linenos"] for node in two["chunk-end"].all(kind="linenos")] == ["5 "]
    assert ids(two["chunk-end"]) == ["demo-one-py-5"], "one anchor a line: that of the number that is shown"
    assert ids(one["file-demo-one-py"])[0] == "demo-one-py-1", "the header that tangle writes"


@pytest.mark.parametrize(
    "rungs, words",
    [((), ""), ((2,), "rung 2"), ((4, 5), "rungs 4–5"), ((0, 1, 2, 3, 4, 5), "rungs 0–5"), ((0, 2, 3), "rungs 0, 2, 3")],
)
def test_rungs_in_words(rungs, words):
    assert literate.rungs_in_words({*rungs}) == words


def test_the_one_file_is_rung_5():
    downloads = "docs/assets/downloads/"
    found = [literate.rung_of(file) for file in (f"{downloads}ladder/train3.py", "microgpt/ladder/train3.py", f"{downloads}microgpt.py", "microgpt/gpt.py")]
    assert found == [3, 3, 5, None]


def test_heads_and_feet(small):
    one, two = chunks(render(small, "docs/1-one.md")), chunks(render(small, "docs/part/2 two.md"))

    def said(chunk):
        return [node.text for kind in ("chunk-head", "chunk-foot") for node in chunk.all("p", kind)]

    assert said(one["file-demo-one-py"]) == ["demo/one.py (1 of 2)", "continued in Two & three"]
    assert said(one["chunk-begin"]) == ["demo/one.py · begin (1 of 3)", "used in demo/one.py · continued in below"]
    assert said(one["chunk-begin-2"]) == [
        "demo/one.py · begin (2 of 3)",
        "used in demo/one.py · continued from above · continued in Two & three",
    ]
    assert said(two["chunk-begin-3"]) == ["demo/one.py · begin (3 of 3)", "used in demo/one.py · continued from One"]
    assert said(two["chunk-end"]) == ["demo/one.py · end · also in two.py", "used in begin, two.py"]
    assert said(two["file-demo-one-py-2"]) == ["demo/one.py (2 of 2)", "continued from One"]
    assert said(two["file-docs-two-py"]) == ["two.py"]
    far = one["chunk-begin-2"].one("p", "chunk-foot")
    assert [(link["href"], link["title"]) for link in far.all("a")] == [
        ("#file-demo-one-py", ""), ("#chunk-begin", ""), ("part/2%20two.md#chunk-begin-3", "Two & three"),
    ]
    assert [link["href"] for link in two["chunk-begin-3"].one("p", "chunk-foot").all("a")] == [
        "../1-one.md#file-demo-one-py", "../1-one.md#chunk-begin-2",
    ]


def test_highlighting_and_marked_lines(small):
    one = chunks(render(small, "docs/1-one.md"))
    assert [node.text for node in one["chunk-begin"].all("span", "chunk-marked")] == ["import math\n"]
    assert [node.text for node in one["chunk-begin"].all("span", "kn")] == ["import", "import"]
    assert one["chunk-begin"].one("div", "highlight")


def test_illustrations_stay(small):
    tree = render(small, "docs/part/2 two.md")
    texts = [node.text for node in tree.all("code")]
    assert 'print("an illustration", "# <<begin>>")\n' in texts and 'print("with a class")\n' in texts
    assert len(list(tree.all("div", "wide"))) == 1


def test_numbers_and_their_links_are_for_the_mouse_alone(small):
    for link in render(small, "docs/1-one.md").all("a", "linenos"):
        assert (link["tabindex"], link["aria-hidden"]) == ("-1", "true")


def test_it_needs_no_other_extension_than_superfences(small):
    found = chunks(render(small, "docs/1-one.md", ["pymdownx.superfences"]))
    assert list(found) == ["file-demo-one-py", "chunk-body", "chunk-begin"]  # `???` is another extension's


def test_superfences_comes_first():
    with pytest.raises(ValueError, match="needs pymdownx.superfences before it"):
        markdown.Markdown(extensions=["scripts.site.chunks", "pymdownx.superfences"])


def test_an_edit_is_noticed(small):
    assert "demo-one-py-7" in ids(render(small, "docs/1-one.md"))
    (small / "docs/part/2 two.md").write_text(TWO.replace("import os", "import os\n> import shutil"))
    line = next(node for node in render(small, "docs/1-one.md").all("span", "chunk-line") if "print" in node.text)
    assert line["id"] == "demo-one-py-8"


def test_the_book_is_read_once(small, monkeypatch):
    books, read_book = [], literate.tangle.read_book
    monkeypatch.setattr(literate.tangle, "read_book", lambda root: books.append(root) or read_book(root))
    for _ in range(3):
        render(small, "docs/1-one.md")
        render(small, "docs/part/2 two.md")
    assert len(books) == 1


def test_a_fault_is_told_once_and_the_page_stays_readable(small, caplog):
    (small / "docs/1-one.md").write_text(ONE.replace("<<  body >>", "<<bodi>>"))
    tree = render(small, "docs/1-one.md")
    render(small, "docs/part/2 two.md")
    assert not chunks(tree) and "import math\nimport sys\n" in [node.text for node in tree.all("code")]
    assert [record.name for record in caplog.records] == ["mkdocs.literate"] * 2
    assert "docs/1-one.md:8: <<bodi>> is not defined (did you mean <<body>>?)" in caplog.text


def test_a_chapter_shows_the_program_that_it_names(small, caplog):
    (small / "docs/3.md").write_text("---\nprogram: train7.py\n---\n\n# Three\n\n```python {file=docs/x/train7.py}\n# <<begin>>\n# <<seven>>\n```\n\n```python {#seven}\n7\n```\n")
    (small / "docs/4.md").write_text("# Four\n\n```python {file=demo/four.py}\n4\n# <<seven>>\n```\n")
    three = chunks(render(small, "docs/3.md"))
    places = Places(tangle.read_book(small))
    lines = len(places.book.files["docs/x/train7.py"])
    assert three["chunk-seven"].one("p", "chunk-head").text.startswith("train7.py · seven")
    assert ids(three["chunk-seven"]) == [f"docs-x-train7-py-{lines}"]
    assert places.to_line("demo/four.py", 3, "docs/4.md") == f"3.md#docs-x-train7-py-{lines}"
    assert places.programs == {"demo": ["demo/one.py", "demo/four.py"], "train7.py": ["docs/x/train7.py"], "two.py": ["docs/two.py"]}
    assert not caplog.text
    (small / "docs/3.md").write_text((small / "docs/3.md").read_text().replace("program: train7.py", "program: train8.py"))
    render(small, "docs/1-one.md")
    assert "docs/3.md: there is no program train8.py, only demo, train7.py, two.py" in caplog.text


def test_two_anchors_of_one_name_are_told(small, caplog):
    three = "# Three\n\n```python {file=demo/three.py}\n# <<begin-2>>\n```\n\n```python {#begin-2}\n1\n```\n"
    (small / "docs/3.md").write_text(three)
    render(small, "docs/1-one.md")
    assert "several places have the anchor chunk-begin-2" in caplog.text


def test_a_piece_that_cannot_be_placed_is_told(small, caplog):
    (small / "docs/1-one.md").write_text(ONE.replace("a fence.\n\n", "a fence.\n"))
    assert "chunk-begin" not in chunks(render(small, "docs/1-one.md"))
    assert "the block begin cannot be shown (put blank lines around it)" in caplog.text


def test_a_piece_from_elsewhere_is_told(small, caplog):
    md = markdown.Markdown(extensions=[*EXTENSIONS, literate.LiterateExtension(root=str(small))])
    assert "chunk" not in md.convert("```python {#begin}\nother code\n```")
    assert "a block begin is not in the book with this code" in caplog.text


def test_a_heading_does_not_take_the_anchor_of_a_chunk(small):
    (small / "docs/1-one.md").write_text(ONE + "\n## Chunk begin\n")
    found = ids(render(small, "docs/1-one.md", [*EXTENSIONS, "toc"]))
    assert "chunk-begin" in found and len(set(found)) == len(found)


# ---------------------------------------------------------------------- a small site, with MkDocs


def small_site(root, folder, text="", **options):
    """Build the small book as a site; a link may be added to its first page."""
    (root / "docs/1-one.md").write_text(f"{ONE}\n{text}\n")
    settings = "".join(f"{name}: {value}\n" for name, value in options.items())
    (root / "mkdocs.yml").write_text(
        f"site_name: Small\ntheme:\n  name: mkdocs\nvalidation:\n  anchors: warn\n{settings}markdown_extensions:\n"
        + "".join(f"  - {name}\n" for name in EXTENSIONS)
        + f"  - scripts.site.chunks:\n      root: {root}\n"
    )
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(root / "mkdocs.yml"), "--site-dir", str(folder)],
        cwd=ROOT, capture_output=True, text=True, env=dict(os.environ, NO_MKDOCS_2_WARNING="1"),
    )  # fmt: skip


@pytest.mark.parametrize("directories, there", [("true", "part/2%20two/#"), ("false", "part/2%20two.html#")])
def test_links_follow_the_way_in_which_the_site_is_built(small, tmp_path_factory, directories, there):
    folder = tmp_path_factory.mktemp("small")
    result = small_site(small, folder, use_directory_urls=directories)
    assert result.returncode == 0, result.stderr
    one = folder / ("1-one/index.html" if directories == "true" else "1-one.html")
    found = chunks(parse(one.read_text()))
    expected = ("../" if directories == "true" else "") + there + "chunk-begin-3"
    assert [link["href"] for link in found["chunk-begin-2"].all("a", "chunk-other")] == ["#chunk-begin", expected]


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("[a](part/2 two.md#chunk-end) [b](#demo-one-py-6) [c](part/2 two.md#docs-two-py-1)", ""),
        ("[a](part/2 two.md#chunk-ende)", "does not contain an anchor '#chunk-ende'"),
        ("[a](#demo-one-py-99)", "there is no such anchor"),
        ("```python {#more}\n1\n```", "<<more>> is never used"),
    ],
    ids=["right", "no such chunk", "no such line", "a fault in the book"],
)
def test_a_strict_build_fails_for_what_leads_nowhere(small, tmp_path_factory, text, complaint):
    result = small_site(small, tmp_path_factory.mktemp("small"), text.replace("2 two", "2%20two"))
    assert (result.returncode == 0) == (not complaint), result.stderr
    assert complaint in result.stderr


def test_a_span_of_lines():
    assert (str(Span("a.py", 3, 3)), str(Span("a.py", 3, 5))) == ("3", "3–5")
