"""The stepper as HTML: the network, the controls, two tables, and the story as JSON.

Numbers are written here, from the trace and the ledger; the page's script shows and
hides them. ``data-at`` names the stops at which a part lights up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape
from typing import NamedTuple

from rnn_notes import lstm
from rnn_notes.book.figures.drawing.labels import number
from rnn_notes.book.figures.drawing.run import given
from rnn_notes.book.figures.drawing.svg import Figure
from rnn_notes.book.figures.stepped_lstm import lstm_network, lstm_run, lstm_told
from rnn_notes.book.figures.stepped_network import (
    SIGNALS,
    When,
    span,
    step_network,
    stops_of,
    told,
)
from rnn_notes.book.trace import Held, Stop, trace
from rnn_notes.ledger import long_ledger
from rnn_notes.rnn import Forward, Params

__all__ = [
    "Walk",
    "controls",
    "filling",
    "holding",
    "lines",
    "stepper",
    "story",
    "walk",
]


class Walk(NamedTuple):
    """What a stepper walks through.

    still : the name of the figure that stands in its place where no script runs
    words : what is told at a stop, given the stop and the number of steps
    """

    params: Params | lstm.Params
    run: Forward | lstm.Forward
    network: Callable[[], Figure]
    still: str
    words: Callable[[Stop, int], str]


def walk(cell: str) -> Walk:
    """The walk through the running example of a cell, "rnn" or "lstm".

    >>> walk("lstm").still, walk("rnn").run.T
    ('lstm_steps', 5)
    """
    if cell == "lstm":
        return Walk(*lstm_run(), lstm_network, "lstm_steps", lstm_told)
    return Walk(*given(), step_network, "backward_steps", told)


def lines(cell: str = "rnn") -> set[str]:
    """The lines of code at which the stepper stops.

    >>> sorted(lines())[0]
    'dh = params.Why.T @ dy + dhnext'
    """
    return {stop.line for stop in trace(*walk(cell)[:2])}


def stepper(
    name: str, code: str = "", with_ledger: bool = False, cell: str = "rnn"
) -> str:
    """The stepper on the running example, which the page shows where scripts run.

    name : unique on the page, the beginning of every id
    code : the id of the code whose acting line the script marks
    with_ledger : whether the ledger of the plain network is filled beside it

    >>> stepper("fig").count("<table"), stepper("fig", with_ledger=True).count("<table")
    (1, 2)
    """
    params, run, network, _, words = walk(cell)
    stops = trace(params, run)
    parts = [
        f'<div class="live" data-code="{escape(code)}">',
        f'<div class="walk"><div class="drawn">{network().svg}</div>',
        controls(len(stops), escape(name)),
        f'</div><div class="told"><div aria-live="polite"></div>{holding(stops)}</div>',
        filling(*given(), stops_of(stops)) if with_ledger else "",
        f'<script type="application/json">{story(stops, run.T, words)}</script></div>',
    ]
    return "".join(parts)


def controls(count: int, name: str) -> str:
    """The slider under the network's time axis, and a button for each way.

    Its value falls, as t does: the left end is the end of the loop.

    >>> 'max="20" value="20"' in controls(21, "fig")
    True
    """
    last = count - 1
    return (
        f'<label for="{name}-slider">Step back in time</label>'
        f'<input type="range" id="{name}-slider" min="0" max="{last}" value="{last}"'
        f' aria-describedby="{name}-keys">'
        '<div class="ways"><button type="button">◀ next line</button>'
        '<button type="button" aria-disabled="true">line before ▶</button></div>'
        f'<p class="keys" id="{name}-keys">Keys on the slider: <kbd>←</kbd> next line, '
        "<kbd>→</kbd> line before, <kbd>Page Down</kbd> and <kbd>Page Up</kbd> a whole "
        "iteration.</p>"
    )


def holding(stops: list[Stop]) -> str:
    """The table of what each name holds, its cells empty: the script fills them.

    >>> holding(trace(*given())).count("<td></td>")
    25
    """
    shapes = {name: h.value.shape for stop in stops for name, h in stop.held.items()}
    width = max(rows for rows, _ in shapes.values())
    rows = "".join(
        f'<tr data-name="{name}"><th scope="row"><code class="q-{ink}">{name}</code>'
        f"<span>{shapes[name]}</span></th>{'<td></td>' * (width + 2)}</tr>"
        for name, ink in SIGNALS.items()
        if name in shapes
    )
    return (
        '<table class="holding"><caption>What the names hold: derivatives</caption>'
        '<thead><tr><th scope="col">name</th>'
        f'<th scope="colgroup" colspan="{width}">entries</th>'
        '<th scope="col">of loss</th><th scope="col">by</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def filling(params: Params, run: Forward, when: When) -> str:
    """The ledger of the first hidden unit; every cell says when it is filled.

    The later losses' shares come with the last line of the turn before, the own share
    and the sum when ``dh`` is formed.
    """
    table, steps = long_ledger(params, run)[:, :, 0], [*reversed(range(run.T))]
    body = []
    for t in [*steps, -1]:
        formed = [when[t, "dh"]] if t >= 0 else []
        later = [when[t + 1, "dhnext"], *formed]
        shares = [
            _cell(table[t, s], "dhnext", later)
            if s > t
            else _cell(table[t, s], "dy" if s == t else "weight", formed)
            for s in steps
        ]
        total = _cell(table[t].sum(), "dh", formed) if formed else "<td></td>"
        sums = _cell(table[t, t + 1 :].sum(), "dhnext", later) + total
        head = f'<th scope="row"><code>hs[{t}]</code></th>'
        body.append(f"<tr>{head}{''.join(shares)}{sums}</tr>")
    columns = [*map(str, steps), "<code>dhnext</code>", "<code>dh</code>"]
    return (
        '<div class="filling"><table><caption>The ledger of the first hidden unit'
        '</caption><thead><tr><th scope="col" rowspan="2">by</th>'
        f'<th scope="colgroup" colspan="{run.T}">derivative of loss</th>'
        '<th scope="colgroup" colspan="2">sums</th></tr><tr>'
        + "".join(f'<th scope="col">{column}</th>' for column in columns)
        + f"</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _cell(value: float, ink: str, at: list[int]) -> str:
    """A cell of the ledger; what is zero for certain is written without decimals."""
    stops = " ".join(map(str, at))
    text = number(value, 2 if value else 0)
    return f'<td class="q-{ink}" data-at="{stops}">{text}</td>'


def story(stops: list[Stop], T: int, words: Callable[[Stop, int], str] = told) -> str:
    """What is shown at each stop, as JSON that may stand in a script element.

    >>> json.loads(story(trace(*given()), 5))["stops"][0]["held"]
    {'dhnext': ['0.00', '0.00', '0.00', 'none', '`hs[4]`']}
    """
    said = [
        {
            "turn": f"iteration t = {stop.t}, {stop.name}"
            if stop.t < T
            else "before the loop",
            "line": stop.line,
            "name": stop.name,
            "says": words(stop, T),
            "held": {name: _entries(held) for name, held in stop.held.items()},
        }
        for stop in stops
    ]
    text = json.dumps({"turns": T, "stops": said}, ensure_ascii=False)
    return text.replace("<", "\\u003c")


def _entries(held: Held) -> list[str]:
    """A value entry by entry, then of which losses and by what it is a derivative."""
    by = re.sub(r"\w+\[.*?\]", r"`\g<0>`", held.by)
    return [*(number(float(v)) for v in held.value.ravel()), span(held.losses), by]
