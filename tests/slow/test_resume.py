"""Runs that are killed at random moments, resumed and killed again, end as if nothing had happened. To the bit.

12 kills; MICROGPT_ALL_KILLS=1 makes it 100.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests import ROOT

pytestmark = [pytest.mark.no_cover, pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")]
KILLS = 100 if os.environ.get("MICROGPT_ALL_KILLS") else 12
KNOBS = ["--n-embd", "4", "--n-head", "2", "--steps", "200", "--samples", "5"]  # about a second


def start(folder, *options):
    command = [sys.executable, "-m", "microgpt", *options]
    return subprocess.Popen(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(folder, *options):
    process = start(folder, *options)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (0, "")
    return out


@pytest.mark.parametrize("preset", ["4192", "4064"])
def test_killed_and_resumed_as_if_nothing_had_happened(tmp_path, preset):
    rng = random.Random(f"{preset} {KILLS}")
    started = time.monotonic()
    whole = finish(tmp_path, "--preset", preset, *KNOBS, "--save", "whole.json")
    seconds = time.monotonic() - started
    checkpoint = tmp_path / "run.json"
    begin = ["--preset", preset, *KNOBS, "--checkpoint", "run.json", "--every", "5"]
    kills = 0
    while kills < KILLS // 2:
        options = ["--resume", "run.json", "--checkpoint", "run.json", "--every", "5"] if checkpoint.exists() else begin
        process = start(tmp_path, *options)
        time.sleep(rng.uniform(0.1, seconds))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.communicate()
        if process.returncode == 0:  # it was faster: from the beginning
            checkpoint.unlink()
    options = ["--resume", "run.json"] if checkpoint.exists() else begin
    rest = finish(tmp_path, *options, "--save", "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "whole.json").read_bytes(), "losses and weights, bit for bit"
    lines = rest.splitlines()
    assert whole.splitlines()[:3] == lines[:3] and whole.endswith("\n".join(lines[3:]) + "\n")


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_no_temporary_file_stays(tmp_path, sent):
    process = start(tmp_path, *KNOBS, "--checkpoint", "run.json", "--every", "1")
    for _ in range(1000):
        if (tmp_path / "run.json").exists():
            break
        time.sleep(0.02)
    time.sleep(0.2)
    process.send_signal(sent)
    process.communicate(timeout=60)
    assert process.returncode == 128 + sent
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
    finish(tmp_path, "--resume", "run.json", "--quiet")


def test_whoever_ignores_ctrl_c_goes_on_ignoring_it(tmp_path):
    command = f"trap '' INT; exec {sys.executable} -m microgpt --n-embd 4 --steps 150 --samples 0"
    process = subprocess.Popen(
        ["bash", "-c", command], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    )
    time.sleep(0.4)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and "step  150 /  150" in out
