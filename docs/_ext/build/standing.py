"""Whether the site that stands is what a build would make: then none is needed.

To find out that nothing has changed, Sphinx takes seconds, which go for its imports.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from docs._ext.build.installed import MODULES

__all__ = ["digest_of", "files_below", "installed", "site_of", "sources_of"]

_MADE = ("_build", ".venv", ".git", "__pycache__")
_SHELLS = ("_", "OLDPWD", "PWD", "SHLVL")  # what a shell tells of itself
_HISTORY = ("git", "rev-parse", "--is-shallow-repository", "HEAD")


def sources_of(root: Path) -> str:
    """A name for all that a build reads: the tree, settings, history, and programs.

    What is installed is known by its versions and by when that was.
    """
    settings = sorted(pair for pair in os.environ.items() if pair[0] not in _SHELLS)
    try:
        asked = subprocess.run(_HISTORY, cwd=root, capture_output=True, check=False)
        history = asked.stdout + asked.stderr
    except OSError:  # no git
        history = b""
    rest = repr([settings, sys.version, history, list(installed())]).encode()
    return digest_of(root, files_below(root), rest)


def site_of(folder: Path) -> str:
    """A name for what the files below a folder hold; that of none, if it is not there.

    >>> site_of(Path(__file__).parent) == site_of(Path(__file__).parents[1])
    False
    """
    return digest_of(folder, files_below(folder), b"")


def digest_of(root: Path, files: Iterable[Path], rest: bytes) -> str:
    """A name for some files below ``root``, and for more."""
    total = hashlib.sha256(rest)
    for path in sorted(files):
        try:
            data = path.read_bytes()
        except OSError:  # gone by now, or no build could read it either
            continue
        total.update(f"\0{path.relative_to(root).as_posix()}\0{len(data)}\0".encode())
        total.update(data)
    return total.hexdigest()


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder, or the file itself, without what is made there."""
    if folder.is_file():
        yield folder
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if name not in _MADE]
        paths = (Path(place, name) for name in names)
        yield from (path for path in paths if path.is_file())


def installed() -> Iterator[tuple[str, int]]:
    """Each package that Python finds, npm's list, and when they were installed."""
    for folder in map(Path, sys.path):
        for path in sorted(folder.glob("*.dist-info")):
            yield path.name, path.stat().st_mtime_ns
    packages = MODULES / ".package-lock.json"
    if packages.exists():
        yield packages.name, packages.stat().st_mtime_ns
