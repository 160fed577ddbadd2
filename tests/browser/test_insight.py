"""Insight comes before plumbing: how far down the first result stands, and how much of
a page is code.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from visits import PAGES, Opened, settled

WIDTH, HEIGHT = 1280, 800
SCREENS, SHARE = 1.5, 1 / 3
LOOKED_UP = {"404", "bibliography", "changelog", "errata", "glossary", "search"}
ABOUT_CODE = {
    "batches",  # both passes in rows, line by line
    "check-your-own-loop",  # programs to copy
}
MEASURED = """() => {
  const article = document.querySelector('article.bd-article') ?? document.body;
  const seen = (what) => [...article.querySelectorAll(what)].filter(
    (part) => part.checkVisibility() && !part.closest('details:not([open])'));
  const results = seen('svg, table, .formula, .cell_output, .formula-box');
  const tops = results.map((part) => part.getBoundingClientRect().top + scrollY);
  const blocks = 'pre:not(.cell_output *)';
  const code = seen(blocks).map((block) => block.getBoundingClientRect().height);
  const share = code.reduce((sum, height) => sum + height, 0);
  return [Math.min(...tops), share / article.getBoundingClientRect().height];
}"""


@pytest.fixture(scope="module")
def page(browser) -> Page:
    size = {"width": WIDTH, "height": HEIGHT}
    return browser.new_page(viewport=size)


def test_a_first_result_is_near_and_code_is_the_smaller_part(
    page: Page, address: str
) -> None:
    low, wordy = {}, {}
    for name in PAGES:
        settled(page, f"{address}/{name}.html")
        top, share = page.evaluate(MEASURED)
        if top > SCREENS * HEIGHT:
            low[name] = top
        if share > SHARE:
            wordy[name] = share
    assert low.keys() == LOOKED_UP, low
    assert wordy.keys() == ABOUT_CODE, wordy


def test_a_result_far_below_its_code_is_seen(context: Opened, address: str) -> None:
    made, _ = context(viewport={"width": WIDTH, "height": HEIGHT})
    page = made.new_page()
    settled(page, f"{address}/cost.html")
    assert page.evaluate(MEASURED)[0] <= SCREENS * HEIGHT
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate(MEASURED)[0] > SCREENS * HEIGHT
