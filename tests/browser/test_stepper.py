"""The stepper, by keyboard, slider and button: it shows the trace, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Page, expect
from visits import SITE, NewPage, Opened, arrive, becomes, violations

from rnn_notes.book.figures.drawing.labels import number
from rnn_notes.book.figures.drawing.run import given
from rnn_notes.book.figures.stepped_lstm import lstm_run
from rnn_notes.book.figures.stepper_parts import _entries
from rnn_notes.book.trace import Stop, trace
from rnn_notes.ledger import ledger
from rnn_notes.rnn import signals

STOPS = trace(*given())
LAST = len(STOPS) - 1
both_pages = pytest.mark.parametrize("where", ["dhnext", "backward"])
MARKED = """() => {
  const code = document.querySelector('pre.acting');
  const line = Number(code.style.getPropertyValue('--line'));
  return code.textContent.split('\\n')[line].split('#')[0].trim();
}"""
HELD = """rows => Object.fromEntries(rows.map(row => [row.dataset.name,
  [...row.cells].slice(1).map(cell => cell.textContent)]))"""
SEEN = """cells => cells.map(cell =>
  getComputedStyle(cell).visibility == 'visible' ? cell.textContent : '')"""
LIT = """parts => parts.filter(part => part.classList.contains('now'))
  .map(part => part.dataset.at)"""


def come_near(page: Page) -> None:
    """Scroll to the stepper, whose parts come only then."""
    page.locator(".stepper").evaluate("figure => figure.scrollIntoView()")
    page.locator(".stepper.on").wait_for()


@pytest.fixture
def stepper(page: Page, address: str) -> Page:
    """The page on dhnext, with the slider in focus."""
    arrive(page, f"{address}/dhnext.html")
    come_near(page)
    page.locator(".stepper input").focus()
    return page


def shown(page: Page) -> tuple[str, dict[str, list[str]]]:
    """The line that is said to have acted, and what the table of names holds."""
    line = page.locator(".stepper [aria-live] code").first.inner_text()
    return line, page.locator(".holding tbody tr").evaluate_all(HELD)


def expected(k: int, stops: list[Stop] = STOPS) -> tuple[str, dict[str, list[str]]]:
    """The same, from the trace."""
    held = {name: ["", "", "", "", ""] for stop in stops for name in stop.held}
    for name, value in stops[k].held.items():
        *numbers, of, by = _entries(value)
        held[name] = [*numbers, *[""] * (3 - len(numbers)), of, by.replace("`", "")]
    return stops[k].line, held


@both_pages
def test_the_left_arrow_walks_through_the_trace(
    page: Page, address: str, where: str
) -> None:
    arrive(page, f"{address}/{where}.html")
    come_near(page)
    slider = page.locator(".stepper input")
    slider.focus()
    for k in range(LAST + 1):
        becomes(lambda: shown(page), expected(k))
        assert page.evaluate(MARKED) == STOPS[k].line
        lit = page.locator(".stepper svg [data-at]").evaluate_all(LIT)
        assert lit
        assert all(str(k) in at.split() for at in lit)
        page.keyboard.press("ArrowLeft")
    assert shown(page) == expected(LAST)
    assert shown(page) != expected(LAST - 1)
    assert slider.get_attribute("aria-valuetext") == "iteration t = 0, dhnext"
    for key, k in (("ArrowRight", LAST - 1), ("End", 0), ("Home", LAST)):
        page.keyboard.press(key)
        becomes(lambda: shown(page), expected(k))


def test_the_loop_of_the_lstm_is_walked_through_too(page: Page, address: str) -> None:
    arrive(page, f"{address}/lstm.html")
    come_near(page)
    stops = trace(*lstm_run())
    acting = "rows => rows.map(row => row.dataset.name).join(' ')"
    page.locator(".stepper input").focus()
    for k, stop in enumerate(stops):
        becomes(lambda: shown(page), expected(k, stops))
        assert page.evaluate(MARKED) == stop.line
        lit = page.locator(".holding tr.now").evaluate_all(acting)
        assert lit == stop.name, "both carriers at the last line of a turn"
        lights = page.locator(".stepper svg [data-at]").evaluate_all(LIT)
        assert lights
        assert all(str(k) in at.split() for at in lights)
        page.keyboard.press("ArrowLeft")
    assert shown(page) != expected(len(stops) - 2, stops)
    page.keyboard.press("PageUp")  # a turn has ten lines
    becomes(lambda: shown(page), expected(len(stops) - 11, stops))
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_a_page_key_goes_a_turn(stepper: Page) -> None:
    stepper.keyboard.press("ArrowLeft")
    for k in (5, 9, 13, 17, LAST, LAST):
        stepper.keyboard.press("PageDown")
        becomes(lambda: shown(stepper), expected(k))
    stepper.keyboard.press("PageUp")
    becomes(lambda: shown(stepper), expected(LAST - 4))


def test_the_slider_follows_the_mouse(stepper: Page) -> None:
    box = stepper.locator(".stepper input").bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    stepper.mouse.click(box["x"] + 2, middle)
    becomes(lambda: shown(stepper), expected(LAST))
    stepper.mouse.click(box["x"] + box["width"] / 2, middle)
    becomes(lambda: shown(stepper), expected(LAST // 2))


def test_the_thumb_stands_below_the_turn_that_acts(stepper: Page) -> None:
    slider = stepper.locator(".stepper input")
    for k in range(1, LAST + 1):
        stepper.keyboard.press("ArrowLeft")
        expect(slider).to_have_value(str(LAST - k))
        left, width = slider.evaluate(
            "s => [s.getBoundingClientRect().x, s.clientWidth]"
        )
        thumb = left + 8 + (width - 16) * (LAST - k) / LAST
        column = stepper.locator(".walk svg text", has_text=f"t = {STOPS[k].t}")
        box = column.bounding_box()
        assert box
        assert abs(box["x"] + box["width"] / 2 - thumb) < 34, k  # columns are 57 apart


def test_the_buttons_go_both_ways_and_stop_at_the_ends(stepper: Page) -> None:
    ways = stepper.get_by_role("button", name=re.compile("line"))
    onwards, back = ways.nth(0), ways.nth(1)
    expect(back).to_have_attribute("aria-disabled", "true")
    colour = "e => getComputedStyle(e).color"
    assert back.evaluate(colour) != onwards.evaluate(colour), "it looks as it is"
    onwards.focus()
    for k in range(1, LAST + 1):
        expect(onwards).to_have_attribute("aria-disabled", "false")
        stepper.keyboard.press("Enter")
        becomes(lambda: shown(stepper), expected(k))
    expect(onwards).to_have_attribute("aria-disabled", "true")
    expect(onwards).to_be_focused()
    onwards.click(force=True)
    assert shown(stepper) == expected(LAST)
    back.click()
    becomes(lambda: shown(stepper), expected(LAST - 1))


def rows(page: Page) -> Iterator[list[str]]:
    """The ledger as it is seen, row by row."""
    for row in page.locator(".filling tbody tr").all():
        yield row.locator("td").evaluate_all(SEEN)


def test_the_ledger_fills_row_by_row(stepper: Page) -> None:
    params, run = given()
    table = ledger(params, run)[:, :, 0]
    assert not any("".join(row) for row in list(rows(stepper))[1:])
    for t, signal in zip((4, 3, 2, 1, 0), signals(params, run), strict=True):
        shares = [number(table[t, s]) if s > t else "" for s in (4, 3, 2, 1, 0)]
        later = number(signal.dhnext[0, 0], 2 if t < 4 else 0)
        turn = stepper.locator(".filling tbody tr").nth(4 - t).locator("td")
        # Before the turn, dhnext alone is there.
        becomes(partial(turn.evaluate_all, SEEN), [*shares, later, ""])
        stepper.keyboard.press("ArrowLeft")
        stepper.keyboard.press("ArrowLeft")
        shares = [number(table[t, s], 2 if s >= t else 0) for s in (4, 3, 2, 1, 0)]
        full = [*shares, later, number(signal.dh[0, 0])]
        becomes(partial(turn.evaluate_all, SEEN), full)
        stepper.keyboard.press("ArrowLeft")
        stepper.keyboard.press("ArrowLeft")
    becomes(lambda: all("".join(row) for row in rows(stepper)), True)


def test_its_parts_come_when_it_is_near_or_above(new_page: NewPage) -> None:
    page = new_page("lstm")
    page.wait_for_load_state("networkidle")
    figure = page.locator(".stepper")
    expect(figure.locator("> .drawn")).to_be_visible()
    assert figure.locator("input").count() == 0
    far, height = figure.evaluate("f => [f.getBoundingClientRect().top, innerHeight]")
    assert far > 2 * height
    page.evaluate("by => scrollTo(0, by)", far - 2 * height + 50)
    page.locator(".stepper.on").wait_for()
    assert figure.evaluate("f => f.getBoundingClientRect().top > innerHeight")
    page.reload()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.locator(".stepper.on").wait_for()
    becomes(lambda: figure.evaluate("f => f.getBoundingClientRect().bottom < 0"), True)


@both_pages
def test_it_works_from_a_file(context: Opened, where: str) -> None:
    made, heard = context(viewport={"width": 1280, "height": 900})
    page = made.new_page()
    arrive(page, (SITE / f"{where}.html").as_uri())
    come_near(page)
    page.locator(".stepper input").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    becomes(lambda: shown(page), expected(2))
    fonts = "error: Access to font", "error: Failed to load", "warning: A preload"
    assert [said for said in heard.errors if not said.startswith(fonts)] == []
    assert not heard.hosts()


@both_pages
def test_without_scripts_all_steps_stand_in_one_picture(
    new_page: NewPage, where: str
) -> None:
    page = new_page(where, java_script_enabled=False)
    picture = page.get_by_role("img", name="Every step backward")
    expect(picture).to_be_visible()
    expect(page.locator(".stepper .live")).to_be_hidden()
    for t in range(5):
        expect(picture.get_by_text(f"t = {t}", exact=True)).to_be_visible()


def test_with_scripts_the_stepper_stands_in_its_place(stepper: Page) -> None:
    picture = stepper.get_by_role("img", name="Every step backward")
    expect(picture).to_be_hidden()
    expect(stepper.locator(".stepper .live")).to_be_visible()
    stepper.emulate_media(media="print")
    expect(stepper.locator(".stepper .live")).to_be_hidden()
    expect(stepper.locator(".stepper > .drawn")).to_be_visible()


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_shows_all_of_it(new_page: NewPage, width: int) -> None:
    page = new_page("dhnext", width, has_touch=True)
    come_near(page)
    onwards = page.get_by_role("button", name="next line")
    for _ in range(LAST):
        onwards.tap()
    becomes(lambda: shown(page), expected(LAST))
    sideways = "document.documentElement.scrollWidth > innerWidth"
    assert not page.evaluate(sideways)
    for part in (".holding", ".filling table"):
        box = page.locator(part).bounding_box()
        assert box
        assert width == 320 or box["x"] + box["width"] <= width, part
    for control in page.locator(".stepper :is(input, button)").all():
        box = control.bounding_box()
        assert box
        assert box["height"] >= 44


@pytest.mark.parametrize(("motion", "moves"), [("reduce", 0), ("no-preference", 26)])
def test_nothing_moves_for_who_wants_no_motion(
    new_page: NewPage, motion: str, moves: int
) -> None:
    page = new_page("dhnext", reduced_motion=motion)
    come_near(page)
    moving = page.locator(".stepper *").evaluate_all(
        "all => all.filter(e => getComputedStyle(e).transitionDuration != '0s'"
        " && e.closest('[data-at]')).length"
    )
    assert (moving > moves) if moves else (moving == 0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_any_stage(new_page: NewPage, scheme: str) -> None:
    page = new_page("dhnext", color_scheme=scheme, reduced_motion="reduce")
    come_near(page)
    page.locator(".stepper input").focus()
    for k in (2, 4, 10, LAST):
        page.locator(".stepper input").fill(str(LAST - k))
        becomes(lambda: shown(page), expected(k))
        assert not violations(page)


def test_what_is_told_is_told_to_who_does_not_see(stepper: Page) -> None:
    words = stepper.locator(".stepper [aria-live=polite]")
    slider = stepper.get_by_role("slider", name="Step back in time")
    expect(slider).to_have_attribute("aria-valuetext", "before the loop")
    expect(slider).to_have_accessible_description(re.compile("next line"))
    for _ in range(4):
        stepper.keyboard.press("ArrowLeft")
    expect(words).to_contain_text("derivative of no loss by hs[4]")
    expect(words).to_contain_text("of loss 4 by hs[3]")
    expect(stepper.get_by_role("table", name="What the names hold")).to_be_visible()
    named = stepper.get_by_role("rowheader").all_inner_texts()
    assert [name.split("\n")[0] for name in named[:5]] == list(STOPS[3].held)
