"""A page of HTML as a PDF, printed by Chromium.

::

    python -m docs._ext.tools.print_pdf _build/paper/index.html _build/rnn-notes.pdf

The PDF has page numbers, an outline of its headings, tags and links. It holds no day
of its making, so one book is one file.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from docs._ext.tools import chromium

__all__ = []

_PRINTING = ["--headless", "--no-pdf-header-footer", "--generate-pdf-document-outline"]
_DATES = re.compile(rb"(/(?:Creation|Mod)Date \(D:)\d{14}")


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
    try:
        _printed(Path(sys.argv[1]), Path(sys.argv[2]))
    except (FileNotFoundError, RuntimeError) as error:
        sys.exit(str(error))
    print(f"Open file://{Path(sys.argv[2]).resolve()}")
