"""How the book looks: figures, names and menus, where a fault was seen once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from visits import SIDEWAYS, SITE, NewPage, Opened, arrive

# What has one of the theme's own colours, in its rules or as it is drawn.
THEIRS = """[...document.querySelectorAll('*')].flatMap(e => {
  const style = getComputedStyle(e);
  const at = ['color', 'backgroundColor', 'outlineColor', 'borderColor', 'boxShadow'];
  return at.filter(key => %s.some(paint => style[key].includes(paint)))
    .map(key => `${e.tagName}.${e.className} ${key}`);
})"""
PAINTS = [
    "246, 106, 10",
    "193, 50, 175",
    "232, 146, 23",
    "243, 207, 149",
    "251, 229, 78",
]


def test_nothing_wears_the_theme_s_colours(page: Page, address: str) -> None:
    theirs = THEIRS % PAINTS
    arrive(page, f"{address}/search.html?q=dhnext")
    page.locator("#search-results li a").first.click()
    page.locator("span.highlighted").first.wait_for(state="attached")
    page.keyboard.press("Tab")
    assert page.evaluate(theirs) == []
    page.keyboard.press("Control+k")
    expect(page.locator("dialog input[name=q]")).to_be_focused()
    assert page.evaluate(theirs) == []
    page.evaluate("document.body.style.boxShadow = '0 0 3px rgb(193, 50, 175)'")
    assert len(page.evaluate(theirs)) == 1


def test_a_site_has_one_title(page: Page, address: str) -> None:
    arrive(page, f"{address}/forward.html")
    brand = page.locator(".navbar-brand").first.inner_text()
    assert page.title().endswith(brand.replace("\n", " ").strip())


@pytest.mark.parametrize("width", [1280, 1900])
def test_the_text_stands_in_the_middle_once_the_menu_is_away(
    new_page: NewPage, width: int
) -> None:
    page = new_page("forward", width, reduced_motion="reduce")
    page.locator(".primary-toggle").click()
    page.locator("#pst-primary-sidebar").wait_for(state="hidden")
    left, right = page.evaluate(
        "[document.querySelector('article').getBoundingClientRect().left, innerWidth -"
        " document.querySelector('.bd-content').lastElementChild"
        ".getBoundingClientRect().right]"
    )
    assert abs(left - right) < 40, (left, right)


# What begins above the fold of the first page and ends below it.
FOLDED = """[...document.querySelectorAll(
  'article :is(h1, h2, p, pre, svg, label code, legend, figcaption)')].filter(e => {
  const box = e.getBoundingClientRect();
  return box.top < innerHeight - 2 && box.bottom > innerHeight + 2;
}).map(e => e.textContent.trim().slice(0, 40))"""


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_fold_cuts_nothing_of_the_first_page(
    new_page: NewPage, width: int, height: int
) -> None:
    """The line that everybody copies and the picture that moves are above it."""
    page = new_page("index", width, height)
    assert page.evaluate(FOLDED) == []
    for part in ("article pre", "article figure svg", "article figure input"):
        expect(page.locator(part).first).to_be_in_viewport(ratio=0.99)
    page.locator("article figure svg").first.evaluate(
        "e => { const below = innerHeight - e.getBoundingClientRect().top - 50;"
        " document.querySelector('article h1').style.paddingBottom = `${below}px`; }"
    )
    assert page.evaluate(FOLDED) != [], "what is cut is seen"


@pytest.mark.parametrize("wide", ["atlas", "notation", "matrix-calculus"])
def test_a_wide_table_uses_the_room_of_a_wide_screen(
    new_page: NewPage, wide: str
) -> None:
    widths = {}
    for width in (1280, 1600, 1920):
        page = new_page(wide, width)
        table = page.locator("table:is(.atlas, .dictionary, .identities)").first
        widths[width] = table.evaluate("e => e.getBoundingClientRect().width")
        text = page.locator("article section > p").first
        assert text.evaluate("e => e.getBoundingClientRect().width") <= 740
        assert page.evaluate(SIDEWAYS) <= 0
    assert widths[1600] > 1.1 * widths[1280]
    assert widths[1920] > 1.2 * widths[1280]


def test_a_long_identity_names_both_of_its_layouts(page: Page, address: str) -> None:
    arrive(page, f"{address}/matrix-calculus.html")
    told = page.evaluate("""[...document.querySelectorAll('.identities .long')].map(
      row => [...row.cells].slice(1).map(
        cell => getComputedStyle(cell, '::before').content))""")
    two = ['"in denominator layout"', '"in numerator layout"']
    assert two in told
    assert all(said in (two, ["none"]) for said in told)


def test_code_and_latex_can_be_taken_along(context: Opened, address: str) -> None:
    made, heard = context(viewport={"width": 1280, "height": 900})
    made.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    page = made.new_page()
    arrive(page, f"{address}/transposes.html")
    for what, source in (
        ("code", ".cell_input pre"),
        ("LaTeX", "details.measured pre"),
    ):
        button = page.get_by_role(
            "button", name=f"Copy the {what}", include_hidden=True
        )
        button.first.evaluate("e => e.closest('details')?.setAttribute('open', '')")
        button.first.focus()
        expect(button.first).to_have_css("opacity", "1")
        page.keyboard.press("Enter")
        expect(button.first).to_have_text("Copied")
        taken = page.evaluate("navigator.clipboard.readText()")
        shown = page.locator(source).all_text_contents()
        assert taken in [text.strip() for text in shown]
        assert len(taken) > 10
    assert not heard.errors


def lacking(html: str) -> set[str]:
    """The custom properties that attributes of a page read, and its sheet lacks."""
    read = set(re.findall(r"var\((--[\w-]+)", "".join(re.findall(r'="[^"]*"', html))))
    return read - set(re.findall(r"(--[\w-]+)\s*:", html))


def test_a_page_has_each_colour_that_its_figures_read(name: str) -> None:
    """Without it a figure falls back on its colour for white paper, in the dark too."""
    html = (SITE / f"{name}.html").read_text(encoding="utf-8")
    assert not lacking(html)
    if re.search(r'="[^"]*var\(--ink', html):
        assert lacking(html.replace("--ink:", "--no:")) == {"--ink"}


def test_bars_and_controls_are_as_dark_as_the_page(new_page: NewPage) -> None:
    page = new_page("dhnext", color_scheme="light")
    expect(page.locator("html")).to_have_css("color-scheme", "light")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    expect(page.locator("html")).to_have_css("color-scheme", "dark")


# Links of a table that stand beyond the edge of its box.
AWAY = """[...document.querySelectorAll(
  '.pst-scrollable-table-container')].flatMap(box => [
  ...box.querySelectorAll('td:last-child :is(.doc, .std-ref)')].filter(link =>
    link.getBoundingClientRect().right > box.getBoundingClientRect().right + 1)
).length"""


def test_on_a_phone_rows_show_where_they_lead(new_page: NewPage) -> None:
    for name in ("symptoms", "classic", "teachers"):
        page = new_page(name, 390)
        assert (name, page.evaluate(AWAY)) == (name, 0)
    page.evaluate(
        "document.querySelectorAll('article tr').forEach(e => e.style.width = '60rem')"
    )
    assert page.evaluate(AWAY) > 0
    row = new_page("notation", 390).locator("table.dictionary tr").first
    expect(row).to_have_css("display", "table-row")
