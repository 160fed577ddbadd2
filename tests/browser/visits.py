"""What the browser tests share: where the site is, and what a visit heard."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Response

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT))
from docs._ext.tools import chromium  # noqa: E402, F401  (found through the line above; shared from here)

SITE = Path(os.environ.get("SITE", ROOT / "_build" / "html"))
PAGES = sorted(path.stem for path in SITE.glob("*.html"))
SIDEWAYS = """document.documentElement.scrollWidth
  - document.documentElement.clientWidth"""
# A formula is drawn by the book's font, has a size, and is in sight or scrolls to it.
LOST = """[...document.querySelectorAll('math')].filter(math => {
  if (math.closest('details:not([open])')) return false;
  const box = math.getBoundingClientRect();
  const scroll = math.closest('.formula, .text_html, table');
  const held = !scroll || getComputedStyle(scroll).overflowX !== 'hidden';
  const inside = box.right <= document.documentElement.clientWidth + 1;
  return box.width < 1 || box.height < 1 || !held || !(inside || scroll);
}).map(math => math.textContent)"""
SMALL = """[...document.querySelectorAll('.drawn :is(text, tspan)')].filter(e => {
  const svg = e.ownerSVGElement;
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return e.checkVisibility() && scale * parseFloat(getComputedStyle(e).fontSize) < 10;
}).map(e => e.textContent)"""
# Words of a figure that lie on other words or on a box's edge, or that its own edge
# cuts: by the ink of their letters, since a font's own box is as tall as it likes.
CRAMPED = """(() => {
  const pen = document.createElement("canvas").getContext("2d");
  const seen = e => e.checkVisibility({visibilityProperty: true});
  function* inks(text) {
    const kept = text.getNumberOfChars() === text.textContent.length;
    const walk = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
    for (let from = 0, to; walk.nextNode(); from = to) {
      const {data, parentElement} = walk.currentNode;
      const words = kept ? data : data.trim();
      to = from + words.length;
      if (!words.trim()) continue;
      const {fontStyle, fontWeight, fontSize, fontFamily} =
        getComputedStyle(parentElement);
      pen.font = [fontStyle, fontWeight, fontSize, fontFamily].join(" ");
      const {actualBoundingBoxAscent: up, actualBoundingBoxDescent: down} =
        pen.measureText(words);
      const a = text.getStartPositionOfChar(from);
      const b = text.getEndPositionOfChar(to - 1);
      const [p, q] = [[a.x, a.y - up], [b.x, b.y + down]].map(
        place => new DOMPoint(...place).matrixTransform(text.getScreenCTM()));
      const turned = text.closest('[transform]');
      yield {words, turned, left: p.x, top: p.y, right: q.x, bottom: q.y};
    }
  }
  const shared = (a, b) => Math.min(
    Math.min(a.right, b.right) - Math.max(a.left, b.left),
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
  const inside = (a, b) => a.left > b.left - 1 && a.right < b.right + 1
    && a.top > b.top - 1 && a.bottom < b.bottom + 1;
  return [...document.querySelectorAll('.drawn svg')].flatMap(svg => {
    const edge = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll('text')].filter(seen);
    const all = texts.flatMap(text => [...inks(text)]);
    const cut = all.filter(one => Math.min(one.left, one.right) < edge.left - 1
      || Math.max(one.left, one.right) > edge.right + 1);
    const level = all.filter(one => !one.turned);
    const boxes = [...svg.querySelectorAll('rect')].filter(seen).map(
      e => e.getBoundingClientRect());
    const laid = level.filter((one, i) =>
      level.slice(0, i).some(other => shared(other, one) > .5)
      || boxes.some(box => shared(box, one) > 1 && !inside(one, box)));
    return [...cut, ...laid].map(one => one.words);
  });
})()"""
# Where a formula and the stop after it stand on two lines.
BROKEN = """[...document.querySelectorAll('article .held')]
  .filter(e => e.getClientRects().length > 1).length"""
# Of each formula, whether it goes on beyond the edge, and how its shadows move.
GROUND = """[...document.querySelectorAll('.formula')].map(e => [
  e.scrollWidth > e.clientWidth + 1,
  getComputedStyle(e).backgroundAttachment.split(', ')])"""
LOADED = """![...document.querySelectorAll('math')].some(
  math => math.checkVisibility()) || [...document.fonts].some(
  font => font.family.includes('STIX Two Math') && font.status === 'loaded')"""
# After this, what looks on as boxes change their size has been told.
DRAWN = (
    "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r())))"
)
FORMULAS = [
    name for name in PAGES if "<math" in (SITE / f"{name}.html").read_text("utf-8")
]
AXE = ROOT / ".venv" / "browser" / "node_modules" / "axe-core" / "axe.min.js"


@dataclass
class Heard:
    """What some pages, and the windows that they open, asked for and complained of."""

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def hosts(self) -> set[str]:
        """Every host that was asked for something."""
        asked = (urlsplit(url) for url in self.requests)
        return {url.netloc for url in asked if url.scheme.startswith(("http", "ws"))}

    def listen(self, page: Page) -> Heard:
        """This, with one page more that is heard."""
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", self.note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("popup", self.listen)
        return self

    def note(self, said: Any) -> None:
        """Keep errors and warnings of the console."""
        if said.type in ("error", "warning"):
            self.errors.append(f"{said.type}: {said.text}")

    def forget(self) -> None:
        """Begin again, with nothing heard."""
        self.requests.clear()
        self.errors.clear()


@dataclass
class Visit:
    """A page that is open, and what is heard from it."""

    name: str
    page: Page
    heard: Heard

    def seen(
        self, width: int, height: int = 900, scheme: str = "light", on: str = "screen"
    ) -> Page:
        """The page as it is seen in a window of this size, in these colours."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(media=on, color_scheme=scheme)  # type: ignore[arg-type]
        self.page.locator(f"html[data-theme={scheme}]").wait_for(state="attached")
        self.page.evaluate(DRAWN)
        return self.page


