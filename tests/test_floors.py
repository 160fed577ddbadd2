"""Imports go strictly downwards, floor by floor."""

import ast
from pathlib import Path

import pytest

import rnn_notes

PACKAGE = Path(rnn_notes.__file__).parent
FLOORS = {
    "rnn": 0,
    "differences": 0,
    "tape": 0,
    "text": 0,
    "work": 0,
    "pages": 0,
    "example": 1,
    "layouts": 1,
    "ledger": 1,
    "taped": 1,
    "hoisted": 1,
    "recycled": 1,
    "timings": 1,
    "mutants": 1,
    "sampling": 1,
    "checks": 2,
    "equations": 2,
    "reach": 2,
    "trace": 2,
    "training": 2,
    "checkpoints": 3,
    "trained": 4,
    "figures": 5,
    "commands": 5,
    "live": 5,
    "__main__": 6,
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
