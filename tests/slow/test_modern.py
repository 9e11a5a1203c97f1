"""The modern block: with its switches off it is the book's GPT, and each switch does what the chapter says."""

from __future__ import annotations

import json
import random
from itertools import islice

import pytest

torch = pytest.importorskip("torch")

from microgpt import Config, Tokenizer, count_params, init_params, load_docs  # noqa: E402
from microgpt import train as train_book  # noqa: E402
from microgpt.scale.modern import MLP, Attention, Experts, ModernConfig, start, train, turn  # noqa: E402
from scripts.runs import modern as recorder  # noqa: E402
from tests import ROOT  # noqa: E402

TOKENIZER = Tokenizer(list("abcdefghijklmnopqrstuvwxyz"))
torch.set_num_threads(1)


def tokens_of(text: str) -> list[int]:
    return [TOKENIZER.bos, *TOKENIZER.encode(text), TOKENIZER.bos]


def size(**switches) -> int:
    return sum(p.numel() for p in start(ModernConfig(**switches), 27, random.Random(0)).parameters())


@pytest.mark.parametrize("options", [{}, {"n_layer": 2, "activation": "relu2", "zero_init": True, "decay": "cosine"}])
def test_with_the_switches_off_it_trains_as_the_books_gpt(options):
    docs = load_docs()[:6]
    params, config = init_params(Config(**options, steps=6), 27, random.Random(3)), Config(**options, steps=6)
    book = [loss for _, loss in train_book(docs, TOKENIZER, params, config)]
    modern = ModernConfig(**options, steps=6)
    ours = [loss for _, loss in train([tokens_of(doc) for doc in docs], start(modern, 27, random.Random(3)), modern)]
    assert ours == pytest.approx(book, abs=1e-12, rel=0)
    assert size(**options) == count_params(config, 27)


def test_a_turned_dot_product_depends_on_the_distance_alone():
    torch.manual_seed(0)
    q, k = torch.randn(2, 8, dtype=torch.float64)
    turned_q, turned_k = turn(q.expand(40, 8)), turn(k.expand(40, 8))
    products = turned_q @ turned_k.T
    for distance in range(-20, 21):
        same = products.diagonal(distance)
        assert (same - same[0]).abs().max() < 1e-12
    assert len({round(products[20, i].item(), 6) for i in range(40)}) == 40  # and it does depend on it
    assert turned_q.norm(dim=-1).allclose(q.norm().expand(40))


def test_where_a_text_begins_is_nothing_to_a_model_with_rope(monkeypatch):
    model = start(ModernConfig(rope=True, n_layer=2), 27, random.Random(1))
    tokens = torch.tensor([tokens_of("marilynn")])
    before = model(tokens)

    def turn_later(x):
        return turn(torch.cat([torch.zeros_like(x[..., :1, :]).expand(*x.shape[:-2], 30, -1), x], -2))[..., 30:, :]

    monkeypatch.setattr("microgpt.scale.modern.turn", turn_later)
    assert (model(tokens) - before).abs().max() < 1e-12


def test_rope_reads_beyond_the_block_and_learned_positions_do_not():
    long = torch.zeros(1, 17, dtype=torch.long)
    assert start(ModernConfig(rope=True), 27, random.Random(0))(long).shape == (1, 17, 27)
    with pytest.raises(IndexError):
        start(ModernConfig(), 27, random.Random(0))(long)


@pytest.mark.parametrize("switches", [{}, {"rope": True, "kv_heads": 1, "swiglu": True, "gain": True, "tied": True}])
def test_no_token_sees_a_later_one(switches):
    model = start(ModernConfig(**switches), 27, random.Random(0))
    one, other = torch.tensor([tokens_of("emma")]), torch.tensor([tokens_of("emil")])
    assert torch.equal(model(one)[:, :3], model(other)[:, :3]) and not torch.equal(model(one)[:, 3], model(other)[:, 3])


