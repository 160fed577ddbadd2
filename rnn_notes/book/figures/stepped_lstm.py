"""The LSTM that the stepper walks back through, and what is told at each stop.

As in ``stepped_network``: what lights up carries the stops at which it does.
"""

from __future__ import annotations

from rnn_notes import lstm
from rnn_notes.book.figures.drawing.boxes import arrow, box, line
from rnn_notes.book.figures.drawing.labels import label, number
from rnn_notes.book.figures.drawing.svg import WIDTH, Figure, draw
from rnn_notes.book.figures.gated_cells import LSTMExample, lstm_example
from rnn_notes.book.figures.stepped_network import (
    SIGNALS,
    When,
    column,
    legend,
    lit,
    loss_boxes,
    losses,
    pill,
    stops_of,
    tag,
    told,
)
from rnn_notes.book.trace import OWN, Stop, trace

__all__ = ["lstm_network", "lstm_run", "lstm_steps", "lstm_told"]

_LSTMRun = tuple[lstm.Params, lstm.Forward]
_CARRY = "dhnext dcnext"  # the names of the last line
_KINDS = {"dy": OWN, "dh": "dh dc", "dhraw": "d·raw", "dhnext": _CARRY}
_BELOW = (OWN, "dhnext", "dh", "dcnext", "dc", "dhprev", "dcprev")
_MET = {
    "diraw": "In `cs[t]` the gate `i` met `g`",
    "dfraw": "In `cs[t]` the gate `f` met the cell before",
    "doraw": "The gate `o` stands after the cell, starts from `dh` and met the tanh",
    "dgraw": "`g` met the gate `i`",
}


def lstm_run(example: LSTMExample | None = None) -> _LSTMRun:
    """The parameters and the forward pass of the example.

    >>> lstm_run()[1].T
    5
    """
    params, inputs, targets, hprev, cprev = example or lstm_example()
    return params, lstm.forward(params, inputs, targets, hprev, cprev)


def lstm_network(example: LSTMExample | None = None) -> Figure:
    """An LSTM unrolled, with every signal that its backward loop sends through it.

    Raises
    ------
    ValueError
        For more than five steps: they would not fit a phone.

    Examples
    --------
    >>> lstm_network().alt.count("dcnext")
    1
    """
    params, run = lstm_run(example)
    name, title = "lstm-network", "The loop on the LSTM"
    return draw(name, WIDTH, 332, title, _alt(run.T), _parts(params, run))


def lstm_steps(example: LSTMExample | None = None) -> Figure:
    """The same picture, and below it the numbers of the first unit at every step.

    >>> lstm_steps().alt.count("dc is")
    5
    """
    params, run = lstm_run(example)
    parts, told_of = _parts(params, run), []
    turns = zip(reversed(range(run.T)), lstm.signals(params, run), strict=True)
    for t, signal in turns:
        arrays = {OWN: params.Why.T @ signal.dy, **signal._asdict()}
        values = {name: number(arrays[name][0, 0]) for name in _BELOW}
        for row, (name, value) in enumerate(values.items()):
            y, ink = 354 + 18 * row, SIGNALS[name]
            if t == 0:
                parts.append(label(0, y, f"`{name}`", ink, 12, "start"))
            parts.append(label(column(t) + 18, y, value, ink, 12, "end"))
        said = ", ".join(f"{name} is {value}" for name, value in values.items())
        told_of.append(f"At t = {t}, {said}.")
    parts.append(
        label(180, 490, "first unit; `dhprev` and `dcprev` are the", "quiet", 12)
    )
    parts.append(
        label(180, 506, "`dhnext` and `dcnext` of the column left of them", "quiet", 12)
    )
    alt = f"{_alt(run.T)} In numbers, for the first unit: {' '.join(told_of)}"
    return draw("lstm-steps", WIDTH, 512, "Every step back through it", alt, parts)


def _alt(T: int) -> str:
    """The picture in words."""
    return (
        f"An LSTM unrolled over {T} steps, first step left. Each hidden state goes "
        "through Why to its own loss, and into the gates of the next step; each cell "
        "state makes the hidden state of its step and goes into the next cell. "
        "Backwards: Why.T @ dy and dhnext add up to dh at the hidden state; the path "
        "through the tanh and dcnext add up to dc at the cell; from dc and dh come the "
        "signals of the gates, from these dhprev, and from dc dcprev."
    )


def _parts(params: lstm.Params, run: lstm.Forward) -> list[str]:
    """Wires, signals, states and losses."""
    losses_above = loss_boxes(run.losses)
    when = stops_of(trace(params, run))
    parts = [_wires(column(t)) for t in range(run.T)]
    for t in reversed(range(run.T)):
        parts += _signals(t, when)
    parts += _zeros(run.T, when)
    for t in range(-1, run.T):
        x, width = column(t), 46 if t < 0 else 40
        for y, state in ((118, "hs"), (198, "cs")):
            parts += [box(x, y, width, 26, "state")]
            parts += [label(x, y + 4, f"`{state}[{t}]`", size=12)]
    return [*parts, *losses_above, *legend(0, 326, (18, 22, 30), _KINDS)]


def _wires(x: float) -> str:
    """The ways forward at the step in this column."""
    paths = (
        f"M{x:g} 105V41M{x:g} 185V131M{x - 38:g} 198H{x - 20:g}M{x:g} 241V211"
        f"M{x - 42:g} 131V152H{x - 33:g}V272H{x - 8:g}V259"
        f"M{x - 15:g} 250H{x - 25:g}V126H{x - 20:g}"
    )
    return line(paths, "quiet", 0.8)


