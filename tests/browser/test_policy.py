"""The content-security policy: on every page, before all it governs, and it bites."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from server import served
from visits import SITE, Opened, arrive, becomes

META = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)" />')
ATTACKS = {
    "script-src-elem": "add('script', {textContent: 'ran()'})",
    "script-src-attr": "add('b', {}).setAttribute('onclick', 'ran()')",
    "style-src-elem": "add('style', {textContent: 'body {color: red}'})",
    "connect-src": "fetch('https://example.org/').catch(() => 0)",
    "img-src": "add('img', {src: 'https://example.org/pixel.png'})",
    "frame-src": "add('iframe', {src: 'https://example.org/'})",
    "base-uri": "document.head.append(make('base', {href: 'https://example.org/'}))",
    "object-src": "add('object', {data: 'https://example.org/a.html'})",
    "worker-src": "new Worker(URL.createObjectURL(new Blob(['1'])))",
}
CALLS = {"connect-src", "img-src", "frame-src", "object-src"}
TRY = """async () => {
  window.broken = [];
  const heard = e => window.broken.push(e.effectiveDirective);
  document.addEventListener('securitypolicyviolation', heard);
  window.ran = () => { window.hasRun = true; };
  const make = (tag, what) => Object.assign(document.createElement(tag), what);
  const add = (tag, what) => {
    const element = make(tag, what);
    document.body.append(element);
    return element;
  };
  ATTACK;
  await new Promise(done => setTimeout(done, 300));
}"""


def governed(page: str) -> list[str]:
    """The directives of a page, which stand before its scripts and links."""
    found = META.search(page)
    assert found, "no policy"
    assert "<script" not in page[: found.start()]
    assert "<link" not in page[: found.start()]
    return found[1].split("; ")


def test_every_page_says_what_it_may_load(name: str) -> None:
    directives = governed((SITE / f"{name}.html").read_text(encoding="utf-8"))
    assert "default-src 'none'" in directives
    for directive in directives:
        assert "*" not in directive
        assert "unsafe-eval" not in directive
        assert "unsafe-inline" not in directive or directive.startswith(
            "style-src-attr"
        )


def test_a_page_without_a_policy_or_with_a_late_one_is_seen() -> None:
    with pytest.raises(AssertionError, match="no policy"):
        governed("<head></head>")
    late = (SITE / "index.html").read_text(encoding="utf-8")
    with pytest.raises(AssertionError):
        governed(late.replace("<head>", "<head><script>early()</script>"))


@dataclass
class Outcome:
    """What an attack broke, whether it ran, and how often it asked elsewhere."""

    broken: list[str]
    ran: bool
    asked: int


def attempt(page: Page, attack: str) -> Callable[[], Outcome]:
    """What tells the outcome of an attack so far; no request leaves this machine."""
    asked: list[str] = []

    def caught(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    page.route("https://example.org/**", caught)
    page.evaluate(TRY.replace("ATTACK", attack))
    page.evaluate("document.querySelectorAll('b').forEach(e => e.click())")
    state = "[window.broken, window.hasRun === true]"
    return lambda: Outcome(*page.evaluate(state), len(asked))


def test_the_policy_bites(context: Opened, address: str) -> None:
    for directive, attack in ATTACKS.items():
        made, _ = context()
        page = made.new_page()
        arrive(page, f"{address}/index.html")
        becomes(attempt(page, attack), Outcome([directive], False, 0))


def test_without_the_policy_the_same_attacks_succeed(
    context: Opened, tmp_path: Path
) -> None:
    html = META.sub("", (SITE / "index.html").read_text(encoding="utf-8"))
    (tmp_path / "index.html").write_text(html, encoding="utf-8")
    with served(tmp_path) as address:
        for directive, attack in ATTACKS.items():
            made, _ = context()
            page = made.new_page()
            arrive(page, f"{address}/index.html")
            ran = directive.startswith("script-src")
            becomes(attempt(page, attack), Outcome([], ran, directive in CALLS))


def test_a_page_opened_from_a_file_has_its_style_and_scripts(context: Opened) -> None:
    made, heard = context(color_scheme="dark")
    page = made.new_page()
    arrive(page, (SITE / "index.html").as_uri())
    assert page.evaluate("document.fonts.ready.then(f => f.size)") > 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(21, 24, 28)"
    )
    page.locator(".theme-switch-button").click()
    page.locator('.theme-change-button[data-mode="light"]').click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    # Chromium asks for fonts ahead of time from servers only, and says so.
    assert not [error for error in heard.errors if "Content Security" in error]
