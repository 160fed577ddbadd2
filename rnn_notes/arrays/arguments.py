"""What comes in, checked: one error that names the argument, what came, what was due.

What you can do with it::

    Whh = numeric("Whh", Whh)                # a floating-point array, all finite
    check_shape("Whh", Whh, "(H, H)", (3, 3))
    inputs, targets = checked_letters(2, inputs, targets)
    hprev = checked_state("hprev", hprev, H=3)
"""

from __future__ import annotations

import cmath
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Array",
    "check_kinds",
    "check_range",
    "check_shape",
    "check_whole",
    "checked_batch",
    "checked_letters",
    "checked_state",
    "checked_states",
    "integers",
    "numeric",
    "plain",
]

Array = NDArray[Any]


def numeric(name: str, value: ArrayLike) -> Array:
    """``value`` as a floating-point array with no nan and no inf.

    Raises
    ------
    TypeError
        For what is not numeric, and for masked arrays, whose masks would be lost.
    ValueError
        For rows of different lengths, and for nan and inf.

    Examples
    --------
    >>> numeric("bh", [1, 2]).dtype
    dtype('float64')
    """
    array = plain(name, value)
    if array.dtype.kind in "iub":
        array = array.astype(np.float64)
    if array.dtype.kind not in "fc":
        raise TypeError(f"{name} holds {array.dtype}, expected numbers")
    flat = array.reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):
        surely = cmath.isfinite(flat.dot(flat))  # the fastest look at all entries
    if not surely and not np.isfinite(array).all():
        raise ValueError(f"{name} holds nan or inf, expected finite numbers")
    return array


def plain(name: str, values: Any) -> Array:
    """``values`` as an array, of whatever they are.

    Raises
    ------
    TypeError
        For masked arrays, whose masks would be lost.
    ValueError
        For rows of different lengths.

    Examples
    --------
    >>> plain("inputs", [[0], [0, 1]])
    Traceback (most recent call last):
    ValueError: inputs has rows of different lengths
    """
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array, expected a plain one without gaps")
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} has rows of different lengths") from None


def check_whole(name: str, value: int, least: int = 1) -> None:
    """Raise unless the value is a whole number of at least ``least``.

    Raises
    ------
    TypeError
        For what is no whole number.
    ValueError
        For a smaller one.

    Examples
    --------
    >>> check_whole("T", 0)
    Traceback (most recent call last):
    ValueError: T is 0, expected at least 1
    """
    try:
        operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}, expected a whole number") from None
    if value < least:
        raise ValueError(f"{name} is {value}, expected at least {least}")


def check_shape(
    name: str, array: Array, letters: str, expected: tuple[int | None, ...]
) -> None:
    """Raise unless the shape is the expected one; None stands for any size above 0.

    Raises
    ------
    ValueError
        For every other shape.

    Examples
    --------
    >>> check_shape("hprev", np.ones(3), "(H, 1)", (3, 1))
    Traceback (most recent call last):
    ValueError: hprev has shape (3,), expected (3, 1), that is (H, 1)
    """
    if array.shape == expected:
        return
    fits = array.ndim == len(expected) and all(
        n == size if size is not None else n > 0
        for n, size in zip(array.shape, expected, strict=True)
    )
    if not fits:
        known = all(size is not None for size in expected)
        wanted = f"{expected}, that is {letters}" if known else letters
        raise ValueError(f"{name} has shape {array.shape}, expected {wanted}")


def check_kinds(arrays: Mapping[str, Array]) -> None:
    """Raise unless all arrays are real or all are complex.

    Raises
    ------
    TypeError
        For some of each.

    Examples
    --------
    >>> check_kinds({"Wxh": np.ones((3, 2)), "hprev": np.ones((3, 1)) + 1j})
    Traceback (most recent call last):
    TypeError: hprev holds complex128, expected real numbers, as Wxh does
    """
    (first, model), *others = arrays.items()
    for name, array in others:
        if np.iscomplexobj(array) != np.iscomplexobj(model):
            kind = "complex" if np.iscomplexobj(model) else "real"
            raise TypeError(
                f"{name} holds {array.dtype}, expected {kind} numbers, as {first} does"
            )


