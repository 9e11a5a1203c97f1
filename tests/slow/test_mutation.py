"""The mutants: made from the chapters, noticed by tests that look, and listed when nobody does."""

from __future__ import annotations

import json
import shutil
import sys

import pytest

from scripts.runs import mutation
from scripts.tangle import UserError, read_book
from tests import ROOT

pytestmark = pytest.mark.no_cover
SOURCE = '''\
"""A docstring with 1 < 2."""
LIMIT: int = 3


def clamp(x: float, low: float = 0.0) -> float:
    if x < low and not x == 7:
        raise ValueError(f"{x} is below {low + 1}")
    return min(x, LIMIT)
'''


def test_what_is_changed():
    found = {(mutant.line, mutant.new.strip()) for mutant in mutation.mutants("a.py", SOURCE)}
    assert found == {
        (2, "LIMIT: int = 4"),
        (5, "def clamp(x: float, low: float = 1.0) -> float:"),
        (6, "if x <= low and not x == 7:"),
        (6, "if x < low or not x == 7:"),
        (6, "if x < low and x == 7:"),
        (6, "if x < low and not x != 7:"),
        (6, "if x < low and not x == 8:"),
        (7, "pass"),
        (8, "return min(LIMIT, x)"),
    }


def test_a_mutant_is_a_variant_of_the_book():
    book = read_book(ROOT)
    file = "microgpt/gpt.py"
    some = list(mutation.mutants(file, book.content(file).decode()))
    assert len(some) > 20
    for mutant in some[::5]:
        changed = mutation.variant(book, mutant)
        assert changed.faults or changed.files[file][mutant.line - 1].text == mutant.new
        assert changed.faults or sum(a.text != b.text for a, b in zip(book.files[file][1:], changed.files[file][1:])) == 1


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A project with one module and one test, which looks at one of its two functions."""
    for folder in ("docs", "microgpt", "tests/fast"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "docs/1.md").write_text(
        "# A\n\n```python {file=microgpt/small.py}\n# <<above>>\n\n\ndef other(x):\n    return x > 2\n```\n\n"
        "```python {#above}\ndef above(x):\n    return x > 1\n```\n"
    )
    (tmp_path / "tests/fast/test_nothing.py").write_text(
        "import runpy, pathlib\n\n\ndef test_above():\n"
        "    above = runpy.run_path(str(pathlib.Path(__file__).parents[2] / 'microgpt/small.py'))['above']\n"
        "    assert [above(x) for x in (0, 1, 2)] == [False, False, True]\n"
    )
    for name in ("__init__.py", "noticing.py"):
        shutil.copy(ROOT / "tests" / name, tmp_path / "tests")
    (tmp_path / "pyproject.toml").write_text("")
    book = read_book(tmp_path)
    (tmp_path / "microgpt/small.py").write_bytes(book.content("microgpt/small.py"))
    register = tmp_path / "register.json"
    register.write_text("{}")
    monkeypatch.setattr(mutation, "ROOT", tmp_path)
    monkeypatch.setattr(mutation, "REGISTER", register)
    monkeypatch.setattr(mutation, "FAST", ["test_nothing.py"])
    monkeypatch.setattr(mutation, "FOUND", tmp_path / "build/mutants.jsonl")
    monkeypatch.setattr(mutation, "copy_project", lambda folder: shutil.copytree(tmp_path, folder, dirs_exist_ok=True))
    return tmp_path


def run(*words):
    return mutation.main([str(word) for word in words], sys.executable)


def test_what_no_test_notices_survives_and_what_is_registered_does_not_count(small, capsys):
    assert run("small") == 1
    out = capsys.readouterr().out
    assert "small: 2 of 4 noticed, 0 can't be" in out
    names = ["small.py: return x > 2 -> return x >= 2", "small.py: return x > 2 -> return x > 3"]
    assert [line.split(": ", 2)[1:] for line in out.replace("\r", "\n").splitlines() if line.startswith("survives")] == [
        ["docs/1.md:8", name] for name in sorted(names)
    ]
    (small / "register.json").write_text(json.dumps(dict.fromkeys(names, "nobody calls it")))
    assert run("small") == 0
    assert "small: 2 of 4 noticed, 2 can't be" in capsys.readouterr().out


def test_what_was_noticed_is_not_tried_again_until_its_test_changes(small, monkeypatch):
    tried, notice = [], mutation.Tests.notice
    monkeypatch.setattr(mutation.Tests, "notice", lambda self, book, changed, tests: tried.append(1) or notice(self, book, changed, tests))
    counts = []
    for change in ("", "\n\ndef test_more():\n    pass\n", "\n\nLIMIT = 1\n"):
        with open(small / "tests/fast/test_nothing.py", "a") as file:
            file.write(change)
        mutation.parsed.cache_clear()
        run("small")
        counts.append(len(tried))
        tried.clear()
    assert counts[0] - counts[1] == 2 and counts[2] == counts[0], "two were noticed, and two are tried each time; what is no test may matter to all"


def test_an_entry_of_the_register_that_fits_nothing_is_a_fault(small, capsys):
    (small / "register.json").write_text('{"small.py: gone -> gone": "it was once"}')
    assert run("small", "--sample", 0) == 1
    assert "no mutant is called 'small.py: gone -> gone' any more" in capsys.readouterr().err


def test_tests_that_fail_anyway_notice_nothing(small):
    (small / "tests/fast/test_nothing.py").write_text("def test_x():\n    assert False\n")
    with pytest.raises(UserError, match="tests fail without any mutant: tests/fast/test_nothing.py::test_x"):
        run("small")


def test_a_module_that_is_none(small, capsys):
    with pytest.raises(SystemExit):
        run("large")
    assert "large is not one of small" in capsys.readouterr().err


def test_a_mutant_that_never_ends_is_noticed(small, capsys):
    chapter = small / "docs/1.md"
    chapter.write_text(chapter.read_text().replace("    return x > 1", "    while x > 5:\n        x -= 1\n    return x > 1"))
    (small / "microgpt/small.py").write_bytes(read_book(small).content("microgpt/small.py"))
    test = small / "tests/fast/test_nothing.py"
    test.write_text(test.read_text().replace("(0, 1, 2)", "(0, 1, 9)"))
    run("small")
    survivors = capsys.readouterr().out.replace("\r", "\n")
    assert "x -= 1 -> pass" not in survivors and "while x > 5: -> while x >= 5:" in survivors


def test_who_is_asked_and_in_which_order():
    tests = {
        "a": {"seconds": 2.0, "lines": {"microgpt/gpt.py": [3, 4]}, "processes": False},
        "b": {"seconds": 1.0, "lines": {"microgpt/gpt.py": [4]}, "processes": False},
        "c": {"seconds": 0.5, "lines": {"microgpt/data.py": [3]}, "processes": True},
        "d": {"seconds": 0.1, "lines": {"microgpt/data.py": [3]}, "processes": False},
    }
    mutant = mutation.Mutant("microgpt/gpt.py", 3, "", "")
    assert mutation.candidates(mutant, tests) == {"a": 2.0, "c": 0.5}
    assert [*mutation.candidates(mutant._replace(line=1), tests)] == ["b", "a", "d", "c"]


def test_what_is_recorded_is_of_the_program_as_it_was_tried():
    recorded = json.loads((mutation.DATA / "mutation.json").read_text(encoding="utf-8"))
    score = recorded["modules"]
    assert recorded == mutation.summary(recorded["program"], score, recorded["possible"])
    assert recorded["mutants"] == recorded["noticed"] + recorded["equivalent"] + recorded["survived"] <= recorded["possible"]
    assert set(score) == set(mutation.modules_of(read_book(ROOT)))


def test_a_sample_says_how_sure_it_is():
    low, high = mutation.likely(95, 100)  # 0.8882 and 0.9785 in the tables of others
    assert (round(low, 4), round(high, 4)) == (0.8882, 0.9785)
    assert mutation.likely(10, 10)[1] == pytest.approx(1) and mutation.likely(0, 10)[0] == pytest.approx(0)


def test_after_so_many_minutes_no_more_is_tried(small, capsys, monkeypatch):
    monkeypatch.setattr(mutation, "DATA", small)
    assert run("--minutes", 0) in (0, 1)
    assert json.loads((small / "mutation.json").read_text())["mutants"] == 0


def test_every_module_of_the_package_is_changed_by_tests_that_exist():
    modules = {path.stem for path in (ROOT / "microgpt").glob("*.py")} - {"__init__"}
    assert set(mutation.modules_of(read_book(ROOT))) == modules >= set(mutation.SLOW)
    for folder, tests in (("fast", mutation.FAST), ("slow", sum(mutation.SLOW.values(), []))):
        assert all((ROOT / "tests" / folder / test).is_file() for test in tests)


def test_the_register_gives_reasons():
    register = json.loads((ROOT / "scripts/runs/equivalent-mutants.json").read_text(encoding="utf-8"))
    book = read_book(ROOT)
    known = {m.key for module in mutation.modules_of(book) for m in mutation.mutants(f"microgpt/{module}.py", book.content(f"microgpt/{module}.py").decode())}
    assert set(register) <= known
    assert all(len(reason.split()) >= 3 for reason in register.values())
