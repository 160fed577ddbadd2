"""The backward loops caught in the act: what names hold after each of their lines.

``signals`` itself is run and watched, so there is no second copy of a loop to trust.

What you can do with it::

    for stop in trace(params, run):
        print(stop.t, stop.name, stop.held["dhnext"].value.ravel())
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from types import FrameType, GeneratorType
from typing import Any, NamedTuple

from rnn_notes import lstm, rnn
from rnn_notes.rnn import Array

__all__ = ["OWN", "Assignment", "Held", "Stop", "trace", "watched"]

OWN = "Why.T @ dy"
_BOTH = {  # which losses a name speaks for in turn t, and by what it is a derivative
    "dy": ("own", "ys[{t}]"),
    OWN: ("own", "hs[{t}]"),
    "dhnext": ("later", "hs[{t}]"),
    "dh": ("from t", "hs[{t}]"),
}
_PLAIN = _BOTH | {"dhraw": ("from t", "argument of tanh")}
_LSTM = _BOTH | {
    "dcnext": ("later", "cs[{t}], straight"),
    "dc": ("from t", "cs[{t}]"),
    "diraw": ("from t", "argument of i"),
    "dfraw": ("from t", "argument of f"),
    "doraw": ("from t", "argument of o"),
    "dgraw": ("from t", "argument of g"),
    "dhprev": ("from t", "hs[{before}]"),
    "dcprev": ("from t", "cs[{before}], straight"),
}


class Held(NamedTuple):
    """What a name holds: the derivative of the sum of some losses by something.

    by : in code; "straight" is by a cell state while the hidden one is held still
    """

    value: Array
    losses: range  # the steps whose losses these are
    by: str


class Stop(NamedTuple):
    """A moment of the loop: a line has just given a name a new value.

    name : that name, or two with a space between
    held : every name that has a value in this turn, ``Why.T @ dy`` among them
    """

    t: int  # the turn; T before the first one
    line: str
    name: str
    held: dict[str, Held]


class Assignment(NamedTuple):
    """A line that gave a name a new value, and every local variable after it.

    line : as it stands in the source, without its comment
    """

    line: str
    name: str
    values: dict[str, Any]


def trace(
    params: rnn.Params | lstm.Params, run: rnn.Forward | lstm.Forward
) -> list[Stop]:
    """Every stop of the loop in ``signals``, from before the first turn to the end.

    >>> params, *rest = rnn.running_example(T=2)
    >>> stops = trace(params, rnn.forward(params, *rest))
    >>> [(stop.t, stop.name) for stop in stops[:5]]
    [(2, 'dhnext'), (1, 'dy'), (1, 'dh'), (1, 'dhraw'), (1, 'dhnext')]
    >>> stops[4].held["dhnext"].losses, stops[4].held["dhnext"].by
    (range(1, 2), 'hs[0]')
    """
    gated = isinstance(params, lstm.Params)
    loop: Any = lstm.signals if gated else rnn.signals
    meanings = _LSTM if gated else _PLAIN
    lines = watched(loop(params, run), list(meanings))
    stops: list[Stop] = []
    formed: set[str] = set()
    for _, together in groupby(lines, key=lambda line: id(line.values)):
        acting = list(together)
        line, _, values = acting[0]
        names = [one.name for one in acting]
        t = values.get("t", run.T)
        formed = {*names, *(() if "dy" in names else formed)}
        if "dh" in formed:
            formed.add(OWN)
            values = {**values, OWN: params.Why.T @ values["dy"]}
        held = {
            name: _held(meaning, values[name], t, run.T, name in names)
            for name, meaning in meanings.items()
            if meaning[0] == "later" or name in formed
        }
        stops.append(Stop(t, line, " ".join(names), held))
    return stops


def _held(meaning: tuple[str, str], value: Array, t: int, T: int, acts: bool) -> Held:
    """What a name of turn t holds; ``acts`` says that it has just got its value.

    The last line of a turn makes ``dhnext`` what the turn before it in time needs.
    """
    losses, by = meaning
    t -= losses == "later" and acts
    steps = range(t, t + 1) if losses == "own" else range(t + (losses == "later"), T)
    return Held(value, steps, by.format(t=t, before=t - 1))


def watched(loop: Iterator[Any], names: Sequence[str]) -> list[Assignment]:
    """Every assignment to one of the names while the generator runs to its end.

    Raises
    ------
    TypeError
        For an iterator of another kind.

    Examples
    --------
    >>> def halved(x):
    ...     while x > 1:
    ...         x = x / 2
    ...         yield x
    >>> [(a.line, a.values["x"]) for a in watched(halved(4.0), ["x"])][1:]
    [('x = x / 2', 2.0), ('x = x / 2', 1.0)]
    """
    if not isinstance(loop, GeneratorType):
        raise TypeError(f"loop is a {type(loop).__name__}, expected a generator")
    code = loop.gi_code
    lines, start = inspect.getsourcelines(code)
    before: dict[str, Any] = {}
    found: list[Assignment] = []
    acting = start

    def look(frame: FrameType, event: str, _: object) -> Any:
        """Notes what the line before this event has changed."""
        nonlocal acting
        now = dict(frame.f_locals)
        for name in names:
            if now.get(name) is not before.get(name):
                line = lines[acting - start].partition("#")[0].strip()
                found.append(Assignment(line, name, now))
        before.update(now)
        acting = frame.f_lineno
        return look

    def enter(frame: FrameType, event: str, _: object) -> Any:
        """Watches the generator's own frame and no other."""
        return look if frame.f_code is code else None

    others = sys.gettrace()
    sys.settrace(enter)
    try:
        for _ in loop:
            pass
    finally:
        sys.settrace(others)
    return found
