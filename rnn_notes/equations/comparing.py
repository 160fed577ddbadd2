"""The two sides of every equality, compared in one draw after another."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from rnn_notes.equations.draws import Draw
from rnn_notes.equations.equation import Equation
from rnn_notes.equations.evaluation import Budget, Evaluator, OutsideError
from rnn_notes.equations.measurement import Worst
from rnn_notes.equations.moving import moving
from rnn_notes.equations.nature import ROUNDING, Array, World
from rnn_notes.equations.nodes import Node
from rnn_notes.equations.symbols import STEPS

SLACK = 50  # times the spread of the replicas, that two sides may differ
GRAINS = 16  # rounding errors of the sides themselves, that they may differ


class Comparison:
    """The two sides of every equality in a chain, compared in one draw after another.

    worst  : where they part most
    count  : how many times they were compared
    budget : what has been spent, here and for the lines before
    """

    def __init__(
        self,
        equation: Equation,
        drawn: Sequence[Draw],
        hasty: bool,
        budget: Budget,
    ) -> None:
        self.equation, self.hasty, self.budget = equation, hasty, budget
        self.fits, self.names = equation.fits, equation.side_shapes()
        self.draws = drawn
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
        return self.equation.line + (reach(self.reached) if self.outside else "")

    def run(self) -> None:
        """Compare the sides in every draw."""
        with np.errstate(all="ignore"):
            for draw in self.draws:
                self.one(draw)
                if self.hasty and not self.holds:
                    return
        self.check_reach()

    def one(self, draw: Draw) -> None:
        """Compare the sides in one draw."""
        equation = self.equation
        world = draw.world(equation.scope)
        evaluator = Evaluator(draw, equation.shapes, equation.downwards, self.budget)
        moves = equation.has("d")
        if moves:
            evaluator.directions = draw.directions(world)
        for env in equation.cases(draw):
            if moves:
                evaluator.moving = moving(equation.sides, env, world, equation.scope)
            evaluator.start()
            try:
                values = [evaluator.value(s, env, world) for s in equation.sides]
                tops = [
                    self.largest(evaluator, side, env, world) for side in equation.sides
                ]
            except OutsideError as error:
                self.outside = error
                continue
            except np.linalg.LinAlgError:
                raise equation.sides[0].fail("a singular matrix is inverted") from None
            letters = {name: env[name] for name in equation.free}
            self.filled |= evaluator.filled
            self.reached.setdefault(draw, []).append(letters)
            self.compare(draw, letters, values, max(tops), evaluator.lost)

    def largest(
        self, evaluator: Evaluator, side: Node, env: dict[str, int], world: World
    ) -> float:
        """The largest number among a side and its outermost terms."""
        pieces = [side, *(side.parts if side.kind == "add" else ())]
        found = [np.abs(evaluator.value(p, env, world)).max() for p in pieces]
        return float(max(found))

    def compare(
        self,
        draw: Draw,
        letters: dict[str, int],
        values: list[Array],
        scale: float,
        lost: tuple[Node, str] | None,
    ) -> None:
        """Compare neighbouring sides under one set of letters."""
        if not all(np.isfinite(value).all() for value in values):
            lost = lost or (self.equation.sides[0], "it is not a finite number")
        names, pairs = self.names, itertools.pairwise(values)
        apart = False
        for place, (left, right) in enumerate(pairs):
            error, close = agreement(left, right, scale) if self.fits[place] else (
                np.inf, False
            )
            if not np.isfinite(error) and self.fits[place]:
                continue
            apart |= not close
            if self.worst is None or (not close, error) > (not self.holds, self.worst.error):
                shapes = names[place], names[place + 1]
                first = [v[0] if v.ndim > 2 else v for v in (left, right)]
                self.worst = Worst(draw, letters, error, first[0], first[1], shapes)
            self.holds &= close
        self.count += 1
        if lost and not apart:
            self.lost.append((*lost, draw))

    def check_reach(self) -> None:
        """Raise an error unless the formula has been compared, in more than one case."""
        sides = self.equation.sides
        if self.count == 0:
            if self.outside:
                raise self.outside.node.fail(
                    f"{self.outside.index} falls outside in every draw"
                )
            raise sides[0].fail("the conditions leave nothing to measure")
        if self.holds and 2 * len(self.lost) > self.count:
            node, reason, draw = self.lost[0]
            raise node.fail(f"{reason} at {draw}")
        for side in sides:
            for node in side.walk():
                if node.kind in ("sum", "prod") and node not in self.filled:
                    raise node.fail(f"the {node.kind} is empty in every draw")
        if self.holds:
            self.check_cases()

    def check_cases(self) -> None:
        """Raise an error if one single case is all that the conditions leave."""
        all_steps = {draw.sizes[STEPS] for draw in self.draws}
        cases = {
            (draw.sizes[STEPS], *sorted(letters.items()))
            for draw, found in self.reached.items()
            for letters in found
        }
        if len(cases) == 1 and len(all_steps) > 1:
            raise self.equation.sides[0].fail(
                "one single case is left of all that is drawn, expected more"
            )


def agreement(left: Array, right: Array, scale: float) -> tuple[float, bool]:
    """The largest difference, relative to ``scale``, and whether rounding explains it.

    The replicas show what rounding does to the difference of each entry.
    """
    gap = left - right
    gap = gap if gap.ndim > 2 else gap[None]
    sizes = np.maximum(np.abs(left), np.abs(right))
    grain = GRAINS * ROUNDING * (sizes[0] if sizes.ndim > 2 else sizes)
    spread = np.abs(gap - gap[:1]).max(axis=0)
    close = bool((np.abs(gap[0]) <= SLACK * spread + grain).all())
    error = float(np.abs(gap[0]).max())
    return (error / scale if scale > 0 else error), close


def reach(reached: Mapping[Draw, list[dict[str, int]]]) -> str:
    """Where a formula speaks that has an index outside for some values of its letters.

    >>> draws = [Draw({"T": T}, 0, 1.0) for T in (3, 4)]
    >>> reach({d: [{"t": t} for t in range(1, d.sizes["T"])] for d in draws})
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
