"""The network that the stepper walks back through, and what is told at each stop.

Every part that lights up carries ``data-at``: the stops of the trace at which it does.
The first of them is where it appears.
"""

from __future__ import annotations

from collections.abc import Mapping

from rnn_notes.book.figures.drawing.boxes import arrow, box, line
from rnn_notes.book.figures.drawing.labels import label, number
from rnn_notes.book.figures.drawing.run import Example, given
from rnn_notes.book.figures.drawing.svg import INKS, WIDTH, Figure, draw
from rnn_notes.book.trace import OWN, Stop, trace
from rnn_notes.rnn import Array

__all__ = [
    "SIGNALS",
    "When",
    "column",
    "legend",
    "lit",
    "loss_boxes",
    "losses",
    "pill",
    "span",
    "step_network",
    "stops_of",
    "tag",
    "told",
]

When = dict[tuple[int, str], int]
# The signals of both networks, in the order of the loop, each with its ink.
SIGNALS = {
    **{"dy": "dy", OWN: "dy", "dhnext": "dhnext", "dh": "dh", "dhraw": "dhraw"},
    **{"dcnext": "dhnext", "dc": "dh"},
    **dict.fromkeys(("diraw", "dfraw", "doraw", "dgraw"), "dhraw"),
    **dict.fromkeys(("dhprev", "dcprev"), "dhnext"),
}
_KINDS = {"dy": OWN, "dh": "dh", "dhraw": "dhraw", "dhnext": "dhnext"}


def step_network(example: Example | None = None) -> Figure:
    """The network unrolled, with every signal that the backward loop sends through it.

    Raises
    ------
    ValueError
        For more than five steps: they would not fit a phone.

    Examples
    --------
    >>> step_network().svg.count("data-at")
    26
    """
    params, run = given(example)
    losses_above = loss_boxes(run.losses)
    when = stops_of(trace(params, run))
    parts = [_wires(t) for t in range(run.T)]
    for t in reversed(range(run.T)):
        parts += _signals(t, when)
    parts += [_first(run.T, when), *_states(run.T)]
    parts += [*legend(8, 270, (22, 28, 46), _KINDS), *losses_above]
    losses = ", ".join(number(loss) for loss in run.losses)
    alt = (
        f"The network unrolled over {run.T} steps, first step left. Each state goes "
        f"through Why to its own loss; the losses are {losses}. Through Whh and a tanh "
        "it goes to the next state. Backwards, four signals run along the same wires: "
        "Why.T @ dy from each loss to its state, dh from the state to the tanh, dhraw "
        "from the tanh to Whh, and dhnext from Whh to the state before."
    )
    return draw("step-network", WIDTH, 274, "The loop on the network", alt, parts)


def stops_of(stops: list[Stop]) -> When:
    """The number of the stop at which turn ``t`` gives a name its value.

    >>> stops_of(trace(*given()))[4, "dh"]
    2
    """
    return {(stop.t, stop.name): k for k, stop in enumerate(stops)}


def column(t: int) -> float:
    """The middle of the state at t; ``hs[-1]`` stands at the left."""
    return 94 + 58.0 * t


def _wires(t: int) -> str:
    """The way forward at step t: from the state before to the new one and its loss."""
    x = column(t)
    paths = f"M{x:g} 105V41M{x - 12:g} 131V202H{x - 44:g}V131"
    return line(paths, "quiet", 0.8)


def _signals(t: int, when: When) -> list[str]:
    """The signals of turn t, each along its wire with its name beside it."""
    x = column(t)
    dy, dh, dhraw, dhnext = (when[t, name] for name in ("dy", "dh", "dhraw", "dhnext"))
    used = [dhnext, when[t - 1, "dh"]] if t else [dhnext]
    down, up = f"M{x - 12:g} 173V202H{x - 20:g}", f"M{x - 44:g} 193V145"
    return [
        lit([dy], arrow(x, 41, x, 61, "dy"), tag(x - 6, 56, "dy")),
        lit([dh], arrow(x, 79, x, 105, "dy"), tag(x - 6, 96, OWN)),
        lit([dh, dhraw], arrow(x - 12, 131, x - 12, 155, "dh"), tag(x - 18, 147, "dh")),
        lit(
            [dhraw, dhnext],
            line(down, "dhraw"),
            arrow(x - 20, 202, x - 29, 202, "dhraw"),
            tag(x + 4, 222, "dhraw"),
        ),
        lit(
            used,
            line(up, "dhnext"),
            arrow(x - 44, 145, x - 44, 131, "dhnext"),
            tag(x - 50, 187, "dhnext"),
        ),
        *pill(x, 70, "Why"),
        *pill(x - 12, 164, "tanh"),
        *pill(x - 44, 202, "Whh"),
        label(x, 246, f"`t = {t}`", "quiet", 12),
    ]


def _first(T: int, when: When) -> str:
    """The ``dhnext`` of zeros that enters the first turn from nowhere."""
    x = column(T - 1) + 14
    zero = label(x, 182, "0", "dhnext")
    parts = arrow(x, 168, x, 131, "dhnext"), tag(x + 20, 198, "dhnext")
    return lit([when[T, "dhnext"], when[T - 1, "dh"]], zero, *parts)


