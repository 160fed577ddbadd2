"""The kinds of node: of each its shape, its value, and how a line of shapes shows it.

A shape is a pair of dims, a dim a product of sizes: ``("H", "V")`` is H·V, ``()`` is 1.
What has no size of its own (I, a bold 1, a zero) starts with unknowns, "?1", and takes
the size that its place asks for. ``Shapes`` finds them before any number is drawn.

``KINDS``, at the end, has a row for each; rules that need more than a line stand above
it. The forward pass of a model and the sides of a formula are both computed by these
rows; what is measured in worlds, derivatives and differentials, is in ``evaluation``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from rnn_notes.equations.dims import Dims, written
from rnn_notes.equations.draws import Draw
from rnn_notes.equations.errors import EquationError, MisfitError, UnshapedError
from rnn_notes.equations.functions import CALLS, ENTRYWISE, kronecker, multiplied
from rnn_notes.equations.nodes import Linear, Node
from rnn_notes.equations.symbols import SCALAR, Dim, Scope, Shape, total
from rnn_notes.equations.worlds import Array

__all__ = [
    "KINDS",
    "LAYOUTS",
    "Env",
    "Given",
    "Kind",
    "Layout",
    "Shapes",
    "Sized",
    "Way",
    "by_numerator",
    "shown",
]

_HIGHEST_POWER = 64
Env = Mapping[str, int]
Layout = Literal["denominator", "numerator", "mixed"]
LAYOUTS: tuple[Layout, ...] = ("denominator", "mixed", "numerator")


@dataclass(frozen=True)
class Way:
    """One way of reading a formula.

    layout  : how derivatives are laid out
    outer   : whether ⊗ is the outer product
    flat    : whether a matrix below a line stands for its vec
    falling : whether products that rise have their last factor first
    whole   : whether the factor behind the derivative of a sum over steps is immediate
    apart   : whether the terms with a Jacobian are laid out apart from the others
    slopes  : whether a slanted d is the gradient of the loss by what follows it
    told    : how it is told, where it is unusual
    """

    layout: Layout = LAYOUTS[0]
    outer: bool = False
    flat: bool = False
    falling: bool = False
    whole: bool = False
    apart: bool = False
    slopes: bool = False
    told: str = ""


class Shapes:
    """The shapes of the nodes of one equation, and where its indices run.

    way       : how they are read
    table     : the shape of every node, once ``settle`` has been called
    domains   : for an index letter, "time" or the dim of the entries that it counts
    downwards : the products whose letter runs from a larger to a smaller value

    Raises ``EquationError`` for pieces that do not fit, naming both shapes.
    """

    def __init__(self, scope: Scope, way: Way = Way()) -> None:
        self.scope, self.way = scope, way
        self.lenient = scope.remarks is not None
        self.dims = Dims(scope.sizes)
        self.table: dict[Node, Shape] = {}
        self.settled: dict[Node, Shape] = {}
        self.slopes: set[Node] = set()
        self.domains: dict[str, list[tuple[Dim | str, Node]]] = {}
        self.pairs: list[frozenset[str]] = []
        self.downwards: set[Node] = set()

    def shape(self, node: Node) -> Shape:
        """The shape of a node, with what is known by now put in."""
        return self.settled.get(node) or self.now(self.table[node])

    def now(self, shape: Shape) -> Shape:
        """A shape with what is known by now put in."""
        return self.dims.now(shape[0]), self.dims.now(shape[1])

    def settle(self) -> None:
        """Find every unknown.

        Raises
        ------
        EquationError
            For the first that stays unknown.
        """
        if misfit := self.dims.misfit():
            sizes = " and ".join(written((dim, ())) for dim in misfit)
            raise EquationError(f"columns of {sizes} came for each other")
        for node, shape in self.table.items():
            for name in (n for dim in shape for n in self.dims.open(dim)):
                if node.kind in ("identity", "ones"):
                    raise node.fail("its size does not follow, expected it as in I_V")
                if node.kind == "zero":
                    self.dims.known[name] = ()
        self.settled = {node: self.now(shape) for node, shape in self.table.items()}

    def of(self, node: Node) -> Shape:
        """The shape of a node and, on the way, of all that it is made of."""
        if node.kind not in KINDS:
            raise node.fail(f"{node.kind} came, expected an expression")
        self.table[node] = KINDS[node.kind].shape(node, self)
        return self.shape(node)

    def guessed(self, node: Node) -> Shape:
        """The shape of a piece of what does not fit; where none, that of no scalar."""
        try:
            return self.of(node)
        except EquationError:
            return ("?",), ("?",)

    def square(
        self, node: Node, shape: Shape, came: str, expected: str = "a square one"
    ) -> Shape:
        """The shape, if it is square; ``MisfitError`` if it is not."""
        if not self.dims.same(*shape):
            raise node.misfit(f"{came} {written(shape)} came, expected {expected}")
        return shape

    def runs(self, node: Node, indices: tuple[Linear, ...], domain: Dim | str) -> None:
        """Note that the letters of the indices run through ``domain``."""
        for index in indices:
            for name in index.letters - self.scope.size_names:
                self.domains.setdefault(name, []).append((domain, node))

    def linked(self, name: str) -> set[str]:
        r"""The letters that run as one does, beside which they stand in \delta_{ij}."""
        linked = {name}
        for _ in self.pairs:
            for pair in self.pairs:
                linked |= pair if linked & pair else set()
        return linked

    def domain(self, name: str, node: Node) -> Dim | str:
        """What an index letter runs through: "time", or the dim of entries."""
        linked = self.linked(name)
        used = [
            use for letter in sorted(linked) for use in self.domains.get(letter, [])
        ]
        found: dict[Dim | str, Node] = {}
        for domain, where in used:
            if domain != "limits":
                known = domain if isinstance(domain, str) else self.dims.now(domain)
                found[known] = where
        if not found:
            raise node.fail(
                f"{name} has no range, expected one in where, as in "
                rf"{name} \in \{{1, \dots, H\}}"
            )
        if len(found) > 1:
            kinds = " and ".join(
                "steps" if d == "time" else f"entries up to {''.join(d)}" for d in found
            )
            raise list(found.values())[-1].fail(f"{name} counts {kinds}, expected one")
        return next(iter(found))

    def note(self, node: Node, text: str) -> None:
        """Note a reading that the shapes force; strictly it is an error."""
        self.scope.note(text, node, MisfitError)


class Sized:
    """The numbers that shapes and limits come to in one draw."""

    def __init__(self, draw: Draw, shapes: Shapes) -> None:
        self.draw, self.shapes = draw, shapes
        self.sizes: dict[Node, tuple[int, int]] = {}

    def size(self, node: Node) -> tuple[int, int]:
        """Rows and columns of a node."""
        found = self.sizes.get(node)
        if found is None:
            found = self.sizes[node] = self.draw.shape(self.shapes.shape(node))
        return found

    def values(self, node: Node, env: Env) -> range:
        """The values of the letter that a sum or product binds, in order."""
        if node.indices:
            low, high = node.at(env)
        else:
            domain = self.shapes.domain(node.value, node)
            low, high = 1, self.draw.last(domain)
        if node in self.shapes.downwards:
            return range(low, high - 1, -1)
        rising = range(low, high + 1)
        falls = self.shapes.way.falling and node.kind == "prod"
        return rising[::-1] if falls else rising


class Given(NamedTuple):
    """What a value is computed from: a node, what its indices and its parts come to."""

    node: Node
    at: tuple[int, ...]
    parts: list[Array]
    sized: Sized

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the node."""
        return self.sized.size(self.node)


