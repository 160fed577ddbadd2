"""The site, built beside the last one and put in its place once it is whole.

``python docs/build.py`` is what ``make html`` runs; further arguments go to Sphinx.

Sphinx warns of a page only while it reads it, so after a build that failed, or that was
killed, the next one reads all pages again. Cells and equations that held are kept.
Where nothing has changed that a build reads, nor the site, nothing is built: unless
there are arguments, or the site is to hold a file from outside of the tree.
"""

from __future__ import annotations

import gc
import locale
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from docs._ext.build.standing import site_of, sources_of  # noqa: E402  (found above)

BUILD = ROOT / "_build"
SITE, NEXT, DOCTREES = BUILD / "html", BUILD / "next", BUILD / "doctrees"
STRICT = ["-q", "-W", "--keep-going", "-n", "-j", "auto"]


def main(arguments: list[str]) -> int:
    """0 for a new site; otherwise the last one stands as it was."""
    speak()
    BUILD.mkdir(exist_ok=True)
    with alone(BUILD / "lock"):
        sources, standing = sources_of(ROOT), BUILD / "standing"
        asked = arguments or os.environ.get("LIVE")
        known = standing.read_text("ascii") if standing.exists() else ""
        if asked or known != f"{sources} {site_of(SITE)}":
            standing.unlink(missing_ok=True)
            if failed := build(arguments):
                left = "is as it was" if SITE.exists() else "does not exist yet"
                print(f"The build failed; the site in {SITE} {left}.", file=sys.stderr)
                return failed
            if not asked:
                standing.write_text(f"{sources} {site_of(SITE)}", "ascii")
    print(f"Open {(SITE / 'index.html').as_uri()}")
    return 0


def build(arguments: list[str]) -> int:
    """0 for a new site; what makes it is loaded only here."""
    gc.disable()  # until pages are read: what is loaded before stays to the end
    from sphinx.cmd.build import main as sphinx

    unfinished = BUILD / "unfinished"
    if unfinished.exists():
        forget(DOCTREES, NEXT)
    unfinished.touch()
    folders = ["-c", str(ROOT), "-d", str(DOCTREES), str(ROOT / "docs"), str(NEXT)]
    failed = sphinx([*STRICT, *arguments, *folders])
    if not failed:
        replace(SITE, NEXT)
        unfinished.unlink()
    return failed


def speak() -> None:
    """Go on in English where the locale that was asked for is not installed."""
    try:
        locale.setlocale(locale.LC_ALL, "")
    except locale.Error:
        os.environ["LC_ALL"] = "C"
        print("The locale is not installed; going on in English.", file=sys.stderr)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep others from building into this folder; the lock ends with the process."""
    with path.open("w") as file:
        try:
            lock(file)
        except OSError:
            sys.exit(
                f"another build is writing to {path.parent}; expected one at a time"
            )
        yield


def lock(file: IO[str]) -> None:
    """Lock the file, or raise ``OSError`` if another process has locked it."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def replace(folder: Path, built: Path) -> None:
    """Put the finished site in the place of ``folder``, and never a part of it."""
    from docs._ext.site.finish import finish

    fresh, old = folder.with_suffix(".new"), folder.with_suffix(".old")
    forget(fresh, old)
    finish(built, fresh)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    forget(old)


def forget(*folders: Path) -> None:
    """Remove the folders."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
