"""What each kind of node comes to, given what its parts come to.

The forward pass of a model and the sides of a formula are both computed by this table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rnn_notes.equations.nature import Array
from rnn_notes.equations.nodes import Node

__all__ = ["CALLS", "ENTRYWISE", "VALUES", "entry", "unvec", "vec"]

_HIGHEST_POWER = 64


def vec(X: Array) -> Array:
    """The columns of X, (..., m, n), stacked: (..., mn, 1)."""
    m, n = X.shape[-2:]
    return X.swapaxes(-1, -2).reshape(*X.shape[:-2], m * n, 1)


def unvec(v: Array, shape: tuple[int, int]) -> Array:
    """The matrices, (..., m, n), whose vec is ``v``, (..., mn)."""
    m, n = shape
    return v.reshape(*v.shape[:-1], n, m).swapaxes(-1, -2)


def _multiplied(A: Array, B: Array, link: str) -> Array:
    """The matrix product, a multiple, or what is read into two columns or rows."""
    (m, n), (p, q) = A.shape[-2:], B.shape[-2:]
    if m == n == 1 or p == q == 1:
        return A * B
    if n == p:
        return A @ B
    product: Array = A * B
    return product if link == "*" else product.sum(axis=(-2, -1), keepdims=True)


def _kron(A: Array, B: Array) -> Array:
    """The Kronecker product of two stacks of matrices."""
    (m, n), (p, q) = A.shape[-2:], B.shape[-2:]
    blocks = A[..., :, None, :, None] * B[..., None, :, None, :]
    return blocks.reshape(*blocks.shape[:-4], m * p, n * q)


def _softmax(y: Array) -> Array:
    """Probabilities for the logits ``y``, (..., n, 1), complex ones too."""
    axis = -2 if y.shape[-1] == 1 else -1
    if np.iscomplexobj(y):  # so that the digits of a small slope survive
        columns = y if axis == -2 else y.swapaxes(-1, -2)
        odds = np.exp(columns.swapaxes(-1, -2) - columns)
        q: Array = 1 / odds.sum(axis=-1, keepdims=True)
        return q if axis == -2 else q.swapaxes(-1, -2)
    e = np.exp(y - y.real.max(axis=axis, keepdims=True))
    p: Array = e / e.sum(axis=axis, keepdims=True)
    return p


def _sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)), complex numbers too."""
    s: Array = 0.5 + 0.5 * np.tanh(0.5 * z)
    return s


def _positive(z: Array) -> Array:
    """1 where z is above 0, 0 elsewhere."""
    return (z.real > 0).astype(float)


def _largest(x: Array) -> Array:
    """The largest entry, (..., 1, 1), by its real part."""
    flat = x.reshape(*x.shape[:-2], -1)
    place = flat.real.argmax(axis=-1)[..., None]
    return np.take_along_axis(flat, place, axis=-1)[..., None]


ENTRYWISE: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "sigmoid": _sigmoid,
    "relu": lambda z: z * _positive(z),
    "abs": lambda z: z * np.sign(z.real),
    "tanh'": lambda z: 1 / np.cosh(z) ** 2,  # 1 - tanh² would lose its digits
    "sigmoid'": lambda z: 0.25 / np.cosh(0.5 * z) ** 2,
    "relu'": _positive,
    "exp'": np.exp,
}
CALLS: dict[str, Callable[[Array], Array]] = {
    **ENTRYWISE,
    "softmax": _softmax,
    "vec": vec,
    "diag": lambda v: v * np.eye(max(v.shape[-2:])),
    "tr": lambda A: np.trace(A, axis1=-2, axis2=-1)[..., None, None],
    "det": lambda A: np.linalg.det(A)[..., None, None],
    "max": _largest,
    "min": lambda x: -_largest(-x),
    "mean": lambda x: x.mean(axis=(-2, -1), keepdims=True),
}

_Size = Callable[[Node], tuple[int, int]]
_Value = Callable[[Node, Sequence[int], Sequence[Array], _Size], Array]


