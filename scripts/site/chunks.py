"""A Python-Markdown extension: how a tangled block looks on a page.

    markdown_extensions:
      - pymdownx.superfences
      - scripts.site.chunks     # after superfences; `python -m mkdocs` in the project's folder finds it

A `python` block with a name or a file in its braces gets a line that says where it goes, the line numbers of the
generated file, an anchor for itself and one for each of these lines (scripts/text/places.py), and links: to the pieces
that use it, to those that continue it, and from each `# <<name>>` to that chunk. All other blocks stay as they are.

A Markdown extension doesn't know which page it renders. But a piece can be told by its name and its code, and from
it follow its chapter and so all links. SuperFences finds the fences and calls format_fence, which leaves behind an
ordinary block that carries its piece; when the tree of the page is complete, ChunkTreeprocessor puts the whole thing
in its place. A fence of a variant (scripts/text/variants.py) shows how its code differs from the chunk's. It does so before MkDocs looks at the tree, which can then check every link and every anchor.
A copy button copies the code alone: the line numbers are attributes, and a reference still reads `# <<name>>`.
"""

from __future__ import annotations

import difflib
import logging
import posixpath
import re
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from markdown.util import HTML_PLACEHOLDER_RE
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from pymdownx.superfences import SuperFencesCodeExtension, highlight_validator

from .. import ROOT, tangle
from ..text import variants
from ..text.pages import PROGRAM
from ..text.places import Places, line_anchor, short

RUNG = re.compile(r"ladder/train(\d)\.py$")
log = logging.getLogger("mkdocs.literate")  # below "mkdocs", so that --strict counts the warnings


class Block(str):
    """The HTML of an ordinary code block, with what is needed to make that of a piece of it."""

    label: str
    source: str
    marked: str  # hl_lines=
    variant: str  # whose text this is, in the place of what `label` says; or ""


# ------------------------------------------------------------------------------------ the book

_read: dict[str, tuple[object, Places | None]] = {}


def read_places(root: str) -> Places | None:
    """The book at `root`, read again only if a chapter changed; None if it has faults, which are told once."""
    paths = [Path(root, chapter) for chapter in tangle.find_chapters(Path(root))]
    state = [(path, status.st_mtime_ns, status.st_size) for path in paths for status in [path.stat()]]
    if root not in _read or _read[root][0] != state:
        book = tangle.read_book(root)
        for fault in book.complaints():
            log.warning("%s", fault)
        places = None if book.faults else Places(book)
        for chapter, program in places.unknown_programs() if places else ():
            log.warning("%s: there is no program %s, only %s", chapter, program, ", ".join(places.programs))
        anchors = Counter(anchor for anchor, _ in places.all_anchors()) if places else {}
        for anchor in [anchor for anchor, number in anchors.items() if number > 1]:
            log.warning("several places have the anchor %s (rename a chunk or a file)", anchor)
        _read[root] = state, places
    return _read[root][1]


# ------------------------------------------------------------------------------- the extension


class LiterateExtension(Extension):
    def __init__(self, **kwargs: Any) -> None:
        self.config = {"root": [str(ROOT), "The project, with the chapters in its folder docs."]}
        super().__init__(**kwargs)

    def extendMarkdown(self, md: Markdown) -> None:
        fences = [known for known in md.registeredExtensions if isinstance(known, SuperFencesCodeExtension)]
        if not fences:
            raise ValueError("scripts.site.chunks needs pymdownx.superfences before it in markdown_extensions")
        fences[-1].extend_super_fences("python", self.format_fence, validate_fence, None)
        # After attr_list (8), which would look for attributes in the code; before the anchors' readers (5).
        md.treeprocessors.register(ChunkTreeprocessor(md, self), "literate", 7)
        md.registerExtension(self)
        self.md = md

    def reset(self) -> None:
        self.blocks: list[Block] = []  # those of this page that are not yet in their place

    def format_fence(self, src: str, language: str, options: dict[str, str], md: Markdown, **kwargs: Any) -> str:
        """An ordinary code block; if it has a name, one that remembers it. (No more: SuperFences hides errors.)"""
        file, marked = options.pop("file", ""), options.get("hl_lines", "")
        variant, replaces = options.pop("variant", ""), options.pop("replaces", "")
        label = kwargs.pop("id_value") or (file and posixpath.normpath(file)) or replaces
        html = md.preprocessors["fenced_code_block"].highlight(src, language, options, md, id_value="", **kwargs)
        if label:
            html = Block(html)
            html.label, html.source, html.marked, html.variant = label, src, marked, variant
            self.blocks.append(html)
        return html


def validate_fence(language: str, inputs: dict, options: dict, attrs: dict, md: Markdown) -> bool:
    """As for any code block, but tangle's words are options."""
    ours = ("file", "variant", "replaces")
    rest = {key: value for key, value in inputs.items() if key not in ours}
    options.update({key: inputs[key] for key in ours if key in inputs})
    return highlight_validator(language, rest, options, attrs, md)


