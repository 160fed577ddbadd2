"""Words of sentences that can be false, and the asserts that carry them.

An assert says which sentence of its page it carries, in a comment that quotes it::

    assert len(products) == 2  # says: "Two products fit each time"

The build warns of a quotation that no sentence of its page holds, or more than one,
and shows none of them.
``{sentences}`words` `` is the number of words of quantity, number, side and order in
the sentences of all pages, ``{sentences}`carried` `` the number of those that stand
in the quotation of an assert.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

__all__ = ["blanked", "counts", "places", "setup", "unsaid"]

_logger = logging.getLogger(__name__)

_FENCE = re.compile(r"^(`{3,})(.*)\n((?:.*\n)*?)\1[ \t]*$", re.M)
_CAPTIONED = re.compile(r"\s*\{(drawn|stepper|moving|glossary)\}")
_SAYS = re.compile(r"#\s*says: \"(.+)\"")
_LINE = re.compile(r"^ *# says: \".+\"\n", re.M)
_FEWEST = 3  # words that a quotation needs


def _word(some: str, before: str = "", after: str = "") -> re.Pattern[str]:
    """The pattern of any of these words in a sentence, where the context fits."""
    return re.compile(rf"(?<![\w`{{$\\-]){before}({some})(?![\w`}}$-]){after}", re.I)


_POINTING = "".join(  # "the next one" is no number
    f"(?<!{pointer} )"
    for pointer in (
        "the", "this", "that", "each", "every", "next", "which", "no", "any",
        "other", "another", "wrong", "right", "last", "first",
    )
)  # fmt: skip
_THING = r"(?= (?!of |is |that |which |and |or |by |can |has |to |in |for |with )[a-z])"
_AMOUNT = r"(?:minus|up|close|above|below|sums|less|than|gives|to) (?:to )?"
_SIDE = r"(?=[.,;:| ]*(?:of|side|factor|column|half|branch|hand|to|$|[.,;:|]))"
_KINDS = {
    "quantifier": [_word("(?<!at )all|every|never|always|only|largest|none")],
    "row or column": [_word("rows?|columns?")],
    "left or right": [_word("left|right", before="(?:the|from|to) ", after=_SIDE)],
    "before or after": [_word("before|after", after="(?! this page)")],
    "whole number": [
        _word("two|three|four|five|six"),
        _word("one", before=_POINTING, after=_THING),
        _word("one", before=_AMOUNT, after=r"(?=[.,;:|])"),
    ],
}


class _Place(NamedTuple):
    """A word that can make its sentence false, from ``first`` to ``last``."""

    kind: str
    first: int
    last: int
    carried: bool


def blanked(source: str) -> str:
    """The page with all but its own sentences overwritten by blanks.

    A reader's question, quoted behind ``>``, is no sentence of the page.

    >>> blanked("All is\\n```text\\nnever\\n```\\nwell.\\n").split()
    ['All', 'is', 'well.']
    """

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    def block(match: re.Match[str]) -> str:
        if not _CAPTIONED.match(match[2]):
            return blank(match)
        return re.sub(r"^(`{3}|:\w+:).*$", blank, match[0], flags=re.M)

    text = re.sub(r"\A---\n.*?\n---\n", blank, source, flags=re.S)
    text = _FENCE.sub(block, text)
    return re.sub(r"^(<.*|\([\w-]+\)=|> .*)$", blank, text, flags=re.M)


def _sentences(source: str) -> list[str]:
    """The lines of prose of a page: one sentence a line.

    >>> _sentences("# Title\\n\\nAll is well.\\n\\n```text\\nnever\\n```\\n")
    ['# Title', 'All is well.']
    """
    return [line.strip() for line in blanked(source).splitlines() if line.strip()]


def _said(source: str) -> list[str]:
    """What the asserts of a page quote.

    >>> _said('```{code-cell} ipython3\\nassert a  # says: "a holds here"\\n```\\n')
    ['a holds here']
    """
    cells = (m[3] for m in _FENCE.finditer(source) if m[2].startswith("{code-cell}"))
    return [words for cell in cells for words in _SAYS.findall(cell)]


def unsaid(source: str) -> list[str]:
    """The quotations that not just one sentence of the page holds, or that are short.

    >>> cell = '```{code-cell} x\\nassert a  # says: "Three all fit"\\n```\\n'
    >>> unsaid("Two all fit.\\n\\n" + cell)
    ['Three all fit']
    """
    lines = _sentences(source)
    return [
        words
        for words in _said(source)
        if len(words.split()) < _FEWEST or sum(words in line for line in lines) != 1
    ]


def places(source: str) -> Iterator[_Place]:
    """The words of a page that can make a sentence false.

    >>> [place.kind for place in places("Every row has one sum: the one above.")]
    ['quantifier', 'row or column', 'whole number']
    """
    text, quotations = blanked(source), _said(source)
    begin = [(text.find(words), words) for words in quotations]
    carried = [(at, at + len(words)) for at, words in begin if at >= 0]
    for kind, patterns in _KINDS.items():
        for match in (m for pattern in patterns for m in pattern.finditer(text)):
            first, last = match.span(1)
            inside = any(a <= first and last <= b for a, b in carried)
            yield _Place(kind, first, last, inside)


def counts(folder: Path) -> dict[str, int]:
    """How many words of all pages can make a sentence false; how many are carried."""
    found = [_carried(path.read_text(encoding="utf-8")) for path in _pages(folder)]
    words = [carried for page in found for carried in page]
    return {"words": len(words), "carried": sum(words)}


@cache
def _carried(source: str) -> list[bool]:
    """Of each word of a page that can make a sentence false, whether it is carried."""
    return [place.carried for place in places(source)]


def _pages(folder: Path) -> list[Path]:
    """The sources of all pages."""
    return sorted(folder.glob("*.md"))


class _Sentences(SphinxRole):
    """One of the two numbers."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        folder = Path(self.env.srcdir)
        for path in _pages(folder):
            self.env.note_dependency(str(path))
        found = counts(folder)
        if self.text in found:
            return [nodes.Text(f"{found[self.text]:,}")], []
        expected = " or ".join(found)
        message = f"{self.name} is {self.text!r}, expected {expected}"
        return [], [self.inliner.reporter.error(message, line=self.lineno)]


def _warn(app: Sphinx, name: str, source: list[str]) -> None:
    """Warn of quotations that no sentence of a page holds any more."""
    for words in unsaid(source[0]):
        _logger.warning("not just one sentence says %r", words, location=name)


def _hide(_: Sphinx, doctree: nodes.document) -> None:
    """Take the quotations out of the code that readers see, where they have a line."""
    for block in doctree.findall(nodes.literal_block):
        code = _LINE.sub("", block.astext())
        if code != block.astext():
            block.rawsource, block[:] = code, [nodes.Text(code)]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_role("sentences", _Sentences())
    app.connect("source-read", _warn)
    app.connect("doctree-read", _hide)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
