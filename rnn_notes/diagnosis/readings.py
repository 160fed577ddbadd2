"""The ways in which a reader's arrays can be read as columns over time.

``(N, T, D)``, ``(D, m, T)``, a list of columns, one-hot or indices: each function
yields what may be meant, and ``identified`` measures which of them it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any

import numpy as np

from rnn_notes.diagnosis.loops import SQUARED
from rnn_notes.diagnosis.problem import Due
from rnn_notes.rnn import Array

__all__ = ["columns", "dues", "looked_up", "masks_of", "states", "upstreams"]

_Back = Callable[[Array], Array]
_NOTHING_DUE = (-1, -100)  # the usual marks of a step without a target


def columns(value: Any, D: int) -> Iterator[tuple[Array, _Back]]:
    """The readings of ``value`` as columns (T, D, B), each with the way back.

    Examples
    --------
    >>> [xs.shape for xs, _ in columns([0, 2, 1], D=3)]
    [(3, 3, 1)]
    >>> [xs.shape for xs, _ in columns(np.zeros((2, 5, 3)), D=3)]
    [(5, 3, 2), (2, 3, 5)]
    """
    array = _array(_split(value)[0])
    if array is None:
        return
    if array.dtype.kind in "iu" and array.ndim in (1, 2) and _indices(array, D):
        for order in permutations(range(array.ndim)):
            grid = array.transpose(order).reshape(array.shape[order[0]], -1)
            yield _one_hot(grid, D), lambda dxs: dxs
        return
    array, shape = array.astype(float), array.shape
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim == 1 and D == 1:
        array = array[:, None]
    if array.ndim == 2 and D == 1:
        alone = array[:, :, None]  # (N, T) numbers, each an input of size one
        for order in ((1, 2, 0), (0, 2, 1)):
            yield alone.transpose(order), _undone(order, shape)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3:
        return
    for order in sorted(permutations(range(3)), key=lambda o: o != (1, 2, 0)):
        if array.shape[order[1]] == D:
            yield array.transpose(order), _undone(order, shape)


def looked_up(value: Any, *embedding: Array, D: int) -> Iterator[tuple[Array, _Back]]:
    """The readings of ``value``, or of what an embedding holds in its places.

    The way back then leads to the embedding: each place adds up what came to it.

    Examples
    --------
    >>> E = np.arange(6.0).reshape(3, 2)
    >>> [(xs.shape, back(xs).tolist()) for xs, back in looked_up([2, 2, 2], E, D=2)]
    [((3, 2, 1), [[0.0, 0.0], [0.0, 0.0], [12.0, 15.0]])]
    """
    if not embedding:
        yield from columns(value, D)
        return
    ids = _array(value)
    if ids is None or ids.dtype.kind not in "iu":
        return
    for turned in (False, True):
        table = embedding[0].T if turned else embedding[0]
        if table.ndim != 2 or table.shape[1] != D or not _indices(ids, len(table)):
            continue
        for xs, back in columns(table[ids], D):
            if ids.ndim == 1 and xs.shape[::2] != (len(ids), 1):
                continue
            yield xs, _added_up(back, ids, table.shape, turned)


def _added_up(back: _Back, ids: Array, shape: tuple[int, ...], turned: bool) -> _Back:
    """The way of inputs' gradients into an embedding's shape."""

    def way(dxs: Array) -> Array:
        whole = np.zeros(shape)
        np.add.at(whole, ids, back(dxs).reshape(*ids.shape, shape[1]))
        return whole.T if turned else whole

    return way


def _undone(order: tuple[int, ...], shape: tuple[int, ...]) -> _Back:
    """What brings (T, D, B) back into the order and shape that it came in."""
    inverse = tuple(np.argsort(order))
    return lambda dxs: dxs.transpose(inverse).reshape(shape)


def states(value: Any, H: int, B: int) -> Iterator[tuple[Array, _Back]]:
    """The readings of ``value`` as columns (H, B), each with the way back.

    Examples
    --------
    >>> [h.shape for h, _ in states(np.zeros((2, 3)), H=3, B=2)]
    [(3, 2)]
    """
    if value is None:
        yield np.zeros((H, B)), lambda dh: dh
        return
    array = _array(value)
    if array is None:
        return
    array, shape = array.astype(float), np.shape(value)
    if array.shape == (H, B):
        yield array, lambda dh: dh
    if array.shape == (B, H):
        yield array.T, lambda dh: dh.T
    if array.size == H and array.shape not in ((H, B), (B, H)):
        column = np.repeat(array.reshape(H, 1), B, axis=1)
        yield column, lambda dh: dh.sum(axis=1).reshape(shape)


def upstreams(value: Any, T: int, H: int, B: int) -> Iterator[Due]:
    """The readings of gradients from above: of every state, or of the last one."""
    for ups, _ in columns(np.asarray(value, dtype=float), H):
        if ups.shape == (T, H, B):
            yield Due("upstream", ups, np.ones((T, B)))
    for up, _ in states(value, H, B):
        yield Due("upstream", *_at_the_end(up, T))


def dues(value: Any, T: int, V: int, B: int) -> Iterator[Due]:
    """The readings of targets: of every step or of the last, indices or numbers.

    Examples
    --------
    >>> [due.asked.ravel().tolist() for due in dues(2, T=3, V=3, B=1)]
    [[0.0, 0.0, 1.0]]
    """
    value = _split(value)[0]
    if isinstance(value, (list, tuple)):
        value = [-1 if item is None else item for item in value]
    array = _array(value)
    if array is None:
        return
    if array.dtype.kind in "iu":
        yield from _indices_due(array, T, V, B)
    kinds = ("softmax", "linear", "sigmoid", *SQUARED)
    if array.dtype.kind not in "f" and array.size not in (T * V * B, V * B):
        return
    grids = [array, array[..., None]] if V == 1 else [array]
    for grid in grids:
        for wanted, _ in columns(grid.astype(float), V):
            if wanted.shape == (T, V, B):
                yield from (Due(kind, wanted, np.ones((T, B))) for kind in kinds)
        for wanted, _ in states(grid.astype(float), V, B):
            yield from (Due(kind, *_at_the_end(wanted, T)) for kind in kinds)


def _indices_due(array: Array, T: int, V: int, B: int) -> Iterator[Due]:
    """The readings of targets that are indices."""
    asked = ~np.isin(array, _NOTHING_DUE)
    if not _indices(array[asked], V):
        return
    for order in permutations(range(array.ndim)):
        grid, mask = array.transpose(order), asked.transpose(order).astype(float)
        if grid.size == T * B and grid.shape[:1] == (T,):
            grid, mask = grid.reshape(T, B), mask.reshape(T, B)
            yield Due("softmax", _one_hot(np.where(mask, grid, 0), V), mask)
    if array.size == B:
        (last,) = _one_hot(array.reshape(1, B), V)
        yield Due("softmax", *_at_the_end(last, T))


def masks_of(inputs: Any, targets: Any, xs: Array) -> Iterator[Array]:
    """The readings (T, 1, B) of a mask: one that came beside, or zeros as padding.

    Examples
    --------
    >>> xs = np.array([[[0.0, 1.0]], [[2.0, 3.0]]])
    >>> [mask.tolist() for mask in masks_of(None, None, xs)]
    [[[[0.0, 1.0]], [[1.0, 1.0]]]]
    """
    T, _, B = xs.shape
    seen: list[Array] = []
    for value in (_split(inputs)[1], _split(targets)[1]):
        for mask, _ in () if value is None else columns(value.astype(float), 1):
            seen += [mask] if mask.shape == (T, 1, B) else []
    seen.append(xs.any(axis=1, keepdims=True).astype(float))
    for value in (inputs, targets):
        array = _array(value)
        if array is not None and array.dtype.kind in "iu" and array.size == T * B:
            real = 1.0 * (array != 0)
            seen += [m for m, _ in columns(real, 1) if m.shape == (T, 1, B)]
    for k, mask in enumerate(seen):
        new = not any(np.array_equal(mask, other) for other in seen[:k])
        if new and mask.any() and not mask.all():
            yield mask


def _split(value: Any) -> tuple[Any, Array | None]:
    """Numbers and the mask that came with them, as a pair; None where none did."""
    parts = [*map(_array, value)] if isinstance(value, tuple) else []
    if len(parts) == 2:
        first, mask = parts
        if first is None or mask is None or mask.ndim < 2 or mask.size > first.size:
            return value, None
        if np.isin(mask, (0, 1)).all():
            return first, mask
    return value, None


def _at_the_end(wanted: Array, T: int) -> tuple[Array, Array]:
    """``wanted`` at the last step and nothing before, and which steps are asked."""
    asked = np.zeros((T, wanted.shape[1]))
    asked[-1] = 1
    return asked[:, None, :] * wanted, asked


def _one_hot(grid: Array, D: int) -> Array:
    """The indices (T, B) as columns (T, D, B)."""
    hot: Array = np.eye(D)[grid].transpose(0, 2, 1)
    return hot


def _indices(array: Array, D: int) -> bool:
    """Whether all are places from 0 to D-1."""
    return bool(((array >= 0) & (array < D)).all())


def _array(value: Any) -> Array | None:
    """The value as an array of numbers, None where it is none."""
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):
        return None
    if array.dtype.kind == "b":
        array = array.astype(int)
    return array if array.dtype.kind in "iuf" and array.size else None
