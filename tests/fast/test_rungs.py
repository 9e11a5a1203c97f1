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
    lines = re.findall(r'<(del|ins|span) class="chunk-line">(.*?)\n</', html, re.S)
    texts = {kind: [unescape(re.sub(r"<[^>]+>", "", text))[2:] for tag, text in lines if tag in (kind, "span")] for kind in ("del", "ins")}
    below, this = ([line.rstrip() for line in (ROOT / LADDER[i]).read_text(encoding="utf-8").splitlines()[1:]] for i in (rung - 1, rung))
    assert (texts["del"], texts["ins"]) == (below, this)
    went, came = (sum(tag == kind for tag, _ in lines) for kind in ("del", "ins"))
    assert f"<summary>Rung {rung} beside rung {rung - 1}: {went} lines went, {came} came</summary>" in html
    assert "#chunk-" in html and html.startswith("<p>A</p>") and html.endswith("<p>B</p>")


def test_only_a_line_of_its_own_counts():
    assert "rung-diff" not in markdown.markdown("text <!-- what is new in rung 3 -->\n", extensions=EXTENSIONS)
