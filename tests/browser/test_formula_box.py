"""Formula boxes in Chromium: they answer as the command line does, or keep mum."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from live_cells import PATIENCE, answered
from playwright.sync_api import Locator, Page, expect
from visits import Lasting, arrive

from rnn_notes.book.live import Session

FIRST = r"\frac{\partial L}{\partial b_y}"
FORMULAS = {
    rf"{FIRST} = \sum_{{t=1}}^{{T}} (p_t - e_t)": "holds",
    rf"{FIRST} = p_T - e_T": "does not hold",
    rf"{FIRST} = \sum_{{t=1}}^{{T}} (p_t - q)": "not understood: q is not known",
}


@pytest.fixture(scope="module")
def equations(lasting: Lasting, vendored: str) -> Iterator[Page]:
    """The page on formulas, for all tests here: Python starts once."""
    page = lasting().new_page()
    arrive(page, f"{vendored}/equations.html")
    yield page
    page.close()


def measured(box: Locator, latex: str) -> str:
    """What the box says of a formula, in all its lines."""
    return answered(box, "Measure", latex)


def without_numbers(report: str) -> list[str]:
    """The lines of a report that are the same on every machine."""
    return [line for line in report.splitlines() if "  " not in line]


def test_a_formula_is_answered_as_on_the_command_line(equations: Page):
    box, terminal = equations.locator(".formula-box").first, Session(print)
    for latex, first in FORMULAS.items():
        said = measured(box, latex)
        assert said.startswith(first)
        assert without_numbers(said) == without_numbers(terminal.measure(latex))
        assert said.count("\n") == terminal.measure(latex).count("\n")


def test_what_would_hold_is_shown_set_and_taken_by_a_click(equations: Page):
    box = equations.locator(".formula-box").first
    status, offer = box.locator(".live-status"), box.locator(".live-offer")
    wrong = r"\frac{\partial L}{\partial W_{hh}} = \sum_t h_{t-1} "
    wrong += r"(\frac{\partial L}{\partial a_t})^\top"
    [close] = re.findall("close.*\n  (.*)", measured(box, wrong))
    expect(status).to_have_attribute("data-holds", "false")
    expect(offer.locator("math mfrac")).to_have_count(2)
    offer.get_by_role("button", name="Take the formula: close, and it holds").click()
    expect(status).to_have_text("holds", timeout=PATIENCE)
    expect(status).to_have_attribute("data-holds", "true")
    expect(box.locator("textarea")).to_have_value(close)
    expect(offer).to_have_count(0)
    signs = "e => getComputedStyle(e, '::before').content"
    assert status.evaluate(signs) == '"✓ "'
    assert measured(box, "y_t = q").startswith("not understood")
    assert status.get_attribute("data-holds") is None
    assert status.evaluate(signs) == "none"
    assert "in this book" in measured(box, r"h_t = \tanh(W h_{t-1} + U x_t)")
    expect(offer.locator("math msub").first).to_be_visible()
    expect(offer).to_have_count(1)


def test_a_notation_is_chosen(equations: Page):
    box, terminal = equations.locator(".formula-box").first, Session(print)
    choice = box.get_by_label("Notation")
    latex = r"h_t = \tanh(a_t)"
    assert measured(box, latex) == terminal.measure(latex)
    choice.select_option("lstm")
    assert measured(box, latex) == terminal.measure(latex, model="lstm")
    assert measured(box, latex).startswith("not understood")
    choice.select_option(index=0)
    assert equations.locator(".formula-box select").count() == 1, "exercises have none"


def test_the_preview_follows_what_is_typed(page: Page, vendored: str):
    arrive(page, f"{vendored}/equations.html")
    box = page.locator(".formula-box").first
    expect(box.locator("math")).to_have_count(0)  # nothing is loaded before it is used
    box.locator("textarea").focus()
    expect(box.locator("math munderover, math munder")).to_have_count(1)
    box.locator("textarea").fill(r"\frac{a}")
    expect(box.locator("math")).to_have_count(0)
    box.locator("textarea").fill(r"\frac{a}{b}")
    expect(box.locator("mfrac")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(box.locator("textarea")).not_to_be_focused()


def test_an_exercise_tells_right_from_wrong_and_no_more(equations: Page):
    box = equations.locator(".formula-box").nth(1)
    asked = r"\frac{\partial L}{\partial b_h}"
    right = rf"{asked} = \sum_{{t=1}}^{{T}} \frac{{\partial L}}{{\partial a_t}}"
    assert measured(box, box.locator("textarea").input_value()).startswith(
        "Wrong: does"
    )
    wrong = measured(box, right.replace("a_t", "h_t"))
    assert wrong.startswith("Wrong: does not hold")
    assert "close" not in wrong
    assert "a_t" not in wrong
    assert measured(box, f"{asked} = {asked}").startswith("Wrong: the right side holds")
    assert measured(box, FIRST + r" = \sum_t (p_t - e_t)").startswith("Wrong: the left")
    assert measured(box, asked + r" = \sum_t q_t").startswith("Not understood: q_")
    assert measured(box, right).startswith("Right: it holds")
    assert equations.locator("details.solution[open]").count() == 0


def test_a_measurement_can_be_stopped(page: Page, vendored: str):
    arrive(page, f"{vendored}/equations.html")
    box = page.locator(".formula-box").first
    box.locator("button", has_text="Measure").click()
    box.locator("button", has_text="Stop").click()
    expect(box.locator(".live-status")).to_have_text("Stopped.")
    assert measured(box, next(iter(FORMULAS))).startswith("holds")
