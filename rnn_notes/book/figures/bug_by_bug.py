"""The gallery of bugs, one at a time: its diff, and which check sees it."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap

from rnn_notes.book.figures.drawing.boxes import line
from rnn_notes.book.figures.drawing.frames import Frame, Moving, part
from rnn_notes.book.figures.drawing.labels import label
from rnn_notes.book.figures.drawing.svg import WIDTH, draw
from rnn_notes.checks import all_checks, verdicts
from rnn_notes.mutants import GALLERY, Mutant

__all__ = ["bug_by_bug"]

_CAUGHT, _MISSED = "● caught", "– not noticed"
_LINES, _LETTERS = 5, 48  # of the longest diff, and of a line that fits


def bug_by_bug() -> Moving:
    """Which check catches the chosen bug, with the bug's diff.

    >>> frames = bug_by_bug().frames
    >>> [frame.at for frame in frames] == [*GALLERY]
    True
    >>> frames[0].parts["line1"]
    '+ dh = params.Why.T @ dy'
    """
    checks = all_checks()
    frames = [_frame(bug, verdicts(bug.module(), checks)) for bug in GALLERY.values()]
    shown = frames[0].parts
    parts = [
        part(
            f"line{k}",
            label(0, 16 + 18 * k, f"`{shown[f'line{k}']}`", "ink", 12, "start"),
        )
        for k in range(_LINES)
    ]
    parts.append(line(f"M0 {18 * _LINES + 12}H{WIDTH}"))
    for k, name in enumerate(checks):
        y = 18 * _LINES + 36 + 22 * k
        parts.append(label(0, y, name, size=12.5, anchor="start"))
        said = label(210, y, str(shown[f"check{k}"]), "ink", 12.5, "start")
        parts.append(part(f"check{k}", said))
    alt = (
        f"A bug as a diff, {frames[0].at}, and {len(checks)} checks, each with whether "
        f"it catches the bug. {frames[0].says}"
    )
    height = 18 * _LINES + 28 + 22 * len(checks)
    drawn = draw("bug-by-bug", WIDTH, height, "Bug by bug", alt, parts)
    return Moving(drawn.svg, drawn.alt, "The bug", frames, kind="select")


def _frame(bug: Mutant, row: Mapping[str, bool]) -> Frame:
    """What a bug is, and who sees it."""
    code = (text.partition("  #")[0] for text in bug.diff().split("\n"))
    rows = [
        row for text in code for row in wrap(text, _LETTERS, subsequent_indent="    ")
    ]
    lines = {f"line{k}": rows[k] if k < len(rows) else " " for k in range(_LINES)}
    marks = {
        f"check{k}": _CAUGHT if hit else _MISSED for k, hit in enumerate(row.values())
    }
    lit = [name for name, said in marks.items() if said == _CAUGHT]
    count = f"{len(lit)} of {len(row)} checks see it."
    return Frame(bug.name, f"{bug.story} {count}", {**lines, **marks}, lit)
