"""book.py: what each verb says, writes, and leaves alone; for the most part in a small project of its own."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from scripts import book, run_tests
from scripts.runs import fingerprint, recording
from scripts.tangle import UserError
from scripts.text import examples, navigation, numbers, pages
from scripts.text.chapter import READ_ME, Chapter, chapters_of
from tests import ROOT
from tests.fast.test_tangle import everything_in

ONE = "docs/1-part/01-one.md"
LISTING = "docs/appendix/listing.md"
PROGRAM = "docs/assets/downloads/microgpt.py"
CHAPTER = """\
# One

The width of the first weights is 0.08<!--= Config().init_std --> and the loss 3.4349<!--= run.losses[0] -->.

```python {file=docs/assets/downloads/microgpt.py}
# <<one>>
print(ONE)
```

```python {#one}
ONE = 1
```

```pycon
>>> 1 + 1
2
```

```console
$ python3 docs/assets/downloads/microgpt.py
1
```

```python {file=microgpt/params.py}
PARAMS
```
"""
FILES = {
    ONE: CHAPTER,
    "docs/index.md": "# Home\n",
    "README.md": "# Read me\n",
    "CONTRIBUTING.md": "# Contributing\n\n```console\n$ echo a\na\n```\n",
    "pyproject.toml": "",
    "tests/test_nothing.py": "",
    "mkdocs.yml": "nav:\n  - Home: index.md\n  - 1 · Part:\n      - 1-part/01-one.md\n  - Appendix:\n      - appendix/listing.md\n",
}


def fingerprints(root):
    """Of all recordings, as that project has them: it has no variants."""
    code = "import json; from scripts.runs.recording import *; print(json.dumps({n: current_fingerprint(n) for n in RECORDINGS}))"
    return json.loads(subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True).stdout)


@pytest.fixture(scope="module")
def made(once, tmp_path_factory):
    """A small project in which all is as the chapters say, made once for all processes."""
    return once("small-project", lambda: small_project(tmp_path_factory.mktemp("made")))


def small_project(root):
    for folder in ("scripts", "microgpt"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (root / "microgpt").rglob("*.py"):  # so that tangle doesn't think they are its own
        path.write_text(path.read_text(encoding="utf-8").partition("\n")[2], encoding="utf-8")
    params = (root / "microgpt/params.py").read_text(encoding="utf-8").rstrip("\n")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text.replace("PARAMS", params), encoding="utf-8")
    (root / "docs/assets/data/figures").mkdir(parents=True)
    for path in (ROOT / "docs/assets/data").glob("*.txt"):
        shutil.copy(path, root / "docs/assets/data")
    for name, its in fingerprints(root).items():
        content = {"fingerprint": its, "losses": [3.4349]}
        (root / "docs/assets/data" / name).write_text(recording.to_text(content))
    (root / "microgpt/params.py").unlink()
    assert run(root) == (
        0, f"wrote {PROGRAM}\nwrote microgpt/params.py\ntangled 2 files from 2 chapters\nwrote {LISTING}\n", "",
    )  # fmt: skip
    return root


@pytest.fixture
def project(made, tmp_path):
    """A copy of the small project."""
    shutil.copytree(made, tmp_path / "project")
    return tmp_path / "project"


def files_of(root):
    """All files with their content, but not what Python keeps."""
    return {path: content for path, content in everything_in(root).items() if "__pycache__" not in path}


@pytest.fixture
def inside(project, monkeypatch, capsys):
    """Run book.py for the small project in this process, which is quicker: with the program as it is here."""
    for module in (book, examples, fingerprint, numbers, pages):
        monkeypatch.setattr(module, "ROOT", project)
    for module in (numbers, recording):
        monkeypatch.setattr(module, "DATA", project / "docs/assets/data")
    monkeypatch.chdir(project)

    def inside(*arguments):
        pages.book_at.cache_clear()
        status = book.main(arguments)
        return (status, *capsys.readouterr())

    yield inside
    pages.book_at.cache_clear()


def run(root, *arguments, cwd=None, **environment):
    """Run book.py of a project as a reader does; (status, stdout, stderr)."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GIT_"))}
    result = subprocess.run(
        [sys.executable, str(root / "scripts/book.py"), *arguments], cwd=cwd or root, capture_output=True, encoding="utf-8",
        env={**clean, **environment},
    )  # fmt: skip
    assert "Traceback (most recent call last)" not in result.stderr, result.stderr
    return result.returncode, result.stdout, result.stderr


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def line_of(path, text):
    lines = path.read_text(encoding="utf-8").split("\n")
    return next(number for number, line in enumerate(lines, 1) if text in line)


