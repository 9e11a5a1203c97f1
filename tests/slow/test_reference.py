"""Identity: the program prints what the published programs printed; and what a step of a real run takes."""

import gc
import hashlib
import random
import runpy
import subprocess
import sys
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings

from microgpt import Config, Tokenizer, Value, init_params, load_docs, train
from microgpt.__main__ import main
from tests import ROOT
from tests.conftest import names_of_the_original
from tests.fast.test_ladder import RUNS, is_the_plainest_form
from tests.fast.test_training import every_bit, runs
from tests.fast.test_value import EXPRESSION, POINT, gradients_agree_with_central_differences

ONE_FILE = ROOT / "docs/assets/downloads/microgpt.py"


def as_printed(reference):
    """What a published edition printed, line by line."""
    total = len(reference["losses"])
    heading = "inference (new, hallucinated names)" if total == 1000 else "inference"
    return [
        f"num docs: {reference['num_docs']}",
        f"vocab size: {reference['vocab_size']}",
        f"num params: {reference['num_params']}",
        *(f"step {i:4d} / {total:4d} | loss {loss:.4f}" for i, loss in enumerate(reference["losses"], 1)),
        "",
        f"--- {heading} ---",
        *(f"sample {i:2d}: {text}" for i, text in enumerate(reference["samples"], 1)),
    ]


@settings(max_examples=150)
@given(runs())
def test_every_bit_of_any_run(case):
    every_bit(case)


@settings(suppress_health_check=list(HealthCheck))  # the profile says how many: 1,000, in CI 10,000
@given(EXPRESSION, POINT)
def test_gradients_agree_with_central_differences(expression, point):
    gradients_agree_with_central_differences(expression, point)


@pytest.mark.parametrize("edition", ["4192", "4064"])
def test_the_published_runs_whole(edition, original_names, reference, capsys):
    assert main(["--preset", edition, "--data", str(original_names)]) == 0
    out, err = capsys.readouterr()
    expected = as_printed(reference[edition])
    lines = out.splitlines()
    assert lines[: len(expected)] == expected
    assert err == ""
    if edition == "4192":
        assert lines[len(expected) :][2:] == [
            "samples in the dataset: 11 of 20", "samples among the 1000 documents trained on: 0",
        ]


@pytest.fixture
def printed_by(tmp_path, monkeypatch, capsys):
    """printed_by(file, names) is what a program of one file prints beside an input.txt; or what it prints first.

    It runs in this process, as `python file.py` would run it; that a process of its own does is in test_ladder.py.
    """

    class Enough(Exception):
        pass

    def printed_by(file, names: bytes, calls: int | None = None) -> str:
        def counted(*what: object) -> None:
            nonlocal calls
            print(*what)
            calls -= 1
            if not calls:
                raise Enough

        (tmp_path / "input.txt").write_bytes(names)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [str(file)])
        with suppress(Enough):
            runpy.run_path(str(file), {"print": counted} if calls else None, run_name="__main__")
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return printed_by


def test_the_one_file_prints_what_the_reference_prints(original_names, reference, printed_by):
    assert printed_by(ONE_FILE, original_names.read_bytes()).splitlines() == as_printed(reference["4192"])


# The SHA-256 of what the published rungs 0 to 4 print with every step printed, so that it needs not lie beside the project.
PUBLISHED = ["a4293906d95823cf", "99c10d364db1114e", "a303604cacf12b7e", "91a1f5f0b8481518", "0bcc763edd841d09"]


@pytest.mark.parametrize("rung", range(5))
@settings(max_examples=4)
@given(**RUNS)
def test_any_run_of_a_rung_is_that_of_the_plainest_form(rung, seed, steps, docs):
    is_the_plainest_form(rung, seed, steps, docs)


@pytest.mark.parametrize("rung", range(5))
def test_a_rung_prints_what_the_published_one_printed(rung, original_names, printed_by):
    published = ROOT.parent / "shared" / "reference" / "ladder" / f"train{rung}.txt"
    printed = printed_by(ONE_FILE.parent / "ladder" / f"train{rung}.py", original_names.read_bytes())
    if published.is_file():
        assert printed == published.read_text(encoding="utf-8")
    assert hashlib.sha256(printed.encode()).hexdigest().startswith(PUBLISHED[rung])


def test_the_one_file_is_the_package_on_the_built_in_names(output_of, printed_by):
    """The first two hundred steps, if it has printed a whole published run above."""
    calls = 201 if names_of_the_original().is_file() else None  # one for what precedes the steps
    printed = printed_by(ONE_FILE, "\n".join(load_docs()).encode(), calls)
    assert output_of("python3 -m microgpt").startswith(printed)
    assert printed.count("\nstep ") == (200 if calls else 1000)


@pytest.mark.parametrize(
    "content", [None, b"", b" \n\r\n", "emma\nzoë\n".encode("utf-16"), "emma\n".encode("utf-16-le"), "zoë\n".encode("latin-1")]
)
def test_the_one_file_without_input_says_what_to_do(content, tmp_path):
    if content is not None:
        (tmp_path / "input.txt").write_bytes(content)
    result = subprocess.run([sys.executable, str(ONE_FILE)], cwd=tmp_path, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "put a UTF-8 text file of the name input.txt, one document a line, in this folder\n"


def test_the_mark_before_the_text_is_no_letter_for_the_one_file(tmp_path):
    (tmp_path / "input.txt").write_bytes("\ufeffemma\r\nava\r\n".encode())
    process = subprocess.Popen([sys.executable, "-u", str(ONE_FILE)], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    with process:
        first = [process.stdout.readline() for _ in range(2)]
        process.kill()
    assert first == ["num docs: 2\n", "vocab size: 5\n"]


def test_fewer_than_5_000_nodes_a_step(monkeypatch):
    made = []
    init = Value.__init__
    monkeypatch.setattr(Value, "__init__", lambda self, *args: (made.append(1), init(self, *args))[1])
    docs, rng = load_docs(), random.Random(42)
    rng.shuffle(docs)
    tokenizer, config = Tokenizer(docs), Config(steps=50)
    params = init_params(config, tokenizer.vocab_size, rng)
    made.clear()
    steps = sum(1 for _ in train(docs, tokenizer, params, config))
    assert 1000 < len(made) / steps < 5000


def test_memory_is_flat_and_below_30_mb():
    docs = load_docs()
    tokenizer, config = Tokenizer(docs), Config(steps=24)
    tracemalloc.start()
    try:
        params = init_params(config, tokenizer.vocab_size, random.Random(0))
        peaks = []
        gc.disable()  # so that anything left to the cyclic collector would pile up
        for step, _ in train(["elisabeth"], tokenizer, params, config):
            if step % 8 == 0:
                peaks.append(tracemalloc.get_traced_memory()[1])
                tracemalloc.reset_peak()
    finally:
        gc.enable()
        tracemalloc.stop()
    assert max(peaks) < 30e6
    assert peaks[2] < 1.02 * peaks[1]
