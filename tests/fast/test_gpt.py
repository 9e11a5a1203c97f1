"""The model: what it may look at, and what its parts promise."""

import random
import sys

import pytest

from microgpt import (
    PRESETS,
    Config,
    Value,
    add,
    attention_head,
    count_params,
    empty_cache,
    flatten,
    gpt,
    init_params,
    linear,
    mlp,
    multi_head_attention,
    rmsnorm,
    shapes,
    softmax,
)

CONFIG = Config(n_embd=8, n_head=2, n_layer=2, block_size=6)
VOCAB = 5


def model(config=CONFIG, seed=1):
    return init_params(config, VOCAB, random.Random(seed))


def read(tokens, params, config=CONFIG):
    keys, values = empty_cache(config)
    return [[x.data for x in gpt(t, i, keys, values, params, config)] for i, t in enumerate(tokens)]


def numbers(vector):
    return [x.data for x in vector]


def test_a_later_token_never_changes_an_earlier_logit():
    params = model()
    tokens = [4, 0, 1, 2, 3]
    before = read(tokens, params)
    for i in range(len(tokens)):
        changed = tokens.copy()
        changed[i] = (changed[i] + 1) % VOCAB
        after = read(changed, params)
        assert after[:i] == before[:i]
        assert all(a != b for a, b in zip(after[i:], before[i:])), "and it does change its own and the later ones"


def test_the_cache_holds_what_a_new_reading_would_compute():
    params = model()
    tokens = [4, 0, 1, 2, 3]
    whole = read(tokens, params)
    for n in range(1, len(tokens) + 1):
        assert read(tokens[:n], params)[-1] == whole[n - 1]


def test_the_position_counts():
    params = model()
    first, second, *_ = read([1, 1, 1], params)
    assert first != second


def test_gpt_refuses_what_is_outside():
    params = model()
    with pytest.raises(IndexError):
        gpt(VOCAB, 0, *empty_cache(CONFIG), params, CONFIG)
    with pytest.raises(IndexError):
        read([0] * (CONFIG.block_size + 1), params)


def test_a_model_without_layers_sees_one_token():
    config = Config(n_embd=8, n_head=2, n_layer=0, block_size=4)
    params = model(config)
    assert set(params) == {"wte", "wpe", "lm_head"}
    assert read([0, 1], params, config)[1] == read([2, 1], params, config)[1]


@pytest.mark.parametrize("config", [CONFIG, *PRESETS.values(), Config(n_layer=0), Config(n_layer=3, n_embd=12, n_head=3)])
def test_count_params_is_the_number_of_parameters(config):
    params = init_params(config, 27, random.Random(0))
    assert len(flatten(params)) == count_params(config, 27)
    assert {n: (len(m), len(m[0])) for n, m in params.items()} == shapes(config, 27)


def test_presets_are_named_by_their_parameters():
    assert {name: count_params(config, 27) for name, config in PRESETS.items()} == {"4192": 4192, "4064": 4064}


def test_zero_init_draws_but_does_not_use():
    plain, zero = (init_params(Config(zero_init=z), 27, random.Random(3)) for z in (False, True))
    assert all(p.data == 0 for name in ("layer0.attn_wo", "layer0.mlp_fc2") for row in zero[name] for p in row)
    assert numbers(zero["layer0.mlp_fc1"][0]) == numbers(plain["layer0.mlp_fc1"][0])


def test_softmax():
    shares = numbers(softmax([Value(2.1), Value(0.3), Value(-0.5)]))
    assert shares == pytest.approx([0.807, 0.133, 0.060], abs=5e-4)
    assert numbers(softmax([Value(1e6), Value(1e6 - 1), Value(-1e6)])) == pytest.approx([0.731, 0.269, 0], abs=5e-4)
    with pytest.raises(ValueError):
        softmax([])


def test_rmsnorm_makes_the_mean_square_1_and_survives_zero():
    x = numbers(rmsnorm([Value(3.0), Value(4.0)]))
    assert sum(v * v for v in x) / 2 == pytest.approx(1, abs=1e-5)
    assert numbers(rmsnorm([Value(0.0), Value(0.0)])) == [0, 0]


def test_linear_and_add_refuse_other_lengths():
    x, w = [Value(1.0), Value(2.0)], [[Value(3.0), Value(4.0)], [Value(5.0), Value(6.0)]]
    assert numbers(linear(x, w)) == [11, 17]
    with pytest.raises(ValueError):
        linear(x[:1], w)
    with pytest.raises(ValueError):
        add(x, x[:1])


def test_attention_takes_the_mean_of_equal_keys_and_picks_a_matching_one():
    values = [[Value(1.0), Value(0.0)], [Value(0.0), Value(1.0)]]
    same = [[Value(1.0), Value(0.0)]] * 2
    assert numbers(attention_head([Value(5.0), Value(0.0)], same, values)) == [0.5, 0.5]
    keys = [[Value(100.0), Value(0.0)], [Value(0.0), Value(100.0)]]
    assert numbers(attention_head([Value(5.0), Value(0.0)], keys, values)) == pytest.approx([1, 0])