# ---------------------------------------------------------------------------- book, and book check


def test_all_is_as_the_chapters_say(project):
    before = files_of(project)
    assert run(project) == (0, "nothing to do\n", "")
    assert run(project, "check") == (0, "2 files as tangled\nall is as the chapters say\n", "")
    assert run(project, "check", ONE, "CONTRIBUTING.md") == (0, "2 files as tangled\nall is as the chapters say\n", "")
    assert files_of(project) == before


def test_one_command_after_a_change(project):
    """The program is tangled, and then it is the new one that decides about the numbers."""
    edit(project / ONE, "init_std: float = 0.08", "init_std: float = 0.125")
    edit(project / ONE, "ONE = 1", "ONE = 2")
    status, out, err = run(project)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        f"wrote {PROGRAM}", "wrote microgpt/params.py", "tangled 2 files from 3 chapters", f"wrote {LISTING}",
        f"mended {ONE}:3: 0.08 should be 0.125 (Config().init_std)",
        f"docs/assets/data/run.json and {len(recording.RECORDINGS) - 1} more: recorded with another program"
        " (run python3 scripts/book.py record)",
    ]  # fmt: skip
    assert "is 0.125<!--=" in (project / ONE).read_text()
    assert run(project)[1].startswith("nothing to do\ndocs/assets/data/run.json")


def code(project):
    edit(project / ONE, "ONE = 1", "ONE = 2")


def program_edited(project):
    edit(project / PROGRAM, "ONE = 1", "ONE = 2")


def unknown_chunk(project):
    edit(project / ONE, "# <<one>>", "# <<two>>")


def number(project):
    edit(project / ONE, "loss 3.4349", "loss 3.43")


def unchecked(project):
    edit(project / ONE, "# One\n", "# One\n\nIt is 3.37.\n")


def pycon(project):
    edit(project / ONE, "1 + 1\n2", "1 + 1\n3")


def console(project):
    edit(project / ONE, "microgpt.py\n1", "microgpt.py\n3")


def recorded(project):
    edit(project / "docs/assets/data/figures/training.json", '"fingerprint":"', '"fingerprint":"0')


def listing(project):
    (project / LISTING).unlink()


def damaged_listing(project):
    (project / LISTING).write_text("```python\n")


def not_utf8(project):
    (project / ONE).write_bytes(b"# One \xff\n")


BY_HAND = f"{PROGRAM}: edited by hand, so left alone (move the edit into the chapter, or overwrite it with --force)"
FAULTS = [
    (code, f"{PROGRAM}: not as the chapters have it (run scripts/tangle.py)"),
    (code, f"{LISTING}: not as the chapters have it (run python3 scripts/book.py)"),
    (program_edited, BY_HAND),
    (unknown_chunk, f"{ONE}:6: <<two>> is not defined (define it, or remove the reference)"),
    (number, f"{ONE}:3: 3.43 should be 3.4349 (run.losses[0])"),
    (unchecked, f"{ONE}:3: 3.37 is not checked (show it in a pycon or console block, or write <!--= expression :.2f --> after it,"
                " or <!-- fixed: reason -->)"),
    (pycon, f"{ONE}:15: >>> 1 + 1"),
    (console, f"{ONE}:20: $ python3 docs/assets/downloads/microgpt.py"),
    (recorded, "docs/assets/data/figures/training.json: recorded with another program (run python3 scripts/book.py record)"),
    (listing, f"{LISTING}: not as the chapters have it (run python3 scripts/book.py)"),
    (damaged_listing, f"{LISTING}:1: the fence is not closed (end it with ```)"),
    (not_utf8, f"{ONE}:1: this is not UTF-8 (save the chapter as UTF-8)"),
]  # fmt: skip


