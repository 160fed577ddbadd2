r"""What a page says about the letters of a formula: its ``where``.

Clauses stand between semicolons::

    A \in \mathbb{R}^{V \times H}     a variable, drawn at random
    Y = A X                           a definition, that can be differentiated by
    \delta_t = p_t - e_t              the same, with an index
    i \in \{1, \dots, H\}             an index and its range
    s > t                             what must hold of the indices
    V = 2                             a size
    W_{hy} = \begin{bmatrix} w_{11} & … \end{bmatrix}     letters for entries
    e_t = \begin{bmatrix} 0 \\ 1 \end{bmatrix}            fixed numbers
    \mathrm{d}A = 0                   what does not move, among differentials
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np

from rnn_notes.equations.draws import LARGEST_SIZE, draws
from rnn_notes.equations.errors import EquationError, SizeError
from rnn_notes.equations.evaluation import Budget, Evaluator
from rnn_notes.equations.kinds import Shapes
from rnn_notes.equations.nodes import ALIAS, Linear, Node, compact
from rnn_notes.equations.reading import Reader, letters
from rnn_notes.equations.symbols import (
    SCALAR,
    STEPS,
    Alias,
    Condition,
    Definition,
    Dim,
    Letter,
    Scope,
    family,
    total,
)

__all__ = ["Clauses", "index_letters", "relations"]

_REALS = r"\mathbb{R}"
_ORDERS = {"=": operator.eq, "<": operator.lt, ">": operator.gt}
_ORDERS |= {r"\lt": operator.lt, r"\le": operator.le, r"\leq": operator.le}
_ORDERS |= {r"\gt": operator.gt, r"\ge": operator.ge, r"\geq": operator.ge}
_ORDERS |= {r"\ne": operator.ne, r"\neq": operator.ne}
_EQUAL, _IN = (("=",), (":=",)), (r"\in",)
_INDICES = {*"stkijnr", r"\tau"}  # a variable is lowered by these


@dataclass
class Clauses:
    """The reader of clauses, which writes what they say into a scope.

    indices : letters that the formula uses as indices, so that ``t = T`` is a condition

    Raises ``EquationError`` for what is no clause, and for clauses that contradict.
    """

    scope: Scope
    indices: frozenset[str] = frozenset()

    def read(self, items: list[Node]) -> None:
        """Read the items of a line into the scope."""
        for item in relations(items):
            left, right = item.parts[0], item.parts[-1]
            if item.value not in _EQUAL or self.is_index(left):
                self.after([item])
            elif left.kind == "d":
                self.still(left, right)
            elif left.kind == "name" and left.value in self.scope.size_names:
                self.size(left, right)
            elif (
                right.kind == "matrix"
                and right.value[0]
                and (quantity := self.known(left))
            ):
                self.written_out(quantity, right)
            else:
                self.definition(left, right)

    def after(self, items: list[Node]) -> None:
        """Read the conditions that follow an equation's comma."""
        for item in relations(items):
            if item.value == _IN:
                self.membership(*item.parts)
            else:
                self.condition(item)

    def is_index(self, node: Node) -> bool:
        """Whether a node is a letter that the formula uses as an index."""
        sizes = self.scope.size_names
        return node.kind == "name" and node.value in self.indices - sizes

    # Indices and sizes

    def condition(self, item: Node) -> None:
        """Read what must hold of indices."""
        if unknown := [symbol for symbol in item.value if symbol not in _ORDERS]:
            raise item.fail(f"{unknown[0]} came, expected =, <, > or the like")
        sides = tuple(Reader(self.scope).index(part) for part in item.parts)
        orders = tuple(_ORDERS[symbol] for symbol in item.value)
        self.scope.conditions.append(Condition(sides, orders, item))

    def size(self, name: Node, number: Node) -> None:
        """Read a size that the page fixes."""
        if number.kind != "number" or not number.value.isdigit():
            raise number.fail(f"the size {name.value} came, expected a whole number")
        size = _size(number)
        known = self.scope.sizes.setdefault(name.value, size)
        if known != size:
            raise number.fail(f"{name.value} is {known} already")

    def interval(self, name: Node, domain: Node) -> None:
        r"""Read the range of an index, ``\{1, \dots, H\}``."""
        parts = domain.parts
        if len(parts) != 3 or parts[1].kind != "dots":
            raise domain.fail(r"the set is not read, expected \{1, \dots, H\}")
        reader = Reader(self.scope)
        first, last = reader.index(parts[0]), reader.index(parts[2])
        if first.letters | last.letters <= self.scope.size_names:
            self.scope.ranges[name.value] = first, last
        else:
            sides = first, reader.index(name), last
            orders = operator.le, operator.le
            self.scope.conditions.append(Condition(sides, orders, domain))

    # Variables and definitions

    def membership(self, name: Node, domain: Node) -> None:
        """Read an index and its range, or a variable."""
        if domain.kind == "set" and name.kind == "name":
            self.interval(name, domain)
            return
        shape = self.shape(domain)
        key, parameters = self.lowered(name, _INDICES)
        if len(parameters) > 1:
            raise name.fail("two indices came, expected one step")
        self.scope.bind(key, Letter(shape, bool(parameters)), name)

    def definition(self, left: Node, right: Node) -> None:
        """Read what a letter abbreviates."""
        body = Reader(self.scope).read(right)
        key, parameters = self.lowered(left, body.free)
        same = body.within("entry", "transpose").kind == "quantity"
        if not same and (quantity := _identical(self.scope, parameters, body)):
            index = "".join(f"_{name}" for name in parameters)
            remark = f"{key.rstrip('_')}{index} is {quantity.value}{index} of the model"
            self.scope.tell(remark, left)
            body, same = quantity, True
        self.scope.bind(key, Definition(parameters, body, same), left)

    def still(self, left: Node, right: Node) -> None:
        """Read what does not move."""
        quantity = Reader(self.scope).read(left.parts[0])
        if right.kind != "number" or right.value != "0":
            raise right.fail("a value of a differential came, expected 0")
        if quantity.kind != "quantity":
            raise left.fail("an expression came, expected a variable to hold still")
        self.scope.still.add(quantity.value)

    def lowered(
        self, name: Node, indices: Collection[str]
    ) -> tuple[str, tuple[str, ...]]:
        """A name and its indices; a subscript such as that of W_a is in the name."""
        if name.kind not in ("name", "subscripted") or "<" in compact(name):
            raise name.fail("an expression came, expected a symbol with a new meaning")
        if name.kind == "name":
            return str(name.value), ()
        places = [place for item in name.parts[1:] for place in letters(item)]
        if any(place.value not in indices for place in places):
            return compact(name), ()
        base = compact(name.parts[0])
        return family(base), tuple(place.value for place in places)

    def known(self, left: Node) -> Node | None:
        """The quantity on the left of a matrix, None where the letter is a new one."""
        name = left.within("subscripted")
        try:
            quantity = Reader(self.scope).read(left)
        except ValueError:
            if name.kind == "name" and not Reader(self.scope).means(name.value):
                return None
            raise
        return quantity if quantity.kind == "quantity" else None

    # Matrices: letters for the entries of a quantity, or fixed numbers

    def written_out(self, quantity: Node, matrix: Node) -> None:
        """Read a quantity that is written out as a matrix."""
        self.fix_sizes(quantity, matrix)
        numbers = np.full(matrix.value, np.nan)
        for place, entry in enumerate(matrix.parts):
            at = np.unravel_index(place, matrix.value)
            if entry.kind in ("name", "subscripted"):
                sizes = zip(at, matrix.value, strict=True)
                indices = tuple(Linear((), int(n) + 1) for n, size in sizes if size > 1)
                alias = Node("entry", entry.span, (quantity,), ALIAS, indices=indices)
                self.scope.bind(compact(entry), Alias(alias), entry)
            else:
                numbers[at] = _number(entry)
        if np.isnan(numbers).all():
            return
        name, known = quantity.value, self.scope.known(quantity.value)
        first = [str(index) for index in quantity.indices] == ["0"]
        if known and known.role == "computed" and not first:
            raise quantity.fail(
                f"{name} is computed, expected what is drawn, such as a weight"
            )
        one = [0.0] * (numbers.size - 1) + [1]
        if known and known.role == "onehot" and sorted(numbers.ravel()) != one:
            raise matrix.fail(f"expected one 1 and zeros: {name} is one-hot")
        self.scope.fixed[name] = numbers

    def fix_sizes(self, quantity: Node, matrix: Node) -> None:
        """Fix the sizes that a matrix has."""
        shape, size = self.scope.shape(quantity.value), matrix.value
        assert shape is not None
        for dim, n in zip(shape, size, strict=True):
            letter = "".join(dim) or "1"
            number = letter.isdigit()
            known = int(letter) if number else self.scope.sizes.get(letter, n)
            if len(dim) > 1 or known != n or not letter.isalnum():
                raise matrix.fail(
                    f"a {size[0]}×{size[1]} matrix came, expected {known} for {n}"
                )
            if not number:
                self.scope.sizes[letter] = n

    # Shapes

    def shape(self, domain: Node) -> tuple[Dim, Dim]:
        r"""The shape in a clause such as ``A \in \mathbb{R}^{H \times V}``."""
        if domain.kind == "name" and domain.value == _REALS:
            return SCALAR
        if domain.kind != "power" or compact(domain.parts[0]) != _REALS:
            raise domain.fail(rf"the set is not read, expected {_REALS}^{{H \times V}}")
        exponent = domain.parts[1]
        if exponent.kind != "mul" or r"\times" not in exponent.value:
            return self.dim(exponent), ()
        if exponent.value.count(r"\times") > 1:
            raise exponent.fail("more than two sizes came, expected at most two")
        cut = exponent.value.index(r"\times") + 1
        sides = exponent.parts[:cut], exponent.parts[cut:]
        rows, columns = (sorted(d for p in side for d in self.dim(p)) for side in sides)
        return tuple(rows), tuple(columns)

    def dim(self, node: Node) -> Dim:
        """The size that a letter, a number or a product of letters stands for."""
        if node.kind == "number" and node.value.isdigit():
            return () if _size(node) == 1 else (node.value,)
        if node.kind == "add" and min(node.value) > 0:
            return total(map(self.dim, node.parts))
        if node.kind == "mul" and node.parts[0].kind == "number":
            return tuple(sorted(d for part in node.parts for d in self.dim(part)))
        names = tuple(sorted(compact(part) for part in letters(node)))
        if not all(name.isalpha() and len(name) == 1 for name in names):
            raise node.fail(f"{compact(node)} is no size, expected a symbol or number")
        if len(names) > 3:
            raise node.fail(f"{compact(node)} came, expected at most three symbols")
        self.scope.size_names.update(names)
        return names


