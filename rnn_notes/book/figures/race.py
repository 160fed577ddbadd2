"""How long a pass takes, step by step and beside its peers, as bars."""

from __future__ import annotations

from rnn_notes.book import timings
from rnn_notes.book.figures.drawing.boxes import box
from rnn_notes.book.figures.drawing.labels import label
from rnn_notes.book.figures.drawing.svg import WIDTH, Figure, draw

__all__ = ["pass_times", "peer_times"]

_ROW, _WORDS, _LONGEST = 30, 164, 130


def pass_times(results: timings.Results | None = None) -> Figure:
    """The time of a pass after each step of making it fast, at the first size.

    results : the run of the benchmark to draw, by default the published one

    >>> "After the readable loop" in pass_times().alt
    True
    """
    row = (results or timings.Results())["steps"][0]
    times = {words: row["microseconds"][n] for n, words in timings.STEPS.items()}
    parts = _bars(times, timings.STEPS["step_5"])
    told = "; ".join(f"{w}: {timings.number(took)}" for w, took in times.items())
    alt = (
        f"Bars of the time of one pass at {timings.size(row)}, in microseconds. "
        f"After {told}."
    )
    title = "Microseconds a pass, step by step"
    return draw("pass-times", WIDTH, _ROW * len(times) + 10, title, alt, parts)


def peer_times(results: timings.Results | None = None) -> Figure:
    """The time of a pass of each peer at the first size, in hoisted passes.

    HIPS autograd is left out: beside its bar no other could be told from another.

    results : the run of the benchmark to draw, by default the published one

    >>> "hoisted: 1.00" in peer_times().alt
    True
    """
    row = (results or timings.Results()).peers(1)[0]
    ratios = {"hoisted": 1.0} | {n: ratio[1] for n, ratio in row["ratios"].items()}
    drawn = [name for name in timings.PEERS if name in ratios and name != "autograd"]
    times = {timings.PEERS[name]: ratios[name] for name in drawn}
    parts = _bars(times, timings.PEERS["hoisted"])
    told = "; ".join(f"{w}: {timings.number(took)}" for w, took in times.items())
    alt = f"Bars of the time of one pass at {timings.size(row)}, in ours. {told}."
    title = "One pass of each, in hoisted passes"
    return draw("peer-times", WIDTH, _ROW * len(times) + 10, title, alt, parts)


def _bars(times: dict[str, float], marked: str) -> list[str]:
    """A bar for each, with its words before it and its number behind."""
    parts = []
    for i, (words, took) in enumerate(times.items()):
        y, length = 18 + _ROW * i, _LONGEST * took / max(times.values())
        ink = "dh" if words == marked else "weight"
        parts.append(label(_WORDS, y + 4, words, size=12.5, anchor="end"))
        parts.append(box(_WORDS + 8 + length / 2, y, length, 18, ink, tint=0.25))
        parts.append(
            label(_WORDS + 14 + length, y + 4, timings.number(took), anchor="start")
        )
    return parts
