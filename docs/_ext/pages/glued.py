"""Numbers that cells hand to the prose, as readers write them.

A cell glues ``-0.78`` and ``6e-06``; the sentence shows a true minus, and 6 × 10 with a
raised −6.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from rnn_notes.book.cells import typeset

__all__ = ["Typeset", "setup"]

_SHORT = 24  # letters of what stands out in a sentence; words that are longer do not
_GLUED = "pasted-text"  # MyST-NB's mark of a value in a sentence


class Typeset(SphinxPostTransform):
    """Write the numbers among the glued values, once all of them have come."""

    default_priority = 100

    def run(self, **_: Any) -> None:
        for node in list(self.document.findall(nodes.inline)):
            if _GLUED in node["classes"] and (text := node.astext()):
                node.children = []
                node["classes"] += ["words"] * (len(text) > _SHORT)
                node += _written(text)


def _written(text: str) -> list[nodes.Node]:
    """The text as nodes.

    >>> "|".join(node.astext() for node in _written("-2e-05"))
    '−2\xa0×\xa010|−5'
    """
    before, _, raised = typeset(text).partition("<sup>")
    power = [nodes.superscript("", raised.removesuffix("</sup>"))] if raised else []
    return [nodes.Text(before), *power]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_post_transform(Typeset)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