def _size(node: Node) -> int:
    """The size that a number is; ``SizeError`` for one that is not drawn."""
    text = node.value
    if text != text.lstrip("0") or not 1 <= int(text[:4]) <= LARGEST_SIZE:
        raise SizeError(f"{text} came, expected 1 to {LARGEST_SIZE}", node.span)
    return int(text)


def _number(entry: Node) -> float:
    """The number that an entry of a matrix is."""
    if entry.kind == "add" and len(entry.parts) == 1:
        return float(entry.value[0]) * _number(entry.parts[0])
    if entry.kind != "number":
        raise entry.fail("an expression came, expected a symbol or a number")
    return float(entry.value)


@np.errstate(all="ignore")
def _identical(scope: Scope, parameters: tuple[str, ...], body: Node) -> Node | None:
    """The quantity of the model that a definition computes, None if there is none.

    It is found by its values in two draws.
    """
    if body.measured or len(parameters) > 1 or not scope.model.equations:
        return None
    strange = body.free - scope.size_names - set(parameters)
    if strange or not any(node.kind == "quantity" for node in body.walk()):
        return None
    try:
        shapes = Shapes(replace(scope, remarks=[]))
        shape = shapes.of(body)
        shapes.settle()
        found = {
            name
            for name, equation in scope.model.equations.items()
            if len(equation.parameters) == len(parameters)
            and scope.shape(name) == shape
        }
        for draw in draws(scope, (0,))[: 2 if found else 0]:
            evaluator = Evaluator(draw, shapes, Budget())
            world = evaluator.world
            for t in range(1, draw.sizes[STEPS] + 1) if parameters else [0]:
                env = {**draw.sizes, **dict.fromkeys(parameters, t)}
                value = evaluator.value(body, env, world)[0]
                at = (t,) * len(parameters)
                found = {
                    name
                    for name in found
                    if np.allclose(world.values[name, at][0], value, 1e-11, 1e-13)
                }
    except (EquationError, np.linalg.LinAlgError):
        return None
    if len(found) != 1:
        return None
    index = tuple(map(Linear.of, parameters))
    return Node("quantity", body.span, value=found.pop(), indices=index)


