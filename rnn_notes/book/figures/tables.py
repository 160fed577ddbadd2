"""Tables that are read as pictures: the ledger, an outer product, two layouts."""

from __future__ import annotations

import numpy as np

from rnn_notes.book.figures.drawing.boxes import box
from rnn_notes.book.figures.drawing.labels import label, number, shape, vector
from rnn_notes.book.figures.drawing.run import Example, given, within
from rnn_notes.book.figures.drawing.svg import WIDTH, Figure, draw
from rnn_notes.layouts import jacobian
from rnn_notes.ledger import ledger
from rnn_notes.rnn import Array

__all__ = ["ledger_table", "outer_product", "two_layouts"]


def ledger_table(example: Example | None = None, unit: int = 0) -> Figure:
    """What each loss puts into ``dh`` of one hidden unit, in the order of the loop.

    Rows are t = T-1, …, 0, columns the losses s = T-1, …, 0; each row sums to ``dh``.

    Raises
    ------
    ValueError
        Unless the unit is from 0 to H-1.

    Examples
    --------
    >>> "unit 0" in ledger_table().alt, "unit 2" in ledger_table(unit=2).alt
    (True, True)
    """
    params, run = given(example)
    within("unit", unit, 0, params.H - 1)
    table, T, told = ledger(params, run)[:, :, unit], run.T, []
    parts = [label(43.5 + 23.5 * T, 16, "put in by the loss at", "quiet", 12.5)]
    for s in range(T):
        parts.append(label(20 + 47 * (T - s), 37, f"`s = {s}`", "loss", 12))
    parts.append(label(88 + 47 * T, 37, "`dh`", "dh", 14))
    for t in reversed(range(T)):
        parts += _row(62 + 38 * (T - 1 - t), t, table)
        shares = ", ".join(number(v) for v in table[t, t:][::-1])
        told.append(f"At t = {t}: {shares}; dh is {number(table[t].sum())}.")
    parts += _legend(60 + 38 * T, unit)
    alt = (
        f"The ledger of hidden unit {unit} on the running example: one row a step in "
        "the order of the loop, in each row what the losses put in, the last loss "
        f"first and the step’s own loss last. {' '.join(told)} Earlier losses put in "
        "nothing."
    )
    return draw(
        "ledger", 47 * T + 114, 38 * T + 176, "Who put what into dh", alt, parts
    )


def _row(y: float, t: int, table: Array) -> list[str]:
    """One turn of the loop: the share of every loss, and their sum."""
    T, largest = len(table), float(np.abs(table).max())
    parts = [label(0, y + 4, f"`t = {t}`", anchor="start")]
    for s in range(T):
        x, value = 20 + 47 * (T - s), float(table[t, s])
        if s < t:
            parts.append(label(x, y + 4, "0", "quiet"))
        else:
            ink, tint = "dy" if s == t else "dhnext", 0.05 + 0.3 * abs(value) / largest
            parts += [box(x, y, 43, 30, ink, tint)]
            parts += [label(x, y + 4, number(value), size=12)]
    parts.append(label(55 + 47 * T, y + 4, "=", size=15))
    parts.append(box(89 + 47 * T, y, 46, 30, "dh"))
    parts.append(label(89 + 47 * T, y + 4, number(table[t].sum()), size=12))
    return parts


def _legend(y: float, unit: int) -> list[str]:
    """What the outlines of the ledger mean, line by line."""
    meanings = {
        "dy": "the step’s own loss: `Why.T @ dy`",
        "dhnext": "later losses: together `dhnext`",
        "dh": "the row’s sum: `dh`",
    }
    parts = []
    for i, (ink, words) in enumerate(meanings.items()):
        middle = y + 8 + 23 * i
        parts += [box(67, middle, 26, 15, ink, 0.1)]
        parts += [label(92, middle + 4, words, size=12.5, anchor="start")]
    note = f"hidden unit {unit}; the stronger the tint, the larger"
    return [
        *parts,
        label(67, y + 81, "0", "quiet"),
        label(92, y + 81, "earlier losses: zero, exactly", size=12.5, anchor="start"),
        label(20 + WIDTH / 2, y + 108, note, "quiet", 12.5),
    ]


