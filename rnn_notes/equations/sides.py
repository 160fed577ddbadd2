"""The two sides of every equality, compared in one draw after another."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

import numpy as np

from rnn_notes.equations.draws import Draw
from rnn_notes.equations.equation import Equation
from rnn_notes.equations.errors import OutsideError
from rnn_notes.equations.evaluation import SLACK, Budget, Evaluator
from rnn_notes.equations.kinds import KINDS, Env
from rnn_notes.equations.measurement import Worst
from rnn_notes.equations.nodes import Node
from rnn_notes.equations.symbols import STEPS, Quantity, Scope
from rnn_notes.equations.worlds import ROUNDING, Array, Key, World

__all__ = ["Comparison"]

_CERTAIN = 1e-6  # no rounding explains more; a smaller difference is looked at again
_AGAIN = 4  # times
_GRAINS = 16  # rounding errors of the sides themselves, that they may differ
_OF_PAGE = Quantity(None, False, "")  # a letter of the page, which no model has
_UNFILLED = {
    "sum": "the sum is empty in every draw",
    "prod": "the prod is empty in every draw, its limits one apart; one that falls has"
    " two factors, expected these written out",
}


class Comparison:
    """The two sides of every equality in a chain, compared in one draw after another.

    worst    : where they part most
    count    : how many times they were compared
    budget   : what has been spent, here and for the lines before
    scramble : whether the network is another one, to see whether it matters
    """

    def __init__(
        self,
        equation: Equation,
        budget: Budget,
        hasty: bool = False,
        scramble: bool = False,
    ) -> None:
        self.equation, self.budget = equation, budget
        self.hasty, self.scramble = hasty, scramble
        self.fits, self.names = equation.fits, equation.side_shapes()
        self.moves = bool(equation.pieces("d"))
        self.worst: Worst | None = None
        self.holds = True
        self.count = 0
        self.outside: OutsideError | None = None
        self.lost: list[tuple[Node, str, Draw]] = []
        self.filled: set[Node] = set()
        self.reached: dict[Draw, list[dict[str, int]]] = {}

    @property
    def line(self) -> str:
        """The shapes, and where the formula speaks if that is not everywhere."""
        return self.equation.line + (_reach(self.reached) if self.outside else "")

    def run(self) -> None:
        """Compare the sides in every draw."""
        with np.errstate(all="ignore"):
            for draw in self.equation.draws:
                drawn = self.drawn(draw)
                for env in self.equation.cases(draw):
                    self.compare(drawn, env)
                if self.hasty and not self.holds:
                    return
        self.check_reach()

    def drawn(self, draw: Draw, noise: int = 0) -> Evaluator:
        """What evaluates the sides in one draw."""
        shapes = self.equation.shapes
        return Evaluator(draw, shapes, self.budget, noise, self.scramble)

    def values(self, drawn: Evaluator, env: Env) -> tuple[list[Array], float]:
        """The value of every side, and the largest of their terms."""
        sides = self.equation.sides
        if self.moves:
            drawn.moving = _moving(sides, env, drawn.world, self.equation.scope)
        drawn.start()
        terms = [part for side in sides if side.kind == "add" for part in side.parts]
        try:
            found = [drawn.value(node, env, drawn.world) for node in (*sides, *terms)]
        except np.linalg.LinAlgError:
            raise sides[0].fail("a singular matrix is inverted") from None
        largest = _largest(found)
        if largest < _CERTAIN:  # what stands below may cancel
            with suppress(OutsideError):
                below = [_magnitude(side, env, drawn) for side in sides]
                largest = max(largest, *below)
        return found[: len(sides)], largest

    def compare(self, drawn: Evaluator, env: Env) -> None:
        """Compare neighbouring sides under one set of letters."""
        try:
            values, scale = self.values(drawn, env)
        except OutsideError as outside:
            self.outside = outside
            return
        letters = {name: env[name] for name in self.equation.free}
        self.filled |= drawn.filled
        self.reached.setdefault(drawn.draw, []).append(letters)
        self.count += 1
        lost, apart = drawn.lost, False
        for place, (left, right) in enumerate(itertools.pairwise(values)):
            error, close, allowed = np.inf, False, 0.0
            if self.fits[place]:
                if not (np.isfinite(left).all() and np.isfinite(right).all()):
                    lost = lost or (self.equation.sides[0], "it is not a finite number")
                    continue
                gap, spread = _differences(left, right)
                error = float(np.abs(gap).max()) / (scale or 1.0)
                close, allowed = _explained(gap, spread, left, right)
                if not close and error < _CERTAIN:
                    again = self.looked_at_again(drawn.draw, env, place, spread)
                    close, allowed = again or (False, allowed)
                if close and (error > _CERTAIN or _drowned(left, right, spread)):
                    lost = lost or (self.equation.sides[0], "too few digits are left")
                    continue
            apart |= not close
            worst, some = self.worst, bool(left.any())
            if worst is None or (not close, error, some) > (
                not self.holds, worst.error, bool(worst.left.any()),
            ):  # fmt: skip
                shapes = self.names[place], self.names[place + 1]
                one, other = (v[0] if v.ndim > 2 else v for v in (left, right))
                allowed /= scale or 1.0
                self.worst = Worst(
                    drawn.draw, letters, error, one, other, shapes, allowed
                )
            self.holds &= close
        if lost and not apart:
            self.lost.append((*lost, drawn.draw))

    def looked_at_again(
        self, draw: Draw, env: Env, place: int, spread: Array
    ) -> tuple[bool, float] | None:
        """What other rounding errors allow, if they explain a small difference."""
        for noise in range(1, _AGAIN):
            values, _ = self.values(self.drawn(draw, noise), env)
            left, right = values[place : place + 2]
            gap, other = _differences(left, right)
            spread = np.maximum(spread, other)
            found = _explained(gap, spread, left, right)
            if found[0]:
                return found
        return None

    def check_reach(self) -> None:
        """Raise an error unless the sides were compared, in more than one case."""
        sides = self.equation.sides
        if self.count == 0:
            if self.outside:
                raise self.outside
            raise sides[0].fail("the conditions leave nothing to measure")
        if self.holds and 2 * len(self.lost) > self.count:
            node, reason, draw = self.lost[0]
            raise node.fail(f"{reason} at {draw}")
        for node in self.equation.pieces("sum", "prod"):
            if node not in self.filled:
                raise node.fail(_UNFILLED[node.kind])
        if self.holds:
            self.check_cases()

    def check_cases(self) -> None:
        """Raise an error if one single case is all that the conditions leave."""
        all_steps = {draw.sizes[STEPS] for draw in self.equation.draws}
        cases = {
            (draw.sizes[STEPS], *sorted(letters.items()))
            for draw, found in self.reached.items()
            for letters in found
        }
        if len(cases) == 1 and len(all_steps) > 1:
            raise self.equation.sides[0].fail(
                "one single case is left of all that is drawn, expected more"
            )


def _largest(values: list[Array]) -> float:
    return max(float(np.abs(value).max()) for value in values)


def _magnitude(node: Node, env: Env, drawn: Evaluator) -> float:
    """How large a side would be if nothing in it cancelled: sums and products do."""
    if node.kind in ("add", "sum"):
        terms = KINDS[node.kind].inside(node, env, drawn)
        return max((_magnitude(*term, drawn) for term in terms), default=0.0)
    if node.kind in ("norm", "transpose"):
        return _magnitude(node.parts[0], env, drawn)
    if node.kind == "mul":
        return math.prod(_magnitude(part, env, drawn) for part in node.parts)
    if node.kind == "derivative" and node.parts[0].kind in ("add", "sum"):
        above, by = node.parts
        of = replace(
            above, parts=tuple(_slope(node, t, by, drawn) for t in above.parts)
        )
        return _magnitude(of, env, drawn)
    return _largest([drawn.value(node, env, drawn.world)])


def _slope(node: Node, above: Node, by: Node, drawn: Evaluator) -> Node:
    """A derivative of one term of what stands above a line."""
    slope = replace(node, parts=(above, by))
    drawn.shapes.of(slope)
    return slope


def _differences(left: Array, right: Array) -> tuple[Array, Array]:
    """How far apart two sides are, and how far rounding moves that, by entries."""
    gap = left - right
    gap = gap if gap.ndim > 2 else gap[None]
    return gap[0], np.abs(gap - gap[:1]).max(axis=0)


def _explained(
    gap: Array, spread: Array, left: Array, right: Array
) -> tuple[bool, float]:
    """Whether rounding explains every difference, and how large it makes one.

    That is the largest that it allows in an entry or, where it does not explain all,
    the smallest that it allows in one that it does not explain.

    >>> one = np.ones((1, 1))
    >>> _explained(0.1 * one, one, one, one)[0], _explained(one, 0 * one, one, one)[0]
    (True, False)
    """
    sizes = np.maximum(np.abs(left), np.abs(right))
    grain = _GRAINS * ROUNDING * (sizes[0] if sizes.ndim > 2 else sizes)
    allowed = SLACK * spread + grain
    beyond = allowed[np.abs(gap) > allowed]
    return not beyond.size, float(beyond.min() if beyond.size else allowed.max())


def _drowned(left: Array, right: Array, spread: Array) -> bool:
    """Whether rounding is as large as the values that two sides surely have.

    >>> sure, noise = np.full((2, 1, 1), 0.5), np.array([[[0.1]], [[0.9]]])
    >>> _drowned(sure, noise, np.full((1, 1), 0.8))
    True
    >>> _drowned(sure, sure, np.zeros((1, 1)))
    False
    """
    size = 0.0
    for side in (left, right):
        every = side if side.ndim > 2 else side[None]
        first, own = np.abs(every[0]), np.abs(every - every[:1]).max(axis=0)
        size = max(size, float(first[first > SLACK * own].max(initial=0.0)))
    return bool(SLACK * spread.max() > _CERTAIN * size > 0)


def _reach(reached: Mapping[Draw, list[dict[str, int]]]) -> str:
    """Where a formula speaks that has an index outside for some values of its letters.

    >>> draws = [Draw({"T": T}, 0, 1.0) for T in (3, 4)]
    >>> _reach({d: [{"t": t} for t in range(1, d.sizes["T"])] for d in draws})
    ', t < T'
    """
    kept = {d.sizes["T"]: cases for d, cases in reached.items() if cases}
    names = sorted({name for cases in kept.values() for case in cases for name in case})
    if not names:
        return f", T ≥ {min(kept, default=0)}"
    texts = []
    for name in names:
        values = {T: {case[name] for case in cases} for T, cases in kept.items()}
        low = {min(found) for found in values.values()}
        high = {T - max(found) for T, found in values.items()}
        if low != {1} and len(low) == 1:
            texts.append(f"{name} > {low.pop() - 1}")
        if high != {0} and len(high) == 1 and (gap := high.pop()) > 0:
            texts.append(f"{name} < T" if gap == 1 else f"{name} < T − {gap - 1}")
    return "".join(f", {text}" for text in texts) or ", indices in range"


def _moving(
    sides: Iterable[Node], env: Env, world: World, scope: Scope
) -> frozenset[Key]:
    r"""What is nudged in an equation with differentials, for values of its letters.

    All that is drawn moves, inputs only where a differential of theirs is written.
    Where the differentials on the way are of drawn quantities alone, only these move:
    so ``\mathrm{d}L = \langle G, \mathrm{d}W_{hy} \rangle`` speaks of changes of
    W_{hy}, and ``\mathrm{d}y_t = W_{hy}\, \mathrm{d}h_t`` is false, since W_{hy} and
    b_y move too.

    The letters of a page move always, but for what ``where`` holds still, as in
    ``\mathrm{d}A = 0``. What its model calls constant stands still beside the
    differential of another letter, unless a constant has one too, as in
    ``\mathrm{d}(AX) = A\, \mathrm{d}X``, and where nothing else is said than that it
    does, ``\mathrm{d}A = 0``.
    """
    nodes = [node for side in sides for node in side.walk()]
    named = {key for side in sides for key in _named(side, env, world.values, False)}
    tops = [node.parts[0] for node in nodes if node.kind == "d"]
    alone = {top.value for top in tops if top.kind == "quantity"}
    what = {key: scope.known(key[0]) or _OF_PAGE for key in world.values}
    computed = named - world.roots.keys()
    drawn = {
        key
        for key in named - computed
        if not (what[key].role == "onehot" and what[key].is_target)
    }
    on_the_way = len(computed) > 1 or any(key[0] not in alone for key in computed)
    if on_the_way or all(what[key] is _OF_PAGE for key in drawn):
        drawn |= {k for k in world.roots if what[k].role not in ("input", "onehot")}
    drawn |= {key for key in world.roots if what[key] is _OF_PAGE}
    constant = {key for key in drawn if what[key].note.startswith("constant")}
    with_own = {key[0] for key in drawn} & alone
    unnamed = not with_own & {key[0] for key in constant}
    is_still = {side.kind for side in sides} == {"d", "zero"}
    if is_still or (with_own and unnamed):
        drawn -= constant
    return frozenset(key for key in drawn if key[0] not in scope.still)


def _named(node: Node, env: Env, known: Collection[Key], inside: bool) -> Iterator[Key]:
    """The quantities under a differential; all steps where the index is bound."""
    if node.kind == "quantity" and inside:
        here = all(index.letters <= set(env) for index in node.indices)
        steps = [(node.value, node.at(env))] if here else known
        yield from (key for key in steps if key in known and key[0] == node.value)
    inner = {name: value for name, value in env.items() if name not in node.binds}
    for part in node.parts:
        yield from _named(part, inner, known, inside or node.kind == "d")
