"""The plain loop with another activation, another output, or a mask on its state.

Each is the source of ``rnn.py`` with a line or two replaced, so the gallery's bugs fit.

What you can do with it::

    loop = variant(Kind("relu"))    # a module like ``rnn``
    bugs_of(loop)                   # the bugs that can be met in it
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from inspect import getsource
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from rnn_notes import rnn
from rnn_notes.mutants import GALLERY
from rnn_notes.mutants.bugs import Mutant
from rnn_notes.mutants.gated_mutants import GATED
from rnn_notes.rnn import Array

__all__ = [
    "HIDDEN",
    "OF_TARGETS",
    "SQUARED",
    "Kind",
    "Masked",
    "activated",
    "bugs_of",
    "variant",
]

HIDDEN = {  # the slope of an activation, written with its value
    "tanh": "(1 - {h} * {h})",
    "sigmoid": "({h} * (1 - {h}))",
    "relu": "(1.0 * ({h} > 0))",
    "linear": "(1.0 + 0.0 * {h})",
}
_AGAIN = {"tanh": "np.tanh({h})", "sigmoid": "(1 / (1 + np.exp(-{h})))"}
SQUARED = {"squared sigmoid": "sigmoid", "squared tanh": "tanh"}  # outputs
_OF_THE_TANH = (
    "square forgotten", "tan for tanh", "parentheses dropped", "dh changed in place"
)  # fmt: skip
_OF_SOFTMAX = (
    "= -1 at the target", "softmax slope twice", "target left out",
    "ps changed in place",
)  # fmt: skip
OF_TARGETS = (*_OF_SOFTMAX, "steps without a target skipped")  # none comes from above
_STATE, _DY = "run.hs[t]", "dy = run.ps[t] - run.es[t]"
_SLOPE, _RAW = (
    HIDDEN["tanh"].format(h=_STATE),
    "dhraw = (1 - run.hs[t] * run.hs[t]) * dh",
)
_NEXT, _PREV = "dhnext = params.Whh.T @ dhraw", "dhprev = params.Whh.T @ dhraw"


@dataclass(frozen=True)
class Kind:
    """What a plain network computes.

    hidden : the activation of its states, one of ``HIDDEN``
    output : "softmax", "linear" or "sigmoid" with the loss that belongs to it, one of
             ``SQUARED``, or "upstream" for gradients from above
    masked : whether a masked step keeps its state
    """

    hidden: str = "tanh"
    output: str = "softmax"
    masked: bool = False


class Masked(NamedTuple):
    """A forward pass some of whose steps keep the state, (1, B) in ``ms`` is 0 there.

    The other fields are those of ``rnn.Forward``.
    """

    xs: Mapping[int, Array]
    hs: Mapping[int, Array]
    ys: Mapping[int, Array]
    ps: Mapping[int, Array]
    losses: Array
    loss: float
    es: Mapping[int, Array]
    ms: Mapping[int, Array]

    @property
    def T(self) -> int:
        """Number of time steps."""
        return len(self.xs)


def activated(kind: str, raw: Array) -> Array:
    """The value of an activation.

    Examples
    --------
    >>> activated("relu", np.array([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """
    if kind == "tanh":
        return np.tanh(raw)
    if kind == "sigmoid":
        return 1 / (1 + np.exp(-raw))
    return np.maximum(raw, 0) if kind == "relu" else raw


def variant(kind: Kind) -> ModuleType:
    """The module ``rnn``, or one like it for another kind of network.

    Examples
    --------
    >>> variant(Kind()) is rnn, variant(Kind("relu")) is variant(Kind("relu"))
    (True, True)
    """
    return _made(_plainer(kind))


def _plainer(kind: Kind) -> Kind:
    """The kind without what changes no line of the loop."""
    output = kind.output if kind.output in SQUARED else "softmax"
    return replace(kind, output=output)


@lru_cache
def _made(kind: Kind) -> ModuleType:
    if kind == Kind():
        return rnn
    source = getsource(rnn)
    for old, new in _edits(kind):
        if source.count(old) != 1:
            raise ValueError(f"{old!r} stands {source.count(old)} times in rnn.py")
        source = source.replace(old, new)
    module = ModuleType(f"rnn_{kind.hidden}")
    made = {"__name__": rnn.__name__, "__file__": rnn.__file__}
    vars(module).update({**made, "SOURCE": source, "KIND": kind})
    exec(compile(source, rnn.__file__, "exec"), vars(module))
    return module


def _edits(kind: Kind) -> Iterator[tuple[str, str]]:
    """The lines of the loop that another kind of network has otherwise."""
    yield _RAW, _line(_RAW, kind)
    if kind.output in SQUARED:
        yield _DY, _line(_DY, kind)
    if kind.masked:
        yield _NEXT, _line(_NEXT, kind)
        yield "(dy, _, dhraw, _)", "(dy, dh, dhraw, _)"
        yield _PREV, f"{_PREV} + (1 - run.ms[0]) * dh"


def _line(line: str, kind: Kind) -> str:
    """A line of the loop, or of a bug in it, as another kind of network has it."""
    again = _AGAIN.get(kind.hidden, "{h}").format(h=_STATE)
    for tanh, value in (
        ("np.tanh(run.hs[t])", again),
        (_STATE, _STATE),
        ("after",) * 2,
    ):
        old, new = HIDDEN["tanh"].format(h=tanh), HIDDEN[kind.hidden].format(h=value)
        line = line.replace(old, new)
    if kind.output in SQUARED:
        for t in ("t", "run.T - 1"):
            slope = HIDDEN[SQUARED[kind.output]].format(h=f"run.ps[{t}]")
            for a, b in ("pe", "ep"):
                gap = f"run.{a}s[{t}] - run.{b}s[{t}]"
                line = line.replace(gap, f"({gap}) * {slope}")
    if kind.masked:
        line = line.replace("dhraw = ", "dhraw = run.ms[t] * ", 1)
        kept = r"\1 + (1 - run.ms[t]) * dh"
        line = re.sub(r"^(\s*dhnext = .*)$", kept, line, flags=re.MULTILINE)
    return line


@lru_cache
def bugs_of(loop: Any) -> tuple[Mutant, ...]:
    """The bugs that can be met in a loop.

    Examples
    --------
    >>> "relu: slope of a tanh" in [bug.name for bug in bugs_of(variant(Kind("relu")))]
    True
    """
    if loop.__name__ != rnn.__name__:
        return tuple(bug for bug in GATED.values() if bug.loop is loop)
    kind = vars(loop).get("KIND", Kind())
    return (*_adapted(kind, loop), *_own(kind, loop))


def _adapted(kind: Kind, loop: ModuleType) -> Iterator[Mutant]:
    """The gallery's bugs, in another kind of network's lines."""
    left: tuple[str, ...] = _OF_THE_TANH if kind.hidden != "tanh" else ()
    left += _OF_SOFTMAX if kind.output in SQUARED else ()
    left += ("tanh forgotten",) if kind.hidden == "linear" else ()
    left += ("steps without a target skipped",) if kind.masked else ()
    left += ("slope at h again",) if kind.hidden not in _AGAIN else ()
    for bug in GALLERY.values():
        if bug.name not in left:
            lines = {_line(old, kind): _line(new, kind) for old, new in bug.lines()}
            (old, new), *also = lines.items()
            yield replace(bug, old=old, new=new, also=tuple(also), loop=loop)


def _own(kind: Kind, loop: ModuleType) -> Iterator[Mutant]:
    """The bugs that only another kind of network can have."""

    def bug(name: str, line: str, new: str, story: str) -> Mutant:
        return Mutant(name, _line(line, kind), new, story, loop=loop)

    story = (
        "`dW[ids] += d` adds once where a letter stands twice in ids; np.add.at, twice."
    )
    by_index = "dWxh[:, run.xs[t].argmax(axis=0)] += dhraw"
    yield bug(
        "letters twice, added once", "dWxh += dhraw @ run.xs[t].T", by_index, story
    )
    slope = f"{_SLOPE} * dh"
    raw = "dhraw = run.ms[t] * " if kind.masked else "dhraw = "
    if kind.hidden in ("sigmoid", "relu"):
        story = f"The states come out of a {kind.hidden}, and get the slope of a tanh."
        yield bug(f"{kind.hidden}: slope of a tanh", _RAW, raw + slope, story)
    if kind.hidden == "relu":
        story = "What is zero is read off the gradient, and not off the state."
        yield bug("relu: cut by the gradient", _RAW, f"{raw}(dh > 0) * dh", story)
    if kind.output in SQUARED:
        story = "The loss compares what comes out of an activation: its slope belongs."
        yield bug("output: slope left out", _DY, _DY, story)
    if kind.masked:
        story = "A masked step keeps its state; its gradient has to be kept too."
        yield bug("mask: the kept state's path left out", _NEXT, _NEXT, story)
        story = "A masked step computes nothing, and its gradient goes to the weights."
        line = _line(_RAW, kind)
        yield bug("mask: left out", _RAW, line.replace("run.ms[t] * ", ""), story)
