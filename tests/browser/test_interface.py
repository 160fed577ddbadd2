"""The theme's buttons, by mouse and by keyboard alone, and what they remember."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect
from visits import DRAWN, Blank, NewPage, Opened, arrive, becomes, settled, violations

WIDE = """[...document.querySelectorAll('.formula')]
  .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth)"""


def tab_to(page: Page, selector: str) -> None:
    """Press the tab key until it has reached what the selector names."""
    for _ in range(120):
        page.keyboard.press("Tab")
        page.evaluate("new Promise(done => setTimeout(done))")  # keys come before it
        if page.evaluate(f"document.activeElement.matches({selector!r})"):
            return
    raise AssertionError(f"the tab key does not reach {selector}")


def test_the_colour_mode_follows_the_system_until_it_is_chosen(
    new_page: NewPage, address: str
) -> None:
    page = new_page("index", color_scheme="dark")
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(root).to_have_attribute("data-theme", "light")
    page.locator(".theme-switch-button").click()
    page.get_by_role("button", name="Dark").click()
    expect(root).to_have_attribute("data-theme", "dark")
    page.mouse.move(600, 600)
    expect(page.locator(".theme-change-button").first).to_be_hidden()
    arrive(page, f"{address}/forward.html")
    expect(root, "the choice holds").to_have_attribute("data-theme", "dark")


def test_the_colour_menu_by_keyboard(page: Page, address: str) -> None:
    arrive(page, f"{address}/index.html")
    tab_to(page, ".theme-switch-button")
    toggle = page.locator(".theme-switch-button")
    expect(toggle).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("ArrowDown")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(toggle).to_have_attribute("aria-expanded", "false")
    expect(toggle).to_be_focused()
    page.keyboard.press("Enter")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    page.mouse.click(1270, 880)  # no link is there
    expect(toggle).to_have_attribute("aria-expanded", "false")
    assert page.url.endswith("/index.html")


def test_the_colour_menu_can_be_read(page: Page, address: str) -> None:
    """Also after the system's colours have changed."""
    arrive(page, f"{address}/index.html")
    for scheme in ("light", "dark", "light"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.locator(f"html[data-theme={scheme}]").wait_for(state="attached")
        page.locator(".theme-switch-button").click()
        expect(page.locator(".dropdown-menu")).to_be_visible()
        assert not violations(page), scheme
        page.keyboard.press("Escape")


def test_search_opens_by_shortcut_and_by_button_and_submits(
    page: Page, address: str
) -> None:
    arrive(page, f"{address}/index.html")
    dialog = page.locator("#pst-search-dialog")
    page.keyboard.press("Control+k")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.locator(".search-button-field").first.click()
    dialog.locator("input").fill("dhnext")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=dhnext")
    page.wait_for_selector("#search-results li a")
    page.locator("#search-results li a").first.click()
    page.wait_for_load_state()
    marked = page.locator("span.highlighted").first
    expect(marked, "the word is marked on the page").to_be_attached()


def test_what_was_searched_is_marked_in_words_alone(page: Page, address: str) -> None:
    arrive(page, f"{address}/dhnext.html?highlight=dhnext")
    expect(page.locator("p span.highlighted").first).to_be_visible()
    figures = page.locator("svg").filter(has_text="dhnext")
    assert figures.count() > 0
    assert page.locator(":is(svg, math, script) :is(.highlighted, span)").count() == 0
    arrive(page, f"{address}/equations.html?highlight=sum")
    expect(page.locator("span.highlighted").first).to_be_attached()
    assert page.locator(":is(svg, math, script) :is(.highlighted, span)").count() == 0


@pytest.mark.parametrize("side", ["primary", "secondary"])
def test_sidebars_on_a_phone(new_page: NewPage, side: str) -> None:
    page = new_page("forward", 390)
    modal = page.locator(f"#pst-{side}-sidebar-modal")
    tab_to(page, f".{side}-toggle")
    page.keyboard.press("Enter")
    expect(modal).to_be_visible()
    expect(modal.locator("a").nth(3)).to_be_attached()
    page.keyboard.press("Escape")
    expect(modal).to_be_hidden()
    page.locator(f".{side}-toggle").click()
    expect(modal).to_be_visible()
    page.mouse.click(385 if side == "primary" else 5, 700)
    expect(modal).to_be_hidden()


def test_the_sidebar_folds_on_a_wide_screen(page: Page, address: str) -> None:
    arrive(page, f"{address}/forward.html")
    sidebar = page.locator("#pst-primary-sidebar")
    assert sidebar.is_visible()
    page.locator(".primary-toggle").click()
    sidebar.wait_for(state="hidden")
    page.locator(".primary-toggle").click()
    sidebar.wait_for(state="visible")


def test_back_to_top_comes_when_a_reader_turns_back(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 1000, "height": 800})
    arrive(page, f"{address}/forward.html")
    button = page.locator("#pst-back-to-top")
    assert not button.is_visible()
    page.mouse.move(600, 500)
    page.mouse.wheel(0, 4000)
    becomes(lambda: page.evaluate("scrollY"), 4000)  # it rests
    page.evaluate(DRAWN)
    assert not button.is_visible()
    page.mouse.wheel(0, -300)
    button.wait_for(state="visible")
    button.click()
    becomes(lambda: page.evaluate("scrollY"), 0)


