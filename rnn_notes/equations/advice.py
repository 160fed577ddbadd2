"""What to do next about a letter that is not known."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from difflib import get_close_matches

from rnn_notes.equations.errors import EquationError
from rnn_notes.equations.model import Model, names, shipped
from rnn_notes.equations.nodes import compact, plain
from rnn_notes.equations.parsing import parse
from rnn_notes.equations.symbols import family

__all__ = ["advised", "command"]

_UNKNOWN = " is not known"
_STEPS = (*"tkijsr0123456789", r"\tau", "T")
_MOST = 3


def advised(error: EquationError, latex: str, model: Model) -> tuple[str, ...]:
    r"""What to do about an error: a known letter, a clause, a model that knows it.

    model : the one in which the letter is not known

    >>> from rnn_notes.equations import measure
    >>> try:
    ...     measure(r"o_t = W_{qh} h_t", model="book")
    ... except EquationError as error:
    ...     print("\n".join(error.advice))
    say what it is: --where 'o_t = …', or 'o_t \in \mathbb{R}^{…}'
    known in another model:
      python -m rnn_notes equation --model d2l -- 'o_t = W_{qh} h_t'
    """
    letter, found, _ = error.reason.partition(_UNKNOWN)
    if not found or not letter or " " in letter:
        return ()
    lines = []
    others = _models(letter, latex, model)
    if near := _nearest(letter, model, alone=not others):
        lines.append(f"the nearest symbol that is known: {near}")
    called = re.match(r"'*\s*(\\left)?\s*\(", latex[error.span[1] :])
    if not called and f"{_UNKNOWN} as a function" not in error.reason:
        base, step = _parted(letter)
        name = f"{base}_t" if step else letter  # as a clause defines it
        real = rf"{name} \in \mathbb{{R}}^{{…}}"
        lines.append(f"say what it is: --where '{name} = …', or '{real}'")
    if others:
        lines.append("known in another model:")
        lines += [f"  {command(latex, name)}" for name in others]
    return tuple(lines)


def command(latex: str, model: str) -> str:
    """The command that measures a formula in a model, ready to paste.

    >>> command("f' = 1", "book")
    'python -m rnn_notes equation --model book -- \\'f\\'"\\'"\\' = 1\\''
    """
    return f"python -m rnn_notes equation --model {model} -- {shlex.quote(latex)}"


def _parted(letter: str) -> tuple[str, bool]:
    """A letter without what is below it, and whether a step begins that."""
    base, _, below = letter.partition("_{")
    return base, below[:-1].startswith(_STEPS)


def _known(model: Model) -> set[str]:
    """All that has a name in a model."""
    return {*model.quantities, *model.scope.bindings, *model.functions}


def _knows(model: Model, letter: str) -> bool:
    """Whether a letter, as an error names it, has a meaning in a model."""
    names = {letter, plain(letter)}
    base, step = _parted(letter)
    if step:
        names |= {plain(base), family(plain(base))}
    return not names.isdisjoint(_known(model))


def _models(letter: str, latex: str, model: Model) -> list[str]:
    """The models that know a letter, those first that know most of a formula's."""
    letters = set(_letters(latex))
    missing = {
        name: sum(not _knows(shipped(name), one) for one in letters)
        for name in names()
        if name != model.name and _knows(shipped(name), letter)
    }
    fewest = min(missing.values(), default=0)
    return [name for name in missing if missing[name] == fewest][:_MOST]


def _letters(latex: str) -> Iterator[str]:
    """The letters of a formula, each with what stands below it."""
    try:
        waiting = [item for line in parse(latex, []) for item in line]
    except EquationError:
        return
    while waiting:
        node = waiting.pop()
        if node.kind == "subscripted":
            yield compact(node)
        elif node.kind == "name":
            yield str(node.value)
        else:
            waiting += node.parts


def _nearest(letter: str, model: Model, alone: bool) -> str:
    """The letter of a model that looks most like one that it has not; or nothing.

    alone : whether no other model has the letter, so that its other case is a guess
    """
    known = sorted(name.rstrip("_") for name in _known(model))
    bare = plain(letter)
    turned = [name for name in known if sorted(name) == sorted(bare)]
    other_case = [name for name in known if alone and name.lower() == bare.lower()]
    alike = get_close_matches(bare, known, 1, 0.75) if len(bare) > 1 else []
    return next(iter([*turned, *other_case, *alike]), "")
