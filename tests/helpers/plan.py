"""The plan of the house, drawn from its imports into CONTRIBUTING: ``make plan``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from textwrap import wrap

from tests.helpers.trees import ROOT

__all__ = ["GUIDE", "drawn", "floors", "imports_of", "redrawn", "rooms"]

GUIDE = ROOT / "CONTRIBUTING.md"
PACKAGE = ROOT / "rnn_notes"
OPEN = ("book", "training")  # folders whose modules stand on several floors
START, END = "<!-- plan: make plan -->\n", "<!-- end of the plan -->\n"


def room(dotted: str) -> str:
    """The room of a name: a module or a folder below the package, and in an open
    folder its modules and folders.

    >>> room("rnn_notes.book.figures.race"), room("rnn_notes.rnn.Params")
    ('book.figures', 'rnn')
    >>> room("rnn_notes.training.clip"), room("rnn_notes.hoisted.workspaces")
    ('training', 'hoisted')
    """
    first, *rest = dotted.split(".")[1:]
    inner = [PACKAGE / first / name for name in rest[:1] if first in OPEN]
    found = [p for p in inner if p.is_dir() or p.with_suffix(".py").is_file()]
    return ".".join([first, *(p.name for p in found if p.name != "__init__")])


def imports_of(source: str) -> set[str]:
    """The rooms that a source imports from.

    >>> imports_of("from rnn_notes.book import figures") == {"book.figures"}
    True
    """
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {room(name) for name in names if name.startswith("rnn_notes.")}


@cache
def rooms() -> dict[str, set[str]]:
    """Every room with those that it imports from; faces of packages are in none."""
    faces = {PACKAGE / "__init__.py", PACKAGE / "book" / "__init__.py"}
    found: dict[str, set[str]] = {}
    for path in sorted({*PACKAGE.rglob("*.py")} - faces):
        name = room(".".join(path.relative_to(ROOT).with_suffix("").parts))
        found.setdefault(name, set()).update(imports_of(path.read_text("utf-8")))
    return {name: below - {name} for name, below in found.items()}


def floors(below: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """The rooms from the ground up, each as low as what it imports lets it stand.

    Raises ``graphlib.CycleError`` where imports run in a circle.

    >>> [*floors({"roof": {"wall"}, "wall": {"ground"}, "shed": {"ground"}})]
    [['ground'], ['shed', 'wall'], ['roof']]
    """
    sorter = TopologicalSorter(below)
    sorter.prepare()
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        yield ready
        sorter.done(*ready)


def folders(root: Path) -> Iterator[str]:
    """A line for each folder: its name, and the modules in it."""
    for folder in sorted(p for p in root.iterdir() if [*p.glob("*.py")]):
        names = sorted(p.stem for p in folder.glob("*.py"))
        listed = " ".join(n.removeprefix("test_") for n in names if n[0] != "_")
        first, *rest = wrap(listed, 66)
        yield f"  {folder.name:<12}{first}"
        yield from (" " * 14 + line for line in rest)


def drawn() -> str:
    """The plan: what stands on what, and what is in which folder."""
    lines = ["rnn_notes/    each line imports from lines below it, and from no other"]
    for names in reversed([*floors(rooms())]):
        lines += [f"  {line}" for line in wrap(" ".join(names), 78)]
    lines += ["docs/_ext/    the Sphinx side", *folders(ROOT / "docs" / "_ext")]
    lines += ["tests/", *folders(ROOT / "tests")]
    return "\n".join(lines) + "\n"


def redrawn(guide: str, plan: str) -> str:
    """The guide with the plan of today.

    >>> redrawn(f"Before.\\n{START}old{END}After.", "new\\n").count("new")
    1
    """
    before, rest = guide.split(START)
    return f"{before}{START}```text\n{plan}```\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    GUIDE.write_text(redrawn(GUIDE.read_text("utf-8"), drawn()), encoding="utf-8")
