"""Files that are replaced in one step, and places that one process works in at a time.

What you can do with it::

    with alone(path):               # this run's, until it ends
        replace_file(path, data)    # the older file or the new one, whole
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["alone", "replace_file"]

_HOUR = 3600  # seconds after which an unfinished file belongs to nobody
_OURS_ALONE = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
_NO_LINK = os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)


def replace_file(path: Path, data: bytes) -> None:
    """Put a file with ``data`` in the place of the one at ``path``, in one step.

    It is written beside its place, under a name that nobody else has, flushed to the
    disk and renamed. A link is followed to the file that it means.

    Raises
    ------
    OSError
        That names the path; what was there before is untouched.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     replace_file(Path(folder, "a"), b"old")
    ...     replace_file(Path(folder, "a"), b"new")
    ...     os.listdir(folder), Path(folder, "a").read_bytes()
    (['a'], b'new')
    """
    place = Path(os.path.realpath(path))
    part = place.with_name(f".{place.name}.{secrets.token_hex(8)}.part")
    try:
        if place.is_symlink():  # although links were followed: it leads to itself
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if place.exists() and not place.is_file():
            raise OSError(errno.EINVAL, "not a regular file")
        _clear(place)
        with os.fdopen(os.open(part, _OURS_ALONE, 0o666), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(place)
        _flush_folder(place.parent)
    except BaseException as error:  # Ctrl-C too
        with contextlib.suppress(OSError):  # where nothing can be written
            part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def _clear(place: Path) -> None:
    """Remove what processes left behind that were killed while they wrote."""
    for part in place.parent.glob(f".{place.name}.*.part"):
        with contextlib.suppress(OSError):  # another writer was faster
            if time.time() - part.lstat().st_mtime > _HOUR:
                part.unlink()


def _flush_folder(folder: Path) -> None:
    """Make a rename outlast a loss of power, where folders can be flushed."""
    with contextlib.suppress(OSError):  # not on every system; the file is there anyway
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other processes away from ``path`` that ask in the same way.

    A file beside it, ``path.lock``, is locked meanwhile; the lock ends with the process
    however that ends. Where files cannot be locked, nobody is kept away.

    Raises
    ------
    ValueError
        Where another process is there already; its number is told.
    OSError
        Where the lock cannot be made; a link in its place is not followed.
    """
    place = Path(os.path.realpath(path))
    lock = place.with_name(place.name + ".lock")
    try:
        handle = _locked(lock, path)
    except FileNotFoundError as error:  # no such folder
        raise FileNotFoundError(error.errno, error.strerror, str(path)) from error
    try:
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        if os.name != "nt":  # there, nobody can remove an open file
            lock.unlink(missing_ok=True)
        os.close(handle)


def _locked(lock: Path, path: Path) -> int:
    """The file ``lock``, open and locked."""
    while True:
        handle = os.open(lock, _NO_LINK, 0o666)
        try:
            _lock(handle)
        except BlockingIOError:
            process = os.read(handle, 20).decode("ascii", "replace") or "just started"
            os.close(handle)
            raise ValueError(
                f"{path} is in use by another training (process {process}), "
                "expected one at a time"
            ) from None
        with contextlib.suppress(FileNotFoundError):  # the last one has removed it
            if os.path.samestat(os.fstat(handle), lock.lstat()):
                return handle
        os.close(handle)


def _lock(handle: int) -> None:
    """Lock an open file, or raise ``BlockingIOError`` where another process has."""
    if sys.platform == "win32":
        import msvcrt

        try:
            os.lseek(handle, 100, os.SEEK_SET)  # a place that nobody reads
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error
        finally:
            os.lseek(handle, 0, os.SEEK_SET)
    else:
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:  # a file system without locks
            pass
