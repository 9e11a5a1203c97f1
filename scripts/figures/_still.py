"""What stills are made of: recorded data, numbers, tables, strips, curves. Everything that goes in is escaped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from .. import DATA



def load(name: str) -> Any:
    """Return a recorded file, for example `figures/attention.json`. Read again only if it changed."""
    path = DATA / name
    return _load(path, path.stat().st_mtime_ns)


@cache
def _load(path: Path, changed: int) -> Any:
    content = json.loads(path.read_text(encoding="utf-8"))
    content.pop("fingerprint", None)  # of what recorded it
    return content


class Html(str):
    """Text that is HTML already."""


def number(x: float, digits: int = 2) -> str:
    """Return `x` with a minus sign that looks like one."""
    return f"{x:.{digits}f}".replace("-", "−")


def element(tag: str, *content: str, **attributes: object) -> Html:
    """Return an element; `class_` is the attribute `class`, `data_line` is `data-line`."""
    names = {key: key.rstrip("_").replace("_", "-") for key in attributes}
    inside = "".join(part if isinstance(part, Html) else escape(part) for part in content)
    marks = "".join(f' {names[key]}="{escape(str(value))}"' for key, value in attributes.items() if value is not None)
    return Html(f"<{tag}{marks}>{inside}</{tag}>")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> Html:
    """Return a table whose first column heads its rows."""
    top = element("thead", element("tr", *(element("th", cell, scope="col") for cell in head)))
    body = []
    for first, *rest in rows:
        body.append(element("tr", element("th", first, scope="row"), *(element("td", cell) for cell in rest)))
    parts = [element("caption", caption)] if caption else []
    return element("table", *parts, top, element("tbody", *body))


def strip(
    values: Sequence[float], label: str, largest: float | None = None, digits: int = 2, names: Sequence[str] | None = None
) -> Html:
    """Return a vector as a row of colored cells, each with its number; `largest` has the full color."""
    largest = largest or max(map(abs, values), default=0) or 1
    cells = [
        element(
            "span", *([element("b", names[i])] if names else []), element("i", number(x, digits)),
            class_="more" if x > 0 else "less", style=f"--amount:{amount(x, largest)}%",
        )
        for i, x in enumerate(values)
    ]
    return element("span", *cells, class_="strip named" if names else "strip", role="group", aria_label=label)


def amount(x: float, largest: float) -> int:
    return round(100 * min(1.0, abs(x) / largest))
