r"""What a page says about the letters of a formula: its ``where``.

Clauses stand between semicolons::

    A \in \mathbb{R}^{V \times H}     a variable, drawn at random
    Y = A X                           a definition, that can be differentiated by
    \delta_t = p_t - e_t              the same, with an index
    i \in \{1, \dots, H\}             an index and its range
    s > t                             what must hold of the indices
    W_{hy} = \begin{bmatrix} w_{11} & … \end{bmatrix}     letters for entries
    e_t = \begin{bmatrix} 0 \\ 1 \end{bmatrix}            fixed numbers
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnn_notes.equations.nodes import Linear, Node, compact
from rnn_notes.equations.reading import Reader, letters
from rnn_notes.equations.symbols import (
    CONSTANTS,
    SCALAR,
    Alias,
    Condition,
    Definition,
    Dim,
    Letter,
    Scope,
)

REALS = r"\mathbb{R}"
ORDERS = {r"\lt": "<", r"\gt": ">", r"\le": "<=", r"\leq": "<=", r"\ge": ">="}
ORDERS |= {r"\geq": ">=", r"\ne": "!=", r"\neq": "!=", "=": "=", "<": "<", ">": ">"}
INDICES = "stkijn"
FIXABLE = (*CONSTANTS, "x", "e", "h")  # and letters of the page


@dataclass
class Clauses:
    """The reader of clauses, which writes what they say into a scope.

    indices : letters that the formula uses as indices, so that ``t = T`` is a condition

    Raises ``EquationError`` for what is no clause, and for sizes that contradict.
    """

    scope: Scope
    indices: frozenset[str]

    def read(self, items: list[Node]) -> None:
        """Nothing; the scope knows what the items of a line say."""
        pending: list[Node] = []
        for item in together(items):
            pending.append(item)
            if item.kind == "relation":
                self._clause(item, pending[:-1])
                pending = []
        if pending:
            raise pending[0].fail("no clause came, expected one with =, < or \\in")

    def _clause(self, item: Node, before: list[Node]) -> None:
        left, right = item.parts[0], item.parts[-1]
        if item.value == (r"\in",):
            for name in (*before, left):
                self._membership(name, right)
        elif before:
            raise before[0].fail("no clause came, expected one with =, < or \\in")
        elif item.value in ((":=",), ("=",)) and not self._is_index(left):
            self._equality(item, left, right)
        else:
            self._condition(item)

    def conditions(self, items: list[Node]) -> None:
        """Nothing; the scope knows the conditions that follow an equation's comma."""
        for item in together(items):
            if item.kind != "relation":
                raise item.fail("an expression came, expected a condition, as t < T")
            if item.value == (r"\in",):
                self._membership(item.parts[0], item.parts[1])
            else:
                self._condition(item)

    def _is_index(self, node: Node) -> bool:
        return node.kind == "name" and node.value in self.indices

    # Declarations

    def _membership(self, name: Node, domain: Node) -> None:
        if domain.kind == "set":
            self.scope.ranges[self._plain(name)] = self.interval(domain)
            return
        shape = self.real(domain)
        indexed = name.kind == "subscripted" and self.is_indexed(name)
        key = compact(name.parts[0]) if indexed else compact(name)
        if name.kind not in ("name", "subscripted"):
            raise name.fail("an expression came, expected a letter to declare")
        self.scope.bindings[key] = Letter(shape, indexed)

    def is_indexed(self, name: Node) -> bool:
        """Whether a subscript is an index, and not part of the name, as in W_a."""
        return len(name.parts) == 2 and self._may_index(name.parts[1])

    def _may_index(self, place: Node) -> bool:
        return place.kind == "name" and place.value in {*INDICES, *self.indices}

    def _plain(self, name: Node) -> str:
        if name.kind != "name":
            raise name.fail("an expression came, expected the letter of an index")
        return str(name.value)

    def interval(self, domain: Node) -> tuple[Linear, Linear]:
        """The first and the last of ``\\{1, \\dots, H\\}``."""
        parts = domain.parts
        if len(parts) != 3 or parts[1].kind != "dots":
            raise domain.fail(r"the set is not read, expected \{1, \dots, H\}")
        reader = Reader(self.scope)
        return reader.index(parts[0]), reader.index(parts[2])

    def real(self, domain: Node) -> tuple[Dim, Dim]:
        """The shape of the arrays in ``\\mathbb{R}^{H \\times V}``; one size: a column."""
        if domain.kind == "name" and domain.value == REALS:
            return SCALAR
        if domain.kind != "power" or compact(domain.parts[0]) != REALS:
            raise domain.fail(
                rf"the domain is not read, expected {REALS}^{{H \times V}}"
            )
        exponent = domain.parts[1]
        if exponent.kind == "mul" and r"\times" in exponent.value:
            if len(exponent.parts) > 2:
                raise exponent.fail("more than two sizes came, expected at most two")
            rows, columns = exponent.parts
            return self._dim(rows), self._dim(columns)
        return self._dim(exponent), ()

    def _dim(self, node: Node) -> Dim:
        if node.kind == "number" and node.value.isdigit():
            return () if node.value == "1" else (node.value,)
        names = tuple(sorted(compact(part) for part in letters(node)))
        if not all(name.isalpha() and len(name) == 1 for name in names):
            raise node.fail(
                f"{compact(node)} is no size, expected a letter or a number"
            )
        self.scope.size_names.update(names)
        return names

    # Equalities

    def _equality(self, item: Node, left: Node, right: Node) -> None:
        if right.kind == "matrix":
            quantity = self.known(left)
            if quantity is not None:
                self.pattern(quantity, right)
                return
        parameters: tuple[str, ...] = ()
        key = compact(left)
        if left.kind == "subscripted" and left.parts[0].kind == "name":
            places = [p for item in left.parts[1:] for p in letters(item)]
            if all(place.kind == "name" and self._may_index(place) for place in places):
                parameters = tuple(place.value for place in places)
                key = compact(left.parts[0])
        elif left.kind != "name":
            raise left.fail("an expression came, expected a letter to define")
        body = Reader(self.scope).read(right)
        self.scope.bindings[key] = Definition(parameters, body)

    def known(self, left: Node) -> Node | None:
        """The quantity on the left of a matrix, None where the letter is a new one."""
        name = left.parts[0] if left.kind == "subscripted" else left
        reader = Reader(self.scope)
        try:
            quantity = reader.read(left)
        except ValueError:
            if name.kind == "name" and compact(left) not in self.scope.bindings:
                return None
            raise
        return quantity if quantity.kind == "quantity" else None

    def pattern(self, quantity: Node, matrix: Node) -> None:
        """Nothing; the matrix gives letters or numbers to a quantity's entries."""
        self.agree(quantity, matrix)
        rows, columns = matrix.value
        numbers = np.full((rows, columns), np.nan)
        for place, entry in enumerate(matrix.parts):
            row, column = divmod(place, columns)
            if entry.kind in ("name", "subscripted"):
                here = (Linear((), row + 1), Linear((), column + 1))
                indices = here[: 2 if columns > 1 else 1]
                alias = Node("entry", entry.span, (quantity,), indices=indices)
                self.scope.bindings[compact(entry)] = Alias(alias)
            else:
                numbers[row, column] = self._number(entry)
        if not np.isnan(numbers).all():
            self._fix(quantity, numbers)

    def agree(self, quantity: Node, matrix: Node) -> None:
        """Nothing; the sizes that the written matrix fixes are known."""
        for dim, size in zip(
            self.scope.shape(quantity.value), matrix.value, strict=True
        ):
            letter = dim[0] if dim else "1"
            known = self.scope.sizes.get(letter, size) if dim else 1
            if len(dim) > 1 or known != size:
                raise matrix.fail(
                    f"a matrix of {matrix.value[0]}×{matrix.value[1]} came, expected "
                    f"{letter} = {known} where {size} stands"
                )
            if dim:
                self.scope.sizes[letter] = size

    def _number(self, entry: Node) -> float:
        if entry.kind == "add" and len(entry.parts) == 1:
            return float(entry.value[0]) * self._number(entry.parts[0])
        if entry.kind != "number":
            raise entry.fail("an expression came, expected a letter or a number")
        return float(entry.value)

    def _fix(
        self, quantity: Node, numbers: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    ) -> None:
        name = quantity.value
        first = [str(index) for index in quantity.indices] == ["0"]
        binding = self.scope.bindings.get(name)
        if not isinstance(binding, Letter) and (
            name not in FIXABLE or name == "L" or (name == "h" and not first)
        ):
            raise quantity.fail(
                f"{name} is computed, expected a weight, x_t, e_t or h_0"
            )
        if name == "e" and sorted(numbers.ravel()) != [0] * (numbers.size - 1) + [1]:
            raise quantity.fail(
                "expected one 1 and zeros: e_t says which letter is due"
            )
        self.scope.fixed[name] = numbers

    def _condition(self, item: Node) -> None:
        reader = Reader(self.scope)
        if unknown := [symbol for symbol in item.value if symbol not in ORDERS]:
            raise item.fail(f"{unknown[0]} came, expected =, <, > or the like")
        sides = tuple(reader.index(part) for part in item.parts)
        relations = tuple(ORDERS[symbol] for symbol in item.value)
        self.scope.conditions.append(Condition(sides, relations, item))


