"""After training: probabilities are the program's, gradients are those of the expected reward, the leash is what the formula says."""

import copy
import itertools
import json
import math
import random

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (python3 scripts/run_tests.py --engines)")

from microgpt import Config, Tokenizer, Value, document_loss, shapes  # noqa: E402
from microgpt.scale import post_training as after  # noqa: E402
from tests import ROOT  # noqa: E402

RECORDED = json.loads((ROOT / "docs/assets/data/post_training.json").read_text(encoding="utf-8"))
NAMES = ["emma", "ava", "isabella", "mia", "a", "olivia"]
TOKENIZER = Tokenizer(NAMES)


@pytest.fixture(scope="module")
def model():
    return after.new_model(Config(n_embd=8, n_head=2), TOKENIZER, 1)


def plain(model, config, tokenizer):
    """The same weights for the plain program."""
    numbers = iter(torch.nn.utils.parameters_to_vector(model.parameters()).tolist())
    return {name: [[Value(next(numbers)) for _ in range(columns)] for _ in range(rows)] for name, (rows, columns) in shapes(config, tokenizer.vocab_size).items()}


def test_probabilities_are_those_of_the_plain_program(model):
    config = Config(n_embd=8, n_head=2)
    params = plain(model, config, TOKENIZER)
    for name, found in zip(NAMES, after.log_probs(model, NAMES, TOKENIZER).tolist()):
        tokens = [TOKENIZER.bos, *TOKENIZER.encode(name), TOKENIZER.bos]
        assert found == pytest.approx(-document_loss(tokens, params, config).data * (len(name) + 1), abs=1e-12)
    assert after.held_out(model, NAMES, TOKENIZER) == pytest.approx(
        sum(document_loss([TOKENIZER.bos, *TOKENIZER.encode(n), TOKENIZER.bos], params, config).data for n in NAMES) / len(NAMES), abs=1e-12
    )


def test_only_what_follows_the_mark_counts():
    tokenizer = Tokenizer(["?!ab"])
    model = after.new_model(Config(), tokenizer, 2)
    for question in ("ab", "bba"):
        whole, begun = after.dialog(question, "ba"), after.dialog(question, "")
        answers = after.log_probs(model, [whole], tokenizer, after.ANSWERS).item()
        # log p(all) − log p(beginning), of which the end that log_probs counts is taken off
        block = [tokenizer.bos, *tokenizer.encode(begun)]
        logits = torch.log_softmax(model(torch.tensor([block]))[0], -1)
        beginning = sum(logits[i, token].item() for i, token in enumerate(block[1:]))
        assert answers == pytest.approx(after.log_probs(model, [whole], tokenizer).item() - beginning, abs=1e-12)


def tiny():
    """A model that can write few texts, all of them, and their tokenizer."""
    tokenizer = Tokenizer(["ab"])
    model = after.new_model(Config(n_embd=4, n_head=1, block_size=3), tokenizer, 3)
    texts = ["".join(chars) for length in range(4) for chars in itertools.product("ab", repeat=length)]
    return model, tokenizer, texts


def all_log_probs(model, texts, tokenizer):
    """log_probs counts an end even where the block is full before it: there it is cut off."""
    return after.log_probs(model, texts, tokenizer)


def test_the_texts_that_can_be_written_are_all_there_is():
    model, tokenizer, texts = tiny()
    assert all_log_probs(model, texts, tokenizer).exp().sum().item() == pytest.approx(1, abs=1e-12)
    generator = torch.Generator().manual_seed(1)
    written = after.write(model, tokenizer, 4000, generator)
    probs = dict(zip(texts, all_log_probs(model, texts, tokenizer).exp().tolist()))
    assert set(written) <= set(texts)
    for text, p in probs.items():
        assert abs(written.count(text) - 4000 * p) < 5 * math.sqrt(4000 * p * (1 - p)) + 1, text


def test_a_weight_for_each_text_is_the_gradient_of_the_expected_reward():
    """By enumeration: with any baseline, the sum of p · (reward − baseline) · ∇ log p is the gradient of the sum of p · reward."""
    model, tokenizer, texts = tiny()
    rewards = torch.tensor([float(text.endswith("a")) for text in texts], dtype=torch.float64)
    parameters = list(model.parameters())
    right = torch.autograd.grad((all_log_probs(model, texts, tokenizer).exp() * rewards).sum(), parameters)
    for baseline in (0.0, 0.5, -3.0):
        logs = all_log_probs(model, texts, tokenizer)
        found = torch.autograd.grad(((rewards - baseline) * logs.detach().exp() * logs).sum(), parameters)
        assert max((a - b).abs().max().item() for a, b in zip(right, found)) < 1e-14
    assert max(gradient.abs().max().item() for gradient in right) > 1e-3


