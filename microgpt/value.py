# Tangled from docs/2-autograd/05-the-value-class.md by scripts/tangle.py: edit the chapters, not this file. [sha256:f1181c10c371f9d2]
"""Automatic differentiation: numbers that remember how they were computed."""

from __future__ import annotations

import math
from collections.abc import Sequence


class Value:
    """A number, the values it was computed from, and, after `backward()`, its gradient.

    `data` is the number; `grad` is the derivative by it of the root on which `backward()` was called.
    """

    __slots__ = ("data", "grad", "_children", "_local_grads")

    def __init__(self, data: float, children: tuple = (), local_grads: tuple[float, ...] | None = ()):
        self.data, self.grad = data, 0.0
        self._children, self._local_grads = children, local_grads

    def __add__(self, other: Value | float) -> Value:
        if not isinstance(other, Value):
            return Value(self.data + other, (self,), (1.0,))
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Value | float) -> Value:
        if not isinstance(other, Value):
            return Value(self.data * other, (self,), (other,))
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, exponent: float) -> Value:
        """Power. A fractional exponent needs a base that isn't negative, an exponent below 1 a base that isn't 0."""
        return Value(self.data**exponent, (self,), (exponent * self.data ** (exponent - 1),))

    def log(self) -> Value:
        """Natural logarithm. Raises ValueError unless the number is positive."""
        return Value(math.log(self.data), (self,), (1 / self.data,))

    def exp(self) -> Value:
        """e to the power of the number. Raises OverflowError above about 709."""
        return Value(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self) -> Value:
        """The number if it is positive, otherwise 0."""
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),))

    __radd__, __rmul__ = __add__, __mul__
    def __neg__(self) -> Value: return self * -1
    def __sub__(self, other: Value | float) -> Value: return self + (-other)
    def __truediv__(self, other: Value | float) -> Value: return self * other**-1

    def _inputs(self) -> Vector:
        if self._local_grads is None:
            a, b = self._children
            return [value for pair in zip(a, b) for value in pair] if any([x._children for x in a]) else b
        return self._children

    def backward(self) -> None:
        """Set `grad` of every value behind this one to the derivative of this one by it.

        A value that was computed starts from 0 at each call; a leaf, which was not, adds to the `grad` it has.
        """
        order, seen, path = [], {self}, [(self, iter(self._inputs()))]
        while path:
            node, inputs = path[-1]
            for child in inputs:
                if child._children and child not in seen:
                    seen.add(child)
                    path.append((child, iter(child._inputs())))
                    break
            else:
                node.grad = 0.0
                order.append(node)
                path.pop()

        self.grad = 1.0
        for node in reversed(order):
            grad = node.grad
            if node._local_grads is None:
                for x, y in zip(*node._children):
                    x.grad += y.data * grad
                    y.grad += x.data * grad
                continue
            for child, local_grad in zip(node._children, node._local_grads):
                child.grad += local_grad * grad

    def __rsub__(self, other: float) -> Value:
        return -self + other

    def __rtruediv__(self, other: float) -> Value:
        return self**-1 * other

    def __repr__(self) -> str:
        return f"Value(data={self.data}, grad={self.grad})"


Vector = Sequence[Value]
Matrix = Sequence[Vector]  # a list of rows


def dot(a: Vector, b: Vector) -> Value:
    """Return a[0]·b[0] + a[1]·b[1] + ... as one node, of two lists or tuples. ValueError if the lengths differ."""
    total = 0.0
    for x, y in zip(a, b, strict=True):
        total += x.data * y.data
    return Value(total, (a, b), None)
