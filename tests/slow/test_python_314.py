"""Python 3.14 prints what the chapters show: run where there is no such Python, in Pyodide, which is one, under node.

Pyodide is looked for in the folder MICROGPT_PYODIDE, otherwise in node_modules/ of the project (npm ci).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.text import examples
from tests import ROOT

pytestmark = pytest.mark.no_cover

LEFT_OUT = {
    # Pyodide has no processes, threads or network, and too small a stack for JSON that is 100,000 brackets deep.
    "1-data/02-characters-as-numbers.md": "starts processes",
    "8-the-tool/01-data-from-elsewhere.md": "asks servers",
    "8-the-tool/02-saving-and-loading.md": "reads JSON that is too deep",
    "5-inference/03-one-file.md": "starts processes",
    "appendix/how-this-book-is-made.md": "starts processes",
    # It takes three times as long as other Pythons, and these train for seconds.
    "3-architecture/01-parameters-are-knowledge.md": "trains",
    "3-architecture/02-embeddings.md": "trains",
    "3-architecture/06-rmsnorm.md": "trains",
    "3-architecture/08-residual-connections.md": "trains",
    "4-training/01-what-training-is.md": "trains",
    "4-training/05-adam.md": "trains",
    "4-training/06-the-training-loop.md": "trains",
    "5-inference/01-generating-text.md": "trains",
    "5-inference/02-temperature-and-sampling.md": "trains",
    "5-inference/04-the-complete-picture.md": "trains",
    "6-experiments/02-two-editions.md": "trains",
    "appendix/questions.md": "trains",
}

NODE = """
const [pyodide, project, program] = process.argv.slice(1);
const { loadPyodide } = await import(pyodide + "/pyodide.mjs");
const python = await loadPyodide({ env: { HOME: "/home/pyodide" } });
python.mountNodeFS("/project", project);
console.log(python.runPython(program));
"""

# What runs in there. Its last line is the result.
PROGRAM = """
import contextlib, io, json, os, re, shlex, sys, time
from pathlib import Path

os.chdir("/project")
sys.path.insert(0, "/project")
from microgpt.__main__ import main
from scripts.text import examples
from scripts.text.chapter import Chapter

LEFT_OUT = set(json.loads(LEFT_OUT_AS_JSON))
PLAIN = re.compile(r'(COLUMNS=(?P<columns>\\d+) )?python3 -m microgpt(?P<arguments>[^<>|&;$]*)(?P<status>; echo "status [$][?]")?')
kept = []


class Runner(examples.Runner):
    # Keeps what an example made: the stack in here is too small to free a graph that is 100,000 nodes deep.
    def run(self, test, **options):
        kept.append(test.globs)
        return super().run(test, **options)


def run(command, folder):
    match = PLAIN.fullmatch(command)
    printed = io.StringIO()
    os.environ["COLUMNS"] = match["columns"] or "80"
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            status = main(shlex.split(match["arguments"]))
        except SystemExit as end:
            status = end.code
    return printed.getvalue() + (f"status {status}\\n" if match["status"] else "")


def is_quick(command):
    steps = re.search(r"--steps (\\d+)", command.text)
    ends_early = "--help" in command.text or any("error: " in line for line in command.expected)
    return PLAIN.fullmatch(command.text) and (ends_early or steps and int(steps[1]) <= 5)


examples.Runner = Runner
found, seconds, counts = [], {}, {"pycon": 0, "console": 0}
for path in sorted(Path("docs").rglob("*.md")):
    chapter, name, started = Chapter(path), path.relative_to("docs").as_posix(), time.monotonic()
    wrongs = []
    if examples.missing(chapter):
        continue
    if name not in LEFT_OUT:
        counts["pycon"] += len(chapter.fences("pycon"))
        wrongs += examples.pycon(chapter)
        os.chdir("/project")
    for fence in chapter.fences("console"):
        if all(map(is_quick, examples.commands(fence))):
            counts["console"] += len(list(examples.commands(fence)))
            wrongs += examples.console(chapter, Path("."), fence, run)
    found += [f"{path}:{wrong.line}: {wrong.message}" for wrong in wrongs]
    seconds[name] = round(time.monotonic() - started, 1)

json.dumps({"version": sys.version_info[:2], "found": found, "seconds": seconds, "counts": counts})
"""


@pytest.fixture(scope="module")
def pyodide() -> Path:
    """The folder of the npm package."""
    folder = Path(os.environ.get("MICROGPT_PYODIDE") or ROOT / "node_modules" / "pyodide")
    if not shutil.which("node"):
        pytest.skip("node is not here: install Node.js")
    if not (folder / "pyodide.mjs").is_file():
        pytest.skip("Pyodide is not here: run npm ci, or set MICROGPT_PYODIDE to the folder of the npm package")
    return folder


def test_the_chapters_left_out_exist():
    assert not [name for name in LEFT_OUT if not (ROOT / "docs" / name).is_file()]


def test_python_314_prints_what_the_chapters_show(pyodide, tmp_path):
    """A short training is among the commands, so its losses are the same to four decimals."""
    examples.copy_project(tmp_path)
    program = PROGRAM.replace("LEFT_OUT_AS_JSON", repr(json.dumps(list(LEFT_OUT))))
    command = ["node", "--input-type=module", "--eval", NODE, pyodide.resolve(), tmp_path, program]
    result = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stderr
    outcome = json.loads(result.stdout.splitlines()[-1])
    print(outcome["seconds"], outcome["counts"])
    assert outcome["version"] == [3, 14]
    assert not outcome["found"], "\n".join(outcome["found"])
    assert outcome["counts"]["pycon"] > 100 and outcome["counts"]["console"] > 8, outcome["counts"]
