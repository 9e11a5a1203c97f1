"""The glossary: enough terms, each with its chapter, and each linked where a part first uses it."""

import re

import pytest
from scripts.text.chapter import Chapter
from tests import ROOT

DOCS = ROOT / "docs"
GLOSSARY = DOCS / "appendix" / "glossary.md"
PARTS = sorted(DOCS.glob("[0-9]-*"))

# Words of everyday language too. Where one of these is meant as a term, a person has to link it.
EVERYDAY = set(
    "activation alphabet attention bias causality child context control divergence document fallback generalization generator "
    "key ladder layer leaf node overflow position preset prompt query root rung score shape smoothing step target token "
    "training value variant weight".split()
)


def slug(term):
    return re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", term.lower()).strip())


def entries():
    """Return (term, text) of every entry."""
    text = GLOSSARY.read_text(encoding="utf-8")
    return re.findall(r"^### ([^\n]+)\n\n(.+?)(?=\n##|\Z)", text, re.M | re.S)


def prose(path):
    """Return a chapter's running text: no code, no comments, no headings, no addresses of links."""
    text = path.read_text(encoding="utf-8")
    for example in Chapter(path).fences():
        text = text.replace(example.text, "")
    text = re.sub(r"<!--.*?-->|`[^`\n]*`|^#.*$|\]\([^)]*\)", " ", text, flags=re.S | re.M)
    return " ".join(text.lower().split())


def test_it_has_at_least_70_terms_in_order():
    terms = [term for term, _ in entries()]
    assert len(terms) >= 70 and len(set(map(slug, terms))) == len(terms)
    assert terms == sorted(terms, key=lambda term: slug(term).replace("-", " ").replace("_", " "))


@pytest.mark.parametrize("term, text", entries(), ids=lambda value: value if len(value) < 40 else "")
def test_an_entry_leads_to_its_chapter(term, text):
    last = " ".join(text.strip().split("\n\n")[-1].split())
    links = re.findall(r"\[([^\]]+)\]\((\.\./[^)#]+\.md)[^)]*\)", last)
    assert last.startswith("Explained in ") and links
    for title, link in links:
        page = (GLOSSARY.parent / link).read_text(encoding="utf-8")
        assert re.match(rf"(?:---\n.*?\n---\n\n)?# {re.escape(title)}\n", page, re.S), f"{link} has another title"


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_part_links_the_terms_that_it_uses(part):
    chapters = sorted(part.glob("*.md"))
    linked = {anchor for path in chapters for anchor in re.findall(r"glossary\.md#([\w-]+)", path.read_text(encoding="utf-8"))}
    text = " ".join(map(prose, chapters))
    missing = [
        term for term, _ in entries()
        if slug(term) not in linked and slug(term) not in EVERYDAY and re.search(rf"\b{re.escape(term.lower())}s?\b", text)
    ]
    assert not missing, f"{part.name} uses these and never links them to the glossary: {', '.join(missing)}"


def test_no_link_leads_to_a_term_that_is_not_there():
    anchors = {slug(term) for term, _ in entries()}
    for path in DOCS.rglob("*.md"):
        for anchor in re.findall(r"glossary\.md#([\w-]+)", path.read_text(encoding="utf-8")):
            assert anchor in anchors, f"{path}: {anchor}"
