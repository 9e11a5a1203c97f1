"""A rung beside the one below, on its page: nothing is lost, what came is linked to the chunk it is from."""

import re
from html import unescape

import markdown
import pytest

from scripts.site.rungs import LADDER
from tests import ROOT

EXTENSIONS = ["attr_list", "pymdownx.superfences", "scripts.site.chunks", "scripts.site.rungs"]


@pytest.mark.parametrize("rung", range(1, 6))
def test_a_rung_beside_the_one_below(rung):
    html = markdown.markdown(f"A\n\n<!-- what is new in rung {rung} -->\n\nB\n", extensions=EXTENSIONS)
    # Lines that went, came or stayed, and how many of those that stayed are left out.
    parts = re.findall(r'<(del|ins|span) class="chunk-line">(.*?)\n</|<p class="rung-same">(\d+) lines as before', html, re.S)
    below, this = ([line.rstrip() for line in (ROOT / LADDER[i]).read_text(encoding="utf-8").splitlines()[1:]] for i in (rung - 1, rung))
    for kind, program in (("del", below), ("ins", this)):
        at = 0
        for tag, text, left_out in parts:
            if left_out:
                at += int(left_out)
            elif tag in (kind, "span"):
                assert program[at] == unescape(re.sub(r"<[^>]+>", "", text))[2:]
                at += 1
        assert at == len(program)
    went, came = (sum(tag == kind for tag, *_ in parts) for kind in ("del", "ins"))
    assert f"<summary>Rung {rung} beside rung {rung - 1}: {went} lines went, {came} came</summary>" in html
    assert "#chunk-" in html and html.startswith("<p>A</p>") and html.endswith("<p>B</p>")


def test_only_a_line_of_its_own_counts():
    assert "rung-diff" not in markdown.markdown("text <!-- what is new in rung 3 -->\n", extensions=EXTENSIONS)
