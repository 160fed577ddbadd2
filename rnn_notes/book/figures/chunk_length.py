"""What truncation leaves out of a gradient, for any length of the chunks.

net : in every function the training to draw, by default the book's own
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from rnn_notes.book.figures.drawing.axes import Axes, disc
from rnn_notes.book.figures.drawing.boxes import line
from rnn_notes.book.figures.drawing.frames import Frame, Moving, as_shown, part
from rnn_notes.book.figures.drawing.labels import label
from rnn_notes.book.figures.drawing.svg import WIDTH, at, draw
from rnn_notes.book.figures.far_signals import opening
from rnn_notes.book.reach import truncated
from rnn_notes.book.trained import Trained, trained
from rnn_notes.rnn import Params, backward, forward

__all__ = ["LENGTHS", "lacking", "missed_share", "reaches"]

LENGTHS = (*range(1, 13), 14, 16, 18, 20, 22, 25, 28, 32, 36, 40, 45, 50, 60, 75, 100)
_FIRST = LENGTHS.index(25)
_STEPS = 100  # of the text, in the strip below the curves
_BOTTOM, _HIGH = 342, 46  # of the strip
_DASHES = {"trained": "solid", "untrained": "dashed"}


def missed_share(net: Trained | None = None) -> Moving:
    """The share of dWhh that chunks miss against their length, both logarithmic.

    Its control drags the length; a strip shows how far back each loss then reaches.

    >>> moving = missed_share()
    >>> moving.frames[moving.first].at
    '25 steps'
    """
    net = net or trained()
    shares = {name: _shares(net, name) for name in _DASHES}
    logs = np.log10(LENGTHS).tolist()
    axes = Axes((0, 2), (-3, 0.1), 190)
    heights = {
        name: np.log10(np.clip(found, 1e-3, 1.2)).tolist()
        for name, found in shares.items()
    }
    x = {float(np.log10(T)): f"{T}" for T in (1, 2, 5, 10, 25, 50, 100)}
    y = {-3.0: "0.1%", -2.0: "1%", -1.0: "10%", 0.0: "100%"}
    frames = [_frame(k, shares, heights, axes) for k in range(len(LENGTHS))]
    parts = [
        *axes.frame(x, y, "steps in a chunk, $T$", "share of `dWhh` that is missed")
    ]
    for name, dash in _DASHES.items():
        parts.append(axes.curve(logs, heights[name], dash))
        parts.append(axes.said(0.36, heights[name][1], name, -8, "start"))
        parts.append(part(name, disc(*axes.place(logs[_FIRST], heights[name][_FIRST]))))
    said = f"steps that each of {_STEPS} losses reaches"
    parts += [
        label(0, 286, said, "quiet", 12.5, "start"),
        part("strip", as_shown(line("", "dh"), frames[_FIRST].parts["strip"])),
        line(f"M46 {_BOTTOM}H{WIDTH - 18}", "quiet"),
    ]
    alt = (
        "The share of dWhh, by norm, that chunks of T steps miss on "
        f"{len(opening(net)) - 1} letters, on logarithmic axes. "
        f"{'; '.join(_told(name, found) for name, found in shares.items())}. Below, a "
        "saw: how many steps back each loss reaches, up to T and then one again."
    )
    drawn = draw("missed-share", WIDTH, 350, "What truncation misses", alt, parts)
    return Moving(drawn.svg, drawn.alt, "Length of a chunk", frames, _FIRST)


def reaches(T: int) -> list[int]:
    """How many uses of Whh each of ``_STEPS`` losses reaches in chunks of T steps.

    >>> reaches(3)[:5], max(reaches(40))
    ([1, 2, 3, 1, 2], 40)
    """
    return [t % T + 1 for t in range(_STEPS)]


@cache
def _shares(net: Trained, name: str) -> tuple[float, ...]:
    """What is missed for each of the ``LENGTHS``, by the net of that name."""
    params = net.params if name == "trained" else net.untrained
    return lacking(params, opening(net), LENGTHS)


def lacking(
    params: Params, indices: Sequence[int], lengths: Sequence[int]
) -> tuple[float, ...]:
    """What ``missed`` says for some lengths, any T: the last chunk may be shorter.

    >>> params = Params.random(V=2, H=3, rng=np.random.default_rng(0), scale=1.0)
    >>> some, none = lacking(params, [0, 1, 1, 0, 1, 1], (3, 5))
    >>> some > 0, none
    (True, 0.0)
    """
    start, steps = np.zeros((params.H, 1)), len(indices) - 1
    whole = truncated(params, indices[:-1], indices[1:], start, back=steps)[1].dWhh
    shares = []
    for T in lengths:
        cut = steps - steps % T
        read, target = indices[:cut], indices[1 : cut + 1]
        _, first, h = truncated(params, read, target, start, back=T)
        kept = first.dWhh
        if steps > cut:
            rest = forward(params, indices[cut:-1], indices[cut + 1 :], h)
            kept = kept + backward(params, rest).dWhh
        shares.append(float(np.linalg.norm(kept - whole) / np.linalg.norm(whole)))
    return tuple(shares)


def _frame(
    k: int,
    shares: dict[str, tuple[float, ...]],
    heights: dict[str, list[float]],
    axes: Axes,
) -> Frame:
    """What the picture shows for one length."""
    T, x = LENGTHS[k], float(np.log10(LENGTHS[k]))
    parts: dict[str, dict[str, str]] = {}
    for name, logs in heights.items():
        cx, cy = axes.place(x, logs[k])
        parts[name] = {"cx": at(cx), "cy": at(cy)}
    parts["strip"] = {"d": _saw(T)}
    mean = np.mean([t + 1 for t in range(T)])
    says = (
        f"In chunks of {T} a loss reaches {f'1 to {T} steps' if T > 1 else '1 step'}, "
        f"{mean:g} on average. The trained net misses {shares['trained'][k]:.1%} of "
        f"`dWhh`, the untrained one {shares['untrained'][k]:.1%}."
    )
    return Frame(f"{T} step{'s' if T > 1 else ''}", says, parts)


def _saw(T: int) -> str:
    """A path that rises with each step of a chunk, and falls at a cut."""
    wide, high = (WIDTH - 64) / _STEPS, _HIGH / _STEPS
    path = f"M46 {_BOTTOM}"
    for t, reach in enumerate(reaches(T)):
        if reach == 1 and t:
            path += f"V{_BOTTOM}"
        if reach == T or t == _STEPS - 1:
            path += f"L{at(46 + wide * (t + 1), _BOTTOM - high * reach)}"
    return path


def _told(name: str, found: tuple[float, ...]) -> str:
    """What is missed at some lengths, in words."""
    some = [(T, share) for T, share in zip(LENGTHS, found, strict=True) if T in _TOLD]
    return f"{name}, {', '.join(f'{share:.1%} at T = {T}' for T, share in some)}"


_TOLD = (1, 2, 5, 10, 25, 50, 100)
