"""Live cells: the reader runs and changes a page's cells in the page itself.

Each page names its cells for ``live.js``, in order: those that it shows are taken from
the page, the sources of the others stand in a data block.
A cell tagged ``not-in-browser`` is left out, and says ``why`` if it is shown::

    ```{code-cell} ipython3
    :tags: [not-in-browser]
    :why: it starts other processes
    ```
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from docs._ext.live.formula_box import FormulaBox
from docs._ext.live.wheels import TEMML, known
from docs._ext.takeaway.blocks import cells_of
from rnn_notes.equations.model import names, shipped

__all__ = ["setup"]

_LOGGER = logging.getLogger(__name__)
_STATIC = Path(__file__).parents[2] / "_static"
_Cell = dict[str, Any]


def _mark(app: Sphinx, doctree: nodes.document) -> None:
    """List the page's cells in its tree, and say which of them can be run."""
    found = doctree.findall(nodes.container)
    shown = {node["cell_index"]: node for node in found if "cell_index" in node}
    cells: list[_Cell] = []
    for index, cell in enumerate(cells_of(app)):
        if cell["cell_type"] != "code":
            continue
        node, metadata = shown.get(index), cell["metadata"]
        if "not-in-browser" not in metadata.get("tags", ()):
            cells.append(_entry(node, cell["source"]))
        elif node is not None and _has_input(node):
            node.insert(1, _excuse(node, metadata.get("why", "")))
    doctree["live_cells"] = cells


def _entry(node: nodes.container | None, source: str) -> _Cell:
    """What ``live.js`` is told of a cell: its source, unless the page shows it."""
    if node is None:
        return {"source": source}
    node["classes"].append("live")
    return {"shown": True} if _has_input(node) else {"shown": True, "source": source}


def _has_input(node: nodes.container) -> bool:
    """Whether a cell shows its source."""
    return any("cell_input" in part["classes"] for part in node.children)


def _excuse(node: nodes.container, why: str) -> nodes.paragraph:
    """The sentence that says why a cell cannot be run; a warning if there is none."""
    if not why:
        _LOGGER.warning(
            "this cell is tagged not-in-browser; expected :why: with the reason",
            location=node,
            type="live",
        )
    text = f"This cell does not run in the browser: {why}."
    return nodes.paragraph("", text, classes=["live-excuse"])


def _load(
    app: Sphinx,
    pagename: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Let a page with cells or formula boxes load one script, and its data."""
    if app.builder.name not in ("html", "dirhtml") or doctree is None:
        return
    cells: list[_Cell] = doctree.get("live_cells", [])
    boxes = list(doctree.findall(FormulaBox))
    if not cells and not boxes:
        return
    app.add_js_file("live.js", loading_method="defer")
    sources = [cell.get("source", "") for cell in cells]
    sources += [node.astext() for node in doctree.findall(nodes.literal_block)]
    data = {
        "worker": _address("live-worker.js", context),
        "colours": _address("live-colours.js", context),
        "temml": known(TEMML)["integrity"],
        "training": any("rnn_notes.book.trained" in source for source in sources),
        "cells": cells,
    }
    if not all(box["asked"] for box in boxes):
        data["models"] = {name: shipped(name).title for name in names()}
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    block = f'<script type="application/json" id="live-data">{text}</script>'
    context["body"] += f"\n{block}\n"


def _address(name: str, context: dict[str, Any]) -> str:
    """Where a page finds a static file; a changed file has another address."""
    digest = hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:8]
    path: str = context["pathto"](f"_static/{name}", resource=True)
    return f"{path}?v={digest}"


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("docs._ext.live.formula_box")
    app.setup_extension("docs._ext.live.wheels")
    app.connect("doctree-read", _mark)
    app.connect("html-page-context", _load)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
