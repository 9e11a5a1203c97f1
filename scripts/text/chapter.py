"""A chapter as text: its title, its settings, its fenced blocks. Whoever reads Markdown in this project reads it here.

What a fence is, scripts/tangle.py decides, in read_blocks().
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from ..tangle import Block, UserError, find_chapters, read_blocks, split_lines

TITLE = re.compile(r"# +(?P<title>.+?) *")
LANGUAGE = re.compile(r"[^\s{#]*")
SETTING = re.compile(r"""(?P<name>\w+): *(?P<quote>["']?)(?P<value>.*?)(?P=quote) *""")
PACKAGE = "microgpt"  # the program whose line numbers a chapter shows if it names none
READ_ME = ("README.md", "CONTRIBUTING.md")  # not chapters, but their examples and numbers are checked like those


class Fence(NamedTuple):
    """A fenced block that readers see."""

    language: str  # "" if it has none
    text: str  # without the prefix that indents or quotes it
    line: int  # the chapter's line with the first line of its text, counted from 1
    block: Block


class Chapter:
    """A Markdown file. Raises UserError if it isn't UTF-8, OSError if it can't be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_bytes().decode("utf-8")  # not read_text(), which would change line ends
        except UnicodeDecodeError as error:
            raise UserError(f"{path}: not UTF-8 text (byte {error.start})") from None
        self.lines = split_lines(self.text.removeprefix("\ufeff"))

    @cached_property
    def blocks(self) -> list[Block]:
        """Its fences and its comments of several lines."""
        return list(read_blocks(self.lines))

    def fences(self, *languages: str) -> list[Fence]:
        """The fences of some languages, or all; not those that another fence quotes or a comment hides."""
        found = []
        for block in self.blocks:
            language = LANGUAGE.match(block.info)[0]  # type: ignore[index]
            if block.info != "<!--" and (not languages or language in languages):
                found.append(Fence(language, "".join(f"{line}\n" for line in block.content), block.start + 2, block))
        return found

    @cached_property
    def front_matter(self) -> range:
        """The indices of the lines of its front matter, with the marks around it."""
        if self.lines[0].rstrip() != "---":
            return range(0)
        end = next((i for i, line in enumerate(self.lines) if i and line.rstrip() in ("---", "...")), -1)
        return range(end + 1)

    @cached_property
    def settings(self) -> dict[str, str]:
        """The settings of its front matter that stand on one line."""
        matches = (SETTING.fullmatch(self.lines[i]) for i in self.front_matter)
        return {match["name"]: match["value"] for match in matches if match}

    @property
    def program(self) -> str:
        """The program whose line numbers it shows."""
        return self.settings.get("program", PACKAGE)

    @cached_property
    def title(self) -> str:
        """Its first heading, or "" if it has none."""
        fenced = {i for block in self.blocks for i in range(block.start, block.end)} | set(self.front_matter)
        matches = (TITLE.fullmatch(line) for i, line in enumerate(self.lines) if i not in fenced)
        return next((match["title"] for match in matches if match), "")


def lines_with_ends(text: str) -> list[str]:
    """The lines of split_lines() as they stand in the file, so that all joined are the text."""
    return re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)


def chapters_of(root: Path) -> list[Path]:
    """All chapters in reading order."""
    return [root / chapter for chapter in find_chapters(root)]
