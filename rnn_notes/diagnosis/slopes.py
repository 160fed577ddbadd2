"""Slopes of a loss by arrays that are nudged in place: along a direction, by an entry.

A difference of sixth order lets the step be long, so that rounding counts little; where
the loss has a kink on the way, one of fourth order from the same losses gives another
slope, and shorter steps are tried too. Complex arrays get a complex step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from rnn_notes.differences import COMPLEX_STEP
from rnn_notes.rnn import Array

__all__ = ["Slope", "by_entries", "directions", "slopes_along"]

_SIXTH = np.array([3 / 4, -3 / 20, 1 / 60])  # weights of f(ke) - f(-ke) for k = 1, 2, 3
_FOURTH = np.array([2 / 3, -1 / 12, 0])
_STEPS = (2e-3, 1e-4, 6e-6)


class Slope(NamedTuple):
    """A measured slope.

    value  : the slope
    noise  : how far rounding and the step may have moved it
    steady : whether no kink is in the way, so that a shorter step gives the same slope
    """

    value: float
    noise: float
    steady: bool = True


def directions(array: Array, count: int, rng: np.random.Generator) -> list[Array]:
    """Random directions in the shape of an array."""
    return [rng.standard_normal(array.shape) for _ in range(count)]


def slopes_along(
    loss: Callable[[], Any], array: Array, direction: Array
) -> Iterator[Slope]:
    """The slope of the loss along a direction, with shorter and shorter steps."""
    start = array.copy()

    def at(e: complex) -> Any:
        array[...] = start + e * direction
        return loss()

    try:
        if array.dtype == np.complex128:
            value = np.imag(at(1j * COMPLEX_STEP)) / COMPLEX_STEP
            yield Slope(float(value), abs(value) * 1e-12)
            return
        reach = np.sqrt(max(1, *direction.shape)) if direction.ndim else 1.0
        for step in _STEPS:
            e = step / reach
            differences = np.array([at(k * e) - at(-k * e) for k in (1, 2, 3)])
            value, fourth = (float(w @ differences) / e for w in (_SIXTH, _FOURTH))
            rounding = 4 * np.finfo(float).eps * max(1.0, abs(at(0.0))) / e
            bend = abs(value - differences[0] / (2 * e)) * step
            near = 1e-6 * max(abs(value), abs(fourth)) + rounding
            steady = abs(value - fourth) <= near
            yield Slope(value, float(rounding + bend), bool(steady))
    finally:
        array[...] = start


def by_entries(
    loss: Callable[[], Any], array: Array, most: int, rng: np.random.Generator
) -> Array:
    """The slope by each entry, of which ``most`` are measured; nan for the others."""
    measured = np.full(array.shape, np.nan)
    places = list(np.ndindex(array.shape))
    if len(places) > most:
        places = [places[i] for i in rng.choice(len(places), most, replace=False)]
    for place in places:
        unit = np.zeros(array.shape)
        unit[place] = 1.0
        for slope in slopes_along(loss, array, unit):
            measured[place] = slope.value
            if slope.steady:
                break
    return measured
