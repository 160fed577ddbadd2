"""Measuring a formula: both sides of every equality, over all draws."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from rnn_notes.equations.advice import advised, command
from rnn_notes.equations.dims import written
from rnn_notes.equations.equation import Equation
from rnn_notes.equations.errors import EquationError, MisfitError, WorkError, pointing
from rnn_notes.equations.evaluation import MOST_WORK, Budget
from rnn_notes.equations.kinds import LAYOUTS, Layout
from rnn_notes.equations.measurement import Measurement
from rnn_notes.equations.model import find, shipped
from rnn_notes.equations.neighbours import CLOSE, WIDER
from rnn_notes.equations.sides import Comparison
from rnn_notes.equations.tasks import (
    SEEDS,
    Task,
    check,
    diagonal_ways,
    fitting,
    neighbours,
    readings,
    understood,
    unusual,
    upright,
    with_diagonals,
)
from rnn_notes.equations.tokens import SLANTED
from rnn_notes.equations.translation import sizes_in, translated, with_sizes
from rnn_notes.equations.which_model import model_for

__all__ = ["holds", "measure", "says_nothing_of"]

_MOST_NEIGHBOURS = 80
_WITH_ADVICE = 20_500  # work for a formula and all that is told of it
_FOR_ADVICE = 4_500  # what is left for it at the least
_NEW_TEXT = 0.5  # of work for a character of a formula that is parsed, at the most
_NEW_MODEL = 0.07  # for one of a model that is read, most of whose clauses are known


def measure(
    latex: str,
    *,
    layout: Layout | None = None,
    where: str = "",
    model: str | None = None,
    sizes: Mapping[str, int] | None = None,
    seeds: Sequence[int] = SEEDS,
    strict: bool = False,
) -> Measurement:
    r"""What nature says of a formula: whether it holds, how well, in which shapes.

    latex  : equalities, as a page displays them
    layout : "denominator", a derivative has its variable's shape; "numerator", it has
             a row for each output; "mixed", vectors by vectors have, numbers have not.
             Without one it is read as the whole formula needs it, in the first or last
    where  : what further letters stand for, in clauses between semicolons
    model  : the network, by the name of one that is shipped, as a file or as a text;
             without one, that which the formula's letters and shapes fit
    sizes  : sizes to fix, as ``{"V": 2, "H": 3}``
    seeds  : one set of draws each
    strict : whether what is not written as in the book is an error

    Raises
    ------
    EquationError
        For what is not understood.
    ValueError
        For wrong options.

    Examples
    --------
    >>> dWhy = r"\frac{\partial L}{\partial W_{hy}} = \sum_{t=1}^{T} (p_t - e_t)\, "
    >>> right = measure(dWhy + r"h_t^\top")
    >>> right.holds, right.shapes
    (True, 'V×H = Σ V×1 · 1×H')
    >>> bool(measure(dWhy + r"h_{t-1}^\top"))
    False
    """
    task = Task(latex, layout, where, sizes or {}, tuple(seeds), strict=strict)
    check(task)
    try:
        task = replace(task, model=model_for(task, model))
        return _beside_gradients(task, _in_layout(task))
    except MisfitError as error:
        with suppress(EquationError):  # it may misfit in another model's letters
            error.close = _close(task)
        raise
    except EquationError as error:
        error.advice = advised(
            error, latex, task.model if model is None else find(model)
        )
        raise


def _beside_gradients(task: Task, found: Measurement) -> Measurement:
    """What was found, and whether it is so with a slanted d as the loss's gradient.

    Where it holds in that reading alone, what is meant is not known: an error.
    """
    if task.strict or not SLANTED & {*found.remarks}:
        return found
    verdict = "has no meaning here"
    try:
        other = _in_layout(task.read(slopes=True), hasty=True)
        verdict = "holds as well" if other.holds else "does not hold"
    except EquationError:
        if found.holds:
            return found
    if verdict == "holds as well" and not found.holds:
        commands = (command(latex, task.model.name) for latex in upright(task))
        raise EquationError(
            "\n  ".join(("d has two readings, expected one of them:", *commands))
        )
    remark = f"with each d as a gradient of the loss it {verdict}"
    return replace(found, remarks=(*found.remarks, remark))


def _in_layout(
    task: Task, hasty: bool = False, budget: Budget | None = None
) -> Measurement:
    """The measurement in the layout where the formula holds, or else in the first.

    Where its pieces fit in no layout as they stand, it may hold in a way that is told.

    hasty : stop where the sides first part
    """
    budget = budget or _budget(task)
    try:
        usual = readings(task, budget)
    except MisfitError:
        if task.strict or task.way.told:
            raise
        ways = itertools.chain(unusual(task), diagonal_ways(task))
        for one, equations in fitting(ways, budget):
            if found := _compared(one, equations, budget, hasty):
                found = replace(found, latex=task.latex, only=one.way.told)
                return replace(found, holds=False, error=math.inf)
        raise
    first: Measurement | None = None
    for one, equations in usual:
        try:
            found = _compared(one, equations, budget, hasty or first is not None)
        except EquationError as error:
            if first is None or isinstance(error, WorkError):
                raise
            continue
        if found:
            return found
        first = found if first is None else first
    assert first is not None
    return first


def _budget(task: Task) -> Budget:
    """What may be spent; more seeds than usual may take longer."""
    return Budget(work=-MOST_WORK * max(0.0, len(task.seeds) / len(SEEDS) - 1))


def _compared(
    task: Task,
    equations: list[Equation],
    budget: Budget,
    hasty: bool = False,
    scramble: bool = False,
) -> Measurement:
    """The measurement of a task whose equations are understood.

    scramble : whether it is measured in another network, to see whether that matters
    """
    compared = [Comparison(one, budget, hasty, scramble) for one in equations]
    for one in compared:
        with pointing(task.latex):
            one.run()
        if hasty and not one.holds:
            break
    worst = max(
        (c.worst for c in compared if c.worst),
        key=lambda w: (any(w is c.worst and not c.holds for c in compared), w.error),
    )
    remarks = equations[0].scope.remarks or []
    place = equations[0].draws.index(worst.draw)  # where others will part soon as well
    return Measurement(
        latex=task.latex,
        holds=all(c.holds for c in compared),
        error=worst.error,
        shapes="; ".join(c.line for c in compared),
        draws=sum(c.count for c in compared),
        worst=worst,
        work=budget.work,
        task=task,
        look=lambda: _advice(replace(task, first=place), budget),
        translate=lambda measured: _in_the_book(measured, equations),
        model=task.model.name,
        layout=task.way.layout,
        read=_letters(equations),
        remarks=tuple(dict.fromkeys(remark.text for remark in remarks)),
    )


def _letters(equations: list[Equation]) -> tuple[str, ...]:
    """What each letter of the formula is, ``W: hidden to hidden, N×N, W_{hh} here``."""
    found: dict[str, str] = {}
    for name, known in (pair for one in equations for pair in one.named()):
        if known.shape is not None:
            name = name.rstrip("_")
            book = f", {known.book} in the book" if known.book else ""
            note = known.note or known.role
            found[name] = f"{name}: {note}, {written(known.shape)}{book}"
    return tuple(found.values())


def _in_the_book(measured: Measurement, equations: list[Equation]) -> str:
    """The formula in the book's letters, where these say the same; empty elsewhere.

    It is measured there too, under one seed, with what work is left: its shapes and its
    verdict have to be the same.
    """
    task, book = measured.task, shipped("book")
    if not _is_translated(task):
        return ""
    nodes = [node for equation in equations for node in equation.nodes()]
    latex = translated(task.latex, task.model, book, nodes)
    with suppress(EquationError):
        there = replace(task, latex=latex, model=book, seeds=task.seeds[:1])
        budget = Budget(work=max(MOST_WORK / 4, measured.work))
        again = _compared(there, understood(there, budget), budget)
        shapes = with_sizes(measured.shapes, sizes_in(task.model, book))
        if (again.holds, again.shapes) == (measured.holds, shapes):
            return latex
    return ""


def _is_translated(task: Task) -> bool:
    """Whether a formula is looked for in the book's letters."""
    return not (task.where or task.model.name in ("book", "none"))


