"""Slopes of a loss by arrays that are nudged in place: along a direction, by an entry.

A difference of sixth order lets the step be long, so that rounding counts little; where
the loss has kinks, shorter steps are tried too. Complex arrays get a complex step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from rnn_notes.differences import COMPLEX_STEP
from rnn_notes.rnn import Array

__all__ = ["Slope", "by_entries", "directions", "slopes_along", "steady"]

_SIXTH = ((1, 3 / 4), (2, -3 / 20), (3, 1 / 60))  # weights of f(ke) - f(-ke)
_STEPS = (2e-3, 1e-4, 6e-6)


class Slope(NamedTuple):
    """A measured slope.

    value : the slope
    noise : how far rounding and the step may have moved it
    """

    value: float
    noise: float


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
            differences = [at(k * e) - at(-k * e) for k, _ in _SIXTH]
            weighted = zip(_SIXTH, differences, strict=True)
            value = sum(weight * d for (_, weight), d in weighted) / e
            rounding = 4 * np.finfo(float).eps * max(1.0, abs(at(0.0))) / e
            bend = abs(value - differences[0] / (2 * e)) * step
            yield Slope(float(value), float(rounding + bend))
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
        tried: list[Slope] = []
        for slope in slopes_along(loss, array, unit):
            tried.append(slope)
            if steady(tried):
                break
        measured[place] = tried[-1].value
    return measured


def steady(tried: list[Slope]) -> bool:
    """Whether a shorter step gives the same slope, so that no kink is in the way."""
    if len(tried) < 2:
        return False
    a, b = tried[-2:]
    return abs(a.value - b.value) <= 1e-6 * max(abs(a.value), abs(b.value))
