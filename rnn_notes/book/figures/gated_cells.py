"""One step of an LSTM and of a GRU: the wires forwards, and what comes back along them.

A wire is drawn twice, from the same list: as an arrow forwards, and below as an arrow
backwards in the ink of the signal that it carries. Where scripts run, a control walks
through the lines of the loop: the loop itself is watched, as for the stepper.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from rnn_notes import gru, lstm
from rnn_notes.book.figures.drawing.axes import disc
from rnn_notes.book.figures.drawing.boxes import arrow, line, node
from rnn_notes.book.figures.drawing.frames import Frame, Moving, part
from rnn_notes.book.figures.drawing.labels import label, number, vector
from rnn_notes.book.figures.drawing.run import within
from rnn_notes.book.figures.drawing.svg import WIDTH, at, draw
from rnn_notes.book.trace import Assignment, watched
from rnn_notes.rnn import Array, running_example

__all__ = ["LSTMExample", "gru_example", "gru_step", "lstm_example", "lstm_step"]

LSTMExample = tuple[lstm.Params, list[int], list[int], Array, Array]
_GRUExample = tuple[gru.Params, list[int], list[int], Array]
_Point = tuple[float, float]
_MEANS = {
    "dy": "the gradient by the logits, of this step's loss alone",
    "dh": "by the hidden state, of this loss and of the later ones",
    "dc": "by the cell state, of the same losses, by both paths",
    "diraw": "by what goes into the sigmoid of i",
    "dfraw": "by what goes into the sigmoid of f",
    "doraw": "by what goes into the sigmoid of o, from `dh`",
    "dgraw": "by what goes into the tanh of g",
    "dnraw": "by what goes into the tanh of n",
    "dzraw": "by what goes into the sigmoid of z, from both of its uses",
    "dm": "by what `Whn` has made",
    "drraw": "by what goes into the sigmoid of r",
    "dhprev": "by the hidden state before, through this step alone",
    "dcprev": "by the cell state before, through this step alone",
}


class _Wire(NamedTuple):
    """A way through the step: the line that sends a signal back along it, and corners.

    ink : of that signal
    """

    line: str
    ink: str
    corners: Sequence[_Point]


class _Words(NamedTuple):
    """What stands at a place; "{dh}" becomes the number of that name.

    line : whose number it is, on the way back
    """

    x: float
    y: float
    words: str
    anchor: str = "middle"
    ink: str = "ink"
    line: str = ""


_LSTM_WIRES = [
    _Wire("dcprev", "dhnext", [(14, 52), (85, 52)]),
    _Wire("dc", "dh", [(115, 52), (170, 52)]),
    _Wire("dc", "dh", [(200, 52), (264, 52)]),
    _Wire("", "dhnext", [(272, 52), (346, 52)]),
    _Wire("dc", "dh", [(185, 103), (185, 67)]),
    _Wire("dfraw", "dhraw", [(100, 162), (100, 67)]),
    _Wire("diraw", "dhraw", [(150, 162), (150, 118), (170, 118)]),
    _Wire("dgraw", "dhraw", [(220, 162), (220, 118), (200, 118)]),
    _Wire("dc", "dh", [(268, 56), (268, 103)]),
    _Wire("doraw", "dhraw", [(268, 162), (268, 133)]),
    _Wire("dh", "dh", [(283, 118), (314, 118)]),
    _Wire("", "dhnext", [(322, 118), (350, 118)]),
    _Wire("dy", "dy", [(318, 122), (318, 162)]),
    _Wire("dhprev", "dhnext", [(14, 232), (268, 232), (268, 192)]),
    *(_Wire("dhprev", "dhnext", [(x, 232), (x, 192)]) for x in (100, 150, 220)),
]
_LSTM_NODES = {
    "×": [(100, 52), (185, 118), (268, 118)],
    "+": [(185, 52)],
    "f": [(100, 177)],
    "i": [(150, 177)],
    "g": [(220, 177)],
    "o": [(268, 177)],
    "": [(268, 52), (318, 118)],
}
_UNDER = {"f": 108, "i": 158, "g": 226, "o": 276}


def lstm_example() -> LSTMExample:
    """The text of the running example, and an LSTM with random weights to read it.

    >>> params, inputs, targets, hprev, cprev = lstm_example()
    >>> params.V, params.H, len(inputs), cprev.shape
    (2, 3, 5, (3, 1))
    """
    _, inputs, targets, hprev = running_example()
    params = lstm.Params.random(2, 3, np.random.default_rng(1), scale=0.8)
    return params, inputs, targets, hprev, np.array([[0.5], [-0.1], [0.6]])


def lstm_step(example: LSTMExample | None = None, t: int = 2) -> Moving:
    """Step t of an LSTM, with the numbers of its first unit, forwards and backwards.

    Raises
    ------
    ValueError
        Unless t is from 0 to T-1.

    Examples
    --------
    >>> "dcnext" in lstm_step().alt
    True
    """
    params, inputs, targets, hprev, cprev = example or lstm_example()
    run = lstm.forward(params, inputs, targets, hprev, cprev)
    within("t", t, 0, run.T - 1)
    turn = _turn(lstm.signals(params, run), t)
    signal = list(lstm.signals(params, run))[run.T - 1 - t]
    own = params.Why.T @ signal.dy
    values = {
        **{name: getattr(run, name)[t] for name in "ifog"},
        "c": run.cs[t],
        "h": run.hs[t],
        "cp": run.cs[t - 1],
        "hp": run.hs[t - 1],
        **signal._asdict(),
        "own": own,
        "path": signal.dc - signal.dcnext,
    }
    forwards = [
        _Words(4, 30, f"`cs[{t - 1}]` {{cp}}", "start"),
        _Words(356, 30, f"`cs[{t}]` {{c}}", "end"),
        _Words(4, 252, f"`hs[{t - 1}]` {{hp}}, and the letter", "start"),
        _Words(356, 104, f"`hs[{t}]` {{h}}", "end"),
        _Words(318, 178, f"`ys[{t}]`"),
        _Words(260, 88, "tanh", "end", "quiet"),
        *(_Words(x, 214, f"{{{g}}}", "start", "quiet") for g, x in _UNDER.items()),
    ]
    backwards = [
        _Words(4, 30, "`dcprev` {dcprev}", "start", "dhnext", "dcprev"),
        _Words(356, 30, "`dcnext` {dcnext}", "end", "dhnext"),
        _Words(230, 30, "`dc` {dc}", "middle", "dh", "dc"),
        _Words(260, 88, "{path}", "end", "dh", "dc"),
        _Words(280, 86, "`dh` {dh}", "start", "dh", "dh"),
        _Words(356, 106, "`dhnext`", "end", "dhnext"),
        _Words(358, 136, "{dhnext}", "end", "dhnext"),
        _Words(318, 178, "{own}", "middle", "dy", "dy"),
        _Words(358, 196, "`Why.T @ dy`", "end", "dy", "dy"),
        _Words(4, 252, "`dhprev` {dhprev}", "start", "dhnext", "dhprev"),
        *(
            _Words(x, 214, f"{{d{g}raw}}", "start", "dhraw", f"d{g}raw")
            for g, x in _UNDER.items()
        ),
    ]
    said = _numbers(values)
    alt = (
        f"Step {t} of an LSTM, first unit. Forwards, the cell {said['cp']} is "
        f"multiplied with the gate f, {said['f']}; i times g, {said['i']} times "
        f"{said['g']}, is added, which makes the cell {said['c']}. Its tanh times the "
        f"gate o, {said['o']}, is the state {said['h']}, which goes to the prediction "
        f"and to the next step. Backwards, dh {said['dh']} is the share of the own "
        f"loss, {said['own']}, plus dhnext {said['dhnext']}. The path through the tanh "
        f"brings {said['path']} to the cell, dcnext brings {said['dcnext']}, and their "
        f"sum is dc {said['dc']}. It goes to f, i and g, whose signals are "
        f"{said['dfraw']}, {said['diraw']} and {said['dgraw']}, and through the gate f "
        f"to dcprev {said['dcprev']}. The gate o gets {said['doraw']} from dh. Four "
        f"products make dhprev {said['dhprev']} of the four."
    )
    parts = _both(_LSTM_WIRES, _LSTM_NODES, forwards, backwards, said)
    title = "One step of an LSTM, there and back"
    return _moving("lstm-step", title, alt, _LSTM_WIRES, parts, turn)


_GRU_WIRES = [
    _Wire("dhprev", "dhnext", [(14, 52), (90, 52)]),
    _Wire("dh", "dh", [(120, 52), (240, 52)]),
    _Wire("dh", "dh", [(270, 52), (299, 52)]),
    _Wire("", "dhnext", [(307, 52), (346, 52)]),
    _Wire("dy", "dy", [(303, 56), (303, 112)]),
    _Wire("dzraw", "dhraw", [(105, 103), (105, 67)]),
    _Wire("dzraw", "dhraw", [(120, 118), (240, 118)]),
    _Wire("dnraw", "dh", [(255, 103), (255, 67)]),
    _Wire("dnraw", "dhraw", [(255, 169), (255, 133)]),
    _Wire("dm", "dhraw", [(210, 184), (240, 184)]),
    _Wire("drraw", "dhraw", [(160, 184), (180, 184)]),
    _Wire("dhprev", "dhnext", [(14, 246), (195, 246), (195, 199)]),
    _Wire("dhprev", "dhnext", [(105, 246), (105, 133)]),
    _Wire("dhprev", "dhnext", [(145, 246), (145, 199)]),
]
_GRU_NODES = {
    "×": [(105, 52), (255, 118), (195, 184)],
    "+": [(255, 52)],
    "z": [(105, 118)],
    "r": [(145, 184)],
    "n": [(255, 184)],
    "": [(303, 52)],
}


def gru_example() -> _GRUExample:
    """The text of the running example, and a GRU with random weights to read it.

    >>> params, inputs, targets, hprev = gru_example()
    >>> params.V, params.H, len(inputs), bool(params.bhn.all())
    (2, 3, 5, True)
    """
    _, inputs, targets, hprev = running_example()
    rng = np.random.default_rng(2)
    params = gru.Params.random(2, 3, rng, scale=0.8)
    return params.replace(bhn=rng.standard_normal((3, 1))), inputs, targets, hprev


def gru_step(example: _GRUExample | None = None, t: int = 3) -> Moving:
    """Step t of a GRU, reset after, with the numbers of its first unit.

    Raises
    ------
    ValueError
        Unless t is from 0 to T-1.

    Examples
    --------
    >>> "straight" in gru_step().alt
    True
    """
    params, inputs, targets, hprev = example or gru_example()
    run = gru.forward(params, inputs, targets, hprev)
    within("t", t, 0, run.T - 1)
    turn = _turn(gru.signals(params, run), t)
    signal = list(gru.signals(params, run))[run.T - 1 - t]
    values = {
        **{name: getattr(run, name)[t] for name in "rzn"},
        "m": run.ms[t],
        "h": run.hs[t],
        "hp": run.hs[t - 1],
        **signal._asdict(),
        "own": params.Why.T @ signal.dy,
        "straight": run.z[t] * signal.dh,
        "rest": signal.dhprev - run.z[t] * signal.dh,
    }
    forwards = [
        _Words(4, 30, f"`hs[{t - 1}]` {{hp}}", "start"),
        _Words(356, 30, f"`hs[{t}]` {{h}}", "end"),
        _Words(303, 128, f"`ys[{t}]`"),
        _Words(113, 92, "{z}", "start", "quiet"),
        _Words(180, 111, "1 − z", "middle", "quiet"),
        _Words(145, 161, "{r}", "middle", "quiet"),
        _Words(276, 188, "{n}", "start", "quiet"),
        _Words(203, 228, "`Whn @ h + bhn` {m}", "start", "quiet"),
        _Words(4, 266, "the same state, and the letter", "start"),
    ]
    backwards = [
        _Words(4, 30, "straight {straight}", "start", "dhnext", "dhprev"),
        _Words(356, 30, "`dhnext` {dhnext}", "end", "dhnext"),
        _Words(200, 44, "`dh` {dh}", "middle", "dh", "dh"),
        _Words(303, 128, "{own}", "middle", "dy", "dy"),
        _Words(356, 146, "`Why.T @ dy`", "end", "dy", "dy"),
        _Words(113, 92, "{dzraw}", "start", "dhraw", "dzraw"),
        _Words(145, 161, "{drraw}", "middle", "dhraw", "drraw"),
        _Words(276, 188, "{dnraw}", "start", "dhraw", "dnraw"),
        _Words(203, 228, "`dm` {dm}", "start", "dhraw", "dm"),
        _Words(4, 266, "through r, z and n {rest}", "start", "dhnext", "dhprev"),
        _Words(170, 266, "together `dhprev` {dhprev}", "start", "dhnext", "dhprev"),
    ]
    said = _numbers(values)
    alt = (
        f"Step {t} of a GRU, first unit. Forwards, the old state {said['hp']} is "
        f"multiplied with the gate z, {said['z']}, and 1 - z times the new, "
        f"{said['n']}, is added, which makes {said['h']}. The new is a tanh; the gate "
        f"r, {said['r']}, multiplies what Whn makes of the old state, {said['m']}. "
        f"Backwards, dh {said['dh']} is its own loss's share, {said['own']}, plus "
        f"dhnext {said['dhnext']}. It goes straight to the old state through the gate "
        f"z, {said['straight']}, and to z and n, whose signals are {said['dzraw']} and "
        f"{said['dnraw']}; n sends on to r, {said['drraw']}, and to Whn, {said['dm']}. "
        f"Three products bring {said['rest']}; with the straight part that is dhprev "
        f"{said['dhprev']}."
    )
    parts = _both(_GRU_WIRES, _GRU_NODES, forwards, backwards, said)
    title = "One step of a GRU, there and back"
    return _moving("gru-step", title, alt, _GRU_WIRES, parts, turn)


def _numbers(values: Mapping[str, Any]) -> dict[str, str]:
    """The first unit of each array, as it is written."""
    return {name: number(float(array[0, 0])) for name, array in values.items()}


def _turn(loop: Iterator[Any], t: int) -> list[Assignment]:
    """The lines of turn t that make a signal, in the order in which they act."""
    lines = watched(loop, list(_MEANS))
    return [line for line in lines if line.values.get("t") == t and "dh" in line.values]


def _both(
    wires: Sequence[_Wire],
    nodes: Mapping[str, Iterable[_Point]],
    forwards: Iterable[_Words],
    backwards: Iterable[_Words],
    said: Mapping[str, str],
) -> list[str]:
    """The wires forwards, and below them backwards, a part for each line that acts."""
    tall = _tall(wires)
    parts, behind = [], defaultdict[str, list[str]](list)
    for wire in wires:
        parts += _along(wire.corners, "ink")
        back = [(x, y + tall) for x, y in wire.corners[::-1]]
        behind[wire.line] += _along(back, wire.ink)
    parts += [_words(word, 0, said) for word in forwards]
    for word in backwards:
        behind[word.line].append(_words(word, tall, said))
    for name, svgs in behind.items():
        body = "\n".join(svgs)
        parts.append(part(name, f'<g opacity="1">{body}</g>') if name else body)
    for down, way in ((0, "forwards"), (tall, "backwards")):
        parts.append(label(0, down + 12, way, "quiet", 12, "start"))
        for letter, places in nodes.items():
            ink = "quiet" if letter in "×+" else "state"
            for x, y in places:
                kind = node(x, y + down, letter, ink, 15)
                parts.append(kind if letter else disc(x, y + down))
    return parts


def _tall(wires: Sequence[_Wire]) -> float:
    """The height of one of the two pictures."""
    return max(y for wire in wires for _, y in wire.corners) + 48


def _words(word: _Words, down: float, said: Mapping[str, str]) -> str:
    """Words at their place, with their numbers."""
    text = word.words.format(**said)
    return label(word.x, word.y + down, text, word.ink, 12, word.anchor)


def _moving(
    name: str,
    title: str,
    alt: str,
    wires: Sequence[_Wire],
    parts: Sequence[str],
    turn: Sequence[Assignment],
) -> Moving:
    """The picture, and a control that shows one line of the turn after another."""
    names = [line.name for line in turn]
    frames = []
    for k, acting in enumerate(turn):
        lights = {n: {"opacity": "1" if n in names[: k + 1] else "0.15"} for n in names}
        value = vector(acting.values[acting.name])
        says = f"`{acting.line}`, {value}: {_MEANS[acting.name]}."
        frames.append(Frame(f"line {k + 1}: `{acting.name}`", says, lights))
    whole = {n: {"opacity": "1"} for n in names}
    says = "The whole iteration. Move the control to take it line by line."
    frames.append(Frame("all lines", says, whole))
    drawn = draw(name, WIDTH, 2 * _tall(wires) - 14, title, alt, parts)
    first = len(frames) - 1
    return Moving(drawn.svg, drawn.alt, "Lines of the loop", frames, first)


def _along(corners: Sequence[_Point], ink: str) -> list[str]:
    """An arrow around corners."""
    *first, (x1, y1), (x2, y2) = corners
    head = arrow(x1, y1, x2, y2, ink)
    if not first:
        return [head]
    path = "L".join(at(*corner) for corner in (*first, (x1, y1)))
    return [line(f"M{path}", ink), head]
