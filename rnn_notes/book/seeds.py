"""Trainings from several seeds, for the pages that say how far results spread.

Nothing is trained here: the numbers come from the JSON that ``python -m
benchmarks.seed_spread`` has written, with the day and the machine. ::

    found = Seeds()
    spread(found["cut"]["0.1"]["5"])   # mean, least and most
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Seeds", "spread"]


class Seeds:
    """The published run, by experiment.

    name : "seeds", or "remedies" for that of ``python -m benchmarks.remedies``

    >>> found = Seeds()
    >>> sorted(found["cut"]["0.1"], key=int)
    ['1', '5', '25', '100']
    """

    def __init__(self, name: str = "seeds") -> None:
        file = Path(__file__).with_name(f"{name}.json")
        self.sections = json.loads(file.read_text(encoding="utf-8"))

    def __getitem__(self, name: str) -> Any:
        return self.sections[name]

    @property
    def made(self) -> str:
        """The day of the run, and what it ran on."""
        return f"{self['when']}, {self['where']}"


def spread(values: Sequence[float]) -> str:
    """Mean of several values, and the least and the most of them.

    >>> spread([1.0, 2.0, 2.4])
    '1.80 (1.00 to 2.40)'
    """
    return f"{np.mean(values):.2f} ({min(values):.2f} to {max(values):.2f})"
