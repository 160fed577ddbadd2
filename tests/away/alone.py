"""What the tests in this folder share: places, and processes that see no tree."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"


def pip(python: str, *words: str) -> None:
    """Run pip, with the versions that the site is built with."""
    pinned = {"PIP_CONSTRAINT": str(ROOT / "constraints.txt"), "SOURCE_DATE_EPOCH": "0"}
    command = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", *words]
    subprocess.run(command, check=True, env={**alone(), **pinned})


def alone() -> dict[str, str]:
    """The environment without what leads Python to this tree."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
