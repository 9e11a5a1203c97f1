"""The benchmark: what it counts is so."""

import json
import subprocess
import sys

import pytest

from scripts.runs import benchmark, engines
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


def test_the_engines_are_compared(capsys, monkeypatch):
    """With short windows: each case is trained and told, and one that isn't installed is named."""
    pytest.importorskip("numpy", reason="numpy is not installed (python3 scripts/run_tests.py --engines)")  # its version is told
    monkeypatch.setattr(engines, "installed", lambda: (["numpy"], ["jax"]))
    monkeypatch.setattr(engines, "ask", lambda *case: 1e9 if case == ("tables",) else fake(*case))
    assert benchmark.main(["--engines", "--rounds", "2"]) == 0
    out = capsys.readouterr().out
    rows = {tuple(line.split()[:3]): line.split()[3:] for line in out.splitlines()[2:] if not line.startswith("left out")}
    assert rows["plain", "float64", "1"][:3] == ["1", "1", "0.02"] and rows["plain", "float64", "256"][1] == "1"
    assert rows["numpy", "float64", "256"][:3] == ["200", "200", "0.02"]
    assert "left out: jax (pip install jax)" in out


def test_an_engine_that_is_none_is_refused(capsys):
    assert benchmark.main(["--engines", "abacus"]) == 1
    assert capsys.readouterr().err == "there is no engine abacus, only numpy, torch, jax\n"


def fake(engine, dtype, batch, width):
    """What measuring might give: numpy is 100 times as fast, batches are twice as fast, widths are forgotten."""
    seconds = (0.01 if engine == "numpy" else 1.0) / (2 if batch == "256" and engine == "numpy" else 1)
    return {"seconds": seconds, "first": 0.02, "memory": 30.0}


@pytest.mark.parametrize("engine", ["plain", "rung-5", "unfused", "numpy", "torch", "jax"])
def test_an_engine_is_measured(engine, monkeypatch):
    if engine in engines.MODULES:
        pytest.importorskip(engine, reason=f"{engine} is not installed (python3 scripts/run_tests.py --engines)")
    monkeypatch.setitem(engines.WINDOWS, engine, ((1, 1), (1, 1)))
    monkeypatch.setattr(engines, "one_core", lambda: None)  # of this process, which has other tests
    found = engines.measure(engines.Case(engine))
    assert found["seconds"] > 0 and found["first"] > 0 and found["memory"] > 10


def test_what_is_measured_again_and_near_stays():
    before = {"speed": {"numpy": 70.0, "jax": 200.0}, "machine": {"cpus": 2}}
    assert engines.settle({"speed": {"numpy": 63.2, "jax": 312.3, "torch": 12.34}, "machine": {"cpus": 4}}, before) == {
        "speed": {"numpy": 70.0, "jax": 310.0, "torch": 12.0}, "machine": {"cpus": 4},
    }  # fmt: skip


def test_the_size_of_an_installation_counts_what_it_needs():
    assert 0 < engines.install_size("pytest") and engines.install_size("pytest") > engines.install_size("pluggy") > 0
    assert engines.install_size("no-such-package") == 0


def test_the_goals_are_met_in_the_recording():
    """NumPy 35, torch 12 and JAX 220 times as fast with one document a step, JAX 700 with 256."""
    speed = json.loads((ROOT / "docs/assets/data/engines.json").read_text(encoding="utf-8"))["speed"]
    assert speed["numpy float64 1"] >= 35
    assert max(speed["jax float64 1"], speed["jax float32 1"]) >= 220
    assert max(speed["torch float64 1"], speed["torch float32 1"]) >= 12
    assert max(speed[f"jax {dtype} 256"] for dtype in ("float64", "float32")) / speed["plain float64 256"] >= 700
