"""The value of a formula's pieces in a world, derivatives measured by nudging."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from rnn_notes.equations.draws import Draw
from rnn_notes.equations.errors import OutsideError
from rnn_notes.equations.functions import unvec, vec
from rnn_notes.equations.kinds import KINDS, Env, Given, Shapes, Sized, by_numerator
from rnn_notes.equations.nodes import Linear, Node, with_text
from rnn_notes.equations.symbols import PAGE, SCALAR
from rnn_notes.equations.worlds import REPLICAS, ROUNDING, Array, Key, Read, World

__all__ = ["MOST_WORK", "SLACK", "Budget", "Evaluator", "compiled", "reads"]

MOST_WORK = 17_000
_LARGEST = 1_000_000  # numbers in one array
_MOST_NUMBERS = 3_000_000  # in all that is kept of one draw
SLACK = 50  # times the spread of the replicas, that rounding may have done
_LOST = 1e-12  # a term so much smaller than its sum is below what rounding shows
_COMPLEX_STEP = 1e-30
_CENTRAL_STEP = float(ROUNDING ** (1 / 3))
_CENTRAL_STEPS = tuple(
    _CENTRAL_STEP / n for n in (1, 64, 512, 4096, 2**18)
)  # for sharp bends
_WIDE_STEP = 0.05  # halved twice, for the derivative of a derivative
_AGREEMENT = 1e-7
_FLOOR = 1e-9  # below this, rounding is all that a central difference shows
_DEEPEST = 2


@dataclass
class Budget:
    """How much has been computed, and kept in memory; there is an end to both."""

    work: float = 0.0
    kept: int = 0
    drawn: set[Draw] = field(default_factory=set)

    @property
    def over(self) -> bool:
        """Whether nothing is left of it."""
        return self.work > MOST_WORK

    def spend(self, node: Node, numbers: int) -> None:
        """Count the work of making this many numbers, and keeping them."""
        self.work += 1 + numbers / 1200
        self.kept += numbers
        if self.over or numbers > _LARGEST or self.kept > _MOST_NUMBERS:
            raise node.too_much()

    def compare(self, node: Node, numbers: int) -> None:
        """Count the work of a softmax that compares so many, of which none is kept."""
        self.work += numbers / 6000  # one costs less than a number that is kept
        if self.over or numbers > 4 * _LARGEST:
            raise node.too_much()

    def read(self, line: Node) -> None:
        """Count the work of reading a line and of finding its shapes."""
        self.work += line.size
        if self.over:
            raise line.too_much()


def reads(node: Node, env: Env, sized: Sized) -> Iterator[Key]:
    """What a node of a model is computed from, under given values of its letters."""
    if node.kind == "quantity":
        yield node.value, node.at(env)
    for part, inside in KINDS[node.kind].inside(node, env, sized):
        yield from reads(part, inside, sized)


def compiled(
    node: Node, env: Env, sized: Sized, budget: Budget
) -> Callable[[Read], Array]:
    """What computes a node of a model from what it reads: no noise, nothing kept."""
    at, value = node.at(env), KINDS[node.kind].value
    budget.spend(node, REPLICAS * math.prod(sized.size(node)))
    if node.kind == "quantity":
        key = (node.value, at)
        return lambda read: read(key)
    inside = KINDS[node.kind].inside(node, env, sized)
    parts = [compiled(part, inner, sized, budget) for part, inner in inside]
    if not parts:
        constant = value(Given(node, at, [], sized))
        return lambda read: constant
    return lambda read: value(Given(node, at, [part(read) for part in parts], sized))


class Evaluator(Sized):
    """The values of one equation's pieces in the worlds of one draw.

    budget   : what may be spent
    world    : the world drawn; by another ``noise`` it shows other rounding errors, and
               with ``scramble`` the network is another one
    moving   : what moves in differentials
    own      : what an immediate derivative is taken of; what it rests on is still
    filled   : the sums and products that had a term
    lost     : a piece in which a term or an argument is lost to rounding, or None

    Raises ``EquationError`` for what takes too much work, for an index that falls
    outside of what the draw has, and for derivatives in which the complex step and the
    central difference disagree.
    """

    def __init__(
        self,
        draw: Draw,
        shapes: Shapes,
        budget: Budget,
        noise: int = 0,
        scramble: bool = False,
    ) -> None:
        super().__init__(draw, shapes)
        self.budget = budget
        budget.kept = 0
        self.world = draw.world(shapes.scope, noise, scramble)
        if noise or scramble or draw not in budget.drawn:  # as if none of it were kept
            budget.work += len(self.world.plan.steps)
            budget.drawn.add(draw)
        self.moving: frozenset[Key] = frozenset()
        self.own: set[Node] = set()
        self.start()

    @cached_property
    def directions(self) -> dict[Key, Array]:
        """For differentials, where everything that is drawn may move."""
        return self.draw.directions(self.world)

    def start(self) -> None:
        """Forget what was filled, and what was lost."""
        self.filled = frozenset[Node]()
        self.lost: tuple[Node, str] | None = None

    def value(self, node: Node, env: Env, world: World) -> Array:
        """The value of a node, (..., replica, rows, columns), for given letters."""
        held = world.hold and node.kind == "defined" and node not in self.own
        if held and world.base:
            still = self.value(node, env, world.base)
            return still + world.nudges.get((node.value, node.at(env)), 0.0)
        moving = self.moving if node.measured else None
        key = (node, moving, *[env[name] for name in node.letters])
        if (known := world.memo.get(key)) is not None:
            value: Array = known[0]
            self.filled |= known[1]
            self.lost = self.lost or known[2]
            return value
        before = self.filled, self.lost
        self.start()
        rows, columns = self.size(node)
        numbers = rows * columns * REPLICAS * math.prod(world.batch)
        if (node.kind, node.value) == ("call", "softmax") and world.batch:
            self.budget.compare(node, numbers * max(rows, columns))
        if numbers > _LARGEST:
            raise node.too_much()
        find = _SPECIAL.get(node.kind, Evaluator.composed)
        value = find(self, node, env, world)
        if node.kind != "zero":
            value = world.noise.of(value)
        self.budget.spend(node, value.size)
        world.memo[key] = value, self.filled, self.lost
        self.filled |= before[0]
        self.lost = before[1] or self.lost
        return value

    def composed(self, node: Node, env: Env, world: World) -> Array:
        """The value of a node by those of its parts, and what is lost on the way."""
        kind, parts = KINDS[node.kind], []
        for part, inside in kind.inside(node, env, self):
            try:
                parts.append(self.value(part, inside, world))
            except OutsideError:
                if not self.is_step_0(node, inside):
                    raise
                self.shapes.note(node, "left out the term of step 0, there is none")
        at = node.at(env)
        value = kind.value(Given(node, at, parts, self))
        if node.kind in ("sum", "prod") and parts:
            self.filled |= {node}
        if node.kind == "defined" and world.nudges:
            value = value + world.nudges.get((node.value, at), 0.0)
        if not world.batch:
            self.look_for_losses(node, parts, value)
        return value

    def is_step_0(self, node: Node, env: Env) -> bool:
        """Whether this is the first term of a sum that has a reason to begin at 0."""
        if node.kind != "sum" or env[node.value] or not node.indices:
            return False
        low, high = node.indices
        return self.shapes.lenient and low == Linear() and high.constant >= 0

    def look_for_losses(self, node: Node, parts: list[Array], value: Array) -> None:
        """Note what rounding has swallowed whole: a term, an argument."""
        if node.kind in ("add", "sum"):
            for term in parts:
                self.weigh(node, term, value)
        if node.kind == "call" and node.value in ("tanh", "exp", "sigmoid", "softmax"):
            ends = np.abs(value) if node.value == "exp" else 1 - np.abs(value)
            inside = parts[0][np.abs(parts[0]) < np.inf]
            if inside.size and (ends == 0).any() and value.size > 0:
                self.lost = node, "it is at the end of its range"
        if not np.isfinite(value).all():
            self.lost = node, "it is not a finite number"

    def weigh(self, node: Node, term: Array, total: Array) -> None:
        """Note a term that counts for nothing beside the others."""
        small = np.abs(term)
        tiny = (small > 0) & (small < _LOST * np.abs(total))
        if tiny.any():
            spread = np.abs(term - term[:1]).max(axis=0) if term.ndim > 2 else 0.0
            if (tiny & (small > SLACK * spread)).any():  # it is no zero off by rounding
                self.lost = node, "a term is too small beside the others to count"

    def quantity(self, node: Node, env: Env, world: World) -> Array:
        """The value of a quantity of the model or of the page."""
        key = (node.value, node.at(env))
        if key not in world.values:
            name = node.value.removeprefix(PAGE).rstrip("_")
            raise node.outside(f"{name}_{{{node.indices[0]}}}")
        return world.values[key]

    # Derivatives and differentials

    def derivative(self, node: Node, env: Env, world: World) -> Array:
        """The derivative of the first part by the second, laid out."""
        key, shape, order = self.variable(node.parts[1], env, world)
        units = np.eye(shape[0] * shape[1]).reshape(-1, *shape)
        slopes = self.slopes(node, env, world, {key: units})
        table = vec(slopes[order])[..., 0]  # (x, ..., y)
        table = np.moveaxis(table, 0, -1)  # (..., y, x), both in vec order
        if node in self.shapes.slopes:
            return self.diagonal(node, table)
        y, x = (self.shapes.shape(part) for part in node.parts)
        if x == SCALAR:
            stacked = unvec(table[..., 0], self.size(node.parts[0]))
        elif y == SCALAR:
            rows, columns = self.size(node.parts[1])
            if self.shapes.way.flat and node.value != "gradient":
                rows, columns = rows * columns, 1
            stacked = unvec(table[..., 0, :], (rows, columns)).swapaxes(-1, -2)
        else:
            stacked = table
        numerator = by_numerator(node, y, self.shapes.way.layout)
        return stacked if numerator else stacked.swapaxes(-1, -2)

    def diagonal(self, node: Node, table: Array) -> Array:
        """The slopes of a diagonal Jacobian, as the column or row they are read as."""
        slopes: Array = np.einsum("...ii->...i", table)
        rest = table - slopes[..., None] * np.eye(table.shape[-1])
        if np.abs(rest).max() > 0:
            raise node.fail("its Jacobian is not diagonal, expected it as a factor")
        column: Array = slopes.reshape(*slopes.shape[:-1], *self.size(node))
        return column

    def variable(
        self, node: Node, env: Env, world: World
    ) -> tuple[Key, tuple[int, int], Array]:
        """What stands below the line: its key, its shape, and its entries in order.

        Entries count row by row through the quantity; their order is that of vec.
        """
        chain = [node]
        while chain[-1].kind not in ("quantity", "defined"):
            chain.append(chain[-1].parts[0])
        base = chain.pop()
        self.value(base, env, world)  # it has to be in range
        rows, columns = self.size(base)
        places = np.arange(rows * columns).reshape(rows, columns)
        for outer in reversed(chain):
            given = Given(outer, outer.at(env), [places], self)
            places = KINDS[outer.kind].value(given)
        return (base.value, base.at(env)), (rows, columns), vec(places)[:, 0]

    def differential(self, node: Node, env: Env, world: World) -> Array:
        """The change of the part while all that moves goes in its direction."""
        nudges = {key: self.directions[key] for key in self.moving}
        change: Array = self.slopes(node, env, world, nudges)[0]
        return change

    def slopes(
        self, node: Node, env: Env, world: World, nudges: Mapping[Key, Array]
    ) -> Array:
        """The slope of the first part along N nudges, (N, ..., rows, columns)."""
        above, hold = node.parts[0], node.kind == "derivative" and node.value is True
        if not nudges:
            return np.zeros((1, REPLICAS, *self.size(above)))
        self.own = {*with_text(above)} if hold else set()
        if above.measured and (hold or len(world.batch) + 1 >= _DEEPEST):
            raise node.fail("a derivative in a derivative came, expected one fewer")
        N = len(next(iter(nudges.values())))
        still = frozenset(self.shapes.scope.still if node.kind == "d" else ())

        def along(steps: tuple[complex, ...]) -> Array:
            moved = self.nudged(node, world, nudges, steps, hold, still)
            values = self.value(above, env, moved)
            whole = (*moved.batch, REPLICAS, *values.shape[-2:])
            return np.broadcast_to(values, whole).reshape(len(steps), N, *whole[1:])

        if above.measured:
            return _extrapolated(along)
        if world.batch:
            (moved,) = along((1j * _COMPLEX_STEP,))
            nested: Array = moved.imag / _COMPLEX_STEP
            return nested
        return _exactly(along, node)

    def nudged(
        self,
        node: Node,
        world: World,
        nudges: Mapping[Key, Array],
        steps: tuple[complex, ...],
        hold: bool,
        still: frozenset[str],
    ) -> World:
        """The world moved along N nudges, by every step of a few; made once for each.

        Nudges of one kind, for a derivative or for a differential, are told apart by
        what they move.
        """
        key = ("nudged", node.kind, frozenset(nudges), steps, hold, still)
        if key not in world.memo:
            N = len(next(iter(nudges.values()))) * len(steps) * math.prod(world.batch)
            after = frozenset[Key]().union(*(world.plan.after(k) for k in nudges))
            shapes = [world.values[k].shape for k in after if k in world.values]
            numbers = REPLICAS * sum(shape[-2] * shape[-1] for shape in shapes)
            pairs = REPLICAS * sum(world.plan.pairs.get(key, 0) for key in after)
            self.budget.spend(node, N * numbers)
            self.budget.compare(node, N * pairs)
            self.budget.work += 2 * len(after)
            moved = {
                k: np.concatenate([s * d for s in steps]) for k, d in nudges.items()
            }
            world.memo[key] = world.nudged(moved, hold, still, key)
        found: World = world.memo[key]
        return found


def _exactly(along: Callable[[tuple[complex, ...]], Array], node: Node) -> Array:
    """The slopes by the complex step, once a central difference agrees with them."""
    for step in _CENTRAL_STEPS:
        moved, up, down = along((1j * _COMPLEX_STEP, step, -step))
        exact: Array = moved.imag / _COMPLEX_STEP
        central = (up - down).real / (2 * step)
        scale = max(np.abs(exact).max(), np.abs(up).max())
        if np.abs(exact - central).max() <= _AGREEMENT * scale + _FLOOR:
            return exact
    raise node.fail(
        "complex step and central difference disagree, so it is not measured"
    )


def _extrapolated(along: Callable[[tuple[complex, ...]], Array]) -> Array:
    """The slopes by central differences over four steps, extrapolated to a step of 0.

    What the last refinement has changed is what may be wrong: it goes, with either
    sign, into the replicas. Where steps reach beyond a pole, as those of log beyond 0,
    refinements come to nothing, and there is no number.
    """
    steps = [_WIDE_STEP / 2**n for n in range(4)]
    values = along(tuple(s for step in steps for s in (step, -step)))
    table = [
        (values[2 * n] - values[2 * n + 1]) / (2 * step) for n, step in enumerate(steps)
    ]
    for order in range(1, 4):
        last, apart = table[-1], np.abs(table[-1] - table[-2]).max()
        factor = 4.0**order
        pairs = zip(table[1:], table, strict=False)
        table = [(factor * fine - coarse) / (factor - 1) for fine, coarse in pairs]
    signs = np.resize([0.0, 1.0, -1.0], REPLICAS)[:, None, None]
    rounding = 4 * ROUNDING * np.abs(values).max() / steps[-1]
    if apart > 0.1 * np.abs(last).max() + 1000 * rounding:
        return np.full_like(last, np.nan)
    slopes: Array = table[0] + signs * (np.abs(table[0] - last) + rounding)
    return slopes


_SPECIAL: dict[str, Callable[[Evaluator, Node, Env, World], Array]] = {
    "quantity": Evaluator.quantity,
    "derivative": Evaluator.derivative,
    "d": Evaluator.differential,
}
