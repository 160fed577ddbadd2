"""Text that a network writes: letter after letter, each drawn from its prediction.

A letter is drawn at random, with the probabilities ``ps[t]``. It is not the likeliest
letter each time: that is what a temperature near 0 gives, and it soon repeats itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnn_notes.arrays.arguments import Array
from rnn_notes.arrays.weights import Weights
from rnn_notes.rnn import softmax
from rnn_notes.training.networks import Cell, cell_of

__all__ = ["sample"]


def sample(
    params: Weights,
    prime: Sequence[int] | Array,
    length: int,
    rng: np.random.Generator,
    temperature: float = 1.0,
    hprev: Array | None = None,
    cprev: Array | None = None,
) -> list[int]:
    """``length`` letters that the network writes after reading ``prime``, as indices.

    Parameters
    ----------
    prime : sequence of int
        One index or more: a network predicts what follows a letter.
    rng : Generator
        The same generator state gives the same letters.
    temperature : float
        What the logits are divided by. At 1 letters come as often as they are
        predicted, near 0 only the likeliest, above 1 rare ones more often.
    hprev : (H, 1) ndarray
        The state before ``prime``; zeros unless given.
    cprev : (H, 1) ndarray
        Likewise the cell state of an LSTM.

    Raises
    ------
    ValueError
        For an empty prime, an index outside the vocabulary, a length below 0 and a
        temperature not above 0.

    Examples
    --------
    >>> from rnn_notes import Params
    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0))
    >>> sure = params.replace(by=[[0.0], [50.0]])  # always predicts the second letter
    >>> sample(sure, [0], 5, np.random.default_rng(0))
    [1, 1, 1, 1, 1]
    """
    if length < 0:
        raise ValueError(f"length is {length}, expected at least 0")
    if not temperature > 0:
        raise ValueError(f"temperature is {temperature}, expected a number above 0")
    if len(prime) == 0:
        raise ValueError("prime is empty, expected at least one index")
    cell, letters = cell_of(params), list[int]()
    zeros = cell.zeros(params.H)
    given = [zero if s is None else s for zero, s in zip(zeros, (hprev, cprev))]  # noqa: B905
    y, states = _read(cell, params, prime, given)
    for _ in range(length):
        p = softmax(_cooled(y, temperature))
        letters.append(int(rng.choice(params.V, p=p.ravel())))
        y, states = _read(cell, params, letters[-1:], states)
    return letters


def _read(
    cell: Cell, params: Weights, letters: Sequence[int] | Array, states: Sequence[Array]
) -> tuple[Array, Sequence[Array]]:
    """Logits and states after reading the letters from the given states."""
    targets = letters  # any would do: only the loss depends on them
    run = cell.forward(params, letters, targets, *states)
    return run.ys[run.T - 1], cell.last(run)


def _cooled(y: Array, temperature: float) -> Array:
    """Logits divided by the temperature; the largest is 0, so that none overflows."""
    with np.errstate(over="ignore"):  # far below the largest: -inf, probability 0
        cooled: Array = (y - y.max()) / temperature
    return cooled
