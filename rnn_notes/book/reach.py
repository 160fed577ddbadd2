"""How far gradients reach: Jacobians over many steps, and what truncation leaves out.

A signal that goes back through one step is multiplied with one Jacobian, and through
many steps with their product. ::

    jacobian_norms(params, run, t=30, steps=25)  # the most that a signal can keep
    chunked_gradients(params, indices, T=25)     # what the classic loop adds up
    truncated(params, inputs, targets, hprev, back=5)  # a pass whose gradient is cut
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from rnn_notes import hoisted
from rnn_notes.rnn import Array, Forward, Gradients, Params

__all__ = [
    "chunked_gradients",
    "jacobian_norms",
    "jacobians",
    "largest_singular_value",
    "missed",
    "spectral_radius",
    "step_jacobian",
    "truncated",
]


def spectral_radius(A: Array) -> float:
    """The largest modulus of an eigenvalue of ``A``, a square matrix.

    >>> bool(np.isclose(spectral_radius(np.array([[0.5, 9.0], [0.0, -0.8]])), 0.8))
    True
    """
    return float(np.abs(np.linalg.eigvals(A)).max())


def largest_singular_value(A: Array) -> float:
    """The largest factor by which ``A`` stretches a vector; its 2-norm.

    >>> bool(np.isclose(largest_singular_value(np.diag([3.0, -4.0])), 4.0))
    True
    """
    return float(np.linalg.norm(A, 2))


def step_jacobian(params: Params, run: Forward, t: int) -> Array:
    """The derivative of ``hs[t]`` by ``hs[t-1]``, (H, H), in numerator layout.

    It is ``Whh`` with each row multiplied by the slope of its tanh.

    >>> from rnn_notes import forward
    >>> from rnn_notes.rnn import running_example
    >>> params, *rest = running_example()
    >>> step_jacobian(params, forward(params, *rest), t=2).shape
    (3, 3)
    """
    slopes = 1 - run.hs[t] * run.hs[t]  # (H, 1)
    J: Array = slopes * params.Whh
    return J


def jacobians(params: Params, run: Forward, t: int) -> Iterator[Array]:
    """The derivatives of ``hs[t]`` by ``hs[t]``, by ``hs[t-1]``, … and by ``hs[-1]``.

    Raises
    ------
    ValueError
        Unless t is from 0 to T-1.

    Examples
    --------
    >>> from rnn_notes import forward
    >>> from rnn_notes.rnn import running_example
    >>> params, *rest = running_example()
    >>> len(list(jacobians(params, forward(params, *rest), t=2)))
    4
    """
    if not 0 <= t < run.T:
        raise ValueError(f"t is {t}, expected 0 to {run.T - 1} (T = {run.T})")
    product = np.eye(params.H)
    yield product
    for s in range(t, -1, -1):
        product = product @ step_jacobian(params, run, s)  # the latest stands at left
        yield product


def jacobian_norms(params: Params, run: Forward, t: int, steps: int) -> Array:
    """The largest singular value of the derivative of ``hs[t]`` by ``hs[t-k]``.

    One entry for each k from 0 to ``steps``, (steps + 1,): the most that any signal at
    t keeps of its length on its way k steps back.

    Raises
    ------
    ValueError
        Where the run does not reach so far back.

    Examples
    --------
    >>> from rnn_notes import forward
    >>> from rnn_notes.rnn import running_example
    >>> params, *rest = running_example()
    >>> norms = jacobian_norms(params, forward(params, *rest), t=4, steps=3)
    >>> norms.shape, bool(np.isclose(norms[0], 1))
    ((4,), True)
    """
    if not 0 <= steps <= t + 1:
        raise ValueError(f"steps is {steps}, expected 0 to {t + 1} (t = {t})")
    products = zip(range(steps + 1), jacobians(params, run, t), strict=False)
    return np.array([largest_singular_value(product) for _, product in products])


def truncated(
    params: Params,
    inputs: Sequence[int],
    targets: Sequence[int],
    hprev: Array,
    *,
    back: int,
) -> tuple[float, Gradients, Array]:
    """Loss, gradients and last state, as ``loss_and_gradients`` gives them, but cut.

    back : after so many steps the gradient is cut, again and again; the state is not

    All pieces between the cuts are one batch, once the states are there. ``dhprev`` is
    that of the first piece.

    Raises
    ------
    ValueError
        Unless the pieces use up all steps.

    Examples
    --------
    >>> from rnn_notes.rnn import running_example
    >>> params, *rest = running_example(T=4)
    >>> loss, whole, h = truncated(params, *rest, back=4)
    >>> same_loss, cut, same_h = truncated(params, *rest, back=2)
    >>> bool(np.isclose(loss, same_loss) and np.allclose(h, same_h))
    True
    >>> bool(np.allclose(cut.dWhy, whole.dWhy)), bool(np.allclose(cut.dWhh, whole.dWhh))
    (True, False)
    """
    T, H = len(inputs), params.H
    if back < 1 or T % back:
        raise ValueError(f"back is {back}, expected a divisor of the {T} steps")
    hs = np.empty((T + 1, 1, H))
    hs[0] = hprev.T
    hs[1:, 0] = (params.Wxh.T + params.bh.T)[inputs]
    hoisted.run_forward(hs, params.Whh.T, np.empty((1, H)))
    x, target = (np.reshape(indices, (-1, back)) for indices in (inputs, targets))
    starts = hs[:T:back, 0].T
    loss, summed, _ = hoisted.loss_and_gradients(params, x, target, starts)
    return loss, summed._replace(dhprev=summed.dhprev[:, :1]), hs[T].T


def chunked_gradients(params: Params, indices: Sequence[int], T: int) -> Gradients:
    """The gradients of all chunks of T steps, added up; the weights stay as they are.

    The state is carried from chunk to chunk, from zeros on, and no gradient is carried
    back.

    Raises
    ------
    ValueError
        Unless the chunks use up the text, so that others can be compared.

    Examples
    --------
    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0), scale=1.0)
    >>> whole = chunked_gradients(params, [0, 1, 1, 0, 1], T=4)
    >>> parts = chunked_gradients(params, [0, 1, 1, 0, 1], T=2)
    >>> bool(np.allclose(parts.dWhy, whole.dWhy, rtol=1e-12))
    True
    >>> bool(np.allclose(parts.dWhh, whole.dWhh, rtol=1e-12))
    False
    """
    start = np.zeros((params.H, 1))
    return truncated(params, indices[:-1], indices[1:], start, back=T)[1]


def missed(params: Params, indices: Sequence[int], T: int) -> float:
    """The share of ``dWhh`` that chunks of T steps miss, by norm: 0 is none.

    It is measured against the gradient of the whole text in one piece, and can be above
    1, where the parts of the gradient cancel each other.

    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0), scale=1.0)
    >>> missed(params, [0, 1, 1, 0, 1], T=4), missed(params, [0, 1, 1, 0, 1], T=2) > 0
    (0.0, True)
    """
    whole = chunked_gradients(params, indices, len(indices) - 1).dWhh
    kept = chunked_gradients(params, indices, T).dWhh
    return float(np.linalg.norm(kept - whole) / np.linalg.norm(whole))
