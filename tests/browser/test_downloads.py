"""What live cells fetch, and what they say of a file that does not come."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

from cells import OFFICIAL, WHEEL, Cell, opened
from playwright.sync_api import BrowserContext, Route, expect
from server import Handler, served
from visits import SITE, Opened


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


def test_numpy_of_another_host_is_used_if_its_hash_is_right(
    context: Opened, elsewhere: str
):
    assert WHEEL
    made, heard = context()
    asked = answered(made, WHEEL.read_bytes())
    cell = Cell(opened(made.new_page(), elsewhere, "forward"), 1)
    assert cell.run().startswith("Done")
    assert len(asked) == 1
    assert not heard.errors


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
    made, _ = context()
    answered(made, None)
    cell = Cell(opened(made.new_page(), elsewhere, "forward"), 1)
    assert "from cdn.jsdelivr.net: no answer came." in cell.run()
    expect(cell.static.or_(cell.box.locator(".cell_input")).first).to_be_visible()
    made.unroute_all()
    answered(made, WHEEL.read_bytes())
    assert cell.run().startswith("Done")


def test_a_missing_file_of_this_site_is_named(context: Opened, vendored: str):
    made, _ = context()
    made.route("**/python_stdlib.zip", lambda route: route.fulfill(status=503))
    cell = Cell(opened(made.new_page(), vendored, "forward"), 1)
    assert cell.run().startswith(
        "python_stdlib.zip could not be loaded from this site: the answer was 503."
    )


class Weak(Handler):
    """A host whose connection breaks while it sends Python's library."""

    def do_GET(self) -> None:
        if self.path.endswith(".zip"):
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(bytes(1000))
            self.close_connection = True
        else:
            super().do_GET()


def test_a_download_that_breaks_off_is_told(context: Opened):
    made, _ = context()
    made.route(re.compile("^https://"), lambda route: None)  # NumPy is on its way
    with served(SITE, handler=Weak) as address:
        cell = Cell(opened(made.new_page(), address, "forward"), 1)
        assert cell.run().startswith(
            "python_stdlib.zip could not be loaded from this site: it broke off."
        )
