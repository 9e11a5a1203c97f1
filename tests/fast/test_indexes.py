"""The indexes of the appendix: complete, in order, with links to the right lines; the program tells of stale ones."""

import ast
import re
from collections import defaultdict
from functools import cache

import markdown
import pytest

from scripts import tangle
from scripts.site import chunks, indexes
from scripts.site.indexes import CHUNKS, IDENTIFIERS, definitions
from scripts.text.places import Places, program_of, short, where
from tests import ROOT

BOOK = tangle.read_book(ROOT)
PLACES = Places(BOOK)
ROW = re.compile(r"^\| (?!---|Chunk|Lines|Name)(.*) \|$", re.M)
LINK = re.compile(r"\[([^]]+)\]\(([^)]+)\)")
MADE_OF = defaultdict(list)  # a chapter's line -> all lines of files that are made of it
for _path in PLACES.files:
    for _number, _line in enumerate(BOOK.files[_path], 1):
        if _line.label:
            MADE_OF[_line.chapter, _line.number].append((_path, _number))


@cache
def read(page):
    """A page with its lists, as Markdown."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for mark, index in indexes.INDEXES.items():
        text = text.replace(mark, index(PLACES))
    return text


def rows(text):
    return [row.split(" | ") for row in ROW.findall(text)]


# ------------------------------------------------------------------------------- the real pages


def test_every_mark_is_replaced_when_the_site_is_built():
    md = markdown.Markdown(extensions=["tables", "pymdownx.superfences", "scripts.site.chunks", "scripts.site.indexes"])
    for page in (CHUNKS, IDENTIFIERS):
        text = (ROOT / page).read_text(encoding="utf-8")
        html = md.reset().convert(text.partition("---\n\n")[2])
        assert html.count("<table>") == len(re.findall(r"^\| --- ", read(page), re.M)) > 0
        assert "<!-- index" not in html and "|" not in re.sub("<[^>]*>", "", html)
    assert md.reset().convert("a <!-- index of chunks --> b").count("<table>") == 0


def test_every_chunk_is_listed_once_in_order():
    table = rows(read(CHUNKS).partition("## From a line")[0])
    chunks = sorted(label for label, pieces in BOOK.parts.items() if not pieces[0].is_file)
    assert [row[0].strip("`") for row in table] == chunks
    for name, written, makes, used in table:
        pieces, users = BOOK.parts[name.strip("`")], PLACES.users(name.strip("`"))
        assert [text for text, _ in LINK.findall(written)] == [PLACES.title(piece.chapter) for piece in pieces]
        assert len(LINK.findall(used)) == len({user.label for user in users})
        file, lines = re.fullmatch(r"`([^`]+)` ([0-9–]+)", makes).groups()
        first = int(lines.split("–")[0])
        assert where(BOOK, PLACES.shown_in(pieces[0])[0], first)
        assert PLACES.shown_in(pieces[0])[0].endswith(file)


def shown_anchor(file, number):
    """The anchor of a line of a file, by the number that its chapter shows, found by its text and place alone."""
    line = BOOK.files[file][number - 1]
    program = PLACES.chapter(line.chapter).program
    path, i = min(MADE_OF[line.chapter, line.number], key=lambda place: (program_of(place[0]) != program, PLACES.files.index(place[0])))
    return re.sub(r"[/.]", "-", path) + f"-{i}"


def test_every_line_is_in_the_list_of_its_file():
    sections = re.split(r"^### `(.+)`\n", read(CHUNKS), flags=re.M)[1:]
    files = dict(zip(sections[::2], sections[1::2]))
    assert sorted(files) == sorted(map(short, BOOK.files))
    for file, lines in BOOK.files.items():
        listed = {}
        for span, name, title in rows(files[short(file)]):
            [(numbers, target)] = LINK.findall(span)
            first, _, last = numbers.partition("–")
            assert target.endswith("#" + shown_anchor(file, int(first)))
            for number in range(int(first), int(last or first) + 1):
                assert number not in listed
                listed[number] = name.strip("`"), title, target.partition("#")[0]
        for number, line in enumerate(lines, 1):
            if line.text and line.label:
                name, title, path = listed[number]
                assert name == short(line.label)
                assert title == PLACES.title(line.chapter)
                assert (ROOT / "docs/appendix" / path).resolve() == ROOT / line.chapter


def test_every_identifier_is_listed_with_its_line():
    text = read(IDENTIFIERS)
    listed = {name.strip("`"): entries.split("<br>") for name, entries in rows(text)}
    named, known_as = {}, {short(file): file for file in BOOK.files}
    for file in BOOK.files:
        for node in ast.walk(ast.parse(BOOK.content(file))):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                named.setdefault(node.name, set()).add((file, node.lineno))
            if isinstance(node, ast.FunctionDef):
                for argument in ast.walk(node.args):
                    if isinstance(argument, ast.arg) and argument.arg not in ("self", "cls", "_"):
                        named.setdefault(argument.arg, set()).add((file, argument.lineno))
    assert named.keys() <= listed.keys()
    for name, entries in listed.items():
        found = set()
        for entry in entries:
            kind, title, target, places = re.fullmatch(r"([^:]+): \[([^]]+)\]\(([^)]+)\), (.+)", entry).groups()
            anchors = []
            assert re.fullmatch(r"class|function|variable|(method|field|parameter) of `[\w.]+`", kind)
            for file, line in re.findall(r"`([^`]+):(\d+)`", places):
                file = known_as[file]
                origin = where(BOOK, file, int(line))
                assert re.search(rf"\b{re.escape(name)}\b", origin.text), entry
                assert title == PLACES.title(origin.chapter)
                assert (ROOT / "docs/appendix" / target.partition("#")[0]).resolve() == ROOT / origin.chapter
                found.add((file, int(line)))
                anchors.append(shown_anchor(file, int(line)))
            assert target.partition("#")[2] == anchors[0]
        assert named.get(name, set()) <= found


def test_the_identifiers_are_in_alphabetical_order():
    text = read(IDENTIFIERS)
    names = [name.strip("`") for name, _ in rows(text)]
    letters = [name.strip("_").casefold() for name in names]
    assert letters == sorted(letters) and len(set(names)) == len(names)
    assert re.findall(r"^## (.)$", text, re.M) == sorted({name[0].upper() for name in letters})
    assert {"gpt", "Value", "__add__", "softmax", "n_embd", "PRESETS", "logits"} <= set(names)


@pytest.mark.parametrize("page", [CHUNKS, IDENTIFIERS])
def test_the_pages_read_well_on_github(page):
    text = (ROOT / page).read_text(encoding="utf-8").split("---\n\n", 1)[1]  # what comes before is for the site
    assert text.startswith("# Index of ")
    for line in text.splitlines():
        assert line.startswith(("|", "#", "<!--")) or len(line) <= 120
        assert line == line.rstrip()
    for _, link in LINK.findall(text):
        assert (ROOT / "docs/appendix" / link.partition("#")[0]).is_file(), link
    assert not re.search(r"^#.*__", re.sub(r"`[^`]*`", "", text), re.M), "underscores mean emphasis"


# ---------------------------------------------------------------------------------- definitions

CODE = '''
from x import y
A, (B, *C) = 1, (2, 3)
D: int = 4
D.e = 5
for i in []:
    F = 6
try:
    import z
except ImportError:
    G = None

class H(Base):
    k = 7
    m: int

    def __init__(self, a, /, b=1, *c, d, **e):
        self.f = g = 1

        def inner(h):
            class J: pass
            return lambda u: u

    @classmethod
    def make(cls, _):
        pass

if True:
    async def n(o): pass
'''


def test_definitions():
    lines = [""] + [line.strip()[:9] for line in CODE.splitlines()]
    assert [(name, kind, lines[number]) for name, kind, number in definitions(ast.parse(CODE))] == [
        ("A", "variable", "A, (B, *C"),
        ("B", "variable", "A, (B, *C"),
        ("C", "variable", "A, (B, *C"),
        ("D", "variable", "D: int = "),
        ("F", "variable", "F = 6"),
        ("G", "variable", "G = None"),
        ("H", "class", "class H(B"),
        ("k", "field of `H`", "k = 7"),
        ("m", "field of `H`", "m: int"),
        ("__init__", "method of `H`", "def __ini"),
        ("a", "parameter of `H.__init__`", "def __ini"),
        ("b", "parameter of `H.__init__`", "def __ini"),
        ("c", "parameter of `H.__init__`", "def __ini"),
        ("d", "parameter of `H.__init__`", "def __ini"),
        ("e", "parameter of `H.__init__`", "def __ini"),
        ("inner", "function", "def inner"),
        ("h", "parameter of `H.__init__.inner`", "def inner"),
        ("J", "class", "class J: "),
        ("make", "method of `H`", "def make("),
        ("n", "function", "async def"),
        ("o", "parameter of `n`", "async def"),
    ]


# -------------------------------------------------------------------------------- a small book

BOOK_TEXT = """\
# One | two

