"""What runs in PyTorch and in JAX found, kept with their dates and versions.

``make test-frameworks`` writes ``_build/frameworks/pytorch.json`` and ``jax.json``, and
runs whose results pages show are copied to ``rnn_notes/book``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["in_jax", "in_pytorch"]


def in_pytorch() -> dict[str, Any]:
    """The last committed run in PyTorch, by name.

    date, versions : when it was, and with which PyTorch and NumPy
    file           : SHA-256 of the file that was run
    gradients      : relative difference of each gradient of ``nn.RNN`` from ours
    worst          : the largest of each comparison
    missing        : the share of a gradient that ``detach`` cuts off
    messages       : what PyTorch says where a graph is used twice

    >>> sorted(in_pytorch()["worst"])
    ['detach', 'grad', 'nn.GRU', 'nn.LSTM', 'nn.RNN']
    """
    return _run("pytorch")


def in_jax() -> dict[str, Any]:
    """The last committed run in JAX: date, versions, file and gradients, as above.

    >>> in_jax()["gradients"]["dWhh"] < 1e-12
    True
    """
    return _run("jax")


def _run(framework: str) -> dict[str, Any]:
    """The run that is kept under a name."""
    path = Path(__file__).with_name(f"{framework}.json")
    run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return run