@pytest.mark.parametrize("fault, said", FAULTS, ids=[fault.__name__ for fault, _ in FAULTS])
def test_check_names_every_fault_and_writes_nothing(project, inside, fault, said):
    fault(project)
    before = files_of(project)
    status, out, err = inside("check", ONE)
    assert status == 1 and "all is as the chapters say" not in out
    assert said in err.splitlines()
    assert files_of(project) == before


def test_check_names_all_faults_at_once(project, inside):
    for fault in (number, unchecked, pycon, console, recorded):
        fault(project)
    status, out, err = inside("check", ONE)
    assert status == 1
    for said in (":5: 3.43 should be", ":3: 3.37 is not", ":17: >>> 1 + 1", ":22: $ python3", "training.json: recorded"):
        assert said in err


def git(root, *arguments):
    who = ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(root), *who, *arguments], check=True, capture_output=True)


@pytest.mark.parametrize("folder", [".", ".."], ids=["the project's", "of which the project is a folder"])
def test_check_runs_the_examples_that_changed_against_git(project, inside, folder):
    git(project / folder, "init", "--quiet")
    pycon(project)
    git(project / folder, "add", "--all")
    git(project / folder, "commit", "--quiet", "--message", "x")
    assert inside("check")[0] == 0, "the wrong chapter hasn't changed"
    edit(project / ONE, "# One", "# One, and more")
    (project / "docs/1-part/02-é.md").write_text("# É\n\n```pycon\n>>> 'a'\n'b'\n```\n", encoding="utf-8")
    status, _, err = inside("check")
    assert status == 1
    assert f"{ONE}:15: >>> 1 + 1\n" in err and "docs/1-part/02-é.md:4: >>> 'a'\n" in err


def test_an_edited_program_is_left_alone_without_force(project, inside):
    program_edited(project)
    before = files_of(project)
    status, out, err = inside()
    assert (status, out) == (1, "") and err.endswith(f"{BY_HAND}\nnothing was written\n")
    assert files_of(project) == before
    assert inside("--force") == (0, f"wrote {PROGRAM}\ntangled 2 files from 3 chapters\n", "")
    assert inside("check")[0] == 0
    with pytest.raises(SystemExit) as exit:
        inside("--force", "check")
    assert exit.value.code == 2


def test_a_damaged_listing_is_written_anew(project, inside):
    whole = (project / LISTING).read_bytes()
    damaged_listing(project)
    assert inside() == (0, f"wrote {LISTING}\nnothing to do\n", "")
    assert (project / LISTING).read_bytes() == whole
    damaged_listing(project)
    unknown_chunk(project)
    status, out, err = inside()
    assert (status, out) == (1, "") and "<<two>> is not defined" in err
    assert (project / LISTING).read_text() == "```python\n"


@pytest.mark.parametrize("damage", ["def f(:\n", "import nowhere\n"])
def test_a_program_that_cannot_be_imported_is_told_in_one_line(project, damage):
    edit(project / "microgpt/gpt.py", "from __future__", f"{damage}from __future__")
    for arguments in ([], ["check"]) if damage.startswith("import") else (["fix", "docs/index.md"], ["record"]):
        status, _, err = run(project, *arguments)
        assert status == 1 and err.startswith("the program can't be imported: ") and err.count("\n") == 1
    assert run(project, "stitch", PROGRAM) == (0, "nothing to do\n", ""), "and this needs no program"


# ---------------------------------------------------------------------------------------------- fix


