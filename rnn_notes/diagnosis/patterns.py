"""Patterns in a wrong gradient that say what kind of slip it is.

Each takes the claimed and the measured gradient; where an entry was not measured, it is
nan, and the pattern looks at the others.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnn_notes.rnn import Array

__all__ = [
    "clipped_at",
    "decay_of",
    "factor_of",
    "named_factor",
    "norm_limit",
    "pattern_of",
]

_CLOSE = 1e-6


def pattern_of(
    claim: Array,
    truth: Array,
    numbers: Mapping[str, float],
    array: Array | None = None,
) -> str:
    """The pattern of a wrong gradient in words, empty where there is none to see.

    Parameters
    ----------
    claim, truth : ndarray
        The claimed and the measured gradient.
    numbers : mapping of str to float
        What a factor may be, by its name: ``{"T": 8}``.
    array : ndarray, optional
        What the gradient is by.

    Examples
    --------
    >>> truth = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> pattern_of(8 * truth, truth, {"T": 8})
    'exactly 8 = T times the slope'
    >>> pattern_of(truth.T, truth, {})
    'transposed'
    """
    if not np.isfinite(claim).all():
        return "holds nan or inf"
    if claim.shape != truth.shape or (
        claim.ndim == 2 and claim.shape[0] == claim.shape[1] > 1
        and _close(claim.T, truth) and not _close(claim, truth)
    ):  # fmt: skip
        return "transposed"
    if not claim.any():
        return "all zero"
    if claim.size > 1 and (claim == claim.flat[0]).all():
        return f"all entries equal, {claim.flat[0]:g}"
    factor = factor_of(claim, truth)
    if factor is not None:
        return named_factor(factor, numbers)
    if claim.size > 2 and np.allclose(np.abs(claim), abs(claim.flat[0]), rtol=1e-3):
        return "only signs are left: a step of Adagrad or Adam, and no gradient"
    decay = None if array is None else decay_of(claim, truth, array)
    if decay is not None:
        where = "gradient and not in the loss" if decay > 0 else "loss and not in it"
        return f"off by exactly {decay:.6g} times itself: weight decay, in the {where}"
    return _along_an_axis(claim, truth)


def factor_of(claim: Array, truth: Array) -> float | None:
    """The one number that the claim is of the truth, None where there is none.

    Examples
    --------
    >>> factor_of(np.array([2.0, 4.0]), np.array([1.0, 2.0]))
    2.0
    """
    if claim.shape != truth.shape:
        return None
    seen = ~(np.isnan(truth) | np.isnan(claim))
    a, b = claim[seen], truth[seen]
    if a.size < 2 or not b.any():
        return None
    factor = float((a @ b) / (b @ b))
    return factor if factor and _close(a, factor * b) else None


def decay_of(claim: Array, truth: Array, array: Array) -> float | None:
    """What the claim has too much, as a multiple of the array; None where it is none.

    Examples
    --------
    >>> w = np.array([1.0, 3.0])
    >>> round(decay_of(np.array([2.1, 4.3]), np.array([2.0, 4.0]), w), 9)
    0.1
    """
    if claim.shape != truth.shape or not np.isfinite(claim).all():
        return None
    return factor_of(claim - truth, array.real)


def named_factor(factor: float, numbers: Mapping[str, float]) -> str:
    """A factor in words, by the number of steps or sequences that it is.

    Examples
    --------
    >>> named_factor(-1.0, {})
    'the sign is turned'
    >>> named_factor(0.125, {"T": 8})
    'exactly 1/8 = 1/T times the slope'
    """
    sign = "minus " if factor < 0 else ""
    size = abs(factor)
    for name, number in numbers.items():
        if number > 1 and abs(size / number - 1) < _CLOSE:
            return f"exactly {sign}{number:g} = {name} times the slope"
        if number > 1 and abs(size * number - 1) < _CLOSE:
            return f"exactly {sign}1/{number:g} = 1/{name} times the slope"
    if abs(size - 1) < _CLOSE:
        return "the sign is turned"
    return f"exactly {sign}{size:.6g} times the slope"


def clipped_at(claim: Array, truth: Array) -> float | None:
    """The value at which the right gradient was clipped, None where it was not.

    Examples
    --------
    >>> clipped_at(np.array([5.0, -5.0, 1.0]), np.array([7.0, -6.0, 1.0]))
    5.0
    """
    if claim.shape != truth.shape or not np.isfinite(claim).all():
        return None
    limit = float(np.abs(claim).max(initial=0))
    seen = ~np.isnan(truth)
    above = np.abs(truth[seen]) > limit * (1 + _CLOSE)
    if not limit or not above.any():
        return None
    sure = above.sum() > 1 or _is_round(limit)
    return limit if sure and _close(claim, truth.clip(-limit, limit)) else None


def norm_limit(
    claims: Mapping[str, Array], truths: Mapping[str, Array]
) -> float | None:
    """The norm to which all gradients together were cut, None where they were not.

    Examples
    --------
    >>> norm_limit({"W": np.array([3.0, 4.0])}, {"W": np.array([6.0, 8.0])})
    5.0
    """
    norm = float(np.sqrt(sum((claim**2).sum() for claim in claims.values())))
    factors = [
        factor_of(claims[name], truths[name])
        for name in claims
        if claims[name].shape == truths[name].shape and claims[name].any()
    ]
    known = [factor for factor in factors if factor is not None]
    if not known or len(known) < len(factors) or not _is_round(norm):
        return None
    same = all(abs(factor - known[0]) < _CLOSE for factor in known)
    return norm if same and 0 < known[0] < 1 - _CLOSE else None


def _along_an_axis(claim: Array, truth: Array) -> str:
    """Where only some places along an axis are right: the last step, or the first."""
    if np.isnan(truth).any():
        return ""
    wrong = np.abs(claim - truth) > _CLOSE * np.abs(truth).max(initial=0)
    for axis in range(claim.ndim):
        if claim.ndim < 3:
            break
        others = tuple(k for k in range(claim.ndim) if k != axis)
        bad = wrong.any(axis=others)
        if len(bad) > 1 and not bad[-1] and bad[:-1].all():
            return f"right in the last place of axis {axis} only: the last step?"
    if not np.abs(truth).max(initial=0):
        return "not zero, where the slope is zero"
    return ""


def _is_round(number: float) -> bool:
    """Whether a number has at most three digits, as limits have that people choose."""
    return abs(float(f"{number:.3g}") / number - 1) < 1e-9 if number else False


def _close(claim: Array, truth: Array) -> bool:
    """Whether all measured entries agree."""
    seen = ~np.isnan(truth)
    size = np.abs(truth[seen]).max(initial=0)
    return bool((np.abs(claim[seen] - truth[seen]) <= _CLOSE * size).all())
