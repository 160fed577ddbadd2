"""The ways from a use of Whh to a loss over three steps, and who counts which."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

import numpy as np

from rnn_notes.book.figures.drawing.boxes import arrow, box, node
from rnn_notes.book.figures.drawing.frames import Frame, Moving, chosen, part
from rnn_notes.book.figures.drawing.labels import label, number
from rnn_notes.book.figures.drawing.run import given
from rnn_notes.book.figures.drawing.svg import WIDTH, draw
from rnn_notes.differences import complex_step
from rnn_notes.ledger import only
from rnn_notes.rnn import forward, running_example, signals

__all__ = ["COUNTS", "nudged", "shares", "ways"]

_T = 3
_PAIRS = [(k, s) for k, s in product(range(_T), repeat=2) if k <= s]
# How often the way from the use at step k to the loss of step s is counted, by what
# the loss is derived from, times how the state is derived by the weight.
COUNTS: dict[str, Callable[[int, int], int]] = {
    "all losses × immediate": lambda k, s: 1,
    "own loss × total": lambda k, s: 1,
    "all losses × total": lambda k, s: s - k + 1,
    "own loss × immediate": lambda k, s: int(k == s),
}
_SAYS = {
    "all losses × immediate": "Each way is counted once, sorted by where it begins.",
    "own loss × total": "Each way is counted once, sorted by where it ends.",
    "all losses × total": "A way is counted once for each state on it: too often.",
    "own loss × immediate": "Only ways that begin and end in one step: too few.",
}


def ways() -> Moving:
    """Every way from a use of Whh to a loss, and how often each pairing counts it.

    The numbers are of ``Whh[0, 0]``, on three steps of the running example.

    >>> [frame.says.endswith("says so too.") for frame in ways().frames[:4]]
    [True, True, False, False]
    """
    found, truth = shares(), nudged()
    frames = [_pairing(name, found, truth) for name in COUNTS]
    frames += [_way(k, s, found) for k, s in _PAIRS]
    parts = [
        label(0, 34, "losses", "quiet", 12, "start"),
        label(0, 104, "states", "quiet", 12, "start"),
        label(0, 176, "uses", "quiet", 12, "start"),
        *(part for t in range(_T) for part in _column(t)),
        label(_x(1), 218, "times counted × share of `dWhh[0, 0]`", "quiet", 12),
    ]
    for k in range(_T):
        parts.append(label(0, _y(k), f"use {k + 1}", "weight", 12, "start"))
    for place, (k, s) in enumerate(_PAIRS):
        words = label(_x(s), _y(k), str(frames[0].parts[f"cell{k}{s}"]), size=12)
        frame = box(_x(s), _y(k) - 4, 76, 20, "rule")
        cell = f'<g class="entry">{frame}{part(f"cell{k}{s}", words)}</g>'
        parts.append(chosen(len(COUNTS) + place, cell))
    sums = str(frames[0].parts["sum"])
    parts += [
        label(0, 338, "sum", "quiet", 12, "start"),
        part("sum", label(_x(1), 338, sums, size=14)),
    ]
    told = ", ".join(
        f"{number(found[pair], 3)} from use {pair[0] + 1} to loss {pair[1] + 1}"
        for pair in _PAIRS
    )
    alt = (
        "Three uses of Whh, each leading into its state; each state leads to its loss "
        f"and to the next state. That makes six ways, with shares of dWhh[0, 0]: {told}"
        f". {frames[0].says}"
    )
    drawn = draw("ways", WIDTH, 348, "Six ways from a weight to a loss", alt, parts)
    return Moving(drawn.svg, drawn.alt, "Show", frames, kind="select")


def shares() -> dict[tuple[int, int], float]:
    """What each way adds to ``dWhh[0, 0]``, by the step of its use and of its loss.

    >>> bool(np.isclose(sum(shares().values()), nudged()))
    True
    """
    params, run = given(running_example(_T))
    found = {}
    for s in range(_T):
        for k, signal in zip(
            reversed(range(_T)), signals(params, only(run, s)), strict=True
        ):
            if k <= s:
                found[k, s] = float((signal.dhraw @ run.hs[k - 1].T)[0, 0])
    return found


def nudged() -> float:
    """The derivative of the total loss by ``Whh[0, 0]``, with no backward pass."""
    params, inputs, targets, hprev = running_example(_T)
    slopes = complex_step(
        lambda Whh: forward(params.replace(Whh=Whh), inputs, targets, hprev).loss,
        params.Whh,
    )
    return float(slopes[0, 0])


def _pairing(name: str, found: Mapping[tuple[int, int], float], truth: float) -> Frame:
    """How often a pairing counts each way, and what comes of it."""
    times = {pair: COUNTS[name](*pair) for pair in _PAIRS}
    total = sum(times[pair] * found[pair] for pair in _PAIRS)
    right = bool(np.isclose(total, truth, rtol=1e-9))
    parts = {
        f"cell{k}{s}": f"{n} × {number(found[k, s], 3)}" for (k, s), n in times.items()
    }
    parts["sum"] = f"{number(total, 3)}, {'right' if right else 'wrong'}"
    nudge = "Nudging says so too." if right else f"Nudging says {number(truth, 3)}."
    says = f"{_SAYS[name]} The sum, rounded last, is {number(total, 3)}. {nudge}"
    wrong = [f"cell{k}{s}" for (k, s), n in times.items() if n != 1]
    used = [f"{way}{t}" for way in ("use", "out") for t in range(_T)]
    used += [
        f"on{t}" for t in range(_T - 1) if any(times[k, s] for k, s in _PAIRS if k < s)
    ]
    return Frame(name, says, parts, [*used, *wrong, *["sum"][right:]])


def _way(k: int, s: int, found: Mapping[tuple[int, int], float]) -> Frame:
    """One way alone."""
    states = " → ".join(f"h{'₁₂₃'[t]}" for t in range(k, s + 1))
    parts = {f"cell{i}{j}": "" for i, j in _PAIRS}
    parts[f"cell{k}{s}"] = f"1 × {number(found[k, s], 3)}"
    parts["sum"] = f"{number(found[k, s], 3)}, one way of six"
    says = (
        f"From the use of `Whh` at step {k + 1} through {states} to the loss of step "
        f"{s + 1}: it adds {number(found[k, s], 3)}."
    )
    along = [f"use{k}", *(f"on{t}" for t in range(k, s)), f"out{s}", f"cell{k}{s}"]
    return Frame(f"use {k + 1} → loss {s + 1}", says, parts, along)


def _column(t: int) -> list[str]:
    """A use, its state and its loss, with the ways that lead on."""
    x = _x(t)
    use, out = arrow(x, 159, x, 119), arrow(x, 81, x, 48)
    parts = [
        node(x, 30, f"$ℓ_{t + 1}$", "loss", 17),
        node(x, 100, f"$h_{t + 1}$"),
        box(x, 172, 40, 24, "weight", 0.08),
        label(x, 176, "`Whh`", "weight", 12),
        part(f"use{t}", f'<g class="wire">{use}</g>'),
        part(f"out{t}", f'<g class="wire">{out}</g>'),
    ]
    if t < _T - 1:
        on = arrow(x + 19, 100, _x(t + 1) - 19, 100)
        parts.append(part(f"on{t}", f'<g class="wire">{on}</g>'))
    return parts


def _x(t: int) -> float:
    """The middle of the column of step t."""
    return 104 + 92.0 * t


def _y(k: int) -> float:
    """The line of the table for the use at step k."""
    return 246 + 26.0 * k
