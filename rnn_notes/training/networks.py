"""The three networks side by side: what training and sampling need of each.

What you can do with it::

    cell = cell_of(params)                     # CELLS["lstm"], say
    states = cell.zeros(H, B)                  # before the first step
    loss, d, states = cell.fast(params, inputs, targets, *states)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnn_notes import gru, hoisted, lstm, rnn
from rnn_notes.arrays.arguments import Array
from rnn_notes.arrays.weights import Weights
from rnn_notes.hoisted import hoisted_lstm

__all__ = ["CELLS", "Cell", "States", "VectorPass", "cell_of", "vectored"]

States = tuple[Array, ...]
VectorPass = Callable[..., tuple[float, Array, States]]


@dataclass(frozen=True)
class Cell:
    """One kind of network.

    name    : as the command line calls it
    Params  : the class of its parameters
    states  : what it carries from step to step: "hprev", and "cprev" if there are two
    forward : its readable forward pass
    fast    : loss, gradient as one vector and last states, of one sequence or of B
    """

    name: str
    Params: type[Weights]
    states: tuple[str, ...]
    forward: Callable[..., Any]
    fast: VectorPass

    def zeros(self, H: int, B: int = 1) -> States:
        """The states before the first step, (H, B) each."""
        return tuple(np.zeros((H, B)) for _ in self.states)

    def last(self, run: Any) -> States:
        """The states after a run of ``forward``, (H, 1) each."""
        kept = (run.hs, run.cs) if "cprev" in self.states else (run.hs,)
        return tuple(states[run.T - 1] for states in kept)


def cell_of(params: Weights) -> Cell:
    """The kind of network that the parameters belong to.

    Raises
    ------
    TypeError
        For parameters of no network here.

    Examples
    --------
    >>> cell_of(gru.Params.random(2, 3, np.random.default_rng(0))).name
    'gru'
    """
    for cell in CELLS.values():
        if isinstance(params, cell.Params):
            return cell
    names = ", ".join(f"{name}.Params" for name in CELLS)
    raise TypeError(f"params is {type(params).__name__}, expected one of {names}")


def vectored(loss_and_gradients: Callable[..., Any]) -> VectorPass:
    """A pass with its gradients by the parameters in one vector, its states a tuple."""

    def run(*arguments: Any) -> tuple[float, Array, States]:
        loss, gradients, last = loss_and_gradients(*arguments)
        return loss, gradients.vector, last if isinstance(last, tuple) else (last,)

    return run


def _one_by_one(run: VectorPass) -> VectorPass:
    """A pass that takes B sequences too: one after the other, all added up."""

    def batched(
        params: Weights, inputs: Array, targets: Array, *states: Array
    ) -> tuple[float, Array, States]:
        if np.ndim(inputs) == 1:
            return run(params, inputs, targets, *states)
        losses, ds, lasts = [], [], []
        for b, (x, target) in enumerate(zip(inputs, targets, strict=True)):
            loss, d, last = run(params, x, target, *(s[:, b : b + 1] for s in states))
            losses.append(loss)
            ds.append(d)
            lasts.append(last)
        joined = tuple(np.hstack(state) for state in zip(*lasts, strict=True))
        return sum(losses), np.sum(ds, axis=0), joined

    return batched


CELLS = {
    cell.name: cell
    for cell in (
        Cell("rnn", rnn.Params, ("hprev",), rnn.forward, hoisted.loss_and_vector),
        Cell(
            "lstm",
            lstm.Params,
            ("hprev", "cprev"),
            lstm.forward,
            hoisted_lstm.loss_and_vector,
        ),
        Cell(
            "gru",
            gru.Params,
            ("hprev",),
            gru.forward,
            _one_by_one(vectored(gru.loss_and_gradients)),
        ),
    )
}
