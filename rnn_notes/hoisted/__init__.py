"""The fast path: the same gradients, with only the recurrence left in Python's loop.

What a step does not need from its neighbour in time is done for many steps at once.
States are rows here: ``hs[t]`` is (B, H), one row for each of B sequences.

What you can do with it::

    loss, gradients, hlast = loss_and_gradients(params, inputs, targets, hprev)

    workspace = Workspace(V, H, T)  # for a training loop: gradients written in place
    loss_and_gradients(params, inputs, targets, hprev, workspace=workspace)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnn_notes.arrays.arguments import Array, check_range, checked_states, integers
from rnn_notes.hoisted.workspaces import Block, Rows, Workspace, give_back, lent
from rnn_notes.rnn import Gradients, Params

__all__ = [
    "Workspace",
    "compare",
    "loss_and_gradients",
    "loss_and_vector",
    "run_backward",
    "run_forward",
]


def run_forward(hs: Rows, WhhT: Array, product: Array) -> None:
    """Turn ``Wxh x + bh``, which ``hs[1:]`` holds at first, into the states.

    Parameters
    ----------
    hs : (n + 1, B, H) ndarray
        The state before the first step in its first row.
    WhhT : (H, H) ndarray
        The transpose of ``Whh``, since states are rows.
    product : (B, H) ndarray
        What it writes over.

    Examples
    --------
    >>> hs = np.ones((3, 1, 2))
    >>> run_forward(hs, WhhT=np.eye(2), product=np.empty((1, 2)))
    >>> bool(np.allclose(hs[2], np.tanh(np.tanh(2) + 1)))
    True
    """
    add, tanh = np.add, np.tanh  # to look them up each time costs a twentieth
    h = hs[0]
    for hnext in hs[1:]:
        h.dot(WhhT, product)
        add(hnext, product, product)
        tanh(product, hnext)
        h = hnext


def run_backward(dhs: Rows, slopes: Rows, Whh: Array, dhnext: Array) -> None:
    """Turn ``Why.T @ dy``, which ``dhs`` holds at first, into ``dhraw``.

    Parameters
    ----------
    dhs : (n, B, H) ndarray
    slopes : (n, B, H) ndarray
        Those of the tanh: ``1 - h * h``.
    dhnext : (B, H) ndarray
        What later steps ask of these, then what these ask of earlier ones.

    Examples
    --------
    >>> dhs, dhnext = np.ones((2, 1, 2)), np.zeros((1, 2))
    >>> run_backward(dhs, slopes=np.ones((2, 1, 2)), Whh=np.eye(2), dhnext=dhnext)
    >>> dhs.ravel().tolist(), dhnext.ravel().tolist()
    ([2.0, 2.0, 1.0, 1.0], [2.0, 2.0])
    """
    add, multiply = np.add, np.multiply
    for dh, slope in zip(dhs[::-1], slopes[::-1], strict=True):
        add(dh, dhnext, dhnext)
        multiply(dhnext, slope, dh)  # from here on it is dhraw
        dh.dot(Whh, dhnext)  # Whh.T @ dhraw, as a row


def compare(ys: Array, goals: Array) -> float:
    """The loss of all rows; ``ys`` holds logits at first, and ``dy`` in the end.

    Parameters
    ----------
    ys : (n, V) ndarray
    goals : (n,) integers
        The place of each row's target in ``ys.ravel()``.

    Examples
    --------
    >>> ys = np.zeros((2, 4))
    >>> bool(np.isclose(compare(ys, np.array([0, 5])), 2 * np.log(4))), ys[0].tolist()
    (True, [-0.75, 0.25, 0.25, 0.25])
    """
    flat = ys.reshape(-1)
    ys -= np.maximum.reduce(ys, axis=1, keepdims=True)
    right = flat.take(goals)
    np.exp(ys, ys)
    sums = np.add.reduce(ys, axis=1, keepdims=True)
    ys /= sums
    flat[goals] -= 1
    return float(np.add.reduce(np.log(sums[:, 0]) - right))


def loss_and_gradients(
    params: Params,
    inputs: Sequence[int] | Array,
    targets: Sequence[int] | Array,
    hprev: Array,
    *,
    workspace: Workspace | None = None,
    checkpoint: bool = False,
) -> tuple[float, Gradients, Array]:
    """Loss, gradients and last hidden state, as ``rnn.loss_and_gradients`` gives them.

    Parameters
    ----------
    params : Params
        Of float32 or float64.
    inputs, targets : (T,) sequence of int
        Indices from 0 to V-1, or (B, T) for B sequences at once.
    hprev : (H, 1) ndarray
        Or (H, B).
    workspace : Workspace, optional
        Where the gradients are written; without it they are the caller's own.
    checkpoint : bool
        Whether to keep about sqrt(T) states and compute the others twice.

    Returns
    -------
    loss : float
        Of all B sequences together, in nats.
    gradients : Gradients
        Those by the parameters are added up; ``dhprev`` is (H, B).
    hlast : (H, B) ndarray

    Raises
    ------
    ValueError, TypeError
        That name the argument at fault; also for a workspace of another size, and for
        one that another thread has used.

    Examples
    --------
    >>> from rnn_notes import rnn
    >>> from rnn_notes.rnn import running_example
    >>> loss, gradients, hlast = loss_and_gradients(*running_example())
    >>> slow_loss, slow, _ = rnn.loss_and_gradients(*running_example())
    >>> bool(np.allclose(gradients.dWhh, slow.dWhh, rtol=1e-12)), hlast.shape
    (True, (3, 1))
    """
    w = _checked(params, inputs, targets, hprev, workspace, checkpoint)
    into = w.total if w is workspace else w.gradients(np.empty_like(w.flat))
    loss, hlast = _pass(w, params, into)
    if w is not workspace:
        give_back(w)
    return loss, into, hlast


def loss_and_vector(
    params: Params,
    inputs: Sequence[int] | Array,
    targets: Sequence[int] | Array,
    hprev: Array,
) -> tuple[float, Array, tuple[Array]]:
    """The same for training: gradients by the parameters in one vector, states a tuple.

    The vector is the caller's own, its entries in the order of ``params.vector``.

    >>> from rnn_notes.rnn import running_example
    >>> _, d, _ = loss_and_vector(*running_example())
    >>> bool(np.array_equal(d, loss_and_gradients(*running_example())[1].vector))
    True
    """
    w = _checked(params, inputs, targets, hprev)
    d = np.empty_like(w.flat)
    loss, hlast = _pass(w, params, w.gradients(d))
    give_back(w)
    return loss, d, (hlast,)


def _pass(w: Workspace, params: Params, into: Gradients) -> tuple[float, Array]:
    """The loss and the last state, (H, B), of a pass that writes its gradients."""
    w.load(params)
    hlast = _forward(w)
    loss = _backward(w, into)
    into.dhprev[...] = w.dhnext.T
    return loss, hlast


def _forward(w: Workspace) -> Array:
    """The last hidden state, (H, B); the workspace keeps the states on the way."""
    h = w.states[0]
    for i, block in enumerate(w.blocks):
        if w.checkpoint:
            w.entries[i] = h
        h = _run(w, block, h)
    hlast: Array = h.T.copy()
    return hlast


def _backward(w: Workspace, into: Gradients) -> float:
    """The loss; ``into`` holds the gradients of all blocks together."""
    w.dhnext.fill(0)
    loss, share = 0.0, into
    for i in reversed(range(len(w.blocks))):
        if w.checkpoint:
            _run(w, w.blocks[i], w.entries[i])
        loss += _differentiate(w, w.blocks[i], share)
        if share is not into:
            for total, d in zip(into[:5], share, strict=False):
                total += d
        share = w.share
    return loss


def _run(w: Workspace, block: Block, h: Array) -> Array:
    """The last state of a block, (B, H), from the state before it, (B, H)."""
    block.hs[0] = h
    w.Wxh.take(block.x.T, axis=1, out=block.brought, mode="clip")  # clip: no copy
    np.add(block.brought.T, w.bh, block.hs[1:])
    run_forward(block.each_h, w.WhhT, w.product)
    last: Array = block.hs[-1]
    return last


def _differentiate(w: Workspace, block: Block, into: Gradients) -> float:
    """The loss of a block, whose gradients are written ``into`` the given arrays."""
    before, after, xs, ys, dhs, slopes = block.stacks
    after.dot(w.Why.T, ys)
    ys += w.by
    loss = compare(ys, block.starts + block.target.ravel())
    dys = ys  # what it holds by now
    dys.dot(w.Why, dhs)
    dys.T.dot(after, into.dWhy)
    dys.T.dot(block.ones, into.dby)
    np.multiply(after, after, slopes)
    np.subtract(1, slopes, slopes)
    run_backward(block.each_dh, block.each_slope, w.Whh, w.dhnext)
    dhraws = dhs
    dhraws.T.dot(before, into.dWhh)
    dhraws.T.dot(block.ones, into.dbh)
    xs.fill(0)
    xs.reshape(-1)[block.starts + block.x.ravel()] = 1
    dhraws.T.dot(xs, into.dWxh)
    return loss


# The arguments of a pass are checked in a few calls that touch all of them; only where
# those find something do others look which it is.


def _checked(
    params: Params,
    inputs: Any,
    targets: Any,
    hprev: Any,
    workspace: Workspace | None = None,
    checkpoint: bool = False,
) -> Workspace:
    """The workspace, or one that is lent, with text and first state in their places."""
    x, target = integers("inputs", inputs), integers("targets", targets)
    if x.shape != target.shape:
        raise ValueError(
            f"targets has shape {target.shape}, expected {x.shape}, as inputs has"
        )
    (H, V), T, B = params.Wxh.shape, x.shape[-1], x.size // x.shape[-1]
    size = V, H, T, B, _dtype(params)
    w = lent(*size, checkpoint) if workspace is None else workspace
    if w is workspace:
        _check_fit(w, size, checkpoint)
        w.claim()
    w.letters[0], w.letters[1] = x, target
    if np.maximum.reduce(w.unsigned, axis=None) >= V:  # a negative letter is huge here
        for name, array in (("inputs", x), ("targets", target)):
            check_range(name, array, V)
    _load_state(w, hprev)
    return w


def _load_state(w: Workspace, hprev: Any) -> None:
    """Put the state before the first step in its place, or raise."""
    plain = type(hprev) is np.ndarray and hprev.dtype is w.dtype
    if plain and hprev.shape == (w.H, w.B):
        w.states[0] = hprev.T
        if np.logical_and.reduce(np.isfinite(w.first)):
            return
    w.states[0] = checked_states("hprev", hprev, w.H, w.B).T


def _dtype(params: Params) -> np.dtype[Any]:
    """The dtype of a pass with these parameters."""
    arrays = params.Wxh, params.Whh, params.Why, params.bh, params.by
    first = arrays[0].dtype
    same = all(array.dtype is first for array in arrays)
    dtype = first if same else np.result_type(*arrays)
    if dtype.char not in "fd":
        raise TypeError(f"params hold {dtype}, expected float32 or float64")
    return dtype


def _check_fit(w: Workspace, size: tuple[Any, ...], checkpoint: bool) -> None:
    """Raise unless the workspace was made for a pass like this."""
    if w.size != size:
        came, expected = ((*sizes, dtype.name) for *sizes, dtype in (w.size, size))
        raise ValueError(
            f"workspace is for (V, H, T, B, dtype) = {came}, expected {expected}"
        )
    if checkpoint and not w.checkpoint:
        raise ValueError("workspace keeps all states, expected one with checkpoint")
