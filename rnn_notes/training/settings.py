"""What a training is started with, checked."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from rnn_notes.training.networks import CELLS
from rnn_notes.training.updates import RULES

__all__ = ["Settings", "finite", "whole"]

_MOST = 2**128  # more than any seed


@dataclass(frozen=True)
class Settings:
    """What a training is started with; ``ValueError`` for what cannot be.

    H, T          : hidden units, and letters in a chunk
    learning_rate : of the rule
    seed          : of the first weights and of the samples
    cell          : the network, "rnn", "lstm" or "gru"
    B             : streams of the text that are read side by side
    rule          : of the updates, "sgd", "adagrad" or "adam"
    clip          : what entries of the gradient are cut to
    held_out      : the share of the text, at its end, that is not trained on

    >>> Settings(cell="elman")
    Traceback (most recent call last):
    ValueError: cell is 'elman', expected one of rnn, lstm, gru
    """

    H: int = 100
    T: int = 25
    learning_rate: float = 0.1
    seed: int = 0
    cell: str = "rnn"
    B: int = 1
    rule: str = "adagrad"
    clip: float = 5.0
    held_out: float = 0.0

    def __post_init__(self) -> None:
        for name, least in (("H", 1), ("T", 1), ("B", 1), ("seed", 0)):
            whole(name, getattr(self, name), least)
        for name in ("learning_rate", "clip"):
            if not finite(name, getattr(self, name)) > 0:
                raise ValueError(
                    f"{name} is {getattr(self, name)}, expected a number above 0"
                )
        if not 0 <= finite("held_out", self.held_out) < 1:
            raise ValueError(f"held_out is {self.held_out}, expected 0 to below 1")
        for name, known in (("cell", list(CELLS)), ("rule", list(RULES))):
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}, expected one of "
                    f"{', '.join(known)}"
                )


def whole(name: str, value: Any, least: int) -> None:
    """Raise unless the value is a whole number of at least ``least``.

    Raises
    ------
    ValueError
        For every other value, True and what 16 bytes cannot hold included, with the
        name.
    """
    number = isinstance(value, int) and not isinstance(value, bool)
    if not number or not least <= value < _MOST:
        raise ValueError(
            f"{name} is {value!r:.30}, expected a whole number of at least {least}, "
            "below 2**128"
        )


def finite(name: str, value: Any) -> float:
    """The value as a float.

    Raises
    ------
    ValueError
        Where it is no number that a float can hold, with the name.
    """
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not -sys.float_info.max <= value <= sys.float_info.max:
        raise ValueError(f"{name} is {value!r:.30}, expected a finite number")
    return float(value)
