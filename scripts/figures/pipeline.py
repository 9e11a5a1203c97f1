"""The pipeline: one token on its way through `gpt`, with the vector at every stage."""

from __future__ import annotations

from microgpt import Config

from .. import ROOT
from ..text.chapter import Chapter, chapters_of
from ._passes import NAMES, RECORDINGS, choices, letters, vocabulary
from ._stages import stage_list
from ._still import element, load

__all__ = ["RECORDINGS", "still"]  # attention shows the same files

NAME, POSITION = NAMES[0], 2  # as in pipeline.js


def still() -> str:
    """All stages, with the vectors of one token of the first name after training; pipeline.js fills in others."""
    recorded = load(f"figures/passes-{NAME}.json")
    titles = {path.stem: Chapter(path).title for path in chapters_of(ROOT)}
    note = f"The trained model reads {NAME} and has come to position {POSITION}, {letters(recorded['tokens'])[POSITION]}."
    rows = stage_list(recorded, POSITION, vocabulary(), Config(), 0, lambda chapter: (titles[chapter], f"../{chapter}/"))
    return element("div", element("p", note), rows, **choices())
