"""Whole training steps: the pass, the clip and Adagrad, in letters a second."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers.numpy_loops import classic
from benchmarks.problems import SIZES
from benchmarks.timing import race
from rnn_notes import Params, rnn, training
from rnn_notes.hoisted import Workspace, loss_and_gradients

RATE = 0.01
H, T, V, _ = SIZES[0]


def run(quick: bool) -> dict[str, Any]:
    """Letters a second and ratios to the classic loop, at the classic sizes."""
    text = np.random.default_rng(0).integers(V, size=100 * T + 1)
    state = training.start(V, H, T, np.random.default_rng(0))
    ways: dict[str, Iterator[Any]] = {
        "classic loop": classic_steps(text),
        "training, readable pass": training.steps(
            state, text.tolist(), T, loss_and_gradients=rnn.loss_and_gradients
        ),
        "training, as it comes": training.steps(state, text.tolist(), T),
        "hoisted, all in place": steps_in_place(text),
    }
    calls = {name: partial(next, steps) for name, steps in ways.items()}
    times = race(calls, rounds=5 if quick else 31)
    return {
        "letters a second": {name: T * 1e6 / times.time(name) for name in calls},
        "ratios": {name: times.ratio("classic loop", name) for name in calls},
    }


def _chunks(text: Any) -> Iterator[tuple[Any, Any]]:
    while True:
        for p in range(0, len(text) - T, T):
            yield text[p : p + T], text[p + 1 : p + T + 1]


def classic_steps(text: Any) -> Iterator[float]:
    """Losses of the classic loop, which updates each array by itself."""
    start = vars(Params.random(V, H, np.random.default_rng(0)))
    arrays = {name: array.copy() for name, array in start.items()}
    memory = {name: np.zeros_like(array) for name, array in arrays.items()}
    params, hprev = Params(**arrays), np.zeros((H, 1))
    for x, target in _chunks(text.tolist()):
        loss, gradients, hprev = classic(params, x, target, hprev)
        for d in gradients[:5]:
            np.clip(d, -5, 5, out=d)
        for name, d in zip(arrays, gradients, strict=False):
            memory[name] += d * d
            arrays[name] += -RATE * d / np.sqrt(memory[name] + 1e-8)
        yield loss


def steps_in_place(text: Any) -> Iterator[float]:
    """Losses of the hoisted pass, where no state outlives its step."""
    weights = Params.random(V, H, np.random.default_rng(0)).vector
    params, hprev = Params.of(weights, V, H), np.zeros((H, 1))
    workspace = Workspace(V, H, T)
    d, memory, step = workspace.flat, np.zeros_like(weights), np.empty_like(weights)
    for x, target in _chunks(text):
        loss, _, hprev = loss_and_gradients(
            params, x, target, hprev, workspace=workspace
        )
        np.clip(d, -5, 5, out=d)
        np.multiply(d, d, out=step)
        memory += step
        np.add(memory, 1e-8, out=step)
        np.sqrt(step, out=step)
        np.divide(d, step, out=step)
        step *= RATE
        weights -= step
        yield loss
