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

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnn_notes import hoisted
from rnn_notes.rnn import Array, Gradients, Params
from rnn_notes.text import chunks

NAMES = ("Wxh", "Whh", "Why", "bh", "by")
Memory = Mapping[str, Array]
Pass = Callable[
    [Params, Sequence[int], Sequence[int], Array], tuple[float, Gradients, Array]
]
Update = Callable[[Params, Gradients, Memory], tuple[Params, Memory]]


@dataclass(frozen=True, eq=False)
class State:
    """A network in training, between two steps.

    params      : the network
    memory      : what the optimiser remembers, an array for each parameter, by name
    hprev       : (H, 1), the hidden state after the letters before ``position``
    position    : place in the text where the next chunk starts
    step        : number of steps done
    loss        : of the last chunk, in nats; before the first, that of a blind guess
    smooth_loss : running mean, 0.999 of the old and 0.001 of the new loss
    """

    params: Params
    memory: Memory
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
    memory = {name: np.zeros_like(getattr(params, name)) for name in NAMES}
    blind = float(np.log(V)) * T
    return State(params, memory, np.zeros((H, 1)), 0, 0, blind, blind)


def clip(gradients: Gradients, bound: float = 5.0) -> Gradients:
    """The parameters' gradients with every entry cut to ±bound, as the classic does it.

    This changes the direction of a gradient, so a gradient is checked before it is
    clipped. ``dhprev`` moves no parameter and stays as it is.

    >>> cut = clip(Gradients(*[np.array([[-7.0, 2.0]])] * 6))
    >>> cut.dWhh.tolist(), cut.dhprev.tolist()
    ([[-5.0, 2.0]], [[-7.0, 2.0]])
    """
    _positive("bound", bound)
    *by_params, dhprev = gradients
    return Gradients._make([*(np.clip(d, -bound, bound) for d in by_params), dhprev])


def clip_norm(gradients: Gradients, bound: float = 5.0) -> Gradients:
    """The gradients, shrunk together where their common norm is above ``bound``.

    The norm is that of all the parameters' entries in one long vector; its direction is
    kept. Pascanu, Mikolov and Bengio (2013).

    >>> cut = clip_norm(Gradients(*[np.array([[30.0, 40.0]])] * 6), bound=5.0)
    >>> bool(np.isclose(np.sqrt(sum((d**2).sum() for d in cut[:5])), 5.0))
    True
    """
    _positive("bound", bound)
    *by_params, _ = gradients
    largest = max(float(np.abs(d).max()) for d in by_params)
    if not 0 < largest < np.inf:  # all zero, or beyond saving
        return gradients
    squares = sum(float(np.square(d / largest).sum()) for d in by_params)
    norm = largest * np.sqrt(squares)  # squares of large entries would overflow
    return Gradients(*(d * min(1.0, bound / norm) for d in gradients))


def sgd(
    params: Params, gradients: Gradients, memory: Memory, learning_rate: float = 0.1
) -> tuple[Params, Memory]:
    """Parameters one step of gradient descent further, and the memory as it came.

    >>> state = start(V=2, H=3, T=1, rng=np.random.default_rng(0))
    >>> ones = Gradients(*(np.ones_like(a) for a in vars(state.params).values()), 0)
    >>> params, _ = sgd(state.params, ones, state.memory, learning_rate=0.5)
    >>> bool(np.array_equal(params.Whh, state.params.Whh - 0.5))
    True
    """
    moved = {
        name: getattr(params, name) - learning_rate * getattr(gradients, f"d{name}")
        for name in NAMES
    }
    return Params(**moved), memory


def adagrad(
    params: Params, gradients: Gradients, memory: Memory, learning_rate: float = 0.1
) -> tuple[Params, Memory]:
    """Parameters one Adagrad step further, and the sums of squared gradients so far.

    Every entry has a step length of its own: the more it has moved already, the
    smaller. Duchi, Hazan and Singer (2011); ``1e-8`` stands inside the root, as in the
    classic.

    >>> state = start(V=2, H=3, T=1, rng=np.random.default_rng(0))
    >>> twos = Gradients(*(np.full_like(a, 2) for a in vars(state.params).values()), 0)
    >>> params, memory = adagrad(state.params, twos, state.memory, learning_rate=0.5)
    >>> bool(np.allclose(state.params.by - params.by, 0.5)), bool(memory["by"][0] == 4)
    (True, True)
    """
    moved, sums = {}, {}
    for name in NAMES:
        d = getattr(gradients, f"d{name}")
        sums[name] = memory[name] + d * d
        step = learning_rate * d / np.sqrt(sums[name] + 1e-8)
        moved[name] = getattr(params, name) - step
    return Params(**moved), sums


def steps(
    state: State,
    indices: Sequence[int],
    T: int,
    update: Update = adagrad,
    clip: Callable[[Gradients], Gradients] = clip,
    loss_and_gradients: Pass = hoisted.loss_and_gradients,
) -> Iterator[State]:
    """Every state after ``state``, without end, in training on the text ``indices``.

    update             : ``adagrad`` or ``sgd``, or either with another learning rate
    clip               : ``clip`` or ``clip_norm``, or any function of gradients
    loss_and_gradients : the pass through the network; ``rnn`` has a readable one

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

    def states(state: State) -> Iterator[State]:
        while True:
            if state.position + T + 1 > len(indices):
                state = replace(state, position=0, hprev=np.zeros_like(state.hprev))
            for chunk in chunks(indices[state.position :], T):
                state = _after(state, *chunk, update, clip, loss_and_gradients)
                yield state

    return states(state)


def _after(
    state: State,
    inputs: Sequence[int],
    targets: Sequence[int],
    update: Update,
    clip: Callable[[Gradients], Gradients],
    loss_and_gradients: Pass,
) -> State:
    """The state one step after ``state``: forward, backward, clip, update."""
    step, position = state.step + 1, state.position + len(inputs)
    with np.errstate(over="ignore", invalid="ignore"):  # the error below says more
        loss, gradients, hlast = loss_and_gradients(
            state.params, inputs, targets, state.hprev
        )
        try:
            params, memory = update(state.params, clip(gradients), state.memory)
        except ValueError as error:
            raise ValueError(
                f"training broke down at step {step}: {error}; try a smaller "
                "learning rate"
            ) from error
    smooth_loss = 0.999 * state.smooth_loss + 0.001 * loss
    return State(params, memory, hlast.copy(), position, step, loss, smooth_loss)


def _positive(name: str, value: float) -> None:
    """Raises unless the value is above zero; nan is not."""
    if not value > 0:
        raise ValueError(f"{name} is {value}, expected a number above 0")
