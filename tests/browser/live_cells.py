"""What the tests of live cells share: a site with NumPy inside, and its cells."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect
from visits import ROOT, SITE, arrive

sys.path.insert(0, str(ROOT))
from docs._ext.build.installed import module
from docs._ext.live.wheels import assemble, integrity, version_of

PATIENCE = 300_000  # milliseconds; a loaded machine is slow
GIVEN = sorted((ROOT.parent / "shared" / "wasm").glob("numpy-*_wasm32.whl"))
WHEEL = Path(os.environ["NUMPY_WASM"]) if os.environ.get("NUMPY_WASM") else None
WHEEL = WHEEL or (GIVEN[0] if GIVEN else None)
OFFICIAL = json.loads((module("pyodide") / "pyodide-lock.json").read_text())[
    "packages"
]["numpy"]
NO_WHEEL = (
    "no NumPy wheel for WebAssembly here. Fetch"
    f" https://cdn.jsdelivr.net/pyodide/v{version_of('pyodide')}/full/"
    f"{OFFICIAL['file_name']} and say NUMPY_WASM=/path make test-browser"
)
POWER = re.compile(r"\s×\s10(−?\d+)")
NUMBER = re.compile(r"[-+]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?")


def site_with_numpy(folder: Path, elsewhere: bool = False) -> Path:
    """A copy of the site with the wheel inside it, or with its hash alone.

    elsewhere : NumPy comes from another host, and must be the wheel at hand
    """
    assert WHEEL
    shutil.copytree(SITE, folder, copy_function=os.link)
    live = folder / "_static" / "live"
    shutil.rmtree(live)
    assemble(live, None if elsewhere else WHEEL)
    if elsewhere:
        text = (live / "manifest.json").read_text(encoding="utf-8")
        digest = hashlib.sha256(WHEEL.read_bytes()).hexdigest()
        text = text.replace(OFFICIAL["sha256"], digest)
        text = text.replace(integrity(OFFICIAL["sha256"]), integrity(digest))
        (live / "manifest.json").write_text(text, encoding="utf-8")
    return folder


def push(button: Locator) -> None:
    """Click, and let the page answer: what it does at once is done."""
    button.click()
    button.evaluate("() => new Promise(done => setTimeout(done))")


class Cell:
    """A cell of a page, by its number among those that the page shows."""

    def __init__(self, page: Page, number: int) -> None:
        self.box = page.locator(".cell.live").nth(number - 1)
        self.status = self.box.locator(".live-status")
        self.output = self.box.locator(".live-output")
        self.static = self.box.locator(".cell_output:not(.live-output)")
        self.area = self.box.locator("textarea")

    def button(self, text: str) -> Locator:
        """Its button with this text."""
        return self.box.locator(".live-bar button", has_text=text)

    def run(self) -> str:
        """What its status says once it has run."""
        push(self.button("Run"))
        return self.ended()

    def ended(self) -> str:
        """What its status says once it runs no more."""
        expect(self.button("Run")).to_be_visible(timeout=PATIENCE)
        return self.status.text_content() or ""

    def write(self, source: str) -> None:
        """Write another source into the cell."""
        self.button("Edit").click()
        self.area.fill(source)


def opened(page: Page, address: str, name: str) -> Page:
    """A page of the site with every solution unfolded."""
    arrive(page, f"{address}/{name}.html")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    return page


def differences(page: Page, rounding: Collection[int] = ()) -> list[str]:
    """Where outputs of the cells that have run are not those of the static page.

    The cells numbered in ``rounding`` show what rounding does, so their numbers may be
    a hundred times as large or as small on another machine.
    """
    pairs: list[list[Any]] = page.evaluate("""() =>
        [...document.querySelectorAll('.cell.live')].map(cell => {
          const text = which => (cell.querySelector(which)?.innerText ?? '').trim();
          const hidden = cell.querySelector('.cell_output:not(.live-output)');
          if (hidden) hidden.hidden = false;
          return [text('.cell_output:not(.live-output)'), text('.live-output')];
        })""")
    return [
        f"cell {number}: {difference}"
        for number, (static, live) in enumerate(pairs, 1)
        if (difference := parting(static, live, 100 if number in rounding else 1))
    ]


def parting(static: str, live: str, factor: float = 1) -> str:
    """Where two texts differ by more than rounding; nothing if they do not.

    Numbers may differ by one in their last digit, or by ``factor``. Those below 1e-9
    are all rounding.
    """
    static, live = (
        POWER.sub(r"e\1", text).replace("−", "-") for text in (static, live)
    )
    words = [" ".join(NUMBER.sub("#", text).split()) for text in (static, live)]
    if words[0] != words[1]:
        return f"{static!r} is now {live!r}"
    for a, b in zip(NUMBER.findall(static), NUMBER.findall(live), strict=True):
        x, y = (float(text.replace(",", "")) for text in (a, b))
        small, large = sorted((abs(x), abs(y)))
        near = abs(x - y) <= last_digit(a) * 1.01 or large < factor * small
        if large >= 1e-9 and not near:
            return f"{a} is now {b}, in {live!r}"
    return ""


def last_digit(number: str) -> float:
    """What one more in the last digit is worth."""
    digits, _, exponent = number.replace(",", "").partition("e")
    return float(10 ** (int(exponent or 0) - len(digits.partition(".")[2])))


def answered(box: Locator, press: str, text: str = "") -> str:
    """What a box says once its button was pressed, by default of what stands in it."""
    if text:
        box.locator("textarea").fill(text)
    button = box.locator("button", has_text=press)
    push(button)
    expect(button).to_be_visible(timeout=PATIENCE)
    parts = [box.locator(where).text_content() for where in (".live-status", "pre")]
    return "\n".join(part for part in parts if part)
