"""Training: from one state of a network to the next, as long as you ask for states.

A state holds all that the next step depends on and is never changed, so it can be kept,
saved and gone on from at any time. ::

    vocabulary = Vocabulary.of(text)
    state = start(V=len(vocabulary), H=100, T=25, rng=np.random.default_rng(0))
    for state in islice(steps(state, vocabulary.encode(text), T=25), 1000):
        print(state.step, state.smooth_loss)

The loop is the classic one: disjoint chunks of T letters, the hidden state carried from
chunk to chunk and reset at the start of the text, gradients clipped, then Adagrad.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnn_notes import buffers, hoisted
from rnn_notes.rnn import Array, Gradients, Params
from rnn_notes.text import chunks

Pass = Callable[
    [Params, Sequence[int], Sequence[int], Array], tuple[float, Gradients, Array]
]
Update = Callable[[Array, Array, Array], tuple[Array, Array]]
VectorPass = Callable[
    [Params, Sequence[int], Sequence[int], Array], tuple[float, Array, Array]
]


@dataclass(frozen=True, eq=False)
class State:
    """A network in training, between two steps.

    params      : the network
    memory      : what the optimiser remembers, a number for each entry of
        ``params.vector``
    hprev       : (H, 1), the hidden state after the letters before ``position``
    position    : place in the text where the next chunk starts
    step        : number of steps done
    loss        : of the last chunk, in nats; before the first, that of a blind guess
    smooth_loss : running mean, 0.999 of the old and 0.001 of the new loss
    """

    params: Params
    memory: Array
    hprev: Array
    position: int
    step: int
    loss: float
    smooth_loss: float


def start(V: int, H: int, T: int, rng: np.random.Generator) -> State:
    """The state before the first step: small random weights, nothing remembered.

    A network that knows nothing gives each letter the probability 1/V. So T letters
    cost it ``-log(1/V) * T`` nats, and that is where the smoothed loss starts.

    >>> state = start(V=2, H=3, T=25, rng=np.random.default_rng(0))
    >>> bool(np.isclose(state.smooth_loss, 25 * np.log(2)))
    True
    """
    params = Params.random(V, H, rng)
    blind = float(np.log(V)) * T
    nothing = np.zeros_like(params.vector)
    return State(params, nothing, np.zeros((H, 1)), 0, 0, blind, blind)


def clip(d: Array, bound: float = 5.0) -> Array:
    """The gradient with every entry cut to ±bound, as the classic does it.

    d : all gradients in one vector, as ``Gradients.vector`` gives them, or any array

    This changes the direction of a gradient, so a gradient is checked before it is
    clipped.

    >>> clip(np.array([-7.0, 2.0])).tolist()
    [-5.0, 2.0]
    """
    _positive("bound", bound)
    cut: Array = np.clip(d, -bound, bound, out=buffers.empty_like(d))
    return cut


def clip_norm(d: Array, bound: float = 5.0) -> Array:
    """The gradient, shrunk as a whole where its norm is above ``bound``.

    d : all gradients in one vector, whose direction is kept

    Pascanu, Mikolov and Bengio (2013).

    >>> clip_norm(np.array([30.0, 40.0])).tolist()
    [3.0, 4.0]
    """
    _positive("bound", bound)
    largest = float(np.abs(d).max())
    if not 0 < largest < np.inf:  # all zero, or beyond saving
        return d
    norm = largest * np.linalg.norm(d / largest)  # large entries' squares overflow
    shrunk: Array = d * min(1.0, bound / norm)
    return shrunk


def sgd(
    weights: Array, d: Array, memory: Array, learning_rate: float = 0.1
) -> tuple[Array, Array]:
    """Weights one step of gradient descent further, and the memory as it came.

    >>> weights, _ = sgd(np.ones(2), np.array([2.0, -4.0]), np.zeros(2))
    >>> bool(np.allclose(weights, [0.8, 1.4]))
    True
    """
    return weights - learning_rate * d, memory


def adagrad(
    weights: Array, d: Array, memory: Array, learning_rate: float = 0.1
) -> tuple[Array, Array]:
    """Weights one Adagrad step further, and the sums of squared gradients so far.

    weights, d, memory : arrays of one shape; each entry is treated by itself

    Every entry has a step length of its own: the more it has moved already, the
    smaller. Duchi, Hazan and Singer (2011); ``1e-8`` stands inside the root, as in the
    classic. The two arrays that it returns are all that it takes memory for.

    >>> weights, memory = adagrad(np.ones(2), np.array([2.0, -4.0]), np.zeros(2))
    >>> bool(np.allclose(weights, [0.9, 1.1])), memory.tolist()
    (True, [4.0, 16.0])
    """
    sums, moved = buffers.empty_like(memory), buffers.empty_like(weights)
    np.multiply(d, d, sums)
    sums += memory
    np.add(sums, 1e-8, moved)
    np.sqrt(moved, moved)
    np.divide(d, moved, moved)  # d / sqrt(sums + 1e-8)
    moved *= -learning_rate
    moved += weights
    return moved, sums


def steps(
    state: State,
    indices: Sequence[int],
    T: int,
    update: Update = adagrad,
    clip: Callable[[Array], Array] = clip,
    loss_and_gradients: Pass | None = None,
) -> Iterator[State]:
    """Every state after ``state``, without end, in training on the text ``indices``.

    update             : ``adagrad`` or ``sgd``, or either with another learning rate
    clip               : ``clip`` or ``clip_norm``, or any function of the gradient
    loss_and_gradients : the pass through the network, by default the hoisted one with
        a workspace of its own; ``rnn`` has a readable one

    The last chunk that fits is used. What remains after it is shorter and left out; the
    next chunk starts at the first letter again, from a hidden state of zero.

    Raises ``ValueError`` where the text has no T + 1 letters, and at the step after
    which a weight is no finite number any more.

    >>> state = start(V=2, H=3, T=3, rng=np.random.default_rng(0))
    >>> training = steps(state, [0, 1, 1, 0, 1, 1, 0], T=3)
    >>> [next(training).position for _ in range(4)]
    [3, 6, 3, 6]
    """
    chunks(indices, T)  # raises here and now, not at the first step
    if loss_and_gradients:
        run = _gathered(loss_and_gradients)
    else:
        run = _hoisted(state.params, T)

    def states(state: State) -> Iterator[State]:
        while True:
            if state.position + T + 1 > len(indices):
                state = replace(state, position=0, hprev=np.zeros_like(state.hprev))
            for chunk in chunks(indices[state.position :], T):
                state = _after(state, *chunk, update, clip, run)
                yield state

    return states(state)


def _gathered(loss_and_gradients: Pass) -> VectorPass:
    """The pass with its gradients by the parameters in one vector."""

    def run(*arguments: Any) -> tuple[float, Array, Array]:
        loss, gradients, hlast = loss_and_gradients(*arguments)
        return loss, gradients.vector, hlast

    return run


def _hoisted(params: Params, T: int) -> VectorPass:
    """The hoisted pass for chunks of T letters, its buffers used again and again."""
    dtype = params.vector.dtype
    workspace = hoisted.Workspace(params.V, params.H, T, dtype=dtype)

    def run(*arguments: Any) -> tuple[float, Array, Array]:
        loss, _, hlast = hoisted.loss_and_gradients(*arguments, workspace=workspace)
        d = buffers.empty_like(workspace.flat)
        d[...] = workspace.flat  # a state may keep it, and the next pass writes there
        return loss, d, hlast

    return run


def _after(
    state: State,
    inputs: Sequence[int],
    targets: Sequence[int],
    update: Update,
    clip: Callable[[Array], Array],
    run: VectorPass,
) -> State:
    """The state one step after ``state``: forward, backward, clip, update."""
    step, position, params = state.step + 1, state.position + len(inputs), state.params
    with np.errstate(over="ignore", invalid="ignore"):  # the error below says more
        loss, d, hlast = run(params, inputs, targets, state.hprev)
        weights, memory = update(params.vector, clip(d), state.memory)
    try:
        params = Params.of(weights, params.V, params.H)
    except ValueError as error:
        raise ValueError(
            f"training broke down at step {step}: {error}; try a smaller learning rate"
        ) from error
    smooth_loss = 0.999 * state.smooth_loss + 0.001 * loss
    return State(params, memory, hlast.copy(), position, step, loss, smooth_loss)


def _positive(name: str, value: float) -> None:
    """Raises unless the value is above zero; nan is not."""
    if not value > 0:
        raise ValueError(f"{name} is {value}, expected a number above 0")
