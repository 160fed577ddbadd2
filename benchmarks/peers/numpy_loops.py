"""The loops in NumPy: the classic one with its dictionaries, and the package's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.problems import Contestant, Problem, Result
from rnn_notes import Gradients, hoisted, rnn
from rnn_notes.rnn import Array, Params

Columns = dict[int, Array]


def contestants(problem: Problem) -> Iterator[Contestant]:
    """The hoisted pass, the classic loop and, for one sequence, the readable pass."""
    params, inputs, targets, hprev = (
        problem.params, problem.inputs, problem.targets, problem.hprev
    )  # fmt: skip
    H, T, V, B = problem.size
    workspace = hoisted.Workspace(V, H, T, B, params.Whh.dtype)
    yield Contestant(
        "hoisted",
        lambda: hoisted.loss_and_gradients(
            params, inputs, targets, hprev, workspace=workspace
        ),
        lambda result: Result(*result),
    )
    letters, goals = by_step(inputs), by_step(targets)
    yield Contestant(
        "classic",
        lambda: classic(params, letters, goals, hprev),
        lambda result: Result(*result),
    )
    if B == 1:
        yield Contestant(
            "readable",
            lambda: rnn.loss_and_gradients(params, inputs[0], targets[0], hprev),
            lambda result: Result(*result),
        )


def by_step(letters: Array) -> Any:
    """Letters for the classic loop: of one text a list, of more an array, (T, B)."""
    return letters[0].tolist() if len(letters) == 1 else letters.T.copy()


def classic(
    params: Params, inputs: Any, targets: Any, hprev: Array
) -> tuple[float, Gradients, Array]:
    """The pass as the classic code has it: dictionaries, one outer product a step.

    inputs, targets : T integers, or (T, B)
    hprev           : (H, 1), or (H, B)
    """
    loss, xs, hs, ps = classic_forward(params, inputs, targets, hprev)
    gradients = classic_backward(params, targets, (loss, xs, hs, ps))
    return loss, gradients, hs[len(inputs) - 1]


def classic_forward(
    params: Params, inputs: Any, targets: Any, hprev: Array
) -> tuple[float, Columns, Columns, Columns]:
    """Loss, inputs, states and probabilities, the latter three by step."""
    Wxh, Whh, Why, bh, by = params.Wxh, params.Whh, params.Why, params.bh, params.by
    T, B = len(inputs), hprev.shape[1]
    columns = np.arange(B) if B > 1 else 0
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0.0
    for t in range(T):
        xs[t] = np.zeros((params.V, B), Wxh.dtype)
        xs[t][inputs[t], columns] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
        ys[t] = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]), axis=0)
        surprise = -np.log(ps[t][targets[t], columns])
        loss += surprise.sum() if B > 1 else surprise
    return loss, xs, hs, ps


def classic_backward(
    params: Params, targets: Any, kept: tuple[float, Columns, Columns, Columns]
) -> Gradients:
    """The gradients, from what the forward pass has kept."""
    Wxh, Whh, Why, bh, by = params.Wxh, params.Whh, params.Why, params.bh, params.by
    _, xs, hs, ps = kept
    T, B = len(targets), hs[-1].shape[1]
    columns = np.arange(B) if B > 1 else 0
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(T)):
        dy = np.copy(ps[t])
        dy[targets[t], columns] -= 1
        dWhy += np.dot(dy, hs[t].T)
        dby += dy.sum(axis=1, keepdims=True) if B > 1 else dy
        dh = np.dot(Why.T, dy) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw.sum(axis=1, keepdims=True) if B > 1 else dhraw
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t - 1].T)
        dhnext = np.dot(Whh.T, dhraw)
    return Gradients(dWxh, dWhh, dWhy, dbh, dby, dhnext)