def _as_a_whole(node: Node, find: Shapes) -> str:
    return written(find.shape(node), find.scope.sizes)


def _same(node: Node, find: Shapes) -> Shape:
    return find.of(node.parts[0])


def _under_same_letters(node: Node, env: Env, sized: Sized) -> list[tuple[Node, Env]]:
    return [(part, env) for part in node.parts]


@dataclass(frozen=True)
class Kind:
    """What a kind of node is.

    shape  : its shape in letters, by default that of its first part; ``find.of`` finds
             the shapes of its parts, each of which has to be asked for
    value  : what it comes to, by default the same as its first part
    shown  : its text in a line of shapes, by default its shape as a whole
    inside : its parts, each with the values of letters that hold in it
    closed : whether it is shown as a whole where it is a factor, as in brackets
    """

    shape: Callable[[Node, Shapes], Shape] = _same
    value: Callable[[Given], Array] = lambda of: of.parts[0]
    shown: Callable[[Node, Shapes], str] = _as_a_whole
    inside: Callable[[Node, Env, Sized], list[tuple[Node, Env]]] = _under_same_letters
    closed: bool = False


def shown(node: Node, find: Shapes) -> str:
    """A node as shapes: terms and factors one by one, everything else as a whole."""
    return KINDS[node.kind].shown(node, find)