def test_a_button_tells_its_title_to_the_keyboard(page: Page, address: str) -> None:
    arrive(page, f"{address}/forward.html")
    tip = (
        "getComputedStyle(document.querySelector('.primary-toggle'), '::after').content"
    )
    assert page.evaluate(tip) == "none"
    tab_to(page, ".primary-toggle")
    becomes(lambda: page.evaluate(tip), '"Toggle primary sidebar"')


def test_the_first_tab_stop_skips_to_the_text(page: Page, address: str) -> None:
    arrive(page, f"{address}/forward.html")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main-content$"))
    page.keyboard.press("Tab")
    expect(page.locator("main :focus")).to_have_count(1)


def test_folded_parts_and_wide_formulas_by_keyboard(blank: Blank, address: str) -> None:
    """On the way the tab key comes by a box, which asks another host for Python."""
    page, _ = blank()
    page.set_viewport_size({"width": 390, "height": 800})
    settled(page, f"{address}/transposes.html")
    tab_to(page, "details.solution > summary")
    page.keyboard.press("Enter")
    expect(page.locator("details[open] > summary:focus")).to_have_count(1)
    becomes(lambda: page.evaluate(f"{WIDE}.length > 0"), True)
    becomes(lambda: page.evaluate(f"{WIDE}.every(e => e.tabIndex === 0)"), True)


def test_nothing_moves_for_those_who_ask(new_page: NewPage) -> None:
    moving = """[...document.querySelectorAll('*')].filter(e => {
      const style = getComputedStyle(e);
      const long = time => time.split(', ').some(part => parseFloat(part) > 0);
      return long(style.transitionDuration) || long(style.animationDuration);
    }).map(e => e.className || e.tagName)"""
    for wish, expected in (("reduce", 0), ("no-preference", 1)):
        page = new_page("forward", reduced_motion=wish)
        assert min(len(page.evaluate(moving)), 1) == expected, page.evaluate(moving)
        smooth = page.evaluate(
            "getComputedStyle(document.documentElement).scrollBehavior"
        )
        assert wish != "reduce" or smooth == "auto"


# What the page's first script says, before its sections are there
FIRST = """addEventListener('DOMContentLoaded', () => {
  window.first = document.documentElement.dataset.far;
  window.skipped = [...document.querySelectorAll('article math')].filter(
    math => !math.checkVisibility({contentVisibilityAuto: true})).length;
})"""
# Of each formula that no fold hides whether it is laid out
SHOWN = """[...document.querySelectorAll(
  'article math:not(details:not([open]) math)')].map(
  math => math.checkVisibility({contentVisibilityAuto: true}))"""


@pytest.mark.parametrize("to", ["", "#exercises"])
@pytest.mark.parametrize("scripts", [True, False])
def test_what_is_far_is_laid_out_as_it_comes_near(
    blank: Blank, address: str, to: str, scripts: bool
) -> None:
    """And at once on the way to a place."""
    page, _ = blank()
    page.set_viewport_size({"width": 390, "height": 800})
    page.add_init_script(FIRST)
    if not scripts:
        page.route("**/*.js*", lambda route: route.abort())
    page.goto(f"{address}/transposes.html{to}")
    page.locator("html:not([data-waiting])").wait_for(state="attached")
    assert page.evaluate("window.first") == ("" if to else "skipped unseen")
    folded = page.locator("details:not([open]) math").count()
    assert (page.evaluate("window.skipped") > folded) == (not to)
    assert all(page.evaluate(SHOWN)) == bool(to)
    page.evaluate("scrollTo({top: 1e6, behavior: 'instant'})")
    becomes(lambda: page.evaluate(SHOWN)[-1], True)
    if scripts and not to:
        assert not all(page.evaluate(SHOWN))
        page.evaluate("document.querySelector('#page-toc-nav a').click()")
        assert all(page.evaluate(SHOWN))


# The fonts do not come, and nothing is done about it
HELD = """const wait = setTimeout;
window.setTimeout = (then, time) => time === 1000 ? 0 : wait(then, time)"""
# Of each section whether it is laid out, and of the first how far down it begins
LAID = """[...document.querySelectorAll('article > section > section')].map(
  e => e.lastElementChild.checkVisibility({contentVisibilityAuto: true}))"""
TOP = "document.querySelector('article section section').getBoundingClientRect().top"


def test_what_nobody_sees_waits_for_the_fonts(context: Opened, address: str) -> None:
    """Nor does a list of choices make Chromium lay it out; scrolling does."""
    page = context(viewport={"width": 390, "height": 600})[0].new_page()
    page.add_init_script(HELD)
    held: list[Route] = []
    page.route("**/*.woff2", lambda route: held.append(route))
    page.goto(f"{address}/transposes.html", wait_until="domcontentloaded")
    page.evaluate(DRAWN)
    assert page.evaluate(TOP) > 600
    assert not any(page.evaluate(LAID))
    assert page.locator("article select").count() == 0
    page.evaluate("scrollTo({top: 400, behavior: 'instant'})")
    page.evaluate(DRAWN)
    first, *others = page.evaluate(LAID)
    assert first
    assert not any(others)
    for route in held:
        route.continue_()
    page.locator("html:not([data-waiting])").wait_for(state="attached")
    page.evaluate("scrollTo({top: 1e6, behavior: 'instant'})")
    becomes(lambda: page.evaluate(LAID)[-1], True)
    assert page.locator("article select").count() == 1
