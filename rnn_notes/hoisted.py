"""The fast path: the same gradients, with only the recurrence left in Python's loop.

What a step does not need from its neighbour in time is done for many steps at once.
States are stored as rows, so that many of them are one matrix: ``hs[t]`` is (B, H), one
row for each of B sequences, and ``hs[0]`` is the state before the first step.

What you can do with it::

    loss, gradients, hlast = loss_and_gradients(params, inputs, targets, hprev)

    workspace = Workspace(V, H, T)  # for a training loop: buffers that are used again
    loss_and_gradients(params, inputs, targets, hprev, workspace=workspace)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnn_notes.arguments import check_shape, checked_batch, numeric
from rnn_notes.rnn import Array, Gradients, Params

BLOCK = 1024  # rows at once: what is made of a block is used while the cache holds it
LINE = 64  # bytes: a matrix that begins a cache line is read up to a fifth faster


def run_forward(hs: Array, WhhT: Array, product: Array) -> None:
    """Nothing; ``hs[1:]`` holds ``Wxh x + bh`` at first, and the states in the end.

    hs      : (n + 1, B, H), the state before the first step in its first row
    WhhT    : (H, H), the transpose of ``Whh``, since states are rows
    product : (B, H), overwritten

    >>> hs = np.ones((3, 1, 2))
    >>> run_forward(hs, WhhT=np.eye(2), product=np.empty((1, 2)))
    >>> bool(np.allclose(hs[2], np.tanh(np.tanh(2) + 1)))
    True
    """
    h = hs[0]
    for hnext in hs[1:]:
        h.dot(WhhT, product)
        hnext += product
        np.tanh(hnext, hnext)
        h = hnext


def run_backward(dhs: Array, slopes: Array, Whh: Array, dhnext: Array) -> None:
    """Nothing; ``dhs`` holds ``Why.T @ dy`` at first, and ``dhraw`` in the end.

    dhs    : (n, B, H)
    slopes : (n, B, H), those of the tanh: ``1 - h * h``
    dhnext : (B, H), what later steps ask of these, then what these ask of earlier ones

    >>> dhs, dhnext = np.ones((2, 1, 2)), np.zeros((1, 2))
    >>> run_backward(dhs, slopes=np.ones((2, 1, 2)), Whh=np.eye(2), dhnext=dhnext)
    >>> dhs.ravel().tolist(), dhnext.ravel().tolist()
    ([2.0, 2.0, 1.0, 1.0], [2.0, 2.0])
    """
    for dh, slope in zip(dhs[::-1], slopes[::-1], strict=True):
        dh += dhnext
        dh *= slope  # from here on it is dhraw
        dh.dot(Whh, dhnext)  # Whh.T @ dhraw, as a row


def compare(ys: Array, goals: Array) -> float:
    """The loss of all rows; ``ys`` holds logits at first, and ``dy`` in the end.

    ys    : (n, V)
    goals : (n,) integers, the place of each row's target in ``ys.ravel()``

    >>> ys = np.zeros((2, 4))
    >>> bool(np.isclose(compare(ys, np.array([0, 5])), 2 * np.log(4))), ys[0].tolist()
    (True, [-0.75, 0.25, 0.25, 0.25])
    """
    flat = ys.reshape(-1)
    ys -= ys.max(axis=1, keepdims=True)
    loss = -flat[goals].sum()
    np.exp(ys, ys)
    sums = ys.sum(axis=1, keepdims=True)
    loss += np.log(sums).sum()
    ys /= sums
    flat[goals] -= 1
    return float(loss)


class Block(NamedTuple):
    """Buffers for n steps of B sequences: views of a workspace's, made once.

    steps         : the place of the steps in the text
    hs            : (n + 1, B, H), from the state before the block on
    before, after : (n * B, H), the rows of ``hs`` that steps start from and lead to
    xs, ys        : (n * B, V)
    dhs, slopes   : (n * B, H)
    ones          : (n * B, 1)
    starts        : (n * B,) integers, where the rows of ``xs`` and ``ys`` start
    """

    steps: slice
    hs: Array
    before: Array
    after: Array
    xs: Array
    ys: Array
    dhs: Array
    slopes: Array
    ones: Array
    starts: Array


class Workspace:
    """Buffers for passes of one size: a training loop then allocates next to nothing.

    V, H, T    : sizes, each at least 1
    B          : number of sequences
    dtype      : float32 or float64, that of the parameters
    checkpoint : whether to keep about sqrt(T) states and compute the others twice

    ``flat`` holds the gradients of the parameters as one vector, in the order of
    ``Gradients``; those that a pass returns are views of it. The next pass with the
    same workspace overwrites them.

    Raises ``ValueError`` for a size below 1, ``TypeError`` for another dtype.

    >>> Workspace(V=2, H=3, T=10_000).states.shape
    (10001, 1, 3)
    >>> Workspace(V=2, H=3, T=10_000, checkpoint=True).states.shape
    (101, 1, 3)
    """

    def __init__(
        self,
        V: int,
        H: int,
        T: int,
        B: int = 1,
        dtype: DTypeLike = np.float64,
        checkpoint: bool = False,
    ) -> None:
        for name, size in (("V", V), ("H", H), ("T", T), ("B", B)):
            if size < 1:
                raise ValueError(f"{name} is {size}, expected at least 1")
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise TypeError(f"dtype is {self.dtype}, expected float32 or float64")
        self.V, self.H, self.T, self.B, self.checkpoint = V, H, T, B, checkpoint
        n = 1 + math.isqrt(T - 1) if checkpoint else min(T, max(1, BLOCK // B))
        self.states = self._empty(1 + (n if checkpoint else T), B, H)
        self.table, self.Whh = self._empty(V, H), self._empty(H, H)
        self.WhhT = self._empty(H, H) if B > 1 else self.Whh.T
        self.product, self.dhnext = self._empty(B, H), self._empty(B, H)
        self.blocks = self._blocks(n)
        self.entries = self._empty(len(self.blocks) if checkpoint else 0, B, H)
        self.flat = self._empty(V * H + H * H + V * H + H + V)
        self.flat_share = np.empty_like(self.flat) if n < T else self.flat
        self.total, self.share = map(self._gradients, (self.flat, self.flat_share))

    def _empty(self, *shape: int) -> Array:
        """An array of the workspace's dtype, not filled, that begins a cache line."""
        size = math.prod(shape) * self.dtype.itemsize
        raw = np.empty(size + LINE, np.uint8)
        start = -raw.__array_interface__["data"][0] % LINE
        return raw[start : start + size].view(self.dtype).reshape(shape)

    def _gradients(self, flat: Array) -> Gradients:
        """A vector with the layout of ``flat`` as the gradients of the parameters."""
        arrays = Params.views(flat, self.V, self.H)
        return Gradients._make([*arrays.values(), self.dhnext.T])

    def _blocks(self, n: int) -> list[Block]:
        """The buffers of all blocks of n steps; only states have a place for each."""
        rows, H, V = n * self.B, self.H, self.V
        ones, starts = np.ones((rows, 1), self.dtype), V * np.arange(rows)
        shared = [self._empty(rows, size) for size in (V, V, H, H)] + [ones, starts]
        blocks = []
        for t in range(0, self.T, n):
            steps = slice(t, min(t + n, self.T))
            first, rows = 0 if self.checkpoint else t, self.B * (steps.stop - t)
            hs = self.states[first : first + steps.stop - t + 1]
            before, after = hs[:-1].reshape(rows, H), hs[1:].reshape(rows, H)
            blocks.append(Block(steps, hs, before, after, *(a[:rows] for a in shared)))
        return blocks

    def load(self, params: Params) -> None:
        """Nothing; the weights are laid out as the passes need them."""
        np.add(params.Wxh.T, params.bh.T, self.table)  # what each letter brings
        self.Whh[...], self.Why, self.by = params.Whh, params.Why, params.by.T
        if self.B > 1:  # two matrices are multiplied faster where both lie in rows
            self.WhhT[...] = params.Whh.T

    def run(self, block: Block, x: Array, h: Array) -> Array:
        """The last state of a block, (B, H), from the letters and the state before it.

        x : (T, B) integers
        h : (B, H)
        """
        block.hs[0] = h
        letters = x[block.steps]
        np.take(self.table, letters, axis=0, out=block.hs[1:], mode="clip")  # no copy
        run_forward(block.hs, self.WhhT, self.product)
        last: Array = block.hs[-1]
        return last

    def differentiate(
        self, block: Block, x: Array, target: Array, into: Gradients
    ) -> float:
        """The loss of a block, whose gradients are written ``into`` the given arrays.

        x, target : (T, B) integers
        """
        steps, hs, before, after, xs, ys, dhs, slopes, ones, starts = block
        by_step = hs[1:].shape
        after.dot(self.Why.T, ys)
        ys += self.by
        loss = compare(ys, starts + target[steps].ravel())
        ys.dot(self.Why, dhs)
        np.multiply(after, after, slopes)
        np.subtract(1, slopes, slopes)
        run_backward(
            dhs.reshape(by_step), slopes.reshape(by_step), self.Whh, self.dhnext
        )
        xs.fill(0)
        xs.reshape(-1)[starts + x[steps].ravel()] = 1
        dys, dhraws = ys, dhs  # what they hold by now
        dhraws.T.dot(xs, into.dWxh)
        dhraws.T.dot(before, into.dWhh)
        dys.T.dot(after, into.dWhy)
        dhraws.T.dot(ones, into.dbh)
        dys.T.dot(ones, into.dby)
        return loss


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

    inputs, targets : (T,) indices from 0 to V-1, or (B, T) for B sequences at once
    hprev           : (H, 1), or (H, B)
    workspace       : buffers to use; without them they are made for this pass
    checkpoint      : keep about sqrt(T) states and compute the others twice

    The losses and gradients of B sequences are added up; the last states are (H, B).
    Raises ``ValueError`` or ``TypeError`` that names the argument at fault.

    >>> from rnn_notes import rnn
    >>> from rnn_notes.example import running_example
    >>> loss, gradients, hlast = loss_and_gradients(*running_example())
    >>> slow_loss, slow, _ = rnn.loss_and_gradients(*running_example())
    >>> bool(np.allclose(gradients.dWhh, slow.dWhh, rtol=1e-12)), hlast.shape
    (True, (3, 1))
    """
    x, target, h = _checked(params, inputs, targets, hprev)
    w = workspace or _workspace(params, x, checkpoint)
    _check_fit(w, params, x, checkpoint)
    w.load(params)
    hlast = _forward(w, x, h)
    return _backward(w, x, target), w.total, hlast


def _workspace(params: Params, x: Array, checkpoint: bool) -> Workspace:
    """A new workspace for a pass like this."""
    T, B = x.shape
    return Workspace(params.V, params.H, T, B, _dtype(params), checkpoint)


def _forward(w: Workspace, x: Array, h: Array) -> Array:
    """The last hidden state, (H, B); the workspace keeps the states on the way."""
    for i, block in enumerate(w.blocks):
        if w.checkpoint:
            w.entries[i] = h
        h = w.run(block, x, h)
    return h.T.copy()


def _backward(w: Workspace, x: Array, target: Array) -> float:
    """The loss; the workspace's gradients are those of all blocks together."""
    w.dhnext.fill(0)
    loss, into = 0.0, w.total
    for i, block in reversed([*enumerate(w.blocks)]):
        if w.checkpoint:
            w.run(block, x, w.entries[i])
        loss += w.differentiate(block, x, target, into)
        if into is w.share:
            w.flat += w.flat_share
        into = w.share
    return loss


