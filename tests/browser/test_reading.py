"""How the book reads: in Firefox, on paper, aloud, and without scripts."""

from __future__ import annotations

import re

from firefox import Firefox
from playwright.sync_api import Page, expect
from visits import BROKEN, GROUND, LOADED, PAGES, SITE, NewPage, Opened, settled
from webkit import WebKit

SHOWN = """[...document.querySelectorAll('math')].filter(math => math.checkVisibility({
  contentVisibilityAuto: true, visibilityProperty: true}))"""
CUT = """[...document.querySelectorAll('pre, .formula, .drawn, .text_html')]
  .filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1)
  .map(e => e.className + ': ' + e.textContent.slice(0, 60))"""
CHROME = (
    ".bd-header-article, .bd-sidebar-primary, .bd-sidebar-secondary, .prev-next-area"
)


def test_firefox_draws_a_sign_between_factors_small(fox: Firefox, address: str) -> None:
    sign = """[...document.querySelectorAll('.formula mo')]
      .find(mo => mo.textContent === '⊙')"""
    fox.open(f"{address}/backward.html")
    small = fox.value(f"{sign}.getBoundingClientRect().width")
    fox.value(f"{sign}.removeAttribute('largeop') || 0")
    assert small < 0.9 * fox.value(f"{sign}.getBoundingClientRect().width")


def test_firefox_keeps_the_policy_and_opens_files(fox: Firefox, address: str) -> None:
    fox.open((SITE / "backward.html").as_uri())
    assert fox.value(LOADED)
    assert fox.value("document.documentElement.dataset.theme") in ("light", "dark")
    fox.open(f"{address}/index.html")
    add = "document.body.append(Object.assign(document.createElement('script'),"
    fox.value(f"{add} {{textContent: 'window.hasRun = 1'}})) || 0")
    assert fox.value("window.hasRun || 0") == 0
    assert fox.value("document.querySelectorAll('meta[http-equiv]').length") == 1


def test_on_paper_nothing_is_cut_and_solutions_are_open(
    context: Opened, address: str
) -> None:
    made, _ = context(viewport={"width": 658, "height": 990}, color_scheme="dark")
    page = made.new_page()  # as wide as A4 between margins of 18 mm
    page.emulate_media(media="print")
    for name in PAGES:
        settled(page, f"{address}/{name}.html")
        assert (name, page.evaluate(CUT)) == (name, [])
        solutions = page.locator("details.solution > :not(summary)")
        for at in range(solutions.count()):
            assert solutions.nth(at).bounding_box()["height"] > 0, name
        for part in page.locator(f"{CHROME}, .live-bar").all():
            assert not part.is_visible(), name
        ink = page.evaluate("getComputedStyle(document.querySelector('main')).color")
        assert max(map(int, re.findall(r"\d+", ink)[:3])) < 100, (
            "dark ink, in any scheme"
        )
    settled(page, f"{address}/transposes.html")
    page.emulate_media(media="screen")
    assert page.evaluate(CUT), "on a screen as narrow, some lines scroll"
    assert not page.locator("details.solution > p").first.is_visible()


PAPER = """[...document.styleSheets].forEach((sheet) => {
  for (const { media } of sheet.cssRules)
    if (media?.mediaText === "print") media.mediaText = "all";
})"""
PRESSED = """[...document.querySelectorAll(".live-bar button, .copy")].filter(
  (button) => button.checkVisibility()).length"""


def test_paper_shows_no_button_in_any_engine(
    fox: Firefox, safari: WebKit, address: str
) -> None:
    """What is for paper alone is put on the screen, for two engines print no page."""
    for window in (fox, safari):
        window.open(f"{address}/forward.html")
        assert window.value(PRESSED) > 0
        window.value(PAPER)
        assert window.value(PRESSED) == 0


def test_formulas_and_figures_are_read_aloud(page: Page, address: str) -> None:
    settled(page, f"{address}/forward.html")
    wire = page.context.new_cdp_session(page)
    tree = wire.send("Accessibility.getFullAXTree")["nodes"]
    roles = [node["role"]["value"] for node in tree if not node.get("ignored")]
    shown = page.evaluate(f"{SHOWN}.length")
    assert roles.count("MathMLMath") == shown > 0
    fraction = {"MathMLFraction", "MathMLSub", "MathMLIdentifier", "MathMLOperator"}
    assert fraction <= set(roles)
    named = [
        node["name"]["value"]
        for node in tree
        if node["role"]["value"] in {"image", "img"} and node.get("name")
    ]
    assert len(named) >= page.locator(".drawn svg").count() > 0
    assert min(map(len, named)) > 20, "a figure says what it shows"


def test_without_scripts_the_book_stands(new_page: NewPage) -> None:
    page = new_page("transposes", java_script_enabled=False)
    assert page.locator(".formula math").first.is_visible()
    assert not page.locator(".theme-switch-button").is_visible()
    page.locator("details.solution > summary").first.click()
    expect(page.locator("details.solution[open] > p").first).to_be_visible()


COLOURS = """[...document.querySelectorAll(
  'body, article p, article a, .highlight, .highlight span, .drawn text')]
  .map(e => [getComputedStyle(e), e.className])
  .map(([s, name]) => [name, s.color, s.backgroundColor, s.fill].join(' '))"""


def test_without_scripts_the_colours_are_those_of_the_system(new_page: NewPage) -> None:
    seen = {}
    for scheme in ("light", "dark"):
        for scripts in (True, False):
            options = {"java_script_enabled": scripts, "color_scheme": scheme}
            page = new_page("memory", **options)
            seen[scheme, scripts] = page.evaluate(COLOURS)
        assert seen[scheme, False] == seen[scheme, True], scheme
    assert seen["light", False] != seen["dark", False]


def test_what_goes_on_beyond_the_edge_throws_a_shadow(new_page: NewPage) -> None:
    """Covers that scroll with the formula, over shadows that stay where they are."""
    page = new_page("transposes", 390)
    grounds = page.evaluate(GROUND)
    assert any(wide for wide, _ in grounds)
    assert all(ways[:4] == ["local"] * 2 + ["scroll"] * 2 for _, ways in grounds)


LOOSE = """document.querySelectorAll('.held').forEach(
  e => e.style.whiteSpace = 'normal')"""


def test_no_stop_begins_a_line_after_a_formula(new_page: NewPage) -> None:
    page = new_page("layouts")
    assert page.locator(".held math").count() > 5
    broken = []
    for loosen in ("0", LOOSE):
        page.evaluate(loosen)
        for width in range(320, 480, 4):
            page.set_viewport_size({"width": width, "height": 800})
            broken.append(page.evaluate(BROKEN))
    assert sum(broken[:40]) == 0 < sum(broken[40:])
