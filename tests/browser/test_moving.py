"""Figures that move, by keyboard and by pointing: they show the build's frames."""

from __future__ import annotations

from functools import cache
from itertools import product

import pytest
from playwright.sync_api import Page, expect
from visits import SITE, NewPage, Opened, arrive, becomes, violations
from webkit import NARROW, WebKit

from rnn_notes.book import figures
from rnn_notes.book.figures.drawing.frames import Frame

MOVING = {
    "index": "broken_line",
    "transposes": "product_back",
    "gradient-check": "error_against_step",
    "mutants": "bug_by_bug",
    "memory": "scaled_weights",
    "chain-rule": "ways",
    "dhnext": "travelling_loss",
    "truncation": "missed_share",
    "writing": "cooled",
}
figure = cache(lambda where: getattr(figures, MOVING[where])())
every_figure = pytest.mark.parametrize("where", MOVING)
SHOWN = """figure => Object.fromEntries(
  [...figure.querySelectorAll('[data-part]')].map(part => [part.dataset.part,
    [part.textContent, Object.fromEntries([...part.attributes].map(
      a => [a.name, a.value]))]]))"""
STYLE = "e => getComputedStyle(e).transitionDuration"


def go(page: Page, place: int) -> None:
    """Take the control to a place, as a reader does who has no mouse."""
    control = page.locator(".moving :is(input, select)").first
    control.focus()
    if control.get_attribute("type") == "radio":
        for _ in range(place):
            page.keyboard.press("ArrowDown")
    else:
        page.keyboard.press("Home")
        for _ in range(place):
            page.keyboard.press("ArrowRight")


def parted(page: Page, frame: Frame) -> list[str]:
    """The parts of the figure that are not as a frame has them."""
    shown = page.locator(".moving").evaluate(SHOWN)
    found = [
        name for name, change in frame.parts.items() if not as_told(shown[name], change)
    ]
    lit = {name for name, (_, has) in shown.items() if "lit" in has.get("class", "")}
    return found + sorted(lit ^ set(frame.lit))


def as_told(shown: list, change: object) -> bool:
    """Whether a part has the text, or the attributes, of a change."""
    text, attributes = shown
    if isinstance(change, str):
        return bool(text == change)
    return all(attributes[name] == value for name, value in change.items())


@every_figure
def test_the_keyboard_moves_it(page: Page, address: str, where: str) -> None:
    arrive(page, f"{address}/{where}.html")
    moving = figure(where)
    becomes(lambda: parted(page, moving.frames[moving.first]), [])
    go(page, 3)
    becomes(lambda: parted(page, moving.frames[3]), [])
    assert parted(page, moving.frames[2]) != []
    words = page.locator(".moving [aria-live=polite]")
    expect(words).to_have_text(moving.frames[3].says.replace("`", ""))
    if moving.kind == "range":
        control = page.get_by_role("slider", name=moving.asks.replace("`", ""))
        expect(control).to_have_attribute("aria-valuetext", moving.frames[3].at)


@every_figure
def test_it_works_from_a_file(context: Opened, where: str) -> None:
    page = context()[0].new_page()
    arrive(page, (SITE / f"{where}.html").as_uri())
    go(page, 2)
    becomes(lambda: parted(page, figure(where).frames[2]), [])


@every_figure
def test_without_scripts_it_is_a_picture(new_page: NewPage, where: str) -> None:
    page = new_page(where, java_script_enabled=False)
    expect(page.locator(".moving svg")).to_be_visible()
    expect(page.locator(".moving .live")).to_be_hidden()


@every_figure
def test_axe_finds_nothing_when_it_has_moved(new_page: NewPage, where: str) -> None:
    page = new_page(where, reduced_motion="reduce")
    go(page, 1)
    for width, scheme in product((390, 1280), ("light", "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.locator(f"html[data-theme={scheme}]").wait_for(state="attached")
        assert not violations(page, ".moving")
        for control in page.locator(".moving :is(select, input[type=range])").all():
            box = control.bounding_box()
            assert box
            assert box["height"] >= 44
    assert page.locator(".moving [data-part]").first.evaluate(STYLE) == "0s"
    page.evaluate("document.querySelector('.moving').style.color = '#8888'")
    page.evaluate("document.querySelectorAll('.moving label').forEach(e => e.remove())")
    assert violations(page, ".moving"), "a control without a name is seen"


def test_pointing_at_an_entry_lights_what_it_meets(page: Page, address: str) -> None:
    arrive(page, f"{address}/transposes.html")
    page.locator(".moving [data-choose='4']").first.hover()
    expect(page.locator(".moving select")).to_have_value("h[2]")
    becomes(lambda: parted(page, figure("transposes").frames[4]), [])


def test_a_page_without_such_a_figure_loads_no_script_for_it(
    context: Opened, address: str
) -> None:
    made, heard = context()
    for name, count in (("layouts", 0), ("transposes", 1)):
        heard.requests.clear()
        arrive(made.new_page(), f"{address}/{name}.html")
        asked = [url for url in heard.requests if "moving.js" in url]
        assert len(asked) == count, name


@every_figure
def test_it_moves_in_webkit(safari: WebKit, address: str, where: str) -> None:
    moving = figure(where)
    safari.open(f"{address}/{where}.html", NARROW)
    control = "document.querySelectorAll('.moving :is(input, select)')"
    change = "dispatchEvent(new Event('input'))"
    if moving.kind == "radio":
        safari.value(f"{control}[2].click() ?? 1")
    else:
        field = "selectedIndex" if moving.kind == "select" else "value"
        safari.value(f"({control}[0].{field} = 2, {control}[0].{change})")
    words = "document.querySelector('.moving [aria-live]').textContent"
    becomes(lambda: safari.value(words), moving.frames[2].says.replace("`", ""))
