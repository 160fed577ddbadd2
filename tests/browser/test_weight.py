"""What a visit costs: bytes as a host sends them, compressed, and requests."""

from __future__ import annotations

import secrets
from pathlib import Path

from playwright.sync_api import BrowserContext
from server import served
from visits import PAGES, Opened

FETCH = "fetch('heavy.bin').then(answer => answer.arrayBuffer())"
FIRST, REQUESTS, SECOND = 200_000, 16, 60_000
SEARCH = "search.html?q=gradient"  # finds most pages, and quotes those that are seen


def visit(made: BrowserContext, url: str) -> tuple[int, int]:
    """The bytes that came over the wire, heads included, and how many files came."""
    page = made.new_page()
    wire = made.new_cdp_session(page)
    bytes_, names = [], []
    wire.on("Network.loadingFinished", lambda e: bytes_.append(e["encodedDataLength"]))
    wire.on("Network.requestWillBeSent", lambda e: names.append(e["request"]["url"]))
    wire.send("Network.enable")
    page.goto(url, wait_until="networkidle")
    page.close()
    sent = [name for name in names if not name.startswith("data:")]
    return round(sum(bytes_)), len(sent)


def test_a_first_visit_is_light_and_a_second_page_lighter(
    context: Opened, address: str
) -> None:
    first, second = {}, {}
    for name in [*(f"{page}.html" for page in PAGES), SEARCH]:
        made, _ = context()
        first[name] = visit(made, f"{address}/{name}")
        made.close()
        made, _ = context()
        visit(made, f"{address}/index.html")
        second[name] = visit(made, f"{address}/{name}")
        made.close()
        print(f"{name:24} {first[name]} then {second[name]}")
    assert {n: cost for n, cost in first.items() if cost[0] > FIRST} == {}
    assert {n: cost for n, cost in first.items() if cost[1] > REQUESTS} == {}
    for words in (SEARCH, "search.html"):
        assert second.pop(words)[0] < 2 * SECOND, (
            "the page for searching, and the words"
        )
    assert {n: cost for n, cost in second.items() if cost[0] > SECOND} == {}
    assert min(first.values()) > (10_000, 3), "what is measured has a weight"


def test_weight_and_requests_are_seen(context: Opened, tmp_path: Path) -> None:
    """A page with a heavy picture and many small ones is over both limits."""
    (tmp_path / "heavy.bin").write_bytes(secrets.token_bytes(FIRST))
    calls = "".join(f"<img src=/{number}.png>" for number in range(REQUESTS))
    (tmp_path / "index.html").write_text(f"<script>{FETCH}</script>{calls}")
    made, _ = context()
    with served(tmp_path) as address:
        weight, requests = visit(made, f"{address}/index.html")
    assert weight > FIRST
    assert requests > REQUESTS
