"""book.py where, list and watch: from a line of the program to its chapter, what the book consists of, tangling as one writes."""

import shutil
import signal
import subprocess
import sys
import time

import pytest

from scripts import book
from tests import ROOT
from tests.fast.test_tangle import ONE_FILE, write_book


@pytest.fixture
def run(tmp_path, capsys):
    """Run a verb for the book in tmp_path; returns (status, stdout, stderr)."""

    def run(verb, *arguments):
        status = book.main([verb, "--root", str(tmp_path), *arguments])
        return (status, *capsys.readouterr())

    return run


# -------------------------------------------------------------------------------- where and list

WHERE_BOOK = {
    "docs/1.md": "# One\n\n```python {file=pkg/a.py}\nimport math\n\ndef f():\n    # <<body>>\n```\n",
    "docs/2.md": "# Two\n\n!!! note\n    ```python {#body}\n    x = 1\n    return x\n    ```\n",
}


@pytest.mark.parametrize(
    "spec, place",
    [
        ("pkg/a.py:1", "docs/1.md:4"),  # the header: the first line of code
        ("pkg/a.py:2", "docs/1.md:4"),
        ("pkg/a.py:4", "docs/1.md:6"),
        ("pkg/a.py:5", "docs/2.md:5"),
        ("./pkg/a.py:6", "docs/2.md:6"),
        ("pkg//../pkg/a.py:6:12", "docs/2.md:6"),
        ("{root}/pkg/a.py:6:", "docs/2.md:6"),
        ('File "pkg/a.py", line 6', "docs/2.md:6"),
        ('  File "{root}/pkg/a.py", line 6, in f\n', "docs/2.md:6"),
    ],
)
def test_where(tmp_path, run, spec, place):
    write_book(tmp_path, WHERE_BOOK)
    assert run("where", spec.replace("{root}", str(tmp_path))) == (0, place + "\n", "")
    assert not (tmp_path / "pkg").exists()


def test_where_from_a_subfolder(tmp_path, run, monkeypatch):
    write_book(tmp_path, {**WHERE_BOOK, "pkg/a.py": ""})
    monkeypatch.chdir(tmp_path / "pkg")
    assert run("where", "a.py:6") == (0, "docs/2.md:6\n", "")
    assert run("where", "pkg/a.py:6") == (0, "docs/2.md:6\n", "")


@pytest.mark.parametrize(
    "spec, line",
    [
        ("pkg/a.py:0", "pkg/a.py has no line 0 (its lines are 1 to 6)"),
        ("pkg/a.py:7", "pkg/a.py has no line 7 (its lines are 1 to 6)"),
        ("pkg/b.py:1", "no chapter makes pkg/b.py (python3 scripts/book.py list names the files)"),
        ("/pkg/a.py:1", "no chapter makes /pkg/a.py (python3 scripts/book.py list names the files)"),
        ("pkg/a.py", "where needs FILE:LINE, as in microgpt/gpt.py:40, not 'pkg/a.py'"),
        ("pkg/a.py:x", "where needs FILE:LINE, as in microgpt/gpt.py:40, not 'pkg/a.py:x'"),
        ("pkg/a.py:-1", "where needs FILE:LINE, as in microgpt/gpt.py:40, not 'pkg/a.py:-1'"),
        ("", "where needs FILE:LINE, as in microgpt/gpt.py:40, not ''"),
        ("pkg/a.py:" + "9" * 5000, None),
    ],
)
def test_where_of_nothing(tmp_path, run, spec, line):
    write_book(tmp_path, WHERE_BOOK)
    status, out, err = run("where", spec)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert line is None or err == line + "\n"


def test_list(tmp_path, run):
    write_book(
        tmp_path,
        {
            "docs/1.md": "```python {#c}\nx = 1\n```\n```python {file=b.py}\n# <<c>>\n# <<c>>\n# <<d>>\n```\n",
            "docs/2.md": "```python {file=a.py}\n# <<d>>\n```\n```python {#d}\n# <<c>>\n```\n```python {#c .continued}\ny = 1\n```\n",
            "docs/3.md": "```python {file=b.py}\n# <<c>>\n```\n",
        },
    )
    assert run("list") == (
        0,
        (
            "b.py\n    docs/1.md:4\n    docs/3.md:1\n"
            "a.py\n    docs/2.md:1\n"
            "<<c>>\n    docs/1.md:1\n    docs/2.md:7\n    used in b.py\n    used in <<d>>\n"
            "<<d>>\n    docs/2.md:4\n    used in b.py\n    used in a.py\n"
        ),
        "",
    )
    assert not (tmp_path / "a.py").exists()


def test_list_in_a_faulty_book(tmp_path, run):
    write_book(tmp_path, ONE_FILE + "```python {#c}\nx\n```")
    assert run("list") == (
        1,
        "a.py\n    docs/a.md:1\n<<c>>\n    docs/a.md:4\n",
        "docs/a.md:4: <<c>> is never used (refer to it, or remove it)\n",
    )


# --------------------------------------------------------------------------------------- watch


def test_watch_sees_every_change(tmp_path, run, monkeypatch):
    write_book(tmp_path, ONE_FILE)
    chapter = tmp_path / "docs/a.md"
    (tmp_path / "docs/dead.md").symlink_to("nowhere")  # a chapter that cannot be looked at
    steps = [
        lambda: (tmp_path / "docs/dead.md").unlink(),
        lambda: None,
        lambda: chapter.write_text(ONE_FILE.replace("1", "22")),
        lambda: chapter.write_text("```python {file=a.py}\n"),
        lambda: write_book(tmp_path, {"docs/b.md": "```python {file=b.py}\nb = 1\n```", "docs/a.md": ONE_FILE}),
        lambda: (tmp_path / "b.py").write_text("b = 2\n") and chapter.write_text(ONE_FILE + "\n"),
        lambda: shutil.rmtree(tmp_path / "docs"),
    ]

    def sleep(seconds):
        assert seconds == 0.5
        if not steps:
            raise KeyboardInterrupt
        steps.pop(0)()

    monkeypatch.setattr(time, "sleep", sleep)
    status, out, err = run("watch")
    assert status == 130
    assert out.splitlines() == [
        "watching the chapters (Ctrl-C stops)",
        "wrote a.py",
        "tangled 1 file from 1 chapter",
        "wrote a.py",
        "tangled 1 file from 1 chapter",
        "wrote a.py",
        "wrote b.py",
        "tangled 2 files from 2 chapters",
    ]
    assert [line for line in err.splitlines() if line.startswith("docs") or line == "nothing was written"] == [
        "docs/dead.md: No such file or directory",
        "docs/a.md:1: the fence is not closed (end it with ```)",
        "nothing was written",
        "docs: no chapters here (write docs/**/*.md, or name another project with --root)",
    ]


def wait_for(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def test_watch_as_a_program(tmp_path):
    write_book(tmp_path, ONE_FILE)
    target = tmp_path / "a.py"
    log = tmp_path / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, ROOT / "scripts/book.py", "watch", "--root", tmp_path], stdout=stream, stderr=stream
        )
    try:
        wait_for(lambda: target.exists() and b"tangled" in log.read_bytes())
        write_book(tmp_path, ONE_FILE.replace("1", "12"))
        wait_for(lambda: target.read_text().endswith("x = 12\n"))
        wait_for(lambda: log.read_bytes().count(b"tangled 1 file") == 2)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    finally:
        process.kill()
        process.wait()
    assert log.read_text() == (
        "watching the chapters (Ctrl-C stops)\n" + "wrote a.py\ntangled 1 file from 1 chapter\n" * 2
    )
