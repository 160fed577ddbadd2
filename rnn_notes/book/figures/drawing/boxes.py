"""The shapes of a figure: lines, arrows, nodes, boxes and matrices."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

import numpy as np

from rnn_notes.book.figures.drawing.labels import label, number, places, shape
from rnn_notes.book.figures.drawing.svg import INKS, WIDTH, at
from rnn_notes.rnn import Array

__all__ = ["Matrix", "arrow", "box", "equation", "line", "node"]


def line(path: str, ink: str = "rule", width: float = 1.5) -> str:
    """A line along SVG path commands, dashed as its quantity is.

    >>> "dasharray" in line("M0 0H9", "dhnext"), "dasharray" in line("M0 0H9", "dh")
    (True, False)
    """
    wide = "" if width == 1.5 else f' stroke-width="{width:g}"'
    style = f"fill:none;stroke:{INKS[ink].paint}"
    return f'<path d="{path}"{wide}{_dashed(ink)} style="{style}"/>'


def arrow(x1: float, y1: float, x2: float, y2: float, ink: str = "ink") -> str:
    """A straight arrow whose tip touches the second point.

    >>> "L" in arrow(0, 0, 20, 0)
    True
    """
    length = hypot(x2 - x1, y2 - y1)
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    bx, by = x2 - 8 * ux, y2 - 8 * uy  # the base of the head
    left, right = at(bx - 3.5 * uy, by + 3.5 * ux), at(bx + 3.5 * uy, by - 3.5 * ux)
    head = f"M{at(x2, y2)}L{left}L{right}Z"
    width = 2.4 if ink == "dy" else 1.5  # a dot is small, so it is made fatter
    shaft = line(f"M{at(x1, y1)}L{at(bx, by)}", ink, width)
    return f'{shaft}<path d="{head}" style="fill:{INKS[ink].paint}"/>'


def node(x: float, y: float, words: str, ink: str = "state", r: float = 18) -> str:
    """A circle with words inside.

    >>> node(9, 9, "$h_t$").count("<circle")
    1
    """
    style = f"fill:{INKS['paper'].paint};stroke:{INKS[ink].paint}"
    circle = f'<circle cx="{at(x)}" cy="{at(y)}" r="{at(r)}" style="{style}"/>'
    return circle + label(x, y + 4, words, size=16)


def box(
    x: float, y: float, width: float, height: float, ink: str, tint: float = 0
) -> str:
    """A rectangle around its centre in the outline of its quantity, lightly filled.

    >>> box(9, 9, 8, 8, "dy").count("<rect")
    1
    """
    paint = INKS[ink].paint
    place = f'x="{at(x - width / 2)}" y="{at(y - height / 2)}"'
    style = f"fill:{paint};fill-opacity:{tint:.2f};stroke:{paint}"
    size = f'width="{at(width)}" height="{at(height)}" rx="4"'
    return f'<rect {place} {size}{_dashed(ink)} style="{style}"/>'


@dataclass(frozen=True, eq=False)
class Matrix:
    """An array in square brackets, with its name above and its shape below.

    array  : (rows, columns) ndarray
    shaped : whether the shape is written
    least  : the fewest decimals
    """

    array: Array
    name: str
    ink: str = "weight"
    shaped: bool = True
    least: int = 0

    @property
    def digits(self) -> int:
        """Number of decimals of the entries."""
        return max(self.least, places(self.array))

    @property
    def cell(self) -> float:
        """Width of one entry."""
        return (16, 32, 40)[self.digits]

    @property
    def width(self) -> float:
        """Width from bracket to bracket."""
        return float(self.array.shape[1] * self.cell + 4)

    def draw(self, x: float, y: float) -> str:
        """The matrix with the middle of its left edge at (x, y)."""
        high, middle = 8.5 * self.array.shape[0], x + self.width / 2
        place = f'x="{at(x)}" y="{at(y - high)}"'
        size = f'width="{at(self.width)}" height="{at(2 * high)}"'
        tint = f"fill:{INKS[self.ink].paint};fill-opacity:.09"
        parts = [
            f'<rect {place} {size} style="{tint}"/>',
            line(_bracket(x, 4, y, high), self.ink),
            line(_bracket(x + self.width, -4, y, high), self.ink),
            label(middle, y - high - 7, f"`{self.name}`", self.ink, 12),
        ]
        if self.shaped:
            words = shape(self.array)
            parts.append(label(middle, y + high + 15, words, "quiet", 12))
        for j in range(1, self.array.shape[1] if self.digits else 1):
            apart = x + j * self.cell + 3  # or a minus sign would seem to subtract
            parts.append(line(f"M{at(apart, y - high + 3)}V{at(y + high - 3)}"))
        parts.append('<g text-anchor="end" font-size="12">')
        for (i, j), value in np.ndenumerate(self.array):
            end, base = x + (j + 1) * self.cell, y - high + 17 * i + 13
            parts.append(label(end, base, number(value, self.digits)))
        return "".join([*parts, "</g>"])


def equation(y: float, *items: Matrix | str) -> str:
    """Matrices and the code between them in a row, spread evenly, centred on ``y``.

    >>> I = Matrix(np.eye(2), "I")
    >>> equation(40, I, "=", I, "@", I).count("<g")
    3
    """
    sizes = [i.width if isinstance(i, Matrix) else 7.4 * len(i) for i in items]
    spare = WIDTH - 2 - sum(sizes)  # half a stroke at each end
    gap = min(spare / (len(items) - 1), 9)
    x, parts = (WIDTH - sum(sizes) - gap * (len(items) - 1)) / 2, []
    for item, size in zip(items, sizes, strict=True):
        if isinstance(item, Matrix):
            parts.append(item.draw(x, y))
        else:
            parts.append(label(x + size / 2, y + 4, f"`{item}`", size=12))
        x += size + gap
    return "".join(parts)


def _dashed(ink: str) -> str:
    """The dash attribute of a quantity, empty for a solid one."""
    return f' stroke-dasharray="{INKS[ink].dash}"' if INKS[ink].dash else ""


def _bracket(x: float, serif: float, y: float, high: float) -> str:
    """Path of one square bracket, open towards ``serif``."""
    top, bottom, inner = at(y - high), at(y + high), at(x + serif)
    return f"M{inner} {top}H{at(x)}V{bottom}H{inner}"
