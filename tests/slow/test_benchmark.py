"""The benchmark: what it counts is so."""

import subprocess
import sys

from tests import ROOT


def test_the_benchmark_reports_ratios():
    result = subprocess.run(
        [sys.executable, "-m", "scripts.runs.benchmark", "--steps", "2", "--rounds", "1"], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    rows = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines()[2:]}
    assert set(rows) == {"fused", "unfused", "plain"}
    assert rows["fused"][3:] == ["1.0", "1.0", "1.0"]
    assert float(rows["unfused"][3]) > 8, "the nodes are counted, not timed"
