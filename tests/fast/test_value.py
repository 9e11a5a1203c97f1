"""The engine: every operation against numbers, and what a long or a shared graph does to it."""

import gc
import math
import random
import sys

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from microgpt import Value, dot


class Plain:
    """The operations of Value on floats, as a second opinion about what an expression is worth."""

    def log(x):
        return math.log(x)

    def exp(x):
        return math.exp(x)

    def relu(x):
        return max(x, 0.0)

    def dot(a, b):
        return math.fsum(x * y for x, y in zip(a, b))


class OfValue:
    log, exp, relu, dot = Value.log, Value.exp, Value.relu, staticmethod(dot)


def safe(x, low=0.05, high=50.0):
    """Give up on an example whose intermediate result is where a difference quotient is unreliable."""
    number = x.data if isinstance(x, Value) else x
    assume(low < abs(number) < high)
    return x


def positive(x):
    assume((x.data if isinstance(x, Value) else x) > 0)
    return x


VARIABLE = st.integers(0, 2).map(lambda i: lambda ops, v: v[i])
CONSTANT = st.floats(0.5, 2.0).map(lambda c: lambda ops, v: c)


def extend(children):
    def binary(combine):
        return st.tuples(children, children).map(lambda pair: lambda ops, v: safe(combine(pair[0](ops, v), pair[1](ops, v))))

    def unary(apply):
        return children.map(lambda child: lambda ops, v: safe(apply(ops, lift(ops, child(ops, v)))))

    return st.one_of(
        binary(lambda a, b: a + b),
        binary(lambda a, b: a - b),
        binary(lambda a, b: a * b),
        binary(lambda a, b: a / b),
        unary(lambda ops, a: -a),
        unary(lambda ops, a: a**2),
        unary(lambda ops, a: a**3),
        unary(lambda ops, a: a**-1),
        unary(lambda ops, a: positive(a) ** 0.5),
        unary(lambda ops, a: ops.log(positive(a))),
        unary(lambda ops, a: ops.exp(a)),
        unary(lambda ops, a: ops.relu(a)),
        st.lists(st.tuples(children, children), min_size=1, max_size=4).map(
            lambda pairs: lambda ops, v: safe(
                ops.dot([lift(ops, a(ops, v)) for a, _ in pairs], [lift(ops, b(ops, v)) for _, b in pairs])
            )
        ),
    )


def lift(ops, x):
    return Value(x) if ops is OfValue and not isinstance(x, Value) else x


EXPRESSION = st.recursive(VARIABLE | CONSTANT, extend, max_leaves=8)
POINT = st.lists(st.floats(0.5, 2.0), min_size=3, max_size=3)


def gradients_agree_with_central_differences(expression, point):
    variables = [Value(x) for x in point]
    root = lift(OfValue, expression(OfValue, variables))
    result = expression(Plain, point)
    assert math.isclose(root.data, result, rel_tol=1e-9)
    root.backward()
    h = 1e-5
    for i, variable in enumerate(variables):
        up, down = point.copy(), point.copy()
        up[i] += h
        down[i] -= h
        slope = (expression(Plain, up) - expression(Plain, down)) / (2 * h)
        assume(abs(slope) < 1e4)
        assert math.isclose(variable.grad, slope, rel_tol=2e-3, abs_tol=1e-3)


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(EXPRESSION, POINT)
def test_gradients_agree_with_central_differences(expression, point):
    gradients_agree_with_central_differences(expression, point)  # more in the slow lane


@pytest.mark.parametrize(
    "compute, expected, slope",
    [
        (lambda x: x + 2, 5, 1), (lambda x: 2 + x, 5, 1), (lambda x: x - 2, 1, 1), (lambda x: 2 - x, -1, -1),
        (lambda x: x * 2, 6, 2), (lambda x: 2 * x, 6, 2), (lambda x: x / 2, 1.5, 0.5), (lambda x: 6 / x, 2, -6 / 9),
        (lambda x: -x, -3, -1), (lambda x: x**2, 9, 6), (lambda x: x.relu(), 3, 1), (lambda x: (-x).relu(), 0, 0),
        (lambda x: x.log(), math.log(3), 1 / 3), (lambda x: x.exp(), math.exp(3), math.exp(3)),
        (lambda x: x * x, 9, 6), (lambda x: x - x, 0, 0), (lambda x: x / x, 1, 0), (lambda x: sum([x, x]), 6, 2),
    ],
)
def test_each_operation_at_three(compute, expected, slope):
    x = Value(3.0)
    y = compute(x)
    y.backward()
    assert y.data == pytest.approx(expected)
    assert x.grad == pytest.approx(slope)


def test_relu_has_slope_0_at_0():
    x = Value(0.0)
    x.relu().backward()
    assert x.grad == 0.0


def test_relu_does_not_hide_a_number_that_is_none():
    assert math.isnan(Value(math.nan).relu().data)
    assert math.isnan((Value(math.inf) - math.inf).relu().data)


def test_two_paths_add_up():
    a, b = Value(2.0), Value(3.0)
    (a * b + a).backward()
    assert (a.grad, b.grad) == (4.0, 2.0)


def test_a_second_backward_adds_to_leaves_and_starts_computed_values_anew():
    x = Value(3.0)
    y = x * 2
    (y + 1).backward()
    (y * 3).backward()
    assert y.grad == 3.0
    assert x.grad == 2.0 + 6.0


def test_backward_from_a_leaf():
    x = Value(3.0)
    x.backward()
    assert x.grad == 1.0


def test_errors_of_operations():
    for x in (0.0, -1.0):
        with pytest.raises(ValueError):
            Value(x).log()
    with pytest.raises(OverflowError):
        Value(710.0).exp()
    with pytest.raises(ZeroDivisionError):
        Value(1.0) / Value(0.0)
    with pytest.raises(TypeError):
        Value(2.0) ** Value(2.0)
    with pytest.raises(ValueError):
        dot([Value(1.0)], [Value(1.0), Value(2.0)])


def test_repr_shows_data_and_grad():
    assert repr(Value(2.0)) == "Value(data=2.0, grad=0.0)"


@settings(max_examples=200)
@given(st.integers(0, 2**32), st.integers(1, 20), st.booleans(), st.booleans())
def test_dot_has_every_bit_of_the_sum_of_products(seed, n, leaves, shared):
    """Forward and backward, for leaves and computed vectors, also when both sides come from the same values."""

    def run(multiply_and_add):
        rng = random.Random(seed)
        source = [Value(rng.gauss(0, 1)) for _ in range(n)]
        a = [Value(rng.gauss(0, 1)) for _ in range(n)] if leaves else [x * rng.random() + x for x in source]
        b = a if shared else [x * x * rng.random() for x in source]
        y = multiply_and_add(a, b)
        (y * y + y).backward()
        return y.data, [x.grad for x in source + a]

    assert run(dot) == run(lambda a, b: sum(x * y for x, y in zip(a, b)))


def test_a_chain_of_100_000_nodes():
    limit = sys.getrecursionlimit()
    x = Value(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1
    y.backward()
    assert (y.data, x.grad) == (100_001.0, 1.0)
    del y  # freeing a deep graph must not recurse either
    assert sys.getrecursionlimit() == limit


def test_nothing_is_left_to_the_cyclic_collector():
    gc.collect()
    gc.disable()
    try:
        x = [Value(i / 7) for i in range(1, 9)]
        for _ in range(20):
            loss = (dot(x, x) + sum(v.exp().log() * v.relu() for v in x)) ** -0.5
            loss.backward()
        del loss, x
        assert gc.collect() == 0
    finally:
        gc.enable()
