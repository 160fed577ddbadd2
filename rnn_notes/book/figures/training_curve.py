"""The loss of a training, step by step, and that of trainings that overfit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from rnn_notes.book.figures.drawing.axes import Axes, disc, round_numbers
from rnn_notes.book.figures.drawing.boxes import line
from rnn_notes.book.figures.drawing.labels import label, number
from rnn_notes.book.figures.drawing.svg import WIDTH, Figure, at, draw
from rnn_notes.book.seeds import Seeds
from rnn_notes.book.trained import Trained, baselines, kept_loss, trained
from rnn_notes.rnn import Array

__all__ = ["loss_curve", "overfitting"]

_HEIGHT = 240


def loss_curve(net: Trained | None = None) -> Figure:
    """The loss of each step, its running mean, and where both start.

    net : the training to draw, by default the book's own

    >>> "10,000 steps" in loss_curve().alt
    True
    """
    net = net or trained()
    T, steps = net.settings.T, len(net.losses)
    start, _, pairs = (T * cost for cost in baselines(net).values())
    kept = {stage: T * kept_loss(net, stage) for stage in net.stages}
    axes = Axes((0, steps), (0, 10 * float(np.ceil(start / 8))), _HEIGHT)
    x = {step: f"{step:,g}" for step in (0, steps / 2, steps)}
    y = {cost: f"{cost:g}" for cost in round_numbers(*axes.ys)}
    ends = np.linspace(0, steps - 1, min(steps, 121)).astype(int)
    parts = [
        *axes.frame(x, y, "step", f"nats in {T} letters"),
        *_bands(axes, net.losses, ends),
        axes.curve((0, steps), (start, start), "dashed"),
        axes.curve((0, steps), (pairs, pairs), "dotted"),
        axes.curve(ends.tolist(), net.smoothed[ends].tolist(), "solid"),
        *(disc(*axes.place(stage, cost)) for stage, cost in kept.items()),
        axes.said(steps, start, f"$T$ log $V$ = {number(start, 1)}", -6, "end"),
        *_legend(number(net.smoothed[-1], 1), number(pairs, 1)),
    ]
    told = ", ".join(f"{number(cost, 1)} after {s:,}" for s, cost in kept.items())
    alt = (
        f"The loss of {T} letters against the step, over {steps:,} steps. It starts "
        f"at T log V = {number(start, 1)} nats. The smoothed loss lags behind the "
        f"losses of the single steps and ends at {number(net.smoothed[-1], 1)}. Text "
        f"kept from the training costs {told} steps. Guessing by letter pairs costs "
        f"{number(pairs, 1)}."
    )
    return draw(
        "loss-curve", WIDTH, _HEIGHT + 160, "The loss, step by step", alt, parts
    )


def overfitting(
    found: Mapping[str, Mapping[str, Sequence[float]]] | None = None,
) -> Figure:
    """What networks pay on a short text that they read, and on its kept part.

    found : costs of several seeds by "read" and "kept" and by step, as published

    >>> "lowest after" in overfitting().alt
    True
    """
    found = Seeds()["overfitted"] if found is None else found
    steps = [int(n) for n in found["kept"]]
    costs = {name: np.array(list(found[name].values())) for name in ("read", "kept")}
    every = np.concatenate(list(costs.values()))
    ys = round_numbers(0, float(every.max()) * 1.1)
    axes = Axes((0, len(steps) - 1), (0, ys[-1]), _HEIGHT)
    x = {float(i): f"{n:,}" for i, n in enumerate(steps) if i % 2 == 0}
    parts = list(axes.frame(x, {y: f"{y:g}" for y in ys}, "step", "nats a letter"))
    for (name, rows), dash in zip(costs.items(), ("dashed", "solid"), strict=True):
        means = rows.mean(axis=1)
        parts.append(axes.curve(range(len(steps)), means.tolist(), dash))
        parts += [_spread(axes, i, row) for i, row in enumerate(rows)]
        parts.append(axes.said(1, means[1], name, 24 if name == "read" else -14))
    kept, read = costs["kept"].mean(axis=1), costs["read"].mean(axis=1)
    best = int(kept.argmin())
    alt = (
        f"Nats a letter against the step, means over {every.shape[1]} seeds. On the "
        f"text that is read the cost falls to {number(read[-1])} after {steps[-1]:,} "
        f"steps. On the kept text it is lowest after {steps[best]:,} steps, with "
        f"{number(kept[best])}, and then rises to {number(kept[-1])}."
    )
    return draw("overfitting", WIDTH, _HEIGHT + 70, "Overfitting", alt, parts)


def _spread(axes: Axes, x: float, costs: Array) -> str:
    """A stroke from the least to the most of some costs."""
    (px, low), (_, high) = (axes.place(x, f(costs)) for f in (np.min, np.max))
    return line(f"M{at(px, low)}V{at(high)}", "ink", width=3)


def _bands(axes: Axes, losses: Array, ends: Array) -> Iterator[str]:
    """Strokes from the lowest to the highest loss between two ends."""
    for a, b in pairwise(ends):
        part = np.minimum(losses[a : b + 1], axes.ys[1])
        (x, low), (_, high) = (axes.place(a, f(part)) for f in (np.min, np.max))
        yield line(f"M{at(x, low)}V{at(high)}", width=2.2)


def _legend(last: str, pairs: str) -> list[str]:
    """What the marks of the loss curve mean, and where two of them end."""
    row = Axes((0, 300), (0, 1), 0)
    swatches = {
        f"smoothed loss, {last} at the end": row.curve((8, 38), (0, 0), "solid"),
        "each step, from lowest to highest": line("M57 24H81", width=12),
        f"guessing by letter pairs, {pairs}": row.curve((8, 38), (0, 0), "dotted"),
        "text kept from the training": disc(69, 24),
    }
    parts = []
    for i, (words, swatch) in enumerate(swatches.items()):
        said = label(94, 28, words, size=12.5, anchor="start")
        down = _HEIGHT + 60 + 22 * i
        parts.append(f'<g transform="translate(0 {down})">{swatch}{said}</g>')
    return parts
