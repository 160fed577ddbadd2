"""Measuring a formula: both sides of every equality, over all draws."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from numbers import Integral
from typing import Literal

from rnn_notes.equations.comparing import Comparison
from rnn_notes.equations.dims import written
from rnn_notes.equations.draws import LARGEST_SIZE, Draw, draws, whole_numbers
from rnn_notes.equations.equation import Equation
from rnn_notes.equations.errors import EquationError, MisfitError, WorkError
from rnn_notes.equations.evaluation import MOST_WORK, Budget
from rnn_notes.equations.measurement import Measurement
from rnn_notes.equations.model import Model, find
from rnn_notes.equations.neighbours import (
    CLOSE,
    Line,
    Rule,
    Shapeless,
    diag_added,
    edits,
)
from rnn_notes.equations.nodes import Node, Remark
from rnn_notes.equations.parsing import parse
from rnn_notes.equations.reading import Reader
from rnn_notes.equations.shapes import Shapes
from rnn_notes.equations.symbols import Definition, Scope
from rnn_notes.equations.translation import sizes_in, translated, with_sizes
from rnn_notes.equations.where import Clauses, index_letters
from rnn_notes.equations.which_model import chosen

__all__ = [
    "LAYOUTS",
    "SEEDS",
    "Layout",
    "Task",
    "holds",
    "measure",
    "neighbours",
    "says_nothing_of",
    "understood",
]

Layout = Literal["denominator", "numerator", "mixed"]
LAYOUTS: tuple[Layout, ...] = ("denominator", "mixed", "numerator")
SEEDS = (0, 1, 2)
_EXACT = 1e-12
_MOST_NEIGHBOURS = 80
_FUNCTION = re.compile(r"(vec|diag|tr|softmax|tanh|exp|log)(?![a-z])")


@dataclass(frozen=True)
class Task:
    """What is to be measured, and how: the arguments of ``measure``."""

    latex: str
    layout: Layout | None
    where: str
    sizes: Mapping[str, int]
    seeds: Sequence[int]
    model: Model = field(default_factory=lambda: find("book"))
    strict: bool = False
    outer: bool = False
    flat: bool = False
    falling: bool = False

    told: str = ""
    asked: Layout | None = None


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

    Raises ``EquationError`` for what is not understood, ``ValueError`` for wrong
    options.

    >>> dWhy = r"\frac{\partial L}{\partial W_{hy}} = \sum_{t=1}^{T} (p_t - e_t)\, "
    >>> right = measure(dWhy + r"h_t^\top")
    >>> right.holds, right.shapes
    (True, 'V×H = Σ V×1 · 1×H')
    >>> bool(measure(dWhy + r"h_{t-1}^\top"))
    False
    """
    task = Task(latex, layout, where, sizes or {}, tuple(seeds), strict=strict)
    _check(task)
    try:
        task = replace(task, model=_model(task, model))
        return _in_layout(task)
    except MisfitError as error:
        with suppress(EquationError):  # it may misfit in another model's letters
            error.close = _close(task)
        raise


def _model(task: Task, model: str | None) -> Model:
    """The model that is named, or else the one that the formula's letters fit."""
    if model is not None or task.strict:
        return find(model)

    budget = Budget()

    def understand(one: Model) -> tuple[list[Equation], int]:
        """A formula in a model, and how far from usual that is."""
        here = replace(task, model=one)
        try:
            equations = understood(_ways(here, budget)[0], budget)
            if all(all(equation.fits) for equation in equations):
                return equations, 0
        except MisfitError as error:
            equations, misfit = [], error
        for way in _unusual(here):
            if not way.falling and (found := _fitting(way, budget)):
                return found, 1
        if not equations:
            for _, way in _diagonal_ways(here):
                if found := _fitting(way, budget):
                    return found, 3
            raise misfit
        return equations, 2

    return chosen(understand, f"-- '{task.latex}'")