def test_fix(project, inside):
    text = (project / ONE).read_text(encoding="utf-8")
    for fault in (number, pycon, console):
        fault(project)
    status, out, err = inside("fix")
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        f"mended {ONE}:15: >>> 1 + 1", f"mended {ONE}:20: $ python3 {PROGRAM}", f"mended {ONE}:3: 3.43 should be 3.4349 (run.losses[0])",
    ]  # fmt: skip
    assert (project / ONE).read_text(encoding="utf-8") == text
    assert inside("fix") == (0, "", "")


def test_fix_names_what_a_person_has_to_decide(project, inside):
    unchecked(project)
    number(project)
    edit(project / ONE, "1 + 1\n2", "1 / 0\n2")
    status, out, err = inside("fix", ONE)
    assert (status, out) == (1, f"mended {ONE}:5: 3.43 should be 3.4349 (run.losses[0])\n")
    assert f"{ONE}:17: >>> 1 / 0\nraised ZeroDivisionError: division by zero\n" in err and f"{ONE}:3: 3.37 is not checked" in err


def test_fix_of_one_chapter_leaves_the_others(project, inside):
    edit(project / "CONTRIBUTING.md", "echo a\na", "echo a\nb")
    assert inside("fix", ONE) == (0, "", "")
    assert inside("fix", "CONTRIBUTING.md") == (0, "mended CONTRIBUTING.md:4: $ echo a\n", "")


def test_a_number_that_only_an_old_result_vouched_for_is_named(project, inside):
    edit(project / ONE, "# One\n", "# One\n\nIt is 3.37.\n")
    edit(project / ONE, "1 + 1\n2", "1 + 1\n3.37")
    status, out, err = inside("fix")
    assert (status, out) == (1, f"mended {ONE}:17: >>> 1 + 1\n")
    assert err.startswith(f"{ONE}:3: 3.37 is not checked") and err.count("\n") == 1


def test_fix_runs_what_the_chapters_say(project, inside):
    code(project)
    status, out, err = inside("fix", ONE)
    assert (status, out, err) == (
        0, f"wrote {PROGRAM}\ntangled 2 files from 3 chapters\nmended {ONE}:20: $ python3 {PROGRAM}\n", "",
    )  # fmt: skip
    assert "microgpt.py\n2\n" in (project / ONE).read_text(encoding="utf-8")


def test_fix_does_not_overwrite_what_was_written_meanwhile(project, monkeypatch):
    pycon(project)

    def run_examples(root, paths):
        for path in paths:
            yield from [(path, wrong) for wrong in found if path == root / ONE]
            path.write_text(path.read_text(encoding="utf-8") + "\nMore.\n", encoding="utf-8")

    found = [wrong for _, wrong in book.run_examples(project, [project / ONE])]
    assert found
    monkeypatch.setattr(book, "run_examples", run_examples)
    with pytest.raises(UserError, match=f"^{ONE}: was changed while its examples ran"):
        book.fix(project, [str(project / ONE)])
    assert "1 + 1\n3\n" in (project / ONE).read_text(encoding="utf-8")


def test_a_chapter_that_is_none(project, inside):
    for name in ("docs/none.md", "scripts/book.py", PROGRAM, "docs"):
        with pytest.raises(UserError, match=f"^{name} is no chapter .give paths as in docs/3-architecture/04-softmax.md.$"):
            book.named(project, [name])
    for verb in ("check", "fix"):
        assert inside(verb, ONE, "docs/none.md")[0::2] == (
            1, "docs/none.md is no chapter (give paths as in docs/3-architecture/04-softmax.md)\n",
        )  # fmt: skip


# ------------------------------------------------------------------------------------------- record


@pytest.fixture
def recordings(tmp_path, monkeypatch):
    """Two recordings that take no time, in a folder of their own."""
    contents = {"a.json": {"x": 1}, "figures/b.json": {"y": [2, 3]}}
    monkeypatch.setattr(recording, "RECORDINGS", {name: lambda name=name: dict(contents[name]) for name in contents})
    monkeypatch.setattr(recording, "current_fingerprint", lambda name: f"made{len(name)}")
    monkeypatch.setattr(recording, "DATA", tmp_path / "data")
    monkeypatch.setattr(recording, "SECONDS", tmp_path / "build/seconds.json")
    monkeypatch.setattr(book, "tangled", lambda root: None)
    return contents


