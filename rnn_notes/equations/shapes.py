"""The shape of every piece of a formula, in letters, before any number is drawn.

A shape is a pair of dims, a dim a product of sizes: ``("H", "V")`` is H·V, ``()`` is 1.
What has no size of its own (I, a bold 1, a zero) starts with unknowns, "?1", and takes
the size that its place asks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rnn_notes.equations.dims import Dims, written
from rnn_notes.equations.errors import EquationError
from rnn_notes.equations.kinds import KINDS
from rnn_notes.equations.nodes import Linear, Node, Remark
from rnn_notes.equations.symbols import Dim, Scope, Shape

__all__ = ["LAYOUTS", "Layout", "Shapes", "Way"]

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
    told    : how it is told, where it is unusual
    """

    layout: Layout = LAYOUTS[0]
    outer: bool = False
    flat: bool = False
    falling: bool = False
    whole: bool = False
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

    def unknown(self) -> Shape:
        """A shape that its place decides."""
        return self.dims.fresh(), self.dims.fresh()

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
        remarks = self.scope.remarks
        if remarks is None:
            raise node.misfit(f"strictly: {text}")
        if text not in [remark.text for remark in remarks]:
            remarks.append(Remark(text, node.span))
