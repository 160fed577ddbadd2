"""Buffers for the fast path: made once for passes of one size, and used again.

States are stored as rows, so that many of them are one matrix: ``hs[t]`` is (B, H), one
row for each of B sequences, and ``hs[0]`` is the state before the first step.

What you can do with it::

    workspace = Workspace(V, H, T)       # a training loop's own
    workspace = lent(V, H, T, B, dtype)  # one that lies idle, or a new one
    give_back(workspace)
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnn_notes.arrays.arguments import Array, check_whole
from rnn_notes.rnn import Gradients, Params

__all__ = ["Block", "Rows", "Workspace", "give_back", "lent"]

_BLOCK = 1024  # rows at once: what is made of a block is used while the cache holds it
_LINE = 64  # bytes: a matrix that begins a cache line is read up to a fifth faster
_IDLE = 4  # workspaces that a thread keeps when nobody uses them
_SMALL = 2**21  # bytes: to make what is larger costs little beside a pass with it

Rows = Array | list[Array]


class Block(NamedTuple):
    """Buffers for n steps of B sequences: views of a workspace's, made once.

    Attributes
    ----------
    x, target : (n, B) integers
        The block's part of the text.
    hs : (n + 1, B, H) ndarray
        From the state before the block on.
    stacks : tuple[Array, ...]
        All steps as the rows of a matrix, (n * B, …): the states that steps start from,
        those that they lead to, ``xs``, ``ys``, ``dhs`` and the slopes.
    each_h : Rows
        ``hs`` by step, a list where they are few: its views are made once.
    each_dh, each_slope : n of (B, H)
        The rows of ``dhs`` and of the slopes likewise.
    brought : (H, B, n) ndarray
        What each letter brings; in the memory of ``dhs``.
    starts : (n * B,) integers
        Where the rows of ``xs`` and ``ys`` start.
    ones : (n * B, 1) ndarray
    """

    x: Array
    target: Array
    hs: Array
    stacks: tuple[Array, ...]
    each_h: Rows
    each_dh: Rows
    each_slope: Rows
    brought: Array
    starts: Array
    ones: Array


class Workspace:
    """Buffers for passes of one size: a training loop then allocates next to nothing.

    ``flat`` holds the gradients of the parameters as one vector, in the order of
    ``Gradients``; those that a pass returns are views of it. The next pass with the
    same workspace overwrites them, so it belongs to the thread that uses it first.

    Parameters
    ----------
    V, H, T : int
        Sizes, each at least 1.
    B : int
        Number of sequences.
    dtype : float32 or float64
        That of the parameters.
    checkpoint : bool
        Whether to keep about sqrt(T) states and compute the others twice.

    Raises
    ------
    ValueError
        For a size below 1.
    TypeError
        For a size that is no whole number, and for another dtype.

    Examples
    --------
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
            check_whole(name, size)
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise TypeError(f"dtype is {self.dtype}, expected float32 or float64")
        self.V, self.H, self.T, self.B, self.checkpoint = V, H, T, B, checkpoint
        self.size = V, H, T, B, self.dtype
        n = 1 + math.isqrt(T - 1) if checkpoint else min(T, max(1, _BLOCK // B))
        self.letters = np.empty((2, B, T), np.intp)  # inputs and targets
        self.unsigned = self.letters.view(np.uintp)
        self.states = self._empty(1 + (n if checkpoint else T), B, H)
        self.first = self.states[0].ravel()
        self.Whh = self._empty(H, H)
        self.WhhT = self._empty(H, H) if B > 1 else self.Whh.T
        self.product, self.dhnext = self._empty(B, H), self._empty(B, H)
        self.blocks = self._blocks(n)
        self.entries = self._empty(len(self.blocks) if checkpoint else 0, B, H)
        self.places = _places(Params.shapes(V, H).values())  # in a vector of gradients
        self.flat = np.empty(self.places[-1][0].stop, self.dtype)
        self.total = self.gradients(self.flat)
        one_block = len(self.blocks) == 1
        self.share = self.total if one_block else self.gradients(self.flat.copy())
        self._owner: dict[str, int] = {}

    def gradients(self, flat: Array) -> Gradients:
        """Gradients of which those by the parameters are views of a vector."""
        arrays = [flat[part].reshape(shape) for part, shape in self.places]
        return Gradients._make([*arrays, np.empty((self.H, self.B), self.dtype)])

    def claim(self) -> None:
        """Refuse all threads but the first that comes here.

        Raises
        ------
        ValueError
            In every other thread.
        """
        thread = threading.get_ident()
        if self._owner.setdefault("thread", thread) != thread:  # one call: no gap
            raise ValueError("workspace is used by another thread, expected one each")

    def load(self, params: Params) -> None:
        """Lay the weights out as the passes need them."""
        self.Wxh, self.Why, self.bh, self.by = (
            params.Wxh.astype(self.dtype, copy=False), params.Why,
            params.bh.T, params.by.T,
        )  # fmt: skip
        self.Whh[...] = params.Whh
        if self.B > 1:  # two matrices are multiplied faster where both lie in rows
            self.WhhT[...] = params.Whh.T

    def unload(self) -> None:
        """Let the parameters of the last pass go."""
        del self.Wxh, self.Why, self.bh, self.by

    @property
    def nbytes(self) -> int:
        """Bytes of the largest buffers."""
        states = self.states.nbytes + self.entries.nbytes + self.letters.nbytes
        stacks = sum(array.nbytes for array in self.blocks[0].stacks[2:])
        return states + stacks + self.Whh.nbytes + self.flat.nbytes

    def _empty(self, *shape: int) -> Array:
        """An array of the workspace's dtype, not filled, that begins a cache line."""
        size = math.prod(shape) * self.dtype.itemsize
        raw = np.empty(size + _LINE, np.uint8)
        start = -raw.__array_interface__["data"][0] % _LINE
        return raw[start : start + size].view(self.dtype).reshape(shape)

    def _blocks(self, n: int) -> list[Block]:
        """The buffers of all blocks of n steps; only states have a place for each."""
        rows = n * self.B
        shared = [self._empty(rows, size) for size in (self.V, self.V, self.H, self.H)]
        starts, ones = self.V * np.arange(rows), np.ones((rows, 1), self.dtype)
        return [
            self._block(t, min(t + n, self.T), shared, starts, ones)
            for t in range(0, self.T, n)
        ]

    def _block(
        self, t: int, end: int, shared: list[Array], starts: Array, ones: Array
    ) -> Block:
        """The buffers of the steps from t on."""
        x, target = self.letters.transpose(0, 2, 1)[:, t:end]
        first, rows = 0 if self.checkpoint else t, self.B * (end - t)
        hs = self.states[first : first + end - t + 1]
        before, after = hs[:-1].reshape(rows, self.H), hs[1:].reshape(rows, self.H)
        xs, ys, dhs, slopes = (array[:rows] for array in shared)
        by_step = [hs, *(a.reshape(-1, self.B, self.H) for a in (dhs, slopes))]
        each_h, each_dh, each_slope = (
            map(list, by_step) if self.T <= _BLOCK else by_step
        )
        brought = dhs.reshape(self.H, self.B, -1)
        return Block(
            x, target, hs, (before, after, xs, ys, dhs, slopes),
            each_h, each_dh, each_slope, brought, starts[:rows], ones[:rows],
        )  # fmt: skip


def _places(shapes: Iterable[tuple[int, int]]) -> list[tuple[slice, tuple[int, int]]]:
    """Where arrays of these shapes lie if their entries follow each other in a vector.

    >>> _places([(2, 3), (4, 1)])
    [(slice(0, 6, None), (2, 3)), (slice(6, 10, None), (4, 1))]
    """
    places, end = [], 0
    for m, n in shapes:
        places.append((slice(end, end := end + m * n), (m, n)))
    return places


class _Idle(threading.local):
    """The workspaces of this thread that nobody uses, by what they are for."""

    def __init__(self) -> None:
        self.workspaces: dict[tuple[object, ...], Workspace] = {}


_idle = _Idle()


def lent(
    V: int, H: int, T: int, B: int, dtype: np.dtype[Any], checkpoint: bool = False
) -> Workspace:
    """A workspace that nobody else has until it is given back: an idle one, or a new.

    Parameters and errors are those of ``Workspace``.

    >>> workspace = lent(2, 3, 5, 1, np.dtype(float))
    >>> lent(2, 3, 5, 1, np.dtype(float)) is workspace
    False
    >>> workspace.load(Params.random(2, 3, np.random.default_rng(0)))
    >>> give_back(workspace)
    >>> lent(2, 3, 5, 1, np.dtype(float)) is workspace
    True
    """
    size = V, H, T, B, dtype, checkpoint
    return _idle.workspaces.pop(size, None) or Workspace(*size)


def give_back(w: Workspace) -> None:
    """Keep a small workspace after a pass, for the next one like it in this thread.

    Nobody may use it, or anything that is a view of it, from here on.
    """
    if w.nbytes > _SMALL:
        return
    w.unload()
    idle = _idle.workspaces
    while len(idle) >= _IDLE:
        del idle[next(iter(idle))]  # the one that has waited longest
    idle[w.V, w.H, w.T, w.B, w.dtype, w.checkpoint] = w
