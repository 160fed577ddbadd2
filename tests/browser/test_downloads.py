"""What live cells fetch, and what they say of a file that does not come."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import pytest
from live_cells import OFFICIAL, WHEEL, Cell, opened
from playwright.sync_api import BrowserContext, Route, expect
from server import Handler, served
from visits import SITE, Opened, becomes


def test_nothing_is_loaded_before_a_run(context: Opened, address: str):
    made, heard = context()
    page = opened(made.new_page(), address, "forward")
    page.wait_for_load_state("networkidle")
    asked = [urlsplit(url).path for url in heard.requests]
    assert [path for path in asked if "live" in path] == ["/_static/live.js"]
    assert heard.hosts() == {urlsplit(address).netloc}


def test_the_site_pins_the_official_numpy():
    manifest = json.loads(Path(SITE, "_static/live/manifest.json").read_text())
    entry = manifest["lock"]["packages"]["numpy"]
    assert entry["sha256"] == OFFICIAL["sha256"]
    assert entry["file_name"].endswith(OFFICIAL["file_name"])


# NumPy from Pyodide's own host, whose answers are given here


def answered(context: BrowserContext, answer: bytes | None) -> list[str]:
    """The requests that have gone to another host, each with the same answer."""
    asked: list[str] = []

    def reply(route: Route) -> None:
        asked.append(route.request.url)
        if answer is None:
            route.abort()
        else:
            headers = {"Access-Control-Allow-Origin": "*"}
            route.fulfill(body=answer, headers=headers)

    context.route(re.compile("^https://"), reply)
    return asked


def test_numpy_with_another_hash_is_refused(context: Opened, address: str):
    made, _ = context()
    asked = answered(made, b"another wheel")
    cell = Cell(opened(made.new_page(), address, "forward"), 1)
    said = cell.run()
    assert said.startswith("numpy-")
    assert "from cdn.jsdelivr.net: it is not the file that this site expects." in said
    assert said.endswith("To try again, press the button.")
    assert {urlsplit(url).netloc for url in asked} == {"cdn.jsdelivr.net"}


def test_a_failed_download_is_told_and_can_be_tried_again(
    context: Opened, elsewhere: str
):
    assert WHEEL
    made, heard = context()
    answered(made, None)
    cell = Cell(opened(made.new_page(), elsewhere, "forward"), 1)
    assert "from cdn.jsdelivr.net: no answer came." in cell.run()
    expect(cell.static.or_(cell.box.locator(".cell_input")).first).to_be_visible()
    made.unroute_all()
    heard.errors.clear()
    asked = answered(made, WHEEL.read_bytes())
    assert cell.run().startswith("Done")
    assert len(asked) == 1
    assert not heard.errors


# A host that serves this site badly


class Bad(Handler):
    """A host that changes a bit of one file, breaks off another, holds back a third.

    Its scripts wait for six seconds where the site's wait for sixty.
    """

    spoilt = broken = held = "none"
    over = Event()

    def read(self, path: Path) -> tuple[bytes, str, bool]:
        data, kind, small = super().read(path)
        if path.name.startswith(self.spoilt):
            plain = bytearray(path.read_bytes())
            plain[len(plain) // 2] ^= 1
            return bytes(plain), kind, False
        if path.suffix == ".js":
            data = gzip.compress(path.read_bytes().replace(b"60_000", b"6_000"))
        return data, kind, small

    def do_GET(self) -> None:
        name = urlsplit(self.path).path.split("/")[-1]
        if name.startswith(self.held):
            self.over.wait()
        if name.startswith(self.broken):
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(bytes(1000))
            self.close_connection = True
        else:
            super().do_GET()


@pytest.fixture
def bad(whole: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """A function that says where a host spoils what is named: ``bad(spoilt="a")``."""
    monkeypatch.setattr(Bad, "over", Event())
    with served(whole, handler=Bad) as address:

        def serving(**faults: str) -> str:
            for fault, name in faults.items():
                monkeypatch.setattr(Bad, fault, name)
            return address

        yield serving
        Bad.over.set()


FETCHED = [  # by a Run on a page that uses the trained network
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "numpy-",
    "lark-",
    "rnn_notes-",
    "trained.npz",
]
CHANGED = (
    "could not be loaded from this site: it is not the file that this site expects."
)


def test_no_file_is_forgotten_below(whole: Path):
    live = whole / "_static" / "live"
    names = {path.name for path in live.rglob("*") if path.is_file()}
    found = {name for name in names if not name.startswith(tuple(FETCHED))}
    assert found == {"manifest.json", "temml.min.js"}


def said(context: Opened, address: str, name: str = "training") -> str:
    """What the first cell that can be run says in the end; another Run is possible."""
    page = opened(context()[0].new_page(), address, name)
    return Cell(page, 1).run()


@pytest.mark.parametrize("file", FETCHED)
def test_a_changed_bit_is_told(context: Opened, bad: Callable[..., str], file: str):
    told = said(context, bad(spoilt=file))
    assert told.startswith(file)
    assert CHANGED in told


CLICK = "document.querySelector('.live-bar button').click() || 0"
STATUS = "document.querySelector('.live-status').textContent"


@pytest.mark.parametrize("file", ["pyodide.asm.wasm", "numpy-"])
@pytest.mark.parametrize("engine", ["fox", "safari"])
def test_a_changed_bit_is_told_elsewhere(
    request: pytest.FixtureRequest, bad: Callable[..., str], engine: str, file: str
):
    window = request.getfixturevalue(engine)
    window.open(f"{bad(spoilt=file)}/forward.html")
    window.value(CLICK)
    becomes(lambda: window.value(STATUS).endswith("."), True, patience=60)
    told = window.value(STATUS)
    assert told.startswith(file)
    assert CHANGED in told


def test_changed_typesetting_does_not_run(context: Opened, bad: Callable[..., str]):
    """A formula is typeset by the script that the site was built with, or not."""
    for spoilt, shown in (("none", 1), ("temml", 0)):
        page = opened(context()[0].new_page(), bad(spoilt=spoilt), "equations")
        with page.expect_response("**/temml.min.js"):
            page.locator(".formula-box textarea").first.focus()
        page.wait_for_load_state("networkidle")
        expect(page.locator(".formula-box math")).to_have_count(shown)


@pytest.mark.parametrize("file", ["manifest.json", "python_stdlib.zip", "numpy-"])
def test_waiting_for_a_file_ends(context: Opened, bad: Callable[..., str], file: str):
    told = said(context, bad(held=file))
    assert told.startswith(file)
    assert "could not be loaded from this site: nothing came for 60 s." in told


def test_waiting_for_the_worker_ends_and_a_run_is_possible(
    context: Opened, bad: Callable[..., str]
):
    """Also from this host, if it does nothing bad."""
    page = opened(context()[0].new_page(), bad(held="live-worker"), "forward")
    cell = Cell(page, 1)
    assert cell.run().startswith("Nothing came from this site for 60 s.")
    Bad.over.set()
    assert cell.run().startswith("Done")


def test_a_missing_file_is_named(context: Opened, vendored: str):
    made, _ = context()
    made.route("**/python_stdlib.zip", lambda route: route.fulfill(status=503))
    cell = Cell(opened(made.new_page(), vendored, "forward"), 1)
    assert cell.run().startswith(
        "python_stdlib.zip could not be loaded from this site: the answer was 503."
    )


def test_a_download_that_breaks_off_is_told(context: Opened, bad: Callable[..., str]):
    assert said(context, bad(broken="python_stdlib")).startswith(
        "python_stdlib.zip could not be loaded from this site: it broke off."
    )
