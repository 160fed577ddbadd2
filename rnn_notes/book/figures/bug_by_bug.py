"""Which check catches which bug of the gallery: all in a table, and one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap
from types import ModuleType

import numpy as np

from rnn_notes import rnn
from rnn_notes.book.figures.drawing.axes import disc, turned
from rnn_notes.book.figures.drawing.boxes import line
from rnn_notes.book.figures.drawing.frames import Frame, Moving, part
from rnn_notes.book.figures.drawing.labels import label, number
from rnn_notes.book.figures.drawing.run import Example, given
from rnn_notes.book.figures.drawing.svg import WIDTH, Figure, at, draw
from rnn_notes.checks import all_checks, measure_all, verdicts
from rnn_notes.differences import agreement
from rnn_notes.mutants import GALLERY, Mutant
from rnn_notes.rnn import Array, running_example

__all__ = ["bug_by_bug", "mutant_matrix"]

_CAUGHT, _MISSED = "● caught", "– not noticed"
_HEAD, _LINE = 118, 23  # of the table: where names of checks begin, a bug's in a line
_LINES, _LETTERS = 5, 48  # of the longest diff, and of a line that fits


def mutant_matrix(example: Example | None = None) -> Figure:
    """Which check catches which bug, and how wrong each bug's worst gradient is.

    >>> alt = mutant_matrix().alt
    >>> all(name in alt for name in GALLERY)
    True
    """
    checks, measured = all_checks(example), measure_all(example or running_example())
    loops = {"the right loop": rnn} | {n: m.module() for n, m in GALLERY.items()}
    columns = np.linspace(166, WIDTH - 40, len(checks)).round().tolist()
    named = zip(columns, checks, strict=True)
    parts = [turned(x + 4, _HEAD, -80, name, "start") for x, name in named]
    parts.append(label(WIDTH, _HEAD, "error", "quiet", 12, "end"))
    told, y = [], _HEAD + 20.0
    for name, module in loops.items():
        row, error = verdicts(module, checks), _worst(module, measured, example)
        rows = wrap(name, _LINE)
        parts += [
            label(0, y + 4 + 14 * k, words, size=12.5, anchor="start")
            for k, words in enumerate(rows)
        ]
        hits = [*zip(columns, row.values(), strict=True)]
        parts += [disc(x, y, 5) for x, hit in hits if hit]
        missed = "".join(f"M{at(x - 3, y)}h6" for x, hit in hits if not hit)
        parts.append(line(missed, "quiet", 1.5))
        parts.append(label(WIDTH, y + 4, error, "quiet", 12, "end"))
        by = [check for check, hit in row.items() if hit]
        told.append(f"{name} (error {error}): {', '.join(by) or 'none'}.")
        y += 20 + 14 * (len(rows) - 1)
        if module is rnn:
            parts.append(line(f"M0 {at(y - 6)}H{WIDTH}"))
            y += 8
    parts += [
        disc(84, y + 12, 5),
        label(96, y + 16, "caught", size=12.5, anchor="start"),
        line(f"M171 {at(y + 12)}H177", "quiet", 1.5),
        label(186, y + 16, "not noticed", size=12.5, anchor="start"),
    ]
    alt = (
        f"{len(GALLERY)} bugs, one a row, against {len(checks)} checks, one a column, "
        "with the largest relative error of each bug’s gradients. The checks that "
        f"catch them: {' '.join(told)}"
    )
    return draw("mutant-matrix", WIDTH, y + 26, "Bug by check", alt, parts)


def _worst(
    module: ModuleType, measured: dict[str, Array], example: Example | None
) -> str:
    """The relative error of a module's worst gradient, in words."""
    params, run = given(example)
    try:
        return number(agreement(module.backward(params, run), measured).error)
    except ValueError:
        return "stops"


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
