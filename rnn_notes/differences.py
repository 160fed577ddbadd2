"""Derivatives measured by nudging, and a report on how well two gradients agree.

Two measurements of the same derivative of a scalar function f::

    central(f, x)       (f(x + e) - f(x - e)) / 2e: smooth f, about ten right digits
    complex_step(f, x)  Im f(x + ie) / e: analytic f, all digits

``x`` is an array, or a dataclass of arrays such as ``Params``; then the answer is a
dictionary that names the derivative by ``Whh`` as ``dWhh``, as ``Gradients`` does.
``agreement`` compares a claimed gradient with a measured one and finds the worst entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from rnn_notes.arrays.arguments import Array

__all__ = [
    "CENTRAL_STEP",
    "COMPLEX_STEP",
    "Agreement",
    "Scalar",
    "agreement",
    "central",
    "complex_step",
]

Scalar = Callable[[Any], Any]

CENTRAL_STEP = float(np.finfo(np.float64).eps ** (1 / 3))  # balances both errors
COMPLEX_STEP = 1e-30  # nothing is subtracted, so only underflow bounds it from below


def central(f: Scalar, x: Any, step: float = CENTRAL_STEP) -> Any:
    """Central difference of the scalar ``f`` by every entry of ``x``, in its shape.

    Parameters
    ----------
    step : float
        The nudge, relative to the entry where that is larger than 1.

    Raises
    ------
    TypeError
        For float32: the difference of two such losses keeps about three digits.
    ValueError
        Where the result of ``f`` is not one number.

    Examples
    --------
    >>> x = np.array([[1.0], [2.0]])
    >>> measured = central(lambda x: (x**3).sum(), x)
    >>> bool(np.allclose(measured, 3 * x**2, rtol=1e-9, atol=0))
    True
    """

    def slope(g: Scalar, value: float) -> Any:
        e = step * max(1.0, abs(value))
        up, down = value + e, value - e
        return (g(up) - g(down)) / (up - down)

    return _by_every_entry(f, x, slope)


def complex_step(f: Scalar, x: Any) -> Any:
    """Complex-step derivative of the scalar ``f`` by every entry of ``x``.

    ``f`` must be analytic and let complex numbers through. Squire and Trapp (1998).
    A part of f that drops the imaginary part goes unseen beside one that keeps it, and
    so does a conjugate, as in ``np.vdot``: compare with ``central``.

    Raises
    ------
    TypeError
        For float32, and where the result of ``f`` is real and yet moves with x.
    ValueError
        Where the result of ``f`` is not one number.

    Examples
    --------
    >>> x = np.array([[1.0], [2.0]])
    >>> measured = complex_step(lambda x: (x**3).sum(), x)
    >>> bool(np.allclose(measured, 3 * x**2, rtol=1e-15, atol=0))
    True
    >>> complex_step(lambda x: abs(x).sum(), x)
    Traceback (most recent call last):
    TypeError: f returned float64 for complex128 input, expected a complex number ...
    """

    def slope(g: Scalar, value: float) -> Any:
        nudged = g(complex(value, COMPLEX_STEP))
        if not np.iscomplexobj(nudged):
            if g(value) == g(value + 1e-3) == g(value - 4e-3):
                return 0.0  # f does not look at this entry at all
            came = np.asarray(nudged).dtype
            raise TypeError(
                f"f returned {came} for complex128 input, expected a complex number "
                "(is f analytic? abs, max, .real and .conj are not)"
            )
        return np.imag(nudged) / COMPLEX_STEP

    return _by_every_entry(f, x, slope)


def _by_every_entry(f: Scalar, x: Any, slope: Callable[..., Any]) -> Any:
    """``slope`` of ``f`` along every entry of the array or dataclass ``x``."""
    if is_dataclass(x) and not isinstance(x, type):

        def along(name: str) -> Scalar:
            return lambda array: f(replace(x, **{name: array}))

        names = [field.name for field in fields(x)]
        return {
            f"d{name}": _by_every_entry(along(name), getattr(x, name), slope)
            for name in names
        }
    x = _double(x)
    dx = np.zeros(x.shape)
    for index in np.ndindex(x.shape):

        def at(value: complex, index: tuple[int, ...] = index) -> Any:
            nudged = x.astype(np.result_type(x, type(value)))
            nudged[index] = value
            result = np.asarray(f(nudged))
            if result.size != 1:
                raise ValueError(
                    f"f returned shape {result.shape}, expected one number"
                )
            return result.item()

        dx[index] = slope(at, float(x[index]))
    return dx


def _double(x: Any) -> Array:
    """``x`` as a float64 array; anything narrower or complex is refused."""
    array = np.asarray(x)
    if array.dtype.kind in "iu":
        array = array.astype(np.float64)
    if array.dtype != np.float64:
        raise TypeError(
            f"x holds {array.dtype}, expected float64: differences need its digits"
        )
    return array


@dataclass(frozen=True)
class Agreement:
    """How well a claimed gradient agrees with a measured one.

    Parameters
    ----------
    error : float
        Largest difference, relative to the largest entry of its array.
    name : str
        The array in which it stands, empty where there is one only.
    index : tuple[int, ...]
        Its place in that array.
    claimed : float
        The claimed value there.
    measured : float
        The measured value there.
    tolerance : float
        The largest error allowed.
    unchecked : tuple[str, ...]
        Names that were claimed and not measured.
    """

    error: float
    name: str
    index: tuple[int, ...]
    claimed: float
    measured: float
    tolerance: float
    unchecked: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the error is within the tolerance; nan never is."""
        return bool(self.error <= self.tolerance)

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        verdict = "agrees" if self.holds else "DISAGREES"
        place = self.name + (str(list(self.index)) if self.index else "")
        report = (
            f"{verdict}: worst at {place or 'the scalar'}, "
            f"claimed {self.claimed:.6g}, measured {self.measured:.6g}, "
            f"relative error {self.error:.1e} (tolerance {self.tolerance:.0e})"
        )
        if self.unchecked:
            report += f"; not measured: {', '.join(self.unchecked)}"
        return report


