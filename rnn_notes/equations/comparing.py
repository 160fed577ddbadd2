"""The two sides of every equality, compared in one draw after another."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from rnn_notes.equations.draws import Draw, draws
from rnn_notes.equations.equation import Equation
from rnn_notes.equations.evaluation import Evaluator, OutsideError
from rnn_notes.equations.measurement import Worst
from rnn_notes.equations.moving import moving
from rnn_notes.equations.nature import Array
from rnn_notes.equations.nodes import Node
from rnn_notes.equations.slopes import Differ

EXACT, COARSE = 1e-12, 1e-7


class Comparison:
    """The two sides of every equality in a chain, compared in one draw after another.

    worst     : where they part most
    count     : how many times they were compared
    tolerance : how far apart rounding may bring them
    work      : how much has been done, here and for the lines before
    """

    def __init__(
        self, equation: Equation, seeds: Sequence[int], hasty: bool, work: int = 0
    ) -> None:
        self.equation, self.hasty, self.work = equation, hasty, work
        self.fits = equation.fits
        self.draws = draws(equation.scope, seeds)
        self.worst: Worst | None = None
        self.count = 0
        self.tolerance = EXACT
        self.outside: OutsideError | None = None
        self.filled: set[Node] = set()
        self.reached: dict[Draw, list[dict[str, int]]] = {}

    @property
    def holds(self) -> bool:
        """Whether the sides agree wherever they were compared."""
        return self.worst is not None and self.worst.error <= self.tolerance

    @property
    def line(self) -> str:
        """The shapes, and where the formula speaks if that is not everywhere."""
        return self.equation.line + (reach(self.reached) if self.outside else "")

    def run(self) -> None:
        """Nothing; the sides have been compared in every draw."""
        with np.errstate(all="ignore"):
            for draw in self.draws:
                self.one(draw)
                if self.hasty and self.worst and not self.holds:
                    return
        self.check_reach()

    def one(self, draw: Draw) -> None:
        """Nothing; the sides have been compared in one draw."""
        equation = self.equation
        world = draw.world(equation.scope)
        differ = Differ(equation.shapes.layout, still=equation.scope.still)
        evaluator = Evaluator(
            draw, equation.shapes, equation.downwards, differ, self.work
        )
        moves = equation.has("d")
        if moves:
            differ.directions = draw.directions(world)
        for env in equation.cases(draw):
            if moves:
                differ.moving = moving(equation.sides, env, world.values, differ.still)
            try:
                evaluator.start()
                values = [evaluator.value(s, env, world) for s in equation.sides]
            except OutsideError as error:
                self.outside = error
                continue
            except np.linalg.LinAlgError:
                raise equation.sides[0].fail("a singular matrix is inverted") from None
            letters = {name: env[name] for name in equation.free}
            self.reached.setdefault(draw, []).append(letters)
            self.filled |= evaluator.filled
            self.compare(draw, letters, values, evaluator.magnitude)
        self.tolerance = COARSE if differ.coarse else EXACT
        self.work = evaluator.work

    def compare(
        self, draw: Draw, letters: dict[str, int], values: list[Array], scale: float
    ) -> None:
        """Nothing; neighbouring sides have been compared under one set of letters."""
        for side, value in zip(self.equation.sides, values, strict=True):
            if not np.isfinite(value).all():
                raise side.fail(f"it is not a finite number at {draw}")
        self.count += 1
        names, pairs = self.equation.side_shapes(), itertools.pairwise(values)
        for place, (left, right) in enumerate(pairs):
            error = relative(left, right, scale) if self.fits[place] else np.inf
            if self.worst is None or error > self.worst.error:
                shapes = names[place], names[place + 1]
                self.worst = Worst(draw, letters, error, left, right, shapes)

    def check_reach(self) -> None:
        """Nothing; the formula has been compared somewhere, and no sum was empty."""
        if self.count == 0:
            if self.outside:
                raise self.outside.node.fail(
                    f"{self.outside.index} falls outside in every draw"
                )
            raise self.equation.sides[0].fail("the conditions leave nothing to measure")
        for side in self.equation.sides:
            for node in side.walk():
                if node.kind in ("sum", "prod") and node not in self.filled:
                    raise node.fail(f"the {node.kind} is empty in every draw")


def relative(left: Array, right: Array, scale: float) -> float:
    """The largest difference, relative to the largest entry or term."""
    gap = float(np.abs(left - right).max())
    largest = max(scale, float(np.abs(left).max()), float(np.abs(right).max()))
    return gap / largest if largest > 0 else gap


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
