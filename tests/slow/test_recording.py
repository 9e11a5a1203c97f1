"""The recorder: what it records is what the program does, and it notices when that is no longer true."""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import shutil
import sys
from pathlib import Path
from statistics import fmean

import pytest

from microgpt import PRESETS, Tokenizer, Value, document_loss, dot, init_params, load_docs
from microgpt.__main__ import main as run_program
from scripts import book
from scripts.figures import bits_against_loss, ladder, one_parameter, training
from scripts.runs import controls, eight_seeds
from scripts.runs import default as runs
from scripts.runs import paired as pairing
from scripts.runs import recording as record
from scripts.runs.default import default_run

pytestmark = pytest.mark.usefixtures("default_run_made")
RUN = record.DATA / "run.json"
PAIRED = record.DATA / "paired.json"
REFERENCE = record.DATA / "reference.json"
CHEAP = {"steps-100", "towns-200", "pairs-250", "doubled-fallback-50", "doubled-no-layer"}
ALL = bool(os.environ.get("MICROGPT_ALL_EXPERIMENTS"))  # a seed of each that takes a thousand steps or fewer


def load(path: Path) -> dict:
    """What was recorded, without the fingerprint of what recorded it."""
    content = json.loads(path.read_text(encoding="utf-8"))
    assert list(content)[0] == "fingerprint"
    return {key: value for key, value in content.items() if key != "fingerprint"}


def main(arguments: list[str]) -> int:
    return book.main(["record", *arguments])


@pytest.fixture(scope="module")
def recorded() -> dict:
    return load(RUN)


@pytest.fixture
def data(tmp_path, monkeypatch) -> Path:
    """A copy of the recorded files, for the recorder to look at and to write."""
    folder = tmp_path / "data"
    shutil.copytree(record.DATA, folder)
    monkeypatch.setattr(record, "DATA", folder)
    return folder


# -------------------------------------------------------------------------------- the recorded run


def test_the_recorded_run_is_what_the_command_line_prints(recorded, output_of):
    printed = output_of("python3 -m microgpt")
    assert re.findall(r"loss (\d+\.\d{4})\n", printed) == [f"{loss:.4f}" for loss in recorded["losses"]]
    assert re.findall(r"^sample +\d+: (.*)$", printed, re.M) == recorded["samples"]
    assert f"num docs: {recorded['num_docs']}\n" in printed
    assert f"vocab size: {recorded['vocab_size']}\n" in printed
    assert f"num params: {recorded['num_params']}\n" in printed
    assert f"samples in the dataset: {recorded['in_dataset']} of 20\n" in printed
    assert f"samples among the 1000 documents trained on: {recorded['among_seen']}\n" in printed


def test_the_recording_is_complete(recorded):
    assert recorded["config"]["seed"] == 42 and recorded["config"]["steps"] == 1000
    assert [len(recorded[key]) for key in ("losses", "nodes", "unfused_nodes")] == [1000] * 3
    assert list(recorded["samples_at"]) == ["0", "10", "50", "100", "200", "500", "1000"]
    assert all(len(samples) == 20 for samples in recorded["samples_at"].values())
    assert "\n\n" not in RUN.read_text() and len(RUN.read_bytes()) < 32_000


def test_node_counts_depend_on_the_length_alone(recorded):
    docs = load_docs()
    random.Random(42).shuffle(docs)
    seen: dict[int, tuple[int, int]] = {}
    for doc, fused, unfused in zip(docs, recorded["nodes"], recorded["unfused_nodes"]):
        assert seen.setdefault(len(doc), (fused, unfused)) == (fused, unfused)
    assert len(seen) > 5
    in_order = [seen[length] for length in sorted(seen)]
    assert in_order == sorted(set(in_order))  # longer is more


def test_unfused_counts_are_those_of_each_document_and_of_any_parameters(recorded):
    docs = load_docs()
    tokenizer = Tokenizer(docs)
    random.Random(42).shuffle(docs)
    params = init_params(PRESETS["4192"], tokenizer.vocab_size, random.Random(7))
    for i in range(12):
        with runs.counted_nodes() as counter, runs.unfused_dot():
            document_loss([tokenizer.bos, *tokenizer.encode(docs[i]), tokenizer.bos], params, PRESETS["4192"])
        assert counter.take() == recorded["unfused_nodes"][i]


