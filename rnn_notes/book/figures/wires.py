"""The wires of ``Why``: a row of it read forwards, a column of it read backwards."""

from __future__ import annotations

from rnn_notes.book.figures.drawing.boxes import arrow, line, node
from rnn_notes.book.figures.drawing.labels import label, number
from rnn_notes.book.figures.drawing.run import Example, given
from rnn_notes.book.figures.drawing.svg import WIDTH, Figure, draw
from rnn_notes.rnn import Array, signals

__all__ = ["wires"]

_LEFT, _RIGHT, _GAP = 70.0, 290.0, 46.0


def wires(example: Example | None = None) -> Figure:
    """The first row of ``Why`` forwards, and its first column backwards.

    Both panels have the same wires. Forwards the first logit gathers from all units;
    backwards the first unit gathers from all logits. The numbers are those of step 0.

    >>> "column" in wires().alt
    True
    """
    params, run = given(example)
    Why, h = params.Why, run.hs[0]
    dy = list(signals(params, run))[-1].dy
    forwards, backwards = Why[0] * h[:, 0], Why[:, 0] * dy[:, 0]
    tall = _GAP * (params.H - 1)
    middle = 164 + tall
    parts = [
        label(WIDTH / 2, 20, "forwards: row 0 gathers for logit 0", size=14),
        *_panel(72, h, "h", params.V, "y", Why, forwards=True),
        *_sum(110 + tall, "ink", Why[0], h, forwards.sum()),
        label(WIDTH / 2, middle, "backwards: column 0 gathers for unit 0", size=14),
        *_panel(middle + 52, dy, "dy", params.H, "dh", Why, forwards=False),
        *_sum(middle + 90 + tall, "dy", Why[:, 0], dy, backwards.sum()),
    ]
    alt = (
        f"Hidden units at the left and logits at the right, joined by the wires of "
        f"Why. Forwards, the first row of Why gathers what goes to logit 0: "
        f"{_spelt(Why[0], h)} = {number(forwards.sum())}, the bias left out. "
        f"Backwards, the first column of Why gathers what comes back to unit 0: "
        f"{_spelt(Why[:, 0], dy)} = {number(backwards.sum())}."
    )
    return draw("wires", WIDTH, middle + 104 + tall, "The wires of Why", alt, parts)


def _panel(
    top: float,
    values: Array,
    name: str,
    others: int,
    other: str,
    Why: Array,
    forwards: bool,
) -> list[str]:
    """Units and logits with all wires; those that meet in one place are arrows."""
    V, H = Why.shape
    units = [top + _GAP * j for j in range(H)]
    logits = [top + _GAP * (H - 1) / 2 + _GAP * (i - (V - 1) / 2) for i in range(V)]
    parts = []
    for i, y in enumerate(logits):
        for j, x in enumerate(units):
            if forwards and i == 0:
                parts.append(arrow(_LEFT + 18, x, _RIGHT - 20, y))
            elif not forwards and j == 0:
                parts.append(arrow(_RIGHT - 18, y, _LEFT + 20, x, "dy"))
            else:
                parts.append(line(f"M{_LEFT + 18} {x}L{_RIGHT - 18} {y}"))
    sources, place = (units, _LEFT) if forwards else (logits, _RIGHT)
    targets, end = (logits, _RIGHT) if forwards else (units, _LEFT)
    for n, y in enumerate(sources):
        parts.append(node(place, y, str(n), "state" if forwards else "dy"))
        side, anchor = (place - 26, "end") if forwards else (place + 26, "start")
        parts.append(label(side, y + 4, number(values[n, 0]), "quiet", 12, anchor))
    for n in range(others):
        parts.append(node(end, targets[n], str(n), "state" if not forwards else "dy"))
    words = (f"`{name}`", f"`{other}`") if forwards else (f"`{other}`", f"`{name}`")
    parts.append(label(_LEFT, top - 25, words[0], "quiet", 12))
    parts.append(label(_RIGHT, min(logits) - 25, words[1], "quiet", 12))
    return parts


def _sum(y: float, ink: str, weights: Array, with_: Array, total: float) -> list[str]:
    """The sum that is gathered, in numbers."""
    return [
        label(WIDTH / 2, y, f"{_spelt(weights, with_)} = {number(total)}", ink, 12.5)
    ]


def _spelt(weights: Array, values: Array) -> str:
    """Weight times value, one after the other."""
    pairs = zip(weights, values[:, 0], strict=True)
    return " + ".join(f"{_signed(w, 1)}·{_signed(v, 2)}" for w, v in pairs)


def _signed(value: float, places: int) -> str:
    """A number in brackets where it is negative."""
    text = number(value, places)
    return f"({text})" if text.startswith("−") else text
