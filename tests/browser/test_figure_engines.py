"""The figure engines: what it shows is what was recorded, for each setting."""

from __future__ import annotations

import json
import re

from scripts.figures.engines import ENGINES, SETTINGS, still, told
from tests import ROOT

CHAPTER = next(path for path in (ROOT / "docs").glob("7-*/*.md") if 'data-figure="engines"' in path.read_text(encoding="utf-8"))
PAGE = f"{CHAPTER.parent.name}/{CHAPTER.stem}/"
RECORDED = json.loads((ROOT / "docs/assets/data/engines.json").read_text(encoding="utf-8"))
SHOWN = [name for name in ENGINES if any(key.startswith(f"{name} ") for key in RECORDED["speed"])]


def test_each_setting_shows_what_was_recorded(figure):
    v, live = figure(PAGE, "figure-engines", viewport={"width": 360, "height": 800})
    for dtype, batch in SETTINGS:
        live.get_by_role("radio", name=dtype, exact=True).check()
        live.get_by_role("radio", name=str(batch), exact=True).check()
        speeds = [RECORDED["speed"].get(f"{name} {dtype} {batch}") for name in SHOWN]
        rows = [row.locator("td").all_inner_texts() for row in live.locator("tbody tr").all()]
        assert [row[0] for row in rows] == ["–" if speed is None else told(speed) for speed in speeds]
        drawn = [text.partition(": ")[2] for text in live.locator(".drawing svg > text").all_text_contents()]
        assert drawn == ["not measured" if speed is None else told(speed) for speed in speeds]
        assert live.locator(".drawing rect").count() == sum(speed is not None for speed in speeds)
        assert f": {told(max(filter(None, speeds)))} documents in the time" in live.locator(".figure-status").inner_text()


def test_the_bars_are_on_a_scale_of_factors_of_ten(figure):
    v, live = figure(PAGE, "figure-engines")
    lines = [float(rule.get_attribute("x1")) for rule in live.locator(".engines-rule, .engines-one").all()]
    apart = lines[1] - lines[0]
    assert all(abs(b - a - apart) < 0.01 for a, b in zip(lines, lines[1:]))
    from math import log10

    speeds = [speed for name in SHOWN if (speed := RECORDED["speed"].get(f"{name} float64 1"))]
    for bar, speed in zip(live.locator(".drawing rect").all(), speeds):
        assert abs(float(bar.get_attribute("width")) - max(2, abs(log10(speed)) * apart)) < 0.01


def test_the_keyboard_changes_the_setting(figure):
    v, live = figure(PAGE, "figure-engines")
    live.get_by_role("radio", name="float64", exact=True).focus()
    v.page.keyboard.press("ArrowRight")
    assert "in float32" in live.locator(".figure-status").inner_text()


def test_the_still_says_it_too():
    text = still()
    for speed in RECORDED["speed"].values():
        assert f"<td>{told(speed)}</td>" in text
    assert len(re.findall("<tr>", text)) == len(SHOWN) + 1
