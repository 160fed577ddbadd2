"""Wrong backward passes: each a plausible bug with the right shapes.

A mutant is one edit of the source of ``rnn.py``, so the wrong loop and the right one
differ in that line and in nothing else, and the edit is the bug's own diff.
"""

from __future__ import annotations

import difflib
import inspect
from dataclasses import dataclass
from types import ModuleType

from rnn_notes import rnn


@dataclass(frozen=True)
class Mutant:
    """One wrong backward pass.

    name  : what it is called on the pages
    old   : a line of ``rnn.py``, found there exactly once
    new   : what the bug makes of it
    story : how one comes to write it
    """

    name: str
    old: str
    new: str
    story: str

    def source(self) -> str:
        """The source of ``rnn.py`` with the bug in it.

        Raises ``ValueError`` unless the line to edit stands there exactly once.
        """
        source = inspect.getsource(rnn)
        if (count := source.count(self.old)) != 1:
            raise ValueError(f"{self.old!r} stands {count} times in rnn.py, expected 1")
        return source.replace(self.old, self.new)

    def module(self) -> ModuleType:
        """A module like ``rnn_notes.rnn``, with the bug in it.

        >>> from rnn_notes.example import running_example
        >>> params, *rest = running_example()
        >>> run = rnn.forward(params, *rest)
        >>> wrong = MUTANTS["dhnext dropped"].module().backward(params, run)
        >>> bool((wrong.dWhh == rnn.backward(params, run).dWhh).all())
        False
        """
        module = ModuleType(f"rnn_notes.rnn, {self.name}")
        module.__dict__["__name__"] = rnn.__name__  # dataclasses look their module up
        exec(compile(self.source(), rnn.__file__, "exec"), module.__dict__)
        return module

    def diff(self) -> str:
        """The bug as two lines of a diff, the loop's line first.

        >>> print(MUTANTS["dhnext dropped"].diff())
        -        dh = params.Why.T @ dy + dhnext  # (H, 1)
        +        dh = params.Why.T @ dy  # (H, 1)
        """
        before = inspect.getsource(rnn).splitlines()
        lines = difflib.unified_diff(before, self.source().splitlines(), n=0)
        return "\n".join(
            line for line in lines if line[:3] not in ("---", "+++", "@@ ")
        )


MUTANTS = {
    mutant.name: mutant
    for mutant in (
        Mutant(
            name="dhnext dropped",
            old="dh = params.Why.T @ dy + dhnext",
            new="dh = params.Why.T @ dy",
            story="Each step is treated as a network of its own: no later loss counts.",
        ),
        Mutant(
            name="dbh not accumulated",
            old="dbh += dhraw",
            new="dbh + dhraw",
            story="One character goes missing; Python computes the sum and drops it.",
        ),
        Mutant(
            name="Whh untransposed",
            old="dhnext = params.Whh.T @ dhraw",
            new="dhnext = params.Whh @ dhraw",
            story="Whh is square, so the shapes fit with and without the transpose.",
        ),
        Mutant(
            name="dh for dhraw",
            old="dhnext = params.Whh.T @ dhraw",
            new="dhnext = params.Whh.T @ dh",
            story="The signal goes back in time without passing through the tanh.",
        ),
        Mutant(
            name="hs[t] for hs[t-1]",
            old="dWhh += dhraw @ run.hs[t - 1].T",
            new="dWhh += dhraw @ run.hs[t].T",
            story="Whh multiplied the earlier state, and the line uses the new one.",
        ),
        Mutant(
            name="square forgotten",
            old="(1 - run.hs[t] * run.hs[t])",
            new="(1 - run.hs[t])",
            story="The derivative of tanh is remembered as that of a sigmoid, half.",
        ),
    )
}
