"""What the chapters cite is in the list of sources."""

from __future__ import annotations

import re

from scripts import ROOT
from scripts.text.chapter import Chapter

LINK = re.compile(r"\]\((https?://[^)\s]+)\)")
SOURCES = ROOT / "docs" / "appendix" / "sources.md"
# Not sources: where the names come from in passing, and this project's own addresses.
OURS = re.compile(r"https?://(localhost|127\.0\.0\.1|[\w.-]*example)\b")


def linked(path) -> set[str]:
    """The addresses that a page links to from its prose."""
    hidden = {line for fence in Chapter(path).fences() for line in range(fence.block.start, fence.block.end)}
    lines = path.read_text(encoding="utf-8").splitlines()
    return set(LINK.findall("\n".join("" if i in hidden else line for i, line in enumerate(lines))))


def test_what_is_cited_is_listed():
    listed = linked(SOURCES)
    missing = {
        str(path.relative_to(ROOT)): sorted(addresses)
        for path in sorted((ROOT / "docs").rglob("*.md"))
        if path != SOURCES and (addresses := {a for a in linked(path) - listed if not OURS.match(a)})
    }
    assert not missing


def test_what_is_listed_is_listed_once():
    addresses = LINK.findall(SOURCES.read_text(encoding="utf-8"))
    assert sorted(addresses) == sorted(set(addresses))
