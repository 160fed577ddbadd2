"""Every page, wide and narrow, light and dark: nothing breaks, spills or calls out.

A page is opened once and looked at in all its views.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from visits import (
    CRAMPED,
    GROUND,
    LOADED,
    LOST,
    SIDEWAYS,
    SMALL,
    NewPage,
    Opened,
    Visit,
    arrive,
    becomes,
    violations,
)

SPILLS = """() => {
  const wide = document.documentElement.clientWidth;
  const scrolls = e => e && (/auto|scroll|hidden/.test(getComputedStyle(e).overflowX)
                             || scrolls(e.parentElement));
  return [...document.querySelectorAll('main article *')]
    .filter(e => e.getBoundingClientRect().right > wide + 1)
    .filter(e => !scrolls(e.parentElement))
    .map(e => e.tagName + '.' + e.className + ': ' + e.textContent.slice(0, 40));
}"""


CONTRAST = {"runOnly": ["color-contrast"]}
PLACES = {"rules": {"color-contrast": {"enabled": False}}}
# What a page says has the same colours at any width, and the same places in any
# colours; what surrounds it is that of every page, and looked at wholly on the first.
VIEWS: list[tuple[int, str, dict[str, Any] | None]] = [
    (1280, "light", {}),
    (1280, "dark", CONTRAST),
    (640, "dark", None),  # 1280 enlarged to 200%
    (390, "dark", PLACES),
    (390, "light", None),
]


def test_page(visit: Visit, address: str) -> None:
    page = visit.page
    assert page.evaluate("document.querySelectorAll('.MathJax, .katex').length") == 0
    assert page.evaluate(LOADED)
    for width, scheme, looked in VIEWS:
        visit.seen(width, scheme=scheme)
        assert page.evaluate(SIDEWAYS) <= 0
        assert not page.evaluate(SPILLS)
        assert not page.evaluate(LOST)
        assert not page.evaluate(CRAMPED)
        if width == 1280:
            assert not any(goes_on for goes_on, _ in page.evaluate(GROUND))
        if visit.name == "index":
            assert not violations(page)
        elif looked is not None:
            assert not violations(page, **looked)
    for width in (390, 320):
        assert not visit.seen(width).evaluate(SMALL)
    assert not visit.heard.errors
    assert visit.heard.hosts() == {address.removeprefix("http://")}


def test_what_is_wrong_is_seen(context: Opened, tmp_path: Path) -> None:
    """The checks of this file find an unnamed button, wide content and an error."""
    bad = tmp_path / "bad.html"
    bad.write_text(
        "<!doctype html><html lang=en><title>bad</title><main><article><h1>Bad</h1>"
        "<button></button><p style='color:#ddd'>pale</p>"
        "<div style='width:3000px'>wide</div></article></main>"
        "<script>console.error('told')</script>"
    )
    made, heard = context(viewport={"width": 390, "height": 900})
    page = made.new_page()
    arrive(page, bad.as_uri())
    assert any("button-name" in line for line in violations(page))
    assert any("pale" in line for line in violations(page))
    assert any("wide" in line for line in page.evaluate(SPILLS))
    assert heard.errors == ["error: told"]
    with pytest.raises(AssertionError, match="'Bad', not 'Good'"):
        becomes(page.locator("h1").inner_text, "Good", patience=0.1)


def test_what_is_lost_or_small_is_seen(new_page: NewPage) -> None:
    page = new_page("dhnext", 390)
    assert not page.evaluate(LOST)
    page.evaluate("document.querySelector('.formula').style.overflow = 'hidden'")
    assert len(page.evaluate(LOST)) == 1, "a clipped formula is seen"
    page.evaluate("document.querySelector('.drawn svg').style.minWidth = '0'")
    page.set_viewport_size({"width": 240, "height": 900})
    assert page.evaluate(SMALL), "small print is seen"
    page.evaluate("document.body.style.color = '#eee'")
    assert violations(page, **CONTRAST)
    assert not any("contrast" in said for said in violations(page, **PLACES))
