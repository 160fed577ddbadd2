"""Claims of others, and what is so: each marked, so that a glance tells them apart.

A paragraph that begins with *The claim* gets the class ``claim``, one that begins with
*In fact* the class ``fact``.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

__all__ = ["Mark", "setup"]

_KINDS = {"The claim": "claim", "In fact": "fact"}


class Mark(SphinxTransform):
    """Give such paragraphs their class."""

    default_priority = 500

    def apply(self, **_: Any) -> None:
        for paragraph in self.document.findall(nodes.paragraph):
            first = next(iter(paragraph.children), None)
            if isinstance(first, nodes.emphasis) and first.astext() in _KINDS:
                paragraph["classes"].append(_KINDS[first.astext()])


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_transform(Mark)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