def checked_letters(
    V: int, inputs: Sequence[int], targets: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Inputs and targets as lists of T integers from 0 to V-1.

    Raises
    ------
    TypeError
        For what are no integers.
    ValueError
        For an index outside, for none at all, and for lengths that differ.

    Examples
    --------
    >>> checked_letters(2, [0, 1], [1, 2])
    Traceback (most recent call last):
    ValueError: targets[1] is 2, expected 0 to 1 (V = 2)
    """
    inputs, targets = _indices("inputs", inputs, V), _indices("targets", targets, V)
    if len(inputs) != len(targets):
        raise ValueError(
            f"targets has {len(targets)} entries, expected {len(inputs)}, as inputs has"
        )
    return inputs, targets


def checked_batch(V: int, inputs: Any, targets: Any) -> tuple[Array, Array]:
    """Inputs and targets of one sequence or of B, as integers from 0 to V-1, (T, B).

    Raises
    ------
    TypeError
        For what are no integers.
    ValueError
        For an index outside, for none at all, and for shapes that differ.

    Examples
    --------
    >>> x, target = checked_batch(2, [[0, 1, 1], [1, 1, 0]], [[1, 1, 0], [1, 0, 1]])
    >>> x.shape, x[0].tolist()
    ((3, 2), [0, 1])
    """
    x, target = (_rows(n, i, V) for n, i in (("inputs", inputs), ("targets", targets)))
    if x.shape != target.shape:
        raise ValueError(
            f"targets has shape {target.shape}, expected {x.shape}, as inputs has"
        )
    return x, target


def checked_state(name: str, value: ArrayLike, H: int) -> Array:
    """A state before the first step, (H, 1), all finite.

    Raises
    ------
    TypeError
        For what is not numeric.
    ValueError
        For another shape, and for nan and inf.

    Examples
    --------
    >>> checked_state("cprev", [[1], [2]], H=2).shape
    (2, 1)
    """
    state = numeric(name, value)
    check_shape(name, state, "(H, 1)", (H, 1))
    return state


def checked_states(name: str, value: ArrayLike, H: int, B: int) -> Array:
    """B states before the first step, (H, B), all real and finite.

    Raises
    ------
    TypeError
        For what is not numeric, and for complex numbers.
    ValueError
        For another shape, and for nan and inf.

    Examples
    --------
    >>> checked_states("hprev", [[1j]], H=1, B=1)
    Traceback (most recent call last):
    TypeError: hprev holds complex128, expected real numbers
    """
    states = numeric(name, value)
    check_shape(name, states, "(H, B)", (H, B))
    if states.dtype.kind == "c":
        raise TypeError(f"{name} holds {states.dtype}, expected real numbers")
    return states


def _indices(name: str, values: Sequence[int], V: int) -> list[int]:
    """``values`` as a list of integers from 0 to V-1."""
    array = plain(name, values)
    if array.ndim != 1:
        raise ValueError(f"{name} has shape {array.shape}, expected (T,)")
    if array.size == 0:
        raise ValueError(f"{name} is empty, expected at least one index (T = 0 came)")
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} holds {array.dtype}, expected integers")
    check_range(name, array, V)
    return [int(index) for index in array]


def _rows(name: str, values: Any, V: int) -> Array:
    """``values``, one sequence or B of them, as integers from 0 to V-1, (T, B)."""
    array = integers(name, values)
    check_range(name, array, V)
    return array.astype(np.intp, copy=False).reshape(-1, array.shape[-1]).T


def integers(name: str, values: Any) -> Array:
    """``values``, one sequence or B of them, as an array of integers, not empty.

    Raises
    ------
    TypeError
        For what are no integers.
    ValueError
        For none at all, and for another number of axes.

    Examples
    --------
    >>> integers("inputs", [[0, 1], [1, 2]]).shape
    (2, 2)
    """
    array = plain(name, values)
    if array.ndim not in (1, 2):
        raise ValueError(f"{name} has shape {array.shape}, expected (T,) or (B, T)")
    if array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}, expected at least one index")
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} holds {array.dtype}, expected integers")
    return array


def check_range(name: str, array: Array, V: int) -> None:
    """Raise unless all indices are from 0 to V-1.

    Raises
    ------
    ValueError
        For an index outside, with its place.

    Examples
    --------
    >>> check_range("inputs", np.array([[0, 1], [1, 2]]), V=2)
    Traceback (most recent call last):
    ValueError: inputs[1, 1] is 2, expected 0 to 1 (V = 2)
    """
    outside = np.argwhere((array < 0) | (array >= V))
    if outside.size:
        at = outside[0].tolist()
        came = array[tuple(at)]
        raise ValueError(f"{name}{at} is {came}, expected 0 to {V - 1} (V = {V})")