def _add(node: Node, at: Sequence[int], parts: Sequence[Array], size: _Size) -> Array:
    total: Any = 0.0
    for sign, term in zip(node.value, parts, strict=True):
        total = total + sign * term
    return np.asarray(total)


def _mul(node: Node, at: Sequence[int], parts: Sequence[Array], size: _Size) -> Array:
    product, *rest = parts
    for link, factor in zip(node.value, rest, strict=True):
        product = _multiplied(product, factor, link)
    return product


def _hadamard(
    node: Node, at: Sequence[int], parts: Sequence[Array], size: _Size
) -> Array:
    product, *rest = parts
    for factor in rest:
        product = product * factor
    return product


def _kronecker(
    node: Node, at: Sequence[int], parts: Sequence[Array], size: _Size
) -> Array:
    product, *rest = parts
    if size(node)[1] > 1 and all(part.shape[-1] == 1 for part in parts):
        return product @ rest[0].swapaxes(-1, -2)  # read as the outer product
    for factor in rest:
        product = _kron(product, factor)
    return product


def _exponent(node: Node, at: Sequence[int]) -> int:
    if abs(at[0]) > _HIGHEST_POWER:
        raise node.fail(f"the power {at[0]} came, expected at most {_HIGHEST_POWER}")
    return at[0]


def _power(node: Node, at: Sequence[int], parts: Sequence[Array], size: _Size) -> Array:
    rows, columns = parts[0].shape[-2:]
    if rows != columns:
        return _elementpower(node, at, parts, size)
    power: Array = np.linalg.matrix_power(parts[0], _exponent(node, at))
    return power


def _elementpower(
    node: Node, at: Sequence[int], parts: Sequence[Array], size: _Size
) -> Array:
    power: Array = parts[0] ** _exponent(node, at)
    return power


def _inner(node: Node, at: Sequence[int], parts: Sequence[Array], size: _Size) -> Array:
    product: Array = (parts[0] * parts[1]).sum(axis=(-2, -1), keepdims=True)
    return product


def _norm(node: Node, at: Sequence[int], parts: Sequence[Array], size: _Size) -> Array:
    length: Array = np.sqrt((parts[0] * parts[0]).sum(axis=(-2, -1), keepdims=True))
    return length


def _matrix(
    node: Node, at: Sequence[int], parts: Sequence[Array], size: _Size
) -> Array:
    flat = np.concatenate(np.broadcast_arrays(*parts), axis=-2)
    return flat.reshape(*flat.shape[:-2], *node.value)


VALUES: dict[str, _Value] = {
    "number": lambda node, at, parts, size: np.full((1, 1), node.value),
    "index": lambda node, at, parts, size: np.full((1, 1), float(at[0])),
    "zero": lambda node, at, parts, size: np.zeros(size(node)),
    "ones": lambda node, at, parts, size: np.ones(size(node)),
    "identity": lambda node, at, parts, size: np.eye(size(node)[0]),
    "delta": lambda node, at, parts, size: np.full((1, 1), float(at[0] == at[1])),
    "add": _add,
    "mul": _mul,
    "hadamard": _hadamard,
    "kronecker": _kronecker,
    "power": _power,
    "elementpower": _elementpower,
    "transpose": lambda node, at, parts, size: parts[0].swapaxes(-1, -2),
    "fraction": lambda node, at, parts, size: np.asarray(parts[0] / parts[1]),
    "call": lambda node, at, parts, size: CALLS[node.value](parts[0]),
    "bars": lambda node, at, parts, size: CALLS[
        "abs" if parts[0].shape[-2:] == (1, 1) else "det"
    ](parts[0]),
    "inner": _inner,
    "norm": _norm,
    "matrix": _matrix,
}
_LEAVES = ("number", "index", "zero", "ones", "identity", "delta")


def entry(node: Node, at: Sequence[int], base: Array, row: bool) -> Array | None:
    """The entry of an array that a node asks for, None where it has none."""
    places = [n - 1 for n in at]
    if len(places) == 1:
        places.insert(0 if row else 1, 0)
    i, j = places
    if not (0 <= i < base.shape[-2] and 0 <= j < base.shape[-1]):
        return None
    return base[..., i : i + 1, j : j + 1]