def _factor(node: Node, find: Shapes) -> str:
    """A factor as shapes: a sum in brackets counts as one, unless it has products."""
    if node.kind == "add" and any(part.kind == "mul" for part in node.parts):
        return f"({shown(node, find)})"
    return (_as_a_whole if KINDS[node.kind].closed else shown)(node, find)


def _joined(joint: str) -> Callable[[Node, Shapes], str]:
    return lambda node, find: joint.join(_factor(part, find) for part in node.parts)


# Letters


def _delta(node: Node, find: Shapes) -> Shape:
    find.pairs.append(node.indices[0].letters | node.indices[1].letters)
    return SCALAR


def _identity(node: Node, find: Shapes) -> Shape:
    n = find.dims.fresh() if node.value is None else node.value
    return n, n


def _quantity(node: Node, find: Shapes) -> Shape:
    find.runs(node, node.indices, "time")
    shape = find.scope.shape(node.value)
    if shape is None:
        raise UnshapedError(f"{node.value} has no shape yet", node.span)
    return shape


def _defined(node: Node, find: Shapes) -> Shape:
    """The shape of what a page defines; its index runs as its letter does inside."""
    before = {k: list(v) for k, v in find.domains.items()}
    shape = find.of(node.parts[0])
    within, find.domains = find.domains, before
    for name, index in zip(node.binds, node.indices, strict=True):
        for domain, _ in within.get(name, []):
            find.runs(node, (index,), domain)
    return shape


def _in_definition(node: Node, env: Env, sized: Sized) -> list[tuple[Node, Env]]:
    return [(node.parts[0], node.inner(env))]


def _entry(node: Node, find: Shapes) -> Shape:
    rows, columns = find.of(node.parts[0])
    dims = [dim for dim in (rows, columns) if dim]
    if len(dims) != len(node.indices):
        raise node.fail(
            f"{len(node.indices)} indices of an entry came for a "
            f"{written((rows, columns))}, expected {len(dims)}"
        )
    for index, dim in zip(node.indices, dims, strict=True):
        find.runs(node, (index,), dim)
    return SCALAR


def _entry_value(of: Given) -> Array:
    (base,), places = of.parts, [n - 1 for n in of.at]
    if len(places) == 1:
        places.insert(0 if base.shape[-2] == 1 else 1, 0)
    i, j = places
    if not (0 <= i < base.shape[-2] and 0 <= j < base.shape[-1]):
        raise of.node.outside(", ".join(map(str, of.node.indices)))
    return base[..., i : i + 1, j : j + 1]


def _matrix(node: Node, find: Shapes) -> Shape:
    """The shape of blocks: each row of one height, each column of one width."""
    shapes = [find.of(part) for part in node.parts]
    m, n, *text = node.value
    if not m:  # in square brackets: columns stand above each other
        column = any(shape[0] for shape in shapes) and not any(s[1] for s in shapes)
        m, n = (n, 1) if column else (1, n)
        if shapes[0] == shapes[-1] and len({*shapes[0]}) == 1 and shapes[0] != SCALAR:
            raise node.fail(
                "is it a commutator or a row of blocks? expected A B - B A, or "
                r"\begin{bmatrix} A & B \end{bmatrix}"
            )
        how = "column, each part above the next" if column else "row of blocks"
        find.note(node, f"read {text[0]} as one {how}")

    def common(axis: int, places: range, last: bool) -> Dim:
        """The size that blocks share, a zero's too; none of them is left unknown."""
        now = {place: find.now(shapes[place]) for place in places}
        known = [place for place in places if not find.dims.open(now[place][axis])]
        size = now[known[0]][axis] if known else ()
        for place in places if known or last else ():
            part = node.parts[place]
            if not known and part.kind != "zero":
                raise part.fail("its size does not follow, expected it as in I_V")
            if not find.dims.same(now[place][axis], size):
                came, other = written(now[place]), written(now[known[0]])
                where = "below" if axis else "beside"
                raise part.misfit(f"a block of {came} came {where} one of {other}")
        return size

    for last in (False, True):
        rows = [common(0, range(i * n, i * n + n), last) for i in range(m)]
        columns = [common(1, range(j, m * n, n), last) for j in range(n)]
    return total(rows), total(columns)