Opened = Callable[..., tuple[BrowserContext, Heard]]
Lasting = Callable[..., BrowserContext]
Blank = Callable[..., tuple[Page, Heard]]
NewPage = Callable[..., Page]


def arrive(page: Page, url: str, **options: Any) -> Response | None:
    """The answer, once the page's scripts have run and all of it is laid out."""
    answer = page.goto(url, **options)
    page.locator("html:not([data-waiting])").wait_for(state="attached")
    page.evaluate("document.documentElement.removeAttribute('data-far')")
    return answer


def settled(page: Page, url: str) -> Response | None:
    """The same, once the fonts have come too."""
    answer = arrive(page, url)
    page.evaluate("document.fonts.ready.then(() => true)")
    return answer


class Chrome:
    """A window of Chromium that is asked as those of the other engines are."""

    def __init__(self, browser: Browser) -> None:
        self.page = browser.new_page()

    def open(self, url: str, width: int = 1280) -> None:
        """Load the page in a window of this width."""
        self.page.set_viewport_size({"width": width, "height": 900})
        settled(self.page, url)

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript comes to."""
        return self.page.evaluate(expression)


def becomes(look: Callable[[], object], wanted: object, patience: float = 30) -> None:
    """Assert that what is looked at is what is wanted, or soon will be.

    A key, a click or a wheel is answered when a loaded machine comes to it.

    patience : seconds
    """
    end = time.monotonic() + patience
    while (seen := look()) != wanted and time.monotonic() < end:
        time.sleep(0.02)
    assert seen == wanted, f"{seen!r}, not {wanted!r}"


def violations(page: Page, where: str = "html", **options: Any) -> list[str]:
    """What axe-core finds wrong with the page, or a part of it, as it stands.

    options : axe-core's own, as ``runOnly`` and ``rules``
    """
    # Evaluated through the debugger, which a page's content-security policy lets by.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    options["resultTypes"] = ["violations"]
    found = page.evaluate(
        "([where, options]) => axe.run(where, options)", [where, options]
    )
    return [
        f"{rule['id']}: {node['html'][:120]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
