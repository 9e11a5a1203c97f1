"""The fingerprint of a recording: it changes with what decides about the content, and with nothing else."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import tangle
from scripts.runs import fingerprint as module
from scripts.runs import recording
from scripts.runs.fingerprint import fingerprint, sources
from scripts.text.code import code_lines
from tests import ROOT

RECORDERS = ("scripts.runs.default", "scripts.runs.paired", "scripts.figures.weights", "scripts.figures.stepper")
FIGURE = "scripts.figures.weights"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A copy of what fingerprints are made of."""
    for part in ("microgpt", "scripts"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "docs/assets/data").mkdir(parents=True)
    for path in (ROOT / "docs/assets/data").glob("*.txt"):
        shutil.copy(path, tmp_path / "docs/assets/data")
    variants = "docs/6-experiments/03-taking-it-apart.md"
    (tmp_path / variants).parent.mkdir()
    shutil.copy(ROOT / variants, tmp_path / variants)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return tmp_path


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def changed_by(edit):
    """The recorders whose fingerprint an edit changes."""
    before = {name: fingerprint(name) for name in RECORDERS}
    edit()
    return [name for name in RECORDERS if fingerprint(name) != before[name]]


def test_a_copy_has_the_same(project):
    here = {name: fingerprint(name) for name in RECORDERS}
    assert len(set(here.values())) == len(RECORDERS)
    module_root, module.ROOT = module.ROOT, ROOT
    assert here == {name: fingerprint(name) for name in RECORDERS}
    module.ROOT = module_root


@pytest.mark.parametrize("name", module.PROGRAM)
def test_code_of_the_program_matters(project, name):
    path = project / f"microgpt/{name}.py"
    assert changed_by(lambda: path.write_text(path.read_text() + "\nMORE = 1\n")) == list(RECORDERS)


def test_a_constant_of_the_program_matters(project):
    assert changed_by(lambda: change(project / "microgpt/params.py", "init_std: float = 0.08", "init_std: float = 0.09")) == list(RECORDERS)


def test_the_names_matter(project):
    assert changed_by(lambda: change(project / "microgpt/names.txt", "\n", "\nzyx\n")) == list(RECORDERS)


def test_comments_docstrings_and_blank_lines_do_not(project):
    def edit():
        for path in [*(project / "microgpt").glob("*.py"), *(project / "scripts").rglob("*.py")]:
            text = path.read_text(encoding="utf-8")
            lines = text.split('"""', 2) if text.startswith('"""') else ["", "", text]
            code = lines[2].replace("\n\n", "\n\n    # a comment\n\n\n", 1).replace("\nimport ", "  # why\nimport ", 1)
            path.write_text(f'"""Another docstring\nof two lines."""{code}' if lines[1] else text, encoding="utf-8")

    assert changed_by(edit) == []


def test_the_line_in_which_tangle_names_the_chapter_does_not(project):
    assert changed_by(lambda: change(project / "microgpt/gpt.py", "# Tangled from ", "# Tangled from elsewhere/")) == []


@pytest.mark.parametrize(
    "file",
    ["scripts/figures/_still.py", "scripts/text/numbers.py", "scripts/book.py", "scripts/runs/fingerprint.py",
     "scripts/runs/recording.py", "scripts/runs/benchmark.py", "scripts/site/chunks.py", "microgpt/__main__.py", "scripts/figures/softmax.py"],
)  # fmt: skip
def test_what_records_nothing_does_not(project, file):
    path = project / file
    assert changed_by(lambda: path.write_text(path.read_text(encoding="utf-8") + "\nMORE = 1\n", encoding="utf-8")) == []


@pytest.mark.parametrize(
    "file, recorders",
    [
        ("scripts/figures/weights.py", [FIGURE]),
        ("scripts/figures/stepper.py", ["scripts.figures.stepper"]),
        ("scripts/figures/_trace.py", ["scripts.figures.stepper"]),
        ("scripts/runs/paired.py", ["scripts.runs.paired"]),
        ("scripts/tangle.py", []),  # what it weaves is hashed: the program, rungs, chunks of variants (tests below)
    ],
)
def test_what_records_matters_and_what_it_imports(project, file, recorders):
    path = project / file
    assert changed_by(lambda: path.write_text(path.read_text() + "\nMORE = 1\n")) == recorders
    assert [name for name in RECORDERS if path in sources(name)] == recorders


def test_the_run_of_all_matters_to_all_that_show_it(project):
    path = project / "scripts/runs/default.py"
    named = changed_by(lambda: path.write_text(path.read_text() + "\nMORE = 1\n"))
    assert named == [name for name in RECORDERS if path in sources(name)]
    assert {FIGURE, "scripts.runs.default"} <= set(named)
    assert recording.current_fingerprint("run.json") == fingerprint("scripts.runs.default")