def _ways(task: Task, budget: Budget | None = None) -> list[Task]:
    """The task in each layout in which the pieces of its formula fit, if any.

    Raises the ``EquationError`` of the first layout where they fit in none.
    """
    first: EquationError | None = None
    layouts: list[Layout] = [task.layout] if task.layout else ["denominator", "mixed"]
    fitting: list[Task] = []
    rest: list[Task] = []
    for layout in layouts:
        for outer in (False, True) if "otimes" in task.latex else (False,):
            turned = outer and not task.strict
            way = replace(task, layout=layout, outer=turned, asked=task.layout)
            try:
                equations = understood(way, budget)
            except WorkError:
                raise
            except EquationError as error:
                first = first or error
                if not (outer or fitting or rest or isinstance(error, MisfitError)):
                    raise
                continue
            whole = all(all(equation.fits) for equation in equations)
            (fitting if whole else rest).append(way)
            if not any(equation.has_jacobian() for equation in equations):
                layouts = layouts[:1]  # the same in all of them
        if layout not in layouts[-1:] and len(layouts) == 1:
            break
    if not fitting and not rest:
        raise first or EquationError("it fits no layout")
    return fitting or rest[:1]


def _unusual(task: Task) -> Iterator[Task]:
    """The task in further ways of reading it, which are told and hold for no more."""
    slopes = r"\partial" in task.latex or r"\nabla" in task.latex
    layouts = LAYOUTS if slopes else (task.layout or LAYOUTS[0],)
    flats = (False, True) if slopes and not task.strict else (False,)
    turns = (False, True) if r"\prod" in task.latex and not task.strict else (False,)
    for falling, flat, layout in itertools.product(turns, flats, layouts):
        told = [f"in {layout} layout"] if layout != (task.layout or LAYOUTS[0]) else []
        told += ["with each matrix below as its vec"] if flat else []
        told += ["with the last factor of each product first"] if falling else []
        if told:
            outer = "otimes" in task.latex and not task.strict
            yield replace(
                task, layout=layout, outer=outer, flat=flat, falling=falling,
                told=", ".join(told),
            )  # fmt: skip


def _fitting(task: Task, budget: Budget) -> list[Equation] | None:
    """The equations of a task if its pieces fit, None if they do not."""
    try:
        equations = understood(task, budget)
    except WorkError:
        raise
    except EquationError:
        return None
    return equations if all(all(one.fits) for one in equations) else None


def _in_layout(
    task: Task, hasty: bool = False, budget: Budget | None = None
) -> Measurement:
    """The measurement in the layout where the formula holds, or else in the first.

    Where its pieces fit in no layout as they stand, it may hold in a way that is told.
    """
    found: Measurement | None = None
    budget = budget or Budget(work=-_extra(task))
    try:
        usual = _ways(task, budget)
    except MisfitError:
        if task.strict or task.told:
            raise
        for way in _unusual(task):
            if _fitting(way, budget) and (measured := _finished(way, hasty, budget)):
                return replace(measured, holds=False, error=math.inf, only=way.told)
        for told, way in _diagonal_ways(task):
            if _fitting(way, budget) and (measured := _finished(way, hasty, budget)):
                measured = replace(measured, latex=task.latex, only=told)
                return replace(measured, holds=False, error=math.inf)
        raise
    for way in usual:
        try:
            measured = _finished(way, hasty, budget)
        except EquationError:
            if found is None:
                raise
            continue
        if measured or found is None:
            found = measured
        if measured:
            break
    assert found is not None
    return found


def _finished(
    task: Task,
    hasty: bool = False,
    budget: Budget | None = None,
    scramble: bool = False,
) -> Measurement:
    """The measurement of a task.

    hasty    : stop where the sides first part
    budget   : what may be spent, here and elsewhere
    scramble : whether it is measured in another network, to see whether that matters
    """
    budget = budget or Budget(work=-_extra(task))
    compared: list[Comparison] = []
    equations = understood(task, budget)
    for equation in equations:
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
        tolerance=_EXACT,
        shapes="; ".join(c.line for c in compared),
        draws=sum(c.count for c in compared),
        worst=worst,
        work=budget.work,
        task=task,
        look=lambda: _advice(task),
        translate=lambda measured: _in_the_book(measured, equations),
        model=task.model.name,
        layout=task.layout or "denominator",
        read=_read_as(task, equations),
        remarks=tuple(
            dict.fromkeys(remark.text for remark in equations[0].scope.remarks or [])
        ),
    )


def _extra(task: Task) -> float:
    """The work that may be done beyond the usual: more draws may take longer."""
    return MOST_WORK * max(0.0, len(task.seeds) / len(SEEDS) - 1)


def _read_as(task: Task, equations: list[Equation]) -> tuple[str, ...]:
    """What each letter of the formula is, ``W: hidden to hidden, N×N, W_{hh} here``."""
    found: dict[str, str] = {}
    model = task.model
    for equation in equations:
        for node in equation.nodes():
            known = model.quantities.get(str(node.value))
            if node.kind != "quantity" or known is None or known.shape is None:
                continue
            name = str(node.value).rstrip("_")
            book = f", {known.book} in the book" if known.book else ""
            note = known.note or known.role
            found[name] = f"{name}: {note}, {written(known.shape)}{book}"
    return tuple(found.values())


