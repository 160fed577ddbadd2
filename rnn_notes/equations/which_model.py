"""Which model a formula speaks of, by its letters and shapes, never by its verdict."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from rnn_notes.equations.advice import command
from rnn_notes.equations.equation import Equation
from rnn_notes.equations.errors import EquationError, MisfitError, SizeError, WorkError
from rnn_notes.equations.evaluation import Budget
from rnn_notes.equations.model import Model, find, names, shipped
from rnn_notes.equations.nodes import Node
from rnn_notes.equations.symbols import Quantity
from rnn_notes.equations.tasks import (
    Task,
    all_fit,
    diagonal_ways,
    fitting,
    readings,
    unusual,
)

__all__ = ["model_for"]

_UNFIT = 2  # from here on shapes fit neither usually nor unusually
_NUMBERS = "none with numbers"


@dataclass(frozen=True)
class _Fit:
    """A model in which a formula can be read.

    model    : the model
    letters  : what each letter of the formula is, by its name in the book if it has one
    misfit   : 0 where its shapes fit, 1 where they do unusually, 2 or 3 elsewhere
    lenient  : how many lenient readings it takes
    computed : whether it names anything that the model computes
    slopes   : whether derivatives stand in it, each of what names its variable
    """

    model: Model
    letters: frozenset[str]
    misfit: int
    lenient: int
    computed: bool
    slopes: bool


def model_for(task: Task, model: str | None) -> Model:
    """The model that is named, or else the one in which a formula is read.

    Of several the book's comes before others, and that of no network where what is
    read names nothing that a network computes. Where shapes fit in none, its columns
    may be numbers.

    Raises
    ------
    EquationError
        The book's where no model reads the formula, and one that lists the models where
        several read it differently.
    """
    if model is not None or task.strict:
        return find(model)
    book, budget = shipped("book"), Budget()
    first: EquationError | None = None
    found: list[_Fit] = []
    for name in names():
        try:
            found.append(_fit(replace(task, model=shipped(name)), budget))
        except (SizeError, WorkError):
            raise
        except EquationError as error:
            if first is None or (
                isinstance(error, MisfitError) and not isinstance(first, MisfitError)
            ):
                first = error
        if name == "book" and found and not found[0].misfit + found[0].lenient:
            return book
    best = min(((one.misfit, one.lenient) for one in found), default=(_UNFIT, 0))
    if best[0] >= _UNFIT:
        with suppress(EquationError):
            numbers = _fit(replace(task, model=find(_NUMBERS)), budget)
            if numbers.slopes and not numbers.misfit:
                return numbers.model
    if not found:
        raise first or EquationError("no model reads it")
    equal = [one for one in found if (one.misfit, one.lenient) == best]
    if equal[0].model is book or len({one.letters for one in equal}) == 1:
        return equal[0].model
    plain = [one for one in equal if one.model.name == "none"]
    if plain and not any(one.computed for one in equal):
        return plain[0].model
    commands = "".join(
        f"\n  {command(task.latex, one.model.name)}" for one in equal[:6]
    )
    raise EquationError(f"several models read it, expected one of them:{commands}")


def _fit(task: Task, budget: Budget) -> _Fit:
    """How a formula is read in a model; ``EquationError`` where it is not."""
    equations, misfit = _understood(task, budget)
    _check_letters(equations, misfit)
    named = [pair for one in equations for pair in one.named()]
    letters = {
        _plain(name if task.model.name == "book" else known.book) or _meant(known)
        for name, known in named
    }
    computed = any(known.role == "computed" for _, known in named)
    remarks = [remark.text for remark in equations[0].scope.remarks or []]
    if task.model.name == "book":  # of which other names are names too
        remarks = [text for text in remarks if " as another name " not in text]
    steps = sum(text.startswith("read a step") for text in remarks)
    steps += 2 * sum(" as a new name " in text for text in remarks)
    steps += sum(map(_entries_as_steps, equations))
    nodes = [node for one in equations for node in one.nodes()]
    lines = [node.parts for node in nodes if node.kind == "derivative"]
    slopes = bool(lines) and all(_quantities(by) <= _quantities(of) for of, by in lines)
    lenient = len(remarks) + 2 * steps
    return _Fit(task.model, frozenset(letters), misfit, lenient, computed, slopes)


def _check_letters(equations: list[Equation], misfit: int) -> None:
    """Refuse a model of whose letters a formula means others, or means two by one."""
    sides = [side for equation in equations for side in equation.sides]
    alone = [side.value for side in sides if side.kind == "quantity"]
    for name, both in equations[0].scope.called.items():
        if len(both) > 1 and alone.count(name) < 2:
            raise EquationError(f"{' and '.join(sorted(both))} would be one quantity")
    for one in equations if misfit >= _UNFIT else ():
        for letter in one.free:
            if len({letter in side.free for side in one.sides}) > 1:
                raise EquationError(f"{letter} would be an index of one side alone")


def _quantities(node: Node) -> frozenset[str]:
    """The quantities that a node names."""
    return frozenset(part.value for part in node.walk() if part.kind == "quantity")


def _entries_as_steps(equation: Equation) -> int:
    """How often a letter stands as a step that counts entries in most texts."""
    free = {*equation.free} & {"i", "j"}
    uses = (equation.shapes.domains.get(letter, []) for letter in free)
    return sum(domain == "time" for one in uses for domain, _ in one)


def _understood(task: Task, budget: Budget) -> tuple[list[Equation], int]:
    """The equations of a formula in a model, and how far from usual that is."""
    equations: list[Equation] = []
    misfit: MisfitError | None = None
    try:
        equations = readings(task, budget)[0][1]
        if all_fit(equations):
            return equations, 0
    except MisfitError as error:
        misfit = error
    for _, found in fitting((w for w in unusual(task) if not w.way.falling), budget):
        return found, 1
    if misfit is None:
        return equations, 2
    for _, found in fitting(diagonal_ways(task), budget):
        return found, 3
    raise misfit


def _meant(known: Quantity) -> str:
    """What a quantity is that has no name in the book, and which way it stands."""
    return f"{known.note}, {'×'.join('n' if dim else '1' for dim in known.shape or ())}"


def _plain(name: str) -> str:
    r"""A name of the book without braces and steps, ``W_hh`` and ``h``.

    >>> _plain("W_{hh}"), _plain("h_t"), _plain(r"\ell")
    ('W_hh', 'h', '\\ell')
    """
    bare = name.replace("{", "").replace("}", "").strip()
    return bare.removesuffix("_t").removesuffix("_0")