def _matrix_value(of: Given) -> Array:
    m, n, *_ = of.node.value
    if not m:
        m, n = (n, 1) if of.size[0] > of.parts[0].shape[-2] else (1, n)
    lead = np.broadcast_shapes(*(part.shape[:-2] for part in of.parts))
    whole = [np.broadcast_to(part, (*lead, *part.shape[-2:])) for part in of.parts]
    rows = [np.concatenate(whole[i * n : i * n + n], axis=-1) for i in range(m)]
    return np.concatenate(rows, axis=-2)


# Sums and products


def _add(node: Node, find: Shapes) -> Shape:
    shapes = [find.of(part) for part in node.parts]
    shape = next((s for s in shapes if find.now(s) != SCALAR), shapes[0])
    for part, other in zip(node.parts, shapes, strict=True):
        if find.dims.fit(shape, other):
            continue
        now = find.now(shape)
        if other == SCALAR and part.kind == "number" and find.lenient:
            ones = "row" if now[1] else "column"
            find.note(part, f"read {part.value:g} as a {ones} of ones")
            continue
        hint = r"; a column of ones is \mathbf{1}" * (SCALAR in (now, other))
        if shapes[0] == SCALAR != now:
            part = node.parts[shapes.index(shape)]
            now, other = SCALAR, now
        raise part.misfit(f"{written(other)} came in a sum with {written(now)}{hint}")
    return shape


def _add_value(of: Given) -> Array:
    terms = zip(of.node.value, of.parts, strict=True)
    return np.asarray(sum((sign * term for sign, term in terms), 0.0))


def _add_shown(node: Node, find: Shapes) -> str:
    signs = [" − " if sign < 0 else " + " for sign in node.value]
    pieces = [shown(part, find) for part in node.parts]
    text = "".join(s + p for s, p in zip(signs, pieces, strict=True))
    return text[3:] if text.startswith(" + ") else f"−{text[3:]}"


def _mul(node: Node, find: Shapes) -> Shape:
    shape = find.of(node.parts[0])
    for link, part in zip(node.value, node.parts[1:], strict=True):
        other = find.of(part)
        shape = find.now(shape)
        if SCALAR in (shape, other):
            shape = other if shape == SCALAR else shape
        elif find.dims.same(shape[1], other[0]):
            shape = shape[0], other[1]
        elif find.lenient and shape == other and () in shape and link != r"\times":
            if link == "*":
                find.note(part, "read * as an entrywise product")
            else:
                find.note(part, "read a product of two columns as an inner product")
                shape = SCALAR
        else:
            hint = r"; an inner product is u^\top v" if other == shape else ""
            hint += r", entry by entry it is u \odot v" if link == r"\times" else ""
            rows = written((shape[1], ()))[:-2]
            raise part.misfit(
                f"{written(other)} came after {written(shape)}, expected "
                f"{rows} {'row' if rows == '1' else 'rows'} or a scalar{hint}"
            )
    return shape


def _mul_value(of: Given) -> Array:
    product, *rest = of.parts
    for link, factor in zip(of.node.value, rest, strict=True):
        product = multiplied(product, factor, link)
    return product


def _hadamard(node: Node, find: Shapes) -> Shape:
    shape = find.of(node.parts[0])
    for part in node.parts[1:]:
        other = find.of(part)
        square = (
            part.kind == "derivative"
            and other[0] == other[1]
            and () in find.shape(part.parts[1])
        )
        vector = shape in ((other[0], ()), ((), other[0]))
        if find.lenient and square and vector and other != SCALAR:
            find.note(part, "read a diagonal Jacobian as its column of slopes")
            find.slopes.add(part)
            find.table[part] = other = shape
        if not find.dims.fit(shape, other):
            both = f"{written(shape)} and {written(other)}"
            raise part.misfit(rf"\odot joins {both}, expected one shape")
    return shape


def _kronecker(node: Node, find: Shapes) -> Shape:
    shapes = [find.of(part) for part in node.parts]
    if find.way.outer and len(shapes) == 2 and all(r and not c for r, c in shapes):
        find.note(node, r"read \otimes as the outer product")
        return shapes[0][0], shapes[1][0]
    rows, columns = (sum(dims, ()) for dims in zip(*shapes, strict=True))
    return rows, columns


