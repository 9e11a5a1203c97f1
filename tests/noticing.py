"""Run tests again and again, quickly: for scripts/runs/mutation.py, which changes the program in between.

It is started in a copy of the project, `python -m tests.noticing`, and answers each line of JSON with another. Each
request is worked on in a fork of this process: pytest and Hypothesis are there already, the program is imported anew.

    {"map": [file, …]}                      run the tests of the files; answers {"tests": {id: what}, "failed": [id, …]}
    {"tests": {id: seconds, …}}             run these, one after the other; answers {"noticed": the one that fails or ""}

`what` is how long a test took, which lines of the package it ran and whether it started processes, whose lines nobody
knows. A test that takes far longer than the seconds it took before counts as one that fails.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import coverage
import filelock  # noqa: F401  (this and the next: so that they are there in every fork)
import hypothesis
import pytest

HERE = Path.cwd()
PACKAGE = HERE / "microgpt"
OPTIONS = ["-q", "-p", "no:cacheprovider", "-c", str(HERE / "pyproject.toml"), "--rootdir", str(HERE)]
MEMORY = 3 << 30  # bytes that a test may take
FOREVER = 300  # seconds on the clock, for a test that waits and doesn't compute


class Plugin:
    """What is common to both requests: no database of examples, and no search for the smallest one that fails."""

    def __init__(self) -> None:
        self.failed: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:  # after conftest.py, before the tests are imported
        config.addinivalue_line("markers", "no_cover: of pytest-cov, which isn't loaded here")
        phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
        hypothesis.settings.register_profile("noticing", hypothesis.settings(), phases=phases, database=None, derandomize=True)
        hypothesis.settings.load_profile("noticing")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid or "an import")


class Mapper(Plugin):
    """Notes for each test how long it takes, which lines it runs, and whether it starts processes."""

    def __init__(self) -> None:
        super().__init__()
        self.tests: dict[str, dict[str, Any]] = {}
        self.processes = 0
        self.measured = coverage.Coverage(data_file=None, source=[str(PACKAGE)], messages=False)
        self.measured.start()
        sys.addaudithook(self.audit)

    def audit(self, event: str, arguments: tuple) -> None:
        self.processes += event in ("subprocess.Popen", "os.fork", "os.posix_spawn")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item):
        before, started = self.processes, time.process_time() + sum(os.times()[2:4])
        self.measured.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self.measured.switch_context("")
            seconds = time.process_time() + sum(os.times()[2:4]) - started
            self.tests[item.nodeid] = {"seconds": seconds, "processes": self.processes > before, "lines": {}}

    def found(self) -> dict[str, Any]:
        self.measured.stop()
        data = self.measured.get_data()
        for file in data.measured_files():
            for line, tests in data.contexts_by_lineno(file).items():
                for test in set(tests) & self.tests.keys():
                    self.tests[test]["lines"].setdefault(Path(file).relative_to(HERE).as_posix(), []).append(line)
        return {"tests": self.tests, "failed": self.failed}


class Runner(Plugin):
    """Runs the tests that are asked for, in that order, and ends the process if one takes far too long."""

    def __init__(self, seconds: dict[str, float]) -> None:
        super().__init__()
        self.seconds = seconds

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        order = {test: i for i, test in enumerate(self.seconds)}
        items[:] = sorted(filter(self.asked, items), key=lambda item: order[self.asked(item)])

    def asked(self, item: pytest.Item) -> str:
        """As what a test was asked for: by its own id, or by that of its file or function."""
        return next((test for test in self.seconds if re.match(re.escape(test) + r"(::|\[|$)", item.nodeid)), "")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        limit_seconds(5 + 10 * self.seconds[self.asked(item)])

    def found(self) -> dict[str, Any]:
        return {"noticed": self.failed[0] if self.failed else ""}


def limit_seconds(seconds: float) -> None:
    """So many more seconds of this process; then the system ends it. More if it doesn't compute."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds) + 1, resource.RLIM_INFINITY))
    signal.alarm(FOREVER)


def in_a_fork(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `work` gives in a fork of this process; {"noticed": "never ends"} if that is ended from outside."""
    with tempfile.TemporaryFile("w+") as answer:
        child = os.fork()
        if not child:
            os.setpgid(0, 0)
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(nowhere, stream)
            json.dump(work(), answer)
            answer.flush()
            os._exit(0)
        os.waitpid(child, 0)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # the processes that it left behind
        answer.seek(0)
        text = answer.read()
    return json.loads(text) if text else {"noticed": "never ends"}


def map_tests(files: list[str]) -> dict[str, Any]:
    mapper = Mapper()
    pytest.main([*OPTIONS, *(f"tests/{file}" for file in files)], plugins=[mapper])
    return mapper.found()


def run_tests(seconds: dict[str, float]) -> dict[str, Any]:
    sys.dont_write_bytecode = True  # two mutants in one second would have the same date
    limit_seconds(20)  # for the imports
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    runner = Runner(seconds)
    files = list(dict.fromkeys(test.split("::")[0] for test in seconds))
    status = pytest.main([*OPTIONS, "-x", *files], plugins=[runner])
    if status and not runner.failed:
        return {"noticed": "an import"}
    return runner.found()


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if "map" in request:
            answer = in_a_fork(lambda: map_tests(request["map"]))  # noqa: B023
            for folder in PACKAGE.rglob("__pycache__"):
                shutil.rmtree(folder)
        else:
            answer = in_a_fork(lambda: run_tests(request["tests"]))  # noqa: B023
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