def test_the_published_runs():
    reference = json.loads(REFERENCE.read_text(encoding="utf-8"))
    assert list(reference) == ["4192", "4064"]
    assert [reference[edition]["num_params"] for edition in reference] == [4192, 4064]
    assert {reference[edition]["num_docs"] for edition in reference} == {32033}
    losses = reference["4192"]["losses"]
    assert (losses[0], losses[-1]) == (3.3660, 2.6497)
    assert round(sum(losses[-500:]) / 500, 3) == 2.367 and round(sum(losses[-100:]) / 100, 3) == 2.276
    assert reference["4192"]["samples"][0] == "kamon" and reference["4064"]["samples"][-1] == "karli"


def test_what_the_book_says_of_the_published_samples(original_names):
    docs = load_docs(str(original_names))
    random.Random(42).shuffle(docs)
    for edition, steps, in_dataset, among_seen in (("4192", 1000, 11, 0), ("4064", 500, 5, 1)):
        samples = json.loads(REFERENCE.read_text(encoding="utf-8"))[edition]["samples"]
        assert sum(text in set(docs) for text in samples) == in_dataset
        assert sum(text in set(docs[:steps]) for text in samples) == among_seen


# ------------------------------------------------------------------------ the recorded experiments


@pytest.fixture(scope="module")
def paired() -> dict:
    return load(PAIRED)


AGAIN = [name for name, e in pairing.EXPERIMENTS.items() if name in CHEAP or ALL and e.steps <= 1000]


@pytest.mark.no_cover
@pytest.mark.parametrize("name", AGAIN)
def test_an_experiment_done_again_gives_what_is_recorded(paired, name, tmp_path, monkeypatch):
    monkeypatch.setattr(pairing, "CACHE", tmp_path)
    monkeypatch.setattr(pairing.shutil, "which", lambda _: None)  # this Python, not PyPy
    result = pairing.run_trial(pairing.EXPERIMENTS[name], 42)
    recorded = paired[name]
    assert round(result["held_out"], 4) == recorded["held_out"][0]
    assert round(result["last_100"], 4) == recorded["last_100"][0]
    assert result["texts"][:10] == recorded["samples"] and len(set(result["texts"])) == recorded["different"][0]


def test_the_controls_are_what_their_programs_give():
    """Of the slow ones a seed, and of those that need NumPy the shape alone."""
    recorded = load(record.DATA / "controls.json")
    assert {start: controls.next_letter(start) for start in ("m", "q")} == recorded["next_letter"]
    assert controls.sum_of_lookups(controls.TABLES["with"], 1) == recorded["letter_before"]["with"][1]
    assert controls.exclusive_or(1, runs.GPT.mlp) == recorded["exclusive_or"]["with"][1]
    assert [len(losses) for losses in recorded["read_thrice"].values()] == [len(recorded["slow_descent"])] * 4


def test_what_is_done_with_eight_seeds_begins_with_the_one_of_the_pages():
    """Of what takes seconds the first seed again; what the pages print must be among the rest."""
    recorded = load(record.DATA / "eight-seeds.json")
    assert recorded["equal"][0] == [2.856, 2.842, "aiou."] and recorded["blind"][0] == [0.04, "e"]
    assert recorded["louder"][0] == eight_seeds.louder(42)
    assert recorded["rates"]["0.3"][0] == eight_seeds.rate(42, 0.3)
    assert recorded["vowels"]["10"][0] == eight_seeds.vowels(42, 10)
    assert recorded["digits"]["1"][0] == eight_seeds.moved(42, eight_seeds.shorten(1)) == 0.0004
    assert recorded["trust"]["1000"][0] == eight_seeds.trust(42, 1000)
    assert recorded["forgotten"][0] is eight_seeds.resumed(42, eight_seeds.forget_v) is None


