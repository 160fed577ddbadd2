"""Derivatives and differentials, measured in nudged worlds."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from rnn_notes.equations.evaluation import Env, Evaluator, vec
from rnn_notes.equations.nature import Array, Key, World
from rnn_notes.equations.nodes import Node
from rnn_notes.equations.symbols import SCALAR

COMPLEX_STEP = 1e-30
CENTRAL_STEP = float(np.finfo(np.float64).eps ** (1 / 3))
CENTRAL_STEPS = tuple(CENTRAL_STEP / n for n in (1, 64, 4096))  # for sharp bends
AGREEMENT = 1e-7
FLOOR = 1e-9  # below this, rounding is all that a central difference shows
DEEPEST = 2


@dataclass
class Differ:
    """How the derivatives of one equation are measured and laid out.

    layout     : "numerator" or "denominator"
    directions : for differentials, where every quantity may move
    moving     : those that do
    still      : names of those that do not, whatever happens to what they follow
    coarse     : whether a derivative of a derivative came, which has fewer digits
    reach      : the largest slope of any state or logit along the last nudges; beside
                 it, the rounding of the slopes is judged

    Every derivative is measured twice, by the complex step and by the central
    difference; ``EquationError`` is raised where the two disagree.
    """

    layout: str
    directions: Mapping[Key, Array] = field(default_factory=dict)
    moving: frozenset[Key] = frozenset()
    still: Collection[str] = ()
    coarse: bool = False
    reach: float = 0.0

    def derivative(
        self, evaluator: Evaluator, node: Node, env: Env, world: World
    ) -> Array:
        """The derivative of the first part by the second, laid out."""
        below = node.parts[1]
        key, shape, order = variable(evaluator, below, env, world)
        units = np.eye(shape[0] * shape[1]).reshape(-1, *shape)
        slopes = self.slopes(evaluator, node, env, world, {key: units})
        table = vec(slopes[order])[..., 0]  # (x, ..., y)
        table = np.moveaxis(table, 0, -1)  # (..., y, x), both in vec order
        return self.laid_out(evaluator, node, table)

    def laid_out(self, evaluator: Evaluator, node: Node, table: Array) -> Array:
        """The table of partial derivatives, (..., y, x), in the layout's order."""
        y, x = (evaluator.shapes.shape(part) for part in node.parts)
        if x == SCALAR:
            stacked = unvec(table[..., 0], evaluator.size(node.parts[0]))
        elif y == SCALAR:
            rows, columns = evaluator.size(node.parts[1])
            stacked = unvec(table[..., 0, :], (rows, columns)).swapaxes(-1, -2)
        else:
            stacked = table
        return stacked if self.layout == "numerator" else stacked.swapaxes(-1, -2)

    def differential(
        self, evaluator: Evaluator, node: Node, env: Env, world: World
    ) -> Array:
        """The change of the part while all that moves goes in its direction."""
        nudges = {key: self.directions[key] for key in self.moving}
        change: Array = self.slopes(evaluator, node, env, world, nudges)[0]
        return change

    def slopes(
        self,
        evaluator: Evaluator,
        node: Node,
        env: Env,
        world: World,
        nudges: Mapping[Key, Array],
    ) -> Array:
        """The slope of the first part along N nudges, (N, ..., rows, columns)."""
        above, hold = node.parts[0], node.kind == "derivative" and bool(node.value)
        if above.measured and (hold or len(world.batch) + 1 >= DEEPEST):
            raise node.fail("a derivative in a derivative came, expected one fewer")
        N = len(next(iter(nudges.values())))
        evaluator.spend(node, 3 * N * (1 + math.prod(world.batch)))
        still = frozenset(self.still if node.kind == "d" else ())

        def along(steps: tuple[complex, ...]) -> Array:
            moved = nudged(world, node.kind, nudges, steps, hold, still)
            self.reach = largest_slope(moved, N, steps)
            values = evaluator.value(above, env, moved)
            values = np.broadcast_to(values, (*moved.batch, *values.shape[-2:]))
            return values.reshape(len(steps), N, *values.shape[1:])

        if not above.measured:
            return exactly(along, node)
        self.coarse = True
        up, down = along((CENTRAL_STEP, -CENTRAL_STEP))
        central: Array = (up - down) / (2 * CENTRAL_STEP)
        return central


def exactly(along: Callable[[tuple[complex, ...]], Array], node: Node) -> Array:
    """The slopes by the complex step, once a central difference agrees with them."""
    for step in CENTRAL_STEPS:
        moved, up, down = along((1j * COMPLEX_STEP, step, -step))
        exact: Array = moved.imag / COMPLEX_STEP
        central = (up - down).real / (2 * step)
        scale = max(np.abs(exact).max(), np.abs(up).max())
        if np.abs(exact - central).max() <= AGREEMENT * scale + FLOOR:
            return exact
    raise node.fail(
        "complex step and central difference disagree, so it is not measured"
    )


def nudged(
    world: World,
    kind: str,
    nudges: Mapping[Key, Array],
    steps: tuple[complex, ...],
    hold: bool,
    still: frozenset[str],
) -> World:
    """The world moved along N nudges, by every step of a few; made once for each.

    Nudges of one kind, for a derivative or for a differential, are told apart by what
    they move.
    """
    key = ("nudged", kind, frozenset(nudges), steps, hold, still)
    if key not in world.memo:
        moved = {k: np.concatenate([s * d for s in steps]) for k, d in nudges.items()}
        world.memo[key] = world.nudged(moved, hold, still)
    found: World = world.memo[key]
    return found


def largest_slope(moved: World, N: int, steps: tuple[complex, ...]) -> float:
    """The largest slope of a hidden state or a logit along N nudges."""
    if not isinstance(steps[0], complex) or "reach" in moved.memo:
        return float(moved.memo.get("reach", 0.0))
    slopes = [
        np.abs(value[:N].imag).max() / COMPLEX_STEP
        for (name, _), value in moved.values.items()
        if name in ("h", "y") and value.ndim > 2
    ]
    moved.memo["reach"] = float(max(slopes, default=0.0))
    return float(moved.memo["reach"])


def variable(
    evaluator: Evaluator, node: Node, env: Env, world: World
) -> tuple[Key, tuple[int, int], Array]:
    """What stands below the line: its key, its shape, and which entries in which order.

    Entries count row by row through the quantity; their order is that of vec.
    """
    chain = [node]
    while chain[-1].kind not in ("quantity", "defined"):
        chain.append(chain[-1].parts[0])
    base = chain.pop()
    evaluator.value(base, env, world)  # it has to be in range
    key = (base.value, tuple(index.at(env) for index in base.indices))
    rows, columns = evaluator.size(base)
    places = np.arange(rows * columns).reshape(rows, columns)
    for outer in reversed(chain):
        if outer.kind == "transpose":
            places = places.T
        elif outer.kind == "call":
            places = vec(places)
        else:
            evaluator.value(outer, env, world)
            here = [index.at(env) - 1 for index in outer.indices]
            places = places[here[0], here[1]] if len(here) > 1 else vec(places)[here[0]]
            places = places.reshape(1, 1)
    return key, (rows, columns), vec(places)[:, 0]


def unvec(v: Array, shape: tuple[int, int]) -> Array:
    """The matrices, (..., m, n), whose vec is ``v``, (..., mn)."""
    m, n = shape
    return v.reshape(*v.shape[:-1], n, m).swapaxes(-1, -2)
