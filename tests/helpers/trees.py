"""Copies of the repository, and small books, for tests that build, edit and break."""

from __future__ import annotations

import io
import re
import shutil
import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
EXT = ROOT / "docs" / "_ext"
BUILT = ("_build", ".venv", ".git", "__pycache__")
PLAIN = {
    "html_theme": "basic",
    "html_math_renderer": "mathml",
    "html_copy_source": False,
    "myst_enable_extensions": ["amsmath", "dollarmath"],
    "myst_update_mathjax": False,
    "numfig": True,
    "math_numfig": True,
}


def copied(folder: Path) -> Path:
    """A copy of the repository in a folder, without what was built and its history."""
    return shutil.copytree(
        ROOT, folder, ignore=shutil.ignore_patterns(*BUILT), dirs_exist_ok=True
    )


def plant(path: Path, text: str) -> None:
    """Write a module anew, and forget its bytecode.

    Python takes bytecode for fresh where size and second of the source are the same.
    """
    path.write_text(text, encoding="utf-8")
    compiled = Path(cache_from_source(str(path)))
    for old in compiled.parent.glob(f"{path.stem}.*"):
        old.unlink()


def forget_bytecode(folder: Path) -> None:
    """Remove what Python has compiled below a folder, where it is kept elsewhere."""
    if sys.pycache_prefix:
        kept = Path(sys.pycache_prefix, *folder.resolve().parts[1:])
        shutil.rmtree(kept, ignore_errors=True)


def emptied(folder: Path) -> Path:
    """A copy of the repository that has no page yet.

    It takes what builds have trained and compiled here, named by what that is made of.
    """
    for page in (copied(folder) / "docs").glob("*.md"):
        page.unlink()
    from docs._ext.live.compiled import compiled  # loads the package

    made = ROOT / "_build"
    sources = (path.stat().st_mtime for path in (ROOT / "rnn_notes").rglob("*.py"))
    zips = (path.stat().st_mtime for path in made.glob("compiled/*.zip"))
    if max(zips, default=0) < max(sources):
        compiled()  # here and now, or each copy would for itself
    for kept in [*made.glob("trained/*.npz"), *made.glob("compiled/*.zip")]:
        mine = folder / kept.relative_to(ROOT)
        mine.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # another test has compiled anew
            shutil.copyfile(kept, mine)
    return folder


def write(folder: Path, texts: dict[str, str]) -> None:
    """Write files, and touch only those whose text is new."""
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def built(
    here: Path,
    pages: dict[str, str],
    extensions: list[str],
    builder: str = "html",
    jobs: int = 1,
    **settings: Any,
) -> str:
    """What Sphinx warns of while it builds pages plainly, from docs/ into html/.

    extensions : ours by folder and name, as in ``"pages.drawn"``
    """
    from sphinx.application import Sphinx  # most processes of tests build nothing
    from sphinx.util.docutils import docutils_namespace

    write(here / "docs", {f"{name}.md": text for name, text in pages.items()})
    ours = [f"docs._ext.{name}" if "." in name else name for name in extensions]
    overrides = {**PLAIN, "extensions": ours, **settings}
    if "formulas.measured" in extensions:
        overrides["measured_cache"] = str(here / "measured")
    folders = (here / "docs", None, here / "html", here / "doctrees")
    warnings = io.StringIO()
    with docutils_namespace():
        Sphinx(*folders, builder, overrides, None, warnings, parallel=jobs).build()
    return re.sub(r"\x1b\[[\d;]*m", "", warnings.getvalue())


def read(html: str) -> str:
    """What a reader sees of some HTML, in one line."""
    html = re.sub(r"<annotation.*?</annotation>", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())
