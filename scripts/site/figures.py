"""The Python-Markdown extension that puts the figures of the book on its pages.

    markdown_extensions:
      - md_in_html
      - scripts.site.figures

    <figure markdown="1" data-figure="softmax">

    What the figure shows, in **Markdown**: its caption.

    </figure>

The figures are those of scripts/figures/. Other attributes `data-…` of the element are options: of the still, which is
made here, and of the JavaScript that brings it to life. On the page this becomes

    <figure id="figure-softmax" class="figure">
      <figure-softmax data-…><div class="still">…</div></figure-softmax>
      <figcaption>…</figcaption>
    </figure>

On GitHub the caption alone is seen.
"""

from __future__ import annotations

import logging
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor

from .. import ROOT
from ..figures import all_figures

STYLES = ROOT / "docs" / "assets" / "js" / "figures"

log = logging.getLogger("mkdocs.figures")  # below "mkdocs", so that --strict counts the warnings


class FiguresExtension(Extension):
    def extendMarkdown(self, md: Markdown) -> None:
        # After the tree is complete (md_in_html, attr_list: 8); before MkDocs and toc look at it (5).
        md.treeprocessors.register(FigureTreeprocessor(md), "figures", 7)


class FigureTreeprocessor(Treeprocessor):
    def run(self, root: Element) -> None:
        styled: set[str] = set()
        for place in [element for element in root.iter("figure") if "data-figure" in element.attrib]:
            name = place.attrib.pop("data-figure")
            options = {key: place.attrib.pop(key) for key in list(place.attrib) if key.startswith("data-")}
            if name not in all_figures():
                log.warning("there is no figure called %s, only %s", name, ", ".join(all_figures()))
                continue
            try:
                html = all_figures()[name].still(**{key[5:].replace("-", "_"): value for key, value in options.items()})
            except (KeyError, LookupError, OSError, TypeError, ValueError) as error:
                log.warning("the figure %s can't be made: %s: %s", name, type(error).__name__, error)
                continue
            if "id" not in place.attrib:
                place.set("id", "-".join(["figure", name, *(options[key] for key in all_figures()[name].in_id)]))
            place.set("class", "figure")
            caption = Element("figcaption")
            caption.text = place.text
            caption.extend(list(place))
            for child in list(place):
                place.remove(child)
            place.text = "\n"
            body = SubElement(place, f"figure-{name}", options)
            if name not in styled and (STYLES / f"{name}.css").is_file():
                styled.add(name)
                body.set("data-figure-style", name)  # docs/overrides/main.html links it
            still = SubElement(body, "div", {"class": "still"})
            still.text = self.md.htmlStash.store(html)
            body.tail = "\n"
            place.append(caption)


def makeExtension(**kwargs: Any) -> FiguresExtension:
    return FiguresExtension(**kwargs)
