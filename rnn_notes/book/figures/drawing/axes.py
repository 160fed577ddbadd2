"""The frame of a plot: two axes, and what is drawn between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnn_notes.book.figures.drawing.boxes import box, line
from rnn_notes.book.figures.drawing.labels import label
from rnn_notes.book.figures.drawing.svg import INKS, WIDTH, at

__all__ = [
    "DASHES",
    "Axes",
    "clear",
    "curve",
    "disc",
    "power",
    "round_numbers",
    "turned",
]

DASHES = {"solid": "", "dashed": "6 4", "dotted": "0.1 4", "mixed": "8 4 0.1 4"}
_LEFT, _RIGHT, _TOP = 46, WIDTH - 18, 24


@dataclass(frozen=True)
class Axes:
    """The ranges of the two axes of a plot, and its height in the figure."""

    xs: tuple[float, float]
    ys: tuple[float, float]
    height: float

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the data stands in the picture.

        >>> Axes((0, 1), (0, 1), height=100).place(0, 0)
        (46.0, 124.0)
        """
        (x0, x1), (y0, y1) = self.xs, self.ys
        across, up = (x - x0) / (x1 - x0), (y - y0) / (y1 - y0)
        return _LEFT + (_RIGHT - _LEFT) * across, _TOP + self.height * (1 - up)

    def frame(
        self, x: Mapping[float, str], y: Mapping[float, str], below: str, above: str
    ) -> Iterator[str]:
        """The grid with words at its lines, and what the two axes mean.

        >>> plot = Axes((0, 1), (0, 1), height=100)
        >>> len(list(plot.frame({0: "0", 1: "1"}, {0: "0"}, "step", "loss")))
        6
        """
        for value, words in y.items():
            _, py = self.place(0, value)
            yield line(f"M{at(_LEFT, py)}H{at(_RIGHT)}")
            yield label(_LEFT - 6, py + 4, words, "quiet", 12, "end")
        bottom = _TOP + self.height
        for value, words in x.items():
            px, _ = self.place(value, 0)
            held = min(px, WIDTH - 4 * len(words))  # the edge cuts no number
            yield label(held, bottom + 17, words, "quiet", 12)
        yield label(0, 12, above, "quiet", 12.5, "start")
        yield label((_LEFT + _RIGHT) / 2, bottom + 36, below, "quiet", 12.5)

    def curve(self, xs: Sequence[float], ys: Sequence[float], dash: str) -> str:
        """A line through the points, as one of the ``DASHES``.

        >>> Axes((0, 1), (0, 1), height=100).curve([0, 1], [0, 1], "solid")[:24]
        '<path d="M46 124L342 24"'
        """
        points = [at(*self.place(x, y)) for x, y in zip(xs, ys, strict=True)]
        return curve("M" + "L".join(points), dash)

    def said(
        self, x: float, y: float, words: str, down: float, anchor: str = "middle"
    ) -> str:
        """Words at a point of the data, some units below or above it, on paper."""
        px, py = self.place(x, y)
        return clear(label(px, py + down, words, size=12.5, anchor=anchor))

    def bar(self, x: tuple[float, float], share: float, ink: str, tint: float) -> str:
        """A bar of a histogram from zero on; an empty class has none.

        >>> Axes((0, 1), (0, 1), height=100).bar((0.0, 0.1), 0.0, "state", 0.1)
        ''
        """
        (left, top), (right, bottom) = self.place(x[0], share), self.place(x[1], 0)
        middle, high = (left + right) / 2, (top + bottom) / 2
        return box(middle, high, right - left, bottom - top, ink, tint) if share else ""


def curve(path: str, dash: str) -> str:
    """A line along SVG path commands as one of the ``DASHES``.

    >>> "dasharray" in curve("M0 0H9", "dashed"), "dash" in curve("M0 0H9", "solid")
    (True, False)
    """
    dashed = f' stroke-dasharray="{DASHES[dash]}"' if DASHES[dash] else ""
    return line(path, "ink", 2).replace(" style", f"{dashed} style")


def clear(words: str) -> str:
    """Words that no line behind them crosses: paper lies around their letters.

    >>> "paint-order" in clear(label(1, 2, "a name"))
    True
    """
    paint = f"stroke:{INKS['paper'].paint};stroke-width:4;paint-order:stroke"
    return f'<g style="{paint}">{words}</g>'


def turned(
    x: float, y: float, degrees: float, words: str, anchor: str = "middle"
) -> str:
    """Words turned around their place, clear of what lies behind.

    >>> turned(1, 2, -90, "up")[:31]
    '<g transform="rotate(-90 1 2)">'
    """
    turned = clear(label(x, y, words, size=12.5, anchor=anchor))
    return f'<g transform="rotate({degrees:g} {at(x, y)})">{turned}</g>'


def disc(x: float, y: float, r: float = 4) -> str:
    """A full disc around a place of the picture.

    >>> disc(1, 2)[:22]
    '<circle cx="1" cy="2" '
    """
    fill = f'style="fill:{INKS["ink"].paint}"'
    return f'<circle cx="{at(x)}" cy="{at(y)}" r="{r:g}" {fill}/>'


def power(value: float) -> str:
    """The power of ten nearest to a value, in words.

    >>> power(3e-28), power(0.02), power(1.2)
    ('10⁻²⁸', '10⁻²', '1')
    """
    exponent = round(float(np.log10(value)))
    raised = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{raised}" if exponent else "1"


def round_numbers(low: float, high: float) -> list[float]:
    """Round numbers from low to high, nine at the most, evenly spaced.

    >>> round_numbers(-30, 20)
    [-30.0, -20.0, -10.0, 0.0, 10.0, 20.0]
    """
    spacings = (m * 10.0**e for e in range(-3, 6) for m in (1, 2, 5))
    spacing = next(s for s in spacings if (high - low) / s <= 8)
    first, last = np.ceil(low / spacing), np.floor(high / spacing)
    return [float(n * spacing) for n in np.arange(first, last + 1)]
