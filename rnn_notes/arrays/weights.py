"""The parameter arrays of a network: named, checked, read-only, and as one vector.

``rnn.Params``, ``lstm.Params`` and ``gru.Params`` are made of this. Each lists its
arrays as fields, and in ``SHAPES`` the rows and columns of each: H, V or 1. ::

    params = Params.random(V, H, rng)
    Params(**params.arrays())         # the same again
    Params.of(params.vector, V, H)    # and again
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from rnn_notes.arrays.arguments import Array, check_shape, check_whole, numeric

__all__ = ["Weights"]


@dataclass(frozen=True, eq=False)
class Weights:
    """Arrays of parameters, checked when they come in.

    They are kept as read-only views: whoever made an array can still write to it.
    The first array is (H, V), and the sizes are read off it.

    Raises
    ------
    TypeError
        For what is not numeric.
    ValueError
        For shapes that do not fit each other, and for nan and inf.
    """

    SHAPES: ClassVar[Mapping[str, str]]

    def __post_init__(self) -> None:
        for name in self.SHAPES:
            array = numeric(name, getattr(self, name)).view()
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        first = next(iter(self.SHAPES))
        check_shape(first, getattr(self, first), "(H, V)", (None, None))
        for name, shape in self.shapes(self.V, self.H).items():
            letters = f"({', '.join(self.SHAPES[name])})"
            check_shape(name, getattr(self, name), letters, shape)

    @classmethod
    @cache
    def shapes(cls, V: int, H: int) -> Mapping[str, tuple[int, int]]:
        """The shape of each array, by name, in the order of the fields."""
        sizes = {"H": H, "V": V, "1": 1}
        return {name: (sizes[s[0]], sizes[s[1]]) for name, s in cls.SHAPES.items()}

    @classmethod
    def random(
        cls, V: int, H: int, rng: np.random.Generator, scale: float = 0.01
    ) -> Self:
        """Parameters with weights of ``scale`` times a standard normal, biases zero.

        Raises
        ------
        TypeError
            For sizes that are no whole numbers, and without a generator.
        ValueError
            For sizes below 1.
        MemoryError
            For more weights than there is room for.
        """
        check_whole("V", V)
        check_whole("H", H)
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"rng is {rng!r}, expected a numpy.random.Generator")
        shapes = cls.shapes(V, H)
        count = sum(m * n for m, n in shapes.values())
        if count > sys.maxsize // 8:  # of these NumPy says something else
            raise MemoryError(f"{count} weights")
        np.empty(count)  # too many raise before a draw
        return cls(
            **{
                name: np.zeros(shape)
                if cls.SHAPES[name].endswith("1")
                else scale * rng.standard_normal(shape)
                for name, shape in shapes.items()
            }
        )

    @classmethod
    def of(cls, weights: Array, V: int, H: int) -> Self:
        """The parameters whose entries follow each other in a vector, as views of it.

        They are checked all at once, which is faster.

        Raises
        ------
        ValueError
            For nan or inf, and for another number of entries.
        """
        weights = numeric("weights", weights)
        entries = sum(m * n for m, n in cls.shapes(V, H).values())
        check_shape("weights", weights, "one of each entry", (entries,))
        params = object.__new__(cls)
        for name, array in cls.views(weights, V, H).items():
            array.flags.writeable = False
            object.__setattr__(params, name, array)
        return params

    @classmethod
    def views(cls, vector: Array, V: int, H: int) -> dict[str, Array]:
        """Arrays of these names and shapes, as views of a vector of their entries."""
        arrays, end = {}, 0
        for name, (m, n) in cls.shapes(V, H).items():
            arrays[name] = vector[end : end + m * n].reshape(m, n)
            end += m * n
        return arrays

    @classmethod
    def check(cls, params: Any) -> None:
        """Raise unless these are parameters of this network.

        Raises
        ------
        TypeError
            For those of another, with the names of both.
        """
        if getattr(params, "SHAPES", None) != cls.SHAPES:
            came, due = (
                f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}"
                for kind in (type(params), cls)
            )
            raise TypeError(f"params is {came}, expected {due}")

    @property
    def V(self) -> int:
        """Number of letters in the alphabet."""
        return int(getattr(self, next(iter(self.SHAPES))).shape[1])

    @property
    def H(self) -> int:
        """Number of hidden units."""
        return int(getattr(self, next(iter(self.SHAPES))).shape[0])

    @property
    def vector(self) -> Array:
        """All entries, copied into one vector, array after array."""
        return np.concatenate(list(self.arrays().values()), axis=None)

    def arrays(self) -> dict[str, Array]:
        """The read-only arrays by name, in the order of the fields."""
        return {name: getattr(self, name) for name in self.SHAPES}

    def replace(self, **arrays: ArrayLike) -> Self:
        """The same parameters with some of the arrays replaced."""
        return replace(self, **arrays)
