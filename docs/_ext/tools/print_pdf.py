"""A page of HTML as a PDF, printed by Chromium.

::

    python -m docs._ext.tools.print_pdf _build/paper/index.html _build/rnn-notes.pdf

The PDF has page numbers, an outline of its headings, tags and links. It holds no day
of its making, so one book is one file. Browsers cannot write the page of a chapter into
the contents: it is printed once to find the pages, and once more with them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from bisect import bisect
from pathlib import Path
from tempfile import TemporaryDirectory

from docs._ext.tools import chromium

__all__ = []

_PRINTING = ["--headless", "--no-pdf-header-footer", "--generate-pdf-document-outline"]
_DATES = re.compile(rb"(/(?:Creation|Mod)Date \(D:)\d{14}")
_SHEET = re.compile(rb"\n(\d+) 0 obj\n<</Type /Page\n")
_PLACE = re.compile(rb"/(\S+) \[(\d+) 0 R /XYZ")
_ROOM = re.compile(r'<span class="page" data-of="([^"]+)">(?=</span>)')


def _browser() -> str:
    """The program that prints.

    Raises ``FileNotFoundError`` where there is none.
    """
    program = chromium.program()
    if program is None:
        raise FileNotFoundError(
            "no Chromium here: install it (Debian: apt-get install chromium),"
            " or name yours: CHROMIUM=/path make pdf"
        )
    return program


def _printed(page: Path, target: Path) -> None:
    """Print the page into ``target``.

    Raises ``RuntimeError`` with the browser's last words if it has printed nothing.
    """
    with TemporaryDirectory() as folder:
        made = Path(folder, "made.pdf")
        command = [_browser(), *_PRINTING, *chromium.switches()]
        command += [f"--user-data-dir={folder}/profile", f"--print-to-pdf={made}"]
        command.append(page.resolve().as_uri())
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        if not made.exists():
            raise RuntimeError(f"{page} was not printed\n{done.stderr[-2000:]}")
        target.write_bytes(_undated(made.read_bytes(), _epoch()))


def _numbered(html: str, pdf: bytes) -> str:
    """The page with the numbers that its chapters have in a PDF of it.

    Chromium writes its sheets in order, and names the places that links lead to.

    >>> room = '<span class="page" data-of="a"></span>'
    >>> sheets = b"\\n2 0 obj\\n<</Type /Page\\n\\n7 0 obj\\n<</Type /Page\\n"
    >>> _numbered(room, sheets + b"<</a [7 0 R /XYZ 0 1 0]>>")
    '<span class="page" data-of="a">2</span>'
    """
    sheets = sorted(int(number) for number in _SHEET.findall(pdf))
    places = {name.decode(): int(sheet) for name, sheet in _PLACE.findall(pdf)}
    return _ROOM.sub(lambda room: f"{room[0]}{bisect(sheets, places[room[1]])}", html)


def _epoch() -> int:
    """The moment that the PDF names as its making."""
    return int(os.environ.get("SOURCE_DATE_EPOCH", "0"))


def _undated(pdf: bytes, moment: int) -> bytes:
    """The same PDF, of the same length, made at another moment.

    >>> _undated(b"<</CreationDate (D:20261124101112+00'00')>>", 0)
    b"<</CreationDate (D:19700101000000+00'00')>>"
    """
    day = time.strftime("%Y%m%d%H%M%S", time.gmtime(moment)).encode()
    return _DATES.sub(rb"\g<1>" + day, pdf)


if __name__ == "__main__":
    source, printed = map(Path, sys.argv[1:])
    numbered = source.with_stem("numbered")
    try:
        _printed(source, printed)
        html = _numbered(source.read_text("utf-8"), printed.read_bytes())
        numbered.write_text(html, encoding="utf-8")
        _printed(numbered, printed)
    except (FileNotFoundError, RuntimeError) as error:
        sys.exit(str(error))
    print(f"Open file://{printed.resolve()}")