def together(items: list[Node]) -> Iterator[Node]:
    """The items, with ``t = 1, \\dots, T`` put together again as a membership."""
    rest = list(items)
    while rest:
        item = rest.pop(0)
        if len(rest) >= 2 and rest[0].kind == "dots" and item.kind == "relation":
            letter, first = item.parts
            last = rest[1]
            span = (item.span[0], last.span[1])
            domain = Node("set", span, (first, rest[0], last))
            item, rest = Node("relation", span, (letter, domain), (r"\in",)), rest[2:]
        yield item


def index_letters(lines: list[list[Node]]) -> frozenset[str]:
    """The letters that stand as indices somewhere in a formula."""
    found: set[str] = set()
    for node in (n for line in lines for item in line for n in item.walk()):
        if node.kind in ("sum", "prod"):
            found.add(node.parts[0].value)
        if node.kind == "subscripted" and compact(node) not in CONSTANTS:
            for item in node.parts[1:]:
                pieces = item.parts if item.kind in ("add", "mul") else (item,)
                found |= {p.value for p in pieces if p.kind == "name"}
    return frozenset(found)


def condition_letters(condition: Condition) -> frozenset[str]:
    """The letters that a condition speaks of, sizes too."""
    return frozenset[str]().union(*(side.letters for side in condition.sides))
