"""The GRU: gates as in an LSTM, and one state as in the plain network.

``r`` resets: it says how much of the past goes into what is new, ``n``. ``z`` mixes the
two: where it is 1 the past stays as it is, where it is 0 the new takes its place.

What you can do with it::

    run = forward(params, inputs, targets, hprev)
    gradients = backward(params, run)

There are two GRUs. Here r is applied *after* the product with ``Whn``, as PyTorch and
cuDNN do it. In the original, Cho and others (2014), it is applied *before*: say
``forward(…, reset="before")``. Names and shapes are those of ``rnn.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import numpy as np

from rnn_notes.arrays.arguments import (
    Array,
    check_kinds,
    checked_letters,
    checked_state,
)
from rnn_notes.arrays.weights import Weights
from rnn_notes.lstm import columns, predict, sigmoid

__all__ = [
    "Forward",
    "Gradients",
    "Params",
    "Reset",
    "Signals",
    "backward",
    "check_reset",
    "forward",
    "loss_and_gradients",
    "signals",
]

Reset = Literal["after", "before"]


@dataclass(frozen=True, eq=False)
class Params(Weights):
    """The parameter arrays of the network, checked when they come in.

    Parameters
    ----------
    Wxr, Wxz, Wxn : (H, V) ndarray
        Input to each gate and to what is new.
    Whr, Whz, Whn : (H, H) ndarray
        Hidden state to the same.
    Why : (V, H) ndarray
        Hidden to logits.
    br, bz, bn : (H, 1) ndarray
        Bias of each.
    bhn : (H, 1) ndarray
        Bias beside ``Whn``, which r multiplies too.
    by : (V, 1) ndarray
        Logit bias.

    Examples
    --------
    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> params.V, params.H, params.Whz.shape, len(params.arrays())
    (2, 3, (3, 3), 12)
    """

    Wxr: Array
    Wxz: Array
    Wxn: Array
    Whr: Array
    Whz: Array
    Whn: Array
    Why: Array
    br: Array
    bz: Array
    bn: Array
    bhn: Array
    by: Array

    SHAPES: ClassVar = {
        **dict.fromkeys(("Wxr", "Wxz", "Wxn"), "HV"),
        **dict.fromkeys(("Whr", "Whz", "Whn"), "HH"),
        "Why": "VH",
        **dict.fromkeys(("br", "bz", "bn", "bhn"), "H1"),
        "by": "V1",
    }


class Forward(NamedTuple):
    """What a forward pass leaves behind, indexed by t from 0 to T-1.

    Attributes
    ----------
    xs, es : mappings from t to (V, 1) ndarray
        One-hot input and one-hot target of each step.
    r, z, n : mappings from t to (H, 1) ndarray
        The gates, and what is new.
    qs, ms : mappings from t to (H, 1) ndarray
        What ``Whn`` is multiplied with, and what comes of it.
    hs : mapping from t to (H, 1) ndarray
        Hidden states; ``hs[-1]`` is ``hprev``.
    ys, ps : mappings from t to (V, 1) ndarray
        Logits and probabilities.
    losses : (T,) ndarray
        Negative log-likelihood of each target, in nats.
    loss : float
        Their sum.
    reset : Reset
        Which of the two GRUs it was.
    """

    xs: Mapping[int, Array]
    r: Mapping[int, Array]
    z: Mapping[int, Array]
    n: Mapping[int, Array]
    qs: Mapping[int, Array]
    ms: Mapping[int, Array]
    hs: Mapping[int, Array]
    ys: Mapping[int, Array]
    ps: Mapping[int, Array]
    losses: Array
    loss: float
    es: Mapping[int, Array]
    reset: Reset

    @property
    def T(self) -> int:
        """Number of time steps."""
        return len(self.losses)


class Signals(NamedTuple):
    """What travels backwards through one time step; all but ``dy`` are (H, 1).

    Attributes
    ----------
    dy : (V, 1) ndarray
        Gradient of the total loss by ``ys[t]``.
    dh : (H, 1) ndarray
        Of the total loss by ``hs[t]``.
    drraw, dzraw, dnraw : (H, 1) ndarray
        Of the total loss by what goes into each sigmoid and the tanh.
    dm : (H, 1) ndarray
        Of the total loss by ``ms[t]``.
    dhnext : (H, 1) ndarray
        What enters the step: by ``hs[t]``, through t+1 alone.
    dhprev : (H, 1) ndarray
        What leaves it: by ``hs[t-1]``, through t alone.
    """

    dy: Array
    dh: Array
    drraw: Array
    dzraw: Array
    dnraw: Array
    dm: Array
    dhnext: Array
    dhprev: Array


class Gradients(NamedTuple):
    """Derivatives of the loss, unclipped, each with the shape of its variable."""

    dWxr: Array
    dWxz: Array
    dWxn: Array
    dWhr: Array
    dWhz: Array
    dWhn: Array
    dWhy: Array
    dbr: Array
    dbz: Array
    dbn: Array
    dbhn: Array
    dby: Array
    dhprev: Array

    @property
    def vector(self) -> Array:
        """Those by the parameters in one vector, ordered as ``Params.vector``."""
        return np.concatenate(self[:-1], axis=None)


def check_reset(reset: str) -> None:
    """Raise unless it is "after" or "before", one of the two GRUs.

    Raises
    ------
    ValueError
        For every other word.
    """
    if reset not in ("after", "before"):
        raise ValueError(f"reset is {reset!r}, expected 'after' or 'before'")


def forward(
    params: Params,
    inputs: Sequence[int],
    targets: Sequence[int],
    hprev: Array,
    *,
    reset: Reset = "after",
) -> Forward:
    """The forward pass over T letters and the loss of every step.

    Parameters
    ----------
    params : Params
    inputs, targets : sequence of int
        T indices each, from 0 to V-1.
    hprev : (H, 1) ndarray
        The hidden state before the first step.
    reset : Reset
        Whether r is applied after the product with ``Whn`` or before.

    Raises
    ------
    ValueError, TypeError
        That name the argument at fault.

    Examples
    --------
    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0), scale=1)
    >>> run = forward(params, [0, 1], [1, 1], np.ones((3, 1)))
    >>> other = forward(params, [0, 1], [1, 1], np.ones((3, 1)), reset="before")
    >>> run.T, run.hs[1].shape, bool(run.loss == other.loss)
    (2, (3, 1), False)
    """
    Params.check(params)
    inputs, targets = checked_letters(params.V, inputs, targets)
    hprev = checked_state("hprev", hprev, params.H)
    check_reset(reset)
    w, xs = params, columns(inputs, params.V, params.Wxr.dtype)
    r, z, n, qs, ms, hs = {}, {}, {}, {}, {}, {-1: hprev}
    for t, x in xs.items():
        h = hs[t - 1]
        r[t] = sigmoid(w.Wxr @ x + w.Whr @ h + w.br)  # (H, 1)
        z[t] = sigmoid(w.Wxz @ x + w.Whz @ h + w.bz)  # (H, 1)
        qs[t] = h if reset == "after" else r[t] * h  # (H, 1)
        ms[t] = w.Whn @ qs[t] + w.bhn  # (H, 1)
        past = r[t] * ms[t] if reset == "after" else ms[t]  # (H, 1)
        n[t] = np.tanh(w.Wxn @ x + w.bn + past)  # (H, 1)
        hs[t] = (1 - z[t]) * n[t] + z[t] * h  # (H, 1)
    ys, ps, es, losses, loss = predict(w.Why, w.by, hs, targets)
    return Forward(xs, r, z, n, qs, ms, hs, ys, ps, losses, loss, es, reset)


def signals(params: Params, run: Forward) -> Iterator[Signals]:
    """The signals that travel backwards, one step at a time, for t = T-1, …, 0.

    ``dhprev`` has four parts: straight through the mix, and through r, z and n.

    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> run = forward(params, [0, 1], [1, 1], np.ones((3, 1)))
    >>> last, first = signals(params, run)
    >>> bool(last.dhnext.any()), bool((first.dhnext == last.dhprev).all())
    (False, True)
    """
    dhnext, w = np.zeros_like(run.hs[-1]), params
    for t in reversed(range(run.T)):
        r, z, n, h = run.r[t], run.z[t], run.n[t], run.hs[t - 1]
        dy = run.ps[t] - run.es[t]  # (V, 1)
        dh = w.Why.T @ dy + dhnext  # (H, 1)
        dnraw = (1 - n * n) * (1 - z) * dh  # (H, 1)
        dzraw = z * (1 - z) * (h - n) * dh  # (H, 1)
        dm = r * dnraw if run.reset == "after" else dnraw  # (H, 1)
        dq = w.Whn.T @ dm  # (H, 1)
        dr = run.ms[t] * dnraw if run.reset == "after" else h * dq  # (H, 1)
        drraw = r * (1 - r) * dr  # (H, 1)
        by_new = dq if run.reset == "after" else r * dq  # (H, 1)
        dhprev = z * dh + w.Whr.T @ drraw + w.Whz.T @ dzraw + by_new  # (H, 1)
        yield Signals(dy, dh, drraw, dzraw, dnraw, dm, dhnext, dhprev)
        dhnext = dhprev


def backward(params: Params, run: Forward) -> Gradients:
    """Gradients of the total loss by every parameter and by ``hprev``, unclipped.

    One outer product a step for each weight; shared weights add them up.

    Raises
    ------
    TypeError
        Where some arrays are real and some complex.

    Examples
    --------
    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> run = forward(params, [0, 1], [1, 1], np.ones((3, 1)))
    >>> backward(params, run).dWhn.shape, backward(params, run).dbhn.shape
    ((3, 3), (3, 1))
    """
    check_kinds({**params.arrays(), "hprev": run.hs[-1]})
    d = {name: np.zeros_like(array) for name, array in params.arrays().items()}
    times = reversed(range(run.T))
    for t, signal in zip(times, signals(params, run), strict=True):
        x, h = run.xs[t], run.hs[t - 1]
        raws = signal.drraw, signal.dzraw, signal.dnraw
        for gate, draw in zip("rzn", raws, strict=True):
            d[f"Wx{gate}"] += draw @ x.T  # (H, V) = (H, 1) @ (1, V)
            d[f"b{gate}"] += draw
        d["Whr"] += signal.drraw @ h.T  # (H, H) = (H, 1) @ (1, H)
        d["Whz"] += signal.dzraw @ h.T
        d["Whn"] += signal.dm @ run.qs[t].T
        d["bhn"] += signal.dm
        d["Why"] += signal.dy @ run.hs[t].T  # (V, H) = (V, 1) @ (1, H)
        d["by"] += signal.dy
    return Gradients._make([*d.values(), signal.dhprev])


def loss_and_gradients(
    params: Params,
    inputs: Sequence[int],
    targets: Sequence[int],
    hprev: Array,
    *,
    reset: Reset = "after",
) -> tuple[float, Gradients, Array]:
    """Loss, gradients and last hidden state: one forward and one backward pass.

    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> loss, gradients, hlast = loss_and_gradients(
    ...     params, [0, 1], [1, 1], hprev=np.ones((3, 1)))
    >>> gradients.dWhn.shape, hlast.shape
    ((3, 3), (3, 1))
    """
    run = forward(params, inputs, targets, hprev, reset=reset)
    return run.loss, backward(params, run), run.hs[run.T - 1]