def agreement(claimed: Any, measured: Any, tolerance: float = 1e-7) -> Agreement:
    """The report on the worst entry of ``claimed`` against ``measured``.

    Both are arrays, or both hold arrays by name (mapping, named tuple, dataclass).

    Raises
    ------
    ValueError
        For a measured name that is not claimed, another shape, or nothing measured.

    Examples
    --------
    >>> x = np.array([[1.0], [2.0]])
    >>> measured = complex_step(lambda x: (x**2).sum(), x)
    >>> print(agreement(2 * x, measured, tolerance=1e-15))
    agrees: worst at [0, 0], claimed 2, measured 2, relative error 0.0e+00 ...
    >>> bool(agreement(x, measured))
    False
    """
    claims, truths = _by_name(claimed), _by_name(measured)
    if not truths:
        raise ValueError("measured is empty, expected at least one array")
    if missing := sorted(set(truths) - set(claims)):
        raise ValueError(f"claimed lacks {missing}, expected all of {sorted(truths)}")
    unchecked = tuple(name for name in claims if name not in truths)
    reports = [
        _worst(name, claims[name], truths[name], tolerance, unchecked)
        for name in truths
    ]
    return max(reports, key=lambda r: np.inf if np.isnan(r.error) else r.error)


def _worst(
    name: str, claim: Any, truth: Any, tolerance: float, unchecked: tuple[str, ...]
) -> Agreement:
    """The report on one array."""
    claim, truth = np.asarray(claim), np.asarray(truth)
    if claim.shape != truth.shape:
        raise ValueError(
            f"{name or 'claimed'} has shape {claim.shape}, expected {truth.shape}"
        )
    gap = np.abs(claim - truth)
    place = int(np.argmax(np.where(np.isnan(gap), np.inf, gap)))
    index = tuple(int(i) for i in np.unravel_index(place, gap.shape))
    scale = max(np.abs(claim).max(), np.abs(truth).max())
    error = float(gap[index] / scale) if scale > 0 else float(gap[index])
    return Agreement(
        error, name, index, float(claim[index]), float(truth[index]), tolerance,
        unchecked,
    )  # fmt: skip


def _by_name(values: Any) -> Mapping[str, Any]:
    """Arrays by name; a bare array has the empty name."""
    if isinstance(values, Mapping):
        return values
    if hasattr(values, "_asdict"):
        named: Mapping[str, Any] = values._asdict()
        return named
    if is_dataclass(values) and not isinstance(values, type):
        return {field.name: getattr(values, field.name) for field in fields(values)}
    return {"": values}