# What would hold in place of a formula that does not


def _advice(task: Task, spent: Budget) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """Neighbours that hold, another layout, and what else would make a formula hold."""
    all_spent = spent.work * (1.5 if _is_translated(task) else 1)  # in the book too
    left = max(_WITH_ADVICE - all_spent, _FOR_ADVICE)
    budget = Budget(work=MOST_WORK - left)
    asked = task.read(layout=task.layout or LAYOUTS[0], outer=False)
    saved = _saved_by_options(asked, 1, budget) or _saved_by_words(asked, budget)
    ways = () if task.way.told else (one for one in unusual(asked) if not budget.over)
    way = next((one.way for one in ways if holds(one, budget)), task.way)
    layout = way.layout if way.layout != task.way.layout else ""
    saved += (f"holds {way.told}",) if way.told and not task.way.told else ()
    near = () if saved or budget.over else _close(task, budget)
    if not (saved or near):
        saved = _saved_by_options(asked, 2, budget)
    return near, layout, saved


def _saved_by_options(task: Task, count: int, budget: Budget) -> tuple[str, ...]:
    """The options of the network, so many at once, that make a formula hold."""
    found: list[str] = []
    for some in itertools.combinations(task.model.options, count):
        if budget.over:
            break
        with suppress(EquationError):
            other = replace(task, model=task.model.with_options(some))
            budget.work += _NEW_MODEL * len(other.model.text)
            measured = _in_layout(other, hasty=True, budget=budget)
            empty = not measured.worst.left.any() and not re.search(
                r"=\s*0", task.latex
            )
            if (measured or measured.only) and not empty:
                told = [f"holds {' and '.join(some)}", measured.only]
                found.append(", ".join(filter(None, told)))
    return tuple(found)