def test_record_makes_what_is_stale(recordings, capsys):
    def record(*arguments):
        status = book.main(["record", *arguments])
        return (status, *capsys.readouterr())

    assert record("--check") == (
        1, "1 of 2: a.json\n2 of 2: figures/b.json\n", "a.json: not there\nfigures/b.json: not there\n",
    )  # fmt: skip
    assert not recording.DATA.exists()
    assert record() == (0, "1 of 2: a.json\nwrote a.json\n2 of 2: figures/b.json\nwrote figures/b.json\n", "")
    assert (recording.DATA / "figures/b.json").read_text() == '{\n"fingerprint":"made14",\n"y":[2,3]\n}\n'
    assert record() == (0, "nothing is stale\n", "")
    assert record("--check") == (0, "1 of 2: a.json\nno change in a.json\n2 of 2: figures/b.json\nno change in figures/b.json\n", "")
    assert record("--all")[1].count("no change in") == 2
    recordings["a.json"]["x"] = 7
    assert record() == (0, "nothing is stale\n", ""), "the fingerprint says so"
    assert record("a.json", "--check") == (1, "1 of 1: a.json\n", "a.json: x is 7, recorded 1\n")
    assert record("a.json") == (0, "1 of 1: a.json\nwrote a.json\n", "")
    assert record("c.json") == (1, "", "c.json is not recorded here, only a.json, figures/b.json\n")
    assert record("--reference", "x", "a.json") == (1, "", "--reference records reference.json and nothing else\n")


@pytest.mark.parametrize("seconds", ['{"a.json": 70, "figures/b.json": 20}', "[1]", "{", '{"a.json": null}', "\xff"])
def test_record_tells_how_long_it_takes(recordings, capsys, seconds):
    recording.SECONDS.parent.mkdir()
    recording.SECONDS.write_bytes(seconds.encode("latin-1"))
    assert book.main(["record"]) == 0
    left = [line.partition(", ")[2] for line in capsys.readouterr().out.splitlines() if " of 2: " in line]
    assert left == (["90 s left", "20 s left"] if "70" in seconds else ["", ""])
    assert recording.seconds_recorded("a.json") < 1


def test_an_interrupted_recording_keeps_what_is_done(recordings, capsys, monkeypatch):
    def stop():
        raise KeyboardInterrupt

    monkeypatch.setitem(recording.RECORDINGS, "figures/b.json", stop)
    assert book.main(["record"]) == 130
    assert recording.stale() == ["figures/b.json"] and (recording.DATA / "a.json").exists()
    assert not list(recording.DATA.rglob("*.tmp"))


# ---------------------------------------------------------------------------------------------- new


def test_a_new_chapter(project, inside):
    assert inside("new", "chapter", "1", "Rotary  “positions” & {more}") == (
        0, "wrote docs/1-part/02-rotary-positions-more.md\nentered it in mkdocs.yml\n", "",
    )  # fmt: skip
    chapter = project / "docs/1-part/02-rotary-positions-more.md"
    assert chapter.read_text(encoding="utf-8").startswith("# Rotary “positions” & {more}\n\n")
    assert (project / "mkdocs.yml").read_text(encoding="utf-8") == FILES["mkdocs.yml"].replace(
        "      - 1-part/01-one.md\n", "      - 1-part/01-one.md\n      - 1-part/02-rotary-positions-more.md\n"
    )
    assert inside("check", str(chapter))[0] == 0, "it is a sound chapter"


