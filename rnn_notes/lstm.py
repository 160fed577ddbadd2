"""The LSTM: the same text, the same output layer, and a cell that carries two states.

Beside the hidden state ``hs[t]`` goes the cell state ``cs[t]``. Three gates between 0
and 1, the letters of the field, decide what it does: ``i`` what comes in, ``f`` what is
kept, ``o`` what is shown. ``g`` is what might come in.

What you can do with it::

    run = forward(params, inputs, targets, hprev, cprev)
    gradients = backward(params, run)

Names and shapes are those of ``rnn.py``; ``hs[-1]`` is ``hprev``, ``cs[-1]`` ``cprev``.
Hochreiter and Schmidhuber (1997); the gate f is from Gers, Schmidhuber and Cummins
(2000). There are no peepholes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnn_notes.arrays.arguments import (
    Array,
    check_kinds,
    checked_letters,
    checked_state,
)
from rnn_notes.arrays.weights import Weights
from rnn_notes.rnn import logsumexp, one_hot, softmax

__all__ = [
    "Forward",
    "Gradients",
    "Output",
    "Params",
    "Signals",
    "backward",
    "columns",
    "forward",
    "loss_and_gradients",
    "predict",
    "sigmoid",
    "signals",
]


@dataclass(frozen=True, eq=False)
class Params(Weights):
    """The parameter arrays of the network, checked when they come in.

    Parameters
    ----------
    Wxi, Wxf, Wxo, Wxg : (H, V) ndarray
        Input to each gate.
    Whi, Whf, Who, Whg : (H, H) ndarray
        Hidden state to each gate.
    Why : (V, H) ndarray
        Hidden to logits.
    bi, bf, bo, bg : (H, 1) ndarray
        Bias of each gate.
    by : (V, 1) ndarray
        Logit bias.

    Examples
    --------
    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> params.V, params.H, params.Whf.shape, len(params.arrays())
    (2, 3, (3, 3), 14)
    >>> remembers = params.replace(bf=np.ones((3, 1)))  # a gate that starts open
    """

    Wxi: Array
    Wxf: Array
    Wxo: Array
    Wxg: Array
    Whi: Array
    Whf: Array
    Who: Array
    Whg: Array
    Why: Array
    bi: Array
    bf: Array
    bo: Array
    bg: Array
    by: Array

    SHAPES: ClassVar = {
        **dict.fromkeys(("Wxi", "Wxf", "Wxo", "Wxg"), "HV"),
        **dict.fromkeys(("Whi", "Whf", "Who", "Whg"), "HH"),
        "Why": "VH",
        **dict.fromkeys(("bi", "bf", "bo", "bg"), "H1"),
        "by": "V1",
    }


class Forward(NamedTuple):
    """What a forward pass leaves behind, indexed by t from 0 to T-1.

    Attributes
    ----------
    xs, es : mappings from t to (V, 1) ndarray
        One-hot input and one-hot target of each step.
    i, f, o, g : mappings from t to (H, 1) ndarray
        The gates, and what might come in.
    cs, hs : mappings from t to (H, 1) ndarray
        Cell states and hidden states; index -1 is before the first step.
    ys, ps : mappings from t to (V, 1) ndarray
        Logits and probabilities.
    losses : (T,) ndarray
        Negative log-likelihood of each target, in nats.
    loss : float
        Their sum.
    """

    xs: Mapping[int, Array]
    i: Mapping[int, Array]
    f: Mapping[int, Array]
    o: Mapping[int, Array]
    g: Mapping[int, Array]
    cs: Mapping[int, Array]
    hs: Mapping[int, Array]
    ys: Mapping[int, Array]
    ps: Mapping[int, Array]
    losses: Array
    loss: float
    es: Mapping[int, Array]

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
    dh, dc : (H, 1) ndarray
        Of the total loss by ``hs[t]`` and by ``cs[t]``.
    diraw, dfraw, doraw, dgraw : (H, 1) ndarray
        Of the total loss by what goes into each sigmoid and the tanh.
    dhnext, dcnext : (H, 1) ndarray
        What enters the step: by ``hs[t]`` and ``cs[t]``, through t+1 alone.
    dhprev, dcprev : (H, 1) ndarray
        What leaves it: by ``hs[t-1]`` and ``cs[t-1]``, through t alone.
    """

    dy: Array
    dh: Array
    dc: Array
    diraw: Array
    dfraw: Array
    doraw: Array
    dgraw: Array
    dhnext: Array
    dcnext: Array
    dhprev: Array
    dcprev: Array


