"""The LSTM's fast path: its four gates in one product, and only the recurrence looped.

What ``hoisted`` does for the plain network. States and gates are rows, so that many of
them are one matrix; the gates i, f, o, g of a step stand beside each other in one row
of 4H. A sigmoid is a tanh of half its argument, so one tanh serves all four. ::

    loss, gradients, (hlast, clast) = loss_and_gradients(
        params, inputs, targets, hprev, cprev)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rnn_notes.arrays.arguments import Array, checked_batch, checked_states
from rnn_notes.hoisted import compare
from rnn_notes.lstm import Gradients, Params

__all__ = ["loss_and_gradients", "loss_and_vector"]

_Indices = Sequence[int] | Array


class _Stacked(NamedTuple):
    """The weights of the four gates below each other: (4H, V), (4H, H) and (1, 4H)."""

    Wx: Array
    Wh: Array
    b: Array


class _Steps(NamedTuple):
    """What the steps leave behind, as rows of B sequences.

    Attributes
    ----------
    hs, cs : (T + 1, B, H) ndarray
        From the states before the first step on.
    gates : (T, B, 4, H) ndarray
        The gates i, f, o and g.
    tanhcs : (T, B, H) ndarray
        The tanh of ``cs[1:]``.
    """

    hs: Array
    cs: Array
    gates: Array
    tanhcs: Array


def loss_and_gradients(
    params: Params, inputs: _Indices, targets: _Indices, hprev: Array, cprev: Array
) -> tuple[float, Gradients, tuple[Array, Array]]:
    """Loss, gradients and last states, as ``lstm.loss_and_gradients`` gives them.

    Parameters
    ----------
    params : lstm.Params
    inputs, targets : (T,) or (B, T) sequence of int
        Indices from 0 to V-1, one row for each of B sequences.
    hprev, cprev : (H, 1) or (H, B) ndarray

    Raises
    ------
    ValueError, TypeError
        That name the argument at fault.

    Examples
    --------
    >>> from rnn_notes import lstm
    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> args = params, [0, 1], [1, 1], np.ones((3, 1)), np.zeros((3, 1))
    >>> fast, slow = loss_and_gradients(*args), lstm.loss_and_gradients(*args)
    >>> bool(np.allclose(fast[1].dWhf, slow[1].dWhf, rtol=1e-12, atol=1e-18))
    True
    """
    loss, d, dstates, lasts = _passes(params, inputs, targets, hprev, cprev)
    arrays = Params.views(d, params.V, params.H)
    return loss, Gradients._make([*arrays.values(), *dstates]), lasts


def loss_and_vector(
    params: Params, inputs: _Indices, targets: _Indices, hprev: Array, cprev: Array
) -> tuple[float, Array, tuple[Array, Array]]:
    """The same with the gradients by the parameters in one vector, for training.

    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> zeros = np.zeros((3, 1))
    >>> loss, d, lasts = loss_and_vector(params, [0, 1], [1, 1], zeros, zeros)
    >>> d.shape == params.vector.shape
    True
    """
    loss, d, _, lasts = _passes(params, inputs, targets, hprev, cprev)
    return loss, d, lasts


def _passes(
    params: Params, inputs: _Indices, targets: _Indices, hprev: Array, cprev: Array
) -> tuple[float, Array, tuple[Array, Array], tuple[Array, Array]]:
    """Loss, gradients as a vector and by the first states, and the last states."""
    Params.check(params)
    x, target = checked_batch(params.V, inputs, targets)  # (T, B)
    (T, B), H, V = x.shape, params.H, params.V
    h = checked_states("hprev", hprev, H, B).T
    c = checked_states("cprev", cprev, H, B).T
    w = params.arrays()
    stacked = _Stacked(
        np.concatenate([w[f"Wx{gate}"] for gate in "ifog"]),
        np.concatenate([w[f"Wh{gate}"] for gate in "ifog"]),
        np.concatenate([w[f"b{gate}"] for gate in "ifog"]).T,
    )
    steps = _forward(stacked, x, h, c)
    shown = steps.hs[1:].reshape(T * B, H)
    ys = shown @ params.Why.T + params.by.T
    loss = compare(ys, V * np.arange(T * B) + target.ravel())  # ys hold dy from here on
    draws, dh, dc = _backward(stacked, steps, (ys @ params.Why).reshape(T, B, H))
    draws = draws.reshape(T * B, 4 * H)
    xs = np.zeros((T * B, V), draws.dtype)
    xs[np.arange(T * B), x.ravel()] = 1
    parts = (
        draws.T @ xs,
        draws.T @ steps.hs[:-1].reshape(T * B, H),
        ys.T @ shown,
        draws.sum(axis=0),
        ys.sum(axis=0),
    )
    d = np.concatenate(parts, axis=None)
    return loss, d, (dh.T, dc.T), (steps.hs[T].T.copy(), steps.cs[T].T.copy())


def _forward(w: _Stacked, x: Array, h: Array, c: Array) -> _Steps:
    """The steps from the letters, (T, B), and the states before them, (B, H)."""
    (T, B), H = x.shape, h.shape[1]
    half = np.ones(4 * H, w.Wh.dtype)
    half[: 3 * H] = 0.5  # sigmoid(a) is (1 + tanh(a / 2)) / 2
    raws = ((w.Wx.T + w.b) * half)[x]  # (T, B, 4H)
    WhT = np.ascontiguousarray(w.Wh.T * half)
    hs, cs = np.empty((T + 1, B, H), raws.dtype), np.empty((T + 1, B, H), raws.dtype)
    hs[0], cs[0] = h, c
    gates, tanhcs = raws.reshape(T, B, 4, H), np.empty((T, B, H), raws.dtype)
    for t in range(T):
        raws[t] += hs[t] @ WhT
        np.tanh(raws[t], raws[t])
        sigmoids = gates[t, :, :3]
        sigmoids += 1
        sigmoids *= 0.5
        i, f, o, g = (gates[t, :, k] for k in range(4))
        np.multiply(f, cs[t], cs[t + 1])
        cs[t + 1] += i * g
        np.tanh(cs[t + 1], tanhcs[t])
        np.multiply(o, tanhcs[t], hs[t + 1])
    return _Steps(hs, cs, gates, tanhcs)


def _backward(w: _Stacked, steps: _Steps, dhs: Array) -> tuple[Array, Array, Array]:
    """Signals at what goes into the gates, (T, B, 4, H), and at the first states.

    Parameters
    ----------
    dhs : (T, B, H) ndarray
        What each step's own loss asks of its state; overwritten.
    """
    (T, B, H), gates, tanhcs = dhs.shape, steps.gates, steps.tanhcs
    i, f, o, g = (gates[:, :, k] for k in range(4))
    draws = gates * (1 - gates)  # slopes at first; each is multiplied with what it met
    draws[:, :, 3] = (1 - g * g) * i
    draws[:, :, 0] *= g
    draws[:, :, 1] *= steps.cs[:-1]
    draws[:, :, 2] *= tanhcs
    by_h = (1 - tanhcs * tanhcs) * o  # the path from hs[t] into cs[t]
    dhnext, dcnext = np.zeros((B, H), dhs.dtype), np.zeros((B, H), dhs.dtype)
    for t in reversed(range(T)):
        dh, dc = dhs[t], by_h[t]
        dh += dhnext
        dc *= dh
        dc += dcnext
        draws[t, :, :2] *= dc[:, None]
        draws[t, :, 2] *= dh
        draws[t, :, 3] *= dc
        dhnext = draws[t].reshape(B, 4 * H) @ w.Wh
        dcnext = f[t] * dc
    return draws, dhnext, dcnext
