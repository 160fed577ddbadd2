"""Measuring a formula: both sides of every equality, over all draws."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from rnn_notes.equations.draws import Draw, draws
from rnn_notes.equations.equation import Equation
from rnn_notes.equations.errors import EquationError
from rnn_notes.equations.evaluation import Evaluator, OutsideError
from rnn_notes.equations.measurement import Measurement, Worst
from rnn_notes.equations.moving import moving
from rnn_notes.equations.nature import Array
from rnn_notes.equations.neighbours import CLOSE, edits
from rnn_notes.equations.nodes import Node
from rnn_notes.equations.parsing import parse
from rnn_notes.equations.slopes import Differ
from rnn_notes.equations.symbols import Scope
from rnn_notes.equations.where import LARGEST_SIZE, Clauses, index_letters

Layout = Literal["denominator", "numerator"]
EXACT, COARSE = 1e-12, 1e-7
SEEDS = (0, 1, 2)
MOST_NEIGHBOURS = 80


@dataclass(frozen=True)
class Task:
    """What is to be measured, and how: the arguments of ``measure``."""

    latex: str
    layout: Layout
    where: str
    sizes: Mapping[str, int]
    seeds: Sequence[int]


def measure(
    latex: str,
    *,
    layout: Layout = "denominator",
    where: str = "",
    sizes: Mapping[str, int] | None = None,
    seeds: Sequence[int] = SEEDS,
) -> Measurement:
    r"""What nature says of a formula: whether it holds, how well, in which shapes.

    latex  : equalities, as a page displays them
    layout : "denominator", a derivative has its variable's shape, or "numerator"
    where  : what further letters stand for, in clauses between semicolons
    sizes  : sizes to fix, as ``{"V": 2, "H": 3}``
    seeds  : one set of draws each

    Raises ``EquationError`` for what is not understood, ``ValueError`` for wrong
    options.

    >>> dWhy = r"\frac{\partial L}{\partial W_{hy}} = \sum_{t=1}^{T} (p_t - e_t)\, "
    >>> right = measure(dWhy + r"h_t^\top")
    >>> right.holds, right.shapes
    (True, 'V×H = Σ V×1 · 1×H')
    >>> bool(measure(dWhy + r"h_{t-1}^\top"))
    False
    """
    task = Task(latex, layout, where, sizes or {}, tuple(seeds))
    return finished(task, hasty=False)


def finished(task: Task, hasty: bool) -> Measurement:
    """The measurement of a task; a hasty one stops where the sides first part."""
    _check(task)
    lines = parse(task.latex)
    scope = _scope(task, lines)
    try:
        equations = [Equation(items, scope, task.layout) for items in lines]
        _check_conditions(scope, equations)
        compared = [Comparison(e, task.seeds, hasty) for e in equations]
        for comparison in compared:
            comparison.run()
    except EquationError as error:
        text = error.latex or task.latex
        raise EquationError(error.reason, error.span, text) from None
    worst = max((c.worst for c in compared if c.worst), key=lambda w: w.error)
    return Measurement(
        latex=task.latex,
        holds=all(c.holds for c in compared),
        error=worst.error,
        tolerance=max(c.tolerance for c in compared),
        shapes="; ".join(c.line for c in compared),
        draws=sum(c.count for c in compared),
        worst=worst,
        look=lambda: second_look(task, equations),
    )


def second_look(
    task: Task, equations: Sequence[Equation]
) -> tuple[tuple[str, ...], str]:
    """The neighbours of a formula that hold, and the other layout if it holds there."""
    found: list[str] = []
    edited = (edit.of(task.latex) for edit in edits(task.latex, equations, CLOSE))
    for latex in itertools.islice(edited, MOST_NEIGHBOURS):
        if not says_nothing(latex) and holds(replace(task, latex=latex)):
            found.append(latex)
    other: Layout = "numerator" if task.layout == "denominator" else "denominator"
    return tuple(found), other if holds(replace(task, layout=other)) else ""


def holds(task: Task) -> bool:
    """Whether a formula is understood and holds."""
    try:
        return finished(task, hasty=True).holds
    except EquationError:
        return False


def says_nothing(latex: str) -> bool:
    """Whether both sides of an equality are the same text.

    >>> says_nothing("h_t = h_t"), says_nothing("h_t = a_t")
    (True, False)
    """
    sides = [re.sub(r"[\s&]", "", side) for side in re.split(r"=|\\\\", latex)]
    return any(a == b for a, b in itertools.pairwise(sides))


def _check(task: Task) -> None:
    """Nothing; the options are such that a formula can be measured under them."""
    if task.layout not in ("denominator", "numerator"):
        raise ValueError(
            f"layout is {task.layout!r}, expected 'denominator' or 'numerator'"
        )
    if not task.seeds:
        raise ValueError("seeds is empty, expected at least one")
    for name, size in task.sizes.items():
        if not (isinstance(size, int) and 1 <= size <= LARGEST_SIZE):
            raise ValueError(f"{name} is {size!r}, expected 1 to {LARGEST_SIZE}")


def _scope(task: Task, lines: list[list[Node]]) -> Scope:
    """What the letters stand for, after ``where``."""
    scope = Scope(sizes=dict(task.sizes), size_names={"T", "V", "H", *task.sizes})
    if task.where.strip():
        clauses = Clauses(scope, index_letters(lines))
        try:
            for items in parse(task.where):
                clauses.read(items)
        except EquationError as error:
            raise EquationError(error.reason, error.span, task.where) from None
    if large := [n for n in scope.sizes if scope.sizes[n] > LARGEST_SIZE]:
        raise ValueError(f"{large[0]} is too large, expected 1 to {LARGEST_SIZE}")
    return scope


def _check_conditions(scope: Scope, equations: list[Equation]) -> None:
    """Nothing; every condition of ``where`` is about an index of some equation."""
    free = {name for equation in equations for name in equation.free}
    for condition in scope.conditions:
        if strange := condition.letters - scope.size_names - free:
            name = sorted(strange)[0]
            raise condition.node.fail(f"{name} is no free index of the formula")


class Comparison:
    """The two sides of every equality in a chain, compared in one draw after another.

    worst     : where they part most
    count     : how many times they were compared
    tolerance : how far apart rounding may bring them
    """

    def __init__(self, equation: Equation, seeds: Sequence[int], hasty: bool) -> None:
        self.equation, self.hasty = equation, hasty
        self.fits = equation.fits
        self.draws = draws(equation.scope, seeds)
        self.worst: Worst | None = None
        self.count = 0
        self.tolerance = EXACT
        self.work = 0
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
        differ = Differ(equation.shapes.layout)
        evaluator = Evaluator(
            draw, equation.shapes, equation.downwards, differ, self.work
        )
        moves = equation.has("d")
        if moves:
            differ.directions = draw.directions(world)
        reached = self.reached.setdefault(draw, [])
        for env in equation.cases(draw):
            if moves:
                world.memo.clear()
                differ.moving = moving(equation.sides, env, world.values)
            evaluator.magnitude = 0.0
            try:
                values = [evaluator.value(s, env, world) for s in equation.sides]
            except OutsideError as error:
                self.outside = error
                continue
            except np.linalg.LinAlgError:
                raise equation.sides[0].fail("a singular matrix is inverted") from None
            if differ.coarse:
                self.tolerance = COARSE
            letters = {name: env[name] for name in equation.free}
            reached.append(letters)
            self.compare(draw, letters, values, evaluator.magnitude)
        self.filled |= evaluator.filled
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
