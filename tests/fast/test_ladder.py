"""The rungs of the ladder: other seeds against their plainest form, every gradient of rung 1, and their command lines."""

import ast
import math
import random
import re
import subprocess
import sys
from importlib import import_module

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from microgpt import Tokenizer, load_docs
from microgpt.ladder import __main__ as command_line
from microgpt.ladder import train0, train1, train2
from scripts.text.code import code_lines
from tests import ROOT
from tests.plain_ladder import PLAIN

RUNGS = [import_module(f"microgpt.ladder.train{i}") for i in range(5)]
DOWNLOADS = [ROOT / f"docs/assets/downloads/ladder/train{i}.py" for i in range(5)]
EACH = pytest.mark.parametrize("rung", range(5))
DATA = re.compile(r"^step +(\d+) / +\d+ \| loss (\S+)$|^sample +\d+: (.*)$", re.M)


def printed(rung, docs, steps, seed, exact=None):
    """The losses as printed, and the samples; the losses as computed go into the list `exact`."""
    lines = []
    train = RUNGS[rung].train

    def noted(*of):
        for step, loss in train(*of):
            if exact is not None:
                exact.append(loss)
            yield step, loss

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RUNGS[rung], "train", noted)
        patch.setattr(RUNGS[rung], "print", lines.append, raising=False)
        # Which takes seconds, and has a test of its own.
        patch.setattr(train1, "numeric_gradient", lambda *of: train1.gradient(*of)[1])
        RUNGS[rung].run(list(docs), steps, seed)
    found = DATA.findall("\n".join(lines))
    return [loss for _, loss, _ in found if loss], [text for step, _, text in found if not step]


RUNS = dict(
    seed=st.integers(0, 2**40), steps=st.integers(1, 4), docs=st.lists(st.text("aeinor", min_size=1, max_size=18), min_size=1, max_size=6)
)


@pytest.mark.parametrize("rung", range(3))  # the others in the slow lane
@settings(max_examples=2)
@example(seed=1, steps=3, docs=["aeinoraeinoraeinorae", "no"])  # longer than the block, and more steps than documents
@given(**RUNS)
def test_any_run_is_that_of_the_plainest_form(rung, seed, steps, docs):
    is_the_plainest_form(rung, seed, steps, docs)


def is_the_plainest_form(rung, seed, steps, docs):
    plain, exact = PLAIN[rung](docs, seed, steps), []
    losses, samples = printed(rung, docs, steps, seed, exact)
    expected = [*plain.train()]
    assert losses == [f"{loss:.4f}" for loss in expected]
    assert all(math.isclose(a, b, rel_tol=1e-9) for a, b in zip(exact, expected, strict=True)), "and far behind the digits"
    assert samples == [plain.sample() for _ in range(20)]


PINNED = [  # the losses of steps 1, 4, 7 and 10, and three names
    (["3.2958", "2.8925", "3.4120", "3.1150"], ["wzuqrisukrowvgdc", "ctzudkxzpacnx", "iisvnqfkome"]),
    (["3.2949", "3.2865", "3.2873", "3.2907"], ["jtnrlddhwudeljyv", "fcrbynghhmvspqud", "hgkjhzermlhusdhk"]),
    (["3.2949", "3.2865", "3.2873", "3.2907"], ["jtnrlddhwudeljyv", "fcrbynghhmvspqud", "hgkjhzermlhusdhk"]),
    (["3.4626", "3.2774", "2.9052", "3.1258"], ["amni", "sxrob", "hoxrqsoahfzbwvsn"]),
    (["3.4349", "3.3579", "3.1986", "3.1604"], ["cmph", "ttrma", "knypovnbid"]),
]


@EACH
def test_a_pinned_run_on_the_built_in_names(rung):
    losses, samples = printed(rung, load_docs(), 10, 42)
    assert (losses[::3], samples[:3]) == PINNED[rung]


def one_document(config):
    docs, rng = load_docs(), random.Random(5)
    rng.shuffle(docs)
    tokenizer = Tokenizer(docs)
    params = train1.init_params(config, tokenizer.vocab_size, rng)
    return [tokenizer.bos, *tokenizer.encode("emma"), tokenizer.bos], params


def test_every_gradient_of_rung_1_is_the_measured_one():
    """Of a narrow network, which is quick: of the whole one the program itself says so, with 0.00000000, wherever it runs."""
    config = train1.Config()
    config.n_embd = 4
    tokens, params = one_document(config)
    loss, grads = train1.gradient(tokens, params, config)
    assert math.isclose(loss, train1.document_loss(tokens, params, config), rel_tol=1e-12)
    measured = train1.numeric_gradient(tokens, params, config)
    pairs = [*zip(train1.flatten(grads), train1.flatten(measured), strict=True)]
    assert len(pairs) == 604 and max(abs(a - b) for a, b in pairs) < 1e-8
    assert sum(a != 0 for a, _ in pairs) > 250  # the rows of *e*, *m*, *a* and BOS, and nearly all of what they reach


