"""Which of the book's networks a reader's is, if it is one of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from rnn_notes import gru, lstm
from rnn_notes.diagnosis.gated import identified_gated
from rnn_notes.diagnosis.problem import Problem
from rnn_notes.diagnosis.roles import identified

__all__ = ["understood"]

_READINGS: dict[str, Callable[..., Problem | None]] = {
    "rnn": identified,
    "lstm": partial(identified_gated, lstm),
    "gru": partial(identified_gated, gru),
}


def understood(model: Any, *handed_over: Any) -> Problem | None:
    """The reader's network as a problem, by the first reading that fits.

    Parameters
    ----------
    model : str or object, optional
        "rnn", "lstm" or "gru" tries that one; all else tries all three.
    handed_over
        As in ``identified``.
    """
    named = {model: _READINGS[model]} if model in (*_READINGS,) else _READINGS
    for reading in named.values():
        if (problem := reading(*handed_over)) is not None:
            return problem
    return None
