"""Short formulas that a sentence spells in plain letters, kept on one line.

``t = 2`` and ``T - 1`` get spaces that do not break, and a true minus; a sign that ends
a sentence stays beside the word before it.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

__all__ = ["Joined", "setup"]

_TERM = r"(?:[A-Za-z](?:_[a-zA-Z])?|\d+(?:[.,]\d+)*)"
_FORMULA = re.compile(rf"(?<![\w.×·-]){_TERM}(?: [=≠<>≤≥×+−-] −?{_TERM})+(?![\w×·])")
_LONGEST = 14  # letters of a formula that need not break, on a phone either
_SIGN = re.compile(r"\W{1,2}")  # code that is nothing alone at the start of a line


class Joined(SphinxPostTransform):
    """Join the short formulas of a page's sentences."""

    default_priority = 110

    def run(self, **_: Any) -> None:
        for text in list(self.document.findall(nodes.Text)):
            parent = text.parent
            if isinstance(parent, nodes.FixedTextElement | nodes.literal | nodes.math):
                continue
            words = _FORMULA.sub(lambda found: _joined(found[0]), text)
            after = text.next_node(descend=False, siblings=True)
            if isinstance(after, nodes.literal) and _SIGN.fullmatch(after.astext()):
                words = re.sub(r"(?<=\w) $", "\xa0", words)
            if words != text:
                parent.replace(text, nodes.Text(words))


def _joined(formula: str) -> str:
    """The formula without a place to break, unless it is long.

    >>> _joined("t = T - 1"), _joined("0.703 × 0.778 = 0.547")
    ('t\\xa0=\\xa0T\\xa0−\\xa01', '0.703 × 0.778 = 0.547')
    """
    if len(formula) > _LONGEST:
        return formula
    return formula.replace(" - ", " − ").replace(" ", "\xa0")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_post_transform(Joined)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