def test_grouped_attention_is_full_attention_with_copies():
    torch.manual_seed(0)
    grouped, full = Attention(ModernConfig(kv_heads=2)).double(), Attention(ModernConfig()).double()
    with torch.no_grad():
        full.wq.weight.copy_(grouped.wq.weight)
        full.wo.weight.copy_(grouped.wo.weight)
        for ours, theirs in ((full.wk, grouped.wk), (full.wv, grouped.wv)):
            ours.weight.copy_(theirs.weight.unflatten(0, (2, 4)).repeat_interleave(2, 0).flatten(0, 1))
        x = torch.randn(2, 9, 16, dtype=torch.float64)
        assert (full(x) - grouped(x)).abs().max() < 1e-12


def test_a_gate_by_hand():
    mlp = MLP(ModernConfig(n_embd=3, n_head=1, swiglu=True)).double()
    x = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64)
    gate, wide = mlp.gate.weight @ x, mlp.fc1.weight @ x
    assert torch.allclose(mlp(x), mlp.fc2.weight @ (wide * gate / (1 + torch.exp(-gate))))


def test_tied_is_one_matrix():
    config = ModernConfig(tied=True, steps=2)
    model = start(config, 27, random.Random(0))
    list(train([tokens_of("emma")], model, config))
    assert model.lm_head.weight is model.wte.weight


@pytest.mark.parametrize(("switches", "params"), [
    ({"rope": True}, 4192 - 16 * 16), ({"kv_heads": 2}, 4192 - 16 * 16), ({"kv_heads": 1}, 4192 - 2 * 12 * 16),
    ({"swiglu": True}, 4192 - 2 * 64 * 16 + 3 * 42 * 16), ({"tied": True}, 4192 - 27 * 16), ({"gain": True}, 4192 + 3 * 16),
    ({"experts": 4}, 4192 + 3 * 2048 + 4 * 16),
])
def test_how_many_parameters(switches, params):
    assert size(**switches) == params


def test_weight_decay_pulls_by_a_share_of_the_step_and_spares_the_gains():
    changed = {}
    for decay in (0.0, 0.5):
        config = ModernConfig(weight_decay=decay, gain=True, steps=1)
        model = start(config, 27, random.Random(0))
        first = [p.clone() for p in model.parameters()]
        list(train([tokens_of("emma")], model, config))
        changed[decay] = list(model.parameters())
    for before, free, pulled in zip(first, changed[0.0], changed[0.5]):
        pull = 0.01 * 0.5 * before if before.dim() > 1 else torch.zeros_like(before)
        assert (free - pulled - pull).abs().max() < 1e-12


def test_warmup_makes_the_first_step_short_and_clipping_the_gradient():
    def first_step(**switches):
        config = ModernConfig(steps=1, **switches)
        model = start(config, 27, random.Random(0))
        before = [p.clone() for p in model.parameters()]
        list(train([tokens_of("emma")], model, config))
        grads = torch.cat([p.grad.flatten() for p in model.parameters()])
        return torch.cat([(p - b).flatten() for p, b in zip(model.parameters(), before)]).detach(), grads.norm().item()

    plain, length = first_step()
    warm, _ = first_step(warmup=10)
    assert (warm * 10).allclose(plain, atol=1e-9)
    assert length > 0.1 and first_step(clip=0.1)[1] == pytest.approx(0.1, rel=1e-4)
    assert first_step(clip=1e6)[1] == length


def test_dropout_is_for_training_alone():
    model = start(ModernConfig(dropout=0.5), 27, random.Random(0))
    plain = start(ModernConfig(), 27, random.Random(0))
    tokens = torch.tensor([tokens_of("emma")])
    assert not torch.equal(model(tokens), model(tokens))
    assert torch.equal(model.eval()(tokens), plain(tokens))


