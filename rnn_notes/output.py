"""The output layer of a network, from its states to the loss; the cells share it.

``rnn.forward`` has the same lines in its own loop, where they can be read in place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnn_notes.arguments import Array
from rnn_notes.rnn import logsumexp, one_hot, softmax

__all__ = ["Output", "columns", "predict"]


class Output(NamedTuple):
    """What an output layer makes of states, indexed by t from 0 to T-1.

    ys, ps : (V, 1) logits and probabilities
    es     : (V, 1) one-hot target of each step
    losses : (T,) ndarray, negative log-likelihood of each target, in nats
    loss   : their sum
    """

    ys: Mapping[int, Array]
    ps: Mapping[int, Array]
    es: Mapping[int, Array]
    losses: Array
    loss: Any


def columns(indices: Sequence[int], V: int, dtype: DTypeLike) -> dict[int, Array]:
    """The one-hot column of each index, (V, 1), by its place.

    >>> columns([1, 0], 2, np.float64)[0].ravel().tolist()
    [0.0, 1.0]
    """
    return {t: one_hot(index, V).astype(dtype) for t, index in enumerate(indices)}


def predict(
    Why: Array, by: Array, hs: Mapping[int, Array], targets: Sequence[int]
) -> Output:
    """Logits, probabilities and losses of the states ``hs[0]``, …, ``hs[T-1]``.

    Parameters
    ----------
    Why, by : (V, H) and (V, 1) ndarray
    hs      : (H, 1) ndarray at each t
    targets : T indices from 0 to V-1

    Examples
    --------
    >>> Why, by = np.zeros((2, 3)), np.zeros((2, 1))
    >>> output = predict(Why, by, {0: np.ones((3, 1))}, [1])
    >>> bool(np.isclose(output.loss, np.log(2))), output.ps[0].ravel().tolist()
    (True, [0.5, 0.5])
    """
    ys = {t: Why @ hs[t] + by for t in range(len(targets))}  # (V, 1)
    ps = {t: softmax(y) for t, y in ys.items()}  # (V, 1)
    es = columns(targets, len(Why), Why.dtype)
    losses = np.array([logsumexp(y) - y[targets[t], 0] for t, y in ys.items()])
    return Output(ys, ps, es, losses, losses.sum().item())
