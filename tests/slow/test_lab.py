"""What the lab computes, without a browser: the same modules, in a folder that holds what the browser is given."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from scripts.lab import blocks, publication
from scripts.lab.program import page_of
from scripts.tangle import find_chapters
from scripts.text import examples
from scripts.text.chapter import Chapter

from tests import ROOT

SOFTMAX = "docs/3-architecture/04-softmax.md"
RUN = json.loads((ROOT / "docs/assets/data/run.json").read_text(encoding="utf-8"))

# The room in a process of its own, for it makes Python forget the package: a line of JSON asks, another answers.
TALK = """
import json, sys
from scripts.lab.room import Room
told, out = [], sys.stdout
room = Room(sys.argv[1], lambda event: told.append(json.loads(event)))
for line in sys.stdin:
    name, arguments = json.loads(line)
    answer = json.loads(room.call(name, json.dumps(arguments)))
    print(json.dumps([answer, told]), file=out, flush=True)
    told.clear()
"""


class Asking:
    """Asks the room; `told` is what it told while it computed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-B", "-c", TALK, str(folder)], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def answer(self, name: str, **arguments: Any) -> dict:
        self.process.stdin.write(json.dumps([name, arguments]) + "\n")
        self.process.stdin.flush()
        answer, self.told = json.loads(self.process.stdout.readline())
        return answer

    def __call__(self, name: str, **arguments: Any) -> Any:
        answer = self.answer(name, **arguments)
        assert "value" in answer, answer
        return answer["value"]

    def refused(self, name: str, **arguments: Any) -> str:
        return self.answer(name, **arguments)["refused"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """What the browser is given, as files; what it fetches later lies there, too."""
    given, there = json.loads(publication.publication()), tmp_path_factory.mktemp("book")
    for path, text in given["files"].items():
        (there / path).parent.mkdir(parents=True, exist_ok=True)
        (there / path).write_text(text, encoding="utf-8")
    for path, size in given["later"].items():
        (there / path).parent.mkdir(parents=True, exist_ok=True)
        (there / path).write_bytes((ROOT / path).read_bytes())
        assert (there / path).stat().st_size == size
    return there


@pytest.fixture(scope="module")
def talking(folder) -> Iterator[Asking]:
    asking = Asking(folder)
    yield asking
    asking.process.stdin.close()
    assert asking.process.wait(timeout=30) == 0
    asking.process.stdout.close()


@pytest.fixture
def room(talking) -> Asking:
    """The room, without changes."""
    talking("apply", changes=[])
    return talking


def softmax(edit: Callable[[str], str]) -> dict[str, str]:
    """A change of the chunk softmax."""
    fence = next(f for f in Chapter(ROOT / SOFTMAX).fences("python") if "{#softmax}" in f.block.info)
    old = fence.text.removesuffix("\n")
    new = edit(old)
    assert new != old
    return {"chapter": SOFTMAX, "label": "softmax", "old": old, "new": new}


def without_largest(code: str) -> str:
    return code.replace("(logit - largest)", "logit")


# ------------------------------------------------------------------------------------ what it is given


def test_the_publication_is_the_same_for_the_same_book():
    first, second = publication.publication(), publication.publication()
    assert first == second
    given = json.loads(first)
    assert set(find_chapters(ROOT)) < set(given["files"])
    assert "scripts/tangle.py" in given["files"] and "microgpt/names.txt" in given["files"]
    assert not [path for path in given["files"] if path.startswith("microgpt/") and path != "microgpt/names.txt"], "that is tangled"


def test_the_package_is_tangled_from_the_chapters(room, folder):
    for path in sorted((ROOT / "microgpt").rglob("*.py")):
        assert (folder / path.relative_to(ROOT)).read_bytes() == path.read_bytes()


# ------------------------------------------------------------------------------------------ examples


def test_examples_give_what_is_printed(room):
    for path in (SOFTMAX, "docs/2-autograd/02-the-chain-rule.md", "docs/1-data/03-the-bos-token.md"):
        for fence in blocks.runnable(Chapter(ROOT / path)):
            if fence.language != "python":
                results = room("run", chapter=path, text=fence.text, nth=0, edited=[])["results"]
                assert results and all(result["same"] for result in results), results


def test_the_blocks_above_run_first_and_only_once(room):
    texts = [fence.text for fence in Chapter(ROOT / SOFTMAX).fences("pycon")]
    assert room("run", chapter=SOFTMAX, text=texts[2], nth=0, edited=[])["before"] == 2
    assert {"before": [1, 2]} in room.told
    assert room("run", chapter=SOFTMAX, text=texts[3], nth=0, edited=[])["before"] == 0
    assert room("run", chapter=SOFTMAX, text=texts[3], nth=0, edited=[])["before"] == 3, "run again, it begins anew"


def test_what_a_reader_wrote_is_run_and_compared_where_it_can_be(room):
    text = next(f.text for f in Chapter(ROOT / SOFTMAX).fences("pycon"))
    code = room("code", chapter=SOFTMAX, text=text, nth=0)
    assert ">>>" not in code and code.startswith("import math\n")
    edited = [{"text": text, "nth": 0, "code": code + "6 * 7\nprint('a')\n"}]
    *same, answer, printed = room("run", chapter=SOFTMAX, text=text, nth=0, edited=edited)["results"]
    assert all(result["same"] for result in same)
    assert (answer["got"], answer["same"], printed["got"]) == ("42\n", None, "a\n")
    assert {"printed": "42"} in room.told


def test_an_error_is_told_by_chapter_and_line(room):
    text = next(f.text for f in Chapter(ROOT / SOFTMAX).fences("pycon"))
    edited = [{"text": text, "nth": 0, "code": "from microgpt import softmax\nsoftmax(['a'])\n1 + 1\n"}]
    first, second = room("run", chapter=SOFTMAX, text=text, nth=0, edited=edited)["results"]
    own, *frames, error = second["trace"]
    line = next(n for n, text in enumerate(Chapter(ROOT / SOFTMAX).lines, 1) if text.strip().startswith("largest = max("))
    assert own["text"] == "this block, line 2, in <module>" and own["code"] == "softmax(['a'])"
    assert frames[0]["text"].startswith(f"{SOFTMAX}:{line}, in softmax")
    assert (frames[0]["page"], frames[0]["anchor"]) == ("3-architecture/04-softmax/", "chunk-softmax")
    assert error["text"].startswith("AttributeError: 'str' object has no attribute 'data'")


def test_a_syntax_error_is_told_by_its_line(room):
    text = next(f.text for f in Chapter(ROOT / SOFTMAX).fences("pycon"))
    [result] = room("run", chapter=SOFTMAX, text=text, nth=0, edited=[{"text": text, "nth": 0, "code": "x = 1\ny = = 2\n"}])["results"]
    assert result["trace"][-1]["text"] == "this block, line 2: SyntaxError: invalid syntax"


def test_commands_are_run(room):
    commands = {
        'python3 -c "print(6 * 7)"': "42\n",
        'COLUMNS=40 python3 -c "import os; print(os.environ[\'COLUMNS\'])"': "40\n",
        "python3 -m microgpt --n-head 3": "error: n_embd 16 is not divisible by n_head 3 (--help lists the options)\n",
        'python3 -m microgpt --n-head 3; echo "status $?"':
            "error: n_embd 16 is not divisible by n_head 3 (--help lists the options)\nstatus 2\n",
        "python3 -m microgpt --steps 0 --samples 0 | grep params": "num params: 4192\n",
        "python3 -m microgpt --steps 2 --samples 0 --quiet | head -2": "",
    }
    path = "docs/0-the-big-picture/02-how-to-read-and-run-this-book.md"
    block = next(f for f in blocks.runnable(Chapter(ROOT / path)) if f.language == "console")
    edited = [{"text": block.text, "nth": 0, "code": "\n".join(commands)}]
    results = room("run", chapter=path, text=block.text, nth=0, edited=edited)["results"]
    assert {result["source"].strip(): result["got"] for result in results} == commands
    assert all(result["same"] is None and not result["trace"] for result in results)


@pytest.mark.parametrize("command", ["rm -r docs", "python3 -m microgpt > file", "python3 -m microgpt; rm x", "python3 scripts/tangle.py",
                                     "head microgpt/names.txt", "python3", 'python3 -c "', "python3 -m microgpt | sort", "cd x && python3 -m y"])
def test_other_commands_are_not(command):
    assert not blocks.understood(command)


def test_most_commands_of_the_book_can_be_run():
    known = [blocks.understood(c.text) for path in find_chapters(ROOT) for f in Chapter(ROOT / path).fences("console") for c in examples.commands(f)]
    assert sum(known) > 70


# ------------------------------------------------------------------------------------------- changes


def test_a_change_is_in_force_and_can_be_taken_back(room, folder):
    assert room("apply", changes=[softmax(without_largest)]) == {"stale": [], "faults": []}
    assert "logit.exp() for logit" in (folder / "microgpt/gpt.py").read_text(encoding="utf-8")
    different = room("compare", chapter=SOFTMAX)
    assert [result["got"] + result["trace"][-1]["text"] for block in different for result in block["results"]] == ["OverflowError: math range error"] * 2
    room("apply", changes=[])
    assert (folder / "microgpt/gpt.py").read_bytes() == (ROOT / "microgpt/gpt.py").read_bytes()
    assert room("compare", chapter=SOFTMAX) == []


def test_faults_are_tangles_own_at_the_line_of_the_change(room, folder):
    before = (folder / "microgpt/gpt.py").read_bytes()
    [fault] = room("apply", changes=[softmax(lambda code: code.replace("total = sum", "total = ) sum"))])["faults"]
    assert (fault["change"], fault["change_line"]) == (0, 5)
    assert fault["chapter"] == SOFTMAX and "unmatched ')'" in fault["message"]
    [fault] = room("apply", changes=[softmax(lambda code: code + "\n# <<softmacks>>")])["faults"]
    assert fault["change_line"] == 7 and fault["message"].startswith("<<softmacks>> is not defined (did you mean <<softmax>>?)")
    assert (folder / "microgpt/gpt.py").read_bytes() == before, "what can't be made leaves all as it was"


def test_after_a_fault_no_change_is_in_force(room, folder):
    """Not one that was in force before it either: a page that comes would not have it."""
    good, bad = softmax(without_largest), {**softmax(without_largest), "new": "def softmax(:"}
    room("apply", changes=[good])
    assert room("apply", changes=[bad])["faults"]
    assert (folder / "microgpt/gpt.py").read_bytes() == (ROOT / "microgpt/gpt.py").read_bytes()


def test_a_fence_in_a_change_does_not_break_out(room):
    answer = room("apply", changes=[softmax(lambda code: code + "\n```\n\n```python {file=microgpt/evil.py}\nx = 1")])
    assert answer["faults"] or "evil" not in json.dumps(room("knobs"))
    assert all(fault["chapter"] == SOFTMAX for fault in answer["faults"])


def test_a_change_of_what_is_no_longer_there_is_stale(room):
    old = {**softmax(without_largest), "old": "def softmax(x):\n    return x"}
    gone = {**softmax(without_largest), "label": "no-such-chunk"}
    fits = softmax(without_largest)
    assert room("apply", changes=[old, fits, gone]) == {"stale": [0, 2], "faults": []}
    assert room("patch", changes=[old, fits, gone]).count("\n@@") == 1


def test_the_patch_is_one_that_git_and_tangle_take(room, tmp_path):
    examples.copy_project(tmp_path)
    patch = room("patch", changes=[softmax(without_largest)])
    (tmp_path / "microgpt.patch").write_text(patch, encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "microgpt.patch"], cwd=tmp_path, check=True)
    subprocess.run([sys.executable, "scripts/tangle.py"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    room("apply", changes=[softmax(without_largest)])
    assert "logit.exp() for logit" in (tmp_path / "microgpt/gpt.py").read_text(encoding="utf-8")
    assert (room.folder / "microgpt/gpt.py").read_bytes() == (tmp_path / "microgpt/gpt.py").read_bytes()


def test_a_program_that_can_not_be_imported_is_told(room):
    room("apply", changes=[softmax(lambda code: code.replace("def softmax", "def softmin"))])
    trace = room.answer("start", settings={}, keep_out=False)["trace"]
    assert trace[-1]["text"].startswith("ImportError: cannot import name 'softmax'")
    assert trace[0]["text"].startswith("docs/8-the-tool/04-the-command-line.md:")


def test_pages_of_chapters():
    assert page_of("docs/index.md") == ""
    assert page_of("docs/lab.md") == "lab/"
    assert page_of("docs/1-data/01-the-dataset.md") == "1-data/01-the-dataset/"


# ------------------------------------------------------------------------------------------ training


def test_the_default_run_begins_as_recorded(room):
    about = room("start", settings={}, keep_out=True)
    assert about == {"docs": 11043, "kept_out": 100, "alphabet": "abcdefghijklmnopqrstuvwxyz", "vocab_size": 27, "params": 4192, "steps": 1000}
    losses = room("slice", seconds=100, steps=20)["losses"]
    assert [round(loss, 4) for loss in losses] == RUN["losses"][:20]


def test_looking_changes_nothing(room):
    """Names, measures and pauses leave a run as it would be."""
    settings = {"steps": 12, "samples": 4}
    room("data", text="\n".join(f"{a}{b}" for a in ("ma", "mo", "le") for b in ("ria", "na", "no", "la", "ra", "l", "o", "a", "e", "i")))
    assert room("start", settings=settings, keep_out=True)["kept_out"] == 3
    room("slice", seconds=100)
    plain = room("final_names")
    room("start", settings=settings, keep_out=True)
    losses = []
    while len(losses) < 12:
        losses += room("slice", seconds=0, steps=1)["losses"]
        room("names", count=2, temperature=1.0)
        while room("measure", seconds=0.05) is None:
            pass
        room("next_letters", prompt="ma")
    assert room("final_names") == plain == room("final_names")
    room("data")


def test_settings_that_can_not_be_are_refused_in_the_words_of_config(room):
    assert room.refused("start", settings={"n_head": 3}, keep_out=True) == "n_embd 16 is not divisible by n_head 3"
    assert room.refused("estimate", settings={"temperature": -1.0}) == "temperature -1.0 is neither 0 (greedy) nor at least 1e-6"
    assert "steps" in room.refused("start", settings={"steps": "ten"}, keep_out=True)
    assert "no_such" in room.refused("start", settings={"no_such": 1}, keep_out=True)


def test_the_knobs_are_those_of_config(room):
    from dataclasses import asdict

    from microgpt import PRESETS

    knobs = room("knobs")
    for edition, config in PRESETS.items():
        assert {knob["name"]: knob["values"][edition] for knob in knobs} == asdict(config)
    assert {knob["name"]: knob["about"] for knob in knobs}["n_embd"] == "numbers in a token's vector"


def test_what_comes_next_and_what_can_not_be_read(room):
    room("start", settings={"steps": 3}, keep_out=True)
    room("slice", seconds=100)
    letters = room("next_letters", prompt="em", temperature=1.0)
    assert len(letters) == 27 and abs(sum(p for _, p in letters) - 1) < 1e-9
    assert letters == sorted(letters, key=lambda entry: -entry[1])
    assert room.refused("next_letters", prompt="É").startswith("the character 'É' is not in the alphabet")
    assert room.refused("names", count=1, prompt="a" * 16).startswith("16 characters leave no room")


@pytest.mark.parametrize("settings", [{"n_layer": 2, "n_embd": 12, "n_head": 3, "activation": "relu2"}, {"n_head": 1}, {"n_layer": 0}])
def test_inside_are_the_numbers_that_the_program_goes_on_with(room, settings):
    room("start", settings={**settings, "steps": 5}, keep_out=True)
    room("slice", seconds=100)
    following = dict(room("next_letters", prompt="ema", temperature=1.0))
    n_layer = settings.get("n_layer", 1)
    for layer in range(max(1, n_layer)):
        found = room("inside", text="ema", layer=layer)
        passed = found["passed"]
        assert [found["vocabulary"][token] for token in passed["tokens"]] == ["BOS", "e", "m", "a"]
        probs = dict(zip([*found["vocabulary"][:-1], ""], passed["probs"]["after"][-1]))
        assert probs == {letter: round(p, 6) for letter, p in following.items()}
        assert found["n_layer"] == n_layer and ("weights" in passed) == (n_layer > 0)
        if n_layer:
            heads = settings.get("n_head", 4)
            assert [len(weights) for weights in passed["weights"]["after"][3]] == [4] * heads
            assert all(abs(sum(weights) - 1) < 1e-5 for weights in passed["weights"]["after"][3])
            assert f"layer{layer}.attn_wo" in found["stages"] and found["stages"].count("<li") == 17
        else:
            assert found["stages"].count("<li") == 6
    if n_layer == 2:  # what leaves the first layer comes to the second, whose normalized copy has the mean square 1
        first, second = (room("inside", text="ema", layer=layer)["passed"] for layer in (0, 1))
        x = first["thought"]["after"][3]
        scale = (sum(a * a for a in x) / len(x)) ** -0.5
        assert second["normed"]["after"][3] == pytest.approx([a * scale for a in x], abs=0.02)
    assert room.refused("inside", text="ema", layer=n_layer or 1) == f"there is no layer {n_layer or 1}"
    assert room.refused("inside", text="É").startswith("the character 'É' is not in the alphabet")


def test_inside_is_the_program_that_trained(room):
    """Also when it is no longer in force; and one that goes another way is not shown as if it went the book's."""
    room("start", settings={"steps": 2}, keep_out=True)
    room("slice", seconds=100)
    unchanged = dict(room("next_letters", prompt="e", temperature=1.0))
    assert not room("apply", changes=[softmax(lambda code: code.replace(".exp()", ".exp() + 1"))])["faults"]
    room("start", settings={"steps": 2}, keep_out=True)
    room("slice", seconds=100)
    room("apply", changes=[])
    following = dict(room("next_letters", prompt="e", temperature=1.0))
    assert max(abs(p - unchanged[letter]) for letter, p in following.items()) > 0.001
    found = room("inside", text="e")
    assert dict(zip([*found["vocabulary"][:-1], ""], found["passed"]["probs"]["after"][1])) == {k: round(p, 6) for k, p in following.items()}

    chapter = "docs/3-architecture/09-the-mlp.md"
    fence = next(f for f in Chapter(ROOT / chapter).fences("python") if "x = add(mlp(" in f.text)
    old, label = fence.text.removesuffix("\n"), re.search(r"#([\w-]+)", fence.block.info)[1]
    new = old.replace("x = add(mlp(", "x = [a + b for a, b in zip(mlp(").replace("config.activation), x)", "config.activation), x)]")
    assert room("apply", changes=[{"chapter": chapter, "label": label, "old": old, "new": new}]) == {"stale": [], "faults": []}
    room("start", settings={"steps": 1}, keep_out=True)
    assert room.refused("inside", text="e") == "your program's stages are not those of the book, and can't be told apart"
    room("apply", changes=[])


def test_models_go_both_ways(room, tmp_path):
    room("start", settings={"steps": 5, "samples": 3}, keep_out=True)
    room("slice", seconds=100)
    path = tmp_path / "model.json"
    path.write_text(room("save"), encoding="utf-8")
    command = [sys.executable, "-m", "microgpt", "--quiet", "--samples", "3"]
    printed = subprocess.run([*command, "--load", str(path)], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    here = room("names", count=3)
    assert [line.split(": ")[1] for line in printed.splitlines()] == here
    subprocess.run([*command, "--steps", "5", "--save", str(path)], cwd=ROOT, capture_output=True, check=True)
    assert room("load", text=path.read_text(encoding="utf-8"), source="model.json")["params"] == 4192
    assert len(room("weights")["wte"]) == 27
    assert room.refused("load", text="{", source="model.json").startswith("model.json: not a saved model")


@pytest.mark.parametrize("data, words", [
    (b"", "mine.txt: holds no documents; put one on each line"),
    (b"\xff\xfe", "mine.txt: not UTF-8 text (byte 0); save it as UTF-8"),
    (b"a\0b", "mine.txt: a binary file, not text with one document a line"),
    (b"x" * 5_001, "mine.txt: a line of 5,001 characters; a document is one line, so break the text into lines"),
    (b"x\n" * 2_500_001, "mine.txt: 5.0 MB are more than the lab takes, which is 5 MB; cut it"),
])  # fmt: skip
def test_data_that_can_not_be_is_refused(room, data, words):
    assert room.refused("file", data=base64.b64encode(data).decode(), source="mine.txt") == words


def test_the_readers_data(room):
    about = room("data", text="red\ngreen\r\nblue\n\n")
    assert about["docs"] == 3 and about["longest"] == "green" and about["alphabet"] == "bdeglnru"
    assert sorted(about["some"]) == ["blue", "green", "red"]
    assert room("start", settings={"steps": 2}, keep_out=True)["kept_out"] == 0
    assert len(room("slice", seconds=100)["losses"]) == 2
    assert room("known", names=["red", "pink"]) == [True, False]
    assert room("data", file="docs/assets/data/towns.txt")["docs"] == 200
    assert room("data")["docs"] == 11043


def test_a_training_that_leaves_the_range_of_numbers_says_so(room):
    room("start", settings={"steps": 50, "learning_rate": 1e6}, keep_out=False)
    assert room("slice", seconds=100)["losses"], "the steps before it count"
    assert "try a smaller learning rate" in room.refused("slice", seconds=100)


def test_without_a_training_there_is_nothing_to_ask(folder):
    asking = Asking(folder)
    assert asking.refused("slice", seconds=1) == "nothing is being trained"
    asking.process.stdin.close()
    asking.process.wait(timeout=30)
    asking.process.stdout.close()


# ------------------------------------------------------------------------------------------- figures


def recorded(name: str) -> dict:
    return json.loads((ROOT / "docs/assets/data/figures" / name).read_text(encoding="utf-8"))


def without_fingerprint(content: dict) -> dict:
    return {key: value for key, value in content.items() if key != "fingerprint"}


@pytest.mark.parametrize("changed", [False, True])
def test_figures_show_of_a_recorded_name_what_was_recorded(folder, changed):
    """Whatever the reader changed: the figures are of the program as it is printed."""
    asking = Asking(folder)
    if changed:
        asking("apply", changes=[softmax(lambda code: code.replace("e / total", "2 * e / total"))])
    for name in ("emma", "kwyjibo"):
        assert asking("look", what="passed", text=name) == without_fingerprint(recorded(f"passes-{name}.json"))
    for name, games in recorded("prediction-game.json")["names"].items():
        assert asking("look", what="played", text=name) == games
    for beginning, logits in recorded("temperature.json")["logits"].items():
        assert asking("look", what="last_logits", text=beginning) == logits
    asking.process.stdin.close()
    asking.process.wait(timeout=30)
    asking.process.stdout.close()


def test_figures_refuse_what_the_model_can_not_read(room):
    assert room.refused("look", what="passed", text="Zoë").startswith("the character 'Z' is not in the alphabet")
    assert room.refused("look", what="played", text="") == "there is no letter; type at least one"
    assert "leave no room" in room.refused("look", what="passed", text="a" * 16)
    assert room.refused("look", what="open", text="emma") == "the figures know nothing of open"


def test_the_recorded_model_is_one_that_the_command_line_loads():
    command = [sys.executable, "-m", "microgpt", "--load", "docs/assets/data/model.json", "--quiet", "--samples", "5"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split(": ")[1] for line in printed.splitlines()] == RUN["samples_at"]["1000"][:5]
