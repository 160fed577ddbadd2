"""Which model a formula speaks of, by its letters and shapes, never by its verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rnn_notes.equations.equation import Equation
from rnn_notes.equations.errors import EquationError, MisfitError, SizeError, WorkError
from rnn_notes.equations.model import Model, names, shipped

__all__ = ["Fit", "chosen"]

_Understand = Callable[[Model], tuple[list[Equation], int]]


@dataclass(frozen=True)
class Fit:
    """A model in which a formula can be read.

    model    : the model
    letters  : what each letter of the formula is in the book, by its name there
    lenient  : how many lenient readings it takes
    misfit   : 0 where its shapes fit, 1 where they do in an unusual way, 2 otherwise
    """

    model: Model
    letters: tuple[tuple[str, str], ...]
    lenient: int
    misfit: int


def _fit(model: Model, understand: _Understand) -> Fit:
    """How a formula is read in a model; ``EquationError`` where it is not."""
    equations, misfit = understand(model)
    letters: dict[str, str] = {}
    for equation in equations:
        for node in equation.nodes():
            known = model.quantities.get(str(node.value))
            if node.kind == "quantity" and known:
                own = f"{node.value} of {model.name}"
                name = node.value if model.name == "book" else known.book or own
                letters[_plain_name(name)] = name
    remarks = equations[0].scope.remarks or []
    return Fit(
        model,
        tuple(sorted(letters.items())),
        sum(3 if remark.text.startswith("read a step") else 1 for remark in remarks),
        misfit,
    )


def _plain_name(name: str) -> str:
    r"""A name of the book without braces and steps, ``W_hh`` and ``h``.

    >>> _plain_name("W_{hh}"), _plain_name("h_t"), _plain_name(r"\ell")
    ('W_hh', 'h', '\\ell')
    """
    bare = name.replace("{", "").replace("}", "").strip()
    return bare.removesuffix("_t").removesuffix("_0")


def chosen(understand: _Understand, command: str) -> Model:
    """The one model in which a formula is read, the book's before others.

    Raises the book's ``EquationError`` where no model reads the formula, and one that
    lists the models where several read it differently.
    """
    book = shipped("book")
    first: EquationError | None = None
    found: list[Fit] = []
    for name in names():
        model = shipped(name)
        try:
            found.append(_fit(model, understand))
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
    several = [one.model.name for one in equal]
    commands = "".join(f"\n  --model {name} {command}" for name in several[:6])
    raise EquationError(f"several models read it, expected one of them:{commands}")