@pytest.mark.parametrize(
    "part, title, said",
    [
        ("7", "A title", "there is no part 7, only 1-part"),
        ("", "A title", "there is no part , only 1-part"),
        ("1", "…!", "the title '…!' has no letters that a file could be named by"),
        ("1", "", "the title '' has no letters that a file could be named by"),
        ("1", "One", "docs/1-part has a chapter one already (choose another title)"),
        ("1-part", "ONE?", "docs/1-part has a chapter one already (choose another title)"),
    ],
)
def test_a_chapter_that_cannot_be_made(project, part, title, said):
    before = files_of(project)
    with pytest.raises(UserError, match=f"^{re.escape(said)}$"):
        navigation.new_chapter(project, part, title)
    assert files_of(project) == before


def test_chapters_are_counted_not_spelled(project):
    for name in ("9-nine.md", "10-ten.md"):
        (project / "docs/1-part" / name).write_text("# N\n")
    assert navigation.new_chapter(project, "1", "Next") == 0
    assert (project / "docs/1-part/11-next.md").exists()
    edit(project / "mkdocs.yml", "      - 1-part/01-one.md\n      - 1-part/11-next.md\n", "")
    with pytest.raises(UserError, match=r"^mkdocs.yml has no chapter of 1-part in its nav .enter the first one by hand.$"):
        navigation.new_chapter(project, "1", "More")
    assert not (project / "docs/1-part/12-more.md").exists()


# ------------------------------------------------------------------------------------- where it runs


@pytest.mark.parametrize(
    "case",
    [
        ([], 0, "nothing to do\n", ""),
        (["check", "PROJECT/README.md"], 0, "2 files as tangled\nall is as the chapters say\n", ""),
        (["check", f"../project/{ONE}"], 0, "2 files as tangled\nall is as the chapters say\n", ""),
        (["check", ONE], 1, "", f"{ONE} is no chapter (give paths as in docs/3-architecture/04-softmax.md)\n"),
        (["fix", "PROJECT/README.md"], 0, "", ""),
        (["record"], 0, "nothing is stale\n", ""),
        (["record", "none.json", "--check"], 1, "", f"none.json is not recorded here, only {', '.join(recording.RECORDINGS)}\n"),
        (["where", f"{PROGRAM}:2"], 0, f"{ONE}:11\n", ""),
        (["where", "PROJECT/" + f"{PROGRAM}:3"], 0, f"{ONE}:7\n", ""),
        (["where", "a.py:1"], 1, "", "no chapter makes a.py (python3 scripts/book.py list names the files)\n"),
        (["stitch", f"PROJECT/{PROGRAM}"], 0, "nothing to do\n", ""),
        (["stitch", "a.py"], 1, "", "no chapter makes a.py, so there is nowhere to bring its lines\n"),
        (["new", "chapter", "7", "A title"], 1, "", "there is no part 7, only 1-part\n"),
        (["list", "--root", "."], 1, "", "docs: no chapters here (write docs/**/*.md, or name another project with --root)\n"),
    ],
    ids=lambda case: " ".join(case[0]) or "book",
)
def test_from_any_folder(project, tmp_path, case):
    """Also from one that has modules of the same names, and with that folder in PYTHONPATH."""
    elsewhere = tmp_path / "else where"
    for name in ("scripts/__init__.py", "scripts/tangle.py", "text.py", "microgpt.py", "book.py"):
        (elsewhere / name).parent.mkdir(parents=True, exist_ok=True)
        (elsewhere / name).write_text("raise SystemExit('the wrong one')\n")
    arguments, status, out, err = case
    arguments = [argument.replace("PROJECT", str(project)) for argument in arguments]
    assert run(project, *arguments, cwd=elsewhere, PYTHONPATH=str(elsewhere)) == (status, out, err)


@pytest.mark.skipif(os.pathsep != ":", reason="another character separates paths")
def test_in_a_folder_that_python_cannot_name(project, tmp_path):
    odd = project.rename(tmp_path / "a:b")
    assert run(odd, "list") == (1, "", f"{odd}: Python can't find modules in a folder with : in its name (rename it)\n")


