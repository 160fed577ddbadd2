"""The shape of every piece of a formula, in letters, before any number is drawn.

A shape is a pair of dims, a dim a product of sizes: ``("H", "V")`` is H·V, ``()`` is 1.
What has no size of its own (I, a bold 1, a zero) starts with unknowns, "?1", and takes
the size that its place asks for.
"""

from __future__ import annotations

from rnn_notes.equations.dims import Dims, written
from rnn_notes.equations.errors import EquationError, UnshapedError
from rnn_notes.equations.nodes import Linear, Node, Remark
from rnn_notes.equations.symbols import SCALAR, Dim, Scope, Shape
from rnn_notes.equations.values import ENTRYWISE

__all__ = ["Shapes"]

_SQUARES = ("tr", "det")
_NUMBERS = ("max", "min", "mean")


class Shapes:
    """The shapes of the nodes of one equation, and where its indices run.

    table   : the shape of every node, once ``settle`` has been called
    domains : for an index letter, "time" or the dim of the entries that it counts

    Raises ``EquationError`` for pieces that do not fit, naming both shapes.
    """

    def __init__(
        self, scope: Scope, layout: str, outer: bool = False, flat: bool = False
    ) -> None:
        self.scope, self.outer, self.flat = scope, outer, flat
        self.lenient = scope.remarks is not None
        self.layout = layout
        self.dims = Dims(scope.sizes)
        self.table: dict[Node, Shape] = {}
        self.settled: dict[Node, Shape] = {}
        self.slopes: set[Node] = set()
        self.domains: dict[str, list[tuple[Dim | str, Node]]] = {}
        self.pairs: list[frozenset[str]] = []

    def shape(self, node: Node) -> Shape:
        """The shape of a node, with what is known by now put in."""
        if self.settled:
            found = self.settled.get(node)
            if found is None:
                found = self.settled[node] = self.now(self.table[node])
            return found
        return self.now(self.table[node])

    def now(self, shape: Shape) -> Shape:
        """A shape with what is known by now put in."""
        return self.dims.now(shape[0]), self.dims.now(shape[1])

    def settle(self) -> None:
        """Find every unknown; an error says which stays one."""
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

    # Shapes, kind by kind

    def of(self, node: Node) -> Shape:
        """The shape of a node and, on the way, of all that it is made of."""
        method = getattr(self, f"_{node.kind}", None)
        if method is None:
            raise node.fail(f"{node.kind} came, expected an expression")
        shape: Shape = method(node)
        self.table[node] = shape
        return self.shape(node)

    def _number(self, node: Node) -> Shape:
        return SCALAR

    def _zero(self, node: Node) -> Shape:
        return self.dims.fresh(), self.dims.fresh()

    def _index(self, node: Node) -> Shape:
        return SCALAR

    def _identity(self, node: Node) -> Shape:
        n = self.dims.fresh() if node.value is None else node.value
        return n, n

    def _ones(self, node: Node) -> Shape:
        return (self.dims.fresh() if node.value is None else node.value), ()

    def _delta(self, node: Node) -> Shape:
        self.pairs.append(node.indices[0].letters | node.indices[1].letters)
        return SCALAR

    def _quantity(self, node: Node) -> Shape:
        self.runs(node, node.indices, "time")
        shape = self.scope.shape(node.value)
        if shape is None:
            raise UnshapedError(f"{node.value} has no shape yet", node.span)
        return shape

    def _defined(self, node: Node) -> Shape:
        before = {k: list(v) for k, v in self.domains.items()}
        shape = self.of(node.parts[0])
        inside = self.domains
        self.domains = before
        for name, index in zip(node.binds, node.indices, strict=True):
            for domain, _ in inside.get(name, []):
                self.runs(node, (index,), domain)
        return shape

    def _entry(self, node: Node) -> Shape:
        rows, columns = self.of(node.parts[0])
        dims = [dim for dim in (rows, columns) if dim]
        if len(dims) != len(node.indices):
            raise node.fail(
                f"{len(node.indices)} indices of an entry came for a "
                f"{written((rows, columns))}, expected {len(dims)}"
            )
        for index, dim in zip(node.indices, dims, strict=True):
            self.runs(node, (index,), dim)
        return SCALAR

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
        remarks = self.scope.remarks
        if remarks is None:
            raise node.misfit(f"strictly: {text}")
        if text not in [remark.text for remark in remarks]:
            remarks.append(Remark(text, node.span))

    def _add(self, node: Node) -> Shape:
        shapes = [self.of(part) for part in node.parts]
        shape = next((s for s in shapes if self.now(s) != SCALAR), shapes[0])
        first = shapes[0]
        for part, other in zip(node.parts, shapes, strict=True):
            if self.dims.fit(shape, other):
                continue
            now = self.now(shape)
            if other == SCALAR and part.kind == "number" and self.lenient:
                ones = "row" if now[1] else "column"
                self.note(part, f"read {part.value:g} as a {ones} of ones")
                continue
            hint = r"; a column of ones is \mathbf{1}" * (SCALAR in (now, other))
            if first == SCALAR != now:
                part = next(
                    p for p, s in zip(node.parts, shapes, strict=True) if s == shape
                )
                now, other = SCALAR, now
            raise part.misfit(
                f"{written(other)} came in a sum with {written(now)}{hint}"
            )
        return shape

    def _mul(self, node: Node) -> Shape:
        shape = self.of(node.parts[0])
        for link, part in zip(node.value, node.parts[1:], strict=True):
            other = self.of(part)
            shape = self.now(shape)
            if SCALAR in (shape, other):
                shape = other if shape == SCALAR else shape
            elif self.dims.same(shape[1], other[0]):
                shape = shape[0], other[1]
            elif self.lenient and shape == other and () in shape:
                if link == "*":
                    self.note(part, "read * as an entrywise product")
                else:
                    self.note(part, "read a product of two columns as an inner product")
                    shape = SCALAR
            else:
                hint = r"; an inner product is u^\top v" if other == shape else ""
                rows = written((shape[1], ()))[:-2]
                raise part.misfit(
                    f"{written(other)} came after {written(shape)}, expected "
                    f"{rows} {'row' if rows == '1' else 'rows'} or a scalar{hint}"
                )
        return shape

    def _hadamard(self, node: Node) -> Shape:
        shape = self.of(node.parts[0])
        for part in node.parts[1:]:
            other = self.of(part)
            square = part.kind == "derivative" and other[0] == other[1]
            vector = shape in ((other[0], ()), ((), other[0]))
            if self.lenient and square and vector and other != SCALAR:
                self.note(part, "read a diagonal Jacobian as its column of slopes")
                self.slopes.add(part)
                self.table[part] = other = shape
            if not self.dims.fit(shape, other):
                raise part.misfit(
                    f"\\odot joins {written(shape)} and {written(other)}, expected "
                    "one shape"
                )
        return shape

    def _kronecker(self, node: Node) -> Shape:
        if self.outer and len(node.parts) == 2:
            left, right = (self.of(part) for part in node.parts)
            if left[0] and right[0] and not left[1] and not right[1]:
                self.note(node, r"read \otimes as the outer product")
                return left[0], right[0]
        rows: Dim = ()
        columns: Dim = ()
        for part in node.parts:
            r, c = self.of(part)
            rows, columns = rows + r, columns + c
        return rows, columns

    def _power(self, node: Node) -> Shape:
        rows, columns = self.of(node.parts[0])
        if not self.dims.same(rows, columns):
            if self.lenient and () in (rows, columns):
                self.note(node, "read a power of a column entry by entry")
                return rows, columns
            raise node.misfit(
                f"a power of a {written((rows, columns))} came, expected a square "
                r"matrix or a scalar; entry by entry it is x^{\odot 2}"
            )
        return rows, columns

    def _elementpower(self, node: Node) -> Shape:
        return self.of(node.parts[0])

    def _transpose(self, node: Node) -> Shape:
        rows, columns = self.of(node.parts[0])
        if node.value == "T" and (rows, columns) == SCALAR:
            raise node.fail("^T of a scalar came, expected a power or a matrix")
        return columns, rows

    def _fraction(self, node: Node) -> Shape:
        above, below = (self.of(part) for part in node.parts)
        if below != SCALAR and self.lenient and above in (SCALAR, below):
            self.note(node, "read a ratio of columns entry by entry")
            return below
        if below != SCALAR:
            raise node.parts[1].misfit(
                f"{written(below)} came below, expected a scalar"
            )
        return above

    def _call(self, node: Node) -> Shape:
        rows, columns = self.of(node.parts[0])
        shape, name = (rows, columns), node.value
        if name == "vec":
            return rows + columns, ()
        if name in _SQUARES:
            if not self.dims.same(rows, columns):
                raise node.misfit(
                    f"{name} of a {written(shape)} came, expected a square one"
                )
            return SCALAR
        if name in _NUMBERS:
            if shape == SCALAR:
                raise node.fail(f"{name} of one number came, expected of several")
            return SCALAR
        if columns and rows:
            raise node.misfit(
                f"{name} of a {written(shape)} matrix came, expected a column"
            )
        if name in ENTRYWISE or name == "softmax":
            return shape
        if columns and (name != "diag" or not self.lenient):
            raise node.misfit(
                f"{name} of a row {written(shape)} came, expected a column"
            )
        if columns:
            self.note(node, "read diag of a row as that of its column")
        return (rows or columns,) * 2 if name == "diag" else shape

    def _bars(self, node: Node) -> Shape:
        rows, columns = self.of(node.parts[0])
        if not self.dims.same(rows, columns):
            raise node.misfit(
                f"bars around a {written((rows, columns))} came, expected a square one"
            )
        return SCALAR

    def _inner(self, node: Node) -> Shape:
        left, right = (self.of(part) for part in node.parts)
        if not self.dims.fit(left, right):
            raise node.misfit(
                f"{written(left)} and {written(right)} came, expected one shape"
            )
        return SCALAR

    def _norm(self, node: Node) -> Shape:
        rows, columns = self.of(node.parts[0])
        if rows and columns and node.value != "F":
            raise node.misfit(
                "the norm of a matrix came, expected the Frobenius norm, with _F"
            )
        return SCALAR

    def _matrix(self, node: Node) -> Shape:
        for part in node.parts:
            if (shape := self.of(part)) != SCALAR:
                raise part.misfit(
                    f"an entry of {written(shape)} came, expected a scalar"
                )
        rows, columns = (() if n == 1 else (str(n),) for n in node.value)
        return rows, columns

    def _sum(self, node: Node) -> Shape:
        shape = self.of(node.parts[0])
        self.runs(node, node.indices, "time" if self.is_time(node) else "limits")
        return shape

    def is_time(self, node: Node) -> bool:
        """Whether the letter that a sum binds counts steps."""
        return any(domain == "time" for domain, _ in self.domains.get(node.value, []))

    def _prod(self, node: Node) -> Shape:
        rows, columns = self._sum(node)
        if not self.dims.same(rows, columns):
            raise node.misfit(
                f"a product of {written((rows, columns))} came, expected square factors"
            )
        return rows, columns

    def _d(self, node: Node) -> Shape:
        return self.of(node.parts[0])

    def numerator(self, node: Node, y: Shape, x: Shape) -> bool:
        """Whether a derivative has a row for each output."""
        if node.value == "gradient" or self.layout == "denominator":
            return False
        return self.layout == "numerator" or (y != SCALAR)

    def _derivative(self, node: Node) -> Shape:
        y, x = (self.of(part) for part in node.parts)
        numerator = self.numerator(node, y, x)
        if x == SCALAR:
            if y[0] and y[1] and not numerator:
                raise node.misfit(
                    "a matrix by a scalar came in denominator layout, expected "
                    "numerator: no denominator layout of it is in common use"
                )
            return y if numerator else (y[1], y[0])
        if self.flat and y == SCALAR:
            x = tuple(sorted(x[0] + x[1])), ()
        if y == SCALAR:
            return (x[1], x[0]) if numerator else x
        rows, columns = y[0] + y[1], x[0] + x[1]
        return (rows, columns) if numerator else (columns, rows)
