"""Sentences that say how many, and the asserts that carry them.

An assert says which sentence of its page it carries, in a comment that quotes it::

    assert len(products) == 2  # says: "Two products fit each time"

``{sentences}`quantified` `` and ``{sentences}`carried` `` are the numbers of sentences
of all pages that hold a word of quantity, and of those that an assert quotes.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

FENCE = re.compile(r"^(`{3,})(.*)\n((?:.*\n)*?)\1[ \t]*$", re.M)
QUANTITY = re.compile(r"\b(all|every|never|only|always|largest|none)\b", re.I)
SAYS = re.compile(r"#\s*says: \"(.+)\"")
FEWEST = 3  # words that a quotation needs


def sentences(source: str) -> list[str]:
    """The lines of prose of a page: one sentence a line.

    >>> sentences("# Title\\n\\nAll is well.\\n\\n```text\\nnever\\n```\\n")
    ['# Title', 'All is well.']
    """
    text = FENCE.sub("", re.sub(r"\A---\n.*?\n---\n", "", source, flags=re.S))
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith(("<", "("))]


def said(source: str) -> list[str]:
    """What the asserts of a page quote.

    >>> said('```{code-cell} ipython3\\nassert a  # says: "a holds here"\\n```\\n')
    ['a holds here']
    """
    cells = (m[3] for m in FENCE.finditer(source) if m[2].startswith("{code-cell}"))
    return [words for cell in cells for words in SAYS.findall(cell)]


def unsaid(source: str) -> list[str]:
    """The quotations that no sentence of the page holds, or that are too short.

    >>> cell = '```{code-cell} x\\nassert a  # says: "Three fit"\\n```\\n'
    >>> unsaid("Two fit.\\n\\n" + cell)
    ['Three fit']
    """
    lines = sentences(source)
    return [
        words
        for words in said(source)
        if len(words.split()) < FEWEST or not any(words in line for line in lines)
    ]


def counts(folder: Path) -> dict[str, int]:
    """How many sentences of all pages hold a word of quantity, and are carried."""
    quantified = carried = 0
    for path in sorted(folder.glob("*.md")):
        source = path.read_text(encoding="utf-8")
        quotations = said(source)
        for line in filter(QUANTITY.search, sentences(source)):
            quantified += 1
            carried += any(words in line for words in quotations)
    return {"quantified": quantified, "carried": carried}


class Sentences(SphinxRole):
    """One of the two numbers."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        self.env.note_reread()
        found = counts(Path(self.env.srcdir))
        if self.text in found:
            return [nodes.Text(str(found[self.text]))], []
        expected = " or ".join(found)
        message = f"{self.name} is {self.text!r}, expected {expected}"
        return [], [self.inliner.reporter.error(message, line=self.lineno)]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_role("sentences", Sentences())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
