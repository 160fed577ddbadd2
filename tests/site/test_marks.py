"""What the site marks by itself: numbers from cells, and claims against facts."""

from __future__ import annotations

from docutils import nodes
from docutils.utils import new_document

from docs._ext.pages.claims import Mark
from docs._ext.pages.glued import Typeset


def page(*paragraphs: nodes.paragraph) -> nodes.document:
    """A page of these paragraphs."""
    made = new_document("page")
    made += paragraphs
    return made


def test_a_claim_and_a_fact_are_told_apart() -> None:
    said = [
        nodes.paragraph("", "", nodes.emphasis("", words), nodes.Text(", so it is."))
        for words in ("The claim", "In fact", "In time")
    ]
    said.append(nodes.paragraph("", "The claim is not set apart here."))
    said.append(nodes.paragraph())
    Mark(page(*said)).apply()
    assert [one["classes"] for one in said] == [["claim"], ["fact"], [], [], []]


def test_a_number_from_a_cell_is_written_as_readers_write_it() -> None:
    values = ("-0.780", "2e-07", "2026-11-27", "a - b")
    glued = [nodes.inline("", value, classes=["pasted-text"]) for value in values]
    other = nodes.inline("", "-0.780")
    document = page(nodes.paragraph("", "", *glued, other))
    Typeset(document).run()
    assert [node.astext() for node in glued] == [
        "−0.780",
        "2\xa0×\xa010−7",
        "2026-11-27",
        "a - b",
    ]
    assert len(list(document.findall(nodes.superscript))) == 1
    assert other.astext() == "-0.780", "what no cell gave stays"
