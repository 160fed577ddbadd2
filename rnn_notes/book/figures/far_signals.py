"""How far gradients reach, before a training and after it, as pictures.

net : in every function the training to draw, by default the book's own
"""

from __future__ import annotations

import numpy as np

from rnn_notes.book.figures.drawing.axes import Axes, power, round_numbers
from rnn_notes.book.figures.drawing.labels import label, number
from rnn_notes.book.figures.drawing.svg import WIDTH, Figure, draw
from rnn_notes.book.reach import (
    jacobian_norms,
    largest_singular_value,
    spectral_radius,
)
from rnn_notes.book.trained import Trained, trained
from rnn_notes.rnn import Array, Forward, Params, forward

__all__ = ["BACK", "fading", "median_norms", "opening", "slope_shares", "tanh_slopes"]

BACK = 25  # how many steps back the pictures look


def fading(net: Trained | None = None) -> Figure:
    """How much of a signal is left k steps back, and what two numbers predict.

    >>> "spectral radius" in fading().alt
    True
    """
    net = net or trained()
    Whh, ks = net.params.Whh, np.arange(BACK + 1)
    rho, sigma = spectral_radius(Whh), largest_singular_value(Whh)
    curves = {  # the values, their dashes, and where the name stands
        f"powers of σ = {number(sigma)}": (sigma**ks, "dotted", 8, -26),
        f"powers of ρ = {number(rho)}": (rho**ks, "mixed", 20, 22),
        "trained": (median_norms(net, net.params), "solid", 20, 22),
        "untrained": (median_norms(net, net.untrained), "dashed", 19, -16),
    }
    logs = np.log10([values for values, *_ in curves.values()])
    axes = Axes((0, BACK), (float(logs.min()), float(logs.max())), 260)
    y = {v: power(10.0**v) for v in round_numbers(*axes.ys)}
    x = {float(k): f"{k}" for k in ks[::5]}
    parts = [*axes.frame(x, y, "steps back, $k$", "size")]
    for row, (name, (_, dash, k, down)) in zip(logs, curves.items(), strict=True):
        parts.append(axes.curve(ks.tolist(), row.tolist(), dash))
        parts.append(axes.said(k, row[k], name, down))
    stretch, radius, after, before = (power(v[-1]) for v, *_ in curves.values())
    alt = (
        "The largest singular value of the derivative of a state by the state k steps "
        "before, on a logarithmic axis, beside the k-th powers of the spectral radius "
        f"{number(rho)} and of the largest singular value {number(sigma)} of the "
        f"trained Whh. At k = {BACK} the powers are {radius} and {stretch}; the "
        f"trained net keeps {after}, the untrained one {before}."
    )
    return draw("fading", WIDTH, 332, "How far gradients reach", alt, parts)


def tanh_slopes(net: Trained | None = None) -> Figure:
    """How steep the tanh is where the units stand, before the training and after.

    >>> "untrained" in tanh_slopes().alt
    True
    """
    net = net or trained()
    nets = {"trained": net.params, "untrained": net.untrained}
    shares = {name: slope_shares(net, params) for name, params in nets.items()}
    axes = Axes((0, 1), (0, 1), 150)
    x = {v / 10: f"0.{v}" if v % 10 else f"{v // 10}" for v in range(0, 11, 2)}
    y = {v: f"{100 * v:g}%" for v in (0, 0.5, 1)}
    parts = [*axes.frame(x, y, "slope of the tanh, $1 − h$²", "share of units")]
    for i, (after, before) in enumerate(zip(*shares.values(), strict=True)):
        parts.append(axes.bar((i / 10, (i + 1) / 10), after, "state", 0.25))
        parts.append(axes.bar((i / 10 + 0.02, i / 10 + 0.08), before, "ink", 0))
    words = ("shaded: trained", "outlined: untrained")
    parts += [label(70, 62 + 18 * i, w, anchor="start") for i, w in enumerate(words)]
    told = (
        f"{name}, {', '.join(f'{share:.0%}' for share in of_one)}"
        for name, of_one in shares.items()
    )
    alt = (
        "The slopes of the tanh of all units at all steps, in ten classes from 0 to 1. "
        f"Shares from flat to steep: {'; '.join(told)}."
    )
    return draw("tanh-slopes", WIDTH, 224, "How steep the tanh is", alt, parts)


def opening(net: Trained, length: int = 500) -> list[int]:
    """The first letters of the text that a net was trained on, one more than steps.

    >>> len(opening(trained()))
    501
    """
    return net.vocabulary.encode(net.read[: length + 1])


def _run(net: Trained, params: Params) -> Forward:
    """A forward pass over the opening of the text."""
    letters = opening(net)
    return forward(params, letters[:-1], letters[1:], np.zeros((params.H, 1)))


def median_norms(net: Trained, params: Params) -> Array:
    """The norms of Jacobians over 0 to ``BACK`` steps, medians of many places.

    >>> median_norms(trained(), trained().params).shape
    (26,)
    """
    run = _run(net, params)
    places = range(4 * BACK - 1, run.T, BACK)
    all_norms = [jacobian_norms(params, run, t, BACK) for t in places]
    medians: Array = np.median(all_norms, axis=0)
    return medians


def slope_shares(net: Trained, params: Params) -> Array:
    """The share of slopes in each tenth from 0 to 1, (10,).

    >>> bool(np.isclose(slope_shares(trained(), trained().params).sum(), 1))
    True
    """
    run = _run(net, params)
    counts, _ = np.histogram([1 - run.hs[t] ** 2 for t in range(run.T)], 10, (0, 1))
    shares: Array = counts / counts.sum()
    return shares