def _states(T: int) -> list[str]:
    """The boxes of the states, from ``hs[-1]`` to the last."""
    parts = [label(column(-1), 82, "`hprev`", "state", 12)]
    for t in range(-1, T):
        parts += [box(column(t), 118, 46, 26, "state")]
        parts += [label(column(t), 122, f"`hs[{t}]`", size=12)]
    return parts


def loss_boxes(losses: Array) -> list[str]:
    """The loss of each step, above the step's column.

    Raises
    ------
    ValueError
        For more than five steps: they would not fit a phone.
    """
    if len(losses) > 5:
        raise ValueError(f"T is {len(losses)}, expected 5 at the most")
    parts = []
    for t, loss in enumerate(losses):
        x = column(t)
        parts += [box(x, 24, 46, 34, "loss"), label(x, 20, f"loss {t}", size=12)]
        parts += [label(x, 35, number(loss), size=12)]
    return parts


def pill(x: float, y: float, words: str) -> list[str]:
    """What a wire passes through: a matrix or the tanh."""
    width = 34 if words == "tanh" else 30
    paper = f'style="fill:{INKS["paper"].paint}"'
    place = f'x="{x - width / 2:g}" y="{y - 9:g}" width="{width}" height="18" rx="4"'
    return [
        f"<rect {place} {paper}/>",
        box(x, y, width, 18, "weight", 0.08),
        label(x, y + 4, f"`{words}`", "weight", 12),
    ]


def lit(at: list[int], *parts: str) -> str:
    """Parts that light up at the given stops."""
    stops = " ".join(map(str, at))
    return f'<g data-at="{stops}">{"".join(parts)}</g>'


def tag(x: float, y: float, name: str) -> str:
    """The name of a signal beside its wire; shown while the signal is lit."""
    words = label(x, y, f"`{name}`", SIGNALS[name], 12, "end")
    return f'<g class="tag" visibility="hidden">{words}</g>'


def legend(
    x: float, y: float, widths: tuple[float, float, float], kinds: Mapping[str, str]
) -> list[str]:
    """A line of each ink, and behind it the names of the signals that are drawn so.

    widths : of a line, of it and the gap behind it, and of all but the letters
    """
    long, apart, all_but = widths
    parts = []
    for ink, names in kinds.items():
        parts += [line(f"M{x:g} {y - 4:g}h{long:g}", ink, 2.4)]
        parts += [label(x + apart, y, f"`{names}`", ink, 12, "start")]
        x += all_but + 7.3 * len(names)
    return parts


def told(stop: Stop, T: int) -> str:
    """What happens at a stop, in a sentence or two with code in backticks.

    >>> told(trace(*given())[0], 5)
    'Before the loop, `dhnext` is zero: no loss comes after step 4.'
    """
    t, later = stop.t, losses(range(stop.t + 1, T))
    last = t == T - 1
    if t == T:
        return f"Before the loop, `dhnext` is zero: no loss comes after step {T - 1}."
    if stop.name == "dy":
        left = "is still zero" if last else f"waits with the answer of {later}"
        return (
            f"Iteration t = {t} begins. `dy` holds the slopes of loss {t} by its "
            f"logits, `ys[{t}]`. Meanwhile `dhnext` {left}."
        )
    if stop.name == "dh" and last:
        return (
            f"`hs[{t}]` feeds one loss only, its own. So `dh` is `{OWN}`, and "
            "`dhnext` adds zero."
        )
    if stop.name == "dh":
        return (
            f"`hs[{t}]` was used twice, so two answers come back and add up: "
            f"`{OWN}` from loss {t}, and `dhnext` from {later}."
        )
    if stop.name == "dhraw":
        return "`dh` goes back through the tanh: each entry is multiplied by `1 - h*h`."
    return _last_line(t, T)


def _last_line(t: int, T: int) -> str:
    """What the last line of turn t does to ``dhnext``, and what becomes of it."""
    was, now = losses(range(t + 1, T)), losses(range(t, T))
    use = (
        f"Iteration t = {t - 1} will add loss {t - 1}."
        if t
        else "That is `hprev`; no iteration is left, and the classic loop drops it."
    )
    return (
        f"The last line of the iteration gives `dhnext` a new value. It was the "
        f"derivative of {was} by `hs[{t}]`; now it is that of {now} by "
        f"`hs[{t - 1}]`. {use}"
    )


def losses(steps: range) -> str:
    """The losses of some steps in words.

    >>> [losses(range(first, 5)) for first in (5, 4, 3, 2)]
    ['no loss', 'loss 4', 'losses 3 and 4', 'losses 2 to 4']
    """
    if not steps:
        return "no loss"
    return f"loss{'es' if len(steps) > 1 else ''} {span(steps)}"


def span(steps: range) -> str:
    """Some steps in a row.

    >>> [span(range(first, 5)) for first in (5, 4, 3, 2)]
    ['none', '4', '3 and 4', '2 to 4']
    """
    if len(steps) < 2:
        return str(steps[0]) if steps else "none"
    return f"{steps[0]} {'and' if len(steps) == 2 else 'to'} {steps[-1]}"
