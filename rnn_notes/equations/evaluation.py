"""The value of a formula's pieces in a world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rnn_notes.equations.draws import Draw
from rnn_notes.equations.errors import WorkError
from rnn_notes.equations.nature import Array, World, softmax
from rnn_notes.equations.nodes import Node
from rnn_notes.equations.shapes import Shapes
from rnn_notes.equations.symbols import PAGE

MOST_WORK = 200_000
LARGEST = 20_000
HIGHEST_POWER = 64
Env = Mapping[str, int]


class OutsideError(Exception):
    """An index falls outside what the draw has, so the formula does not speak of it."""

    def __init__(self, node: Node, index: str) -> None:
        self.node, self.index = node, index
        super().__init__(index)


def vec(X: Array) -> Array:
    """The columns of X, (..., m, n), stacked: (..., mn, 1)."""
    m, n = X.shape[-2:]
    return X.swapaxes(-1, -2).reshape(*X.shape[:-2], m * n, 1)


def scalars_or_matrices(A: Array, B: Array) -> Array:
    """The matrix product, or the multiple where one of the two is a number."""
    if A.shape[-2:] == (1, 1) or B.shape[-2:] == (1, 1):
        return A * B
    return A @ B


def kronecker(A: Array, B: Array) -> Array:
    """The Kronecker product of two stacks of matrices."""
    (m, n), (p, q) = A.shape[-2:], B.shape[-2:]
    blocks = A[..., :, None, :, None] * B[..., None, :, None, :]
    return blocks.reshape(*blocks.shape[:-4], m * p, n * q)


CALLS: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "exp": np.exp,
    "log": np.log,
    "softmax": softmax,
    "vec": vec,
    "diag": lambda v: v * np.eye(v.shape[-2]),
    "tr": lambda A: np.trace(A, axis1=-2, axis2=-1)[..., None, None],
}


class Evaluator:
    """The values of one equation's pieces in the worlds of one draw.

    work      : how much has been done so far, in this draw and in those before
    magnitude : the largest number among the terms of the sums evaluated so far, the
                scale by which rounding is to be judged
    filled    : the sums and products that had a term

    Raises ``EquationError`` for what takes too much work.
    """

    def __init__(
        self,
        draw: Draw,
        shapes: Shapes,
        downwards: set[Node],
        differ: Any,
        work: int = 0,
    ) -> None:
        self.draw, self.shapes, self.downwards = draw, shapes, downwards
        self.differ = differ
        self.work = work
        self.magnitude = 0.0
        self.filled = frozenset[Node]()

    def value(self, node: Node, env: Env, world: World) -> Array:
        """The value of a node, (..., rows, columns), for given letters."""
        moving = self.differ.moving if node.measured else None
        key = (node, moving, *(env[name] for name in sorted(node.free)))
        if (known := world.memo.get(key)) is not None:
            self.magnitude = max(self.magnitude, known[1])
            self.filled |= known[2]
            found: Array = known[0]
            return found
        before = self.magnitude, self.filled
        self.start()
        value: Array = getattr(self, f"_{node.kind}")(node, env, world)
        self.spend(node, 1 + value.size // 64)
        world.memo[key] = value, self.magnitude, self.filled
        self.magnitude = max(before[0], self.magnitude)
        self.filled |= before[1]
        return value

    def start(self) -> None:
        """Nothing; nothing is known of magnitudes and of sums."""
        self.magnitude = 0.0
        self.filled = frozenset[Node]()

    def spend(self, node: Node, work: int) -> None:
        """Nothing; the work has been counted, and there is not too much of it."""
        self.work += work
        if self.work > MOST_WORK:
            raise WorkError("it takes too much work, expected a smaller one", node.span)

    def _parts(self, node: Node, env: Env, world: World) -> list[Array]:
        return [self.value(part, env, world) for part in node.parts]

    def size(self, node: Node) -> tuple[int, int]:
        """Rows and columns of a node in this draw."""
        return self.draw.shape(self.shapes.shape(node))

    # Leaves

    def _number(self, node: Node, env: Env, world: World) -> Array:
        return np.full((1, 1), node.value)

    def _index(self, node: Node, env: Env, world: World) -> Array:
        return np.full((1, 1), float(node.indices[0].at(env)))

    def _zero(self, node: Node, env: Env, world: World) -> Array:
        return np.zeros(self.size(node))

    def _ones(self, node: Node, env: Env, world: World) -> Array:
        return np.ones(self.size(node))

    def _identity(self, node: Node, env: Env, world: World) -> Array:
        return np.eye(self.size(node)[0])

    def _delta(self, node: Node, env: Env, world: World) -> Array:
        i, j = (index.at(env) for index in node.indices)
        return np.full((1, 1), float(i == j))

    def _quantity(self, node: Node, env: Env, world: World) -> Array:
        key = (node.value, tuple(index.at(env) for index in node.indices))
        if key not in world.values:
            name = node.value.removeprefix(PAGE)
            raise OutsideError(node, f"{name}_{{{node.indices[0]}}}")
        return world.values[key]

    def _defined(self, node: Node, env: Env, world: World) -> Array:
        values = tuple(index.at(env) for index in node.indices)
        inside = {**env, **dict(zip(node.binds, values, strict=True))}
        value = self.value(node.parts[0], inside, world)
        nudge = world.nudges.get((node.value, values))
        return value if nudge is None else value + nudge

    def _entry(self, node: Node, env: Env, world: World) -> Array:
        base = self.value(node.parts[0], env, world)
        places = [index.at(env) - 1 for index in node.indices]
        if len(places) == 1:
            places.insert(0 if self.size(node.parts[0])[0] == 1 else 1, 0)
        row, column = places
        if not (0 <= row < base.shape[-2] and 0 <= column < base.shape[-1]):
            raise OutsideError(node, ", ".join(map(str, node.indices)))
        return base[..., row : row + 1, column : column + 1]

    # Arithmetic

    def _add(self, node: Node, env: Env, world: World) -> Array:
        total: Array | float = 0.0
        for sign, term in zip(node.value, self._parts(node, env, world), strict=True):
            self.weigh(term, world)
            total = total + sign * term
        return np.asarray(total)

    def weigh(self, term: Array, world: World) -> None:
        """Nothing; the magnitude is at least that of the term."""
        if not world.batch:
            self.magnitude = max(self.magnitude, float(np.abs(term).max()))

    def _mul(self, node: Node, env: Env, world: World) -> Array:
        product, *rest = self._parts(node, env, world)
        for factor in rest:
            product = scalars_or_matrices(product, factor)
        return product

    def _hadamard(self, node: Node, env: Env, world: World) -> Array:
        product, *rest = self._parts(node, env, world)
        for factor in rest:
            product = product * factor
        return product

    def _kronecker(self, node: Node, env: Env, world: World) -> Array:
        product, *rest = self._parts(node, env, world)
        rows, columns = self.size(node)
        if rows * columns > LARGEST:
            raise node.fail(f"a {rows}×{columns} product came, too large to measure")
        for factor in rest:
            product = kronecker(product, factor)
        return product

    def _power(self, node: Node, env: Env, world: World) -> Array:
        (base,) = self._parts(node, env, world)
        n = self._exponent(node, env)
        power: Array = np.linalg.matrix_power(base, n)
        if n < 0:  # rounding grows with both
            self.weigh(np.abs(base).max() * np.abs(power).max(), world)
        return power

    def _elementpower(self, node: Node, env: Env, world: World) -> Array:
        (base,) = self._parts(node, env, world)
        power: Array = base ** self._exponent(node, env)
        return power

    def _exponent(self, node: Node, env: Env) -> int:
        n = node.indices[0].at(env)
        if abs(n) > HIGHEST_POWER:
            raise node.fail(f"the power {n} came, expected at most {HIGHEST_POWER}")
        return n

    def _transpose(self, node: Node, env: Env, world: World) -> Array:
        return self.value(node.parts[0], env, world).swapaxes(-1, -2)

    def _fraction(self, node: Node, env: Env, world: World) -> Array:
        above, below = self._parts(node, env, world)
        ratio: Array = above / below
        return ratio

    def _call(self, node: Node, env: Env, world: World) -> Array:
        return CALLS[node.value](self.value(node.parts[0], env, world))

    def _inner(self, node: Node, env: Env, world: World) -> Array:
        left, right = self._parts(node, env, world)
        product: Array = (left * right).sum(axis=(-2, -1), keepdims=True)
        return product

    def _norm(self, node: Node, env: Env, world: World) -> Array:
        x = self.value(node.parts[0], env, world)
        length: Array = np.sqrt((x * x).sum(axis=(-2, -1), keepdims=True))
        return length

    def _matrix(self, node: Node, env: Env, world: World) -> Array:
        entries = np.broadcast_arrays(*self._parts(node, env, world))
        flat = np.concatenate(entries, axis=-2)
        return flat.reshape(*flat.shape[:-2], *node.value)

    # Sums and products

    def range(self, node: Node, env: Env) -> range:
        """The values of the letter that a sum or product binds, in order."""
        if node.indices:
            low, high = (index.at(env) for index in node.indices)
        else:
            low, high = 1, self.extent(node)
        if node in self.downwards:
            return range(low, high - 1, -1)
        return range(low, high + 1)

    def extent(self, node: Node) -> int:
        """The last value of a letter that is bound without limits."""
        domain = self.shapes.domain(node.value, node)
        return (
            self.draw.sizes["T"] if isinstance(domain, str) else self.draw.size(domain)
        )

    def _sum(self, node: Node, env: Env, world: World) -> Array:
        total: Array | float = np.zeros(self.size(node))
        for value in self.range(node, env):
            self.filled |= {node}
            self.spend(node, 1)
            term = self.value(node.parts[0], {**env, node.value: value}, world)
            self.weigh(term, world)
            total = total + term
        return np.asarray(total)

    def _prod(self, node: Node, env: Env, world: World) -> Array:
        product: Array = np.eye(self.size(node)[0])
        for value in self.range(node, env):
            self.filled |= {node}
            self.spend(node, 1)
            factor = self.value(node.parts[0], {**env, node.value: value}, world)
            product = product @ factor
        return product

    # Derivatives and differentials

    def _derivative(self, node: Node, env: Env, world: World) -> Array:
        before = self.magnitude
        value: Array = self.differ.derivative(self, node, env, world)
        self.magnitude = max(before, self.differ.reach)
        return value

    def _d(self, node: Node, env: Env, world: World) -> Array:
        before = self.magnitude
        value: Array = self.differ.differential(self, node, env, world)
        self.magnitude = max(before, self.differ.reach)
        return value
