"""How long a slow phone takes to have a page's mathematics ready, in its own font.

That is: what is seen at first is painted in its fonts, and the font of mathematics is
there for what comes into sight.

``python tests/browser/ready.py PAGE …``: medians of five first visits, in seconds.
The phone is Lighthouse's: 150 ms a round trip, 1.6 Mbit/s, a processor four times as
slow as this one.
"""

from __future__ import annotations

import statistics
import sys

from playwright.sync_api import Browser, sync_playwright
from server import served
from visits import PAGES, SITE, chromium

LINE = {"latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 75e4 / 8}
READY = """Promise.all([document.fonts.ready, document.querySelector('math')
  && document.fonts.load('1em "STIX Two Math Subset"')]).then(() => new Promise(done =>
  requestAnimationFrame(() => done([
    performance.now(),
    ...performance.getEntriesByName('first-contentful-paint').map(p => p.startTime),
  ]))))"""
WATCH = f"""document.addEventListener('DOMContentLoaded',
  () => {{ window.ready = {READY}; }})"""


def visit(browser: Browser, url: str) -> list[float]:
    """Milliseconds until the fonts are there and painted, and until the first paint."""
    context = browser.new_context(viewport={"width": 412, "height": 823})
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.emulateNetworkConditions", {"offline": False, **LINE})
    wire.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.add_init_script(WATCH)
    page.goto(url)
    times: list[float] = page.evaluate("window.ready")
    context.close()
    return times


def main(pages: list[str]) -> None:
    """Print a line a page."""
    with served(SITE) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.program(), args=chromium.switches()
        )
        for page in pages:
            visits = [visit(browser, f"{address}/{page}.html") for _ in range(5)]
            ready, *painted = map(statistics.median, zip(*visits, strict=False))
            first = painted[0] if painted else ready
            print(f"{page:16} math {ready / 1e3:.2f}  first paint {first / 1e3:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:] or PAGES)
