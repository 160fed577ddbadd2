"""The words of a figure: labels with mathematics and code in them, and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from rnn_notes.book.figures.drawing.svg import INKS, at
from rnn_notes.rnn import Array

__all__ = ["Run", "label", "number", "places", "shape", "vector"]

Run = tuple[str, str, bool]  # text, its style, whether it is an index


def number(value: float, places: int = 2) -> str:
    """``value`` with a fixed number of decimals, a true minus sign and no minus zero.

    >>> number(-0.304), number(-0.001), number(3.0, 0)
    ('−0.30', '0.00', '3')
    """
    text = f"{value:.{places}f}".replace("-", "−")
    return text if text.strip("−0.") else text.replace("−", "")


def places(array: Array) -> int:
    """The fewest decimals, 2 at the most, that write every entry exactly.

    >>> import numpy as np
    >>> places(np.eye(2)), places(np.array([0.5])), places(np.array([0.123]))
    (0, 1, 2)
    """
    exact = (d for d in (0, 1) if abs(array - array.round(d)).max() < 1e-12)
    return next(exact, 2)


def vector(array: Array) -> str:
    """The entries of a vector in words, for an alt text.

    >>> import numpy as np
    >>> vector(np.array([[0.5], [-1.0]]))
    '(0.5, −1.0)'
    """
    return f"({', '.join(number(v, places(array)) for v in array.ravel())})"


def shape(array: Array) -> str:
    """The shape of an array in words.

    >>> import numpy as np
    >>> shape(np.zeros((2, 3)))
    '2×3'
    """
    return "×".join(str(size) for size in array.shape)


def label(
    x: float,
    y: float,
    words: str,
    ink: str = "ink",
    size: float = 13,
    anchor: str = "middle",
) -> str:
    """Words at a place, with ``$h_{t+1}$`` for mathematics and backticks for code.

    >>> label(1, 2, "a state")
    '<text x="1" y="2">a state</text>'
    >>> label(1, 2, "$h_t$").count("italic")
    2
    """
    ends = "" if anchor == "middle" else f' text-anchor="{anchor}"'
    sized = "" if size == 13 else f' font-size="{size:g}"'
    runs = list(_runs(words))
    whole = runs[0][1] if len(runs) == 1 else ""  # one font: no tspan is needed
    fill = "" if ink == "ink" else f"fill:{INKS[ink].paint}"
    style = ";".join(filter(None, (whole, fill)))
    styled = f' style="{style}"' if style else ""
    inner = escape(runs[0][0]) if len(runs) == 1 else _spans(runs)
    return f'<text x="{at(x)}" y="{at(y)}"{ends}{sized}{styled}>{inner}</text>'


def _spans(runs: Iterable[Run]) -> str:
    """The runs as tspans; an index is lowered, and what follows it raised again."""
    spans, lowered = [], False
    for text, style, low in runs:
        shift = "" if low == lowered else ' dy=".3em"' if low else ' dy="-.22em"'
        small = ' font-size="87%"' if low else ""
        styled = f' style="{style}"' if style else ""
        start = f"<tspan{shift}{small}{styled}>" if shift or small or styled else ""
        spans.append(f"{start}{escape(text)}{'</tspan>' if start else ''}")
        lowered = low
    return "".join(spans)


def _runs(words: str) -> Iterator[Run]:
    """The words in pieces of one font and one height."""
    for piece in re.split(r"(\$[^$]+\$|`[^`]+`)", words):
        if piece.startswith("`"):
            yield piece[1:-1], "font-family:var(--code)", False
        elif piece.startswith("$"):
            for part in re.findall(r"_\{[^}]*\}|_.|[^_]+", piece[1:-1]):
                for run in re.findall(r"[A-Za-z]+|[^A-Za-z]+", part.strip("_{}")):
                    slant = ";font-style:italic" if run[0].isascii() else ""
                    slant = slant if run[0].isalpha() else ""
                    yield run, f"font-family:var(--letters){slant}", part[0] == "_"
        elif piece:
            yield piece, "", False
