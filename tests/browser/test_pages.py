"""Every page, wide and narrow, light and dark: nothing breaks, spills or calls out."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from visits import SIDEWAYS, Opened, arrive, violations

SPILLS = """() => {
  const wide = document.documentElement.clientWidth;
  const scrolls = e => e && (/auto|scroll|hidden/.test(getComputedStyle(e).overflowX)
                             || scrolls(e.parentElement));
  return [...document.querySelectorAll('main article *')]
    .filter(e => e.getBoundingClientRect().right > wide + 1)
    .filter(e => !scrolls(e.parentElement))
    .map(e => e.tagName + '.' + e.className + ': ' + e.textContent.slice(0, 40));
}"""


def test_page(context: Opened, address: str, name: str) -> None:
    made, heard = context(reduced_motion="reduce")
    page = made.new_page()
    arrive(page, f"{address}/{name}.html", wait_until="networkidle")
    assert page.evaluate("document.querySelectorAll('.MathJax, .katex').length") == 0
    for width, scheme in product((1280, 390), ("light", "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.locator(f"html[data-theme={scheme}]").wait_for(state="attached")
        assert page.evaluate(SIDEWAYS) <= 0
        assert not page.evaluate(SPILLS)
        assert not violations(page)
    assert not heard.errors
    assert heard.hosts() == {address.removeprefix("http://")}


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
