"""The problems that are timed: sizes, random networks and texts, the right answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from rnn_notes import Gradients, Params, rnn
from rnn_notes.rnn import Array


class Size(NamedTuple):
    """Sizes of a problem: hidden units, steps, letters, sequences at once."""

    H: int
    T: int
    V: int
    B: int

    def __str__(self) -> str:
        return "/".join(map(str, self))


SIZES = (
    Size(H=100, T=25, V=65, B=1),
    Size(H=128, T=100, V=65, B=1),
    Size(H=256, T=100, V=96, B=32),
    Size(H=512, T=200, V=96, B=64),
)


class Result(NamedTuple):
    """What every pass has to give: ``dhprev`` and the last states are (H, B)."""

    loss: float
    gradients: Gradients
    hlast: Array


@dataclass(frozen=True)
class Contestant:
    """One way to the result.

    name : what the tables call it
    call : the work that is timed; no argument
    read : from what ``call`` returns to a ``Result`` of NumPy arrays, not timed
    """

    name: str
    call: Callable[[], Any]
    read: Callable[[Any], Result]


@dataclass(frozen=True)
class Problem:
    """Parameters, B texts with their targets, (B, T), and B first states, (H, B)."""

    size: Size
    params: Params
    inputs: Array
    targets: Array
    hprev: Array

    @cached_property
    def truth(self) -> Result:
        """The answer of the readable pass in float64, one sequence after the other."""
        wide = {n: a.astype(np.float64) for n, a in vars(self.params).items()}
        params, hprev = self.params.replace(**wide), self.hprev.astype(np.float64)
        loss, gradients, lasts = by_sequence(
            rnn.loss_and_gradients, params, self.inputs, self.targets, hprev
        )
        return Result(loss, gradients, np.hstack(lasts))

    def error(self, result: Result) -> float:
        """The largest error in loss, gradients and last state, relative to each."""
        came = (np.array(result.loss), result.hlast, *result.gradients)
        due = (np.array(self.truth.loss), self.truth.hlast, *self.truth.gradients)
        return max(
            float(np.abs(a - b).max() / np.abs(b).max())
            for a, b in zip(came, due, strict=True)
        )


def by_sequence(
    one: Callable[..., Any], params: Any, inputs: Array, targets: Array, *states: Array
) -> tuple[float, Any, tuple[Any, ...]]:
    """What passes over one sequence after another give: sums, and the last states."""
    passes = [
        one(params, x, target, *(state[:, [b]] for state in states))
        for b, (x, target) in enumerate(zip(inputs, targets, strict=True))
    ]
    losses, gradients, lasts = zip(*passes, strict=True)
    shares = [*zip(*gradients, strict=True)]
    sums = [np.sum(share, axis=0) for share in shares[: -len(states)]]
    firsts = [np.hstack(share) for share in shares[-len(states) :]]
    return sum(losses), gradients[0]._make([*sums, *firsts]), lasts


def assure(name: str, error: float, most: float) -> None:
    """Raise ``ArithmeticError`` unless a pass is right."""
    if not error <= most:
        raise ArithmeticError(f"{name} is wrong by {error:.1e}")


def problem(size: Size, dtype: str = "float64", seed: int = 0) -> Problem:
    """A random problem of a size; its signals neither vanish nor explode."""
    H, T, V, B = size
    rng = np.random.default_rng([seed, *size])
    params = Params.random(V, H, rng, scale=0.8 / np.sqrt(H))
    arrays = {name: array.astype(dtype) for name, array in vars(params).items()}
    inputs, targets = rng.integers(V, size=(2, B, T))
    hprev = rng.uniform(-0.5, 0.5, (H, B)).astype(dtype)
    return Problem(size, params.replace(**arrays), inputs, targets, hprev)