def _kronecker_value(of: Given) -> Array:
    product, *rest = of.parts
    if of.size[1] > 1 and all(part.shape[-1] == 1 for part in of.parts):
        return product @ rest[0].swapaxes(-1, -2)  # read as the outer product
    for factor in rest:
        product = kronecker(product, factor)
    return product


def _inner(node: Node, find: Shapes) -> Shape:
    left, right = (find.of(part) for part in node.parts)
    if not find.dims.fit(left, right):
        both = f"{written(left)} and {written(right)}"
        raise node.misfit(f"{both} came, expected one shape")
    return SCALAR


def _inner_shown(node: Node, find: Shapes) -> str:
    return f"⟨{', '.join(shown(part, find) for part in node.parts)}⟩"


def _sum(node: Node, find: Shapes) -> Shape:
    shape = find.of(node.parts[0])
    time = any(domain == "time" for domain, _ in find.domains.get(node.value, []))
    find.runs(node, node.indices, "time" if time else "limits")
    return shape


def _in_sum(node: Node, env: Env, sized: Sized) -> list[tuple[Node, Env]]:
    return [
        (node.parts[0], {**env, node.value: value}) for value in sized.values(node, env)
    ]


def _prod(node: Node, find: Shapes) -> Shape:
    return find.square(node, _sum(node, find), "a product of", "square factors")


def _prod_value(of: Given) -> Array:
    product: Array = np.eye(of.size[0])
    for factor in of.parts:
        product = product @ factor
    return product


# Functions


def _power(node: Node, find: Shapes) -> Shape:
    shape = find.of(node.parts[0])
    if find.lenient and () in shape and not find.dims.same(*shape):
        find.note(node, "read a power of a column entry by entry")
        return shape
    expected = r"a square matrix or a scalar; entry by entry it is x^{\odot 2}"
    return find.square(node, shape, "a power of a", expected)


def _power_value(of: Given) -> Array:
    (base,), (power,) = of.parts, of.at
    if abs(power) > _HIGHEST_POWER:
        raise of.node.fail(f"the power {power} came, expected at most {_HIGHEST_POWER}")
    if base.shape[-2] != base.shape[-1] or of.node.kind == "elementpower":
        return np.asarray(base**power)
    return np.linalg.matrix_power(base, power)


def _transpose(node: Node, find: Shapes) -> Shape:
    rows, columns = find.of(node.parts[0])
    if node.value == "T" and (rows, columns) == SCALAR:
        raise node.fail("^T of a scalar came, expected a power or a matrix")
    return columns, rows


def _fraction(node: Node, find: Shapes) -> Shape:
    above, below = (find.of(part) for part in node.parts)
    if below == SCALAR:
        return above
    if find.lenient and above in (SCALAR, below):
        find.note(node, "read a ratio of columns entry by entry")
        return below
    raise node.parts[1].misfit(f"{written(below)} came below, expected a scalar")


def _fraction_shown(node: Node, find: Shapes) -> str:
    above, below = (_factor(part, find) for part in node.parts)
    return f"{above} / {below if ' ' not in below else f'({below})'}"


def _call(node: Node, find: Shapes) -> Shape:
    shape, name = find.of(node.parts[0]), node.value
    rows, columns = shape
    if name == "vec":
        return rows + columns, ()
    if name in ("tr", "det"):
        find.square(node, shape, f"{name} of a")
        return SCALAR
    if name in ("max", "min", "mean", "sum"):
        if shape == SCALAR:
            raise node.fail(f"{name} of one number came, expected of several")
        return SCALAR
    came = f"{name} of a {{}}{written(shape)}{{}} came, expected a column"
    if columns and rows:
        raise node.misfit(came.format("", " matrix"))
    if name in ENTRYWISE or name == "softmax":
        return shape
    if columns and (name != "diag" or not find.lenient):
        raise node.misfit(came.format("row ", ""))
    if columns:
        find.note(node, "read diag of a row as that of its column")
    return (rows or columns,) * 2 if name == "diag" else shape


def _bars(node: Node, find: Shapes) -> Shape:
    find.square(node, find.of(node.parts[0]), "bars around a")
    return SCALAR


def _bars_value(of: Given) -> Array:
    name = "abs" if of.parts[0].shape[-2:] == (1, 1) else "det"
    return CALLS[name](of.parts[0])


