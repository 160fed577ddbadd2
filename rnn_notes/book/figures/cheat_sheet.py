"""The backward loop on one sheet: each line, its shape, and what it is."""

from __future__ import annotations

from collections.abc import Iterator

from rnn_notes.book.figures.drawing.boxes import line
from rnn_notes.book.figures.drawing.labels import label
from rnn_notes.book.figures.drawing.svg import WIDTH, Figure, at, draw
from rnn_notes.book.sheet import Line, lines

__all__ = ["cheat_sheet"]


def cheat_sheet(t: int = 2) -> Figure:
    """Every line of turn t with its shape, its derivative and its transpose's reason.

    >>> "dWhh += dhraw @ hs[t-1].T" in cheat_sheet().alt
    True
    """
    rows = lines(t)
    parts = [part for i, row in enumerate(rows) for part in _row(54 * i, row)]
    told = " ".join(
        f"{row.code}, {row.shape}: the derivative of {row.of}, by {row.by}"
        + (f"; {row.why}." if row.why != "–" else ".")
        for row in rows
    )
    alt = f"The backward loop, line by line. {told}"
    return draw(
        "cheat-sheet", WIDTH, 54 * len(rows) + 4, "The loop on one sheet", alt, parts
    )


def _row(top: float, row: Line) -> Iterator[str]:
    """Three lines of words: the code and its shape, the derivative, the transpose."""
    yield label(0, top + 16, f"`{row.code}`", size=12.5, anchor="start")
    yield label(WIDTH, top + 16, row.shape, "quiet", 12.5, "end")
    of = f"of {row.of}, by {row.by}"
    yield label(12, top + 32, of, size=12, anchor="start")
    if row.why != "–":
        yield label(12, top + 46, row.why, "quiet", 12, "start")
    yield line(f"M0 {at(top + 53)}H{at(WIDTH)}")
