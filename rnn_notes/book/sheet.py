"""The lines of the backward loop: what each holds, and what a nudge says that it is.

::

    for line in lines():
        assert agreement(line.value, line.measured, tolerance=1e-12)
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rnn_notes import rnn
from rnn_notes.differences import complex_step
from rnn_notes.rnn import Array, running_example

__all__ = ["Line", "lines"]

_DOWN = "sums down the columns of {}"
_READ = "dhnext, when read"
_ALONG = "{} lies along the top of {}"


class Line(NamedTuple):
    """A line of the loop.

    code     : as the loop has it
    of, by   : it is the derivative of this by that
    why      : why there is a transpose, or a dash
    value    : what the loop holds
    measured : the same derivative, by nudging
    """

    code: str
    of: str
    by: str
    why: str
    value: Array
    measured: Array

    @property
    def shape(self) -> str:
        """The shape in letters, on an example with V = 2 and H = 3."""
        return "×".join({2: "V", 3: "H", 1: "1"}[n] for n in self.value.shape)


def _line(code: str, of: str, by: str, why: str, *nudged: Any) -> Line:
    """A line from its words, its value, a loss and where that is nudged."""
    value, loss, x = nudged
    return Line(code, of, by, why, value, complex_step(loss, x))


def lines(t: int = 2) -> list[Line]:
    """The lines of turn t on the running example, and then the five sums.

    >>> [line.shape for line in lines()[:2]]
    ['V×1', 'H×1']
    """
    params, inputs, targets, hprev = running_example()
    run = rnn.forward(params, inputs, targets, hprev)
    at = list(rnn.signals(params, run))[run.T - 1 - t]
    Why, Whh = params.Why, params.Whh

    def own(y: Array) -> Any:
        return rnn.logsumexp(y) - y[targets[t], 0]

    def of_step(h: Array) -> Any:
        return own(Why @ h + params.by)

    def after(h: Array) -> Any:
        return rnn.forward(params, inputs[t + 1 :], targets[t + 1 :], h).loss

    def from_here(h: Array) -> Any:
        return rnn.forward(params, inputs[t:], targets[t:], h).loss

    def both(h: Array) -> Any:
        return of_step(h) + after(h)

    h, a = run.hs[t], np.arctanh(run.hs[t])
    every, down = "all losses", _DOWN.format("Why")
    own_h = Why.T @ at.dy
    turn = [
        _line("dy = ps[t] - es[t]", every, "ys[t]", "–", at.dy, own, run.ys[t]),
        _line("Why.T @ dy", "the loss of step t", "hs[t]", down, own_h, of_step, h),
        _line(_READ, "the losses after t", "hs[t]", "–", at.dhnext, after, h),
        _line("dh = Why.T @ dy + dhnext", every, "hs[t]", down, at.dh, both, h),
        _line("dhraw = (1 - hs[t] * hs[t]) * dh", every, "the argument of the tanh",
             "a diagonal: no transpose", at.dhraw, lambda a: both(np.tanh(a)), a),
        _line("dhnext = Whh.T @ dhraw", "the losses from t on", "hs[t-1]",
             _DOWN.format("Whh"), Whh.T @ at.dhraw, from_here, run.hs[t - 1]),
    ]  # fmt: skip
    sums = {
        "dWhy += dy @ hs[t].T": ("Why", _ALONG.format("h", "Why")),
        "dby += dy": ("by", "–"),
        "dWxh += dhraw @ xs[t].T": ("Wxh", _ALONG.format("x", "Wxh")),
        "dWhh += dhraw @ hs[t-1].T": ("Whh", _ALONG.format("the earlier h", "Whh")),
        "dbh += dhraw": ("bh", "–"),
    }
    gradients = rnn.backward(params, run)
    measured = complex_step(
        lambda p: rnn.forward(p, inputs, targets, hprev).loss, params
    )
    return turn + [
        Line(
            code, f"{every}, summed over t", name, why,
            getattr(gradients, f"d{name}"), measured[f"d{name}"],
        )
        for code, (name, why) in sums.items()
    ]  # fmt: skip