class Gradients(NamedTuple):
    """Derivatives of the loss, unclipped, each with the shape of its variable."""

    dWxi: Array
    dWxf: Array
    dWxo: Array
    dWxg: Array
    dWhi: Array
    dWhf: Array
    dWho: Array
    dWhg: Array
    dWhy: Array
    dbi: Array
    dbf: Array
    dbo: Array
    dbg: Array
    dby: Array
    dhprev: Array
    dcprev: Array

    @property
    def vector(self) -> Array:
        """Those by the parameters in one vector, ordered as ``Params.vector``."""
        return np.concatenate(self[:-2], axis=None)


def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a)), entry by entry, for entries of any size.

    >>> sigmoid(np.array([-1e4, 0.0, 1e4])).tolist()
    [0.0, 0.5, 1.0]
    """
    s: Array = (1 + np.tanh(a / 2)) / 2  # the same function: no exponential overflows
    return s


class Output(NamedTuple):
    """What an output layer makes of states, indexed by t from 0 to T-1.

    Attributes
    ----------
    ys, ps : mappings from t to (V, 1) ndarray
        Logits and probabilities.
    es : mapping from t to (V, 1) ndarray
        One-hot target of each step.
    losses : (T,) ndarray
        Negative log-likelihood of each target, in nats.
    loss : float
        Their sum.
    """

    ys: Mapping[int, Array]
    ps: Mapping[int, Array]
    es: Mapping[int, Array]
    losses: Array
    loss: Any


def columns(indices: Sequence[int], V: int, dtype: DTypeLike) -> dict[int, Array]:
    """The one-hot column of each index, (V, 1), by its place.

    >>> columns([1, 0], 2, np.float64)[0].ravel().tolist()
    [0.0, 1.0]
    """
    return {t: one_hot(index, V).astype(dtype) for t, index in enumerate(indices)}


def predict(
    Why: Array, by: Array, hs: Mapping[int, Array], targets: Sequence[int]
) -> Output:
    """Logits, probabilities and losses of the states ``hs[0]``, …, ``hs[T-1]``.

    Parameters
    ----------
    Why, by : (V, H) and (V, 1) ndarray
    hs : mapping from t to (H, 1) ndarray
    targets : sequence of int
        T indices from 0 to V-1.

    Examples
    --------
    >>> Why, by = np.zeros((2, 3)), np.zeros((2, 1))
    >>> output = predict(Why, by, {0: np.ones((3, 1))}, [1])
    >>> bool(np.isclose(output.loss, np.log(2))), output.ps[0].ravel().tolist()
    (True, [0.5, 0.5])
    """
    ys = {t: Why @ hs[t] + by for t in range(len(targets))}  # (V, 1)
    ps = {t: softmax(y) for t, y in ys.items()}  # (V, 1)
    es = columns(targets, len(Why), Why.dtype)
    losses = np.array([logsumexp(y) - y[targets[t], 0] for t, y in ys.items()])
    return Output(ys, ps, es, losses, losses.sum().item())


def forward(
    params: Params,
    inputs: Sequence[int],
    targets: Sequence[int],
    hprev: Array,
    cprev: Array,
) -> Forward:
    """The forward pass over T letters and the loss of every step.

    Parameters
    ----------
    params : Params
    inputs, targets : sequence of int
        T indices each, from 0 to V-1.
    hprev, cprev : (H, 1) ndarray
        Hidden state and cell state before the first step.

    Raises
    ------
    ValueError, TypeError
        That name the argument at fault.

    Examples
    --------
    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> run = forward(params, [0, 1], [1, 1], np.ones((3, 1)), np.zeros((3, 1)))
    >>> run.T, run.cs[1].shape, bool(run.loss == run.losses.sum())
    (2, (3, 1), True)
    """
    Params.check(params)
    inputs, targets = checked_letters(params.V, inputs, targets)
    hprev = checked_state("hprev", hprev, params.H)
    cprev = checked_state("cprev", cprev, params.H)
    w, xs = params, columns(inputs, params.V, params.Wxi.dtype)
    i, f, o, g, cs, hs = {}, {}, {}, {}, {-1: cprev}, {-1: hprev}
    for t, x in xs.items():
        h = hs[t - 1]
        i[t] = sigmoid(w.Wxi @ x + w.Whi @ h + w.bi)  # (H, 1)
        f[t] = sigmoid(w.Wxf @ x + w.Whf @ h + w.bf)  # (H, 1)
        o[t] = sigmoid(w.Wxo @ x + w.Who @ h + w.bo)  # (H, 1)
        g[t] = np.tanh(w.Wxg @ x + w.Whg @ h + w.bg)  # (H, 1)
        cs[t] = f[t] * cs[t - 1] + i[t] * g[t]  # (H, 1)
        hs[t] = o[t] * np.tanh(cs[t])  # (H, 1)
    ys, ps, es, losses, loss = predict(w.Why, w.by, hs, targets)
    return Forward(xs, i, f, o, g, cs, hs, ys, ps, losses, loss, es)


def signals(params: Params, run: Forward) -> Iterator[Signals]:
    """The signals that travel backwards, one step at a time, for t = T-1, …, 0.

    Two paths lead into ``cs[t]``: through ``hs[t]``, and straight from ``cs[t+1]``.

    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> run = forward(params, [0, 1], [1, 1], np.ones((3, 1)), np.zeros((3, 1)))
    >>> last, first = signals(params, run)
    >>> bool(last.dcnext.any()), bool((first.dcnext == last.dcprev).all())
    (False, True)
    """
    dhnext, dcnext = np.zeros_like(run.hs[-1]), np.zeros_like(run.cs[-1])
    w = params
    for t in reversed(range(run.T)):
        i, f, o, g, tanhc = run.i[t], run.f[t], run.o[t], run.g[t], np.tanh(run.cs[t])
        dy = run.ps[t] - run.es[t]  # (V, 1)
        dh = w.Why.T @ dy + dhnext  # (H, 1)
        dc = (1 - tanhc * tanhc) * o * dh + dcnext  # (H, 1), the two paths
        diraw = i * (1 - i) * g * dc  # (H, 1)
        dfraw = f * (1 - f) * run.cs[t - 1] * dc  # (H, 1)
        doraw = o * (1 - o) * tanhc * dh  # (H, 1)
        dgraw = (1 - g * g) * i * dc  # (H, 1)
        dhprev = w.Whi.T @ diraw + w.Whf.T @ dfraw + w.Who.T @ doraw + w.Whg.T @ dgraw
        dcprev = f * dc  # (H, 1)
        yield Signals(
            dy, dh, dc, diraw, dfraw, doraw, dgraw, dhnext, dcnext, dhprev, dcprev
        )
        dhnext, dcnext = dhprev, dcprev


def backward(params: Params, run: Forward) -> Gradients:
    """Gradients of the total loss by every parameter, ``hprev`` and ``cprev``.

    They are unclipped. One outer product a step for each weight, added up.

    Raises
    ------
    TypeError
        Where some arrays are real and some complex.

    Examples
    --------
    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> run = forward(params, [0, 1], [1, 1], np.ones((3, 1)), np.zeros((3, 1)))
    >>> backward(params, run).dWhf.shape, backward(params, run).dcprev.shape
    ((3, 3), (3, 1))
    """
    check_kinds({**params.arrays(), "hprev": run.hs[-1], "cprev": run.cs[-1]})
    d = {name: np.zeros_like(array) for name, array in params.arrays().items()}
    times = reversed(range(run.T))
    for t, signal in zip(times, signals(params, run), strict=True):
        x, h = run.xs[t], run.hs[t - 1]
        raws = signal.diraw, signal.dfraw, signal.doraw, signal.dgraw
        for gate, draw in zip("ifog", raws, strict=True):
            d[f"Wx{gate}"] += draw @ x.T  # (H, V) = (H, 1) @ (1, V)
            d[f"Wh{gate}"] += draw @ h.T  # (H, H) = (H, 1) @ (1, H)
            d[f"b{gate}"] += draw
        d["Why"] += signal.dy @ run.hs[t].T  # (V, H) = (V, 1) @ (1, H)
        d["by"] += signal.dy
    return Gradients._make([*d.values(), signal.dhprev, signal.dcprev])


def loss_and_gradients(
    params: Params,
    inputs: Sequence[int],
    targets: Sequence[int],
    hprev: Array,
    cprev: Array,
) -> tuple[float, Gradients, tuple[Array, Array]]:
    """Loss, gradients and the last two states: one forward and one backward pass.

    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> loss, gradients, (hlast, clast) = loss_and_gradients(
    ...     params, [0, 1], [1, 1], np.ones((3, 1)), np.zeros((3, 1)))
    >>> gradients.dWhf.shape, hlast.shape, clast.shape
    ((3, 3), (3, 1), (3, 1))
    """
    run = forward(params, inputs, targets, hprev, cprev)
    last = run.T - 1
    return run.loss, backward(params, run), (run.hs[last], run.cs[last])
