"""The loops in NumPy: the classic one with its dictionaries, and the package's own."""

from __future__ import annotations

from collections.abc import Iterator

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
    letters, goals = inputs.T.copy(), targets.T.copy()
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


def classic(
    params: Params, inputs: Array, targets: Array, hprev: Array
) -> tuple[float, Gradients, Array]:
    """The pass as the classic code has it: dictionaries, one outer product a step.

    inputs, targets : (T, B)
    hprev           : (H, B)
    """
    loss, xs, hs, ps = classic_forward(params, inputs, targets, hprev)
    gradients = classic_backward(params, targets, (loss, xs, hs, ps))
    return loss, gradients, hs[len(inputs) - 1]


def classic_forward(
    params: Params, inputs: Array, targets: Array, hprev: Array
) -> tuple[float, Columns, Columns, Columns]:
    """Loss, inputs, states and probabilities, the latter three by step."""
    Wxh, Whh, Why, bh, by = params.Wxh, params.Whh, params.Why, params.bh, params.by
    T, B = inputs.shape
    columns = np.arange(B)
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0.0
    for t in range(T):
        xs[t] = np.zeros((params.V, B), Wxh.dtype)
        xs[t][inputs[t], columns] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
        ys[t] = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]), axis=0)
        loss += -np.log(ps[t][targets[t], columns]).sum()
    return loss, xs, hs, ps


def classic_backward(
    params: Params, targets: Array, kept: tuple[float, Columns, Columns, Columns]
) -> Gradients:
    """The gradients, from what the forward pass has kept."""
    Wxh, Whh, Why, bh, by = params.Wxh, params.Whh, params.Why, params.bh, params.by
    _, xs, hs, ps = kept
    T, B = targets.shape
    columns = np.arange(B)
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