class ChunkTreeprocessor(Treeprocessor):
    """Puts each piece in the place of its block."""

    def __init__(self, md: Markdown, extension: LiterateExtension) -> None:
        super().__init__(md)
        self.extension = extension

    def run(self, root: Element) -> None:
        blocks = self.extension.blocks
        places = read_places(self.extension.getConfig("root")) if blocks else None
        if not places:
            return  # nothing to do; or the book has faults, and its reader was told
        for element in list(root.iter()):
            match = HTML_PLACEHOLDER_RE.fullmatch((element.text or "").strip())
            block = self.md.htmlStash.rawHtmlBlocks[int(match[1])] if match else None
            if not isinstance(block, Block):
                continue
            blocks.remove(block)
            pieces = places.book.parts.get(block.label, [])
            piece = (pieces or [None])[0] if block.variant else places.find(block.label, block.source.split("\n"))
            if not piece:
                log.warning("a block %s is not in the book with this code:\n%s", block.label, block.source)
                continue
            if element.tag == "p":
                element.tag, place = "div", element
            else:  # in a tight list, for example
                place = Element("div")
                element.insert(0, place)
            element.text = ""
            chunk = Chunk(self.md, places, piece, block.marked)
            if block.variant:
                chunk.page = variant_page(places, block)
                chunk.fill_changed(place, block.variant, block.source)
            else:
                chunk.fill(place)
        for block in blocks:
            log.warning("the block %s cannot be shown (put blank lines around it):\n%s", block.label, block.source)


def variant_page(places: Places, block: Block) -> str:
    """The chapter with this fence of a variant."""
    fences = variants.replacements(places.book)
    return next(fence.chapter for fence in fences if (fence.variant, fence.chunk) == (block.variant, block.label))


# ------------------------------------------------------------------------------------ one piece


