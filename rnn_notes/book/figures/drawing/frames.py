"""A figure that moves: a picture, a control, and what each of its places changes.

All is written while the site is built, so nothing is computed in the page. The picture
shows the first frame, and stays as it is where no script runs. ::

    frames = [Frame("1", "One.", {"word": "one"}), Frame("2", "Two.", {"word": "two"})]
    Moving(figure.svg, figure.alt, "How many", frames)

Parts of the picture are named by ``data-part``, see ``part``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Literal

from rnn_notes.book.figures.drawing.svg import Figure

__all__ = ["Frame", "Moving", "as_shown", "chosen", "part"]

_Kind = Literal["range", "radio", "select"]


@dataclass(frozen=True)
class Frame:
    """What a figure shows while its control stands at one place.

    at    : the place, in words
    says  : what is seen there, a sentence or two with code in backticks
    parts : for each part that changes its text, or its attributes
    lit   : the parts that light up
    """

    at: str
    says: str
    parts: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    lit: Sequence[str] = ()


@dataclass(frozen=True)
class Moving(Figure):
    """A picture with a control; a notebook shows the picture alone.

    asks   : what the control is for
    frames : one for each of its places
    first  : the place at which it stands at first
    kind   : the control, one of HTML's own
    """

    asks: str
    frames: Sequence[Frame]
    first: int = 0
    kind: _Kind = "range"

    def controls(self, name: str) -> str:
        """The control, what is said aloud, and the frames as JSON.

        name : unique on the page, the beginning of every id

        >>> frames = [Frame("1", "One."), Frame("2", "`Two`.")]
        >>> html = Moving("<svg></svg>", "A dot.", "How many", frames).controls("dot")
        >>> 'max="1" value="0"' in html, "<p>One.</p>" in html
        (True, True)
        """
        frames = [
            {"at": f.at, "says": f.says, "parts": f.parts, "lit": list(f.lit)}
            for f in self.frames
        ]
        text = json.dumps(frames, ensure_ascii=False, separators=(",", ":"))
        text = text.replace("<", r"\u003c")
        said = f"<p>{_prose(self.frames[self.first].says)}</p>"
        control = self._control(escape(name))
        return (
            f'<div class="live"><div class="control">{control}</div>'
            f'<div class="says" aria-live="polite">{said}</div>'
            f'<script type="application/json">{text}</script>'
            "</div>"
        )

    def _control(self, name: str) -> str:
        """The control itself, with its label."""
        asks, at = _prose(self.asks), _prose(self.frames[self.first].at)
        label = f'<label for="{name}-control">{asks}</label>'
        if self.kind == "range":
            return (
                f'{label}<input type="range" id="{name}-control" min="0"'
                f' max="{len(self.frames) - 1}" value="{self.first}">'
                f'<output for="{name}-control">{at}</output>'
            )
        if self.kind == "select":
            options = (
                f"<option{' selected' * (k == self.first)}>{escape(f.at)}</option>"
                for k, f in enumerate(self.frames)
            )
            # Chromium lays out what holds one as soon as it has read the page.
            held = f'<select id="{name}-control">{"".join(options)}</select>'
            return f"{label}<template>{held}</template>"
        choices = (
            f'<label><input type="radio" name="{name}-control" value="{k}"'
            f"{' checked' * (k == self.first)}>{_prose(f.at)}</label>"
            for k, f in enumerate(self.frames)
        )
        return f"<fieldset><legend>{asks}</legend>{''.join(choices)}</fieldset>"


def part(name: str, svg: str) -> str:
    """An element of a picture under a name by which a frame changes it.

    >>> part("dot", '<circle r="1"/>')
    '<circle data-part="dot" r="1"/>'
    """
    tag, *rest = svg.split(" ", 1)
    return " ".join([tag, f'data-part="{name}"', *rest])


def as_shown(svg: str, change: str | Mapping[str, str]) -> str:
    """An element with the attributes that a frame gives it.

    >>> as_shown('<circle cx="1" r="2"/>', {"cx": "9"})
    '<circle cx="9" r="2"/>'
    """
    assert not isinstance(change, str)
    for name, value in change.items():
        svg = re.sub(rf' {name}="[^"]*"', f' {name}="{value}"', svg, count=1)
    return svg


def chosen(place: int, svg: str) -> str:
    """An element that takes the control to a place when it is pointed at.

    >>> chosen(2, '<circle r="1"/>')
    '<circle data-choose="2" r="1"/>'
    """
    tag, *rest = svg.split(" ", 1)
    return " ".join([tag, f'data-choose="{place}"', *rest])


def _prose(sentence: str) -> str:
    """A sentence as HTML; its code stands in backticks."""
    pieces = escape(sentence, quote=False).split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(pieces))