def test_the_recorded_experiments_are_those_of_the_recorder(paired):
    fingerprint = record.current_fingerprint("paired.json")
    assert PAIRED.read_text(encoding="utf-8") == record.to_text({"fingerprint": fingerprint, **paired})
    assert list(paired) == list(pairing.EXPERIMENTS)


def test_differences_and_words_follow_from_the_losses(paired):
    for name, found in paired.items():
        against = pairing.EXPERIMENTS[name].against
        assert found.get("against", "") == against and found["seeds"] == len(found["held_out"]) in (4, 8), name
        if against:
            pairs = zip(found["held_out"], paired[against]["held_out"])  # one may have more seeds
            assert found["difference"] == pytest.approx([one - other for one, other in pairs], abs=1.1e-4), name
            assert found["mean"] == pytest.approx(fmean(found["difference"]), abs=1e-4), name
            assert (found["low"], found["high"]) == (min(found["difference"]), max(found["difference"])), name
            if min(map(abs, found["difference"])) > 1e-4:  # else rounding may have taken a sign
                assert found["word"] == pairing.word(found["difference"]), name


def test_the_default_experiment_is_the_recorded_run(paired, recorded):
    assert paired["default"]["samples"] == recorded["samples"][:10]
    assert paired["default"]["last_100"][0] == pytest.approx(fmean(recorded["losses"][-100:]), abs=1e-4)
    for part in ("held_out", "last_100"):
        assert paired["gpt-1000"][part] == paired["default"][part] == paired["temperature-2"][part]


def test_small_effects_get_all_seeds(monkeypatch):
    """The trials are invented here: whatever is turned costs 0.01, and who loses more than that needs no more seeds."""
    seeds: dict[str, set] = {}
    names = {id(experiment): name for name, experiment in pairing.EXPERIMENTS.items()}

    def run_trial(experiment, seed: int) -> dict:
        name = names[id(experiment)]
        seeds.setdefault(name, set()).add(seed)
        loss = 2.4 + seed / 1000 + 0.01 * bool(experiment.against) + 0.5 * (name == "width-8")
        return {"held_out": loss, "last_100": loss, "losses": [], "texts": ["emma"] * 200}

    monkeypatch.setattr(pairing, "run_trial", run_trial)
    monkeypatch.setattr(pairing, "packages", lambda: Path("nowhere"))
    pairing.packages.cache_clear = lambda: None  # type: ignore[attr-defined]
    found = pairing.record_paired()
    assert list(found) == list(pairing.EXPERIMENTS)
    assert seeds["default"] == seeds["no-mlp"] == set(pairing.SEEDS) and found["no-mlp"]["word"] == "small"
    assert seeds["width-8"] == set(pairing.SEEDS[:4]) and found["width-8"]["word"] == "clear"


def test_the_towns():
    towns, more = (load_docs(str(record.DATA / name)) for name in ("towns.txt", "more-towns.txt"))
    assert (len(set(towns)), len(set(more))) == (200, 100) and not set(towns) & set(more)
    for names in (towns, more):
        assert names == sorted(names) and set("".join(names)) <= set("abcdefghijklmnopqrstuvwxyz")
    assert len(set("".join(towns))) == 26  # so that nothing in the others is unknown to a model of these


# ------------------------------------------------------------------------------- counting nodes


def test_counting_nodes():
    init = Value.__init__
    a, b = [Value(1.0), Value(2.0), Value(3.0)], [Value(4.0), Value(5.0), Value(6.0)]
    with runs.counted_nodes() as counter:
        total = dot(a, b)
        assert counter.take() == 1
        assert (total + 1).data == 33.0 and counter.take() == 1
        Value(0.0), a[0] * b[0] + 2
        assert counter.take() == 3 and counter.take() == 0
    assert Value.__init__ is init