class Chunk:
    """Writes the HTML of a piece."""

    def __init__(self, md: Markdown, places: Places, piece: tangle.Piece, marked: str = "") -> None:
        self.md = md
        self.places = places
        self.piece = piece
        self.page = piece.chapter
        self.pieces = places.book.parts[piece.label]
        self.position = self.pieces.index(piece)
        self.files = places.shown_in(piece)
        self.marked: set[int] = set()  # lines of the block, counted from 1
        for first, last in re.findall(r"(\d+)(?:-(\d+))?", marked):
            self.marked.update(range(int(first), int(last or first) + 1))

    def fill(self, place: Element) -> None:
        place.set("class", "chunk")
        place.set("id", self.places.anchor(self.piece))
        place.set("data-label", self.piece.label)  # by which the lab knows the piece
        place.text = "\n"
        self.add_head(SubElement(place, "p", {"class": "chunk-head"}))
        code = SubElement(SubElement(SubElement(place, "div", {"class": "highlight"}), "pre"), "code")
        self.add_code(code)
        foot = Element("p", {"class": "chunk-foot"})
        self.add_foot(foot)
        if len(foot):
            place.append(foot)
        for child in place:
            child.tail = "\n"

    def fill_changed(self, place: Element, variant: str, source: str) -> None:
        """Show what a variant has in the place of the chunk, as a diff whose signs a reader hears, too."""
        place.set("class", "chunk chunk-variant")
        place.text = "\n"
        head = SubElement(place, "p", {"class": "chunk-head"})
        add_text(head, f"variant {variant} · in place of ")
        self.link(head, self.piece, self.piece.label, "chunk-name")
        code = SubElement(SubElement(SubElement(place, "div", {"class": "highlight"}), "pre"), "code")
        old = [line for piece in self.pieces for line in piece.lines]
        new = source.split("\n")
        for tag, i, to_i, j, to_j in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag == "equal":
                lines = [("span", " ", text) for text in old[i:to_i]]
            else:
                lines = [*(("del", "-", text) for text in old[i:to_i]), *(("ins", "+", text) for text in new[j:to_j])]
            for kind, sign, text in lines:
                SubElement(code, kind, {"class": "chunk-line"}).text = f"{sign} {text}".rstrip() + "\n"
        for child in place:
            child.tail = "\n"

    def add_head(self, head: Element) -> None:
        """The file that shows its line numbers here, the chunk's name, and the other files."""
        if self.piece.is_file and self.position == 0:
            SubElement(head, "span", {"id": line_anchor(self.piece.label, 1)})  # the generated header's
        folder, name = posixpath.split(short(self.files[0]))
        file = self.link(head, self.places.book.parts[self.files[0]][0], "" if folder else name, "chunk-file")
        if folder:
            SubElement(file, "span", {"class": "chunk-wide"}).text = f"{folder}/"
            add_text(file, name)
        if not self.piece.is_file:
            add_text(head, " · ")
            self.link(head, self.piece, self.piece.label, "chunk-name")
        if len(self.pieces) > 1:
            add_text(head, f" ({self.position + 1} of {len(self.pieces)})")
        # In the package and as a download a rung is the same program.
        rungs = {rung for file in self.files[1:] if (rung := rung_of(file)) is not None} - {rung_of(self.files[0])}
        others = [file for file in self.files[1:] if rung_of(file) is None]
        if not others and not rungs:
            return
        add_text(head, " · ")
        SubElement(head, "span", {"class": "chunk-wide"}).text = "also in "
        for i, file in enumerate(others):
            add_text(head, ", " if i else "")
            self.link(head, self.places.book.parts[file][0], short(file), "chunk-file")
        add_text(head, (" and " if others and rungs else "") + rungs_in_words(rungs))

    def add_foot(self, foot: Element) -> None:
        """Where the chunk is used, and where its other pieces are."""
        users: dict[str, tangle.Piece] = {}
        if not self.piece.is_file:
            for user in self.places.users(self.piece.label):
                users.setdefault(user.label, user)
        for i, user in enumerate(users.values()):
            add_text(foot, ", " if i else "used in ")
            self.link(foot, user, short(user.label) if user.is_file else user.label, "chunk-user")
        for other, relation, here in ((-1, "continued from", "above"), (1, "continued in", "below")):
            if 0 <= self.position + other < len(self.pieces):
                piece = self.pieces[self.position + other]
                add_text(foot, f"{' · ' if len(foot) else ''}{relation} ")
                title = here if piece.chapter == self.page else self.places.title(piece.chapter)
                self.link(foot, piece, title, "chunk-other")

    def add_code(self, code: Element) -> None:
        """The lines: each with its number and its anchors, or as a link to the chunk that comes there."""
        source = "\n".join(self.piece.lines)
        colored = highlight(source, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)).split("\n")
        shown = {number: self.places.number(self.piece, number) for number, _ in self.piece.numbered()}
        width = max(len(str(span.last)) for span in shown.values())
        for i, (number, text) in enumerate(self.piece.numbered()):
            line = SubElement(code, "span", {"class": "chunk-line"})
            if i + 1 in self.marked:
                line.set("class", "chunk-line chunk-marked")
            if match := tangle.REFERENCE.fullmatch(text):
                SubElement(line, "span", {"class": "linenos", "data-linenos": " " * (width + 1)}).tail = match["indent"]
                self.add_reference(line, match, shown[number])
                continue
            anchor = line_anchor(shown[number].file, shown[number].first)
            line.set("id", anchor)
            # For the mouse alone: with the keyboard, so many stops would be a nuisance.
            hidden = {"href": f"#{anchor}", "aria-hidden": "true", "tabindex": "-1"}
            label = f"{shown[number]} ".rjust(width + 1)
            last = SubElement(line, "a", {"class": "linenos", "data-linenos": label, **hidden})
            last.tail = (self.md.htmlStash.store(colored[i]) if colored[i] else "") + "\n"

    def add_reference(self, line: Element, match: re.Match[str], span: object) -> None:
        """A link with the text of the reference, the name in it set apart from its frame, `# <<` and `>>`."""
        before, after = match[0].strip().split(match["name"])
        target = self.places.book.parts[match["name"]][0]
        link = self.link(line, target, "", "chunk-ref")
        link.set("data-lines", str(span))
        link.tail = "\n"
        SubElement(link, "span", {"class": "chunk-frame"}).text = before
        SubElement(link, "span", {"class": "chunk-target"}).text = match["name"]
        SubElement(link, "span", {"class": "chunk-frame"}).text = after

    def link(self, parent: Element, piece: tangle.Piece, text: str, kind: str) -> Element:
        """Add a link to a piece. If it leads to another page, it says to which when the pointer rests on it."""
        link = SubElement(parent, "a", {"class": kind, "href": self.places.to_piece(piece, self.page)})
        link.text = text
        if piece.chapter != self.page:
            link.set("title", self.places.title(piece.chapter))
        return link


def rung_of(file: str) -> int | None:
    """Which rung of the ladder a generated file is; the one-file program is the last."""
    match = RUNG.search(file)
    return int(match[1]) if match else 5 if file == PROGRAM else None


def rungs_in_words(rungs: set[int]) -> str:
    """Return "rung 2", "rungs 2–4", "rungs 0, 2", or nothing for none."""
    numbers = sorted(rungs)
    if not numbers:
        return ""
    if len(numbers) > 1 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"rungs {numbers[0]}–{numbers[-1]}"
    return f"rung{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"


def add_text(element: Element, text: str) -> None:
    """Add text at the end of an element."""
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def makeExtension(**kwargs: Any) -> LiterateExtension:
    return LiterateExtension(**kwargs)
