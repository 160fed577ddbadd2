"""How long a pass takes, step by step, as bars."""

from __future__ import annotations

from rnn_notes.book import timings
from rnn_notes.book.figures.drawing.boxes import box
from rnn_notes.book.figures.drawing.labels import label
from rnn_notes.book.figures.drawing.svg import WIDTH, Figure, draw

__all__ = ["pass_times"]

_ROW, _LONGEST = 30, 160


def pass_times(results: timings.Results | None = None) -> Figure:
    """The time of a pass after each step of making it fast, at the first size.

    results : the run of the benchmark to draw, by default the published one

    >>> "After the readable loop" in pass_times().alt
    True
    """
    row = (results or timings.Results())["steps"][0]
    times = row["microseconds"]
    parts = []
    for i, (name, words) in enumerate(timings.STEPS.items()):
        y, length = 18 + _ROW * i, _LONGEST * times[name] / max(times.values())
        ink = "dh" if name == "step_5" else "weight"
        parts.append(label(142, y + 4, words, size=12.5, anchor="end"))
        parts.append(box(150 + length / 2, y, length, 18, ink, tint=0.25))
        parts.append(
            label(156 + length, y + 4, timings.number(times[name]), anchor="start")
        )
    told = "; ".join(
        f"{w}: {timings.number(times[n])}" for n, w in timings.STEPS.items()
    )
    alt = (
        f"Bars of the time of one pass at {timings.size(row)}, in microseconds. "
        f"After {told}."
    )
    title = "Microseconds a pass, step by step"
    return draw("pass-times", WIDTH, _ROW * len(timings.STEPS) + 10, title, alt, parts)
