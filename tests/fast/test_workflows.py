"""The workflows: no step runs what somebody else can exchange, and only this project's own main is published."""

from __future__ import annotations

import re

import pytest
import yaml

from scripts import book, run_tests
from tests import ROOT

FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
JOBS = [
    pytest.param(file, name, job, id=f"{file.stem}: {name}")
    for file in FILES
    for name, job in yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].items()
]
PUBLISHING = {"pages", "id-token"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_workflow_may_read_and_nothing_else(file):
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert content["permissions"] == {"contents": "read"}
    triggers = content[True]  # YAML 1.1 reads `on` as true
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(triggers)


@pytest.mark.parametrize("file, name, job", JOBS)
def test_a_job_is_bounded_and_its_actions_are_pinned(file, name, job):
    assert 0 < job["timeout-minutes"] <= 180
    text = file.read_text(encoding="utf-8")
    for step in job["steps"]:
        if action := step.get("uses"):
            assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action), action
            assert re.search(rf"uses: {action} # v\d+\.\d+\.\d+\n", text), f"{action}: a comment says which version that is"
        if "actions/checkout@" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False
        assert "${{ github.event" not in step.get("run", "") and "head_ref" not in step.get("run", "")


@pytest.mark.parametrize("file, name, job", JOBS)
def test_only_a_push_to_the_projects_own_main_is_published(file, name, job):
    writes = {scope for scope, right in job.get("permissions", {}).items() if right != "read"}
    deploys = any("deploy-pages" in step.get("uses", "") for step in job["steps"])
    assert (writes == PUBLISHING) == deploys and (deploys or not writes)
    if deploys:
        # A pull request, also from a branch named main, is the event pull_request and the ref refs/pull/…/merge.
        assert job["if"] == "github.event_name == 'push' && github.ref == 'refs/heads/main'"
        assert set(job["needs"]) == set(yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"]) - {name}


@pytest.mark.parametrize("file, name, job", JOBS)
def test_the_commands_are_there(file, name, job):
    for step in job["steps"]:
        for script, words in re.findall(r"scripts/(\w+)\.py ?([^&|\n]*)", step.get("run", "")):
            assert (ROOT / f"scripts/{script}.py").is_file()
            if script == "book":
                book.build_parser().parse_args(words.split())
            if script == "run_tests":
                assert words == "--lane ${{ matrix.lane }} ${{ matrix.options }}" or words.split()[1] in run_tests.LANES


def test_every_python_that_is_promised_is_tested():
    job = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))["jobs"]["test"]
    promised = re.search(r'requires-python = ">=(3\.\d+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))[1]
    assert job["strategy"]["matrix"]["python"][0] == promised == "3.10"
    assert "3.14" in job["strategy"]["matrix"]["python"]
    assert set(job["strategy"]["matrix"]["lane"]) | {"browser"} == set(run_tests.LANES) - {"all"}
