"""What a page says of the whole book: it is written once all pages have been read.

``env.metadata`` keeps what is to be known of each page; Sphinx forgets it with the
page, and gathers it from all processes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform

__all__ = ["Later", "Writer", "book", "setup"]

_NOTED = ("equations", "drawn")  # what pages say of each other


class Later(nodes.Invisible, nodes.Element):
    """The place of what ``write`` makes of the book and of this node."""


Writer = Callable[[BuildEnvironment, Later], list[nodes.Node]]


class _Write(SphinxPostTransform):
    """Put everything in its place, before references are resolved."""

    default_priority = 5

    def run(self, **_: Any) -> None:
        for node in list(self.document.findall(Later)):
            node.replace_self(node["write"](self.env, node))


def book(env: BuildEnvironment) -> list[str]:
    """Every page, in the order of the book."""
    pages = [*_walk(env, env.config.root_doc), *sorted(env.all_docs)]
    return [*dict.fromkeys(pages)]


def _walk(env: BuildEnvironment, docname: str) -> Iterator[str]:
    """The pages below a page, itself included, as the contents list has them."""
    yield docname
    for child in env.toctree_includes.get(docname, []):
        yield from _walk(env, child)


def _note(app: Sphinx, doctree: nodes.document) -> None:
    """Note whether this page speaks of others."""
    known = app.env.metadata[app.env.current_document.docname]
    known["later"] = any(doctree.findall(Later))


def _outdated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The pages that speak of others, if what they speak of has changed."""
    said = [(d, [env.metadata[d].get(key) for key in _NOTED]) for d in book(env)]
    state = hashlib.sha256(repr(said).encode()).hexdigest()
    before = getattr(env, "later_digest", None)
    env.later_digest = state  # type: ignore[attr-defined]
    speaking = [d for d in sorted(env.all_docs) if env.metadata[d].get("later")]
    return [] if before == state else speaking


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(Later)
    app.add_post_transform(_Write)
    app.connect("doctree-read", _note)
    app.connect("env-updated", _outdated)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
