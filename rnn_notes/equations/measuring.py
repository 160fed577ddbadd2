"""Measuring a formula: both sides of every equality, over all draws."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from rnn_notes.equations.comparing import Comparison
from rnn_notes.equations.draws import LARGEST_SIZE, Draw, draws, whole_numbers
from rnn_notes.equations.equation import Equation
from rnn_notes.equations.errors import EquationError, MisfitError, WorkError
from rnn_notes.equations.evaluation import Budget
from rnn_notes.equations.measurement import Measurement
from rnn_notes.equations.model import Model, find
from rnn_notes.equations.neighbours import CLOSE, Line, Rule, Shapeless, edits
from rnn_notes.equations.nodes import Node, Remark
from rnn_notes.equations.parsing import parse
from rnn_notes.equations.reading import Reader
from rnn_notes.equations.symbols import Scope
from rnn_notes.equations.where import Clauses, index_letters

Layout = Literal["denominator", "numerator"]
SEEDS = (0, 1, 2)
EXACT = 1e-12
MOST_NEIGHBOURS = 80
FUNCTION = re.compile(r"(vec|diag|tr|softmax|tanh|exp|log)(?![a-z])")


@dataclass(frozen=True)
class Task:
    """What is to be measured, and how: the arguments of ``measure``."""

    latex: str
    layout: Layout
    where: str
    sizes: Mapping[str, int]
    seeds: Sequence[int]
    model: Model = field(default_factory=lambda: find(None))
    strict: bool = False


def measure(
    latex: str,
    *,
    layout: Layout = "denominator",
    where: str = "",
    model: str | None = None,
    sizes: Mapping[str, int] | None = None,
    seeds: Sequence[int] = SEEDS,
    strict: bool = False,
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
    task = Task(latex, layout, where, sizes or {}, tuple(seeds), find(model), strict)
    try:
        return finished(task)
    except MisfitError as error:
        error.close = close(task)
        raise


def finished(
    task: Task, hasty: bool = False, work: float = 0, scramble: bool = False
) -> Measurement:
    """The measurement of a task.

    hasty    : stop where the sides first part
    work     : how much of the work that a formula may take is done already
    scramble : whether it is measured in another network, to see whether that matters
    """
    budget = Budget(work)
    compared: list[Comparison] = []
    for equation in understood(task):
        compared.append(Comparison(equation, equation.draws, hasty, budget, scramble))
        with _pointing_into(task.latex):
            compared[-1].run()
    worst = max(
        (c.worst for c in compared if c.worst),
        key=lambda w: (any(w is c.worst and not c.holds for c in compared), w.error),
    )
    return Measurement(
        latex=task.latex,
        holds=all(c.holds for c in compared),
        error=worst.error,
        tolerance=EXACT,
        shapes="; ".join(c.line for c in compared),
        draws=sum(c.count for c in compared),
        worst=worst,
        work=budget.work,
        task=task,
        look=lambda: (close(task), other_layout(task)),
    )


def understood(task: Task) -> list[Equation]:
    """The equations of a task, one a line; ``EquationError`` for what is none."""
    lines, scope, drawn = _read(task)
    with _pointing_into(task.latex):
        equations = [Equation(items, scope, task.layout, drawn) for items in lines]
    with _pointing_into(task.where):
        _check_conditions(scope, equations)
    return equations


def _read(task: Task) -> tuple[list[list[Node]], Scope, list[Draw]]:
    """The lines of a task's formula, what its letters stand for, and its draws."""
    _check(task)
    remarks: list[Remark] | None = None if task.strict else []
    lines = parse(task.latex, remarks)
    numbers = whole_numbers(
        [
            node.value
            for line in lines
            for item in line
            for node in item.walk()
            if node.kind == "number"
        ]
    )
    scope = _scope(task, lines, remarks)
    return lines, scope, draws(scope, task.seeds, numbers)


@contextmanager
def _pointing_into(latex: str) -> Iterator[None]:
    """A context whose errors point into a text, unless they point into another."""
    try:
        yield
    except EquationError as error:
        word = FUNCTION.match(latex, error.position)
        if word and error.reason.endswith("is not known"):
            error.reason += rf": write \operatorname{{{word[0]}}}"
        raise error.within(latex) from None


def neighbours(task: Task, rules: Mapping[str, Rule]) -> Iterator[Task]:
    """Tasks for the formulas one edit away, even if this one's shapes do not fit."""
    lines, scope, drawn = _read(task)
    shaped: list[Line] = []
    for items in lines:
        try:
            shaped.append(Equation(items, scope, task.layout, drawn))
        except MisfitError:
            shaped.append(Shapeless(Reader(scope).read(items[0])))
    for edit in edits(task.latex, shaped, rules):
        yield replace(task, latex=edit.of(task.latex))


def close(task: Task) -> tuple[str, ...]:
    """The formulas one edit away that hold, as far as the work for them goes."""
    found: list[str] = []
    work: float = 0
    for neighbour in itertools.islice(neighbours(task, CLOSE), MOST_NEIGHBOURS):
        if says_nothing(neighbour.latex):
            continue
        try:
            measurement = finished(neighbour, hasty=True, work=work)
        except WorkError:
            break
        except EquationError:
            continue
        work = measurement.work
        if measurement and not says_nothing_of(neighbour):
            found.append(neighbour.latex)
    return tuple(found)


def other_layout(task: Task) -> str:
    """The layout that is not the task's, if the formula holds there, or nothing."""
    other: Layout = "numerator" if task.layout == "denominator" else "denominator"
    return other if holds(replace(task, layout=other)) else ""


def holds(task: Task) -> bool:
    """Whether a formula is understood and holds."""
    try:
        return finished(task, hasty=True).holds
    except EquationError:
        return False


def says_nothing_of(task: Task) -> bool:
    """Whether a formula speaks of a network, and holds in any other one as well."""
    computed = {n for n, q in task.model.quantities.items() if q.role == "computed"}
    try:
        equations = understood(task)
        speaks = any(
            node.value in computed
            for equation in equations
            for side in equation.sides
            for node in side.walk()
            if node.kind == "quantity"
        )
        drawn = replace(task, seeds=task.seeds[:1])
        return speaks and finished(drawn, hasty=True, scramble=True).holds
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


def _scope(task: Task, lines: list[list[Node]], remarks: list[Remark] | None) -> Scope:
    """What the letters stand for, after ``where``."""
    model = task.model
    scope = Scope(
        model=model,
        quantities=model.quantities,
        functions=model.functions,
        bindings=dict(model.scope.bindings),
        given=model.scope.given,
        sizes=dict(task.sizes),
        size_names=set(model.sizes),
        renamed=model.scope.renamed,
        remarks=remarks,
    )
    if task.where.strip():
        clauses = Clauses(scope, index_letters(lines))
        with _pointing_into(task.where):
            for items in parse(task.where, remarks):
                clauses.read(items)
    if strange := sorted(set(task.sizes) - scope.size_names):
        known = ", ".join(sorted(scope.size_names))
        raise ValueError(f"sizes has {strange[0]}, expected some of {known}")
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