def _signals(t: int, when: When) -> list[str]:
    """The signals of turn t, each along its wire with its name beside it."""
    x = column(t)
    at = {name: when[t, name] for name in ("dy", "dh", "dc", *_MET, "dhprev", "dcprev")}
    carry = when[t, _CARRY]
    used = [when[t - 1, name] for name in ("dh", "dc")] if t else []
    inner = "diraw", "dfraw", "dgraw"
    return [
        lit([at["dy"]], arrow(x, 41, x, 61, "dy"), tag(x - 6, 56, "dy")),
        lit([at["dh"]], arrow(x, 79, x, 105, "dy"), tag(x - 6, 89, OWN)),
        lit(
            [at["dh"], at["dc"], at["doraw"]],
            arrow(x, 131, x, 149, "dh"),
            tag(x - 6, 145, "dh"),
        ),
        lit(
            [at["dc"], *(at[name] for name in inner), at["dcprev"]],
            arrow(x, 167, x, 185, "dh"),
            tag(x - 6, 181, "dc"),
        ),
        lit(
            sorted(at[name] for name in (*inner, "dhprev")),
            arrow(x, 211, x, 241, "dhraw"),
        ),
        lit(
            [at["doraw"], at["dhprev"]],
            line(f"M{x - 20:g} 126H{x - 25:g}V250", "dhraw"),
            arrow(x - 25, 250, x - 15, 250, "dhraw"),
        ),
        *(lit([at[name]], tag(x - 2, 230, name)) for name in _MET),
        lit(
            [at["dhprev"], carry, *used[:1]],
            line(f"M{x - 8:g} 259V272H{x - 33:g}V152H{x - 42:g}", "dhnext"),
            arrow(x - 42, 152, x - 42, 131, "dhnext"),
        ),
        lit(
            [at["dcprev"], carry, *used[1:]],
            arrow(x - 20, 198, x - (38 if t else 35), 198, "dhnext"),
        ),
        lit([at["dhprev"]], tag(x + 2, 288, "dhprev")),
        lit([carry, *used[:1]], tag(x + 2, 288, "dhnext")),
        lit([at["dcprev"]], tag(x - 12, 222, "dcprev")),
        lit([carry, *used[1:]], tag(x - 12, 222, "dcnext")),
        *pill(x, 70, "Why"),
        *pill(x, 158, "tanh"),
        *pill(x, 250, "ifog"),
        label(x, 304, f"`t = {t}`", "quiet", 12),
    ]


def _zeros(T: int, when: When) -> list[str]:
    """The ``dhnext`` and the ``dcnext`` of zeros that enter the first turn."""
    x, last = column(T - 1) + 20, T - 1
    return [
        lit(
            [when[T, _CARRY], when[last, name]],
            arrow(360, y, x, y, "dhnext"),
            label(356, y + 13, "0", "dhnext", 12, "end"),
            tag(356, name_y, carrier),
        )
        for y, name, carrier, name_y in (
            (118, "dh", "dhnext", 103),
            (198, "dc", "dcnext", 222),
        )
    ]


def lstm_told(stop: Stop, T: int) -> str:
    """What happens at a stop, in a sentence or two with code in backticks.

    >>> params, run = lstm_run()
    >>> lstm_told(trace(params, run)[0], 5)
    'Before the loop, both are zero: no loss comes after step 4.'
    """
    t, name = stop.t, stop.name
    later, now = losses(range(t + 1, T)), losses(range(t, T))
    if t == T:
        return f"Before the loop, both are zero: no loss comes after step {T - 1}."
    if name in ("dy", "dh"):
        return told(stop, T)
    if name == "dc" and t == T - 1:
        return (
            f"`cs[{t}]` made `hs[{t}]` and feeds no other step. So `dc` is the path "
            "through the tanh, `dh` times `o` and the slope; `dcnext` adds zero."
        )
    if name == "dc":
        return (
            f"`cs[{t}]` was used twice as well. One path comes through `hs[{t}]`: `dh` "
            f"times `o` and the tanh's slope. The other comes straight from "
            f"`cs[{t + 1}]`: `dcnext`, from {later}."
        )
    if name in _MET:
        slope = "its tanh's" if name == "dgraw" else "its sigmoid's"
        met = _MET[name].replace("cs[t]", f"cs[{t}]")
        return f"{met}; that is the factor. The other one is {slope} slope."
    if name == "dhprev":
        return (
            f"`hs[{t - 1}]` went into three gates and `g`. Four products come back "
            f"and add up: the derivative of {now}, through step {t}."
        )
    if name == "dcprev":
        return (
            f"`cs[{t - 1}]` met the gate `f` on its way into `cs[{t}]`. So `dc` is "
            "multiplied by `f`, and by no matrix."
        )
    use = (
        f"Iteration t = {t - 1} will add loss {t - 1}."
        if t
        else "No iteration is left: these are the gradients by `hprev` and `cprev`."
    )
    return (
        f"Two names get new values: `dhnext` is now the derivative of {now} by "
        f"`hs[{t - 1}]`, `dcnext` by `cs[{t - 1}]`, each with the other state held "
        f"still. {use}"
    )
