"""Chromium, for all who need one: where it is, and how it is started."""

from __future__ import annotations

import os
from shutil import which

__all__ = ["program", "switches"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
_QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def program() -> str | None:
    """The program's path: the one that CHROMIUM names, or one that is found."""
    found = (which(name) for name in (os.environ.get("CHROMIUM", ""), *_NAMES, _MAC))
    return next(filter(None, found), None)


def switches() -> list[str]:
    """What keeps it from asking other hosts; for root it has no sandbox."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*_QUIET, *(["--no-sandbox"] if root else [])]
