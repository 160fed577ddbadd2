"""Imports go strictly downwards, floor by floor."""

import ast
from pathlib import Path

import pytest

import rnn_notes

PACKAGE = Path(rnn_notes.__file__).parent
FLOORS = (  # from the ground up; book/ is built on the rest, and only pages stand on it
    "arguments differences files stopping tape book.cells book.counting",
    "text updates weights book.ngrams book.seeds",
    "rnn",
    "output workspaces",
    "lstm",
    "gru",
    "example hoisted layouts ledger mutants taped taped_cells",
    "checks equations hoisted_lstm book.reach book.timings book.trace",
    "cells",
    "diagnosis sampling training",
    "settings reports",
    "checkpoints",
    "commands book.trained",
    "book.figures book.live __main__",
)
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names.split()}


def room(dotted: str) -> str:
    """The module below the package, or the folder of modules, that a name leads into.

    >>> room("rnn_notes.book.figures.race"), room("rnn_notes.rnn")
    ('book.figures', 'rnn')
    """
    parts = dotted.split(".")[1:]
    return ".".join(parts[: 2 if parts[0] == "book" else 1])


def imports_of(source: str) -> set[str]:
    """The rooms that the source imports from."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            above = node.module in ("rnn_notes", "rnn_notes.book")
            names |= {f"{node.module}.{alias.name}" for alias in node.names if above}
            names |= set() if above else {node.module}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {room(name) for name in names if name.startswith("rnn_notes.")}


def upward(module: str, source: str) -> set[str]:
    """The imports that do not go down."""
    found = imports_of(source) - {module}
    return {name for name in found if FLOOR[name] >= FLOOR[module]}


def modules() -> list[tuple[str, Path]]:
    """Every module with its room; the faces of package and book have none."""
    paths = sorted(PACKAGE.rglob("*.py"))
    faces = {PACKAGE / "__init__.py", PACKAGE / "book" / "__init__.py"}
    dotted = {
        p: ".".join(p.relative_to(PACKAGE.parent).with_suffix("").parts) for p in paths
    }
    return [(room(dotted[path]), path) for path in paths if path not in faces]


@pytest.mark.parametrize(("module", "path"), modules(), ids=lambda value: str(value))
def test_imports_go_down(module, path):
    assert module in FLOOR, f"{module} has no floor"
    assert not upward(module, path.read_text())


def test_an_import_upwards_is_found():
    assert upward("rnn", "from rnn_notes.ledger import ledger") == {"ledger"}
    assert upward("rnn", "from rnn_notes.book import figures") == {"book.figures"}
    assert upward("ledger", "import rnn_notes.rnn") == set()