@pytest.mark.parametrize(
    "arguments",
    [["none"], ["check", "--none"], ["new"], ["new", "part", "1", "x"], ["new", "chapter", "1"], ["where"], ["stitch"],
     ["where", "a:1", "b"], ["--none"], ["record", "--reference"]],
)  # fmt: skip
def test_a_wrong_command_line(arguments, capsys):
    with pytest.raises(SystemExit) as exit:
        book.main(arguments)
    assert exit.value.code == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("usage: book.py") and "error: " in err


# ---------------------------------------------------------------------------- the site, and the tests


@pytest.mark.parametrize(
    "arguments, steps",
    [
        (["serve"], [["mkdocs", "serve"]]),
        (["site"], [["mkdocs", "build", "--strict"], ["scripts.site.check_links", "site"]]),
        (["site", "--publish"], [["scripts.site.last_change"], ["scripts.site.social_card"], ["mkdocs", "build", "--strict"],
                                 ["scripts.site.check_links", "site"]]),
        (["vendor"], [["scripts.site.vendor"]]),
        (["vendor", "--check"], [["scripts.site.vendor", "--check"]]),
    ],
)  # fmt: skip
def test_the_verbs_of_the_site_run_their_modules(monkeypatch, arguments, steps):
    calls = []

    def call(command, cwd, env):
        calls.append(command[2:])
        assert (command[:2], cwd, env["PYTHONPATH"]) == (["python of the site", "-m"], ROOT, str(ROOT))
        return status

    monkeypatch.setattr(subprocess, "call", call)
    monkeypatch.setattr(run_tests, "install", lambda: "python of the site")
    status = 0
    assert book.main(arguments) == 0 and calls == steps
    calls.clear()
    status = 3
    assert book.main(arguments) == 3 and calls == steps[:1], "what fails ends it"


def test_what_cannot_be_installed_is_told_in_one_line(monkeypatch, capsys):
    def install():
        raise subprocess.CalledProcessError(1, ["pip", "install"])

    monkeypatch.setattr(run_tests, "install", install)
    assert book.main(["site"]) == 1
    assert capsys.readouterr() == ("", "pip install failed\n")


@pytest.mark.parametrize("rest", [[], ["-k", "softmax"], ["--help"], ["--lane", "fast"], ["tests/fast", "-x", "--", "y"]])
def test_what_follows_some_verbs_is_handed_on(monkeypatch, rest):
    from scripts.runs import benchmark, mutation

    calls = []
    monkeypatch.setattr(run_tests, "main", lambda arguments: calls.append(("test", arguments)) or 5)
    monkeypatch.setattr(benchmark, "main", lambda arguments: calls.append(("benchmark", arguments)) or 5)
    monkeypatch.setattr(book, "site_python", lambda: "python")
    monkeypatch.setattr(mutation, "main", lambda arguments, python: calls.append(("mutate", arguments)) or 5)
    for verb in book.HANDED_ON:
        assert book.main([verb, *rest]) == 5
    assert calls == [("benchmark", rest), ("mutate", rest), ("test", rest)]


def test_help(capsys):
    with pytest.raises(SystemExit) as exit:
        book.main(["--help"])
    out = capsys.readouterr().out
    assert exit.value.code == 0
    for verb in verbs():
        assert re.search(rf"^    {verb}\b", out, re.M), verb
    examples = [line.split("book.py", 1)[1].split() for line in out.splitlines() if line.startswith("  python3 scripts/book.py")]
    assert len(examples) >= 8
    assert {words[0] for words in examples if words} & verbs() >= {"check", "fix", "record", "new", "where", "stitch", "test"}


def verbs():
    [actions] = [action for action in book.build_parser()._actions if isinstance(action.choices, dict)]
    return set(actions.choices)


def test_the_readable_files_are_the_chapters_and_what_stands_beside_them():
    assert book.readable(ROOT) == [*chapters_of(ROOT), *(ROOT / name for name in READ_ME)]
    assert all(Chapter(path).title for path in book.readable(ROOT))
