r"""A quantity written out as a matrix: letters for its entries, or fixed numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_notes.equations.nodes import ALIAS, Linear, Node, compact
from rnn_notes.equations.symbols import Alias, Scope
from rnn_notes.equations.worlds import Array

__all__ = ["Pattern"]


@dataclass(frozen=True)
class Pattern:
    r"""``W_{hy} = \begin{bmatrix} w_{11} & … \end{bmatrix}``, to be read into a scope.

    Raises ``EquationError`` for sizes that contradict, for entries that are neither
    letter nor number, and for numbers in what the network computes.
    """

    scope: Scope
    quantity: Node
    matrix: Node

    def read(self) -> None:
        """Put the letters, the numbers and the sizes into the scope."""
        self.agree()
        rows, columns = self.matrix.value
        numbers = np.full((rows, columns), np.nan)
        for place, entry in enumerate(self.matrix.parts):
            row, column = divmod(place, columns)
            if entry.kind in ("name", "subscripted"):
                here = [Linear((), row + 1), Linear((), column + 1)]
                indices = tuple(
                    index
                    for index, size in zip(here, (rows, columns), strict=True)
                    if size > 1
                )
                alias = Node(
                    "entry", entry.span, (self.quantity,), ALIAS, indices=indices
                )
                self.scope.bind(compact(entry), Alias(alias), entry)
            else:
                numbers[row, column] = self.number(entry)
        if not np.isnan(numbers).all():
            self.fix(numbers)

    def agree(self) -> None:
        """Fix the sizes that the matrix has."""
        shape, size = self.scope.shape(self.quantity.value), self.matrix.value
        assert shape is not None
        for dim, n in zip(shape, size, strict=True):
            letter = "".join(dim) or "1"
            known = self.scope.sizes.get(letter, n) if dim else 1
            if letter.isdigit():
                known = int(letter)
            if len(dim) > 1 or known != n:
                raise self.matrix.fail(
                    f"a {size[0]}×{size[1]} matrix came, expected {known} for {n}"
                )
            if not letter.isdigit():
                self.scope.sizes[letter] = n

    def number(self, entry: Node) -> float:
        """The number that an entry is."""
        if entry.kind == "add" and len(entry.parts) == 1:
            return float(entry.value[0]) * self.number(entry.parts[0])
        if entry.kind != "number":
            raise entry.fail("an expression came, expected a letter or a number")
        return float(entry.value)

    def fix(self, numbers: Array) -> None:
        """Fix these numbers in every draw, where they are not nan."""
        name = self.quantity.value
        first = [str(index) for index in self.quantity.indices] == ["0"]
        known = self.scope.known(name)
        if known and known.role == "computed" and not first:
            raise self.quantity.fail(
                f"{name} is computed, expected what is drawn, such as a weight"
            )
        one = [0.0] * (numbers.size - 1) + [1]
        if known and known.role == "onehot" and sorted(numbers.ravel()) != one:
            raise self.matrix.fail(f"expected one 1 and zeros: {name} is one-hot")
        self.scope.fixed[name] = numbers
