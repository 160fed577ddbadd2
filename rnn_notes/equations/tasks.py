"""What is to be measured, and the ways in which it can be read."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Integral
from typing import Any

from rnn_notes.equations.clauses import Clauses, index_letters
from rnn_notes.equations.draws import LARGEST_SIZE, Draw, draws, whole_numbers
from rnn_notes.equations.equation import Equation
from rnn_notes.equations.errors import EquationError, MisfitError, WorkError, pointing
from rnn_notes.equations.evaluation import Budget
from rnn_notes.equations.kinds import LAYOUTS, Layout, Shapes, Way
from rnn_notes.equations.model import Model, shipped
from rnn_notes.equations.neighbours import ADDED, Line, Rule, edits
from rnn_notes.equations.nodes import Node, Remark, derived
from rnn_notes.equations.parsing import parse
from rnn_notes.equations.reading import Reader
from rnn_notes.equations.symbols import Definition, Scope
from rnn_notes.equations.tokens import AS_DIFFERENTIAL, OPERATOR, SLANTED
from rnn_notes.equations.unsaid import (
    no_differentials,
    with_gradients,
    with_variations,
)

__all__ = [
    "SEEDS",
    "Reading",
    "Task",
    "all_fit",
    "check",
    "diagonal_ways",
    "fitting",
    "neighbours",
    "readings",
    "understood",
    "unusual",
    "upright",
    "with_diagonals",
]

SEEDS = (0, 1, 2)


_TOLD = {  # of the fields of a way
    "flat": "with each matrix below as its vec",
    "falling": "with the last factor of each product first",
    "whole": "with the factor within one step as immediate, ∂⁺",
}


@dataclass(frozen=True)
class Task:
    """What is to be measured, and how it is read.

    latex … seeds, model, strict : as in ``measure``
    chosen : the way in which it is read; the book's layout and the usual ways, if none
    first  : the place of the draw that is compared first
    """

    latex: str
    layout: Layout | None
    where: str
    sizes: Mapping[str, int]
    seeds: Sequence[int]
    model: Model = field(default_factory=lambda: shipped("book"))
    strict: bool = False
    chosen: Way | None = None
    first: int = 0

    @property
    def way(self) -> Way:
        """The way in which it is read."""
        return self.chosen or Way(self.layout or LAYOUTS[0])

    def read(self, **changes: Any) -> Task:
        """The same task, read in a way that differs in some fields."""
        return replace(self, chosen=replace(self.way, **changes))


Reading = tuple[Task, list[Equation]]  # one way of reading a formula, and its equations


def readings(task: Task, budget: Budget) -> list[Reading]:
    """A task in each usual way in which its pieces fit, or in the first that it has.

    Raises the ``EquationError`` of the first way where it has none.
    """
    first: EquationError | None = None
    whole: list[Reading] = []
    rest: list[Reading] = []
    turns = (False, True) if "otimes" in task.latex and not task.strict else (False,)
    for layout in [task.layout] if task.layout else LAYOUTS[:2]:
        for outer in turns:
            way = task.read(layout=layout, outer=outer)
            try:
                equations = understood(way, budget)
            except WorkError:
                raise
            except EquationError as error:
                first = first or error
                if not (outer or whole or rest or isinstance(error, MisfitError)):
                    raise
                continue
            (whole if all_fit(equations) else rest).append((way, equations))
        seen = [equation for _, equations in whole + rest for equation in equations]
        if seen and not any(equation.has_jacobian() for equation in seen):
            break  # it is the same in all layouts
    if not whole and not rest:
        raise first or EquationError("it fits no layout")
    return whole or rest[:1]


def unusual(task: Task) -> Iterator[Task]:
    """The task in further ways of reading it, which are told and hold for no more."""
    latex, usual = task.latex, task.way.layout
    slopes = r"\partial" in latex or r"\nabla" in latex
    flat = slopes and not task.strict
    possible = {
        "apart": flat and not task.layout and _has_chain(latex),
        "whole": flat and r"\sum" in latex,
        "falling": r"\prod" in latex and not task.strict,
        "flat": flat,
    }
    plain = Way(outer="otimes" in latex and not task.strict, slopes=task.way.slopes)
    choices = itertools.product(
        *[[False, True][: 1 + may] for may in possible.values()]
    )
    for chosen, layout in itertools.product(choices, LAYOUTS if slopes else [usual]):
        fields: dict[str, Any] = dict(zip(possible, chosen, strict=True))
        way = replace(plain, layout=layout, **fields)
        if way.apart and not (way.flat and layout == "numerator"):
            continue
        told = [f"in {layout} layout"] if layout != usual else []
        told += [words for name, words in _TOLD.items() if fields[name]]
        if way.apart:
            told[:2] = ["with each chain of Jacobians in numerator layout, then turned"]
        if told:
            way = replace(way, told=", ".join(told))
            yield replace(task, layout=layout, chosen=way)


def _has_chain(latex: str) -> bool:
    r"""Whether a derivative is multiplied with another one.

    >>> slope = r"\frac{\partial y}{\partial x}"
    >>> _has_chain(rf"{slope} \cdot ({slope})"), _has_chain(rf"{slope} + {slope}")
    (True, False)
    """
    nodes = (n for line in parse(latex, []) for item in line for n in item.walk())
    return any(
        sum(any(of.kind == "derivative" for of in part.walk()) for part in node.parts)
        > (node.kind == "mul")
        for node in nodes
        if node.kind in ("mul", "prod")
    )


def fitting(ways: Iterable[Task], budget: Budget) -> Iterator[Reading]:
    """Those among ways of reading a formula in which its pieces fit."""
    for one in ways:
        try:
            equations = understood(one, budget)
        except WorkError:
            raise
        except EquationError:
            continue
        if all_fit(equations):
            yield one, equations


def all_fit(equations: list[Equation]) -> bool:
    """Whether the sides of every equality have one shape."""
    return all(all(equation.fits) for equation in equations)


def understood(task: Task, budget: Budget | None = None) -> list[Equation]:
    """The equations of a task, one a line; ``EquationError`` for what is none."""
    lines, scope, drawn = _read(task, budget)
    with pointing(task.latex):
        equations = [Equation(items, scope, drawn, task.way) for items in lines]
    with pointing(task.where):
        free = {name for equation in equations for name in equation.free}
        for condition in scope.conditions:
            for name in sorted(condition.letters - scope.size_names - free):
                raise condition.node.fail(f"{name} is no free index of the formula")
    return equations


def neighbours(task: Task, rules: Mapping[str, Rule]) -> Iterator[Task]:
    """Tasks for the formulas one edit away, even if this one's shapes do not fit."""
    lines, scope, drawn = _read(task)
    way = Way(task.way.layout, slopes=task.way.slopes)
    shaped: list[Line] = []
    for items in lines:
        try:
            equation = Equation(items, scope, drawn, way)
            shaped.append((equation.relation, equation.shapes.shape))
        except MisfitError:
            shapes = Shapes(scope, way)
            shaped.append((Reader(scope).read(items[0]), shapes.guessed))
    for edit in edits(task.latex, shaped, rules):
        yield replace(task, latex=edit.of(task.latex))


