"""What a run in PyTorch found, kept with its date and versions.

``make test-frameworks`` writes ``_build/frameworks/pytorch.json``, and a run whose
result pages show is copied to ``rnn_notes/book/pytorch.json``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["pytorch"]


def pytorch() -> dict[str, Any]:
    """The last committed run, by name.

    date, versions : when it was, and with which PyTorch and NumPy
    file           : SHA-256 of the file that was run
    gradients      : relative difference of each gradient of ``nn.RNN`` from ours
    worst          : the largest of each comparison
    missing        : the share of a gradient that ``detach`` cuts off
    messages       : what PyTorch says where a graph is used twice

    >>> sorted(pytorch()["worst"])
    ['detach', 'grad', 'nn.GRU', 'nn.LSTM', 'nn.RNN']
    """
    path = Path(__file__).with_name("pytorch.json")
    run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return run
