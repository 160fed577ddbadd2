"""One page in three engines: formulas have the same form, and links lead to a place."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from firefox import Firefox
from visits import (
    BROKEN,
    CRAMPED,
    GROUND,
    LOADED,
    LOST,
    PAGES,
    SIDEWAYS,
    SITE,
    SMALL,
    Visit,
    becomes,
)
from webkit import NARROW, WebKit

# Of each formula, its letters and signs with their middles, in sizes of its letters.
FORMS = """[...document.querySelectorAll('.formula > math')].map(math => {
  const size = parseFloat(getComputedStyle(math).fontSize);
  const signs = [...math.querySelectorAll('mi, mn, mo, mtext')];
  return signs.map(sign => {
    const box = sign.getBoundingClientRect();
    return [sign.textContent, (box.x + box.width / 2) / size,
            (box.y + box.height / 2) / size];
  });
})"""
HIDDEN = """[...document.querySelectorAll('.drawn')].filter(
  e => e.scrollWidth > e.clientWidth).map(e => e.textContent)"""
FAR = 0.8  # engines differ by half a letter in the room that they leave around signs
LINE = 15  # where the next sign begins a line, a long line's half letters add up
FAULT = "mtd.tml-right * { text-align: -webkit-right !important }"
ADD = "document.adoptedStyleSheets = [new CSSStyleSheet()]"
TOP = 80  # where a link leads to, below the bar
SECTIONS = {
    name: re.findall(r'<section id="([^"]+)"', (SITE / f"{name}.html").read_text())
    for name in PAGES
}


def parted(one: list[Any], other: list[Any]) -> list[str]:
    """Where two signs that stand side by side are elsewhere in another engine."""
    found = []
    for formula, again in zip(one, other, strict=True):
        for (a, b), (c, d) in zip(pairwise(formula), pairwise(again), strict=True):
            assert (a[0], b[0]) == (c[0], d[0])
            if min(a[1] - b[1], c[1] - d[1]) > LINE:
                continue
            aside, above = (b[i] - a[i] - d[i] + c[i] for i in (1, 2))
            if max(abs(aside), abs(above)) > FAR:
                found.append(f"{a[0]} {b[0]}: {aside:.1f}, {above:.1f}")
    return found


def sound(window: Firefox | WebKit, width: int) -> None:
    """Assert that all can be read, and that what goes on beyond the edge shows it."""
    assert window.value(SIDEWAYS) <= 0, width
    assert (width, window.value(BROKEN)) == (width, 0)
    assert (width, window.value(CRAMPED)) == (width, [])
    if width < 600:
        assert (width, window.value(SMALL)) == (width, [])
    if width >= 390:
        assert (width, window.value(HIDDEN)) == (width, [])
    for _, ways in window.value(GROUND):
        assert ways[:4] == ["local"] * 2 + ["scroll"] * 2, width


def test_a_page_in_three_engines(
    visit: Visit, fox: Firefox, safari: WebKit, address: str
) -> None:
    """A link leads to its section also once fonts and scripts change what is above."""
    url = f"{address}/{visit.name}.html"
    form = visit.seen(1280).evaluate(FORMS)
    fox.open(url)
    assert parted(fox.value(FORMS), form) == []
    assert fox.value(LOADED)
    for width, ratio in (
        (1280, 1),
        (390, 3),
        (640, 2),
    ):  # the last as if zoomed to 200%
        fox.resize(width, ratio)
        assert (width, fox.value(LOST)) == (width, [])
        sound(fox, width)
    for width in (1280, NARROW):
        sections = SECTIONS[visit.name][2:-2][
            -1:
        ]  # the page does not end before it is on top
        # Another address than that of the page that is there: it is loaded anew.
        safari.open("#".join([f"{url}?{width}", *sections]), width)
        assert (width, safari.value(LOADED), safari.value(LOST)) == (width, True, [])
        sound(safari, width)
        for section in sections:
            place = f"document.getElementById({section!r}).getBoundingClientRect()"
            near = f"[{width}, Math.abs({place}.top - {TOP}) < 40]"
            becomes(lambda there=near: safari.value(there), [width, True])
        if width == 1280:
            assert parted(safari.value(FORMS), form) == []


def test_a_fraction_that_is_pulled_apart_is_seen(safari: WebKit, address: str) -> None:
    safari.open(f"{address}/gradient-check.html")
    form = safari.value(FORMS)
    assert parted(form, safari.value(FORMS)) == []
    safari.value(f"({ADD})[0].replaceSync({FAULT!r})")
    assert len(parted(form, safari.value(FORMS))) > 5
