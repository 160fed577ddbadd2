"""Each loss on its way back: which states it reaches, and with what slopes."""

from __future__ import annotations

from collections.abc import Mapping

from rnn_notes.book.figures.drawing.boxes import arrow, box, line
from rnn_notes.book.figures.drawing.frames import Frame, Moving, as_shown, chosen, part
from rnn_notes.book.figures.drawing.labels import label, number
from rnn_notes.book.figures.drawing.run import Example, given
from rnn_notes.book.figures.drawing.svg import WIDTH, at, draw
from rnn_notes.book.figures.stepped_network import span
from rnn_notes.ledger import ledger
from rnn_notes.rnn import Array

__all__ = ["travelling_loss"]

_ZERO, _UNIT = 206, 38  # where no slope is, and how high a slope of one stands


def travelling_loss(example: Example | None = None) -> Moving:
    """What a loss adds to ``dh`` of each state that it reaches, entry by entry.

    Its control, or pointing at a loss, sends another one back.

    Raises
    ------
    ValueError
        For more than five steps: they would not fit a phone.

    Examples
    --------
    >>> frames = travelling_loss().frames
    >>> frames[2].at, frames[2].says[:43]
    ('loss 2', 'Through `Why.T` loss 2 reaches `hs[2]`, and')
    """
    params, run = given(example)
    if run.T > 5:
        raise ValueError(f"T is {run.T}, expected 5 at the most")
    table = ledger(params, run)
    frames = [_alone(s, table) for s in reversed(range(run.T))]
    frames.append(_together(table))
    parts = [
        label(0, _ZERO - 4, "share", "dh", 12, "start"),
        label(0, _ZERO + 12, "of `dh`", "dh", 12, "start"),
        label(0, 276, "unit 0", "quiet", 12, "start"),
        line(f"M50 {_ZERO}H{WIDTH}", "quiet"),
    ]
    for t in range(run.T):
        said = label(_x(t), 20, f"loss {t}", size=12)
        said += label(_x(t), 35, number(run.losses[t]), size=12)
        loss = part(f"loss{t}", box(_x(t), 24, 46, 34, "loss", 0.07))
        parts.append(chosen(run.T - 1 - t, f'<g class="entry">{loss}{said}</g>'))
        parts += _state(t, frames[0].parts, params.H)
    alt = (
        f"{run.T} states in a row, each with its loss above it. A loss reaches its "
        "own state, and from there each state before. Below each state stands a bar "
        f"for every entry of what one loss adds to dh. {frames[0].says} Unit 0 gets "
        f"{', '.join(number(v) for v in table[:, -1, 0])}."
    ).replace("`", "")
    drawn = draw("travelling-loss", WIDTH, 286, "A loss on its way back", alt, parts)
    return Moving(drawn.svg, drawn.alt, "Send back", frames, kind="select")


def _state(t: int, shown: Mapping[str, str | Mapping[str, str]], H: int) -> list[str]:
    """A state, the ways of what comes to it, and what it gets in the first frame."""
    x = _x(t)
    parts = [
        part(f"own{t}", f'<g class="wire">{arrow(x, 41, x, 91, "dy")}</g>'),
        label(x + 6, 70, "`Why.T`", "weight", 12, "start"),
        box(x, 104, 44, 26, "state"),
        label(x, 108, f"`hs[{t}]`", size=12),
        part(f"unit{t}", label(x, 276, str(shown[f"unit{t}"]), "dh", 12)),
    ]
    if t:
        end = _x(t - 1) + 10
        way = line(f"M{x - 10:g} 117V136H{end:g}", "dhnext")
        way += arrow(end, 136, end, 117, "dhnext")
        parts.append(part(f"back{t}", f'<g class="wire">{way}</g>'))
        parts.append(label((x + _x(t - 1)) / 2, 152, "`Whh.T`", "weight", 12))
    for unit in range(H):
        name, bar = f"bar{t}{unit}", box(x + 14 * (unit - 1), _ZERO, 11, 1, "dh", 0.3)
        parts.append(part(name, as_shown(bar, shown[name])))
    return parts


def _alone(s: int, table: Array) -> Frame:
    """What the loss of step s adds to ``dh`` of each state."""
    earlier, later = range(s), range(s + 1, len(table))
    says = f"Through `Why.T` loss {s} reaches `hs[{s}]`"
    if earlier:
        says += f", and from there through `Whh.T` {_states(earlier)}"
    says += ". "
    if later:
        says += f"It adds nothing at {_states(later)}: they come after it."
    else:
        says += "It reaches every state."
    lit = [f"loss{s}", f"own{s}", *(f"back{t}" for t in range(1, s + 1))]
    return Frame(f"loss {s}", says, _shares(table[:, s]), lit)


def _together(table: Array) -> Frame:
    """What all losses add up to at each state: ``dh``."""
    T = len(table)
    lit = [f"{name}{t}" for name in ("loss", "own", "back") for t in range(T)]
    lit.remove("back0")
    says = (
        "The shares of a state add up to its `dh`: its own loss comes down "
        "`Why.T`, and all later ones come together along `Whh.T`, as `dhnext`."
    )
    return Frame("all losses", says, _shares(table.sum(axis=1)), lit)


def _shares(shares: Array) -> dict[str, str | Mapping[str, str]]:
    """The bars and the numbers of what every state gets, (T, H)."""
    parts: dict[str, str | Mapping[str, str]] = {}
    for t, share in enumerate(shares):
        parts[f"unit{t}"] = number(share[0], 2 if share[0] else 0)
        for unit, slope in enumerate(share):
            high = max(_UNIT * abs(float(slope)), 0.5)
            top = _ZERO - high if slope > 0 else _ZERO
            parts[f"bar{t}{unit}"] = {"y": at(top), "height": at(high)}
    return parts


def _states(steps: range) -> str:
    """Some states in words.

    >>> _states(range(1)), _states(range(3))
    ('`hs[0]`', 'the states 0 to 2')
    """
    return f"`hs[{steps[0]}]`" if len(steps) == 1 else f"the states {span(steps)}"


def _x(t: int) -> float:
    """The middle of the state at t."""
    return 76 + 60.0 * t