def test_experts_choose_and_all_of_them_are_the_sum():
    torch.manual_seed(0)
    x = torch.randn(2, 5, 16, dtype=torch.float64)
    for chosen in (1, 2, 4):
        layer = Experts(ModernConfig(experts=4, chosen=chosen)).double()
        shares = layer.router(x).softmax(-1)
        kept = shares * (shares >= shares.topk(chosen).values[..., -1:])
        expected = sum(kept[..., i : i + 1] * expert(x) for i, expert in enumerate(layer.experts))
        assert (layer(x) - expected).abs().max() < 1e-12


@pytest.mark.parametrize(("options", "message"), [
    ({"kv_heads": 3}, "kv_heads 3 don't divide 4 heads evenly"), ({"rope": True, "n_embd": 4}, "a head has 1"),
    ({"dropout": 1.0}, "dropout 1.0"), ({"clip": -1.0}, "not less than 0"), ({"experts": 2, "chosen": 3}, "of 2 experts 3"),
    ({"rope": 1}, "not of type bool"), ({"n_head": 5}, "not divisible"),
])
def test_settings_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        ModernConfig(**options)


def test_seeds_side_by_side_train_as_each_alone(monkeypatch):
    options = recorder.TEAM | {"tied": True, "steps": 4}
    monkeypatch.setitem(recorder.RUNS, "short", recorder.Run("", options))
    together = [recorder.beginning("short", seed) for seed in (1, 2)]
    losses = list(recorder.train_together(together))
    alone = recorder.beginning("short", 2)
    assert [loss for _, loss in train(*alone)] == pytest.approx([each[1] for each in losses], abs=1e-12, rel=0)
    for p, other in zip(together[1][1].parameters(), alone[1].parameters()):
        assert (p - other).abs().max() < 1e-12


def recorded(file: str) -> dict:
    return json.loads((ROOT / "docs/assets/data" / file).read_text(encoding="utf-8"))


BEGUN = ["book", "rerolled", "team", "fast_both", "stream_rope", "stream_64", "decay", "warmup", "towns_decay_10", "experts", "experts_all"]


@pytest.mark.parametrize("name", BEGUN)
def test_the_recorded_trainings_began_like_this(name):
    began = islice(train(*recorder.beginning(name, 42)), recorder.BEGINS)
    assert [loss for _, loss in began] == pytest.approx(recorded("modern.json")[name]["begins"], abs=1e-4)


@pytest.mark.parametrize(("name", "as_told_before"), [("book", "default"), ("towns", "towns-4000"), ("towns_1000", "towns-1000")])
def test_the_book_is_the_same_as_in_its_experiments(name, as_told_before):
    before = recorded("paired.json")[as_told_before]["held_out"]
    assert recorded("modern.json")[name]["all"][: len(before)] == pytest.approx(before, abs=1e-4)


def test_a_loss_by_how_many_tokens_are_seen():
    model = start(ModernConfig(rope=True), 27, random.Random(0))
    stream = [random.Random(1).randrange(27) for _ in range(2 * recorder.LONGEST + 20)]
    with torch.no_grad():
        seen = recorder.by_tokens_seen(model, stream, recorder.LONGEST)
        for count in (1, 16, 64):
            losses = []
            for at in range(recorder.LONGEST, len(stream) - recorder.LONGEST):
                logits = model(torch.tensor([stream[at - count : at]]))[0, -1]
                losses.append(-torch.log_softmax(logits, -1)[stream[at]].item())
            assert seen[count - 1] == pytest.approx(sum(losses) / len(losses), abs=1e-12)


def test_who_is_busy_adds_up():
    for name in ("experts", "experts_all"):
        run = recorded("modern.json")[name]
        assert all(sum(shares) == pytest.approx(1, abs=0.01) and shares == sorted(shares, reverse=True) for shares in run["busy"])
        assert sorted(letter for letters in run["letters"] for letter in letters) == sorted([*"abcdefghijklmnopqrstuvwxyz", "BOS"])
