"""Failures told in one warning with its file and line.

MyST-NB says of a cell that fails which page it is on, below a traceback of its own
workings. Sphinx says of a setting what is wrong with it, and nothing at all of one
whose name it does not know.
"""

from __future__ import annotations

import ast
import atexit
import json
import re
from logging import Filter, LogRecord, getLogger
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector, Parser
from nbclient.client import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import SphinxError
from sphinx.util import logging

from docs._ext.build.kernels import UNBORN

__all__ = ["setup"]

_LOGGER = logging.getLogger(__name__)
_COLOURS = re.compile(r"\x1b\[[\d;]*m")


class _Careful(Parser):
    """MyST-NB's parser, which names the page whose cell has ended its kernel.

    A kernel that ends before it runs a cell, as one whose port another program has
    taken since it was chosen, is started once more.
    """

    def parse(self, inputstring: str, document: nodes.document) -> None:
        try:
            super().parse(inputstring, document)
        except DeadKernelError as error:
            raise SphinxError(f"{document['source']}: a cell fails: {error}") from error
        except RuntimeError as error:
            if UNBORN not in str(error):
                raise
            super().parse(inputstring, document)


_end = NotebookClient._async_cleanup_kernel


async def end_once(client: NotebookClient) -> None:
    """End a kernel; not again at exit, where Python complains from 3.13 on.

    Nbclient forgets to forget a kernel that ended before it was ready.
    """
    await _end(client)
    atexit.unregister(client._cleanup_kernel)


NotebookClient._async_cleanup_kernel = end_once  # type: ignore[method-assign, assignment]


def _cells(app: Sphinx, doctree: nodes.document) -> None:
    """Report a cell of this page that failed."""
    docname = app.env.current_document.docname
    ran = NbMetadataCollector.get_exec_data(app.env, docname)
    if ran is None or ran["succeeded"]:
        return
    path = Path(app.outdir).parent / "jupyter_execute" / f"{docname}.ipynb"
    page = Path(app.env.doc2path(docname)).read_text(encoding="utf-8")
    line, report = _failure(json.loads(path.read_text(encoding="utf-8")), page)
    slow = ran["error"] == CellTimeoutError.__name__
    what = f"a cell {'takes too long' if slow else 'fails'}\n{report}"
    _LOGGER.warning(what, location=(docname, line), type="cell")


def _failure(notebook: dict[str, Any], page: str) -> tuple[int, str]:
    r"""The line of the page at which a notebook failed, and the traceback.

    Without a traceback, it is the first cell that never ended.

    >>> raised = {"output_type": "error", "traceback": ["Cell In[1], line 2", "Oh"]}
    >>> cell = {"cell_type": "code", "source": "a\nb", "outputs": [raised]}
    >>> cell["execution_count"] = 1
    >>> notebook = {"cells": [cell], "metadata": {"source_map": [3]}}
    >>> _failure(notebook, "# Page\n\n```{code-cell}\n:tags: [x]\na\nb\n```\n")
    (6, 'Cell In[1], line 2\nOh')
    """
    found = zip(notebook["cells"], notebook["metadata"]["source_map"], strict=True)
    code = [(c, at) for c, at in found if c["cell_type"] == "code"]
    for cell, at in code:
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                report = _COLOURS.sub("", "\n".join(output["traceback"]))
                inside = rf"Cell In\[{cell['execution_count']}\], line (\d+)"
                place = re.search(inside, report)
                within = int(place[1]) if place else 1
                return _first_line(cell, at, page) + within - 1, report
    return next((at for c, at in code if c["execution_count"] is None), 1), ""


def _first_line(cell: dict[str, Any], at: int, page: str) -> int:
    """The line of the page where a cell's code starts, below its options."""
    source = "".join(cell["source"]).splitlines()
    lines = page.splitlines()
    starts = range(at, len(lines))
    return next((i for i in starts if lines[i : i + len(source)] == source), at - 1) + 1


def _settings(app: Sphinx, config: Config) -> None:
    """Report settings that Sphinx does not know, and files that it lacks."""
    config.suppress_warnings = [*config.suppress_warnings, "mystnb.exec"]  # see cells
    names = _places(app)
    for name, place in names.items():
        if not hasattr(config, name) and name.islower() and name[0] != "_":
            _LOGGER.warning("no setting is called %r", name, location=place)
    folders = [Path(app.confdir, folder) for folder in config.html_static_path]
    for name in ("html_css_files", "html_js_files"):
        for file, _ in config[name] if name in names else ():
            if "://" not in file and not any((f / file).exists() for f in folders):
                _LOGGER.warning("%s: no file %r", name, file, location=names[name])


def _places(app: Sphinx) -> dict[str, str]:
    """Every name that conf.py gives a value, with its place in the file."""
    path = Path(app.confdir, "conf.py")
    body = ast.parse(path.read_text(encoding="utf-8")).body if path.exists() else []
    pairs = [
        (t, s.lineno) for s in body if isinstance(s, ast.Assign) for t in s.targets
    ]
    return {t.id: f"{path}:{line}" for t, line in pairs if isinstance(t, ast.Name)}


class _Placed(Filter):
    """Adds the place of a setting to what Sphinx says of its value."""

    app: Sphinx

    def filter(self, record: LogRecord) -> bool:
        named = re.search(r"The config value [`'](\w+)", record.getMessage())
        if named and not getattr(record, "location", None):
            record.location = _places(self.app).get(named[1])
        return True


_PLACED = _Placed()  # one for all builds of a process


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("myst_nb")
    app.add_source_parser(_Careful, override=True)
    app.connect("doctree-read", _cells)
    app.connect("config-inited", _settings, priority=900)
    _PLACED.app = app
    getLogger("sphinx.sphinx.config").addFilter(_PLACED)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
