"""Readers find names, labels and words, from a server and from a folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from visits import SITE, Blank, arrive, violations

FOUND = {
    "dhnext": ("dhnext.html", "dhnext"),
    "Whh.T": ("dhnext.html", "Whh.T"),
    "Whh.T @ dhraw": ("dhnext.html", "Whh.T"),
    "hs[t-1]": ("backward.html", "hs[t-1]"),
    "eq-dwhy": ("transposes.html#equation-eq-dwhy", "equation"),
    "jacobian": ("api.html#rnn_notes.layouts.jacobian", "function"),
    "determinant of a product": (
        "matrix-calculus.html#inverses-and-determinants-determinant-of-a-product",
        "identity",
    ),
    "saturated": ("memory.html", "saturated"),
}
# Chromium reads no font in a folder; some seconds later it adds that none was used.
OF_FONTS = re.compile(
    r"error: (Access to font at 'file:|Failed to load resource: net::ERR_FAILED$)"
    r"|warning: (A preload for '|The resource )file:\S+\.woff2"
)
ROWS = "[...document.querySelectorAll('#search-results li')]"


def results(page: Page, place: str, query: str) -> dict[str, str]:
    """Where each result leads, and what is said of it."""
    arrive(page, place + "search.html")
    field = page.locator("main input[name=q]")
    field.fill(query)
    field.press("Enter")
    page.locator(".search-summary:not(:empty)").wait_for()
    for row in page.locator("#search-results li").all():
        row.scroll_into_view_if_needed()  # a hit is quoted when it is seen
        row.locator("> :is(p, span)").wait_for()
    rows = page.evaluate(
        f"{ROWS}.map(row => [row.querySelector('a').href, row.innerText])"
    )
    return {href.removeprefix(place): text for href, text in rows}


@pytest.fixture
def page(blank: Blank) -> Iterator[Page]:
    """A page that makes no error but what a browser says of fonts in a folder."""
    made, heard = blank()
    yield made
    in_folder = any(url.startswith("file:") for url in heard.requests)
    wrong = [e for e in heard.errors if not (in_folder and OF_FONTS.match(e))]
    assert wrong == []
    assert {host.split(":")[0] for host in heard.hosts()} <= {"127.0.0.1"}


@pytest.fixture(params=["served", "folder"])
def place(request: pytest.FixtureRequest, address: str) -> str:
    """The site's address on a server, and in a folder."""
    return f"{address}/" if request.param == "served" else f"{SITE.as_uri()}/"


@pytest.mark.parametrize("query", FOUND)
def test_a_reader_finds(page: Page, place: str, query: str) -> None:
    target, words = FOUND[query]
    found = results(page, place, query)
    assert target in found, list(found)
    assert words in found[target], "the hit is quoted, or named"


def test_a_hit_is_quoted_in_whole_words(page: Page, place: str) -> None:
    quoted = 0
    for href, text in results(page, place, "vanishing gradient").items():
        if quote := re.search(r"\n(?:… )?(.+) …$", text):
            name = href.partition(".html")[0]
            words = (SITE / f"_static/words/{name}.js").read_text(encoding="utf-8")
            whole = json.loads(words.partition(" = ")[2].rstrip(";\n"))
            assert f" {quote[1]} " in f" {whole} "
            quoted += 1
    assert quoted > 3


FIRST = {
    "dhnext": "dhnext.html",
    "saturated": "memory.html",
    "eq-dwhy": "transposes.html#equation-eq-dwhy",
    "vanishing gradient": "memory.html",
}
AMONG = {  # the first three
    "why are gradients added": "index.html",
    "hprev": "forward.html",
    "softmax derivative": "forward.html",
}


@pytest.mark.parametrize("query", FIRST)
def test_the_best_hit_comes_first(page: Page, place: str, query: str) -> None:
    assert next(iter(results(page, place, query))) == FIRST[query]


@pytest.mark.parametrize("query", AMONG)
def test_the_page_that_answers_comes_early(
    page: Page, address: str, query: str
) -> None:
    found = results(page, f"{address}/", query)
    assert AMONG[query] in [*found][:3]
    assert not next(iter(found)).startswith("api.html")
    said = found[AMONG[query]].lower()
    assert any(word[:5] in said for word in query.split() if len(word) > 3)


def test_an_old_search_marks_no_later_page(page: Page, address: str) -> None:
    results(page, f"{address}/", "dhnext")
    arrive(page, f"{address}/backward.html")
    assert page.locator("span.highlighted").count() == 0
    results(page, f"{address}/", "dhnext")
    page.locator("#search-results li a").first.click()
    page.locator("span.highlighted").first.wait_for(state="attached")


def test_words_are_marked_and_single_letters_are_not(page: Page, place: str) -> None:
    results(page, place, "Whh.T")
    marked = page.locator("#search-results .highlighted").all_inner_texts()
    assert {text.lower() for text in marked} == {"whh"}


def test_what_is_not_there_is_not_found(page: Page, place: str) -> None:
    arrive(page, f"{place}search.html?q=zyzzyva")
    page.locator(".search-summary:not(:empty)").wait_for()
    assert "did not match" in page.locator(".search-summary").inner_text()
    assert page.evaluate(ROWS) == []


def test_the_button_opens_the_search(page: Page, place: str) -> None:
    arrive(page, f"{place}dhnext.html")
    dialog = page.locator("#pst-search-dialog")
    assert not dialog.is_visible()
    page.locator(".search-button__button >> visible=true").first.click()
    dialog.locator("input[name=q]").fill("truncation")
    assert place.startswith("file:") or not violations(page)  # axe fetches sheets
    dialog.locator("input[name=q]").press("Enter")
    page.wait_for_url("**/search.html?q=truncation*")
    page.locator("#search-results li").first.wait_for()


def test_a_lost_reader_finds_back(blank: Blank, address: str) -> None:
    """The page for lost readers stands at any depth, with its looks and its links."""
    page, _ = blank()
    answer = arrive(page, f"{address}/no/such/page.html")
    assert answer is not None
    assert answer.status == 404
    assert page.evaluate("document.styleSheets[0].cssRules.length") > 50
    page.locator("main article a", has_text="NumPy").click()
    expect(page).to_have_url(f"{address}/index.html")
