"""What the trained net writes at one temperature or another.

net : in every function the training to draw, by default the book's own
"""

from __future__ import annotations

import numpy as np

from rnn_notes.book.figures.drawing.boxes import box
from rnn_notes.book.figures.drawing.frames import Frame, Moving, as_shown, part
from rnn_notes.book.figures.drawing.labels import label, number
from rnn_notes.book.figures.drawing.svg import WIDTH, at, draw
from rnn_notes.book.trained import Trained, trained
from rnn_notes.rnn import Array, forward, softmax
from rnn_notes.sampling import sample

__all__ = ["TEMPERATURES", "cooled", "next_letters"]

TEMPERATURES = tuple(round(0.1 * k, 1) for k in range(1, 26))
_PRIME, _LETTERS, _LENGTH = "the gradient o", 8, 90
_FLOOR, _HIGH = 150, 110


def cooled(net: Trained | None = None) -> Moving:
    """How likely the next letters are, and a text, at every temperature.

    >>> moving = cooled()
    >>> moving.frames[moving.first].at, len(moving.frames)
    ('1.0', 25)
    """
    net = net or trained()
    y = next_letters(net)
    likely = np.argsort(-y.ravel(), kind="stable")[:_LETTERS]
    frames = [_frame(net, y, likely, T) for T in TEMPERATURES]
    first = TEMPERATURES.index(1.0)
    parts = [label(0, 14, f"after “{_PRIME}”", "quiet", 12, "start")]
    for k, index in enumerate(likely):
        x, shown = 26 + 44 * k, frames[first].parts
        bar = box(x, _FLOOR, 28, 1, "state", 0.25)
        letter = net.vocabulary.decode([index])
        parts += [
            part(f"bar{k}", as_shown(bar, shown[f"bar{k}"])),
            label(
                x, _FLOOR + 18, f"`{letter}`" if letter.strip() else "space", size=12
            ),
            part(
                f"share{k}", label(x, _FLOOR + 36, str(shown[f"share{k}"]), "quiet", 12)
            ),
        ]
    alt = (
        f"The {_LETTERS} likeliest letters after “{_PRIME}”, and how likely each is at "
        f"temperature 1. {frames[first].says}"
    ).replace("`", "")
    drawn = draw("cooled", WIDTH, _FLOOR + 42, "The next letter", alt, parts)
    return Moving(drawn.svg, drawn.alt, "Temperature", frames, first)


def next_letters(net: Trained) -> Array:
    """The logits of the letter after ``_PRIME``, (V, 1).

    >>> next_letters(trained()).shape == (trained().params.V, 1)
    True
    """
    letters = net.vocabulary.encode(_PRIME)
    zeros = np.zeros((net.params.H, 1))
    y: Array = forward(net.params, letters, letters, zeros).ys[len(letters) - 1]
    return y


def _frame(net: Trained, y: Array, likely: Array, temperature: float) -> Frame:
    """The bars and the text at a temperature; the same random numbers at each."""
    p = softmax(y / temperature).ravel()
    parts: dict[str, str | dict[str, str]] = {}
    for k, index in enumerate(likely):
        high = max(_HIGH * float(p[index]), 1)
        parts[f"bar{k}"] = {"y": at(_FLOOR - high), "height": at(high)}
        parts[f"share{k}"] = f"{p[index]:.0%}"
    prime, rng = net.vocabulary.encode(_PRIME), np.random.default_rng(0)
    written = sample(net.params, prime, _LENGTH, rng, temperature)
    text = " ".join(net.vocabulary.decode(written).replace("`", "’").split())
    return Frame(number(temperature, 1), f"It writes: `{_PRIME}{text}`", parts)