def with_diagonals(task: Task) -> Iterator[Task]:
    """The task with one column or row as a diagonal matrix, which is told."""
    for one in neighbours(task, ADDED):
        told = f"with a column as a diagonal matrix: {one.latex}"
        yield one.read(told=told)


def diagonal_ways(task: Task) -> Iterator[Task]:
    """The task with a column as a diagonal matrix, in every layout."""
    for one in with_diagonals(task):
        for layout in [task.layout] if task.layout else LAYOUTS:
            yield one.read(layout=layout)


def check(task: Task) -> None:
    """Refuse options under which no formula can be measured.

    Raises
    ------
    ValueError
        For the first such option.
    """
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


def _read(
    task: Task, budget: Budget | None = None
) -> tuple[list[list[Node]], Scope, list[Draw]]:
    """The lines of a task's formula, what its letters stand for, and its draws."""
    check(task)
    remarks: list[Remark] | None = None if task.strict else []
    lines = parse(task.latex, remarks)
    items = list(itertools.chain(*lines))
    nodes = (node for item in items for node in item.walk())
    numbers = whole_numbers([node.value for node in nodes if node.kind == "number"])
    budget = budget or Budget()
    for item in items:
        budget.read(item)
    scope = _scope(task, lines, remarks, budget)
    read = {remark.text for remark in remarks or ()}
    if "d" in scope.bindings and {AS_DIFFERENTIAL.format("d"), OPERATOR} & read:
        raise EquationError(
            r"d came before a symbol, and where has a d: write \mathrm{d}"
        )
    if remarks is not None and not any(
        part.kind in ("derivative", "gradient") for i in items for part in i.walk()
    ):
        lines = [[with_variations(i, scope, remarks) for i in one] for one in lines]
    if SLANTED & {remark.text for remark in remarks or ()} and (
        task.way.slopes or any(no_differentials(relation) for relation, *_ in lines)
    ):
        lines = _with_gradients(lines, scope)
    lines = lines if remarks is None else _without_names(lines, scope, budget)
    drawn = draws(scope, task.seeds, numbers)
    return lines, scope, drawn[task.first :] + drawn[: task.first]