def outer_product(example: Example | None = None, t: int = 0) -> Figure:
    """``dy @ hs[t].T`` entry by entry: what step t adds to ``dWhy``.

    Raises
    ------
    ValueError
        Unless t is from 0 to T-1.

    Examples
    --------
    >>> "2×3" in outer_product().alt
    True
    """
    _, run = given(example)
    within("t", t, 0, run.T - 1)
    dy, row = run.ps[t] - run.es[t], run.hs[t].T
    added, due = dy @ row, int(run.es[t].argmax())
    ps = [f"p_{{[{i + 1}]}}" + (" − 1" if i == due else "") for i in range(len(dy))]
    factors = [f"({p.replace(' ', '')})" if "−" in p else p for p in ps]
    parts = [
        label(222, 16, f"`hs[{t}].T` is {shape(row)}", "state", 12.5),
        label(44, 90, f"`dy` is {shape(dy)}", "dy", 12.5),
    ]
    for j, h in enumerate(row.ravel()):
        parts += _entry(138 + 84 * j, 48, f"h_{{[{j + 1}]}}", h, "state")
    for i, p in enumerate(dy.ravel()):
        parts += _entry(44, 124 + 52 * i, ps[i], p, "dy")
    for (i, j), value in np.ndenumerate(added):
        name = f"{factors[i]}h_{{[{j + 1}]}}"
        parts += _entry(138 + 84 * j, 124 + 52 * i, name, value, "weight")
    bottom = 118 + 52 * len(dy)
    sum_up = f"`dWhy += dy @ hs[{t}].T` is {shape(added)}, as `Why` is"
    parts.append(label(180, bottom, sum_up, "ink", 12.5))
    rows = "; ".join(", ".join(number(v) for v in r) for r in added)
    alt = (
        f"The outer product of dy = {vector(dy)}, a column {shape(dy)}, and "
        f"hs[{t}].T = {vector(row)}, a row {shape(row)}, as a multiplication table. "
        "The entry in row i and column j is dy[i] times h[j]. The rows are "
        f"{rows}. The table is {shape(added)}, as Why is."
    )
    return draw("outer-product", WIDTH, bottom + 12, "An outer product", alt, parts)


def two_layouts(example: Example | None = None) -> Figure:
    """The slopes of ``Why @ h`` by h in both layouts, with words at rows and columns.

    >>> "2×3" in two_layouts().alt, "3×2" in two_layouts().alt
    (True, True)
    """
    params, run = given(example)
    parts, told, top = [], [], 0
    for layout in ("numerator", "denominator"):
        table = jacobian(lambda h: params.Why @ h, run.hs[0], layout=layout)
        above = layout == "numerator"
        rows, columns = ("output", "input") if above else ("input", "output")
        parts.append(
            label(0, top + 16, f"{layout} layout, {shape(table)}", "ink", 13, "start")
        )
        for j in range(table.shape[1]):
            parts.append(
                label(128 + 84 * j, top + 42, f"{columns} {j + 1}", "quiet", 12)
            )
        for i, row in enumerate(table):
            y = top + 72 + 44 * i
            parts.append(label(76, y + 4, f"{rows} {i + 1}", "quiet", 12, "end"))
            for j, value in enumerate(row):
                same = (i, j) == ((0, 1) if above else (1, 0))
                parts.append(
                    box(128 + 84 * j, y, 78, 36, "weight", 0.3 if same else 0.05)
                )
                parts.append(label(128 + 84 * j, y + 5, number(value)))
        held = "; ".join(", ".join(number(v) for v in row) for row in table)
        told.append(
            f"In {layout} layout it is {shape(table)}, a row for each {rows}: {held}."
        )
        top += 84 + 44 * len(table)
    note = "the strong tint: output 1 by input 2, in both"
    parts.append(label(WIDTH / 2, top, note, "quiet", 12.5))
    alt = f"The slopes of Why @ h by h, laid out twice. {' '.join(told)}"
    return draw("two-layouts", WIDTH, top + 14, "Two layouts", alt, parts)


def _entry(x: float, y: float, name: str, value: float, ink: str) -> list[str]:
    """One cell of a table: its letters over its number."""
    return [
        box(x, y, 78, 46, ink, 0.08),
        label(x, y - 4, f"${name}$", size=15 if len(name) < 14 else 12),
        label(x, y + 16, number(value)),
    ]