def _saved_by_words(task: Task, budget: Budget) -> tuple[str, ...]:
    """A condition or a word that is left out, and makes a formula hold."""
    for condition in _conditions(task):
        latex = rf"{task.latex.rstrip(' .,')}, \quad {condition}"
        if not budget.over and holds(replace(task, latex=latex), budget):
            return (f"holds for {condition}",)
    for one in with_diagonals(task):
        if not budget.over and holds(one, budget):
            return (f"holds {one.way.told}",)
    return ()


def _conditions(task: Task) -> Iterator[str]:
    """Conditions that a formula on one line may have left unsaid."""
    try:
        equation, *others = understood(task)
    except EquationError:
        return
    if others or equation.scope.conditions:
        return
    uses = equation.shapes.domains
    steps = [n for n in equation.free if any(d == "time" for d, _ in uses.get(n, []))]
    yield from (f"{a} < {b}" for a in steps for b in steps if a != b)
    yield from (f"{a} < T" for a in steps)
    yield from (f"{a} > 1" for a in steps)


def _close(task: Task, budget: Budget | None = None) -> tuple[str, ...]:
    """The formulas one edit away that hold, as far as the work for them goes."""
    found: list[str] = []
    budget = budget or Budget()
    telling = {one.latex for one in neighbours(task, WIDER)}  # in any network
    for one in itertools.islice(neighbours(task, CLOSE), _MOST_NEIGHBOURS):
        budget.work += _NEW_TEXT * len(one.latex)
        try:
            right = not _is_tautology(one.latex) and _compared(
                one, understood(one, budget), budget, hasty=True
            )
        except WorkError:
            break
        except EquationError:
            continue
        if right and (one.latex in telling or not says_nothing_of(one)):
            found.append(one.latex)
    return tuple(found)


def holds(task: Task, budget: Budget | None = None) -> bool:
    """Whether a formula is understood and holds."""
    try:
        return _in_layout(task, hasty=True, budget=budget).holds
    except EquationError:
        return False


def says_nothing_of(task: Task) -> bool:
    """Whether a formula speaks of a network, and holds in any other one as well."""
    quantities = task.model.quantities
    try:
        drawn = replace(task, seeds=task.seeds[:1])
        budget = _budget(drawn)
        equations = understood(drawn, budget)
        names = {n.value for one in equations for n in one.pieces("quantity")}
        if not any(quantities[n].role == "computed" for n in names & {*quantities}):
            return False
        return _compared(drawn, equations, budget, hasty=True, scramble=True).holds
    except EquationError:
        return False


def _is_tautology(latex: str) -> bool:
    """Whether both sides of an equality are the same text.

    >>> _is_tautology("h_t = h_t"), _is_tautology("h_t = a_t")
    (True, False)
    """
    sides = [re.sub(r"[\s&]", "", side) for side in re.split(r"=|\\\\", latex)]
    return any(a == b for a, b in itertools.pairwise(sides))