def test_every_gradient_of_rung_1_is_that_of_autograd():
    config = train1.Config()
    tokens, params = one_document(config)
    _, grads = train1.gradient(tokens, params, config)
    values = {name: [[train2.Value(p) for p in row] for row in matrix] for name, matrix in params.items()}
    train2.document_loss(tokens, values, config).backward()
    assert all(
        math.isclose(a, b.grad, rel_tol=1e-11, abs_tol=1e-15)
        for a, b in zip(train1.flatten(grads), train2.flatten(values), strict=True)
    )


def test_rung_1_says_how_far_its_gradient_is_from_the_measured_one(monkeypatch, capsys):
    docs = ["emma", "ava", "mia"]

    def measured(*of):
        grads = train1.gradient(*of)[1]
        grads["mlp_fc1"][3][2] -= 0.5
        return grads

    monkeypatch.setattr(train1, "numeric_gradient", measured)
    loss = next(PLAIN[1](docs, 7, 1).train())
    train1.run(list(docs), steps=0, seed=7)
    assert f"\ngradient check | loss_n {loss:.6f} | loss_a {loss:.6f} | max diff 0.50000000\n" in capsys.readouterr().out


def test_rungs_1_and_2_print_the_same():
    assert printed(1, load_docs(), 40, 3) == printed(2, load_docs(), 40, 3)


def test_counting_adds_one_to_every_pair():
    assert train0.probabilities([0, 3, 0]) == [1 / 6, 4 / 6, 1 / 6]


# ---------------------------------------------------------------------------------- the files


@EACH
def test_a_rung_is_one_file_of_at_most_200_lines_of_code_on_the_standard_library(rung):
    text = DOWNLOADS[rung].read_text(encoding="utf-8")
    assert len(code_lines(text)) <= 200
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        for name in ([a.name for a in node.names] if isinstance(node, ast.Import) else [node.module] if isinstance(node, ast.ImportFrom) else [])
    }
    assert imported <= sys.stdlib_module_names
    package = (ROOT / f"microgpt/ladder/train{rung}.py").read_text(encoding="utf-8")
    assert text.partition("\n")[2] == package.partition("\n")[2]


@EACH
def test_a_rung_runs_beside_its_input(rung, tmp_path):
    (tmp_path / "input.txt").write_text("emma\nava\nmia\n", encoding="utf-8")
    result = subprocess.run([sys.executable, str(DOWNLOADS[rung]), "2", "7"], cwd=tmp_path, capture_output=True, text=True)
    assert result.stdout.startswith("num docs: 3\nvocab size: 6\n") and "\nstep    2 /    2 | loss " in result.stdout
    assert (result.returncode, result.stderr, result.stdout.count("\nsample")) == (0, "", 20)


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        (None, [], "put a UTF-8 text file of the name input.txt, one document a line, in this folder"),
        (b"\n \r\n", [], "put a UTF-8 text file of the name input.txt, one document a line, in this folder"),
        (b"\xff\xfee\0", [], "put a UTF-8 text file of the name input.txt, one document a line, in this folder"),
        (b"emma\n", ["many"], "give whole numbers: python3 train2.py [STEPS [SEED]]"),
        (b"emma\n", ["-1"], "give whole numbers: python3 train2.py [STEPS [SEED]]"),
        (b"emma\n", ["1", "2", "3"], "give whole numbers: python3 train2.py [STEPS [SEED]]"),
    ],
)
def test_a_mistake_is_told_in_a_line(content, arguments, said, tmp_path):
    if content is not None:
        (tmp_path / "input.txt").write_bytes(content)
    result = subprocess.run([sys.executable, str(DOWNLOADS[2]), *arguments], cwd=tmp_path, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", f"{said}\n")


# ---------------------------------------------------------------------------- the command line


@pytest.mark.parametrize("rung", range(6))
def test_the_command_runs_each_rung(rung, tmp_path, capsys):
    data = tmp_path / "three.txt"
    data.write_text("emma\nava\nmia\n", encoding="utf-8")
    assert command_line.main([str(rung), f"--data={data}", "--steps=2", "--seed=7"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("num docs: 3\nvocab size: 6\n") and "step    2 /    2 | loss " in out and "sample 20:" in out
    assert command_line.main([str(rung), f"--data={data}", "--steps=2", "--seed=7", "--quiet"]) == 0
    quiet = capsys.readouterr().out
    assert quiet.splitlines() == [line for line in out.splitlines() if line.startswith("sample ") and ": " in line]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["6"], 2, "error: argument rung: invalid choice: 6"),
        (["two"], 2, "error: argument rung: invalid int value: 'two'"),
        ([], 2, "error: the following arguments are required: rung"),
        (["1", "--steps=-1"], 2, "error: steps is not in the range from 0 to 1,000,000,000"),
        (["1", "--data=nowhere.txt"], 1, "error: nowhere.txt: No such file or directory"),
    ],
)
def test_a_mistake_on_the_command_line_is_told_in_a_line(arguments, status, said, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    try:
        found = command_line.main(arguments)
    except SystemExit as end:
        found = end.code
    captured = capsys.readouterr()
    assert (found, captured.out) == (status, "")
    assert captured.err.startswith(said) and captured.err.count("\n") == 1
