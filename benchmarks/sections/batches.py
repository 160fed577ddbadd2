"""What a batch brings: one pass over B sequences beside B passes over one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.environment import Others
from benchmarks.timing import race
from rnn_notes import hoisted, lstm, rnn
from rnn_notes.arrays.arguments import Array
from rnn_notes.hoisted import hoisted_lstm

T, V = 25, 65
WIDTHS, BATCHES = (16, 64, 256, 512), (2, 8, 32, 128)


def run(quick: bool) -> dict[str, Any]:
    """A row for each cell and width: how much of the time of B passes a batch takes."""
    others = Others()
    widths = WIDTHS[:2] if quick else WIDTHS
    rows = [shares(cell, H, quick) for cell in ("rnn", "lstm") for H in widths]
    return {"T": T, "V": V, "rows": rows, "others": others.share()}


def shares(cell: str, H: int, quick: bool) -> dict[str, Any]:
    """Microseconds of one sequence, and by B the quartiles of the batch's share."""
    calls = {B: passed(cell, H, B) for B in (1, *BATCHES)}
    rounds = 3 if quick else 11
    found = {}
    for B in BATCHES:
        times = race({"one": calls[1], "batch": calls[B]}, rounds, limit=6)
        found[str(B)] = [ratio / B for ratio in times.ratio("batch", "one")]
        one = times.time("one")
    return {"cell": cell, "H": H, "one": one, "shares": found}


def passed(cell: str, H: int, B: int) -> Callable[[], Any]:
    """A hoisted pass over B random sequences."""
    rng = np.random.default_rng([H, B])
    inputs, targets = rng.integers(V, size=(2, B, T))
    states: Array = rng.uniform(-0.5, 0.5, (2, H, B))
    if cell == "lstm":
        weights = lstm.Params.random(V, H, rng, scale=1 / np.sqrt(H))
        given = weights, inputs, targets, *states
        return partial(hoisted_lstm.loss_and_gradients, *given)
    params = rnn.Params.random(V, H, rng, scale=0.8 / np.sqrt(H))
    kept = hoisted.Workspace(V, H, T, B)
    call = hoisted.loss_and_gradients
    return partial(call, params, inputs, targets, states[0], workspace=kept)