def test_the_unfused_dot_makes_a_node_of_each_product_and_sum_and_changes_no_float():
    fused = runs.GPT.dot
    a, b = [Value(0.1), Value(0.2), Value(0.3)], [Value(0.4), Value(0.5), Value(0.6)]
    with runs.counted_nodes() as counter, runs.unfused_dot():
        total = runs.GPT.linear(b, [a])[0]
        assert counter.take() == 6
        with pytest.raises(ValueError):
            runs.GPT.dot(a, b[:2])
    assert runs.GPT.dot is fused
    assert total.data == dot(a, b).data


@pytest.mark.parametrize("manager", [runs.counted_nodes, runs.unfused_dot])
def test_an_exception_leaves_nothing_patched(manager):
    before = Value.__init__, runs.GPT.dot
    with pytest.raises(ZeroDivisionError), manager():
        1 / 0  # noqa: B018
    assert (Value.__init__, runs.GPT.dot) == before


# ----------------------------------------------------------------------------------- the command


def test_check_passes_on_the_committed_files(data, capsys):
    before = {path: path.read_bytes() for path in data.rglob("*.json")}
    assert main(["--check", "run.json"]) == 0
    assert capsys.readouterr().out.endswith("no change in run.json\n")
    assert {path: path.read_bytes() for path in data.rglob("*.json")} == before


# What takes longest to record is the same computation many times over. Of these files a part is recorded again, from
# the first random number on, and compared with the same part of the file: another program, other names, another seed or
# another recorder change every part. How all is put together, the part shows too. The weekly run repeats all of it.
def first_hundred_steps(recorded: dict) -> dict:
    means = [{"means": rung["means"][: len(ladder.STEPS)], "names": {str(k): rung["names"][str(k)] for k in ladder.MARKS}} for rung in recorded["rungs"]]
    return {**recorded, "steps": ladder.STEPS, "marks": [*ladder.MARKS], "rungs": means}


def every_tenth_value(recorded: dict) -> dict:
    parameters = [{**p, "losses": p["losses"][::10]} for p in recorded["parameters"]]
    return {**recorded, "values": one_parameter.VALUES, "parameters": parameters}


def the_last_step(recorded: dict) -> dict:
    return {**recorded, "held_out": {"1000": recorded["held_out"]["1000"]}}


def two_bits_and_floats(recorded: dict) -> dict:
    return {**recorded, "widths": [width for width in recorded["widths"] if width["bits"] in (2, bits_against_loss.FLOAT)]}


PARTS = {  # file -> what is other in its module, and what to compare with
    "figures/bits-against-loss.json": (bits_against_loss, {"WIDTHS": [2]}, two_bits_and_floats),
    "figures/ladder.json": (
        ladder, {"STEPS": [step for step in ladder.STEPS if step <= 100], "MARKS": (0, 10, 50, 100)}, first_hundred_steps
    ),
    "figures/one-parameter.json": (one_parameter, {"VALUES": one_parameter.VALUES[::10]}, every_tenth_value),
    "figures/training.json": (
        training, {"default_run": lambda: default_run()._replace(params_at={1000: default_run().params})}, the_last_step
    ),
}  # fmt: skip


ARRAYS = {"figures/batch-noise.json"}  # what NumPy computes
TIMES = {"figures/two-processes.json"}  # of one evening's run: another has others


@pytest.mark.no_cover  # which would take longer
def test_what_the_figures_show_is_what_the_program_does(data, capsys):
    files = [name for name in record.RECORDINGS if name.startswith("figures/")]
    assert sorted(path.relative_to(data).as_posix() for path in data.glob("figures/*")) == sorted(files)
    left_out = TIMES | ARRAYS | (set() if ALL else PARTS.keys())
    assert main(["--check", *(name for name in files if name not in left_out)]) == 0, capsys.readouterr().err


def test_what_the_figures_show_that_need_numpy_is_what_the_program_does(data, capsys):
    pytest.importorskip("numpy", reason="numpy is not installed (python3 scripts/run_tests.py --engines)")
    assert main(["--check", *ARRAYS]) == 0, capsys.readouterr().err


