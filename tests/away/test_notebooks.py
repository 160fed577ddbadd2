"""Every notebook runs where nothing but the package is, and says what the page says."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import nbformat
import pytest
from alone import ROOT, SITE, alone

NAMES = sorted(path.stem for path in SITE.glob("*.ipynb"))
DOCS = ROOT / "docs"
DRAWN = "image/svg+xml"


def outputs(cell: dict[str, Any]) -> list[Any]:
    """What a cell puts out, without what only pages read and without its counts."""
    streams = [o["text"] for o in cell.get("outputs", []) if "text" in o]
    found: list[Any] = ["".join(streams)]
    for data in (o["data"] for o in cell.get("outputs", []) if "data" in o):
        html = data.get("text/html", "")
        picture = data.get(DRAWN, html if html.startswith("<svg") else "")
        if not any("papermill" in kind for kind in data):
            found.append(picture or dict(data))
    return found


def test_there_is_one_for_every_page() -> None:
    sources = {path.stem: path.read_text("utf-8") for path in DOCS.glob("*.md")}
    pages = {name for name, text in sources.items() if "\nnotakeaway:" not in text}
    assert set(NAMES) == pages > {"index"}, f"run make html first: {SITE}"


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_says_the_same(name: str, jupyter: Path, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.ipynb"
    path.write_bytes((SITE / path.name).read_bytes())
    before = nbformat.read(path, as_version=4)
    nbformat.validate(before)
    done = subprocess.run(
        [str(jupyter), "execute", "--inplace", path.name],
        cwd=tmp_path,
        env=alone(),
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr[-2000:]
    after = nbformat.read(path, as_version=4)
    for old, new in zip(before["cells"], after["cells"], strict=True):
        assert outputs(new) == outputs(old), new["source"]


def test_a_cell_that_fails_is_noticed(jupyter: Path, tmp_path: Path) -> None:
    path = tmp_path / "wrong.ipynb"
    cell = nbformat.v4.new_code_cell("assert 1 == 2")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    command = [str(jupyter), "execute", str(path)]
    assert subprocess.run(command, env=alone(), capture_output=True).returncode != 0
