"""One product of the forward pass, and the same matrix sending signals back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnn_notes.book.figures.drawing.boxes import line
from rnn_notes.book.figures.drawing.frames import Frame, Moving, chosen, part
from rnn_notes.book.figures.drawing.labels import label, number
from rnn_notes.book.figures.drawing.run import Example, given
from rnn_notes.book.figures.drawing.svg import INKS, WIDTH, at, draw
from rnn_notes.rnn import Array, signals

__all__ = ["product_back"]

_CELL, _ROW = 46, 26


def product_back(example: Example | None = None) -> Moving:
    """``Why @ hs[t]`` and ``Why.T @ dy`` at the first step, entry by entry.

    >>> frames = product_back().frames
    >>> [frame.at for frame in frames]
    ['y[0]', 'y[1]', 'h[0]', 'h[1]', 'h[2]']
    """
    params, run = given(example)
    *_, (dy, *_) = signals(params, run)
    W, h = params.Why, run.hs[0]
    y, dh = W @ h, W.T @ dy
    V, H = W.shape
    frames = [_gathers(i, W, h, y) for i in range(V)]
    frames += [_scatters(j, W, dy, dh) for j in range(H)]
    parts = [
        label(0, 16, "forwards, `t = 0`", "quiet", 12, "start"),
        *_array("y", y, (20, 70), "`Why @ h`", "ink", range(V)),
        label(88, 74, "=", size=14),
        *_array("W", W, (104, 70), "`Why`", "weight"),
        label(266, 74, "@", size=14),
        *_array("h", h, (284, 70), "`h`", "state", range(V, V + H)),
        label(0, 146, "backwards", "quiet", 12, "start"),
        *_array("g", dh, (20, 210), "`Why.T @ dy`", "dh", range(V, V + H)),
        label(88, 214, "=", size=14),
        *_array("X", W.T, (104, 210), "`Why.T`", "weight"),
        label(220, 214, "@", size=14),
        *_array("d", dy, (238, 210), "`dy`", "dy", range(V)),
    ]
    alt = (
        f"Forwards, the {V} rows of Why each gather the entries of h into one entry of "
        f"the product. Backwards, each column of Why, a row of Why.T, gathers the "
        f"entries of dy into one entry of the gradient by h. {frames[0].says}"
    ).replace("`", "")
    drawn = draw("product-back", WIDTH, 262, "There and back", alt, parts)
    return Moving(drawn.svg, drawn.alt, "Point at an entry", frames, kind="select")


def _gathers(i: int, W: Array, h: Array, y: Array) -> Frame:
    """An entry of the product: a row of W gathers; ``dy[i]`` answers along it."""
    H = W.shape[1]
    terms = " + ".join(_times(W[i, j], h[j, 0]) for j in range(H))
    says = (
        f"Row {i} of `Why` gathers all of `h`: {terms} ≈ {number(y[i, 0])}. On the way "
        f"back `dy[{i}]` goes out along the same row, now a column of `Why.T`."
    )
    cells = [name for j in range(H) for name in (f"W{i}{j}", f"h{j}0")]
    back = [f"X{j}{i}" for j in range(H)]
    return Frame(f"y[{i}]", says, {}, [f"y{i}0", *cells, *back, f"d{i}0"])


def _scatters(j: int, W: Array, dy: Array, dh: Array) -> Frame:
    """An entry of h: a column of W scatters it, and gathers the answers."""
    V = W.shape[0]
    terms = " + ".join(_times(W[i, j], dy[i, 0]) for i in range(V))
    says = (
        f"`h[{j}]` goes out along column {j} of `Why`, to every logit. As many answers "
        f"come back along the same column: {terms} ≈ {number(dh[j, 0])}."
    )
    cells = [f"W{i}{j}" for i in range(V)] + [f"X{j}{i}" for i in range(V)]
    return Frame(
        f"h[{j}]", says, {}, [f"h{j}0", *cells, f"g{j}0", *(f"d{i}0" for i in range(V))]
    )


def _times(a: float, b: float) -> str:
    """A product in numbers; what is negative stands in brackets."""
    one, two = (f"({number(v)})" if v < 0 else number(v) for v in (a, b))
    return f"{one} × {two}"


def _array(
    name: str,
    array: Array,
    corner: tuple[float, float],
    words: str,
    ink: str,
    places: Sequence[int] = (),
) -> list[str]:
    """An array whose entries are parts; those of a column take the control to places.

    corner : its left edge, and its middle
    """
    rows, columns = array.shape
    x, top = corner[0], corner[1] - _ROW * rows / 2
    parts = [label(x + _CELL * columns / 2, top - 8, words, ink, 12)]
    for (i, j), value in np.ndenumerate(array):
        left, high = x + _CELL * j, top + _ROW * i
        cell = (
            f'<rect x="{at(left)}" y="{at(high)}" width="{_CELL}" height="{_ROW}"'
            f' fill-opacity=".07" style="fill:{INKS[ink].paint}"/>'
        )
        word = label(left + _CELL / 2, high + 18, number(value), ink)
        entry = f'<g class="entry">{part(f"{name}{i}{j}", cell)}{word}</g>'
        parts.append(chosen(places[i], entry) if places else entry)
    sides = (x - 2, x + _CELL * columns + 2)
    return parts + [line(f"M{at(side, top)}v{rows * _ROW}", ink) for side in sides]
