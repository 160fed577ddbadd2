"""Sequences of several lengths in one array: what padding does to their states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnn_notes.book.figures.drawing.boxes import box
from rnn_notes.book.figures.drawing.labels import label, number
from rnn_notes.book.figures.drawing.run import Example, given, letter
from rnn_notes.book.figures.drawing.svg import WIDTH, Figure, draw
from rnn_notes.rnn import Array, Params

__all__ = ["padded_rows"]

_CELL, _ROW, _LEFT = 58, 40, 68


def padded_rows(example: Example | None = None) -> Figure:
    """The first unit after each step of three rows, as padding moves it and as kept.

    The rows are the ends of the example's text, with zeros in front.

    >>> "The mask keeps" in padded_rows().alt
    True
    """
    params, run = given(example)
    lengths = (run.T // 2, run.T, (run.T + 1) // 2)
    hprev, xs = run.hs[-1], [run.xs[t] for t in range(run.T)]
    parts, told = [], []
    panels = {
        "zeros run as steps: the state moves": False,
        "the mask is 0: the state waits": True,
    }
    for i, (words, kept) in enumerate(panels.items()):
        top = 16 + i * (_ROW * len(lengths) + 66)
        parts.append(label(0, top, words, "ink", 13, "start"))
        parts += [
            label(_place(t), top + 22, f"`t = {t}`", "quiet", 12) for t in range(run.T)
        ]
        rows = [_states(params, xs, hprev, run.T - n, kept) for n in lengths]
        for n, (length, states) in enumerate(zip(lengths, rows, strict=True)):
            y = top + 48 + _ROW * n
            parts.append(label(0, y + 4, f"{length} letters", "quiet", 12, "start"))
            for t, state in enumerate(states):
                parts += _cell(t, y, "" if t < run.T - length else letter(xs[t]), state)
        told.append("; ".join(", ".join(map(number, states)) for states in rows))
    parts.append(
        label(
            WIDTH / 2,
            top + 48 + _ROW * 3,
            f"before step 0 the unit is {number(hprev[0, 0])}",
            "quiet",
            12.5,
        )
    )
    alt = (
        f"The first hidden unit after each step of three sequences of {lengths[0]}, "
        f"{lengths[1]} and {lengths[2]} letters, padded in front; before them it is "
        f"{number(hprev[0, 0])}. Zeros that run as steps move it: {told[0]}. The mask "
        f"keeps it as it was: {told[1]}. The last column differs where zeros ran."
    )
    return draw(
        "padded-rows", WIDTH, top + 58 + _ROW * 3, "Padding and a mask", alt, parts
    )


def _states(
    params: Params, xs: Sequence[Array], hprev: Array, zeros: int, kept: bool
) -> list[float]:
    """The first unit after each step, of which the first few read zeros."""
    h, found = hprev, []
    for t, x in enumerate(xs):
        if t >= zeros or not kept:
            x = x * (t >= zeros)
            h = np.tanh(params.Wxh @ x + params.Whh @ h + params.bh)
        found.append(float(h[0, 0]))
    return found


def _place(t: int) -> float:
    """The middle of a step's column."""
    return _LEFT + _CELL * (t + 0.5)


def _cell(t: int, y: float, read: str, state: float) -> list[str]:
    """What a step reads, over the unit after it; a padded step is dashed."""
    ink = "state" if read else "dhnext"
    return [
        box(_place(t), y, _CELL - 5, _ROW - 5, ink, 0.12 if read else 0),
        label(_place(t), y - 3, f"`{read or '0'}`", ink, 12),
        label(_place(t), y + 12, number(state), size=12),
    ]