def relations(items: list[Node]) -> Iterator[Node]:
    r"""What a line says, letter by letter: that u and v are in R, in ``u, v \in R``.

    ``t = 1, \dots, T`` is put together again as a membership.
    """
    rest, names = list(items), list[Node]()
    while rest:
        item = rest.pop(0)
        if item.kind != "relation":
            names.append(item)
            continue
        if len(rest) >= 2 and rest[0].kind == "dots":
            letter, first = item.parts[0], item.parts[-1]
            span = (item.span[0], rest[1].span[1])
            domain = Node("set", span, (first, *rest[:2]))
            item = Node("relation", span, (letter, domain), _IN)
            rest = rest[2:]
        if names and item.value != _IN:
            break
        for name in (*names, item.parts[0]):
            yield replace(item, parts=(name, *item.parts[1:]))
        names = []
    if names:
        raise names[0].fail(
            r"no clause came, nor a condition: expected =, < or \in, as in t < T"
        )


def index_letters(lines: list[list[Node]]) -> frozenset[str]:
    """The letters that stand as indices somewhere in a formula."""
    found: set[str] = set()
    for node in (n for line in lines for item in line for n in item.walk()):
        if node.kind in ("sum", "prod"):
            found.add(node.parts[0].value)
        if node.kind == "subscripted":
            for item in node.parts[1:]:
                pieces = item.parts if item.kind in ("add", "mul") else (item,)
                found |= {p.value for p in pieces if p.kind == "name"}
    return frozenset(found)
