"""The built site in Debian's browsers: a server, a browser, and fresh contexts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from firefox import FIREFOX, Firefox, firefox
from live_cells import NO_WHEEL, WHEEL, Cell, opened, site_with_numpy
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from server import served
from visits import PAGES, SITE, Heard, NewPage, Opened, chromium, settled
from webkit import SCREEN, WEBKIT, WebKit, webkit

CHROMIUM = chromium.program()
expect.set_options(timeout=30_000)  # a loaded machine is slow


def pytest_sessionstart(session: pytest.Session) -> None:
    for name, program, package in (
        ("Chromium", CHROMIUM, "chromium"),
        ("Firefox", FIREFOX, "firefox-esr"),
        ("WebKit", WEBKIT, "webkit2gtk-driver"),
        ("Xvfb", SCREEN, "xvfb"),
    ):
        if not program:
            pytest.exit(
                f"no {name} here: install it (Debian: apt-get install {package}),"
                f" or name yours: {name.upper()}=/path make test-browser",
                returncode=3,
            )
    if not PAGES:
        pytest.exit(f"no site in {SITE}: run make html first", returncode=3)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes ``name`` runs once for every page of the site."""
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", PAGES)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no worker waits for it at the end."""
    items.sort(key=lambda item: "test_weight" not in item.nodeid)


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where the site is served."""
    with served(SITE) as found:
        yield found


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site with NumPy inside it."""
    return site_with_numpy(copy_of_the_site(tmp_path_factory))


@pytest.fixture(scope="session")
def vendored(whole: Path) -> Iterator[str]:
    """Where the site is served with NumPy inside it."""
    with served(whole) as found:
        yield found


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the site is served that expects the wheel at hand from another host."""
    folder = copy_of_the_site(tmp_path_factory)
    with served(site_with_numpy(folder, elsewhere=True)) as found:
        yield found


def copy_of_the_site(factory: pytest.TempPathFactory) -> Path:
    """A new folder; without a wheel, the test that asks for it is not run."""
    if WHEEL is None:
        pytest.skip(NO_WHEEL)
    return factory.mktemp("copy") / "site"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    missed = [report for report in skipped if NO_WHEEL in str(report.longrepr)]
    if missed:
        terminalreporter.config.not_run = f"{len(missed)} tests NOT RUN: {NO_WHEEL}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run that must be complete, and is not, has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("COMPLETE"):
        session.exitstatus = 1


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line of all says what was not run."""
    if said := getattr(config, "not_run", ""):
        print(said)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=chromium.switches()
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def fox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """A window of Firefox."""
    with firefox(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="session")
def safari() -> Iterator[WebKit]:
    """A window of WebKit, Safari's engine."""
    with webkit() as found:
        yield found


def heard_context(browser: Browser, **options: Any) -> tuple[BrowserContext, Heard]:
    """A browser context and what is heard from it."""
    context, heard = browser.new_context(**options), Heard()
    context.set_default_timeout(60_000)
    context.on("request", lambda request: heard.requests.append(request.url))
    context.on("console", heard.note)
    context.on("weberror", lambda error: heard.errors.append(str(error.error)))
    return context, heard


@pytest.fixture
def context(browser: Browser) -> Iterator[Opened]:
    """A function that makes a browser context and what is heard from it."""
    made: list[BrowserContext] = []

    def make(**options: Any) -> tuple[BrowserContext, Heard]:
        context, heard = heard_context(browser, **options)
        made.append(context)
        return context, heard

    yield make
    for context in made:
        context.close()


@pytest.fixture
def new_page(context: Opened, address: str) -> Iterator[NewPage]:
    """A function that opens a page of the site alone; in the end none made an error.

    It takes the page's name, the window's width and height, and Playwright's options.
    """
    visits: list[Heard] = []

    def visit(name: str, width: int = 1280, height: int = 800, **options: Any) -> Page:
        made, heard = context(viewport={"width": width, "height": height}, **options)
        visits.append(heard)
        page = made.new_page()
        settled(page, f"{address}/{name}.html")
        return page

    yield visit
    assert [heard.errors for heard in visits if heard.errors] == []


@pytest.fixture
def page(context: Opened) -> Iterator[Page]:
    """A page on a wide screen; in the end it made no error and asked no other host."""
    made, heard = context(viewport={"width": 1280, "height": 900})
    yield made.new_page()
    assert not heard.errors
    assert {host.split(":")[0] for host in heard.hosts()} <= {"127.0.0.1"}


@pytest.fixture(scope="session")
def kept(browser: Browser) -> Iterator[tuple[BrowserContext, Heard]]:
    """A context for many tests; what one has fetched and compiled is kept."""
    made, heard = heard_context(browser, viewport={"width": 1280, "height": 900})
    yield made, heard
    made.close()


@pytest.fixture(scope="session")
def started(browser: Browser, vendored: str) -> Iterator[tuple[Page, Heard]]:
    """The page on the forward pass, in which Python has started."""
    made, heard = heard_context(browser, viewport={"width": 1280, "height": 900})
    page = opened(made.new_page(), vendored, "forward")
    assert Cell(page, 1).run().startswith("Done")
    yield page, heard
    made.close()


@pytest.fixture
def forward(started: tuple[Page, Heard]) -> Iterator[Page]:
    """That page with its cells as they were; in the end it has made no error."""
    page, heard = started
    for button in page.get_by_role("button", name="Reset cell").all():
        if button.is_visible():
            button.click()
    heard.errors.clear()
    yield page
    assert not heard.errors


@pytest.fixture
def reader(kept: tuple[BrowserContext, Heard]) -> Iterator[tuple[Page, Heard]]:
    """A new page of that context, and what is heard from it."""
    made, heard = kept
    heard.errors.clear()
    heard.requests.clear()
    page = made.new_page()
    yield page, heard
    page.close()