def _dtype(params: Params) -> np.dtype[Any]:
    """The dtype of a pass with these parameters."""
    dtype = np.result_type(*vars(params).values())
    if dtype not in (np.float32, np.float64):
        raise TypeError(f"params hold {dtype}, expected float32 or float64")
    return dtype


def _check_fit(w: Workspace, params: Params, x: Array, checkpoint: bool) -> None:
    """Raises unless the workspace was made for a pass like this."""
    made = w.V, w.H, w.T, w.B, w.dtype
    needed = params.V, params.H, *x.shape, _dtype(params)
    if made != needed:
        came, expected = ((*sizes, dtype.name) for *sizes, dtype in (made, needed))
        raise ValueError(
            f"workspace is for (V, H, T, B, dtype) = {came}, expected {expected}"
        )
    if checkpoint and not w.checkpoint:
        raise ValueError("workspace keeps all states, expected one with checkpoint")


def _checked(
    params: Params, inputs: Any, targets: Any, hprev: Array
) -> tuple[Array, Array, Array]:
    """Inputs and targets, (T, B) each, and the first state, (B, H)."""
    x, target = checked_batch(params.V, inputs, targets)
    h = numeric("hprev", hprev)
    check_shape("hprev", h, "(H, B)", (params.H, x.shape[1]))
    if h.dtype.kind == "c":
        raise TypeError(f"hprev holds {h.dtype}, expected real numbers")
    return x, target, h.T
