"""The LSTM: its readable loop, its fast pass, PyTorch's ``nn.LSTM``, a scan of JAX."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.environment import Others
from benchmarks.peers import reason
from benchmarks.problems import SIZES, Size, assure, by_sequence
from benchmarks.timing import race
from rnn_notes import lstm
from rnn_notes.arrays.arguments import Array
from rnn_notes.hoisted import hoisted_lstm

Pass = tuple[Callable[[], Any], Callable[[Any], dict[str, Array]]]


def run(quick: bool) -> dict[str, Any]:
    """A row for each size, and how busy the machine was with other programs."""
    others = Others()
    rows = [compare(size, quick) for size in SIZES[: 2 if quick else 3]]
    return {"rows": rows, "others": others.share()}


def compare(size: Size, quick: bool) -> dict[str, Any]:
    """Microseconds and ratios to the hoisted pass, once all gradients agree.

    Raises ``ArithmeticError`` for a pass whose gradients are wrong.
    """
    H, T, V, B = size
    rng = np.random.default_rng(0)
    params = lstm.Params.random(V, H, rng, scale=1 / np.sqrt(H))
    inputs, targets = rng.integers(V, size=(2, B, T))
    states = rng.uniform(-0.5, 0.5, (2, H, B))
    given = params, inputs, targets, *states
    passes: dict[str, Pass] = {
        "hoisted": (partial(hoisted_lstm.loss_and_gradients, *given), _read),
        "loop": (partial(by_sequence, lstm.loss_and_gradients, *given), _read),
    }
    missing = {}
    for name, peer in (("torch", "pytorch"), ("jax", "jax_scans")):
        try:
            module = importlib.import_module(f"benchmarks.peers.{peer}")
        except ImportError as error:
            missing[name] = reason(error)
        else:
            passes[name] = module.lstm(*given)
    found = {name: read(call()) for name, (call, read) in passes.items()}
    for name, gradients in found.items():
        for array, d in gradients.items():
            due = found["loop"][array]
            off = np.abs(d - due).max() / np.abs(due).max()
            assure(f"{name}: d{array}", off, 1e-9)
    if B > 1:  # it knows no batch, and takes seconds
        del passes["loop"]
    calls = {name: call for name, (call, _) in passes.items()}
    times = race(calls, rounds=5 if quick else 21, limit=5 if quick else 12)
    return {
        "size": size._asdict(),
        "microseconds": {name: times.time(name) for name in calls},
        "ratios": {name: times.ratio(name, "hoisted") for name in calls},
        "missing": missing,
    }


def _read(result: Any) -> dict[str, Array]:
    return {name: getattr(result[1], f"d{name}") for name in lstm.Params.SHAPES}
