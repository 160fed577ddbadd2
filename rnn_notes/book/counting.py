"""Work, counted while it is done: arrays that report every operation on them.

A time differs from machine to machine, a count does not. ::

    counter = Counter()
    z = np.tanh(counter.array(W) @ h)
    counter.operations
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Counted", "Counter"]


class Counter:
    """A number of arithmetic operations on the arrays that it made.

    An addition, a product, a comparison and a tanh count as one for each entry; a
    product of (m, k) and (k, n) counts as mn(2k - 1): k products an entry, and k - 1
    additions. Copying and reshaping are free. NumPy's universal functions are counted,
    and so are ``@``, ``sum`` and ``max``, which are made of them; ``np.dot`` and
    ``np.einsum`` are not.

    >>> counter = Counter()
    >>> h = np.tanh(counter.array(np.ones((3, 2))) @ np.ones((2, 1)))
    >>> counter.operations == 3 * (2 + 1) + 3
    True
    """

    def __init__(self) -> None:
        self.operations = 0

    def array(self, value: Any) -> Counted:
        """``value`` as an array that counts here; so does what is computed from it."""
        counted = np.asarray(value).view(Counted)
        counted.counter = self
        return counted


class Counted(np.ndarray[Any, Any]):
    """An array that tells its counter of every operation."""

    counter: Counter | None = None

    def __array_finalize__(self, source: Any) -> None:
        self.counter = getattr(source, "counter", None)

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: Any, **options: Any
    ) -> Any:
        plain = [_plain(value) for value in inputs]
        out = options.get("out", ())
        options = {k: _plain(v) for k, v in options.items() if k != "out"}
        if out:
            options["out"] = tuple(_plain(value) for value in out)
        result = getattr(ufunc, method)(*plain, **options)
        counters = [v.counter for v in (*inputs, *out) if isinstance(v, Counted)]
        counter = next(c for c in counters if c is not None)
        counter.operations += _operations(ufunc, method, plain, result)
        return out[0] if out else counter.array(result) if result is not None else None


def _plain(value: Any) -> Any:
    """``value`` without its counter."""
    return value.view(np.ndarray) if isinstance(value, Counted) else value


def _operations(ufunc: Any, method: str, inputs: list[Any], result: Any) -> int:
    """Arithmetic operations in one call of a universal function."""
    if ufunc is np.matmul:
        return int(np.size(result) * (2 * inputs[0].shape[-1] - 1))
    if method == "reduce":
        return int(np.size(inputs[0]) - np.size(result))
    if method == "at":
        return int(np.size(inputs[2]))
    return int(np.size(result))
