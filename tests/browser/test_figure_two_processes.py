"""The figure two-processes: the two recorded steps, moment by moment, and that they are steps."""

from __future__ import annotations

import json

import pytest

from tests import ROOT

PAGE = "7-growing-up/05-many-machines/"
RECORDED = json.loads((ROOT / "docs/assets/data/figures/two-processes.json").read_text(encoding="utf-8"))
MODES = {"on the way back": "overlapped", "at the end": "at the end"}
BACK = ["back through lm_head", *(f"back through layer {i}" for i in range(RECORDED["layers"], 0, -1)), "back through embeddings"]


@pytest.mark.parametrize("mode", MODES.values())
def test_what_was_recorded_is_a_step(mode):
    for events in RECORDED[mode]:
        computed = [event for event in events if not event[0].startswith("bucket")]
        assert [what for what, *_ in computed] == ["forward", *BACK, "wait", "Adam"]
        assert all(end == start for (_, _, end), (_, start, _) in zip(computed, computed[1:])), "one after the other"
        sent = [event for event in events if event[0].startswith("bucket")]
        assert [what for what, *_ in sent] == [f"bucket {i + 1}" for i in range(len(sent))] and len(sent) > 3
        times = {what: (start, end) for what, start, end in events}
        assert max(end for _, _, end in sent) <= times["Adam"][0] + 0.05, "Adam waits for all of them"
        early = [what for what, start, _ in sent if start < times[BACK[-1]][1]]
        assert len(early) >= len(sent) - 1 if mode == "overlapped" else not early


def test_every_moment_is_told(figure):
    v, live = figure(PAGE, "figure-two-processes", viewport={"width": 360, "height": 800})
    status, slider = live.locator(".figure-status"), live.get_by_label("moment", exact=True)
    for label, mode in MODES.items():
        live.get_by_label(label, exact=True).check()
        end = max(event[2] for events in RECORDED[mode] for event in events)
        assert status.inner_text().startswith("At ") and f" The step takes {end:.1f} ms." in status.inner_text()
        for rank, events in enumerate(RECORDED[mode]):
            wait = next(event for event in events if event[0] == "wait")
            middle = round(2 * (wait[1] + wait[2]) / 2) / 2
            slider.fill(str(middle))
            if wait[1] <= middle < wait[2]:
                assert f"process {rank} waits" in status.inner_text()
        assert live.locator(".drawing rect").count() == sum(map(len, RECORDED[mode]))
    slider.fill("0.5")
    slider.focus()
    v.page.keyboard.press("ArrowRight")
    assert status.inner_text().startswith("At 1.0 ms: ") and "goes forward" in status.inner_text()
    slider.fill(str(slider.get_attribute("max")))
    assert "process 0 is done; process 1 is done. The" in status.inner_text()
