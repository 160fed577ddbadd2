"""The LSTM: its readable loop, its fast pass, and PyTorch's ``nn.LSTM``."""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers import reason
from benchmarks.problems import SIZES
from benchmarks.timing import race
from rnn_notes import lstm
from rnn_notes.hoisted import hoisted_lstm

H, T, V, _ = SIZES[0]


def run(quick: bool) -> dict[str, Any]:
    """Microseconds and ratios to the loop, at the classic sizes, once all agree."""
    rng = np.random.default_rng(0)
    params = lstm.Params.random(V, H, rng, scale=0.1)
    text, states = rng.integers(V, size=T + 1), rng.standard_normal((2, H, 1))
    given = params, text[:-1].tolist(), text[1:].tolist(), *states
    passes = {
        "loop": (partial(lstm.loss_and_gradients, *given), _read),
        "hoisted": (partial(hoisted_lstm.loss_and_gradients, *given), _read),
    }
    missing = {}
    try:
        torch = importlib.import_module("benchmarks.peers.pytorch")
        passes["torch"] = torch.lstm(*given)
    except ImportError as error:
        missing["torch"] = reason(error)
    found = {name: read(call()) for name, (call, read) in passes.items()}
    for name, gradients in found.items():
        for array, d in gradients.items():
            if not np.allclose(d, found["loop"][array], rtol=1e-9, atol=1e-12):
                raise ValueError(f"{name}: d{array} is not that of the loop")
    times = race({name: call for name, (call, _) in passes.items()}, 5 if quick else 31)
    return {
        "microseconds": {name: times.time(name) for name in passes},
        "ratios": {name: times.ratio("loop", name) for name in passes},
        "missing": missing,
    }


def _read(result: Any) -> dict[str, Any]:
    return {name: getattr(result[1], f"d{name}") for name in lstm.Params.SHAPES}