@pytest.mark.parametrize("leash", [0.1, 0.5, 2.0])
def test_the_best_on_a_leash(leash):
    """Of all distributions over four texts, in steps and at random, none earns more, the leash paid, than the formula's."""
    rng = random.Random(4)
    old, rewards = [0.1, 0.16, 0.5, 0.24], [1, 1, 0, 0]
    share = sum(p for p, r in zip(old, rewards) if r)

    def worth(new):
        return sum(p * r for p, r in zip(new, rewards)) - leash * sum(p * math.log(p / q) for p, q in zip(new, old) if p)

    best = after.best_share(share, leash)
    new = [p * (best / share if r else (1 - best) / (1 - share)) for p, r in zip(old, rewards)]
    assert sum(p * math.log(p / q) for p, q in zip(new, old)) == pytest.approx(after.distance_of_share(best, share))
    for _ in range(2000):
        other = [p * rng.uniform(0.5, 1.5) for p in new]
        assert worth([p / sum(other) for p in other]) <= worth(new) + 1e-12


def test_a_reward_is_learned_and_a_leash_holds(model):
    reward = lambda text: float(text.endswith("a"))  # noqa: E731
    far = []
    for leash in (0.0, 1.0):
        pupil, generator = copy.deepcopy(model), torch.Generator().manual_seed(5)
        earned = list(after.reinforce(pupil, model, TOKENIZER, reward, leash, 40, generator, rate=0.02))
        assert sum(earned[-5:]) > sum(earned[:5]) + 0.5
        far.append(after.distance(pupil, model, after.write(pupil, TOKENIZER, 300, generator), TOKENIZER))
    assert far[0] > 2 * far[1] > 0


def test_preferences_begin_at_a_coin_and_are_learned(model):
    pupil, pairs = copy.deepcopy(model), [("ava", "emma"), ("mia", "olivia")]
    losses = list(after.dpo(pupil, model, TOKENIZER, pairs, 0.5, 30, batch=2))
    assert losses[0] == pytest.approx(math.log(2), abs=1e-12) and losses[-1] < 0.4
    better, worse = ([pair[i] for pair in pairs] for i in (0, 1))
    assert after.distance(pupil, model, better, TOKENIZER) > after.distance(pupil, model, worse, TOKENIZER) + 1


def test_an_answer_is_what_comes_after_the_mark():
    tokenizer = Tokenizer(["?!ab"])
    model = after.new_model(Config(), tokenizer, 6)
    docs = [after.dialog(question, question[0]) for question in ("ab", "ba", "aa", "bb")]
    losses = list(after.fine_tune(model, docs, tokenizer, 60, batch=4, after=after.ANSWERS))
    assert losses[-1] < 0.2 < losses[0]
    assert after.answer(model, tokenizer, ["ab", "ba"]) == ["a", "b"]


def test_what_the_chapter_concludes_stands_in_the_recording():
    for leash, best in RECORDED["best_possible"].items():
        for way in (RECORDED["rewards"], RECORDED["preferences"]):
            if leash in way:
                last = [list(run.values())[-1] for run in way[leash]]
                assert abs(sum(seen["reward"] for seen in last) / 4 - best["reward"]) < 0.08
                assert all(seen["different"] > 470 for seen in last)
    assert all(run["200"]["different"] < 330 and run["200"]["nats"] > 6 for run in RECORDED["rewards"]["0.0"])
    assert all(run["200"]["texts"] == ["a" * 16] * 10 for run in RECORDED["counted"])
    for runs in (RECORDED["sure"]["0.1"], RECORDED["preferences"]["0.1"]):
        assert all(run["600"]["worse"] < run["600"]["better"] < 0 for run in runs)
    for run in RECORDED["towns"]:
        assert run["tuned"]["50"]["towns"] < run["new"]["200"]["towns"] and run["tuned"]["200"]["names"] > 2.54 > run["mixed"]["200"]["names"]
