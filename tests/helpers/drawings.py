"""What is written in a figure, and what keeps it from being read."""

import gzip
import re
from functools import cache
from typing import Any
from xml.etree import ElementTree

import numpy as np

from rnn_notes.book import figures
from rnn_notes.book.figures.drawing.labels import number
from rnn_notes.rnn import running_example

SVG = "{http://www.w3.org/2000/svg}"


def other_example():
    """The running example with another memory and another recurrence."""
    params, inputs, targets, hprev = running_example()
    return params.replace(Whh=params.Whh.T), inputs, targets, -hprev


@cache
def drawn(name: str, other: bool = False) -> Any:
    """A figure of the book, or of the other example; each is drawn once."""
    function = getattr(figures, name)
    return function(other_example()) if other else function()


def texts(figure):
    """What is written in a figure, text by text."""
    root = ElementTree.fromstring(figure.svg)
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


def numbers(figure):
    """The numbers with decimals in a figure, in the order in which it draws them."""
    found = re.findall(r"−?\d+\.\d+", " ".join(texts(figure)))
    return [float(text.replace("−", "-")) for text in found]


def missing(values, figure):
    """The values that stand nowhere in a figure, to two decimals."""
    shown = {number(v) for v in numbers(figure)}
    return [v for v in np.ravel(values) if number(v) not in shown]


def faults(svg, alt):
    """What keeps a figure from being read, in words."""
    root = ElementTree.fromstring(svg)
    ids = {e.get("id"): e for e in root.iter() if e.get("id")}
    named = [ids.get(i) for i in root.get("aria-labelledby", "").split()]
    paints = re.findall(r"(?:fill|stroke):([^;\"]*)", svg)
    bare = re.sub(r"var\(--[a-z-]+,#[0-9a-f]{6}\)", "", svg)
    sizes = [
        float(e.get("font-size", ""))
        for e in root.iter()
        if e.get("font-size", "%")[-1] != "%"
    ]
    _, _, width, height = (float(v) for v in root.get("viewBox", "").split())
    places = [
        (float(e.get("x", "")), float(e.get("y", ""))) for e in root.iter(f"{SVG}text")
    ]
    checks = {
        "no alt text": alt.strip(),
        "not one image": root.get("role") == "img",
        "not described": [e is not None and e.text for e in named][1:] == [alt],
        "an id twice": svg.count(" id=") == len(ids),
        "a fixed size": not {"width", "height"} & set(root.keys()),
        "a loose colour": "#" not in bare
        and not re.search(r'(?:fill|stroke|color)="', svg)
        and all(p == "none" or p.startswith("var(--") for p in paints),
        "small print": min(sizes) >= 12 and width <= 360,
        "out of the box": all(0 <= x <= width and 0 < y < height for x, y in places),
        "heavy": len(gzip.compress(svg.encode(), mtime=0)) < 4_000,
    }
    return [fault for fault, holds in checks.items() if not holds]
