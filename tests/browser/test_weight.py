"""What a visit costs: bytes as a host sends them, compressed, and requests."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext
from server import served
from visits import PAGES, SITE, Opened

FETCH = "fetch('heavy.bin').then(answer => answer.arrayBuffer())"
FIRST, REQUESTS, SECOND = 120_000, 10, 64_000
SEARCH = "search.html?q=gradient"  # finds most pages, and quotes those that are seen
NAMES = [*(f"{page}.html" for page in PAGES), SEARCH]
AT_ONCE = 8
TOGETHER = [NAMES[at : at + AT_ONCE] for at in range(0, len(NAMES), AT_ONCE)]


def visits(asked: list[tuple[BrowserContext, str]]) -> list[tuple[int, int]]:
    """Of each visit, the bytes over the wire, heads included, and how many files came.

    The visits are made at once, for each lasts half a second after its last file.
    """
    pages = []
    for made, url in asked:
        page, bytes_, names = made.new_page(), [], []
        wire = made.new_cdp_session(page)
        for event, field, kept in (
            ("loadingFinished", lambda e: e["encodedDataLength"], bytes_),
            ("requestWillBeSent", lambda e: e["request"]["url"], names),
        ):
            wire.on(f"Network.{event}", lambda e, f=field, k=kept: k.append(f(e)))
        wire.send("Network.enable")
        page.goto(url, wait_until="commit")
        pages.append((page, bytes_, names))
    found = []
    for page, bytes_, names in pages:
        page.wait_for_load_state("networkidle")
        page.close()
        sent = [name for name in names if not name.startswith("data:")]
        found.append((round(sum(bytes_)), len(sent)))
    return found


@pytest.mark.parametrize("names", TOGETHER, ids=lambda names: names[0])
def test_a_first_visit_is_light_and_a_second_page_lighter(
    context: Opened, address: str, names: list[str]
) -> None:
    urls = [f"{address}/{name}" for name in names]
    new, again = ([context()[0] for _ in names] for _ in range(2))
    first = dict(zip(names, visits([*zip(new, urls, strict=True)]), strict=True))
    visits([(made, f"{address}/index.html") for made in again])
    second = dict(zip(names, visits([*zip(again, urls, strict=True)]), strict=True))
    for name in names:
        print(f"{name:24} {first[name]} then {second[name]}")
    assert {n: cost for n, cost in first.items() if cost[0] > FIRST} == {}
    assert {n: cost for n, cost in first.items() if cost[1] > REQUESTS} == {}
    for words in {SEARCH, "search.html"} & {*names}:
        assert second.pop(words)[0] < 2 * SECOND, (
            "the page for searching, and the words"
        )
    assert {n: cost for n, cost in second.items() if cost[0] > SECOND} == {}
    assert min(first.values()) > (10_000, 3), "what is measured has a weight"


def test_fonts_are_asked_for_before_the_styles_are_read() -> None:
    """What asks for them comes with the page's first bytes."""
    for name in PAGES:
        page = (SITE / f"{name}.html").read_text(encoding="utf-8")
        assert 0 < page.rindex('as="font"') < page.index("<style>"), name


def test_weight_and_requests_are_seen(context: Opened, tmp_path: Path) -> None:
    """A page with a heavy picture and many small ones is over both limits."""
    (tmp_path / "heavy.bin").write_bytes(secrets.token_bytes(FIRST))
    calls = "".join(f"<img src=/{number}.png>" for number in range(REQUESTS))
    (tmp_path / "index.html").write_text(f"<script>{FETCH}</script>{calls}")
    made, _ = context()
    with served(tmp_path) as address:
        [(weight, requests)] = visits([(made, f"{address}/index.html")])
    assert weight > FIRST
    assert requests > REQUESTS
