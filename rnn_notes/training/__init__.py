"""Training: from one state of a network to the next, as long as you ask for states.

A state holds all that the next step depends on and is never changed, so it can be kept,
saved and gone on from at any time. ::

    vocabulary = Vocabulary.of(text)
    state = start(V=len(vocabulary), H=100, T=25, rng=np.random.default_rng(0))
    for state in islice(steps(state, vocabulary.indices(text), T=25), 1000):
        print(state.step, state.smooth_loss)

The loop is the classic one: disjoint chunks of T letters, the hidden state carried from
chunk to chunk and reset at the start of the text, gradients clipped, then Adagrad. With
B above 1 the text is cut into B streams of one length, which are read side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnn_notes.arrays.arguments import Array, check_whole
from rnn_notes.arrays.weights import Weights
from rnn_notes.text import chunks
from rnn_notes.training.networks import CELLS, States, cell_of, vectored
from rnn_notes.training.updates import (
    Update,
    adagrad,
    adam,
    clip,
    clip_norm,
    nothing,
    sgd,
)

__all__ = [
    "State",
    "adagrad",
    "adam",
    "clip",
    "clip_norm",
    "sgd",
    "start",
    "steps",
    "streams",
]

_Pass = Callable[..., tuple[float, Any, Any]]


@dataclass(frozen=True, eq=False)
class State:
    """A network in training, between two steps.

    Parameters
    ----------
    params : Weights
        The network, ``rnn.Params``, ``lstm.Params`` or ``gru.Params``.
    memory : ndarray
        What the rule of its updates remembers, a vector.
    hprev : (H, B) ndarray
        The hidden states after the letters before ``position``.
    position : int
        Place in each stream of the text where the next chunk starts.
    step : int
        Number of steps done.
    loss : float
        Of the last chunk, in nats; before the first, that of a blind guess. Of B chunks
        side by side it is the mean.
    smooth_loss : float
        Running mean, 0.999 of the old and 0.001 of the new loss.
    cprev : (H, B) ndarray
        The cell states, where the network has them.
    """

    params: Weights
    memory: Array
    hprev: Array
    position: int
    step: int
    loss: float
    smooth_loss: float
    cprev: Array | None = None

    @property
    def carried(self) -> States:
        """The states that the next chunk starts from."""
        return (self.hprev,) if self.cprev is None else (self.hprev, self.cprev)


def start(
    V: int,
    H: int,
    T: int,
    rng: np.random.Generator,
    *,
    cell: str = "rnn",
    B: int = 1,
    rule: str = "adagrad",
) -> State:
    """The state before the first step: small random weights, nothing remembered.

    A network that knows nothing gives each letter the probability 1/V. So T letters
    cost it ``-log(1/V) * T`` nats, and that is where the smoothed loss starts.

    Parameters
    ----------
    cell : str
        "rnn", "lstm" or "gru"; an LSTM starts with open gates f, ``bf`` of 1.
    B : int
        Streams that are read side by side.
    rule : str
        "sgd", "adagrad" or "adam", which decides what there is to remember.

    Raises
    ------
    TypeError
        For sizes that are no whole numbers, and without a generator.
    ValueError
        For another cell or rule, and for sizes below 1.

    Examples
    --------
    >>> state = start(V=2, H=3, T=25, rng=np.random.default_rng(0))
    >>> bool(np.isclose(state.smooth_loss, 25 * np.log(2)))
    True
    """
    if cell not in CELLS:
        raise ValueError(f"cell is {cell!r}, expected one of {', '.join(CELLS)}")
    check_whole("B", B)
    params = CELLS[cell].Params.random(V, H, rng)
    if cell == "lstm":
        params = params.replace(bf=np.ones((H, 1)))
    hprev, *cprev = CELLS[cell].zeros(H, B)
    blind = float(np.log(V)) * T
    memory = nothing(rule, params.vector)
    return State(params, memory, hprev, 0, 0, blind, blind, *cprev)


def streams(indices: Sequence[int] | Array, B: int) -> Array:
    """The text as B streams of one length, (B, n), or as it is where B is 1.

    What remains at its end is shorter than a stream and left out.

    >>> streams([0, 1, 2, 3, 4], B=2).tolist()
    [[0, 1], [2, 3]]
    """
    text = np.asarray(indices)
    n = len(text) // B
    return text if B == 1 else text[: B * n].reshape(B, n)


def steps(
    state: State,
    indices: Sequence[int] | Array,
    T: int,
    update: Update = adagrad,
    clip: Callable[[Array], Array] = clip,
    loss_and_gradients: _Pass | None = None,
) -> Iterator[State]:
    """Every state after ``state``, without end, in training on the text ``indices``.

    The last chunk that fits is used. What remains after it is shorter and left out; the
    next chunk starts at the first letter again, from a hidden state of zero.

    Parameters
    ----------
    update : Update
        ``adagrad``, ``sgd`` or ``adam``, as ``state`` was begun for, or the same with
        another learning rate.
    clip : callable
        ``clip`` or ``clip_norm``, or any function of the gradient.
    loss_and_gradients : Pass, optional
        The pass through the network, by default the fastest there is; ``rnn``, ``lstm``
        and ``gru`` have readable ones.

    Raises
    ------
    ValueError
        Where the text has no T + 1 letters for each stream, and at the step after which
        a weight is no finite number any more.

    Examples
    --------
    >>> state = start(V=2, H=3, T=3, rng=np.random.default_rng(0))
    >>> training = steps(state, [0, 1, 1, 0, 1, 1, 0], T=3)
    >>> [next(training).position for _ in range(4)]
    [3, 6, 3, 6]
    """
    B = state.hprev.shape[1]
    text = streams(indices, B)
    n = text.shape[-1]
    chunks(range(n), T)  # raises here and now, not at the first step
    run = vectored(loss_and_gradients) if loss_and_gradients else None
    run = run or cell_of(state.params).fast

    def states(state: State) -> Iterator[State]:
        weights = state.params.vector
        while True:
            if state.position + T + 1 > n:
                state = _rewound(state)
            p = state.position
            inputs, targets = text[..., p : p + T], text[..., p + 1 : p + T + 1]
            with np.errstate(over="ignore", invalid="ignore"):  # the error says more
                loss, d, last = run(state.params, inputs, targets, *state.carried)
                if B > 1:  # a mean over the streams: B changes no scale
                    loss, d = loss / B, d / B
                weights, memory = update(weights, clip(d), state.memory)
            state = _following(state, weights, memory, last, loss, T)
            yield state

    return states(state)


def _rewound(state: State) -> State:
    """The state at the start of the text again, nothing read before it."""
    hprev, *cprev = (np.zeros_like(carried) for carried in state.carried)
    return replace(state, position=0, hprev=hprev, cprev=cprev[0] if cprev else None)


def _following(
    state: State, weights: Array, memory: Array, last: States, loss: float, T: int
) -> State:
    """The state one step after ``state``, from what that step has made."""
    step, position, was = state.step + 1, state.position + T, state.params
    try:
        params = was.of(weights, was.V, was.H)
    except ValueError as error:
        raise ValueError(
            f"training broke down at step {step}: {error}; try a smaller learning rate"
        ) from error
    smooth_loss = 0.999 * state.smooth_loss + 0.001 * loss
    hprev, *cprev = last
    return State(params, memory, hprev, position, step, loss, smooth_loss, *cprev)
