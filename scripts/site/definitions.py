"""An extension of Griffe, which reads the program for the API reference: where the book defines each object.

    options:
      extensions: [scripts.site.definitions]  of mkdocstrings' python handler

To the description of each it adds a sentence with a link to the line of the chapter.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from griffe import Docstring, Extension, Object

from .. import ROOT
from ..text.places import short, where
from .chunks import read_places

PAGE = "docs/appendix/api.md"  # the page with the reference


class Definitions(Extension):
    """Says of each object where the book defines it."""

    def on_object(self, *, obj: Object, **kwargs: Any) -> None:
        if obj.is_module or not obj.lineno or (obj.parent.is_class and not (obj.is_function and obj.docstring)):
            return  # of a class, the methods that are described: others are not on the page
        places = read_places(str(ROOT))
        file = Path(obj.filepath).relative_to(ROOT).as_posix()
        if not places or file not in places.files:
            return
        chapter = where(places.book, file, obj.lineno).chapter
        link = f"[{places.title(chapter)}]({places.to_line(file, obj.lineno, PAGE)})"
        text = f"Defined in {link}, `{short(file)}:{obj.lineno}`."
        if obj.docstring:
            obj.docstring.value = f"{obj.docstring.value.rstrip()}\n\n{text}"
        else:
            obj.docstring = Docstring(text, parent=obj)
