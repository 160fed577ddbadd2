"""Which of the book's networks a reader's is, if it is one of them."""

from __future__ import annotations

from typing import Any

from rnn_notes.diagnosis.gated import identified_lstm
from rnn_notes.diagnosis.problem import Problem
from rnn_notes.diagnosis.roles import identified

__all__ = ["understood"]

READINGS = {"rnn": identified, "lstm": identified_lstm}


def understood(model: Any, *handed_over: Any) -> Problem | None:
    """The reader's network as a problem, by the first reading that fits.

    Parameters
    ----------
    model : str or object, optional
        "rnn" or "lstm" tries that one; all else tries both.
    handed_over
        As in ``identified``.
    """
    named = {model: READINGS[model]} if model in (*READINGS,) else READINGS
    for reading in named.values():
        if (problem := reading(*handed_over)) is not None:
            return problem
    return None
