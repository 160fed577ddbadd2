"""The functions that formulas call, on stacks of matrices: (..., rows, columns)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnn_notes.equations.worlds import Array

__all__ = ["CALLS", "ENTRYWISE", "kronecker", "multiplied", "unvec", "vec"]


def vec(X: Array) -> Array:
    """The columns of X, (..., m, n), stacked: (..., mn, 1)."""
    m, n = X.shape[-2:]
    return X.swapaxes(-1, -2).reshape(*X.shape[:-2], m * n, 1)


def unvec(v: Array, shape: tuple[int, int]) -> Array:
    """The matrices, (..., m, n), whose vec is ``v``, (..., mn)."""
    m, n = shape
    return v.reshape(*v.shape[:-1], n, m).swapaxes(-1, -2)


def multiplied(A: Array, B: Array, link: str) -> Array:
    """The matrix product, a multiple, or what is read into two columns or rows."""
    (m, n), (p, q) = A.shape[-2:], B.shape[-2:]
    if m == n == 1 or p == q == 1:
        return A * B
    if n == p:
        return A @ B
    product: Array = A * B
    return product if link == "*" else product.sum(axis=(-2, -1), keepdims=True)


def kronecker(A: Array, B: Array) -> Array:
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
    "sigmoid": lambda z: 0.5 + 0.5 * np.tanh(0.5 * z),  # complex numbers too
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
    "sum": lambda x: x.sum(axis=(-2, -1), keepdims=True),
    "mean": lambda x: x.mean(axis=(-2, -1), keepdims=True),
}
