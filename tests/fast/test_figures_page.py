"""The page that lists the figures: each is there once, in reading order, with a link to its place."""

from __future__ import annotations

import posixpath
import re

from scripts.figures import all_figures

from tests import ROOT
PAGE = "appendix/figures.md"
FENCE = re.compile(r"^(`{3,}).*?^\1$", re.M | re.S)
OPENING = re.compile(r'^<figure markdown="1" data-figure="([a-z-]+)"((?: data-[a-z-]+="[^"]*")*)>$', re.M)
ENTRY = re.compile(r"^- \[[^]]+\]\(([^)]+#figure-[a-z-]+)\): \S", re.M)


def placed() -> list[str]:
    """All figures as chapter.md#anchor, in the order of the chapters; the home page only repeats some."""
    places = []
    for path in sorted((ROOT / "docs").glob("*/*.md")):
        text = FENCE.sub("", path.read_text(encoding="utf-8"))
        assert text.count("data-figure=") == len(OPENING.findall(text)), f"{path}: a figure that this test can't read"
        for name, options in OPENING.findall(text):
            traces = re.findall(r' data-trace="([a-z-]+)"', options)
            places.append(f"{path.relative_to(ROOT / 'docs').as_posix()}#{'-'.join(['figure', name, *traces])}")
    return places


def test_every_figure_is_listed_once_with_its_place():
    text = (ROOT / "docs" / PAGE).read_text(encoding="utf-8")
    listed = [posixpath.normpath(posixpath.join("appendix", link)) for link in ENTRY.findall(text)]
    assert listed == placed()
    assert len(listed) == text.count("\n- "), "an entry is not as the others"


def test_every_figure_is_placed():
    names = {place.partition("#figure-")[2] for place in placed()}
    assert {name.partition("-")[0] if name.startswith("stepper-") else name for name in names} == set(all_figures())
