"""One chain of equalities, understood: everything that is known before a draw."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rnn_notes.equations.clauses import Clauses
from rnn_notes.equations.dims import written
from rnn_notes.equations.draws import Draw
from rnn_notes.equations.errors import BothWaysError, EquationError
from rnn_notes.equations.kinds import Shapes, Way, shown
from rnn_notes.equations.nodes import Linear, Node, Remark, with_text
from rnn_notes.equations.reading import Reader
from rnn_notes.equations.symbols import SCALAR, STEPS, Condition, Quantity, Scope
from rnn_notes.equations.unsaid import summed, widened, with_immediate_factors

__all__ = ["Equation"]

_MOST_CASES = 4000


class Equation:
    """The sides of one line of a formula, their shapes, and where its indices run.

    items  : what stands on the line: the equation, then conditions after commas
    scope  : what the letters stand for
    drawn  : what it is measured on
    way    : how it is read

    Raises ``EquationError`` for what is not understood. Sides of different shapes are
    understood; ``fits`` says so.
    """

    def __init__(
        self,
        items: list[Node],
        scope: Scope,
        drawn: Sequence[Draw],
        way: Way,
    ) -> None:
        self.draws = drawn
        relation, *said = items
        if relation.kind != "relation":
            raise relation.fail("no = came, expected an equation")
        self.scope = replace(
            scope, conditions=list(scope.conditions), ranges=dict(scope.ranges)
        )
        self.common = len(scope.conditions)
        Clauses(self.scope).after(said)
        reader = Reader(self.scope)
        self.relation = reader.read(relation)
        if self.scope.remarks is not None:
            self.relation = widened(summed(self.relation, reader.note), reader.note)
            usual = with_immediate_factors(self.relation, reader.note)
            self.relation = with_immediate_factors(usual, reader.note, way.whole)
            if way.whole and self.relation == usual:
                raise relation.fail("no factor came that this reads in another way")
        self.sides = self.relation.parts
        self.shapes = Shapes(self.scope, way)
        if way.apart:
            self.sides = tuple(map(self.laid_apart, self.sides))
        first, *others = [self.shapes.of(side) for side in self.sides]
        if way.flat:
            self.sides = tuple(map(self.stacked, self.sides))
            first, *others = [self.shapes.of(side) for side in self.sides]
        for other in others:
            self.shapes.dims.fit(first, other)
        self.shapes.settle()
        free = frozenset[str]().union(*(side.free for side in self.sides))
        self.free = sorted(free - self.scope.size_names)
        self.check_letters()
        try:
            self.shapes.downwards = self.running_down()
        except BothWaysError as error:
            self.in_order(error)
            self.shapes.downwards = self.running_down()

    @property
    def fits(self) -> list[bool]:
        """Whether the two sides of each equality have one shape."""
        shapes = [self.shapes.shape(side) for side in self.sides]
        return [self.shapes.dims.fit(a, b) for a, b in itertools.pairwise(shapes)]

    def stacked(self, side: Node) -> Node:
        """A side, or its vec if it is a matrix, as others are rows or columns."""
        rows, columns = self.shapes.of(side)
        if not (rows and columns):
            return side
        column = Node("call", side.span, (side,), "vec")
        if self.shapes.way.layout != "numerator" or self.shapes.way.apart:
            return column
        return Node("transpose", side.span, (column,))

    def laid_apart(self, side: Node) -> Node:
        """A side, each term of which is as a column, whatever its own layout is."""
        if side.kind == "add":
            return side.with_parts(self.laid_apart)
        tops = [n.parts[0] for n in side.walk() if n.kind == "derivative"]
        if all(self.shapes.guessed(top) == SCALAR for top in tops):
            return self.stacked(_as_gradients(side))
        if self.shapes.of(side)[0]:
            raise side.fail("a chain of Jacobians came that is no row")
        return Node("transpose", side.span, (side,))

    @property
    def line(self) -> str:
        """The shape of every factor."""
        return " = ".join(shown(side, self.shapes) for side in self.sides)

    def side_shapes(self) -> list[str]:
        """The shape of every side, in letters."""
        sizes = self.scope.sizes
        return [written(self.shapes.shape(side), sizes) for side in self.sides]

    def nodes(self) -> Iterator[Node]:
        """Every node that has a text of its own in the formula, the line first."""
        return with_text(self.relation)

    def named(self) -> Iterator[tuple[str, Quantity]]:
        """The model's quantities that stand in the formula, by their names."""
        for node in self.nodes():
            known = self.scope.known(node.value)
            if node.kind == "quantity" and known:
                yield str(node.value), known

    def pieces(self, *kinds: str) -> list[Node]:
        """Every node of these kinds on the sides, definitions included."""
        return [n for side in self.sides for n in side.walk() if n.kind in kinds]

    def has_jacobian(self) -> bool:
        """Whether a derivative is in it that layouts tell apart, but for transposes."""
        tops = [self.shapes.shape(node.parts[0]) for node in self.pieces("derivative")]
        return any(top != SCALAR for top in tops)

    def check_letters(self) -> None:
        """Refuse a letter that is free and bound, or asked about in vain."""
        for node in self.nodes():
            if node.kind in ("sum", "prod") and node.value in self.free:
                raise node.fail(f"{node.value} is bound here and free elsewhere")
        known = {*self.free, *self.scope.size_names}
        for condition in self.scope.conditions[self.common :]:
            for letter in sorted(condition.letters - known):
                raise condition.node.fail(f"{letter} is no free index of the equation")

    # Where the free indices run

    def cases(self, draw: Draw) -> Iterator[dict[str, int]]:
        """The values of all letters, sizes too, that the conditions allow."""
        sizes = dict(draw.sizes)
        spans = [self.span(name, draw) for name in self.free]
        chosen = [
            c for c in self.scope.conditions if c.letters <= set(sizes) | set(self.free)
        ]
        if math.prod(map(len, spans)) > _MOST_CASES:
            raise self.sides[0].fail("it has too many free indices to measure")
        for values in itertools.product(*spans):
            env = {**sizes, **dict(zip(self.free, values, strict=True))}
            if all(condition.holds(env) for condition in chosen):
                yield env

    def span(self, name: str, draw: Draw) -> range:
        """The values of one index in a draw."""
        ranges = self.scope.ranges
        for letter in (name, *sorted(self.shapes.linked(name))):
            if letter in ranges:
                low, high = (index.at(draw.sizes) for index in ranges[letter])
                return range(low, high + 1)
        user = [n for n in self.nodes() if name in n.free][-1]
        domain = self.shapes.domain(name, user)
        return range(1, draw.last(domain) + 1)

    def in_order(self, error: EquationError) -> None:
        """Measure only where what stands below the first derivative comes earlier."""
        if self.scope.remarks is None:
            raise error
        first = self.sides[0]
        inner: dict[str, Linear] = {}
        while first.kind in ("defined", "entry", "transpose"):
            inner |= dict(zip(first.binds, first.indices, strict=bool(first.binds)))
            first = first.parts[0]
        steps = [
            node.indices[0].replaced(inner) for node in first.parts if node.indices
        ]
        letters = frozenset[str]().union(*(step.letters for step in steps))
        if first.kind != "derivative" or len(steps) < 2 or len(letters) < 2:
            raise error
        said = Condition((steps[1], steps[0]), (operator.lt,), self.sides[0])
        self.scope.conditions.append(said)
        text = f"measured for {steps[1]} < {steps[0]}, as the product is written"
        self.scope.remarks.append(Remark(text, first.span))

    def running_down(self) -> set[Node]:
        """The products whose letter runs from a larger to a smaller value."""
        products = self.pieces("prod")
        if not products:
            return set()
        gaps: dict[Node, set[int]] = {node: set() for node in products}
        self.looked = 0
        longest = max(self.draws, key=lambda draw: draw.sizes[STEPS])
        for env in self.cases(longest):
            for side in self.sides:
                self.gaps(side, env, gaps)
        return {node for node in products if self.is_down(node, gaps[node])}

    def gaps(self, node: Node, env: dict[str, int], gaps: dict[Node, set[int]]) -> None:
        """Note how far apart the limits of every product come."""
        self.looked += 1
        if self.looked > _MOST_CASES:
            raise node.too_much()
        if not any(part in gaps for part in node.walk()):
            return
        inner = env
        if node.kind in ("sum", "prod"):
            low, high = node.at(env) or (1, env[STEPS])
            if node in gaps:
                gaps[node].add(high - low)
            for value in {low, high} if low <= high else {low}:
                self.gaps(node.parts[0], {**env, node.value: value}, gaps)
            return
        if node.kind == "defined":
            inner = node.inner(env)
        for part in node.parts:
            self.gaps(part, inner, gaps)

    def is_down(self, node: Node, gaps: set[int]) -> bool:
        """Whether limits this far apart mean that the letter runs down.

        Raises
        ------
        BothWaysError
            Where they lie both ways round.
        """
        falls = bool(node.indices) and min(gaps, default=0) < -1
        if falls and max(gaps) > 1:
            reason = "its limits lie both ways round, expected one order"
            raise BothWaysError(reason, node.span)
        return falls


def _as_gradients(node: Node) -> Node:
    """A tree whose derivatives have the shape of their variable, in any layout."""
    node = node.with_parts(_as_gradients)
    if node.kind == "derivative" and node.value is False:
        return replace(node, value="gradient")
    return node
