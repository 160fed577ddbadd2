"""The plain recurrent network: its parameters, its forward and its backward pass.

Symbols are column vectors and matrices with the classic names.
Sizes: V letters in the alphabet, H hidden units, T time steps.

What you can do with it::

    run = forward(params, inputs, targets, hprev)  # predict, and measure the loss
    gradients = backward(params, run)              # dL by every parameter and hprev

In formulas t runs from 1 to T, in code from 0 to T-1, and ``hs[-1]`` is ``hprev``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from rnn_notes.arrays.arguments import (
    Array,
    check_kinds,
    checked_letters,
    checked_state,
)
from rnn_notes.arrays.weights import Weights

__all__ = [
    "ALPHABET",
    "TEXT",
    "Array",
    "Forward",
    "Gradients",
    "Params",
    "Signals",
    "backward",
    "forward",
    "logsumexp",
    "loss_and_gradients",
    "one_hot",
    "running_example",
    "signals",
    "softmax",
]

ALPHABET = "ab"
TEXT = "abbabb"


@dataclass(frozen=True, eq=False)
class Params(Weights):
    """The five parameter arrays of the network, checked when they come in.

    They are kept as read-only views: whoever made an array can still write to it.

    Parameters
    ----------
    Wxh : (H, V) ndarray
        Input to hidden.
    Whh : (H, H) ndarray
        Hidden to hidden.
    Why : (V, H) ndarray
        Hidden to logits.
    bh : (H, 1) ndarray
        Hidden bias.
    by : (V, 1) ndarray
        Logit bias.

    Raises
    ------
    TypeError
        For what is not numeric.
    ValueError
        For shapes that do not fit each other, and for nan or inf.

    Examples
    --------
    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> params.V, params.H, params.Wxh.shape
    (2, 3, (3, 2))
    >>> params.replace(Whh=np.zeros((3, 2)))
    Traceback (most recent call last):
    ValueError: Whh has shape (3, 2), expected (3, 3), that is (H, H)
    >>> bool(np.array_equal(Params(**params.arrays()).Whh, params.Whh))
    True
    >>> bool(np.array_equal(Params.of(params.vector, V=2, H=3).Whh, params.Whh))
    True
    """

    Wxh: Array
    Whh: Array
    Why: Array
    bh: Array
    by: Array

    SHAPES: ClassVar = {"Wxh": "HV", "Whh": "HH", "Why": "VH", "bh": "H1", "by": "V1"}


class Forward(NamedTuple):
    """What a forward pass leaves behind, indexed by t from 0 to T-1.

    Attributes
    ----------
    xs, es : mappings from t to (V, 1) ndarray
        One-hot input and one-hot target of each step.
    hs : mapping from t to (H, 1) ndarray
        Hidden states; ``hs[-1]`` is ``hprev``.
    ys, ps : mappings from t to (V, 1) ndarray
        Logits and probabilities.
    losses : (T,) ndarray
        Negative log-likelihood of each target, in nats.
    loss : float
        Their sum.
    """

    xs: Mapping[int, Array]
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
    """What travels backwards through one time step.

    Attributes
    ----------
    dy : (V, 1) ndarray
        Gradient of the total loss by ``ys[t]``.
    dh : (H, 1) ndarray
        Gradient of the total loss by ``hs[t]``.
    dhraw : (H, 1) ndarray
        Gradient of the total loss by the argument of the tanh at t.
    dhnext : (H, 1) ndarray
        Gradient of the losses *after* step t by ``hs[t]``.
    """

    dy: Array
    dh: Array
    dhraw: Array
    dhnext: Array


class Gradients(NamedTuple):
    """Derivatives of the loss, unclipped, each with the shape of its variable.

    Attributes
    ----------
    dWxh : (H, V) ndarray
    dWhh : (H, H) ndarray
    dWhy : (V, H) ndarray
    dbh : (H, 1) ndarray
    dby : (V, 1) ndarray
    dhprev : (H, 1) ndarray
        By the hidden state before the first step.
    """

    dWxh: Array
    dWhh: Array
    dWhy: Array
    dbh: Array
    dby: Array
    dhprev: Array

    @property
    def vector(self) -> Array:
        """The gradients by the parameters in one vector, ordered as ``Params.vector``.

        Examples
        --------
        >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0))
        >>> run = forward(params, [0, 1], [1, 1], hprev=np.ones((3, 1)))
        >>> backward(params, run).vector.shape == params.vector.shape
        True
        """
        return np.concatenate(self[:-1], axis=None)


def softmax(y: Array) -> Array:
    """Probabilities that belong to logits of any size.

    Parameters
    ----------
    y : (V, 1) ndarray
        The logits.

    Returns
    -------
    (V, 1) ndarray
        The probabilities; their sum is one.

    Examples
    --------
    >>> softmax(np.array([[1e4], [0.0]])).ravel().tolist()
    [1.0, 0.0]
    """
    e = np.exp(y - y.real.max())
    p: Array = e / e.sum()
    return p


def logsumexp(y: Array) -> Any:
    """Logarithm of the sum of the exponentials of entries of any size.

    Parameters
    ----------
    y : (V, 1) ndarray
        The entries, for example logits.

    Returns
    -------
    scalar
        Of the kind of ``y``.

    Examples
    --------
    >>> bool(logsumexp(np.array([[1e4], [1e4]])) == 1e4 + np.log(2))
    True
    """
    largest = y.real.max()
    return largest + np.log(np.exp(y - largest).sum())


def one_hot(index: int, V: int) -> Array:
    """The ``index``-th column of the V×V identity.

    Parameters
    ----------
    index : int
        From 0 to V-1; nothing checks it here.
    V : int
        The length of the column.

    Returns
    -------
    (V, 1) ndarray
        A one at ``index``, and zeros.

    Examples
    --------
    >>> one_hot(1, 2).ravel().tolist()
    [0.0, 1.0]
    """
    column: Array = np.eye(V)[:, index : index + 1]
    return column


def forward(
    params: Params, inputs: Sequence[int], targets: Sequence[int], hprev: Array
) -> Forward:
    """The forward pass over T letters and the loss of every step.

    Parameters
    ----------
    params : Params
        The weights of the network.
    inputs, targets : sequences of int
        T indices each, from 0 to V-1.
    hprev : (H, 1) ndarray
        The hidden state before the first step.

    Returns
    -------
    Forward
        All that the backward pass needs, and the loss.

    Raises
    ------
    TypeError, ValueError
        For an argument that does not fit, by its name.

    Examples
    --------
    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> run = forward(params, [0, 1], [1, 1], hprev=np.ones((3, 1)))
    >>> run.T, run.hs[1].shape, bool(run.loss == run.losses.sum())
    (2, (3, 1), True)
    """
    Params.check(params)
    inputs, targets = checked_letters(params.V, inputs, targets)
    hprev = checked_state("hprev", hprev, params.H)
    Wxh, Whh, Why, bh, by = params.Wxh, params.Whh, params.Why, params.bh, params.by
    xs, hs, ys, ps, es, losses = {}, {-1: hprev}, {}, {}, {}, []
    for t in range(len(inputs)):
        xs[t] = one_hot(inputs[t], params.V).astype(Wxh.dtype)  # (V, 1)
        es[t] = one_hot(targets[t], params.V).astype(Wxh.dtype)  # (V, 1)
        hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1] + bh)  # (H, 1)
        ys[t] = Why @ hs[t] + by  # (V, 1)
        ps[t] = softmax(ys[t])  # (V, 1)
        losses.append(logsumexp(ys[t]) - ys[t][targets[t], 0])
    steps = np.array(losses)
    return Forward(xs, hs, ys, ps, steps, steps.sum().item(), es)


def signals(params: Params, run: Forward) -> Iterator[Signals]:
    """The signals that travel backwards, one step at a time, for t = T-1, …, 0.

    ``dhnext`` is what enters the step, so ``dh == Why.T @ dy + dhnext`` at every t.

    Parameters
    ----------
    params : Params
        The weights of the network.
    run : Forward
        What ``forward`` has returned for them.

    Yields
    ------
    Signals
        Of the steps T-1, …, 0.

    Examples
    --------
    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> run = forward(params, [0, 1], [1, 1], hprev=np.ones((3, 1)))
    >>> last, first = signals(params, run)
    >>> last.dhnext.ravel().tolist()
    [0.0, 0.0, 0.0]
    """
    dhnext = np.zeros_like(run.hs[-1])
    for t in reversed(range(run.T)):
        dy = run.ps[t] - run.es[t]  # (V, 1)
        dh = params.Why.T @ dy + dhnext  # (H, 1)
        dhraw = (1 - run.hs[t] * run.hs[t]) * dh  # (H, 1)
        yield Signals(dy, dh, dhraw, dhnext)
        dhnext = params.Whh.T @ dhraw  # (H, 1)


def backward(params: Params, run: Forward) -> Gradients:
    """Gradients of the total loss by every parameter and by ``hprev``, unclipped.

    One outer product a step for each weight; shared weights add them up.

    Parameters
    ----------
    params : Params
        The weights of the network.
    run : Forward
        What ``forward`` has returned for them.

    Returns
    -------
    Gradients
        Each with the shape of its variable.

    Raises
    ------
    TypeError
        For arrays of kinds that do not fit each other.

    Examples
    --------
    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> run = forward(params, [0, 1], [1, 1], hprev=np.ones((3, 1)))
    >>> [d.shape for d in backward(params, run)]
    [(3, 2), (3, 3), (2, 3), (3, 1), (2, 1), (3, 1)]
    """
    check_kinds({**vars(params), "hprev": run.hs[-1]})
    dWxh, dWhh = np.zeros_like(params.Wxh), np.zeros_like(params.Whh)
    dWhy = np.zeros_like(params.Why)
    dbh, dby = np.zeros_like(params.bh), np.zeros_like(params.by)
    times = reversed(range(run.T))
    for t, (dy, _, dhraw, _) in zip(times, signals(params, run), strict=True):
        dWhy += dy @ run.hs[t].T  # (V, H) = (V, 1) @ (1, H)
        dby += dy
        dWxh += dhraw @ run.xs[t].T  # (H, V) = (H, 1) @ (1, V)
        dWhh += dhraw @ run.hs[t - 1].T  # (H, H) = (H, 1) @ (1, H)
        dbh += dhraw
    dhprev = params.Whh.T @ dhraw  # what comes after the last yield: by hs[-1]
    return Gradients(dWxh, dWhh, dWhy, dbh, dby, dhprev)


def loss_and_gradients(
    params: Params, inputs: Sequence[int], targets: Sequence[int], hprev: Array
) -> tuple[float, Gradients, Array]:
    """Loss, gradients and last hidden state: one forward and one backward pass.

    Parameters
    ----------
    params : Params
        The weights of the network.
    inputs, targets : sequences of int
        T indices each, from 0 to V-1.
    hprev : (H, 1) ndarray
        The hidden state before the first step.

    Returns
    -------
    loss : float
        The sum of the steps' losses, in nats.
    gradients : Gradients
        Of the loss, unclipped.
    hlast : (H, 1) ndarray
        The hidden state after the last step.

    Raises
    ------
    TypeError, ValueError
        For an argument that does not fit, by its name.

    Examples
    --------
    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> loss, gradients, hlast = loss_and_gradients(
    ...     params, [0, 1], [1, 1], hprev=np.ones((3, 1)))
    >>> gradients.dWhh.shape, hlast.shape
    ((3, 3), (3, 1))
    """
    run = forward(params, inputs, targets, hprev)
    return run.loss, backward(params, run), run.hs[run.T - 1]


def running_example(T: int = 5) -> tuple[Params, list[int], list[int], Array]:
    """The book's running example: ``params, inputs, targets, hprev`` of T steps.

    V = 2 and H = 3. Weights have one decimal: a reader can follow with a pencil.
    The first state is not zero: a wrong factor beside a zero would go unseen.

    The inputs spell "abbab", the targets "bbabb": at t = 0 the second letter is due.

    Raises
    ------
    ValueError
        Unless T is from 1 to 5.

    Examples
    --------
    >>> params, inputs, targets, hprev = running_example()
    >>> params.V, params.H, inputs, targets
    (2, 3, [0, 1, 1, 0, 1], [1, 1, 0, 1, 1])
    """
    if not 1 <= T < len(TEXT):
        raise ValueError(f"T is {T}, expected 1 to {len(TEXT) - 1}")
    params = Params(
        Wxh=np.array([[0.5, -0.3], [0.8, 0.2], [-0.6, 0.4]]),
        Whh=np.array([[0.4, -0.7, 0.2], [0.3, 0.6, -0.5], [-0.2, 0.1, 0.9]]),
        Why=np.array([[0.7, -0.4, 0.3], [-0.5, 0.9, 0.6]]),
        bh=np.array([[0.1], [-0.2], [0.3]]),
        by=np.array([[0.2], [-0.1]]),
    )
    indices = [ALPHABET.index(letter) for letter in TEXT]
    hprev = np.array([[0.3], [-0.4], [0.2]])
    return params, indices[:T], indices[1 : T + 1], hprev