def test_what_needs_a_package_that_is_not_there_says_so(data, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert main(["--check", *ARRAYS]) == 1
    assert capsys.readouterr().err == "figures/batch-noise.json: recording it needs numpy (pip install numpy)\n"


@pytest.mark.no_cover
@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_what_the_longest_figures_show_is_what_the_program_does(name, monkeypatch):
    module, changes, cut = PARTS[name]
    for constant, value in changes.items():
        monkeypatch.setattr(module, constant, value)
    assert json.loads(json.dumps(record.RECORDINGS[name]())) == json.loads(json.dumps(cut(load(record.DATA / name))))


@pytest.mark.no_cover
@pytest.mark.parametrize("name", PARTS)
def test_the_longest_figures_are_as_the_recorder_writes_them(name):
    recorded = {"fingerprint": record.current_fingerprint(name), **load(record.DATA / name)}
    assert (record.DATA / name).read_text(encoding="utf-8") == record.to_text(recorded)


def test_the_figures_data_are_small():
    assert sum(len(gzip.compress(path.read_bytes())) for path in record.DATA.rglob("*.json")) < 600_000


def change_loss(content: dict) -> None:
    content["losses"][12] = 9.9999


def change_two(content: dict) -> None:
    content["config"]["seed"], content["nodes"][3] = 43, 0


def change_sample(content: dict) -> None:
    content["samples_at"]["0"][19] = "nobody"


def drop_step(content: dict) -> None:
    content["nodes"].pop()


def drop_entry(content: dict) -> None:
    del content["in_dataset"]


def add_setting(content: dict) -> None:
    content["config"]["width"] = 1


def test_a_recording_of_another_program_is_stale_and_recorded_again(data, capsys):
    assert record.stale() == []
    text = (data / "run.json").read_text()
    (data / "run.json").write_text(text.replace(record.current_fingerprint("run.json"), "0" * 16))
    (data / "figures/softmax.json").unlink(missing_ok=True)
    assert record.stale() == ["run.json"]
    assert main([]) == 0
    assert capsys.readouterr().out.endswith("\nwrote run.json\n")
    assert (data / "run.json").read_text() == text
    assert main([]) == 0
    assert capsys.readouterr().out == "nothing is stale\n"


@pytest.mark.parametrize(("change", "message"), [
    (change_loss, r"run\.json: losses\[12\] is 3\.\d+, recorded 9\.9999"),
    (change_two, r"run\.json: config\.seed is 42, recorded 43 \(and 1 more\)"),
    (change_sample, r'run\.json: samples_at\["0"\]\[19\] is "[a-z]*", recorded "nobody"'),
    (drop_step, r"run\.json: nodes has 1000 entries, recorded 999"),
    (drop_entry, r"run\.json: the file has an entry too many or too few: in_dataset"),
    (add_setting, r"run\.json: config has an entry too many or too few: width"),
    (lambda content: None, r"run\.json: the same content, but not as it is written"),
])
def test_check_says_what_is_not_as_recorded_and_writing_mends_it(data, capsys, change, message):
    path = data / "run.json"
    content = json.loads(path.read_text())
    change(content)
    altered = json.dumps(content, indent=1)
    path.write_text(altered)
    assert main(["--check", "run.json"]) == 1
    assert re.fullmatch(message + "\n", capsys.readouterr().err)
    assert path.read_text() == altered
    assert main(["run.json"]) == 0
    assert capsys.readouterr().out.endswith("\nwrote run.json\n")
    assert path.read_bytes() == RUN.read_bytes()
    assert main(["run.json"]) == 0
    assert capsys.readouterr().out.endswith("\nno change in run.json\n")


@pytest.mark.parametrize(("content", "message"), [
    (None, "run.json: not there\n"),
    ("{", "run.json: no JSON: "),
    ("[1]", "run.json: the file is {"),
])
def test_check_of_a_file_that_is_no_recording(data, capsys, content, message):
    (data / "run.json").unlink()
    if content is not None:
        (data / "run.json").write_text(content)
    assert main(["--check", "run.json"]) == 1
    error = capsys.readouterr().err
    assert error.startswith(message) and error.count("\n") == 1


def test_writing_makes_the_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "DATA", tmp_path / "a" / "b")
    assert main(["run.json"]) == 0
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["run.json"]