def _norm(node: Node, find: Shapes) -> Shape:
    if all(find.of(node.parts[0])) and node.value != "F":
        expected = "expected the Frobenius norm, with _F"
        raise node.misfit(f"the norm of a matrix came, {expected}")
    return SCALAR


def _norm_value(of: Given) -> Array:
    length: Array = np.sqrt((of.parts[0] ** 2).sum(axis=(-2, -1), keepdims=True))
    return length


# Derivatives, which are measured


def _derivative(node: Node, find: Shapes) -> Shape:
    y, x = (find.of(part) for part in node.parts)
    numerator = by_numerator(node, y, find.way.layout)
    if x == SCALAR and y[0] and y[1] and not numerator:
        raise node.misfit(
            "a matrix by a scalar came in denominator layout, expected numerator: no "
            "denominator layout of it is in common use"
        )
    if find.way.flat and y == SCALAR and node.value != "gradient":
        x = tuple(sorted(x[0] + x[1])), ()
    if SCALAR in (y, x):
        turned = numerator == (x != SCALAR)
        rows, columns = x if y == SCALAR else y
        return (columns, rows) if turned else (rows, columns)
    rows, columns = y[0] + y[1], x[0] + x[1]
    return (rows, columns) if numerator else (columns, rows)


def by_numerator(node: Node, y: Shape, layout: str) -> bool:
    """Whether a derivative of something of shape ``y`` is laid out by its numerator."""
    if node.value == "gradient" or layout == "denominator":
        return False
    return layout == "numerator" or y != SCALAR


def _scalar(node: Node, find: Shapes) -> Shape:
    return SCALAR


KINDS = {
    "number": Kind(_scalar, lambda of: np.full((1, 1), of.node.value)),
    "index": Kind(_scalar, lambda of: np.full((1, 1), float(of.at[0]))),
    "zero": Kind(
        lambda node, find: (find.dims.fresh(), find.dims.fresh()),
        lambda of: np.zeros(of.size),
    ),
    "ones": Kind(
        lambda node, find: (_identity(node, find)[0], ()), lambda of: np.ones(of.size)
    ),
    "identity": Kind(_identity, lambda of: np.eye(of.size[0])),
    "delta": Kind(_delta, lambda of: np.full((1, 1), float(of.at[0] == of.at[1]))),
    "quantity": Kind(_quantity),  # its value is the world's
    "defined": Kind(_defined, inside=_in_definition),
    "entry": Kind(_entry, _entry_value),
    "matrix": Kind(_matrix, _matrix_value),
    "add": Kind(_add, _add_value, _add_shown, closed=True),
    "mul": Kind(_mul, _mul_value, _joined(" · ")),
    "hadamard": Kind(
        _hadamard,
        lambda of: math.prod(of.parts[1:], start=of.parts[0]),
        _joined(" ⊙ "),
        closed=True,
    ),
    "kronecker": Kind(_kronecker, _kronecker_value, _joined(" ⊗ "), closed=True),
    "inner": Kind(
        _inner,
        lambda of: (of.parts[0] * of.parts[1]).sum(axis=(-2, -1), keepdims=True),
        _inner_shown,
    ),
    "sum": Kind(
        _sum,
        lambda of: sum(of.parts, np.zeros(of.size)),
        lambda node, find: f"Σ {_factor(node.parts[0], find)}",
        _in_sum,
    ),
    "prod": Kind(
        _prod,
        _prod_value,
        lambda node, find: f"∏ {_factor(node.parts[0], find)}",
        _in_sum,
    ),
    "power": Kind(_power, _power_value),
    "elementpower": Kind(_same, _power_value),
    "transpose": Kind(_transpose, lambda of: of.parts[0].swapaxes(-1, -2)),
    "fraction": Kind(
        _fraction, lambda of: np.asarray(of.parts[0] / of.parts[1]), _fraction_shown
    ),
    "call": Kind(
        _call,
        lambda of: CALLS[of.node.value](of.parts[0]),
        lambda node, find: f"{node.value}({shown(node.parts[0], find)})",
    ),
    "bars": Kind(_bars, _bars_value),
    "norm": Kind(
        _norm, _norm_value, lambda node, find: f"‖{shown(node.parts[0], find)}‖"
    ),
    "d": Kind(),
    "derivative": Kind(_derivative),
}
