"""HIPS autograd: the forward loop in NumPy's words, differentiated by its tape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import autograd.numpy as np
from autograd import value_and_grad
from autograd.tracer import getval

from benchmarks.problems import Contestant, Problem, Result
from rnn_notes import Gradients
from rnn_notes.rnn import Array

LARGEST = 1_000_000_000  # multiply-adds of the recurrence; beyond it rounds take long


def contestants(problem: Problem) -> Iterator[Contestant | tuple[str, str]]:
    """The loop, if the size is not beyond it."""
    H, T, V, B = problem.size
    if H * H * T * B > LARGEST:
        yield "autograd", "left out at this size, a pass takes seconds"
        return
    arrays = [*vars(problem.params).values(), problem.hprev]
    eye = np.eye(V, dtype=problem.hprev.dtype)
    xs = [eye[:, letters] for letters in problem.inputs.T]
    es = [eye[:, letters] for letters in problem.targets.T]

    def call() -> Any:
        lasts: list[Any] = []
        loss, slopes = value_and_grad(lambda arrays: _loss(arrays, xs, es, lasts))(
            arrays
        )
        return loss, slopes, lasts

    yield Contestant("autograd", call, _read)


def _read(result: Any) -> Result:
    loss, slopes, lasts = result
    return Result(float(loss), Gradients(*slopes), getval(lasts[0]))


def _loss(arrays: Any, xs: list[Array], es: list[Array], lasts: list[Any]) -> Any:
    """The loss; the last state is appended to ``lasts``."""
    Wxh, Whh, Why, bh, by, h = arrays
    loss = 0.0
    for x, e in zip(xs, es, strict=True):
        h = np.tanh(np.dot(Wxh, x) + np.dot(Whh, h) + bh)
        y = np.dot(Why, h) + by
        most = getval(y).max(axis=0)
        sums = np.log(np.sum(np.exp(y - most), axis=0)) + most
        loss = loss + np.sum(sums) - np.sum(y * e)
    lasts.append(h)
    return loss