def _with_gradients(lines: list[list[Node]], scope: Scope) -> list[list[Node]]:
    """The lines with each slanted d as a gradient of the model's loss."""
    if not scope.losses:
        raise EquationError(
            r"d came beside terms without one: as a gradient it needs a model with a "
            r"loss, as a differential \mathrm{d} in every term"
        )
    told = scope.remarks or []
    told[:] = [one for one in told if one.text not in SLANTED]
    return [
        [with_gradients(relation, scope.losses[-1], scope.note), *said]
        for relation, *said in lines
    ]


def upright(task: Task) -> Iterator[str]:
    r"""The formula with each slanted d as \mathrm{d}, and with each as a \nabla."""
    lines, scope, _ = _read(task)
    slanted = [n for line in lines for i in line for n in i.walk() if n.kind == "d"]
    slanted.sort(key=lambda node: node.span, reverse=True)
    for sign in (r"\mathrm{d}%s", rf"\nabla_{{%s}} {scope.losses[-1]}"):
        text = task.latex
        for node in slanted:
            start, end = node.span
            inside = text[slice(*node.parts[0].span)]
            text = text[:start] + sign % inside + text[end:]
        yield text


def _without_names(
    lines: list[list[Node]], scope: Scope, budget: Budget
) -> list[list[Node]]:
    """The lines without the new letters that some only give a name with.

    In ``D = A = B``, and in ``D = A`` beside an equation with D, D is a name for A.
    """
    reader, kept = Reader(scope), list[list[Node]]()
    names = [n.value for line in lines for item in line for n in item.walk()]
    for line in lines:
        relation, *said = line
        letter = reader.new_letter(relation) or _derived(relation, lines, scope)
        used = names.count(letter) > 1
        if not letter or not (relation.parts[2:] or (used and not said)):
            kept.append(line)
            continue
        first, second, *_ = relation.parts
        if used:
            clause = replace(relation, parts=(first, second), value=("=",))
            try:
                Clauses(scope).read([clause])
            except EquationError:
                kept.append(line)
                continue
            budget.read(second)
        scope.note(f"read {letter} as a new name for what follows it", first)
        if relation.parts[2:]:
            sides, signs = relation.parts[1:], relation.value[1:]
            kept.append([replace(relation, parts=sides, value=signs), *said])
    return kept or lines


def _derived(relation: Node, lines: list[list[Node]], scope: Scope) -> str:
    """The letter on the left that some derivative needs to be more than a draw.

    Without a network alone, where no letter says what it is.
    """
    name = relation.parts[0].value if relation.parts else ""
    known = None if scope.model.equations else scope.known(name)
    tops = derived(item for line in lines for item in line)
    return str(name) if known and known.depends_on_nothing and name in tops else ""


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
        with pointing(task.where):
            for items in parse(task.where, remarks):
                clauses.read(items)
                for said in list(scope.bindings.values())[-1:]:
                    budget.read(said.body if isinstance(said, Definition) else items[0])
        scope.called.clear()  # what the formula calls them alone
    if strange := sorted(set(task.sizes) - scope.size_names):
        known = ", ".join(sorted(scope.size_names))
        raise ValueError(f"sizes has {strange[0]}, expected some of {known}")
    if large := [n for n in scope.sizes if scope.sizes[n] > LARGEST_SIZE]:
        raise ValueError(f"{large[0]} is too large, expected 1 to {LARGEST_SIZE}")
    return scope