def _in_the_book(measured: Measurement, equations: list[Equation]) -> str:
    """The formula in the book's letters, where these say the same; empty elsewhere.

    It is measured there too: its shapes and its verdict have to be the same.
    """
    task, book = measured.task, find("book")
    if task.where or task.model.name in (book.name, "none"):
        return ""
    nodes = [node for equation in equations for node in equation.nodes()]
    latex = translated(task.latex, task.model, book, nodes)
    if not latex:
        return ""
    with suppress(EquationError):
        there = replace(task, latex=latex, model=book)
        again = _finished(there, hasty=True, budget=Budget(work=MOST_WORK * 0.25))
        shapes = with_sizes(measured.shapes, sizes_in(task.model, book))
        if (again.holds, again.shapes) == (measured.holds, shapes):
            return latex
    return ""


def _advice(task: Task) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """Neighbours that hold, another layout, and what else would make a formula hold."""
    budget = Budget(work=MOST_WORK * 0.25)
    asked = replace(task, layout=task.asked, outer=False)
    saved = _saved_by_options(asked, 1, budget) or _saved_by_words(asked, budget)
    way = _other_way(asked, budget)
    layout = way.layout or "" if way and way.layout != task.layout else ""
    saved += (f"holds {way.told}",) if way else ()
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
            measured = _in_layout(other, hasty=True, budget=budget)
            if measured or measured.only:
                told = [f"holds {' and '.join(some)}", measured.only]
                found.append(", ".join(filter(None, told)))
    return tuple(found)


def _saved_by_words(task: Task, budget: Budget) -> tuple[str, ...]:
    """A condition or a word that is left out, and makes a formula hold."""
    for condition in _conditions(task):
        latex = rf"{task.latex.rstrip(' .,')}, \quad {condition}"
        if not budget.over and holds(replace(task, latex=latex), budget):
            return (f"holds for {condition}",)
    for told, one in _with_diagonals(task):
        if not budget.over and holds(one, budget):
            return (f"holds {told}",)
    return ()


def _with_diagonals(task: Task) -> Iterator[tuple[str, Task]]:
    """The task with one column or row as a diagonal matrix, and what to tell of it."""
    for one in neighbours(task, {"diag added": diag_added}):
        yield f"with a column as a diagonal matrix: {one.latex}", one


def _diagonal_ways(task: Task) -> Iterator[tuple[str, Task]]:
    """The task with a column as a diagonal matrix, in every layout."""
    for told, one in _with_diagonals(replace(task, layout=task.layout or LAYOUTS[0])):
        for layout in [task.layout] if task.layout else LAYOUTS:
            yield told, replace(one, layout=layout, told=told)


def _conditions(task: Task) -> list[str]:
    """Conditions that a formula on one line may have left unsaid."""
    try:
        equations = understood(task)
    except EquationError:
        return []
    if len(equations) != 1 or equations[0].scope.conditions:
        return []
    (equation,) = equations
    steps = [n for n in equation.free if equation.shapes.domains.get(n)]
    steps = [
        n for n in steps if any(d == "time" for d, _ in equation.shapes.domains[n])
    ]
    pairs = [f"{a} < {b}" for a in steps for b in steps if a != b]
    return [*pairs, *(f"{a} < T" for a in steps), *(f"{a} > 1" for a in steps)]


def understood(task: Task, budget: Budget | None = None) -> list[Equation]:
    """The equations of a task, one a line; ``EquationError`` for what is none."""
    lines, scope, drawn = _read(task, budget)
    layout = task.layout or "denominator"
    ways_ = (task.outer, task.flat, task.falling)
    with _pointing_into(task.latex):
        equations = [Equation(items, scope, layout, drawn, *ways_) for items in lines]
    with _pointing_into(task.where):
        _check_conditions(scope, equations)
    return equations


def _read(
    task: Task, budget: Budget | None = None
) -> tuple[list[list[Node]], Scope, list[Draw]]:
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
    budget = budget or Budget()
    for item in itertools.chain(*lines):
        budget.read(item)
    scope = _scope(task, lines, remarks, budget)
    return lines, scope, draws(scope, task.seeds, numbers)


