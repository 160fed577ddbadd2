"""The running example of the book: two letters, three hidden units, five steps.

Weights have one decimal, so that a reader can follow with a pencil.
The first state is not zero: a wrong factor beside a zero would go unseen.
"""

import numpy as np

from rnn_notes.rnn import Array, Params

__all__ = ["ALPHABET", "TEXT", "running_example"]

ALPHABET = "ab"
TEXT = "abbabb"


def running_example(T: int = 5) -> tuple[Params, list[int], list[int], Array]:
    """``params, inputs, targets, hprev`` of the first T steps, V = 2 and H = 3.

    The inputs spell "abbab", the targets "bbabb": at t = 0 the second letter is due.
    Raises ``ValueError`` unless T is from 1 to 5.

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
