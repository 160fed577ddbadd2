"""Wrong backward passes: each a plausible bug with the right shapes.

A mutant is one edit of the source of ``rnn.py``, so the wrong loop and the right one
differ in that place and in nothing else, and the edit is the bug's own diff.

MUTANTS : six bugs of the recurrence, few enough for one table
GALLERY : these, and as many again in the sums, the output and the bookkeeping
"""

from __future__ import annotations

import difflib
import inspect
from dataclasses import dataclass
from textwrap import dedent
from types import ModuleType

from rnn_notes import rnn

__all__ = ["GALLERY", "MUTANTS", "Mutant"]


@dataclass(frozen=True)
class Mutant:
    """One wrong backward pass.

    name  : what it is called on the pages
    old   : a line of ``rnn.py``, found there exactly once
    new   : what the bug makes of it
    story : how one comes to write it
    seen  : an address where it was met, empty where none is known to us
    """

    name: str
    old: str
    new: str
    story: str
    seen: str = ""

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
        """The bug as the lines of a diff, the loop's line first, indented alike.

        >>> print(MUTANTS["dhnext dropped"].diff())
        - dh = params.Why.T @ dy + dhnext  # (H, 1)
        + dh = params.Why.T @ dy  # (H, 1)
        """
        before = inspect.getsource(rnn).splitlines()
        lines = difflib.unified_diff(before, self.source().splitlines(), n=0)
        kept = [line for line in lines if line[:3] not in ("---", "+++", "@@ ")]
        code = dedent("\n".join(line[1:] for line in kept)).splitlines()
        return "\n".join(f"{a[0]} {b}" for a, b in zip(kept, code, strict=True))


MUTANTS = {
    mutant.name: mutant
    for mutant in (
        Mutant(
            name="dhnext dropped",
            old="dh = params.Why.T @ dy + dhnext",
            new="dh = params.Why.T @ dy",
            story="Each step is treated as a network of its own: no later loss counts.",
            seen="https://github.com/qixianbiao/RNN/issues/2",
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
            seen="https://github.com/VikParuchuri/zero_to_gpt/issues/9",
        ),
        Mutant(
            name="square forgotten",
            old="(1 - run.hs[t] * run.hs[t])",
            new="(1 - run.hs[t])",
            story="The derivative of tanh is remembered as that of a sigmoid, half.",
        ),
    )
}

GALLERY = MUTANTS | {
    mutant.name: mutant
    for mutant in (
        Mutant(
            name="tan for tanh",
            old="(1 - run.hs[t] * run.hs[t])",
            new="(1 + run.hs[t] * run.hs[t])",
            story="The derivative of the tangent is taken for that of tanh.",
            seen="https://github.com/nicodjimenez/lstm/issues/41",
        ),
        Mutant(
            name="parentheses dropped",
            old="(1 - run.hs[t] * run.hs[t]) * dh",
            new="1 - run.hs[t] * run.hs[t] * dh",
            story="The one is no longer multiplied with the signal.",
            seen="https://github.com/apache/tvm/pull/7340",
        ),
        Mutant(
            name="= for +=",
            old="dWhh += dhraw @ run.hs[t - 1].T",
            new="dWhh = dhraw @ run.hs[t - 1].T",
            story="Each turn overwrites the share of the turn before.",
            seen="https://github.com/karpathy/nn-zero-to-hero/issues/52",
        ),
        Mutant(
            name="* for @",
            old="dWhh += dhraw @ run.hs[t - 1].T",
            new="dWhh += dhraw * run.hs[t - 1]",
            story="NumPy spreads the column that comes out over the whole matrix.",
        ),
        Mutant(
            name="sums run forwards",
            old="times = reversed(range(run.T))",
            new="times = range(run.T)",
            story="The signals go back in time, and the states beside them do not.",
        ),
        Mutant(
            name="hs wraps around",
            old="dWhh += dhraw @ run.hs[t - 1].T",
            new="dWhh += dhraw @ run.hs[(t - 1) % run.T].T",
            story="In a list of T states, index -1 is the last one and not hprev.",
        ),
        Mutant(
            name="dy sign turned",
            old="dy = run.ps[t] - run.es[t]",
            new="dy = run.es[t] - run.ps[t]",
            story="Target minus output, as an error is often written.",
            seen="https://github.com/deeplearning4j/deeplearning4j/issues/349",
        ),
        Mutant(
            name="dy divided by T",
            old="dy = run.ps[t] - run.es[t]",
            new="dy = (run.ps[t] - run.es[t]) / run.T",
            story="The gradient is that of the mean loss, the loss is the sum.",
            seen="https://datascience.stackexchange.com/questions/30850/"
            "gradientchecking-can-i-blame-float-precision",
        ),
        Mutant(
            name="softmax slope twice",
            old="dy = run.ps[t] - run.es[t]",
            new="dy = (run.ps[t] - run.es[t]) * run.ps[t] * (1 - run.ps[t])",
            story="p - e has the softmax's slope in it, and it is put in once more.",
            seen="https://github.com/rasmusbergpalm/DeepLearnToolbox/issues/113",
        ),
        Mutant(
            name="dby adds itself",
            old="dby += dy",
            new="dby += dby",
            story="A slip of the finger: zero plus zero stays zero.",
            seen="https://github.com/javaidnabi31/RNN-from-scratch/issues/2",
        ),
        Mutant(
            name="dWhy transposed",
            old="dWhy += dy @ run.hs[t].T",
            new="dWhy += run.hs[t] @ dy.T",
            story="The numerator layout's answer; it fits where H = V, and only there.",
        ),
        Mutant(
            name="dhprev one short",
            old="dhprev = params.Whh.T @ dhraw",
            new="dhprev = dhraw",
            story="The last way back, through Whh to hprev, is left out.",
        ),
        Mutant(
            name="clipped inside",
            old="return Gradients(dWxh, dWhh, dWhy, dbh, dby, dhprev)",
            new="gradients = (dWxh, dWhh, dWhy, dbh, dby, dhprev)\n"
            "    return Gradients(*(d.clip(-5, 5) for d in gradients))",
            story="What is returned is fit for training, and no longer the gradient.",
            seen="https://gist.github.com/karpathy/d4dee566867f8291f086",
        ),
        Mutant(
            name="sums in float32",
            old="dWxh, dWhh = np.zeros_like(params.Wxh), np.zeros_like(params.Whh)",
            new="dWxh, dWhh = (np.zeros_like(W, np.float32) for W in "
            "(params.Wxh, params.Whh))",
            story="The sums are kept in another type than what is summed.",
        ),
        Mutant(
            name="ps changed in place",
            old="dy = run.ps[t] - run.es[t]",
            new="dy = run.ps[t]\n        dy -= run.es[t]",
            story="The forward pass's own array is overwritten; a copy was meant.",
        ),
        Mutant(
            name="dh changed in place",
            old="dhraw = (1 - run.hs[t] * run.hs[t]) * dh",
            new="dh *= 1 - run.hs[t] * run.hs[t]\n        dhraw = dh",
            story="An array is saved; dh and dhraw are one array with two names.",
            seen="https://github.com/Burton2000/CS231n-2017/issues/7",
        ),
    )
}
