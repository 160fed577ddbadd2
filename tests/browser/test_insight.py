"""Insight comes before plumbing: how far down the first result stands, and how much of
a page is code.
"""

from __future__ import annotations

from visits import PAGES, NewPage, Visit

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


def test_a_first_result_is_near_and_code_is_the_smaller_part(visit: Visit) -> None:
    top, share = visit.seen(WIDTH, HEIGHT).evaluate(MEASURED)
    assert (top > SCREENS * HEIGHT) == (visit.name in LOOKED_UP), top
    assert (share > SHARE) == (visit.name in ABOUT_CODE), share


def test_a_result_far_below_its_code_is_seen(new_page: NewPage) -> None:
    assert {*LOOKED_UP, *ABOUT_CODE} <= {*PAGES}
    page = new_page("cost", WIDTH, HEIGHT)
    assert page.evaluate(MEASURED)[0] <= SCREENS * HEIGHT
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate(MEASURED)[0] > SCREENS * HEIGHT
