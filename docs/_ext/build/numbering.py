"""Figures numbered by what is noted of each page: Sphinx would read all pages anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.domains import Domain
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors.toctree import TocTreeCollector

__all__ = ["number", "setup"]

number = TocTreeCollector.assign_figure_numbers  # as Sphinx does it, from whole pages
_NAMING = (nodes.caption, nodes.title, nodes.literal_block)


def _number(self: TocTreeCollector, env: BuildEnvironment) -> list[str]:
    """The pages whose numbers have changed, all numbers being given anew."""
    whole = env.get_doctree

    def get_doctree(docname: str) -> Any:
        return env.metadata[docname].get("bones") or whole(docname)

    env.get_doctree = get_doctree  # type: ignore[method-assign]
    try:
        return number(self, env)
    finally:
        del env.get_doctree


TocTreeCollector.assign_figure_numbers = _number  # type: ignore[method-assign]


def _bones(node: nodes.Element, domains: list[Domain]) -> Iterator[nodes.Element]:
    """What below a node counts for numbers: sections, lists of pages, and the counted.

    A thing is counted where it has a caption, a title or code; that stays with it.
    """
    for child in node.children:
        if not isinstance(child, nodes.Element):
            continue
        counts = any(domain.get_enumerable_node_type(child) for domain in domains)
        inside = _bones(child, domains)
        if counts or isinstance(child, addnodes.toctree):
            named = (type(n)("", n.astext()) for n in child if isinstance(n, _NAMING))
            yield type(child)("", *named, *inside, **child.attributes)
        else:
            yield from inside


def _note(app: Sphinx, doctree: nodes.document) -> None:
    """Note what counts on this page."""
    known = app.env.metadata[app.env.current_document.docname]
    domains = [domain for domain in app.env.domains.sorted() if domain.enumerable_nodes]
    known["bones"] = nodes.Element("", *_bones(doctree, domains))


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", _note)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
