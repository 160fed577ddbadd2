"""The line that everybody copies, whole and broken, against nudged states."""

from __future__ import annotations

from functools import partial

import numpy as np

from rnn_notes import rnn
from rnn_notes.book.figures.drawing.boxes import box, line
from rnn_notes.book.figures.drawing.frames import Frame, Moving, as_shown, part
from rnn_notes.book.figures.drawing.labels import label, number
from rnn_notes.book.figures.drawing.run import Example
from rnn_notes.book.figures.drawing.svg import WIDTH, at, draw
from rnn_notes.differences import complex_step
from rnn_notes.mutants import MUTANTS, Mutant
from rnn_notes.rnn import Array, forward, logsumexp, running_example

__all__ = ["broken_line", "computed", "nudged"]

_LINE = "dh = params.Why.T @ dy + dhnext"
_LATER_ALONE = Mutant("own loss dropped", _LINE, "dh = dhnext", "", "")
_ZERO, _UNIT = 106, 50  # where no slope is, and how high a slope of one stands


def broken_line(example: Example | None = None) -> Moving:
    """The ``dh`` of every step, as the code says it and as nudging the state measures.

    Its control takes parts of the line away.

    >>> frames = broken_line().frames
    >>> [frame.at for frame in frames][1], frames[1].says[:32]
    ('`dh = Why.T @ dy`', 'Right at t = 4, wrong at t = 0, ')
    """
    example = example or running_example()
    truth = nudged(example)
    frames = [_frame(code, dh, truth) for code, dh in computed(example).items()]
    T = len(truth)
    columns = [78 + 61.0 * t for t in range(T)]
    parts = [line(f"M40 {_ZERO}H{WIDTH}", "quiet")]
    parts += [label(0, 178, "code", "dh", 12, "start")]
    parts += [label(0, 200, "nudging", "quiet", 12, "start")]
    for t, x in enumerate(columns):
        shown = frames[0].parts
        bar = box(x, _ZERO, 24, 9, "dh", 0.3)
        parts += [
            part(f"bar{t}", as_shown(bar, shown[f"bar{t}"])),
            line(f"M{at(x - 20, _y(truth[t]))}h40", "ink", 2),
            part(f"code{t}", label(x, 178, str(shown[f"code{t}"]), "dh", 12)),
            label(x, 200, number(truth[t]), "quiet", 12),
            part(f"mark{t}", label(x, 222, "right", "quiet", 12)),
            label(x, 14, f"`hs[{t}]`", "state", 12),
        ]
    told = ", ".join(number(slope) for slope in truth)
    alt = (
        f"For each of the {T} steps a bar for the first entry of dh, as the line "
        "computes it, and a stroke where nudging that state says that it should end: "
        f"{told}. With the whole line every bar ends at its stroke."
    )
    drawn = draw("broken-line", WIDTH, 228, "The line, tried", alt, parts)
    return Moving(drawn.svg, drawn.alt, "Break the line", frames, kind="radio")


def nudged(example: Example) -> Array:
    """How fast all losses change with the first unit of each state, (T,)."""
    params, inputs, targets, hprev = example
    run = forward(params, inputs, targets, hprev)

    def after(t: int, h: Array) -> complex:
        """The losses of step t and after, from a state at t."""
        y = params.Why @ h + params.by
        own: complex = logsumexp(y) - y[targets[t], 0]
        if t == run.T - 1:
            return own
        return own + forward(params, inputs[t + 1 :], targets[t + 1 :], h).loss

    slopes = [complex_step(partial(after, t), run.hs[t])[0, 0] for t in range(run.T)]
    return np.array(slopes)


def computed(example: Example) -> dict[str, Array]:
    """The first entry of ``dh`` at each step, by the right loop and by broken ones."""
    params, inputs, targets, hprev = example
    run = forward(params, inputs, targets, hprev)
    loops = {
        "dh = Why.T @ dy + dhnext": rnn,
        "dh = Why.T @ dy": MUTANTS["dhnext dropped"].module(),
        "dh = dhnext": _LATER_ALONE.module(),
        "dhnext = Whh @ dhraw": MUTANTS["Whh untransposed"].module(),
        "dhraw = (1 - h) * dh": MUTANTS["square forgotten"].module(),
    }
    return {
        code: np.array([s.dh[0, 0] for s in loop.signals(params, run)])[::-1]
        for code, loop in loops.items()
    }


def _frame(code: str, dh: Array, truth: Array) -> Frame:
    """One way to write the line: its bars, and at which steps it is right."""
    right = np.isclose(dh, truth, rtol=1e-9)
    steps = {
        word: ", ".join(map(str, np.flatnonzero(right == (word == "right"))))
        for word in _WORDS
    }
    said = [f"{word} at t = {which}" for word, which in steps.items() if which]
    sentence = ", ".join(said).capitalize() + "."
    if right.all():
        sentence = "Right at every step: two answers come back, and they add up."
    parts: dict[str, str | dict[str, str]] = {}
    for t, slope in enumerate(dh):
        top, low = sorted((_y(0), _y(slope)))
        parts[f"bar{t}"] = {"y": at(top), "height": at(max(low - top, 1))}
        parts[f"code{t}"] = number(slope)
        parts[f"mark{t}"] = "right" if right[t] else "wrong"
    lit = [f"mark{t}" for t in np.flatnonzero(~right)]
    return Frame(f"`{code}`", f"{sentence} {_WHY[code]}".strip(), parts, lit)


_WORDS = ("right", "wrong")
_WHY = {
    "dh = Why.T @ dy + dhnext": "",
    "dh = Why.T @ dy": "The last state is used once; every other also serves all later "
    "losses, and their answer is missing.",
    "dh = dhnext": "Nothing is ever added: `dhnext` begins as zero and stays it.",
    "dhnext = Whh @ dhraw": "The shapes fit, since `Whh` is square. Only what comes "
    "back through time is wrong.",
    "dhraw = (1 - h) * dh": "What each step hands on is off, so all earlier ones are.",
}


def _y(slope: float) -> float:
    """The height at which a slope ends."""
    return _ZERO - _UNIT * float(slope)
