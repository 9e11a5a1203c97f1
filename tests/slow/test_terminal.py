"""The command line with somebody at it: a terminal, Ctrl-C, a pipe that is closed."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

from tests.fast.test_cli import microgpt


def start(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "microgpt", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=dict(os.environ, PYTHONPATH=os.getcwd()), **options,
    )


def test_ctrl_c_saves_samples_and_says_where(tmp_path):
    saved = tmp_path / "model.json"
    process = start("--steps", 100_000, "--save", saved, "--samples", 3)
    for line in process.stdout:
        if line.startswith("step    5 "):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    steps = int(re.fullmatch(r"stopped at step (\d+) of 100000\n", err)[1])
    assert 5 <= steps < 1000
    assert len(re.findall(r"^sample  \d: ", out, re.M)) == 3
    assert f"samples among the {steps} documents trained on" in out
    assert len(json.loads(saved.read_text())["losses"]) == steps
    assert microgpt("--load", saved, "--samples", 1)[0] == 0


def test_ctrl_c_while_it_writes():
    process = start("--steps", 0, "--samples", 1_000_000)
    for line in process.stdout:
        if line.startswith("sample  3"):
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "stopped\n")


def test_a_closed_pipe_ends_quietly():
    process = start("--steps", 100_000)
    assert process.stdout.readline().startswith("num docs")
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(timeout=60) == 141


def test_a_terminal_sees_one_live_line():
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "microgpt", "--steps", "40", "--samples", "1"], stdout=theirs, stderr=theirs,
        env=dict(os.environ, COLUMNS="80"),
    )
    os.close(theirs)
    printed = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                printed += os.read(ours, 65536)
            except OSError:
                break
        elif process.poll() is not None:
            break
    os.close(ours)
    assert process.wait(timeout=10) == 0
    text = printed.decode()
    live = [line for line in text.split("\r") if line.startswith("step ")]
    assert live[0].startswith("step    1 /   40 [----------] loss ") and live[-1].startswith("step   40 /   40 [##########] loss ")
    assert all(" mean " in line and "steps/s" in line and "s left" in line and len(line) < 80 for line in live)
    assert "\nstep" not in text
    assert "--- inference" in text
