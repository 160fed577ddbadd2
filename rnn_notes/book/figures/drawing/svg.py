"""The frame of a figure: its box, its title and description, and its inks.

Figures are inline SVG. Every colour is a CSS custom property of the page with a
fallback, so a figure follows light and dark. Every quantity of the backward pass has a
dash pattern beside its colour, so a figure can be read without colour.

What you can do with it::

    parts = [node(30, 30, "$h_t$"), arrow(90, 30, 48, 30, "dhnext")]
    draw("example", 120, 60, "A title", "What one needs to know", parts)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from xml.sax.saxutils import escape
from zlib import crc32

__all__ = ["INKS", "WIDTH", "Figure", "Ink", "alone", "at", "draw"]

WIDTH = 360  # of a figure: a phone's column, where 12 units are 11 pixels or more
_FAMILIES = {
    "letters": "STIX Two Text,Times New Roman,Times,serif",
    "code": "ui-monospace,SFMono-Regular,Menlo,Consolas,monospace",
}
_FONTS = ";".join(f"--{name}:{family}" for name, family in _FAMILIES.items())


class Ink(NamedTuple):
    """How a quantity is drawn: a CSS custom property, its colours, a dash pattern.

    fallback : the colour on white, where no page lends the property
    dark     : the colour on a dark ground
    """

    name: str
    fallback: str
    dark: str
    dash: str = ""

    @property
    def paint(self) -> str:
        """The colour as a CSS value."""
        return f"var(--{self.name},{self.fallback})"


INKS = {
    "loss": Ink("q-loss", "#a8174a", "#ff8fab"),
    "dy": Ink("q-dy", "#1c5fa8", "#80b8f5", dash="0.1 4"),
    "dhnext": Ink("q-dhnext", "#a84b17", "#f0a06c", dash="6 4"),
    "dh": Ink("q-dh", "#6b3fa0", "#c7a8f2"),
    "dhraw": Ink("q-dhraw", "#0b7268", "#5cc9ba", dash="8 4 0.1 4"),
    "weight": Ink("q-weight", "#57606a", "#a8b3bf"),
    "state": Ink("q-state", "#2d6a31", "#8cc98f"),
    "ink": Ink("ink", "#1f2328", "#dbe0e6"),
    "quiet": Ink("quiet", "#59636e", "#9aa5b1"),
    "rule": Ink("rule", "#d5dae0", "#3a424b"),
    "paper": Ink("paper", "#ffffff", "#15181c"),
}


@dataclass(frozen=True)
class Figure:
    """A picture and what it says in words; a notebook shows the picture."""

    svg: str
    alt: str

    def _repr_html_(self) -> str:
        return self.svg

    def file(self, dark: bool = False) -> str:
        """The picture as a file of its own, on white or on a dark ground.

        >>> dot = draw("dot", 20, 20, "A dot", "One dot.", ['<circle r="1"/>'])
        >>> "var(" in dot.svg, "var(" in dot.file(), "#15181c" in dot.file(dark=True)
        (True, False, True)
        """
        return alone(self.svg, dark)


def alone(svg: str, dark: bool = False) -> str:
    """A figure's SVG as a file of its own, for a slide or a page on paper.

    Programs for slides know no custom properties, so each becomes what it stands for;
    the picture gets a size, and a ground of its own.

    Raises
    ------
    ValueError
        For what has no viewBox, as every figure of the book has.
    """
    paints = {ink.name: ink.dark if dark else ink.fallback for ink in INKS.values()}
    svg = re.sub(r"var\(--([a-z-]+),#[0-9a-f]{6}\)", lambda ink: paints[ink[1]], svg)
    svg = re.sub(r"var\(--(letters|code)\)", lambda font: _FAMILIES[font[1]], svg)
    box = re.search(r'viewBox="0 0 (\S+) (\S+)"', svg)
    if not box:
        raise ValueError(f"{svg[:60]!r} has no viewBox; expected a figure of the book")
    width, height = (2 * float(size) for size in box.groups())
    size = f'width="{width:g}" height="{height:g}" style="font-family:sans-serif"'
    svg = re.sub(r'style="width:100%[^"]*"', size, svg, count=1)
    ground = f'<rect width="100%" height="100%" style="fill:{paints["paper"]}"/>'
    return svg.replace("</desc>\n", f"</desc>\n{ground}\n", 1) + "\n"


def draw(
    name: str, width: float, height: float, title: str, alt: str, parts: Iterable[str]
) -> Figure:
    """The figure that holds the parts, in a box of width × height units.

    Its ids end in a digest of what it shows, so two figures on a page never share one.

    Raises
    ------
    ValueError
        For an empty title or alt text.

    Examples
    --------
    >>> figure = draw("dot", 20, 20, "A dot", "One dot.", ['<circle r="1"/>'])
    >>> figure.alt, figure.svg[:4], figure.svg.count("<desc")
    ('One dot.', '<svg', 1)
    """
    for what, words in (("title", title), ("alt", alt)):
        if not words.strip():
            raise ValueError(f"{what} is empty, expected what the figure says")
    body = "\n".join(parts)
    key = f"{name}-{crc32((alt + body).encode()):08x}"
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
        f' role="img" aria-labelledby="{key}-title {key}-desc"'
        f' style="width:100%;max-width:{width / 12:g}em;height:auto;{_FONTS}">\n'
        f'<title id="{key}-title">{escape(title)}</title>\n'
        f'<desc id="{key}-desc">{escape(alt)}</desc>\n'
        f'<g font-size="13" text-anchor="middle" stroke-width="1.5"'
        f' stroke-linecap="round" stroke-linejoin="round" style="font-family:inherit;'
        f'font-variant-numeric:tabular-nums;fill:{INKS["ink"].paint}">\n'
        f"{body}\n</g>\n</svg>"
    )
    return Figure(svg, alt)


def at(*numbers: float) -> str:
    """Coordinates with one decimal at the most, the same on every machine.

    >>> at(1.04, 2.0)
    '1 2'
    """
    return " ".join(f"{round(number, 1) + 0.0:g}" for number in numbers)
