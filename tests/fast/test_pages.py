"""The listing is the program, each line under its chapter; what the map and the book's front pages say of it is true."""

import ast
import re
import shutil
import textwrap

import pytest

from scripts import tangle
from scripts.tangle import UserError
from scripts.text import pages
from scripts.text.chapter import Chapter
from scripts.text.pages import PAGE, PROGRAM, line_range
from scripts.text.places import where
from tests import ROOT

FRONT = ROOT / "docs/0-the-big-picture"
MAP = (FRONT / "03-the-200-line-map.md").read_text(encoding="utf-8")
SOURCE = (ROOT / PROGRAM).read_text(encoding="utf-8")
LINES = SOURCE.splitlines()
CUT = re.compile(
    r"^Lines? (?P<first>\d+)(–(?P<last>\d+))? · \[(?P<title>[^]]+)\]\((?P<link>[^)]+)\)\n\n"
    r'```python linenums="(?P<start>\d+)"\n(?P<code>.*?)^```$',
    re.M | re.S,
)


@pytest.fixture(scope="module")
def cuts():
    return list(CUT.finditer((ROOT / PAGE).read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def book():
    return tangle.read_book(ROOT)


# ------------------------------------------------------------------------------- the listing


def test_the_listing_is_up_to_date():
    assert not pages.stale(ROOT), "run python3 scripts/book.py"


def test_the_blocks_joined_are_the_program(cuts):
    blocks = [fence.text for fence in Chapter(ROOT / PAGE).fences()]
    assert "".join(blocks) == SOURCE
    assert [cut["code"] for cut in cuts] == blocks, "each block stands under a line with its place"


def test_the_numbers_above_a_block_are_its_lines(cuts):
    for cut in cuts:
        first, last = int(cut["first"]), int(cut["last"] or cut["first"])
        assert int(cut["start"]) == first
        assert cut["code"].rstrip("\n").split("\n") == LINES[first - 1 : last]


def test_each_link_leads_to_the_chapter_that_the_line_map_names(cuts, book):
    for cut in cuts:
        target = ((ROOT / PAGE).parent / cut["link"]).resolve().relative_to(ROOT).as_posix()
        for number in range(int(cut["first"]), int(cut["last"] or cut["first"]) + 1):
            if LINES[number - 1]:
                assert where(book, PROGRAM, number).chapter == target, number
        assert Chapter(ROOT / target).title == cut["title"]


def test_the_listing_is_cut_only_where_it_must_be(cuts):
    for before, after in zip(cuts, cuts[1:]):
        assert before["link"] != after["link"] or after["code"].startswith("# ----")


# -------------------------------------------------------------------------------- the script

BOOK = """# Adding

```python {file=docs/assets/downloads/microgpt.py}
import math

# ---- Data: numbers ----


# <<one>>

# ---- The run ----

print(ONE)
```
"""
CHAPTER = "# One *number*\n\n```python {#one}\nONE = 1\n\n\nTWO = 2\n```\n"


@pytest.fixture
def small_book(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/1-adding.md").write_text(BOOK)
    (tmp_path / "docs/2-one.md").write_text(CHAPTER)
    return tmp_path


def stale(root):
    pages.book_at.cache_clear()
    return list(pages.stale(root))


def test_a_listing_is_written_once(small_book):
    assert pages.write(small_book) == [PAGE]
    page = (small_book / PAGE).read_text()
    assert re.findall(r"^(?:##|Line).*", page, re.M) == [
        "## Setup", "Lines 1–2 · [Adding](../1-adding.md)",
        "## Data", "Line 4 · [Adding](../1-adding.md)",
        "Lines 7–10 · [One *number*](../2-one.md)",
        "## The run", "Lines 12–14 · [Adding](../1-adding.md)",
    ]  # fmt: skip
    status = (small_book / PAGE).stat()
    assert pages.write(small_book) == []
    assert (small_book / PAGE).stat() == status
    assert tangle.read_book(small_book).faults == {}, "the page is a sound chapter, and adds nothing to the program"
    assert stale(small_book) == []


@pytest.mark.parametrize("old, new", [("ONE = 1", "ONE = 1.0"), ("# One", "# A")])
def test_a_stale_listing_is_named(small_book, old, new):
    pages.write(small_book)
    chapter = small_book / "docs/2-one.md"
    chapter.write_text(chapter.read_text().replace(old, new))
    before = (small_book / PAGE).read_bytes()
    assert stale(small_book) == [PAGE]
    assert (small_book / PAGE).read_bytes() == before
    assert pages.write(small_book) == [PAGE]
    assert stale(small_book) == []


def test_prose_does_not_make_the_listing_stale(small_book):
    pages.write(small_book)
    chapter = small_book / "docs/2-one.md"
    chapter.write_text(chapter.read_text().replace("```python", "A sentence more.\n\n```python"))
    assert stale(small_book) == []


def test_a_listing_that_is_not_there_is_stale(small_book):
    assert stale(small_book) == [PAGE]
    assert not (small_book / PAGE).exists()


def test_a_damaged_listing_is_written_anew(small_book):
    pages.write(small_book)
    whole = (small_book / PAGE).read_text()
    for damage in (whole[: whole.rindex("```")], whole.replace("```python", "```python {#x!}"), "<!--"):
        (small_book / PAGE).write_text(damage)
        assert tangle.read_book(small_book).faults
        assert stale(small_book) == [PAGE]
        assert pages.write(small_book) == [PAGE]
        assert (small_book / PAGE).read_text() == whole


def test_line_ends_of_windows_are_no_difference(small_book):
    pages.write(small_book)
    (small_book / PAGE).write_bytes((small_book / PAGE).read_bytes().replace(b"\n", b"\r\n"))
    assert stale(small_book) == []


@pytest.mark.parametrize(
    "chapter, message",
    [
        ("# A\n\n```python {#one}\nONE = \n```\n", "is not valid Python"),
        ("A\n\n```python {#one}\nONE = 1\n```\n", "docs/2-one.md: has no title (begin it with `# Title`)"),
    ],
)
def test_faults_of_the_book_are_told(small_book, chapter, message):
    (small_book / "docs/2-one.md").write_text(chapter)
    with pytest.raises(UserError, match=re.escape(message)):
        pages.write(small_book)
    assert not (small_book / PAGE).exists()


def test_a_book_without_the_program_has_no_listing(small_book):
    (small_book / "docs/1-adding.md").write_text(BOOK.replace("microgpt.py", "other.py"))
    with pytest.raises(UserError, match=f"^no chapter makes {PROGRAM}$"):
        pages.write(small_book)


def test_line_range(small_book):
    assert line_range("one", root=small_book) == "7–10"
    assert line_range("setup", root=small_book) == "1–2"
    with pytest.raises(ValueError, match="no chunk none in microgpt.py"):
        line_range("none", root=small_book)
    with pytest.raises(ValueError, match="there is no program train7.py, only microgpt.py"):
        line_range("one", "train7.py", small_book)


def test_line_range_in_several_programs(small_book):
    (small_book / "docs/3-other.md").write_text(
        "# O\n\n```python {file=docs/x/train1.py}\nx = 0\n# <<one>>\n```\n"
        "```python {file=pkg/a.py}\na = 1\n# <<b>>\n```\n```python {file=pkg/b.py}\n# <<b>>\n```\n```python {#b}\nb = 2\n```\n"
    )
    pages.book_at.cache_clear()
    assert line_range("one", "train1.py", small_book) == "3–6"
    assert line_range("one", root=small_book) == "7–10"
    with pytest.raises(ValueError, match="the chunk b is not in one piece in pkg"):
        line_range("b", "pkg", small_book)


def test_line_range_of_one_line_and_of_pieces(small_book):
    (small_book / "docs/1-adding.md").write_text(BOOK.replace("print(ONE)", "# <<print>>\nprint(2)\n# <<print>>"))
    (small_book / "docs/3-print.md").write_text("# P\n\n```python {#print}\n# <<p>>\n```\n\n```python {#p}\nprint(1)\n```\n")
    with pytest.raises(ValueError, match="the chunk print is not in one piece"):
        line_range("print", root=small_book)
    (small_book / "docs/1-adding.md").write_text(BOOK.replace("print(ONE)", "# <<print>>"))
    pages.book_at.cache_clear()
    assert line_range("print", root=small_book) == line_range("p", root=small_book) == "14"


# ----------------------------------------------------------------------------------- the map

ROW = re.compile(r"^\| \[(?P<name>\w+)\]\(#(?P<anchor>[\w-]+)\) \| \[(?P<lines>[\d–]+)<!--= lines\(\"(?P<chunk>[\w-]+)\"\)", re.M)
BLOCKS = {row["name"]: row for row in ROW.finditer(MAP)}
SECTIONS = re.findall(r"^### ([^\n]+)\n(.*?)(?=^##|\Z)", MAP, re.M | re.S)


def bounds(lines):
    first, _, last = lines.partition("–")
    return int(first), int(last or first)


def test_the_blocks_of_the_map_are_the_whole_program(book):
    assert [row["lines"] for row in BLOCKS.values()] == [line_range(row["chunk"]) for row in BLOCKS.values()]
    chunks = re.findall(r"^# <<([\w-]+)>>", "\n".join(book.parts[PROGRAM][0].lines), re.M)
    assert [row["chunk"] for row in BLOCKS.values()] == ["setup", *chunks]
    covered = {n for row in BLOCKS.values() for n in range(bounds(row["lines"])[0], bounds(row["lines"])[1] + 1)}
    assert all(number in covered for number, text in enumerate(LINES, 1) if text)


def test_the_map_tells_of_each_block_its_problem_and_its_place():
    headings = re.findall(r"^## (.+)", (ROOT / PAGE).read_text(encoding="utf-8"), re.M)
    assert [heading.lower().replace(" ", "-") for heading in headings] == [row["anchor"] for row in BLOCKS.values()]
    assert [title for title, _ in SECTIONS] == headings
    for title, text in SECTIONS:
        row = next(line for line in MAP.splitlines() if line.startswith(f"| [{title.lower().removeprefix('the ')}]("))
        assert all(row.split(" | ")[2:4]) and re.search(r"\| \[Part \d\]\([^)]+\) \|$", row), title
        anchor = title.lower().replace(" ", "-")
        assert MAP.count(f"](../appendix/listing.md#{anchor})") == 1


@pytest.mark.parametrize("title, text", SECTIONS, ids=[title for title, _ in SECTIONS])
def test_the_key_lines_stand_in_the_file_in_their_block(title, text):
    quoted = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    first, last = bounds(BLOCKS[title.lower().removeprefix("the ")]["lines"])
    block = "\n" + "\n".join(LINES[first - 1 : last]) + "\n"
    assert quoted
    for code in quoted:
        assert f"\n{code}" in block, code


def test_the_arrows_of_the_map_are_the_calls_in_the_program():
    """From whose block a block uses names and calls methods, in what is run and not only in type hints."""
    ranges = {name: bounds(row["lines"]) for name, row in BLOCKS.items()}
    home, used = {}, {name: set() for name in ranges}
    for node in ast.parse(SOURCE).body:
        block = next(name for name, (first, last) in ranges.items() if first <= node.lineno <= last)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            home[node.name] = block
        if isinstance(node, ast.ClassDef):
            home |= {f".{part.name}": block for part in node.body if isinstance(part, ast.FunctionDef)}
        for part in ast.walk(node):
            match part:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="math" | "random"))):
                    pass  # Python's own
                case ast.Call(func=ast.Attribute(attr=method)):
                    used[block].add(f".{method}")
            if isinstance(part, ast.arguments):
                for argument in part.args:
                    argument.annotation = None
            elif isinstance(part, ast.FunctionDef):
                part.returns = None
        loaded = [part for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)]
        used[block] |= {part.id for part in loaded}
    calls = {(home[name], block) for block, names in used.items() for name in names & home.keys()}
    chart = MAP.partition("## What needs what")[2].partition("```mermaid\n")[2].partition("```")[0]
    arrows = re.findall(r"^ *(\w+) --> (\w+)$", chart, re.M)
    assert sorted(arrows) == sorted((a, b) for a, b in calls if a != b)


