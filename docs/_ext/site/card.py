"""The picture that other sites show beside a link to this one.

Run by hand when the figure or the words change; the result is committed, and a test
compares what it was drawn from with what would be drawn today::

    make .venv/browser/ready
    python -m docs._ext.site.card

Sites that show such pictures read no SVG, so a browser draws one for them.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from functools import cache
from pathlib import Path

from docs._ext.tools import chromium
from rnn_notes.book import figures

__all__ = ["alt"]

_CARD = Path(__file__).parents[2] / "_static" / "card.png"
_WORDS = "Backpropagation through time, measured"
_LOOKS = """
body { margin: 0; width: 1200px; height: 630px; display: flex; align-items: center;
  background: #fff; color: #1f2328; font-family: "STIX Two Text", Charter, Cambria,
  "Liberation Serif", serif }
main { width: 520px; margin: 0 40px 0 80px }
h1 { font-size: 58px; line-height: 1.12; font-weight: 600; margin: 0 0 36px }
code { font: 25px ui-monospace, "Liberation Mono", monospace; white-space: pre }
.dh { color: #6b3fa0 } .dy { color: #1c5fa8 } .dhnext { color: #a84b17 }
svg { width: 540px !important; max-width: none !important }
"""


def _source() -> str:
    """The page that a browser draws as the card."""
    return (
        f'<!doctype html><meta charset="utf-8"><style>{_LOOKS}</style><main>'
        f'<h1>{_WORDS}</h1><code><b class="dh">dh</b> = '
        '<b class="dy">Why.T @ dy</b> + <b class="dhnext">dhnext</b></code></main>'
        f"{figures.two_questions().svg}"
    )


@cache
def alt() -> str:
    """What the card shows, in words."""
    return f"{_WORDS}: dh = Why.T @ dy + dhnext. {figures.two_questions().alt}"


def _mark() -> bytes:
    """A name for the page that the card is drawn from."""
    return b"Source\0" + hashlib.sha256(_source().encode()).hexdigest().encode()


def _marked(png: bytes) -> bytes:
    """The picture with that name in a text chunk, before its last chunk."""
    body = b"tEXt" + _mark()
    size, sum_ = struct.pack(">I", len(_mark())), struct.pack(">I", zlib.crc32(body))
    return png[:-12] + size + body + sum_ + png[-12:]


def _main() -> None:
    """Draw the card."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.program(), args=chromium.switches()
        )
        page = browser.new_page(viewport={"width": 1200, "height": 630})
        page.set_content(_source())
        _CARD.write_bytes(_marked(page.screenshot()))
        browser.close()


if __name__ == "__main__":
    _main()
