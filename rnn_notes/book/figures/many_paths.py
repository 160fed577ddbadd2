"""All paths from the last loss back to each unit, and what comes along them."""

from __future__ import annotations

from itertools import pairwise, product

from rnn_notes.book.figures.drawing.axes import clear, disc
from rnn_notes.book.figures.drawing.boxes import box, line
from rnn_notes.book.figures.drawing.labels import label, number
from rnn_notes.book.figures.drawing.run import Example, given
from rnn_notes.book.figures.drawing.svg import WIDTH, Figure, at, draw
from rnn_notes.ledger import ledger

__all__ = ["many_paths"]

_ROW, _TOP = 52.0, 58.0


def many_paths(example: Example | None = None) -> Figure:
    """The wires between the states, and the slope of the last loss at each unit.

    >>> "243 paths" in many_paths().alt
    True
    """
    params, run = given(example)
    shares = ledger(params, run)[:, -1]  # (T, H)
    T, H = shares.shape
    xs = [22 + 64 * (4 / (T - 1)) * t for t in range(T)]
    ys = [_TOP + _ROW * i for i in range(H)]
    low, end = ys[-1], (WIDTH - 16.0, (ys[0] + ys[-1]) / 2)
    places = [list(product([x], ys)) for x in xs] + [[end]]
    wires = [wire for two in pairwise(places) for wire in product(*two)]
    path = [column[2 * t % len(column)] for t, column in enumerate(places)]
    parts = [_wire(wire, "rule", 1.5) for wire in wires]
    parts += [_wire(step, "dhnext", 2) for step in pairwise(path)]
    for t, x in enumerate(xs):
        parts.append(label(x, 16, f"`hs[{t}]`", "state", 12))
        for y, share in zip(ys, shares[t], strict=True):
            parts.append(disc(x, y, 5))
            parts.append(clear(label(x, y - 11, number(share), "dh", 12)))
        parts.append(label(x, low + 56, f"{H ** (T - 1 - t):,}", size=12.5))
    parts += [box(*end, 30, 28, "paper", 1), box(*end, 30, 28, "loss", 0.12)]
    parts.append(label(end[0], end[1] + 5, f"$ℓ_{T}$", size=15))
    counted = f"{H**T:,} paths from `hs[0]`, {len(wires)} wires; dashed: one path"
    words = {34: ("paths from one unit to the loss", "quiet"), 84: (counted, "ink")}
    for down, (said, ink) in words.items():
        parts.append(label(0, low + down, said, ink, 12.5, "start"))
    told = " ".join(
        f"At hs[{t}]: {', '.join(map(number, share))}."
        for t, share in enumerate(shares)
    )
    alt = (
        f"The {H} units of each of {T} states, each joined with all units of the next "
        f"state, and those of the last with the last loss: {len(wires)} wires, and "
        f"{H**T:,} paths from the first state to the loss. At each unit stands what "
        f"all its paths bring, the slope of that loss. {told}"
    )
    return draw("many-paths", WIDTH, low + 94, "Many paths, few wires", alt, parts)


def _wire(
    ends: tuple[tuple[float, float], tuple[float, float]], ink: str, width: float
) -> str:
    """A line from one place to the other."""
    return line(f"M{at(*ends[0])}L{at(*ends[1])}", ink, width)