def test_the_map_has_the_rungs_in_their_order_with_their_chapters(book):
    rows = re.findall(r"^\| (\d) \|.*\]\(\.\./([^)]+)\) \|$", MAP, re.M)
    assert [number for number, _ in rows] == list("012345")
    for number, chapter in rows[:-1]:
        assert book.parts[f"microgpt/ladder/train{number}.py"][0].chapter == f"docs/{chapter}"
    chart = MAP.partition("```mermaid\n")[2].partition("```")[0]
    assert list(dict.fromkeys(re.findall(r'\br(\d)\["', chart))) == list("012345")


# ----------------------------------------------------------------------- the other front pages


def test_the_quoted_book_makes_the_shown_file(tmp_path):
    text = (FRONT / "02-how-to-read-and-run-this-book.md").read_text(encoding="utf-8")
    quoted = re.search(r"^````markdown\n(.*?)^````$.*?^```python\n(.*?)^```$", text, re.M | re.S)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/circle.md").write_text(quoted[1])
    assert tangle.main(["--root", str(tmp_path)]) == 0
    assert (tmp_path / "circle.py").read_text().partition("\n")[2] == quoted[2]


def test_the_home_page_shows_what_the_readme_shows():
    def first_run(path):
        return Chapter(path).fences("console")[0].text

    assert first_run(ROOT / "docs/index.md") == first_run(ROOT / "README.md")


def test_the_pages_of_the_part_before_the_others_are_plain():
    for page in FRONT.glob("*.md"):
        chapter = Chapter(page)
        text = "\n".join(chapter.lines[len(chapter.front_matter) :]).lstrip()
        assert text.startswith("# ") and textwrap.dedent(text) == text


def test_a_scoreboard_is_made_from_the_recordings(tmp_path):
    """All of them are as they should be, and one that isn't is written anew."""
    for part in ("docs", "microgpt"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", "vendor", "*.woff2"))
    assert stale(tmp_path) == []
    chapter = tmp_path / "docs/1-data/04-counting-pairs.md"
    right = chapter.read_text(encoding="utf-8")
    row = next(line for line in right.splitlines() if line.startswith("| [0]"))
    chapter.write_text(right.replace(row, row.replace("729", "730")), encoding="utf-8")
    pages.book_at.cache_clear()
    assert pages.write(tmp_path) == ["docs/1-data/04-counting-pairs.md"]
    assert chapter.read_text(encoding="utf-8") == right
    pages.book_at.cache_clear()