```python {file=one.py}
# <<greet>>
greet("you")
```

```python {#greet}
def greet(name):
```

```python {#greet}
    print(name)
```
"""


@pytest.fixture
def small(tmp_path):
    (tmp_path / "docs").mkdir(parents=True)
    (tmp_path / "docs/1-one.md").write_text(BOOK_TEXT)
    return tmp_path


def test_the_indexes_of_a_small_book(small):
    places = Places(tangle.read_book(small))
    one = "../1-one.md"
    assert indexes.chunk_index(places) == f"""\
| Chunk | Written in | Makes | Used in |
| --- | --- | --- | --- |
| `greet` | [One \\| two]({one}#chunk-greet); [One \\| two]({one}#chunk-greet-2) | `one.py` 2–3 | [`one.py`]({one}#file-one-py) |
"""
    assert indexes.line_index(places) == f"""\
### `one.py`

| Lines | Chunk or file | Chapter |
| --- | --- | --- |
| [2]({one}#one-py-2) | `greet` | One \\| two |
| [3]({one}#one-py-3) | `greet` | One \\| two |
| [4]({one}#one-py-4) | `one.py` | One \\| two |
"""
    assert indexes.identifier_index(places) == f"""\
## G

| Name | Defined as |
| --- | --- |
| `greet` | function: [One \\| two]({one}#one-py-2), `one.py:2` |

## N

| Name | Defined as |
| --- | --- |
| `name` | parameter of `greet`: [One \\| two]({one}#one-py-2), `one.py:2` |
"""


def test_without_a_sound_book_the_page_has_no_lists(small, caplog, monkeypatch):
    (small / "docs/1-one.md").write_text(BOOK_TEXT.replace("<<greet>>", "<<gret>>"))
    monkeypatch.setattr(indexes, "ROOT", small)
    monkeypatch.setattr(chunks, "_read", {})
    html = markdown.markdown("# I\n\n<!-- index of chunks -->\n", extensions=["tables", "scripts.site.indexes"])
    assert "<table>" not in html
    assert any("<<gret>> is not defined" in record.message for record in caplog.records)
