"""Which model a formula speaks of, by its letters and shapes, never by its verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rnn_notes.equations.advice import command
from rnn_notes.equations.equation import Equation
from rnn_notes.equations.errors import EquationError, MisfitError, SizeError, WorkError
from rnn_notes.equations.evaluation import Budget
from rnn_notes.equations.model import Model, find, names, shipped
from rnn_notes.equations.tasks import (
    Task,
    all_fit,
    diagonal_ways,
    fitting,
    readings,
    unusual,
)

__all__ = ["model_for"]


@dataclass(frozen=True)
class _Fit:
    """A model in which a formula can be read.

    model    : the model
    letters  : what each letter of the formula is in the book, by its name there
    misfit   : 0 where its shapes fit, 1 where they do unusually, 2 or 3 elsewhere
    lenient  : how many lenient readings it takes
    computed : whether it names anything that the model computes
    """

    model: Model
    letters: frozenset[str]
    misfit: int
    lenient: int
    computed: bool


def model_for(task: Task, model: str | None) -> Model:
    """The model that is named, or else the one in which a formula is read.

    Of several the book's comes before others, and that of no network where what is
    read names nothing that a network computes.

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
    if not found:
        raise first or EquationError("no model reads it")
    best = min((one.misfit, one.lenient) for one in found)
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
    letters = {
        _plain(name if task.model.name == "book" else known.book)
        or f"{name} of {task.model.name}"
        for one in equations
        for name, known in one.named()
    }
    remarks = equations[0].scope.remarks or []
    steps = sum(remark.text.startswith("read a step") for remark in remarks)
    steps += 2 * sum(" as a new name " in remark.text for remark in remarks)
    steps += sum(map(_entries_as_steps, equations))
    computed = any(k.role == "computed" for one in equations for _, k in one.named())
    lenient = len(remarks) + 2 * steps
    return _Fit(task.model, frozenset(letters), misfit, lenient, computed)


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
    for one in unusual(task):
        if not one.way.falling and (found := fitting(one, budget)):
            return found, 1
    if misfit is None:
        return equations, 2
    for one in diagonal_ways(task):
        if found := fitting(one, budget):
            return found, 3
    raise misfit


def _plain(name: str) -> str:
    r"""A name of the book without braces and steps, ``W_hh`` and ``h``.

    >>> _plain("W_{hh}"), _plain("h_t"), _plain(r"\ell")
    ('W_hh', 'h', '\\ell')
    """
    bare = name.replace("{", "").replace("}", "").strip()
    return bare.removesuffix("_t").removesuffix("_0")
