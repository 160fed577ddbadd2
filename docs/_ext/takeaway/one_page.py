"""The sheet of the loop as a PDF of one page of A4, in its page's own words.

A page whose front matter says ``one-page`` is written so: the lines of the loop as they
were measured, below the captions of its figures, then what begins in bold.
``{beside}`PDF <cheat-sheet.pdf>` `` leads to a file of the site, where there is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Any, NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import ReferenceRole

from docs._ext.pages.later import Later
from docs._ext.pages.teaching import on_site
from rnn_notes.book.sheet import lines

__all__ = ["one_page", "setup"]

_WIDE, _HIGH, _MARGIN = 595, 842, 48  # A4, in points
_FONTS = {"text": "Helvetica", "code": "Courier", "bold": "Helvetica-Bold"}
_ACROSS = 90  # letters of a line of text, whose mean width is half a size


class _Said(NamedTuple):
    """Words in their place on the paper, the top being 0."""

    x: float
    y: float
    font: str
    size: float
    words: str


def one_page(doctree: nodes.document) -> bytes:
    """The PDF of a page.

    Raises ``ValueError`` where the page holds more than one sheet of paper.
    """
    title = next(doctree.findall(nodes.title)).astext()
    y = _MARGIN + 16.0
    said = [_Said(_MARGIN, y, "bold", 16, title)]
    for caption in doctree.findall(nodes.caption):
        said.append(_Said(_MARGIN, y := y + 22, "text", 10, caption.astext()))
    for row in lines():
        y += 31
        why = "" if row.why == "–" else f"; {row.why}"
        said += [
            _Said(_MARGIN, y, "code", 11, row.code),
            _Said(_WIDE - _MARGIN - 24, y, "text", 11, row.shape),
            _Said(_MARGIN + 12, y + 13, "text", 10, f"of {row.of}, by {row.by}{why}"),
        ]
    y += 20
    for lead, rest in _paragraphs(doctree):
        said.append(_Said(_MARGIN, y := y + 22, "bold", 11, lead))
        for words in wrap(rest, _ACROSS):
            said.append(_Said(_MARGIN, y := y + 14, "text", 10, words))
    if y > _HIGH - _MARGIN:
        raise ValueError(f"the sheet is {y:.0f} points long, expected at most {_HIGH}")
    return _pdf(title, said)


def _paragraphs(doctree: nodes.document) -> Iterator[tuple[str, str]]:
    """The bold beginning of each paragraph that has one, and the rest of it."""
    for paragraph in doctree.findall(nodes.paragraph):
        first = next((child for child in paragraph if child.astext()), None)
        if isinstance(first, nodes.strong):
            rest = paragraph.astext().removeprefix(first.astext())
            yield first.astext().rstrip("."), rest.lstrip(" :.")


def _pdf(title: str, said: list[_Said]) -> bytes:
    """A PDF of one page, in the faces that every reader of PDF has.

    >>> _pdf("A", [_Said(50, 50, "code", 9, "dy (t)")]).count(b"/Type /Page ")
    1
    """
    drawn = "\n".join(
        f"BT /{s.font} {s.size} Tf {s.x} {_HIGH - s.y} Td ({_quoted(s.words)}) Tj ET"
        for s in said
    ).encode("cp1252")
    faces = " ".join(
        f"/{name} << /Type /Font /Subtype /Type1 /BaseFont /{face}"
        " /Encoding /WinAnsiEncoding >>"
        for name, face in _FONTS.items()
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (en-GB) >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_WIDE} {_HIGH}] /Contents 4 0 R"
        f" /Resources << /Font << {faces} >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        f"<< /Title ({_quoted(title)}) >>".encode("cp1252"),
    ]
    made, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(b"%010d 00000 n \n" % len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    count = len(objects) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n" % count + b"".join(places)
    ends = b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return made + table + ends % (count, len(made))


def _quoted(words: str) -> str:
    r"""Words as PDF has them between parentheses.

    >>> print(_quoted("(t)"))
    \(t\)
    """
    for letter in "\\()":
        words = words.replace(letter, f"\\{letter}")
    return words


class _Beside(ReferenceRole):
    """The place of a link to a file that lies beside the page."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        return [Later("", write=_beside, words=self.title, file=self.target)], []


def _beside(env: BuildEnvironment, node: Later) -> list[nodes.Node]:
    """A link to the file, or its words where no files are."""
    if not on_site(env):
        return [nodes.Text(node["words"])]
    return [nodes.reference("", node["words"], refuri=node["file"])]


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("docs._ext.pages.teaching")
    app.add_role("beside", _Beside())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
