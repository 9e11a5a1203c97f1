"""The command line as its users meet it: in a process of its own, with their mistakes."""

import io
import json
import os
import re
import signal
import subprocess
import sys

import pytest

from microgpt import Config, __version__, init_params
from microgpt.__main__ import main, run_sampling, run_training
from tests.fast.test_training import run

SMALL = ["--steps", "3", "--samples", "2", "--n-embd", "4", "--n-head", "2", "--block-size", "6"]


def microgpt(*arguments, cwd=None, **environment):
    """Run the command line; return its status, standard output and standard error."""
    result = subprocess.run(
        [sys.executable, "-m", "microgpt", *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=120,
        stdin=subprocess.DEVNULL, env=dict(os.environ, PYTHONPATH=os.getcwd(), **environment),
    )
    assert "Traceback" not in result.stderr
    return result.returncode, result.stdout, result.stderr


class Pipe(io.StringIO):
    """Standard output that knows what has left it."""

    flushed = ""

    def flush(self):
        self.flushed = self.getvalue()


def fails(*arguments, **more):
    """Run the command line in the expectation of one line on standard error; return the status and the line."""
    status, out, err = microgpt(*arguments, **more)
    assert out == "" and err.startswith("error: ") and err.count("\n") == 1, (out, err)
    return status, err.rstrip("\n").removeprefix("error: ")


@pytest.fixture
def words(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("anna\nbob\nanna\nabba\n")
    return path


def test_output_has_the_format_of_the_reference(words):
    status, out, err = microgpt("--data", words, *SMALL)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[:3] == ["num docs: 4", "vocab size: 5", "num params: 256"]
    assert all(re.fullmatch(rf"step    {i} /    3 \| loss \d\.\d{{4}}", lines[2 + i]) for i in (1, 2, 3))
    assert lines[6:8] == ["", "--- inference (new, hallucinated names) ---"]
    assert all(re.fullmatch(rf"sample  {i}: [abno]*", lines[7 + i]) for i in (1, 2))
    assert lines[10] == ""
    assert re.fullmatch(r"mean loss of the last 3 steps: \d\.\d{4} \(perplexity \d\.\d\d\)", lines[11])
    assert re.fullmatch(r"samples in the dataset: \d of 2", lines[12])
    assert re.fullmatch(r"samples among the 3 documents trained on: \d", lines[13])
    assert len(lines) == 14


def test_the_summary_counts(tmp_path):
    """A dataset of one letter: the model can hardly write anything else."""
    data = tmp_path / "a.txt"
    data.write_text("a\naa\n")
    _, out, _ = microgpt("--data", data, "--steps", 30, "--samples", 10, "--block-size", 3, "--temperature", 0.1)
    samples = re.findall(r"^sample .*: (.*)$", out, re.M)
    known = sum(text in ("a", "aa") for text in samples)
    assert f"samples in the dataset: {known} of 10" in out and known > 0
    assert f"samples among the 2 documents trained on: {known}" in out


def test_quiet_prints_the_samples_only(words):
    status, out, err = microgpt("--data", words, "--quiet", *SMALL)
    assert (status, err) == (0, "")
    assert re.fullmatch(r"sample  1: [abno]*\nsample  2: [abno]*\n", out)


def test_every_knob_arrives(words, tmp_path):
    saved = tmp_path / "model.json"
    status, _, err = microgpt(
        "--data", words, "--preset", "4064", "--steps", 2, "--seed", 7, "--n-embd", 6, "--n-head", 3, "--n-layer", 2,
        "--block-size", 5, "--activation", "relu", "--decay", "linear", "--learning-rate", 0.5, "--temperature", 0.9,
        "--samples", 1, "--save", saved,
    )
    assert (status, err) == (0, "")
    config = Config(**json.loads(saved.read_text())["config"])
    assert config == Config(
        steps=2, seed=7, n_embd=6, n_head=3, n_layer=2, block_size=5, activation="relu", decay="linear",
        learning_rate=0.5, temperature=0.9, samples=1, init_std=0.02, zero_init=True, beta1=0.9, beta2=0.95,
    )


def test_the_preset_is_the_edition(words):
    _, out, _ = microgpt("--data", words, "--preset", "4064", "--steps", 1, "--samples", 1)
    assert "step    1 /    1 | loss" in out and "\n--- inference ---\n" in out


def test_version_and_help():
    assert microgpt("--version") == (0, f"microgpt {__version__}\n", "")
    status, out, err = microgpt("--help")
    assert (status, err) == (0, "")
    for option in ("data", "preset", "steps", "seed", "n-embd", "n-head", "n-layer", "block-size", "activation", "decay",
                   "learning-rate", "temperature", "samples", "prompt", "save", "load", "quiet", "version"):
        assert f"--{option}" in out
    assert "examples:" in out


def test_save_then_load(words, tmp_path):
    saved = tmp_path / "model.json"
    microgpt("--data", words, "--save", saved, *SMALL)
    status, out, err = microgpt("--load", saved, "--samples", 3, "--temperature", 0, "--prompt", "ab")
    assert (status, err) == (0, "")
    assert "num params: 256" in out and "step" not in out
    samples = re.findall(r"sample  \d: (.*)", out)
    assert len(samples) == 3 and len(set(samples)) == 1 and samples[0].startswith("ab")
    assert microgpt("--load", saved, "--samples", 3) == microgpt("--load", saved, "--samples", 3)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--steps", "-1"], "steps is not in the range from 0 to 1,000,000,000"),
        (["--steps", "abc"], "argument --steps: invalid int value: 'abc'"),
        (["--steps", "1.5"], "argument --steps: invalid int value: '1.5'"),
        (["--steps", "9" * 5000], "argument --steps: invalid int value"),
        (["--n-head", "3"], "n_embd 16 is not divisible by n_head 3"),
        (["--n-embd", "0"], "n_embd is not in the range from 1 to 1,000,000,000"),
        (["--n-layer", "-1"], "n_layer is not in the range from 0 to 1,000,000,000"),
        (["--block-size", "0"], "block_size is not in the range from 1 to 1,000,000,000"),
        (["--samples", "-5"], "samples is not in the range from 0 to 1,000,000,000"),
        (["--learning-rate", "0"], "learning_rate 0.0 is not greater than 0"),
        (["--learning-rate", "nan"], "learning_rate nan is not a finite number"),
        (["--temperature", "-1"], "temperature -1.0 is neither 0"),
        (["--temperature", "inf"], "temperature inf is not a finite number"),
        (["--temperature", "hot"], "argument --temperature: invalid float value: 'hot'"),
        (["--n-embd", "100000"], "120,007,000,000 parameters are more than plain Python can hold; the limit is 10,000,000"),
        (["--n-layer", "10" * 4], "parameters are more than plain Python can hold"),
        (["--n-layer", "10" * 12], "n_layer is not in the range from 0 to 1,000,000,000"),
        (["--preset", "4242"], "argument --preset: invalid choice: '4242'"),
        (["--activation", "tanh"], "argument --activation: invalid choice"),
        (["--decay", "exp"], "argument --decay: invalid choice"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["--sample", "3"], "unrecognized arguments: --sample"),
        (["extra"], "unrecognized arguments: extra"),
        (["--prompt", "Ab"], "--prompt: the character 'A' is not in the alphabet 'abcdefghijklmnopqrstuvwxyz'"),
        (["--prompt", "a" * 16], "--prompt: 16 characters leave no room in a block of 16"),
        (["--prompt"], "argument --prompt: expected one argument"),
        (["--save", "no/such/folder/x.json"], "there is no folder"),
        (["--save", "."], "there is something that is not a file"),
        (["--save", "/dev/null"], "there is something that is not a file"),
        (["--save", "a\0b"], "--save a\\x00b: embedded null byte"),
        (["--load", "x.json", "--steps", "3"], "--steps is for training, and --load trains nothing"),
        (["--load", "x.json", "--data", "y"], "--data is for training"),
        (["--load", "x.json", "--save", "y"], "--save is for training"),
        (["--batch", "0"], "--batch 0 is not in the range from 1 to 1,000,000"),
        (["--batch", "1000001"], "--batch 1000001 is not in the range from 1 to 1,000,000"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(arguments, message, capsys):
    """In this process, which is quicker and lets an argument hold what a shell can't pass on."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    out, err = capsys.readouterr()
    assert (end.value.code, out) == (2, "")
    assert message in err and err.startswith("error: ") and err.count("\n") == 1


def test_wrong_usage_in_a_process():
    assert fails("--n-head", 3)[0] == 2
    assert fails("--prompt", "É")[1].startswith("--prompt: the character 'É' is not in the alphabet")


@pytest.mark.parametrize(
    "content, message",
    [
        (None, "No such file or directory"),
        (b"", "holds no documents"),
        (b" \n\t\n \r\n", "holds no documents"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not UTF-8 text (byte 0)"),
        (b"anna\n\xff\xfe", "not UTF-8 text (byte 5)"),
        (b"anna\0bob\n", "a binary file"),
    ],
)
def test_bad_data_is_one_line_and_status_1(content, message, tmp_path):
    path = tmp_path / "data.txt"
    if content is not None:
        path.write_bytes(content)
    status, line = fails("--data", path)
    assert status == 1 and str(path) in line and message in line


def test_a_folder_and_an_unreadable_file_as_data(tmp_path):
    assert fails("--data", tmp_path) == (1, f"{tmp_path}: Is a directory; give a text file with one document a line")
    assert fails("--data", "")[0] == 1
    if os.getuid():
        path = tmp_path / "secret.txt"
        path.write_text("anna")
        path.chmod(0)
        assert "Permission denied" in fails("--data", path)[1]


def test_odd_but_good_data(tmp_path):
    path = tmp_path / "odd.txt"
    path.write_bytes("\ufeff  zoë \r\n\r\nÅsa\rмарія\n李 娜".encode())
    status, out, _ = microgpt("--data", path, *SMALL, PYTHONIOENCODING="ascii")
    assert status == 0 and "num docs: 4\nvocab size: 15\n" in out


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda text: text[: len(text) // 2], "no JSON at character"),
        (lambda text: "", "no JSON"),
        (lambda text: "[" * 100_000, "not a saved model"),
        (lambda text: "3", "its format is microgpt-1"),
        (lambda text: '{"format": "other"}', "its format is microgpt-1"),
        (lambda text: text.replace("microgpt-1", "microgpt-2"), "its format is microgpt-2, of a newer microgpt; this one reads microgpt-1"),
        (lambda text: "\x80\x04K\x01.", "not a saved model"),
        (lambda text: edit(text, lambda c: c.pop("losses")), "losses is missing or no list"),
        (lambda text: edit(text, lambda c: c.update(weights=[])), "weights is missing or no dict"),
        (lambda text: edit(text, lambda c: c["config"].update(colour=1)), "config has settings that this program doesn't know: colour"),
        (lambda text: edit(text, lambda c: c["config"].update(n_head=3)), "n_embd 4 is not divisible by n_head 3"),
        (lambda text: edit(text, lambda c: c["config"].update(n_embd="4")), "n_embd '4' is not of type int"),
        (lambda text: edit(text, lambda c: c["config"].update(n_embd=10**9)), "wte"),
        (lambda text: edit(text, lambda c: c["config"].update(n_layer=10**9)), "do not make a model of 1000000000 layers"),
        (lambda text: edit(text, lambda c: c.update(alphabet="aabn")), "not sorted or has a character twice"),
        (lambda text: edit(text, lambda c: c.update(alphabet="abn")), "wte is missing or has not 4 rows"),
        (lambda text: edit(text, lambda c: c["weights"].pop("wte")), "8 matrices do not make a model of 1 layers"),
        (lambda text: edit(text, lambda c: c["weights"].update(wte=5)), "wte is missing or has not 5 rows"),
        (lambda text: edit(text, lambda c: c["weights"]["wte"][0].pop()), "wte has a row that is not 4 numbers"),
        (lambda text: edit(text, lambda c: c["weights"]["wte"][0].__setitem__(0, "x")), "wte has something in it that is not"),
        (lambda text: edit(text, lambda c: c["weights"]["wte"][0].__setitem__(0, True)), "wte has something in it that is not"),
        (lambda text: edit(text, lambda c: c["weights"]["wte"][0].__setitem__(0, float("nan"))), "not a finite number"),
        (lambda text: edit(text, lambda c: c["weights"]["wte"][0].__setitem__(0, 10**400)), "not a saved model"),
        (lambda text: edit(text, lambda c: c["losses"].append(None)), "losses has something in it"),
        (lambda text: edit(text, lambda c: c["losses"].append(10**400)), "not a saved model"),
        (lambda text: edit(text, lambda c: c["config"].update(learning_rate=10**400)), "not a saved model"),
    ],
)
def test_a_damaged_model_is_one_line_and_status_1(change, message, words, tmp_path, capsys):
    saved = tmp_path / "model.json"
    assert main(["--data", str(words), "--save", str(saved), *SMALL]) == 0
    saved.write_bytes(change(saved.read_text()).encode("latin-1"))
    capsys.readouterr()
    assert main(["--load", str(saved)]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"error: {saved}: ") and message in err and err.count("\n") == 1


def edit(text, change):
    content = json.loads(text)
    change(content)
    return json.dumps(content)


def test_load_of_what_is_no_file(tmp_path):
    assert fails("--load", tmp_path / "none.json") == (1, f"{tmp_path / 'none.json'}: No such file or directory")
    assert "that is not a file" in fails("--load", tmp_path)[1]
    binary = tmp_path / "binary"
    binary.write_bytes(bytes(range(256)))
    assert fails("--load", binary)[0] == 1


def test_a_prompt_is_checked_against_the_loaded_model(words, tmp_path):
    saved = tmp_path / "model.json"
    microgpt("--data", words, "--save", saved, *SMALL)
    assert fails("--load", saved, "--prompt", "z")[0] == 2
    assert fails("--load", saved, "--temperature", -1)[0] == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_is_one_line():
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "microgpt", "--steps", "1", "--samples", "1"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert result.returncode == 1
    assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1


@pytest.mark.parametrize("batch", ["1", "1000000"])
def test_a_batch_may_be_as_small_and_as_large_as_is_said(batch, words):
    assert main(["--data", str(words), "--quiet", *SMALL, "--steps=0", "--samples=0", f"--batch={batch}"]) == 0


def test_the_command_line_trains_and_writes_as_the_package_does(words, capsys):
    losses, samples, _ = run(words.read_text().split(), Config(n_embd=4, n_head=2, block_size=6, steps=9, samples=4))
    assert main(["--data", str(words), *SMALL, "--steps", "9", "--samples", "4"]) == 0
    out = capsys.readouterr().out
    assert re.findall(r"\| loss (.*)", out) == [f"{loss:.4f}" for loss in losses]
    assert re.findall(r"^sample +\d: (.*)$", out, re.M) == samples


def test_as_many_parameters_as_the_limit_says(words, capsys, monkeypatch):
    monkeypatch.setattr("microgpt.__main__.MAX_PARAMS", 256)
    assert main(["--data", str(words), *SMALL, "--steps=0"]) == 0
    monkeypatch.setattr("microgpt.__main__.MAX_PARAMS", 255)
    with pytest.raises(SystemExit):
        main(["--data", str(words), *SMALL, "--steps=0"])
    assert "error: 256 parameters are more than plain Python can hold; the limit is 255 " in capsys.readouterr().err


def test_an_engine_that_cannot_do_it_is_one_line_and_status_2(words, capsys, monkeypatch):
    def refuse(*_):
        raise ValueError("it is too small")

    monkeypatch.setattr("microgpt.__main__.make_engine", refuse)
    with pytest.raises(SystemExit) as end:
        main(["--data", str(words), *SMALL])
    assert end.value.code == 2 and capsys.readouterr().err.startswith("error: --engine plain: it is too small ")


def test_what_is_read_is_said_before_the_training(words, monkeypatch):
    seen = []
    monkeypatch.setattr("microgpt.__main__.init_params", lambda *of: seen.append(sys.stdout.flushed) or init_params(*of))
    monkeypatch.setattr("sys.stdout", Pipe())
    assert main(["--data", str(words), *SMALL, "--steps=0"]) == 0
    assert seen == ["num docs: 4\nvocab size: 5\nnum params: 256\n"]


def test_what_is_seen_of_the_steps_and_of_their_end(monkeypatch, capsys):
    """Also when Ctrl-C comes: in the middle of the second step, which is finished."""
    seen = []

    class Progress:
        def __init__(self, *of):
            seen.append(of)

        def show(self, step, losses):
            seen.append((step, *losses))

        def close(self):
            seen.append("closed")

    def training():
        yield 4, 2.5
        signal.raise_signal(signal.SIGINT)
        yield 5, 2.0
        pytest.fail("it went on")

    def keep(losses, last):
        kept.append((len(losses), last))

    monkeypatch.setattr("microgpt.__main__.Progress", Progress)
    for quiet, expected in ((False, [(9, 1), (4, 3.0, 2.5), (5, 3.0, 2.5, 2.0), "closed"]), (True, [(9, 1)])):
        seen.clear()
        kept = []
        assert run_training(training(), [3.0], 9, quiet, keep) == ([3.0, 2.5, 2.0], True)
        assert seen == expected and kept == [(2, False), (3, True)]
        assert capsys.readouterr() == ("", "stopped at step 3 of 9\n")


def test_a_sample_is_seen_before_the_next_is_written(monkeypatch):
    seen = []
    monkeypatch.setattr("microgpt.__main__.sample", lambda *of: seen.append(sys.stdout.flushed) or f"text {len(seen)}")
    monkeypatch.setattr("sys.stdout", Pipe())
    run_sampling({}, Config(samples=2), None, None, "", None)
    assert seen == ["", "sample  1: text 1\n"]


def test_main_in_process_reports_divergence(words, capsys):
    assert main(["--data", str(words), "--learning-rate", "1e200", "--steps", "50"]) == 1
    out, err = capsys.readouterr()
    assert err.startswith("error: step ") and "smaller learning rate" in err and err.count("\n") == 1


def test_a_model_of_enormous_numbers_is_one_line(words, tmp_path, capsys):
    saved = tmp_path / "model.json"
    assert main(["--data", str(words), "--save", str(saved), *SMALL]) == 0
    saved.write_text(edit(saved.read_text(), lambda c: c["weights"].update(lm_head=[[1e308] * 4] * 5)))
    capsys.readouterr()
    assert main(["--load", str(saved)]) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: sample 1: the model's numbers left their range") and err.count("\n") == 1
