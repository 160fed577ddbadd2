"""Each page to take away: a notebook with its outputs, and a Markdown file.

Both are written beside the page whenever the page is, and a line under its title leads
to them. Where the repository is known, it also leads to those who run notebooks.
A page of one sheet is a PDF as well.
``BOOKS=1`` says that the whole book as PDF and EPUB will lie beside the first page.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.math import get_node_equation_number

from docs._ext.takeaway.blocks import Reader, cells_of, outputs
from docs._ext.takeaway.files import Page, markdown, notebook
from docs._ext.takeaway.hosting import Repository, repository
from docs._ext.takeaway.one_page import one_page

__all__ = ["setup"]

_BOOKS = {"The book as PDF": "rnn-notes.pdf", "as EPUB": "rnn-notes.epub"}
_FILES = {"Notebook": ".ipynb", "Markdown": ".md"}


def _keep(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the page's cells in its doctree, also those that it does not show."""
    cells = cells_of(app)
    for node in doctree.findall(nodes.container):
        if node.get("nb_element") == "cell_code":
            cells[node["cell_index"]]["outputs"] = [*outputs(node)]
    doctree["cells"] = cells


def _write(
    app: Sphinx,
    pagename: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Write the page's two files, and lead from the page to them."""
    if doctree is None or app.builder.name != "html":
        return
    if "notakeaway" in app.env.metadata[pagename]:
        return
    where = app.config.takeaway_repository
    page = _read(app, pagename, doctree, where)
    texts = {".md": markdown(page), ".ipynb": notebook(page)}
    for suffix, text in texts.items():
        path = Path(app.outdir, pagename + suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    books = pagename == app.config.root_doc and app.config.takeaway_books
    more = dict(_BOOKS) if books else {}
    if "one-page" in app.env.metadata[pagename]:
        more["PDF of one page"] = f"{pagename.rpartition('/')[2]}.pdf"
        Path(app.outdir, f"{pagename}.pdf").write_bytes(one_page(doctree))
    line = _links(pagename, where, more)
    context["body"] = context["body"].replace("</h1>", f"</h1>\n{line}", 1)


def _read(
    app: Sphinx, name: str, doctree: nodes.document, where: Repository | None
) -> Page:
    """What both files are made of."""
    base = app.config.html_baseurl
    home = base and base + app.builder.get_target_uri(name)
    reader = Reader(lambda node: _number(app, node), home)
    return Page(
        list(reader.blocks(doctree)),
        doctree.get("cells", []),
        app.config.html_title,
        home,
        where.requirement if where else None,
    )


def _number(app: Sphinx, node: nodes.Element) -> str:
    """The number of an equation or a figure on the page that is being written."""
    if isinstance(node, nodes.math_block):
        writer: Any = SimpleNamespace(builder=app.builder)
        return get_node_equation_number(writer, node) if node["ids"] else ""
    known = app.builder.fignumbers.get("figure", {})  # type: ignore[attr-defined]
    numbers = (known[i] for i in node["ids"] if i in known)
    return ".".join(map(str, next(numbers, ())))


def _links(page: str, where: Repository | None, more: dict[str, str]) -> str:
    """The line under the title.

    >>> _links("a", None, {}).count("<a "), _links("a", None, _BOOKS).count("<a ")
    (2, 4)
    >>> _links("a", Repository("b/c", "1"), {}).count("https:")
    2
    """
    file = page.rpartition("/")[2]
    files = {name: file + suffix for name, suffix in _FILES.items()} | more
    items = [f'<a href="{f}" download>{name}</a>' for name, f in files.items()]
    launches = where.launches(page) if where else {}
    items += [f'<a href="{url}">Open in {name}</a>' for name, url in launches.items()]
    return f'<p class="takeaway">{" ".join(items)}</p>'


def _forget(
    app: Sphinx, env: Any, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """No page to read; the files of pages that are gone are removed."""
    for name in removed:
        for suffix in (*_FILES.values(), ".pdf"):
            Path(app.outdir, name + suffix).unlink(missing_ok=True)
    return []


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value(
        "takeaway_repository", lambda _: repository(os.environ), "html", Repository
    )
    app.add_config_value(
        "takeaway_books", lambda _: bool(os.environ.get("BOOKS")), "html", bool
    )
    app.connect("doctree-read", _keep)
    app.connect("html-page-context", _write)
    app.connect("env-get-outdated", _forget)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