def test_data_that_a_recorder_names_matters_to_it(project):
    towns = project / "docs/assets/data/towns.txt"
    named = changed_by(lambda: towns.write_text(towns.read_text() + "zyx\n"))
    assert "scripts.runs.paired" in named and FIGURE not in named
    others = project / "docs/assets/data/more-towns.txt"
    assert "scripts.runs.paired" in changed_by(lambda: others.write_text(others.read_text() + "zyx\n"))


def test_modules_of_scale_matter_to_the_recorders_that_name_them(project):
    recorder = "scripts.runs.decoding"
    for name, matters in (("decoding", True), ("batch_decoding", True), ("numpy_engine", True), ("engines", True), ("__init__", False)):
        before, path = fingerprint(recorder), project / f"microgpt/scale/{name}.py"
        assert changed_by(lambda path=path: path.write_text(path.read_text() + "\nMORE = 1\n")) == []
        assert (fingerprint(recorder) != before) == matters, name


def test_a_recorder_that_needs_a_package_is_imported_when_it_records():
    assert recording.current_fingerprint("decoding.json") == fingerprint("scripts.runs.decoding")
    assert recording.later("scripts.runs.fingerprint", "sources").__module__ == "scripts.runs.fingerprint"


def test_a_variant_matters_to_the_experiments(project):
    chapter = project / "docs/01-a.md"
    fence = "```python {variant=other replaces=one}\na = 1\n```\n"
    assert changed_by(lambda: chapter.write_text(fence)) == ["scripts.runs.paired"]
    assert changed_by(lambda: chapter.write_text(f"# Prose alone\n\n{fence}")) == []
    assert changed_by(lambda: change(chapter, "a = 1", "a = 2")) == ["scripts.runs.paired"]


def test_every_recording_says_what_made_it():
    for name in recording.RECORDINGS:
        assert len(recording.current_fingerprint(name)) == 16
        content = json.loads((recording.DATA / name).read_text(encoding="utf-8"))
        assert next(iter(content)) == "fingerprint", name
        assert recording.recorded_fingerprint(name) == content["fingerprint"]


def test_stale_is_what_another_program_made_or_what_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "DATA", tmp_path)
    assert recording.stale() == list(recording.RECORDINGS)
    for name in recording.RECORDINGS:
        content = {"fingerprint": recording.current_fingerprint(name), "x": 1}
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(recording.to_text(content))
    assert recording.stale() == []
    (tmp_path / "run.json").write_text(recording.to_text({"fingerprint": "0" * 16, "x": 1}))
    (tmp_path / "paired.json").write_bytes(b"\xff\n\xff\n")
    (tmp_path / "figures/training.json").write_text("{}\n")
    assert recording.stale() == ["run.json", "paired.json", "figures/training.json"]


# -------------------------------------------------------------------------- the same for every Python

CODE = '''\
"""Doc."""
x = """text
# not a comment

"""  # a comment
def f():
    """Doc é"""
    'é'; return "# no comment"  # é
class A: "Doc"
"""Doc
of two lines"""
'''


def test_lines_of_code():
    assert code_lines(CODE) == {
        2: 'x = """text', 3: "# not a comment", 5: '"""', 6: "def f():", 8: "    'é'; return \"# no comment\"", 9: 'class A: "Doc"',
    }  # fmt: skip
    assert code_lines("x = 1\x0c\n# a\ny = 2") == {1: "x = 1", 3: "y = 2"}


def other_pythons():
    """Pythons of other versions that are installed here."""
    for minor in range(10, 16):
        if minor != sys.version_info.minor:
            kept = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))
            for python in filter(None, [shutil.which(f"python3.{minor}"), *map(str, kept)]):
                result = subprocess.run([python, "-c", "import sys; print(sys.version_info.minor)"], capture_output=True, text=True)
                if result.stdout == f"{minor}\n":
                    yield python
                    break


def test_the_same_for_every_python():
    code = f"from scripts.runs.fingerprint import fingerprint; print(*map(fingerprint, {RECORDERS}))"
    expected = " ".join(map(fingerprint, RECORDERS)) + "\n"
    pythons = list(other_pythons())
    if not pythons:
        pytest.skip("no other Python here")
    for python in pythons:
        result = subprocess.run([python, "-B", "-c", code], cwd=ROOT, capture_output=True, text=True)
        assert (result.returncode, result.stdout) == (0, expected), f"{python}: {result.stderr}"


def test_what_is_imported_is_found_as_python_finds_it():
    """Every relative import of a script leads to a file, or to a name in one."""
    for path in (ROOT / "scripts").rglob("*.py"):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        assert path in sources(name) or name in module.NOT_RECORDED
    assert ROOT / "scripts/runs/default.py" in sources(FIGURE)
    assert tangle.__file__ not in map(str, sources(FIGURE))
