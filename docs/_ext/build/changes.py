"""Builds that are never stale: what a page is made of decides when it is made again.

Sphinx watches a page's own source.
A page also holds what the package computed, and its neighbours' titles and numbers.
"""

from __future__ import annotations

import gc
import hashlib
import json
import platform
import shutil
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jupyter_cache import get_cache
from jupyter_cache.cache import db
from jupyter_cache.cache.db import NbCacheRecord
from jupyter_cache.cache.main import JupyterCacheBase
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sqlalchemy import create_engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from docs._ext.build.standing import digest_of, files_below

__all__ = ["digest", "mend", "setup"]

_LAST = 900  # after Sphinx has numbered figures and equations


def digest(*roots: Path) -> str:
    """A name for the content of all files below ``roots``, NumPy and Python included.

    >>> here = Path(__file__).parent
    >>> digest(here) == digest(here), digest(here) == digest(Path(__file__))
    (True, False)
    """
    name = f"{platform.python_version()} {version('numpy')}"
    for root in roots:
        name = digest_of(root.parent, files_below(root), name.encode())
    return name[:20]


def _keep_all(cache: JupyterCacheBase) -> None:
    """Put no page's cells out of the cache to make room.

    Jupyter-cache counts its records twice to find the oldest, and takes one that
    another process adds in between for a record too many.
    """


JupyterCacheBase.truncate_caches = _keep_all
# A pool would leave connections open at the end, which Python reports from 3.13 on.
db.create_engine = partial(create_engine, poolclass=NullPool)


def mend(cache: Path) -> str:
    """The name of a folder of executed cells, without what a killed build left there.

    Two processes must not create its database at once, so it is created here.
    """
    cells = get_cache(cache)
    try:
        records = cells.list_cache_records()
    except (DatabaseError, RuntimeError):  # empty, or no database: all pages run again
        shutil.rmtree(cache)
        cells = get_cache(cache)
        records = cells.list_cache_records()
    for record in records:
        try:
            json.loads(
                Path(cache, "executed", record.hashkey, "base.ipynb").read_bytes()
            )
        except (OSError, ValueError):  # no file, or half of one
            NbCacheRecord.remove_record(record.pk, cells.db)
    return str(cache)


def _neighbours(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Every page, if a title, a number or the order has changed since the last build.

    Other pages quote these in their links and in the contents list.
    """
    titles = {name: title.astext() for name, title in env.titles.items()}
    tocs = {name: toc.pformat() for name, toc in env.tocs.items()}
    labels = env.domains.standard_domain.labels
    parts = (titles, tocs, env.toc_fignumbers, env.toc_secnumbers, labels)
    state = hashlib.sha256(repr([sorted(p.items()) for p in parts]).encode())
    before = getattr(env, "neighbours_digest", None)
    env.neighbours_digest = state.hexdigest()  # type: ignore[attr-defined]
    return [] if before == state.hexdigest() else sorted(env.all_docs)


def _forget(
    app: Sphinx,
    env: BuildEnvironment,
    added: set[str],
    changed: set[str],
    removed: set[str],
) -> list[str]:
    """No page to read; the output of pages that are gone is removed."""
    for name in removed:
        Path(app.builder.get_outfilename(name)).unlink(missing_ok=True)  # type: ignore[attr-defined]
    return []


def _style(app: Sphinx) -> None:
    """Write MyST-NB's style sheet before pages name it by its checksum.

    It comes after the first build otherwise, and the second writes other pages.
    """
    if "myst_nb" in app.extensions and app.builder.format == "html":
        Path(app.outdir, "_static").mkdir(parents=True, exist_ok=True)
        import_module("myst_nb.sphinx_ext").add_global_html_resources(app, None)


def _clear(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Forget the pages that are to be read, as ``-j2`` does.

    Otherwise a label that moves to an earlier page is taken for a second one.
    """
    for name in docnames:
        app.events.emit("env-purge-doc", env, name)
        env.clear_doc(name)


def _collect(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Look for garbage again where ``docs/build.py`` has stopped that, and seldom.

    What is loaded by now stays; of a page's tree all is given up at once.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(100_000, 10, 10)
        gc.enable()


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("sources_digest", "", "env", types=[str])
    app.add_config_value("static_digest", "", "html", types=[str])
    app.connect("env-get-updated", _neighbours, priority=_LAST)
    app.connect("builder-inited", _style)
    app.connect("env-get-outdated", _forget)
    app.connect("env-before-read-docs", _clear)
    app.connect("env-before-read-docs", _collect)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