def test_a_program_that_fails_is_told_in_one_line(data, capsys, monkeypatch):
    def fail() -> dict:
        raise record.DataError("names.txt: gone")

    monkeypatch.setitem(record.RECORDINGS, "run.json", fail)
    assert main(["run.json"]) == 1
    assert capsys.readouterr().err == "run.json: the program failed: names.txt: gone\n"


@pytest.mark.parametrize(("arguments", "message"), [
    (["runs.json"], f"runs.json is not recorded here, only {', '.join(record.RECORDINGS)}"),
    (["--check", "run.json", "reference.json"], f"reference.json is not recorded here, only {', '.join(record.RECORDINGS)}"),
    (["--reference", "x", "run.json"], "--reference records reference.json and nothing else"),
])
def test_a_wrong_command_line(data, capsys, arguments, message):
    assert main(arguments) == 1
    assert capsys.readouterr().err == f"{message}\n"


# ---------------------------------------------------------------------- reading the published runs


def as_printed(figures: dict) -> list[str]:
    steps = len(figures["losses"])
    return [
        f"num docs: {figures['num_docs']}", f"vocab size: {figures['vocab_size']}", f"num params: {figures['num_params']}",
        *[f"step {i:4d} / {steps:4d} | loss {loss:.4f}" for i, loss in enumerate(figures["losses"], 1)],
        "", "--- inference ---",
        *[f"sample {i:2d}: {text}" for i, text in enumerate(figures["samples"], 1)],
    ]


@pytest.fixture
def printed(tmp_path) -> Path:
    """A folder with the text files that reference.json was read from."""
    folder = tmp_path / "printed"
    folder.mkdir()
    for edition, figures in json.loads(REFERENCE.read_text()).items():
        (folder / f"run-{edition}.txt").write_text("\n".join(as_printed(figures)) + "\n")
    return folder


def test_the_reference_is_read_from_what_was_printed(printed, data, capsys):
    assert main(["--reference", str(printed), "--check"]) == 0
    (data / "reference.json").unlink()
    assert main(["--reference", str(printed), "--check"]) == 1
    assert not (data / "reference.json").exists()
    assert main(["--reference", str(printed)]) == 0
    assert (data / "reference.json").read_bytes() == REFERENCE.read_bytes()
    assert capsys.readouterr().err == "reference.json: not there\n"


@pytest.mark.parametrize(("line", "new", "message"), [
    (0, None, "num docs is missing"),
    (2, "num params: 4064", "not the edition of 4192 parameters"),
    (2, None, "not the edition of 4192 parameters"),
    (7, None, ":8: number 5 of the losses is missing"),
    (1002, None, "not the whole output of 1000 steps and 20 samples"),
    (1005, None, ":1006: number 1 of the samples is missing"),
    (9, "Killed", ":10: not a line that the published program prints: 'Killed'"),
    (9, "step    7 / 1000 | loss nan", ":10: not a line that the published program prints: "),
])
def test_what_is_not_the_whole_output_is_refused(printed, data, capsys, line, new, message):
    path = printed / "run-4192.txt"
    lines = path.read_text().splitlines()
    lines[line : line + 1] = [] if new is None else [new]
    path.write_text("\n".join(lines) + "\n")
    assert main(["--reference", str(printed)]) == 1
    error = capsys.readouterr().err
    assert message in error and error.startswith(str(path)) and error.count("\n") == 1
    assert (data / "reference.json").read_bytes() == REFERENCE.read_bytes()


def test_a_file_that_cannot_be_read_is_told_in_one_line(printed, data, capsys):
    (printed / "run-4064.txt").write_bytes(b"\xff")
    assert main(["--reference", str(printed)]) == 1
    assert capsys.readouterr().err == f"{printed / 'run-4064.txt'}: not UTF-8 text\n"
    (printed / "run-4064.txt").unlink()
    assert main(["--reference", str(printed)]) == 1
    assert capsys.readouterr().err.endswith("run-4064.txt: No such file or directory\n")
