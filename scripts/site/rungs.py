"""What is new on a rung of the ladder: its program beside that of the rung below, made when the site is built.

    markdown_extensions:
      - scripts.site.rungs    # after scripts.site.chunks

In the place of a line of its own,

    <!-- what is new in rung 3 -->

come the lines of that rung's program that went and those that came, each piece that came with a link to
its chunk. What stayed is only counted, but for a few lines around a change. It works without JavaScript; on GitHub there is nothing to see.
"""

from __future__ import annotations

import difflib
import re
from itertools import groupby
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

from .. import ROOT
from ..tangle import Line
from ..text.places import Places
from .chunks import read_places

MARK = re.compile(r"<!-- what is new in rung (?P<rung>[1-5]) -->")
TOKEN = re.compile(r"what-is-new-in-rung-(\d)")
LADDER = [*(f"docs/assets/downloads/ladder/train{i}.py" for i in range(5)), "docs/assets/downloads/microgpt.py"]
OUTLINE = re.compile(r"train\d|docs/.*")  # the list of a program's parts
KEPT = 3  # lines that stayed, shown above and below a change


class MarkPreprocessor(Preprocessor):
    """Leaves a paragraph in the place of the mark, which would be taken for raw HTML."""

    def run(self, lines: list[str]) -> list[str]:
        return [f"what-is-new-in-rung-{match['rung']}" if (match := MARK.fullmatch(line)) else line for line in lines]


class RungTreeprocessor(Treeprocessor):
    def __init__(self, md: Markdown, root: str) -> None:
        super().__init__(md)
        self.root = root

    def run(self, root: Element) -> None:
        for place in [element for element in root.iter("p") if TOKEN.fullmatch(element.text or "")]:
            rung = int(TOKEN.fullmatch(place.text)[1])
            place.tag, place.text = "div", "\n"
            place.set("class", "rung-diff")
            if places := read_places(self.root):
                fill(place, places, rung)


def fill(place: Element, places: Places, rung: int) -> None:
    """Put the difference between a rung and the one below into `place`."""
    old, new = ([line for line in places.book.files[file][1:]] for file in (LADDER[rung - 1], LADDER[rung]))
    codes = difflib.SequenceMatcher(None, *([line.text for line in lines] for lines in (old, new)), autojunk=False).get_opcodes()
    came = sum(j - i for tag, _, _, i, j in codes if tag != "equal")
    went = sum(j - i for tag, i, j, _, _ in codes if tag != "equal")
    details = SubElement(place, "details")
    SubElement(details, "summary").text = f"Rung {rung} beside rung {rung - 1}: {went} lines went, {came} came"
    page = places.book.parts[LADDER[rung]][0].chapter
    block = Block(details)
    for tag, i, to_i, j, to_j in codes:
        if tag == "equal":
            add_same(block, new[j:to_j], first=j == 0, last=to_j == len(new))
            continue
        block.add("del", "- ", old[i:to_i])
        for _, lines in groupby(new[j:to_j], key=lambda line: (line.chapter, line.label)):
            add_piece(block, places, [*lines], page)


class Block:
    """Lines of code in one box, until something else comes between them."""

    def __init__(self, parent: Element) -> None:
        self.parent = parent
        self.code: Element | None = None

    def add(self, kind: str, sign: str, lines: list[Line]) -> None:
        if lines and self.code is None:
            self.code = SubElement(SubElement(SubElement(self.parent, "div", {"class": "highlight"}), "pre"), "code")
        for line in lines:
            SubElement(self.code, kind, {"class": "chunk-line"}).text = f"{sign}{line.text}".rstrip() + "\n"

    def between(self, tag: str, **attributes: str) -> Element:
        self.code = None
        return SubElement(self.parent, tag, attributes)


def add_piece(block: Block, places: Places, lines: list[Line], page: str) -> None:
    """Lines that came, under the name of the chunk they are from."""
    named = next((line for line in lines if line.label and line.text), None)
    pieces = [piece for piece in places.book.parts[named.label] if piece.chapter == named.chapter] if named else []
    if pieces and not OUTLINE.fullmatch(pieces[0].label):
        link = SubElement(block.between("p", **{"class": "rung-piece"}), "a", {"href": places.to_piece(pieces[0], page)})
        link.text = places.title(pieces[0].chapter) if pieces[0].is_file else pieces[0].label
    block.add("ins", "+ ", lines)


def add_same(block: Block, lines: list[Line], first: bool, last: bool) -> None:
    """Lines that stayed: counted, but for a few beside a change."""
    above, below = (0 if first else KEPT), (0 if last else KEPT)
    if len(lines) <= above + below + 1:
        block.add("span", "  ", lines)
        return
    block.add("span", "  ", lines[:above])
    block.between("p", **{"class": "rung-same"}).text = f"{len(lines) - above - below} lines as before"
    block.add("span", "  ", lines[len(lines) - below :])


class RungExtension(Extension):
    def __init__(self, **kwargs: Any) -> None:
        self.config = {"root": [str(ROOT), "The project, with the chapters in its folder docs."]}
        super().__init__(**kwargs)

    def extendMarkdown(self, md: Markdown) -> None:
        md.preprocessors.register(MarkPreprocessor(md), "rungs", 35)
        md.treeprocessors.register(RungTreeprocessor(md, self.getConfig("root")), "rungs", 7)


def makeExtension(**kwargs: Any) -> RungExtension:
    return RungExtension(**kwargs)
