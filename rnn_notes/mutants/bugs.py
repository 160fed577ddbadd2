"""A bug as an edit of a loop, and several bugs in one loop.

What you can do with it::

    mutant.module()             # the loop with the bug in it
    mutant.diff()               # the bug, as the lines of a diff
    planted([one, another])     # the source with both in it
    compiled([one, another])    # and the module

An edit is kept as the words that it changes. So two bugs in one line go together, as
long as they change different words of it.
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from textwrap import dedent
from types import ModuleType
from typing import NamedTuple

from rnn_notes import rnn

__all__ = ["Mutant", "compiled", "planted"]

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


class _Edit(NamedTuple):
    """Some characters of a source, and what stands there instead."""

    start: int
    end: int
    new: str


@dataclass(frozen=True)
class Mutant:
    """One wrong backward pass.

    Parameters
    ----------
    name : str
        What it is called on the pages.
    old : str
        A line of the loop's module, found there exactly once.
    new : str
        What the bug makes of it.
    story : str
        How one comes to write it.
    seen : str
        An address where it was met, empty where none is known to us.
    also : tuple of (str, str)
        Further lines, and what the bug makes of them.
    loop : ModuleType
        The module that the line stands in, ``rnn_notes.rnn`` by default.
    """

    name: str
    old: str
    new: str
    story: str
    seen: str = ""
    also: tuple[tuple[str, str], ...] = ()
    loop: ModuleType = rnn

    def source(self) -> str:
        """The source of the loop's module with the bug in it.

        Raises
        ------
        ValueError
            Unless the line to edit stands there exactly once.
        """
        return planted([self])

    def module(self) -> ModuleType:
        """A module like ``rnn_notes.rnn``, with the bug in it.

        Examples
        --------
        >>> from rnn_notes.rnn import running_example
        >>> from rnn_notes.mutants import MUTANTS
        >>> params, *rest = running_example()
        >>> run = rnn.forward(params, *rest)
        >>> wrong = MUTANTS["dhnext dropped"].module().backward(params, run)
        >>> bool((wrong.dWhh == rnn.backward(params, run).dWhh).all())
        False
        """
        return compiled((self,), self.loop)

    def diff(self) -> str:
        """The bug as the lines of a diff, indented alike.

        Examples
        --------
        >>> from rnn_notes.mutants import MUTANTS
        >>> print(MUTANTS["dhnext dropped"].diff())
        - dh = params.Why.T @ dy + dhnext  # (H, 1)
        + dh = params.Why.T @ dy  # (H, 1)
        """
        before = _source(self.loop).splitlines()
        lines = difflib.unified_diff(before, self.source().splitlines(), n=0)
        kept = [line for line in lines if line[:3] not in ("---", "+++", "@@ ")]
        code = dedent("\n".join(line[1:] for line in kept)).splitlines()
        return "\n".join(f"{a[0]} {b}" for a, b in zip(kept, code, strict=True))

    def lines(self) -> tuple[tuple[str, str], ...]:
        """The lines that the bug changes, and what it makes of them."""
        return ((self.old, self.new), *self.also)

    def edits(self) -> tuple[_Edit, ...]:
        """The words that the bug changes, by their places in the module's source."""
        return _edits(self)


def planted(mutants: Iterable[Mutant], loop: ModuleType = rnn) -> str:
    """The source of the loop's module with all the bugs in it.

    Raises
    ------
    ValueError
        Where two of them change the same words, or a line is not found exactly once.

    Examples
    --------
    >>> from rnn_notes.mutants import GALLERY
    >>> both = [GALLERY["Whh untransposed"], GALLERY["dh for dhraw"]]
    >>> "dhnext = params.Whh @ dh  #" in planted(both)
    True
    >>> planted([GALLERY["dhnext dropped"], GALLERY["dhnext dropped"]])
    Traceback (most recent call last):
    ValueError: 'dhnext dropped' changes words that another bug has changed
    """
    mutants = tuple(mutants)
    loop = mutants[0].loop if mutants else loop
    source, last = _source(loop), len(_source(loop)) + 1
    named = [(edit, mutant.name) for mutant in mutants for edit in mutant.edits()]
    for edit, name in sorted(named, reverse=True):
        if edit.end > last or edit.start == last:
            raise ValueError(f"{name!r} changes words that another bug has changed")
        source = source[: edit.start] + edit.new + source[edit.end :]
        last = edit.start
    return source


@lru_cache(maxsize=4096)
def compiled(mutants: tuple[Mutant, ...], loop: ModuleType = rnn) -> ModuleType:
    """A module like ``loop`` with all the bugs in it; ``ValueError`` as ``planted``."""
    loop = mutants[0].loop if mutants else loop
    names = ", ".join(mutant.name for mutant in mutants)
    module = ModuleType(f"{loop.__name__}, {names}")
    module.__dict__["__name__"] = loop.__name__  # dataclasses look their module up
    code = compile(planted(mutants, loop), loop.__file__ or "", "exec")
    exec(code, module.__dict__)
    return module


@lru_cache
def _edits(mutant: Mutant) -> tuple[_Edit, ...]:
    """The words that a bug changes, found once."""
    return tuple(_found(mutant))


def _found(mutant: Mutant) -> Iterator[_Edit]:
    """The words that a bug changes, one place at a time."""
    source = _source(mutant.loop)
    for line, becomes in mutant.lines():
        if (count := source.count(line)) != 1:
            file = f"{mutant.loop.__name__.rpartition('.')[2]}.py"
            raise ValueError(f"{line!r} stands {count} times in {file}, expected 1")
        old, new = _WORDS.findall(line), _WORDS.findall(becomes)
        ends = [source.index(line)]
        for word in old:
            ends.append(ends[-1] + len(word))
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        for tag, a, b, c, d in matcher.get_opcodes():
            if tag != "equal":
                yield _Edit(ends[a], ends[b], "".join(new[c:d]))


@lru_cache
def _source(loop: ModuleType) -> str:
    """The source of a module, read once; one made of a text has it as ``SOURCE``."""
    return vars(loop).get("SOURCE") or inspect.getsource(loop)
