"""A thousand damaged models: each is refused in one line, or is a model after all."""

from __future__ import annotations

import json
import random

import pytest

from microgpt import Adam, CheckpointError, Config, Tokenizer, flatten, init_params, load, sample, save, train
from microgpt.checkpoint import hash_of, training_state

pytestmark = pytest.mark.no_cover
MODELS = 1000
ODD = [None, True, False, 0, -1, 1, 2**70, -0.5, 1e308, 1e-320, "", "a", "\u2028", [], {}, [[]], [None], {"a": 1}, "NaN", 10**400]


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The text of a small checkpoint, and a folder."""
    docs, config, rng = ["anna", "bob", "nan"], Config(n_embd=2, n_head=1, block_size=4, steps=5, samples=1), random.Random(1)
    tokenizer = Tokenizer(docs)
    params = init_params(config, tokenizer.vocab_size, rng)
    adam = Adam(flatten(params))
    losses = [loss for _, loss in train(docs, tokenizer, params, config, adam)]
    folder = tmp_path_factory.mktemp("models")
    save(folder / "good.json", config, tokenizer, params, losses, training_state(adam, rng, hash_of(docs), "4192"))
    return (folder / "good.json").read_text(), folder


def places(value, path=()):
    """Every place in parsed JSON, as the keys on the way to it."""
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(min(len(value), 40)):
            yield from places(value[key], (*path, key))


def damaged(text: str, rng: random.Random) -> str:
    """The text with one to three things changed: in its characters, or in what they mean."""
    for _ in range(rng.randint(1, 3)):
        if rng.random() < 0.4:
            at = rng.randrange(len(text) + 1)
            length = rng.choice([0, 1, 1, 10, 1000])
            text = text[:at] + rng.choice(["", "{", "]", ",", "9" * 5, "NaN", "\0", "é", "1e999", '"']) + text[at + length :]
            continue
        try:
            content = json.loads(text)
        except ValueError:
            continue
        *way, last = rng.choice([path for path in places(content) if path] or [("format",)])
        parent = content
        for key in way:
            parent = parent[key]
        match rng.randrange(4):
            case 0:
                parent[last] = rng.choice(ODD)
            case 1:
                del parent[last]
            case 2 if isinstance(parent, dict):
                parent[f"{last}x"] = parent.pop(last)
            case 2:
                parent.insert(last, parent[last])
            case 3:
                parent[last] = parent[rng.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))]
        text = json.dumps(content)
    return text


def test_a_damaged_model_is_refused_in_one_line_or_is_one(good):
    text, folder = good
    path = folder / "damaged.json"
    refused = 0
    for number in range(MODELS):
        path.write_text(damaged(text, random.Random(number)), encoding="utf-8")
        try:
            found = load(path)
        except CheckpointError as error:
            refused += 1
            assert str(error).startswith(f"{path}: not a saved model: ") and len(str(error)) < 1000, number
        else:
            config, tokenizer, params, losses, training = found
            save(path, config, tokenizer, params, losses, training)
            assert load(path).config == config, number
            try:
                sample(params, config, tokenizer, random.Random(1))
            except (ArithmeticError, ValueError):
                pass  # numbers that are finite, and out of all reason
    assert MODELS * 0.5 < refused < MODELS, "some damage can't be seen, and most can"
