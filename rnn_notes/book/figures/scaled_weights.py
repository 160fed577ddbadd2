"""What becomes of a signal, and of the text's loss, when Whh is scaled.

net : in every function the training to draw, by default the book's own
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from rnn_notes.book.figures.drawing.axes import Axes, curve, power
from rnn_notes.book.figures.drawing.frames import Frame, Moving, as_shown, part
from rnn_notes.book.figures.drawing.labels import number
from rnn_notes.book.figures.drawing.svg import WIDTH, draw
from rnn_notes.book.figures.far_signals import BACK, opening
from rnn_notes.book.reach import (
    jacobian_norms,
    largest_singular_value,
    spectral_radius,
)
from rnn_notes.book.trained import Trained, trained
from rnn_notes.rnn import Array, forward

__all__ = ["SCALES", "Scaled", "scaled", "scaled_weights"]

SCALES = tuple(k / 8 for k in range(1, 18))
_ENDS = (-10.0, 5.0)  # the powers of ten that the picture shows
_PLACES = range(99, 500, 80)


class Scaled(NamedTuple):
    """What a scale of Whh does.

    norms : (BACK + 1,), the most that is left of a signal k steps back, medians
    loss  : of a letter of the text, in nats
    """

    rho: float
    sigma: float
    norms: Array
    loss: float


def scaled_weights(net: Trained | None = None) -> Moving:
    """How much of a signal is left k steps back, for any scale of the trained Whh.

    >>> moving = scaled_weights()
    >>> moving.frames[moving.first].at
    '1.000'
    """
    net = net or trained()
    table = {scale: scaled(net, scale) for scale in SCALES}
    first = SCALES.index(1)
    axes = Axes((0, BACK), _ENDS, 230)
    frames = [_frame(scale, found, axes) for scale, found in table.items()]
    shown = frames[first].parts
    parts = [
        *axes.frame(
            {float(k): f"{k}" for k in range(0, BACK + 1, 5)},
            {v: power(10**v) for v in (-10.0, -5.0, 0.0, 5.0)},
            "steps back, $k$",
            "what is left",
        )
    ]
    for name, dash in _DASHES.items():
        parts.append(part(name, as_shown(curve("", dash), shown[name])))
    for row, (name, words) in enumerate(_NAMES.items()):
        said = f"{_DASHES[name]}: {words}"
        parts.append(axes.said(0.5, -7 - 1.2 * row, said, 0, "start"))
    alt = (
        "The most that is left of a signal k steps back in the trained net, on a "
        "logarithmic axis, beside the powers of the spectral radius and of the largest "
        f"singular value of Whh. {frames[first].says}"
    )
    drawn = draw("scaled-weights", WIDTH, 302, "Whh scaled", alt, parts)
    return Moving(drawn.svg, drawn.alt, "Scale of `Whh`", frames, first)


_NAMES = {"norms": "measured", "rho": "powers of ρ", "sigma": "powers of σ"}
_DASHES = {"norms": "solid", "rho": "mixed", "sigma": "dotted"}


@cache
def scaled(net: Trained, scale: float) -> Scaled:
    """The trained net with its Whh multiplied, on the opening of the text.

    >>> weak, strong = (scaled(trained(), scale) for scale in (0.5, 2))
    >>> bool(weak.norms[-1] < 1 < strong.norms[-1])
    True
    """
    params = net.params.replace(Whh=scale * net.params.Whh)
    letters = opening(net)
    run = forward(params, letters[:-1], letters[1:], np.zeros((params.H, 1)))
    norms = np.median([jacobian_norms(params, run, t, BACK) for t in _PLACES], axis=0)
    radius, stretch = spectral_radius(params.Whh), largest_singular_value(params.Whh)
    return Scaled(radius, stretch, norms, run.loss / run.T)


def _frame(scale: float, found: Scaled, axes: Axes) -> Frame:
    """What the picture shows at a scale."""
    ks = np.arange(BACK + 1)
    curves = {"norms": found.norms, "rho": found.rho**ks, "sigma": found.sigma**ks}
    parts = {name: {"d": _path(axes, values)} for name, values in curves.items()}
    says = (
        f"ρ = {number(found.rho)}, σ = {number(found.sigma)}. After {BACK} steps "
        f"{power(found.norms[-1])} of a signal is left at the most. "
        f"A letter of the text costs {number(found.loss)} nats."
    )
    return Frame(number(scale, 3), says, parts)


def _path(axes: Axes, values: Array) -> str:
    """A curve on the logarithmic axis, ended where it leaves the picture."""
    logs = np.log10(np.maximum(values, 1e-300))
    inside = np.flatnonzero((logs < _ENDS[0]) | (logs > _ENDS[1]))
    end = int(inside[0]) if inside.size else len(logs)
    points = [axes.place(k, float(logs[k])) for k in range(end)]
    return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in points)
