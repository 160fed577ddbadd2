"""The backward loop caught in the act: what its names hold after each of its lines.

``signals`` itself is run and watched, so there is no second copy of the loop to trust.

What you can do with it::

    for stop in trace(params, run):
        print(stop.t, stop.name, stop.held["dhnext"].value.ravel())
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from types import FrameType, GeneratorType
from typing import Any, NamedTuple

from rnn_notes.rnn import Array, Forward, Params, signals

__all__ = ["NAMES", "OWN", "Assignment", "Held", "Stop", "trace", "watched"]

OWN = "Why.T @ dy"
NAMES = ("dy", "dh", "dhraw", "dhnext")


class Held(NamedTuple):
    """What a name holds: the derivative of the sum of some losses by something."""

    value: Array
    losses: range  # the steps whose losses these are
    by: str  # in code


class Stop(NamedTuple):
    """A moment of the loop: a line has just given a name a new value.

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


def trace(params: Params, run: Forward) -> list[Stop]:
    """Every stop of the loop in ``signals``, from before the first turn to the end.

    >>> from rnn_notes.rnn import forward, running_example
    >>> params, *rest = running_example(T=2)
    >>> stops = trace(params, forward(params, *rest))
    >>> [(stop.t, stop.name) for stop in stops[:5]]
    [(2, 'dhnext'), (1, 'dy'), (1, 'dh'), (1, 'dhraw'), (1, 'dhnext')]
    >>> stops[4].held["dhnext"].losses, stops[4].held["dhnext"].by
    (range(1, 2), 'hs[0]')
    """
    stops = []
    for line, name, values in watched(signals(params, run), NAMES):
        t = values.get("t", run.T)
        held = dict(_held(name, t, values, params, run.T))
        stops.append(Stop(t, line, name, held))
    return stops


def _held(
    name: str, t: int, values: dict[str, Any], params: Params, T: int
) -> Iterator[tuple[str, Held]]:
    """What the names hold once ``name`` has its value; this turn's, as they are formed.

    The last line of a turn makes ``dhnext`` what the turn before it in time needs.
    """
    formed = NAMES[: NAMES.index(name) + 1] if t < T else ()
    if "dy" in formed:
        yield "dy", Held(values["dy"], range(t, t + 1), f"ys[{t}]")
    if "dh" in formed:
        own = params.Why.T @ values["dy"]
        yield OWN, Held(own, range(t, t + 1), f"hs[{t}]")
    first = t if name == "dhnext" else t + 1
    yield "dhnext", Held(values["dhnext"], range(first, T), f"hs[{first - 1}]")
    if "dh" in formed:
        yield "dh", Held(values["dh"], range(t, T), f"hs[{t}]")
    if "dhraw" in formed:
        yield "dhraw", Held(values["dhraw"], range(t, T), "argument of tanh")


def watched(loop: Iterator[Any], names: Sequence[str]) -> list[Assignment]:
    """Every assignment to one of the names while the generator runs to its end.

    Raises ``TypeError`` for an iterator of another kind.

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
