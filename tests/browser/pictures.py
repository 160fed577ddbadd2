"""Every page in three engines, two schemes and two widths, as sheets to look at.

``python tests/browser/pictures.py [PAGE …]`` writes ``_build/pictures/index.html``,
with a sheet for each page: what a reader sees at first, in every view.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import product
from pathlib import Path

from firefox import Firefox, firefox
from playwright.sync_api import Browser, sync_playwright
from server import served
from visits import PAGES, ROOT, SITE, arrive, chromium
from webkit import NARROW, WebKit, webkit

OUT = ROOT / "_build" / "pictures"
SCHEMES, WIDTHS = ("light", "dark"), (1280, 390)
CHOOSE = "localStorage.setItem('mode', '{}') ?? 1"
SHEET = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{0}</title>
<style>body {{font: 14px sans-serif}} figure {{display: inline-block; margin: 4px}}
img {{height: 420px; border: 1px solid #888}}</style><h1>{0}</h1>{1}
"""
Photograph = Callable[[str, int, str, Path], None]


def in_chromium(browser: Browser) -> Photograph:
    """What takes a picture of a page in Chromium."""

    def take(url: str, width: int, scheme: str, path: Path) -> None:
        size = {"width": width, "height": 900}
        page = browser.new_page(viewport=size, color_scheme=scheme)
        arrive(page, url, wait_until="networkidle")
        page.screenshot(path=path)
        page.close()

    return take


def in_window(window: Firefox | WebKit, narrowest: int) -> Photograph:
    """What takes a picture in a window that is driven; its site keeps the scheme."""

    def take(url: str, width: int, scheme: str, path: Path) -> None:
        window.open(url, max(width, narrowest))
        window.value(CHOOSE.format(scheme))
        window.open(url, max(width, narrowest))
        window.screenshot(path)

    return take


def engines(stack: ExitStack) -> Iterator[tuple[str, Photograph]]:
    """The three engines, each started when it is asked for."""
    playwright = stack.enter_context(sync_playwright())
    program, switches = chromium.program(), chromium.switches()
    browser = playwright.chromium.launch(executable_path=program, args=switches)
    yield "chromium", in_chromium(browser)
    profile = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    yield "firefox", in_window(stack.enter_context(firefox(profile)), 0)
    yield "webkit", in_window(stack.enter_context(webkit()), NARROW)


def sheet(name: str, pictures: list[Path]) -> str:
    """The views of a page side by side, as HTML."""
    views = "".join(
        f"<figure><img src='{p.relative_to(OUT)}' alt='{p.stem}'>"
        f"<figcaption>{p.stem.removeprefix(name + '-')}</figcaption></figure>"
        for p in pictures
    )
    return SHEET.format(name, views)


def main(pages: list[str]) -> None:
    """Write the sheets, and a page that leads to them."""
    shutil.rmtree(OUT, ignore_errors=True)
    (OUT / "views").mkdir(parents=True)
    made: dict[str, list[Path]] = {name: [] for name in pages}
    with served(SITE) as address, ExitStack() as stack:
        for engine, take in engines(stack):
            for name, width, scheme in product(pages, WIDTHS, SCHEMES):
                path = OUT / "views" / f"{name}-{engine}-{width}-{scheme}.png"
                take(f"{address}/{name}.html", width, scheme, path)
                made[name].append(path)
    for name, pictures in made.items():
        (OUT / f"{name}.html").write_text(sheet(name, pictures), encoding="utf-8")
    links = "".join(f"<li><a href='{name}.html'>{name}</a>" for name in pages)
    index = SHEET.format("All views", f"<ul>{links}</ul>")
    (OUT / "index.html").write_text(index, encoding="utf-8")
    print(f"Open {(OUT / 'index.html').as_uri()}")


if __name__ == "__main__":
    main(sys.argv[1:] or PAGES)
