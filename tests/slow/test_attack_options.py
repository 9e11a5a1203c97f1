"""Five hundred command lines that nobody should type: never a traceback, and the exit status that is documented."""

from __future__ import annotations

import random
import re

import pytest

from microgpt.__main__ import build_parser, main

pytestmark = pytest.mark.no_cover
LINES = 500
VALUES = [
    "", "0", "1", "-1", "2", "3", "007", "1e3", "0.5", "-0.0", "1e-7", "1e400", "nan", "inf", "-inf", "9" * 30, "9" * 4300,
    "9" * 5000, "0x10", "1_000", "١", "a", "relu", "relu2", "linear", "cosine", "4192", "4064", "--", "-", "'", "\x1b[31m", "\n",
    "emma", "Zoé", "{data}", "{model}", "{folder}", "{folder}/new.json", "{folder}/no/such", "/dev/full", "/dev/zero", "/", "x" * 300,
    "http://127.0.0.1:1/", "http://", "ftp://x", "\ud800",
]  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with two documents and a model of them."""
    folder = tmp_path_factory.mktemp("options")
    (folder / "data.txt").write_text("anna\nbob\n")
    main(["--data", str(folder / "data.txt"), "--n-embd", "2", "--n-head", "1", "--steps", "1", "--quiet", "--save", str(folder / "model.json")])
    return folder


def test_odd_command_lines(place, capfd, monkeypatch):
    monkeypatch.chdir(place)
    monkeypatch.setenv("COLUMNS", "9" * 30)
    names = {"data": place / "data.txt", "model": place / "model.json", "folder": place}
    options = [action.option_strings[-1] for action in build_parser()._actions if action.nargs != 0]
    small = ["--data", str(names["data"]), "--n-embd", "2", "--n-head", "1", "--steps", "2", "--samples", "1", "--temperature", "1"]
    before = {path: path.read_bytes() for path in (names["data"], names["model"])}
    for number in range(LINES):
        rng = random.Random(number)
        words = list(small)
        for option in rng.sample(options, rng.choice([1, 1, 1, 2, 3])):
            value = rng.choice(VALUES)
            if option in ("--steps", "--samples", "--n-embd", "--block-size", "--n-layer") and value in ("1e3", "1_000", "4192", "4064", "007"):
                value = "3"  # right, and slow
            value = value.format(**names) if "{" in value else value
            words += [f"{option}={value}"] if rng.random() < 0.5 else [option, value]
        try:
            status = main(words)
        except SystemExit as stop:
            status = stop.code
        out, err = capfd.readouterr()
        assert status in (0, 1, 2), (number, words, status)
        assert err == "" if status == 0 else re.fullmatch(r"error: .+\n", err) and err.count("\n") == 1, (number, words, err)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", out + err), (number, words)
        for path, content in before.items():
            if path.read_bytes() != content:
                assert path.name == "model.json" and any("model.json" in word for word in words), (number, words)
                path.write_bytes(content)
