"""The network as nature: values drawn at random, and what a nudge does to them.

Nothing here knows a derivative. A world holds the value of every quantity; nudging it
gives another world, in which one quantity is moved and everything after it computed
again. Many nudges run at once, along a new first axis of every array that they reach.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Key = tuple[str, tuple[int, ...]]  # a name and its indices: ("h", (2,)), ("L", ())

STEPWISE = ("a", "h", "y", "p", r"\ell")


class World:
    """The values of all quantities under given nudges.

    roots  : what everything else is computed from: weights, inputs, targets, h_0
    T      : number of time steps
    nudges : what is added to a quantity once it is computed, by key
    held   : the hidden states that enter the steps, where they are held still
    still  : quantities that do not move, whatever they are computed from
    batch  : the leading axes along which nudges differ
    values : the value of every quantity, (..., rows, columns)
    memo   : what has been evaluated in this world, for whoever evaluates
    """

    def __init__(
        self,
        roots: Mapping[Key, Array],
        T: int,
        nudges: Mapping[Key, Array] | None = None,
        held: Mapping[Key, Array] | None = None,
        still: Mapping[Key, Array] | None = None,
        batch: tuple[int, ...] = (),
    ) -> None:
        self.roots, self.T, self.batch = roots, T, batch
        self.nudges: Mapping[Key, Array] = nudges or {}
        self.held, self.still = held, still or {}
        self.memo: dict[Any, Any] = {}
        self.values: dict[Key, Array] = {}
        for key, value in roots.items():
            self.put(key, value)
        self.run()

    def put(self, key: Key, value: Array) -> Array:
        """The value of a quantity with its nudge, kept under its key."""
        value = self.still.get(key, value)
        if key in self.nudges:
            value = value + self.nudges[key]
        self.values[key] = value
        return value

    def run(self) -> None:
        """The forward pass, as in ``rnn.forward``; formulas count steps from 1."""
        v = self.values
        Wxh, Whh, Why = (v[f"W_{{{name}}}", ()] for name in ("xh", "hh", "hy"))
        bh, by = v["b_{h}", ()], v["b_{y}", ()]
        L = np.zeros((1, 1))
        for t in range(1, self.T + 1):
            before = self.entering(t)
            a = self.put(("a", (t,)), Wxh @ v["x", (t,)] + Whh @ before + bh)
            h = self.put(("h", (t,)), np.tanh(a))
            y = self.put(("y", (t,)), Why @ h + by)
            p = self.put(("p", (t,)), softmax(y))
            due = (v["e", (t,)] * p).sum(axis=-2, keepdims=True)
            L = L + self.put((r"\ell", (t,)), -np.log(due))
        self.put(("L", ()), L)

    def entering(self, t: int) -> Array:
        """The hidden state that enters step t."""
        key = ("h", (t - 1,))
        if self.held is None:
            return self.values[key]
        nudge: Array | float = self.nudges.get(key, 0.0)
        return self.held[key] + nudge

    def nudged(
        self,
        nudges: Mapping[Key, Array],
        hold: bool = False,
        still: Collection[str] = (),
    ) -> World:
        """The world in which quantities are moved, and all that follows from it.

        nudges : by key, (N, rows, columns): N worlds at once
        hold   : the states that enter a step stay still, unless they are moved here
        still  : names of quantities that do not move at all
        """
        N = len(next(iter(nudges.values())))
        inner = (1,) * len(self.batch)
        moved = {k: d.reshape(N, *inner, *d.shape[1:]) for k, d in nudges.items()}
        for key, delta in self.nudges.items():
            moved[key] = moved[key] + delta if key in moved else delta
        held = self.values if hold else None
        fixed = {key: v for key, v in self.values.items() if key[0] in still}
        return World(self.roots, self.T, moved, held, fixed, (N, *self.batch))


def softmax(y: Array) -> Array:
    """Probabilities for the logits ``y``, (..., n, 1), complex ones too."""
    e = np.exp(y - y.real.max(axis=-2, keepdims=True))
    p: Array = e / e.sum(axis=-2, keepdims=True)
    return p
