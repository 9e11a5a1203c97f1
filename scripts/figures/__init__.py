"""The figures of the book, and the Python-Markdown extension that puts them on a page.

    markdown_extensions:
      - md_in_html
      - scripts.figures

    <figure markdown="1" data-figure="softmax">

    What the figure shows, in **Markdown**: its caption.

    </figure>

Each figure is a module of this package, `prediction_game` for `prediction-game`, and has

    still(**options) -> str     HTML: what is seen without JavaScript, in print, and until the figure is near
    RECORDINGS                  file -> function that returns its content; only if the figure shows recorded numbers.
                                scripts/record.py writes the files to docs/assets/data/figures/

and a module of the same name, docs/assets/js/figures/prediction-game.js, that brings it to life. Other attributes
`data-…` of the element are the options, for both. On the page this becomes

    <figure id="figure-softmax" class="figure">
      <figure-softmax data-…><div class="still">…</div></figure-softmax>
      <figcaption>…</figcaption>
    </figure>

On GitHub the caption alone is seen.
"""

from __future__ import annotations

import logging
import pkgutil
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor

log = logging.getLogger("mkdocs.figures")  # below "mkdocs", so that --strict counts the warnings


class Figure(NamedTuple):
    still: Callable[..., str]
    recordings: dict[str, Callable[[], dict[str, Any]]]


def find_figures() -> dict[str, Figure]:
    """Return all figures by name."""
    figures = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            content = import_module(f"{__name__}.{module.name}")
            figures[module.name.replace("_", "-")] = Figure(content.still, getattr(content, "RECORDINGS", {}))
    return figures


FIGURES = find_figures()


class FiguresExtension(Extension):
    def extendMarkdown(self, md: Markdown) -> None:
        # After the tree is complete (md_in_html, attr_list: 8); before MkDocs and toc look at it (5).
        md.treeprocessors.register(FigureTreeprocessor(md), "figures", 7)


class FigureTreeprocessor(Treeprocessor):
    def run(self, root: Element) -> None:
        for place in [element for element in root.iter("figure") if "data-figure" in element.attrib]:
            name = place.attrib.pop("data-figure")
            options = {key: place.attrib.pop(key) for key in list(place.attrib) if key.startswith("data-")}
            if name not in FIGURES:
                log.warning("there is no figure called %s, only %s", name, ", ".join(FIGURES))
                continue
            try:
                html = FIGURES[name].still(**{key[5:].replace("-", "_"): value for key, value in options.items()})
            except (KeyError, LookupError, OSError, TypeError, ValueError) as error:
                log.warning("the figure %s can't be made: %s: %s", name, type(error).__name__, error)
                continue
            if "id" not in place.attrib:
                variant = "-".join([name, *options.values()] if name == "stepper" else [name])
                place.set("id", f"figure-{variant}")
            place.set("class", "figure")
            caption = Element("figcaption")
            caption.text = place.text
            caption.extend(list(place))
            for child in list(place):
                place.remove(child)
            place.text = "\n"
            body = SubElement(place, f"figure-{name}", options)
            still = SubElement(body, "div", {"class": "still"})
            still.text = self.md.htmlStash.store(html)
            body.tail = "\n"
            place.append(caption)


def makeExtension(**kwargs: Any) -> FiguresExtension:
    return FiguresExtension(**kwargs)
