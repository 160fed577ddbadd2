"""Two clean builds are the same to the byte: ``make reproducible``.

The site that stands is compared with one that is built from nothing: in another folder,
later, from files with other dates, by one process, for another user in another place.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
AROUND = 40  # bytes shown on each side of a difference
ELSEWHERE = {
    "TZ": "Pacific/Kiritimati",
    "LC_ALL": "C",
    "PYTHONHASHSEED": "7",
    "OPENBLAS_NUM_THREADS": "1",
    "USER": "somebody",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def again(folder: Path) -> Path:
    """The site of a copy of the repository in ``folder``, built from nothing."""
    copy, home = folder / "another place", folder / "home"
    home.mkdir()
    left_out = shutil.ignore_patterns("_build", ".venv")
    shutil.copytree(ROOT, copy, ignore=left_out, symlinks=True)
    for path in copy.rglob("*"):
        if path.is_file():
            os.utime(path, (10**9, 10**9))
    before = os.umask(0o077)
    command = [sys.executable, "docs/build.py", "-j", "1"]
    environment = {**os.environ, **ELSEWHERE, "HOME": str(home)}
    try:
        quiet = subprocess.DEVNULL
        subprocess.run(command, cwd=copy, env=environment, stdout=quiet, check=True)
    finally:
        os.umask(before)
    return copy / "_build" / "html"


def differences(one: Path, other: Path) -> list[str]:
    """What differs between two folders, a line for each file."""
    first, second = files(one), files(other)
    lines = [f"only in {one}: {name}" for name in sorted(first - second)]
    lines += [f"only in {other}: {name}" for name in sorted(second - first)]
    for name in sorted(first & second):
        left, right = (one / name).read_bytes(), (other / name).read_bytes()
        if left != right:
            lines.append(f"{name} differs\n{parting(left, right)}")
    return lines


def files(folder: Path) -> set[str]:
    """The names of all files below a folder."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in found}


def parting(left: bytes, right: bytes) -> str:
    """Both files around the first byte in which they differ."""
    pairs = enumerate(zip(left, right, strict=False))
    at = next((i for i, (a, b) in pairs if a != b), min(len(left), len(right)))
    part = slice(max(at - AROUND, 0), at + AROUND)
    return f"    byte {at}: {left[part]!r}\n    against {right[part]!r}"


def main() -> int:
    """0 if the builds are the same."""
    site = ROOT / "_build" / "html"
    if not files(site):
        sys.exit(f"no site in {site}: run make html first")
    with tempfile.TemporaryDirectory() as folder:
        found = differences(site, again(Path(folder)))
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(files(site))} files, {len(found)} differ")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