def test_heads_look_at_their_own_part():
    rng = random.Random(0)

    def vector():
        return [Value(rng.gauss(0, 1)) for _ in range(4)]

    q, keys, values = vector(), [vector(), vector()], [vector(), vector()]
    joined = multi_head_attention(q, keys, values, 2)
    left = attention_head(q[:2], [k[:2] for k in keys], [v[:2] for v in values])
    right = attention_head(q[2:], [k[2:] for k in keys], [v[2:] for v in values])
    assert numbers(joined) == numbers(left + right)


def test_mlp_with_both_activations():
    x = [Value(2.0)]
    fc1, fc2 = [[Value(1.5)], [Value(-1.0)]], [[Value(1.0), Value(10.0)]]
    assert numbers(mlp(x, fc1, fc2)) == [3.0]
    assert numbers(mlp(x, fc1, fc2, "relu2")) == [9.0]


@pytest.mark.parametrize(
    "settings, message",
    [
        (dict(n_head=3), "n_embd 16 is not divisible by n_head 3"),
        (dict(n_embd=0), "n_embd is not in the range from 1 to 1,000,000,000"),
        (dict(n_embd=-16), "n_embd is not in the range from 1 to 1,000,000,000"),
        (dict(n_head=0), "n_head is not in the range from 1 to 1,000,000,000"),
        (dict(n_layer=-1), "n_layer is not in the range from 0 to 1,000,000,000"),
        (dict(block_size=0), "block_size is not in the range from 1 to 1,000,000,000"),
        (dict(steps=-1), "steps is not in the range from 0 to 1,000,000,000"),
        (dict(steps=10**9 + 1), "steps is not in the range from 0 to 1,000,000,000"),
        (dict(samples=-1), "samples is not in the range from 0 to 1,000,000,000"),
        (dict(n_embd=16.0), "n_embd 16.0 is not of type int"),
        (dict(n_embd=True), "n_embd True is not of type int"),
        (dict(seed="42"), "seed '42' is not of type int"),
        (dict(zero_init=1), "zero_init 1 is not of type bool"),
        (dict(learning_rate=0.0), "learning_rate 0.0 is not greater than 0"),
        (dict(learning_rate=float("nan")), "learning_rate nan is not a finite number"),
        (dict(learning_rate=float("inf")), "learning_rate inf is not a finite number"),
        (dict(learning_rate=10**400), f"learning_rate {10**400} is not a finite number"),
        (dict(eps=0.0), "eps 0.0 is not greater than 0"),
        (dict(beta1=1.0), "beta1 1.0 is not in the range from 0 to below 1"),
        (dict(beta2=-0.1), "beta2 -0.1 is not in the range from 0 to below 1"),
        (dict(init_std=-1.0), "init_std -1.0 is less than 0"),
        (dict(activation="tanh"), "activation 'tanh' is not one of relu, relu2"),
        (dict(decay="none"), "decay 'none' is not one of linear, cosine"),
        (dict(temperature=-0.5), "temperature -0.5 is neither 0 (greedy) nor at least 1e-6"),
        (dict(temperature=1e-320), "temperature 1e-320 is neither 0 (greedy) nor at least 1e-6"),
    ],
)
def test_config_refuses(settings, message):
    with pytest.raises(ValueError) as error:
        Config(**settings)
    assert str(error.value) == message


@pytest.mark.parametrize("settings", [
    {"beta1": 0.0}, {"beta2": 0.0}, {"init_std": 0.0}, {"temperature": 0.0}, {"temperature": 1e-6}, {"steps": 0, "samples": 0, "n_layer": 0},
    {"n_embd": 1, "n_head": 1, "block_size": 1}, {"steps": 10**9}, {"learning_rate": sys.float_info.max, "eps": 5e-324},
])
def test_config_takes_what_is_just_within_its_limits(settings):
    assert {name: getattr(Config(**settings), name) for name in settings} == settings


def test_the_settings_of_the_published_editions():
    common = dict(n_embd=16, n_head=4, n_layer=1, learning_rate=0.01, eps=1e-8, temperature=0.5, samples=20, seed=42)
    assert vars(PRESETS["4192"]) == common | dict(
        block_size=16, activation="relu", init_std=0.08, zero_init=False, steps=1000, decay="linear", beta1=0.85, beta2=0.99
    )
    assert vars(PRESETS["4064"]) == common | dict(
        block_size=8, activation="relu2", init_std=0.02, zero_init=True, steps=500, decay="cosine", beta1=0.9, beta2=0.95
    )


def test_config_is_frozen_and_takes_whole_numbers_for_floats():
    config = Config(temperature=1)
    assert config.temperature == 1
    with pytest.raises(AttributeError):
        config.n_embd = 32