@contextmanager
def _pointing_into(latex: str) -> Iterator[None]:
    """A context whose errors point into a text, unless they point into another."""
    try:
        yield
    except EquationError as error:
        word = _FUNCTION.match(latex, error.position)
        if word and error.reason.endswith("is not known"):
            error.reason += rf": write \operatorname{{{word[0]}}}"
        raise error.within(latex) from None


def neighbours(task: Task, rules: Mapping[str, Rule]) -> Iterator[Task]:
    """Tasks for the formulas one edit away, even if this one's shapes do not fit."""
    lines, scope, drawn = _read(task)
    shaped: list[Line] = []
    for items in lines:
        try:
            layout = task.layout or "denominator"
            shaped.append(Equation(items, scope, layout, drawn))
        except MisfitError:
            shapes = Shapes(scope, layout)
            shaped.append(Shapeless(Reader(scope).read(items[0]), shapes))
    for edit in edits(task.latex, shaped, rules):
        yield replace(task, latex=edit.of(task.latex))


def _close(task: Task, budget: Budget | None = None) -> tuple[str, ...]:
    """The formulas one edit away that hold, as far as the work for them goes."""
    found: list[str] = []
    budget = budget or Budget()
    layout = task.layout or "denominator"
    task = replace(task, layout=layout)
    for neighbour in itertools.islice(neighbours(task, CLOSE), _MOST_NEIGHBOURS):
        if _says_nothing(neighbour.latex):
            continue
        try:
            measurement = _finished(neighbour, hasty=True, budget=budget)
        except WorkError:
            break
        except EquationError:
            continue
        if measurement and not says_nothing_of(neighbour):
            found.append(neighbour.latex)
    return tuple(found)


def _other_way(task: Task, budget: Budget) -> Task | None:
    """The task in another way of reading it, if the formula holds so."""
    if task.told:
        return None
    ways_ = (way for way in _unusual(task) if not budget.over)
    return next((way for way in ways_ if holds(way, budget)), None)


def holds(task: Task, budget: Budget | None = None) -> bool:
    """Whether a formula is understood and holds."""
    try:
        return _in_layout(task, hasty=True, budget=budget).holds
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
        drawn = replace(task, seeds=task.seeds[:1], layout=task.layout or "denominator")
        return speaks and _finished(drawn, hasty=True, scramble=True).holds
    except EquationError:
        return False


def _says_nothing(latex: str) -> bool:
    """Whether both sides of an equality are the same text.

    >>> _says_nothing("h_t = h_t"), _says_nothing("h_t = a_t")
    (True, False)
    """
    sides = [re.sub(r"[\s&]", "", side) for side in re.split(r"=|\\\\", latex)]
    return any(a == b for a, b in itertools.pairwise(sides))


def _check(task: Task) -> None:
    """Refuse options under which no formula can be measured."""
    if task.layout not in (None, *LAYOUTS):
        known = ", ".join(map(repr, LAYOUTS))
        raise ValueError(f"layout is {task.layout!r}, expected one of {known}")
    if not task.seeds:
        raise ValueError("seeds is empty, expected at least one")
    for seed in task.seeds:
        if not (isinstance(seed, Integral) and seed >= 0):
            raise ValueError(f"seeds holds {seed!r}, expected whole numbers from 0 on")
    for name, size in task.sizes.items():
        if not (isinstance(size, int) and 1 <= size <= LARGEST_SIZE):
            raise ValueError(f"{name} is {size!r}, expected 1 to {LARGEST_SIZE}")


def _scope(
    task: Task, lines: list[list[Node]], remarks: list[Remark] | None, budget: Budget
) -> Scope:
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
                for said in list(scope.bindings.values())[-1:]:
                    budget.read(said.body if isinstance(said, Definition) else items[0])
    if strange := sorted(set(task.sizes) - scope.size_names):
        known = ", ".join(sorted(scope.size_names))
        raise ValueError(f"sizes has {strange[0]}, expected some of {known}")
    if large := [n for n in scope.sizes if scope.sizes[n] > LARGEST_SIZE]:
        raise ValueError(f"{large[0]} is too large, expected 1 to {LARGEST_SIZE}")
    return scope


def _check_conditions(scope: Scope, equations: list[Equation]) -> None:
    """Refuse a condition of ``where`` that is about no index of any equation."""
    free = {name for equation in equations for name in equation.free}
    for condition in scope.conditions:
        if strange := condition.letters - scope.size_names - free:
            name = sorted(strange)[0]
            raise condition.node.fail(f"{name} is no free index of the formula")
