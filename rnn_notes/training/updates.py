"""What is done with a gradient: it is clipped, and the weights move against it.

All parameters are one vector, and so is their gradient ``d``. What a rule remembers is
a vector too; ``nothing`` is what it remembers at first. ::

    memory = nothing("adagrad", weights)
    weights, memory = adagrad(weights, clip(d), memory)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from rnn_notes.arrays.arguments import Array, plain

__all__ = [
    "RATES",
    "RULES",
    "Update",
    "adagrad",
    "adam",
    "clip",
    "clip_norm",
    "nothing",
    "sgd",
]

Update = Callable[[Array, Array, Array], tuple[Array, Array]]
_Rule = Callable[..., tuple[Array, Array]]


def clip(d: ArrayLike, bound: float = 5.0) -> Array:
    """The gradient with every entry cut to ±bound, as the classic does it.

    This changes the direction of a gradient, so a gradient is checked before it is
    clipped.

    Parameters
    ----------
    d : ArrayLike
        All gradients in one vector, as ``Gradients.vector`` gives them, or any array;
        where nothing is to be cut, it is what is returned.

    Raises
    ------
    TypeError
        For gradients that are no real numbers.
    ValueError
        For a bound that is not above zero, and for rows of different lengths.

    Examples
    --------
    >>> clip(np.array([-7.0, 2.0])).tolist()
    [-5.0, 2.0]
    """
    _positive("bound", bound)
    d = _real("d", d)
    within = d.size and -bound <= np.minimum.reduce(d, axis=None)
    if within and np.maximum.reduce(d, axis=None) <= bound:  # nan is not
        return d
    cut: Array = np.clip(d, -bound, bound)
    return cut


def clip_norm(d: ArrayLike, bound: float = 5.0) -> Array:
    """The gradient, shrunk as a whole where its norm is above ``bound``.

    Pascanu, Mikolov and Bengio (2013).

    Parameters
    ----------
    d : ArrayLike
        All gradients in one vector, whose direction is kept.

    Raises
    ------
    TypeError
        For gradients that are no real numbers.
    ValueError
        For a bound that is not above zero, and for rows of different lengths.

    Examples
    --------
    >>> clip_norm(np.array([30.0, 40.0])).tolist()
    [3.0, 4.0]
    """
    _positive("bound", bound)
    d = _real("d", d)
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

    Every entry has a step length of its own: the larger its gradients were so far, the
    smaller. Duchi, Hazan and Singer (2011); ``1e-8`` stands inside the root, as in the
    classic. The two arrays that it returns are all that it takes memory for.

    Parameters
    ----------
    weights, d, memory : ndarray
        Arrays of one shape; each entry is treated by itself.

    Examples
    --------
    >>> weights, memory = adagrad(np.ones(2), np.array([2.0, -4.0]), np.zeros(2))
    >>> bool(np.allclose(weights, [0.9, 1.1])), memory.tolist()
    (True, [4.0, 16.0])
    """
    sums = d * d
    sums += memory
    moved = sums + 1e-8
    np.sqrt(moved, moved)
    np.divide(d, moved, moved)
    moved *= -learning_rate
    moved += weights
    return moved, sums


def adam(
    weights: Array,
    d: Array,
    memory: Array,
    learning_rate: float = 0.002,
    keep: float = 0.9,
    keep_squares: float = 0.999,
) -> tuple[Array, Array]:
    """Weights one Adam step further, and its memory: two running means and a count.

    Means that start at zero are too small at first; they are divided by what they can
    have seen. Kingma and Ba (2015), with ``1e-8`` outside the root as there.

    Parameters
    ----------
    weights, d : (n,) ndarray
        Each entry is treated by itself.
    memory : (2n + 1,) ndarray
        The mean gradient, the mean square, the steps so far.
    keep, keep_squares : float
        The share of each mean that is kept at a step.

    Examples
    --------
    >>> weights, memory = adam(np.ones(2), np.array([2.0, -4.0]), np.zeros(5), 0.1)
    >>> bool(np.allclose(weights, [0.9, 1.1])), float(memory[-1])
    (True, 1.0)
    """
    n, step = len(weights), memory[-1] + 1
    mean = keep * memory[:n] + (1 - keep) * d
    squares = keep_squares * memory[n:-1] + (1 - keep_squares) * d * d
    root = np.sqrt(squares / (1 - keep_squares**step))
    moved = weights - learning_rate * mean / (1 - keep**step) / (root + 1e-8)
    return moved, np.concatenate([mean, squares, [step]])


RULES: dict[str, _Rule] = {"sgd": sgd, "adagrad": adagrad, "adam": adam}
RATES = {"sgd": 0.1, "adagrad": 0.1, "adam": 0.002}  # unless another is asked for


def nothing(rule: str, weights: Array) -> Array:
    """What a rule remembers before its first step: zeros, as many as it needs.

    Raises
    ------
    ValueError
        For another rule.

    Examples
    --------
    >>> nothing("adagrad", np.ones(3)).shape, nothing("adam", np.ones(3)).shape
    ((3,), (7,))
    """
    if rule not in RULES:
        raise ValueError(f"rule is {rule!r}, expected one of {', '.join(RULES)}")
    n = weights.size
    return np.zeros(2 * n + 1 if rule == "adam" else n, weights.dtype)


def _positive(name: str, value: float) -> None:
    """Raise unless the value is above zero; nan is not."""
    if not value > 0:
        raise ValueError(f"{name} is {value}, expected a number above 0")


def _real(name: str, value: ArrayLike) -> Array:
    """The value as an array of real numbers, which may be inf or nan."""
    array = plain(name, value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} holds {array.dtype}, expected real numbers")
    return array
