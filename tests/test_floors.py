"""Imports go strictly downwards, floor by floor."""

import ast
from pathlib import Path

import pytest

import rnn_notes

PACKAGE = Path(rnn_notes.__file__).parent
FLOORS = {
    "arguments": 0,
    "weights": 1,
    "rnn": 2,
    "differences": 2,
    "tape": 2,
    "text": 2,
    "work": 2,
    "pages": 2,
    "example": 6,
    "layouts": 6,
    "ledger": 6,
    "output": 3,
    "lstm": 4,
    "gru": 5,
    "taped": 6,
    "taped_cells": 6,
    "hoisted": 6,
    "updates": 1,
    "hoisted_lstm": 7,
    "cells": 8,
    "timings": 6,
    "mutants": 6,
    "sampling": 9,
    "checks": 7,
    "equations": 7,
    "reach": 7,
    "trace": 7,
    "training": 9,
    "checkpoints": 10,
    "trained": 11,
    "figures": 12,
    "commands": 12,
    "live": 12,
    "__main__": 13,
}


def imports_of(source: str) -> set[str]:
    """The modules of the package that the source imports, first names only."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "rnn_notes"
        ):
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {a.name for a in node.names}
        elif isinstance(node, ast.Import):
            found |= {
                a.name.split(".")[1]
                for a in node.names
                if a.name.startswith("rnn_notes.")
            }
    return found


def upward(module: str, source: str) -> set[str]:
    """The imports that do not go down."""
    return {
        name
        for name in imports_of(source)
        if name != module and FLOORS[name] >= FLOORS[module]
    }


def modules() -> list[tuple[str, Path]]:
    """Every module with the first name below the package."""
    return [
        (path.relative_to(PACKAGE).parts[0].removesuffix(".py"), path)
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != PACKAGE / "__init__.py"
    ]


@pytest.mark.parametrize(("module", "path"), modules(), ids=lambda value: str(value))
def test_imports_go_down(module, path):
    assert module in FLOORS, f"{module} has no floor"
    assert not upward(module, path.read_text())


def test_an_import_upwards_is_found():
    assert upward("rnn", "from rnn_notes.ledger import ledger") == {"ledger"}
    assert upward("rnn", "from rnn_notes import figures") == {"figures"}
    assert upward("ledger", "import rnn_notes.rnn") == set()
