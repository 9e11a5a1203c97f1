"""A Python-Markdown extension: how long a page takes to read, where its template can find it; and the short path's list.

    markdown_extensions:
      - scripts.site.reading

The page's title gets an attribute `data-minutes`, which docs/overrides/main.html shows above it. In the place of a line

    <!-- the short path -->

comes a list of the chapters on it, for the home page. Both are counted in scripts/text/reading.py.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

from .. import ROOT
from ..text import reading
from ..text.chapter import Chapter

MARK = "<!-- the short path -->"


class Count(Preprocessor):
    """Counts the words of the page before anything is changed, and puts the list in its place."""

    def __init__(self, md: Markdown) -> None:
        super().__init__(md)
        self.minutes = 0

    def run(self, lines: list[str]) -> list[str]:
        self.minutes = reading.whole(reading.count(lines).minutes)
        return [new for line in lines for new in (path_in_words() if line == MARK else [line])]


def path_in_words() -> list[str]:
    """The chapters on the short path as a list in Markdown, for a page in docs."""
    return [
        f"1. [{Chapter(ROOT / chapter).title}]({chapter.removeprefix('docs/')}), {reading.whole(reading.count_chapter(ROOT / chapter).minutes)} min"
        for chapter in reading.short_path()
    ]


class Tell(Treeprocessor):
    """Writes the minutes on the title."""

    def __init__(self, md: Markdown, count: Count) -> None:
        super().__init__(md)
        self.count = count

    def run(self, root: Element) -> None:
        title = root.find("h1")
        if title is not None:
            title.set("data-minutes", str(self.count.minutes))


class ReadingExtension(Extension):
    def extendMarkdown(self, md: Markdown) -> None:
        count = Count(md)
        md.preprocessors.register(count, "reading", 36)  # before the indexes are made
        md.treeprocessors.register(Tell(md, count), "reading", 7)


def makeExtension(**kwargs: object) -> ReadingExtension:
    return ReadingExtension(**kwargs)
