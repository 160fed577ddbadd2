"""Whether claimed gradients give the slopes that are measured along directions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnn_notes.diagnosis.handed import Handed
from rnn_notes.diagnosis.slopes import Slope, directions, slopes_along
from rnn_notes.rnn import Array

__all__ = ["Slopes", "agrees", "all_read", "slopes_of"]

_TOLERANCE = 1e-7
Slopes = list[tuple[Array, Slope]]


def slopes_of(
    asked: Handed, name: str, claim: Array, rng: np.random.Generator
) -> Slopes:
    """The measured slopes along two directions, by the step that suits the loss."""
    array, found = asked.arrays[name], []
    for direction in directions(array, 2, rng):
        for slope in slopes_along(asked.loss, array, direction):
            if slope.steady or agrees(claim, [(direction, slope)]):
                break
        found.append((direction, slope))
    return found


def agrees(claim: Array, slopes: Slopes) -> bool:
    """Whether a claimed gradient gives the measured slopes."""
    for direction, slope in slopes:
        if claim.shape != direction.shape or not np.isfinite(claim).all():
            return False
        ours = float(np.vdot(claim, direction.real))
        size = max(float(np.linalg.norm(claim)), abs(slope.value))
        if abs(ours - slope.value) > _TOLERANCE * size + slope.noise:
            return False
    return True


def all_read(
    asked: Handed, slopes: Mapping[str, Slopes], claims: Mapping[str, Array]
) -> None:
    """Raise where the loss does not move with an array since it does not read it.

    Gradients of zero are right then, but not where nothing moves the loss at all.

    Raises
    ------
    ValueError
        For the first array that is not read.
    """
    moves = {n: any(slope.value for _, slope in some) for n, some in slopes.items()}
    for name, moved in moves.items():
        if moved or (any(moves.values()) and not claims[name].any()):
            continue
        array = asked.arrays[name]
        start = array.copy()
        try:
            array[...] = np.nan
            asked.loss()
        except ValueError:
            continue  # it reads it, and does not depend on it here
        finally:
            array[...] = start
        raise ValueError(
            f"loss() does not read {name}: nudging it changes nothing. Does the loss "
            "use a copy? Hand over the array that it uses"
        )
