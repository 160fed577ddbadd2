"""Layouts of derivatives: where each partial derivative stands in an array.

A derivative of y by x is a heap of numbers, one for each entry of y and of x.
A layout says how the heap is stacked:

numerator   : rows follow y, columns follow x; a scalar by a matrix is transposed
denominator : the other way round; a scalar by a matrix has the matrix's own shape

Scalars are numbers, vectors are columns (n, 1), matrices are (m, n).
``vec`` stacks columns, as is usual in matrix calculus (Magnus and Neudecker, 1985).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from rnn_notes.arrays.arguments import Array
from rnn_notes.differences import central, complex_step

__all__ = [
    "Layout",
    "by_left_factor",
    "by_right_factor",
    "jacobian",
    "kind",
    "unvec",
    "vec",
]

Layout = Literal["numerator", "denominator"]
_METHODS = {"complex": complex_step, "central": central}


def vec(X: Array) -> Array:
    """The columns of ``X``, (m, n), stacked into one column, (mn, 1).

    >>> vec(np.array([[1, 3], [2, 4]])).ravel().tolist()
    [1, 2, 3, 4]
    """
    return X.reshape(-1, 1, order="F")


def unvec(v: Array, shape: tuple[int, int]) -> Array:
    """The (m, n) matrix whose ``vec`` is ``v``, (mn, 1).

    Raises
    ------
    ValueError
        For another number of entries.

    Examples
    --------
    >>> X = np.arange(6).reshape(2, 3)
    >>> bool((unvec(vec(X), X.shape) == X).all())
    True
    """
    if v.size != shape[0] * shape[1]:
        raise ValueError(f"v has {v.size} entries, expected {shape[0] * shape[1]}")
    return v.reshape(shape, order="F")


def by_left_factor(A: Array, X: Array) -> Array:
    """The Jacobian of vec(A X) by vec(A), numerator layout: ``X.T ⊗ I``, (mp, mn).

    A is (m, n), X is (n, p).

    >>> A, X = np.ones((2, 3)), np.array([[1.0], [2.0], [3.0]])
    >>> measured = jacobian(lambda A: A @ X, A, layout="numerator")
    >>> measured.shape, bool(np.allclose(by_left_factor(A, X), measured))
    ((2, 6), True)
    """
    return np.kron(X.T, np.eye(A.shape[0]))


def by_right_factor(A: Array, X: Array) -> Array:
    """The Jacobian of vec(A X) by vec(X), numerator layout: ``I ⊗ A``, (mp, np).

    >>> A, X = np.arange(6.0).reshape(2, 3), np.ones((3, 2))
    >>> measured = jacobian(lambda X: A @ X, X, layout="numerator")
    >>> measured.shape, bool(np.allclose(by_right_factor(A, X), measured))
    ((4, 6), True)
    """
    return np.kron(np.eye(X.shape[1]), A)


def kind(array: Any) -> Literal["scalar", "vector", "matrix"]:
    """What ``array`` counts as: a number, a column (n, 1) with n ≥ 1, or a matrix.

    Raises
    ------
    ValueError
        For other dimensions.

    Examples
    --------
    >>> kind(2.0), kind(np.ones((3, 1))), kind(np.ones((1, 3)))
    ('scalar', 'vector', 'matrix')
    """
    shape = np.shape(array)
    if shape == ():
        return "scalar"
    if len(shape) != 2:
        raise ValueError(
            f"an array of shape {shape} came, expected a number, a column (n, 1) or "
            "a matrix (m, n)"
        )
    return "vector" if shape[1] == 1 else "matrix"


def jacobian(
    f: Callable[[Any], Any],
    x: Any,
    layout: Layout = "numerator",
    method: Literal["complex", "central"] = "complex",
) -> Array:
    """The derivative of f at x, measured entry by entry and laid out.

    ==================  =====================  =====================
    y by x              numerator              denominator
    ==================  =====================  =====================
    scalar by scalar    ()                     ()
    vector by scalar    (m, 1)                 (1, m)
    matrix by scalar    (m, n)                 in no common use
    scalar by vector    (1, q)                 (q, 1)
    vector by vector    (m, q)                 (q, m)
    scalar by matrix    (q, p), transposed     (p, q), as x
    others              through vec: (mn, pq)  through vec: (pq, mn)
    ==================  =====================  =====================

    Raises
    ------
    ValueError
        For an unknown layout or method, for what is no scalar, column or matrix, and
        for matrix by scalar in denominator layout.
    TypeError
        For float32 and, by complex step, where f drops the imaginary part.

    Examples
    --------
    >>> W = np.arange(6.0).reshape(2, 3)
    >>> h = np.ones((3, 1))
    >>> jacobian(lambda h: W @ h, h, layout="numerator").shape
    (2, 3)
    >>> jacobian(lambda h: W @ h, h, layout="denominator").shape
    (3, 2)
    >>> jacobian(lambda W: (W @ h).sum(), W, layout="denominator").shape
    (2, 3)
    >>> bool(np.allclose(jacobian(lambda a: a * W, 2.0), W))
    True
    """
    if layout not in ("numerator", "denominator"):
        raise ValueError(f"layout is {layout!r}, expected 'numerator' or 'denominator'")
    if method not in _METHODS:
        raise ValueError(f"method is {method!r}, expected one of {sorted(_METHODS)}")
    x = np.asarray(x, dtype=None if np.asarray(x).dtype.kind == "f" else np.float64)
    y = np.asarray(f(x))
    kinds = kind(y), kind(x)
    if kinds == ("matrix", "scalar") and layout == "denominator":
        raise ValueError(
            "matrix by scalar came with denominator layout, expected numerator: no "
            "denominator layout of it is in common use"
        )
    table = _partials(f, x, y, method)
    if kinds[1] == "scalar":
        stacked = table.reshape(y.shape, order="F")
    elif kinds == ("scalar", "matrix"):
        stacked = table.reshape(x.shape, order="F").T
    else:
        stacked = table
    return stacked if layout == "numerator" else stacked.T


def _partials(f: Callable[[Any], Any], x: Array, y: Array, method: str) -> Array:
    """One row for each entry of y, one column for each of x, both in vec order."""
    rows = []
    for backwards in np.ndindex(y.shape[::-1]):  # the first index runs fastest
        index = backwards[::-1]

        def entry(x: Array, index: tuple[int, ...] = index) -> Any:
            return np.asarray(f(x))[index]

        rows.append(_METHODS[method](entry, x).ravel(order="F"))
    return np.array(rows)
