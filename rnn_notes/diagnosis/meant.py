"""Is it the loss that was meant? Four tests that need no gradient.

What you can do with it::

    padding(answer, sequence)                    # zeros in front change nothing
    permuting(answers, batch, seed=0)            # a batch has no order
    chunking(run, inputs, targets, state, 5)     # chunks add up to the whole
    starting(loss, T, V)                         # small weights cost T log V
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnn_notes.rnn import Array

__all__ = ["Tested", "chunking", "padding", "permuting", "starting"]

_ALIKE, _NEAR = 1e-9, 0.1


@dataclass(frozen=True)
class Tested:
    """What a test found; true where it passed.

    passed : whether the answers are alike
    gap    : the largest difference, relative to the largest answer
    told   : a sentence
    """

    passed: bool
    gap: float
    told: str

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        return self.told


def padding(
    answer: Callable[[Array], Any],
    sequence: Any,
    *,
    amounts: Sequence[int] = (2, 5),
    behind: bool = False,
) -> Tested:
    """Whether the answer for a sequence stays when steps of zeros are put to it.

    Parameters
    ----------
    answer : callable
        Takes a sequence, (T, D), and returns what the network answers for it. Where it
        takes a mask too, let it be made in there.
    sequence : array_like
        Steps along the first axis.
    amounts : sequence of int
        How many steps of zeros are put in front, or ``behind``.

    Examples
    --------
    >>> bool(padding(lambda x: x.sum(axis=0), np.ones((3, 2))))
    True
    >>> padding(lambda x: x.mean(axis=0), np.ones((3, 2))).told.partition(":")[0]
    'Padded by 5, the answer differs by 0.62 of itself'
    """
    sequence = np.asarray(sequence, dtype=float)
    alone = np.asarray(answer(sequence), dtype=float)
    gaps = {}
    for amount in amounts:
        empty = np.zeros((amount, *sequence.shape[1:]))
        parts = (sequence, empty) if behind else (empty, sequence)
        gaps[amount] = _gap(answer(np.concatenate(parts)), alone)
    worst = max(gaps, key=lambda amount: gaps[amount])
    if gaps[worst] <= _ALIKE:
        words = f"Padded by {' and '.join(map(str, gaps))} the answer stays."
        return Tested(True, gaps[worst], words)
    return Tested(
        False,
        gaps[worst],
        f"Padded by {worst}, the answer differs by {gaps[worst]:.2g} of itself: a "
        "padded step moves the state, or counts in the loss. Keep the state there, "
        "h = m * new + (1 - m) * h, and mask the loss.",
    )


def permuting(answers: Callable[[Array], Any], batch: Any, *, seed: int = 0) -> Tested:
    """Whether a permuted batch gives the permuted answers.

    Parameters
    ----------
    answers : callable
        Takes a batch and returns one answer for each sequence, both along axis 0.
    batch : array_like
        Sequences along the first axis.
    seed : int
        Of the permutation.

    Examples
    --------
    >>> batch = np.arange(12.0).reshape(4, 3)
    >>> bool(permuting(lambda x: x**2, batch))
    True
    >>> bool(permuting(lambda x: x + x[0], batch))
    False
    """
    batch = np.asarray(batch)
    order = np.roll(np.random.default_rng(seed).permutation(len(batch)), 1)
    if np.array_equal(order, np.arange(len(batch))):
        order = order[::-1]
    gap = _gap(answers(batch[order]), np.asarray(answers(batch), dtype=float)[order])
    if gap <= _ALIKE:
        return Tested(True, gap, "A permuted batch gives the permuted answers.")
    return Tested(
        False,
        gap,
        f"A permuted batch gives answers that differ by {gap:.2g}: the sequences of a "
        "batch see each other. Is an axis taken for another, or a state kept?",
    )


def chunking(
    run: Callable[[Any, Any, Any], tuple[Any, Any]],
    inputs: Sequence[Any],
    targets: Sequence[Any],
    state: Any,
    length: int,
) -> Tested:
    """Whether a text in chunks costs what the whole text costs.

    Parameters
    ----------
    run : callable
        Takes inputs, targets and a state, and returns the summed loss and the last
        state, which the next chunk starts from.
    inputs, targets : sequence
    state
        The first state.
    length : int
        Steps in a chunk.

    Examples
    --------
    >>> def run(inputs, targets, state):
    ...     return sum(state + x for x in inputs), state
    >>> bool(chunking(run, [1.0, 2.0, 3.0], [0, 0, 0], 0.5, length=2))
    True
    >>> bool(chunking(lambda x, y, s: (s, s + 1), [1, 2, 3], [0, 0, 0], 0.5, length=2))
    False
    """
    whole, _ = run(inputs, targets, state)
    total: Any = 0.0
    for start in range(0, len(inputs), length):
        end = start + length
        loss, state = run(inputs[start:end], targets[start:end], state)
        total += loss
    gap = _gap(total, np.asarray(whole, dtype=float))
    if gap <= _ALIKE:
        return Tested(True, gap, f"In chunks of {length} the text costs the same.")
    return Tested(
        False,
        gap,
        f"In chunks of {length} the text costs {float(total):.6g}, as a whole "
        f"{float(whole):.6g}: is the last state handed on, and the loss a sum?",
    )


def starting(loss: float, T: int, V: int) -> Tested:
    """Whether a first loss, with small weights, is near that of an even guess.

    Parameters
    ----------
    loss : float
        The summed loss of T steps with one target each, before any training.
    T, V : int
        Steps and letters.

    Examples
    --------
    >>> bool(starting(41.0, T=25, V=5)), bool(starting(1.6, T=25, V=5))
    (True, False)
    """
    even = T * float(np.log(V))
    gap = abs(float(loss) - even) / even
    words = f"{T} log {V} is {even:.4g}, the loss {float(loss):.4g}"
    if gap <= _NEAR:
        return Tested(True, gap, f"{words}: near an even guess, as it should start.")
    mean = abs(float(loss) * T - even) <= _NEAR * even
    why = "it is a mean over the steps" if mean else "are the weights large?"
    return Tested(False, gap, f"{words}: {why}")


def _gap(one: Any, other: Array) -> float:
    """The largest difference, relative to the largest entry; inf for other shapes."""
    one = np.asarray(one, dtype=float)
    if one.shape != other.shape:
        return float("inf")
    size = max(np.abs(one).max(initial=0), np.abs(other).max(initial=0))
    return float(np.abs(one - other).max(initial=0) / size) if size else 0.0
