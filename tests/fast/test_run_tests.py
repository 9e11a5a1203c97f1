"""The test command: which lanes it runs, in which order, and with what."""

import re

import pytest

from scripts import run_tests


@pytest.fixture
def calls(monkeypatch):
    """What is done, in order, without doing it."""
    done = []
    monkeypatch.setattr(run_tests, "install", lambda engines=False: done.append(f"install {engines}") or "python")
    monkeypatch.setattr(run_tests, "fetch_browser", lambda python: done.append("browser"))
    monkeypatch.setattr(run_tests, "pytest", lambda python, arguments: done.append(arguments) or done[0] == "install True")
    monkeypatch.setattr(run_tests, "hundred_steps", lambda python: 1.25)
    monkeypatch.delenv("CI", raising=False)
    return done


def test_everything_is_the_fast_lane_and_then_the_others_at_once(calls, capsys):
    assert run_tests.main([]) == 0
    assert calls == [
        "install False", "browser", ["tests/fast", *run_tests.PARALLEL, *run_tests.COVERAGE],
        ["tests/slow", "tests/browser", *run_tests.PARALLEL],
    ]  # fmt: skip
    assert {lane for lanes in run_tests.EVERYTHING for lane in lanes} == set(run_tests.LANES) - {"all"}
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["the fast lane:", "the slow and the browser lane:"]
    assert re.fullmatch(r"fast \d+ s, slow and browser \d+ s; all \d+ s, where 100 steps of training take 1.2 s", lines[2])


def test_a_lane_alone(calls, capsys):
    assert run_tests.main(["--lane", "browser", "-k", "home"]) == 0
    assert calls[2:] == [["tests/browser", *run_tests.PARALLEL, "-k", "home"]]
    assert capsys.readouterr().out == "the browser lane:\n"


def test_other_arguments_are_pytests(calls):
    assert run_tests.main(["-k", "softmax"]) == 0
    assert calls[2:] == [["-k", "softmax"]]


def test_what_fails_decides_about_the_status(calls):
    assert run_tests.main(["--engines"]) == 1
    assert len(calls) == 4, "the other lanes are run all the same"


def test_only_the_environment(calls):
    assert run_tests.main(["--install", "--engines"]) == 0
    assert calls == ["install True"]


def test_a_lane_that_there_is_not(calls, capsys):
    assert run_tests.main(["--lane", "quick"]) == 2
    assert calls == [] and "--lane needs one of all, fast, slow, browser" in capsys.readouterr().err
