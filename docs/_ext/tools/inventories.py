"""Other projects' inventories, cut down to the names that pages use.

Run by hand when a page uses a new name; the results are committed, so that no build
asks the network. Python's inventory is at https://docs.python.org/3/objects.inv and in
Debian's python3-doc, NumPy's at https://numpy.org/doc/stable/objects.inv::

    python -m docs._ext.tools.inventories python PATH/objects.inv
    python -m docs._ext.tools.inventories numpy PATH/objects.inv

They are written as Sphinx's first format, which is plain text, one name a line.
"""

from __future__ import annotations

import builtins
import re
import sys
from pathlib import Path

from sphinx.util.inventory import InventoryFile

__all__ = ["HEAD", "pages", "used"]

_DOCS = Path(__file__).parents[2]
HEAD = "# Sphinx inventory version 1\n# Project: {}\n# Version: {}\n"


def used(texts: list[str]) -> dict[str, set[str]]:
    """The names of NumPy and of Python that pages use, by project.

    >>> used(["`sorted(a)` and ``np.linalg.norm(v)``; ``list``"])
    {'python': {'sorted'}, 'numpy': {'numpy.linalg.norm'}}
    """
    whole = "\n".join(texts)
    numpy = re.findall(r"\bnp((?:\.[A-Za-z_]\w*)+)", whole)
    python = re.findall(r"(?<!`)`(\w+)(?:\([^`]*\))?`(?!`)", whole)
    return {
        "python": {name for name in python if hasattr(builtins, name)},
        "numpy": {f"numpy{name}" for name in numpy},
    }


def pages() -> list[str]:
    """The sources of all pages."""
    return [path.read_text(encoding="utf-8") for path in sorted(_DOCS.glob("*.md"))]


def _main(project: str, source: str) -> None:
    """Write the names in use into the project's inventory in ``docs/inv``."""
    whole = InventoryFile.loads(Path(source).read_bytes(), uri="").data
    lines: dict[str, str] = {}
    for kind in sorted(kind for kind in whole if kind.startswith("py:")):
        for name in used(pages())[project] & set(whole[kind]):
            item = whole[kind][name]
            page = item.uri.partition("#")[0]
            lines[name] = f"{name} {kind.removeprefix('py:')} {page}\n"
    head = HEAD.format(item.project_name, item.project_version)
    text = head + "".join(lines[name] for name in sorted(lines))
    (_DOCS / "inv" / f"{project}.inv").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _main(*sys.argv[1:])
